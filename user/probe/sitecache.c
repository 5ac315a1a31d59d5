// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* sitecache.c - the int sites of interpreters that were searched before, in files. */
#include "probe/sitecache.h"

#include <errno.h>
#include <mwbpf/config.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clean.h"
#include "base/siphash.h"
#include "base/store.h"
#include "version.h"

#define MAGIC  "mwbpf-is"
#define FORMAT 2 /* of the file */
#define FINDER 4 /* to be raised when other sites may be found in the same input */

#define NAME_MAX_BYTES 200 /* with the longest build id that elf_build_id() gives */

/*
 * The key is drawn for each file when it is written: nobody can prepare a program whose
 * sites would be taken for those of another.
 */
struct head {
	char magic[8];
	uint32_t format, n;
	uint64_t key[2];
	uint64_t input; /* hash of all that the search goes by, with this key ... */
	uint64_t check; /* ... and of the file, with 0 here */
	uint64_t freelist;
	uint64_t unsure, elsewhere, unread, pops_unsure, undecoded, functions;
};

struct record {
	uint64_t vaddr, probe_vaddr;
	uint8_t kind, way, object, reg;
	uint8_t emulated, before_store, filled, untouched, digit, sizes;
	uint8_t unused[6];
};

_Static_assert(sizeof(struct head) == 8 + 8 + 16 + 16 + 56, "file layout");
_Static_assert(sizeof(struct record) == 32, "file layout");

static void add_u64(struct siphash *hash, uint64_t word)
{
	siphash_add(hash, &word, sizeof(word));
}

static void add_texts(struct siphash *hash, const struct int_text *texts, size_t n)
{
	add_u64(hash, n);
	for (size_t i = 0; i < n; i++) {
		add_u64(hash, texts[i].vaddr);
		add_u64(hash, texts[i].len);
		siphash_add(hash, texts[i].code, texts[i].len);
	}
}

static uint64_t hash_input(const struct sitecache_input *input, const uint64_t key[2])
{
	static const char version[] = MWBPF_VERSION;
	const struct int_image *image = input->image;
	struct siphash hash;

	siphash_begin(&hash, key);
	add_u64(&hash, FINDER);
	siphash_add(&hash, version, sizeof(version));
	add_u64(&hash, image->type);
	add_u64(&hash, image->ob_type);
	add_u64(&hash, image->has_freelist);
	add_u64(&hash, image->absolute);
	add_u64(&hash, image->n_ranges);
	siphash_add(&hash, image->ranges, image->n_ranges * sizeof(*image->ranges));
	add_u64(&hash, image->n_slots);
	siphash_add(&hash, image->slots, image->n_slots * sizeof(*image->slots));
	add_texts(&hash, image->texts, image->n_texts);
	add_texts(&hash, input->data, input->n_data);
	return siphash_end(&hash);
}

/* By build id; without one, by the text. */
static void name_file(const struct sitecache_input *input, char name[NAME_MAX_BYTES])
{
	static const uint64_t no_key[2];
	const char *build_id = elf_build_id(input->elf);
	const struct int_text *text = input->image->texts;
	const bool has_text = input->image->n_texts;
	struct siphash hash;

	if (build_id[0]) {
		snprintf(name, NAME_MAX_BYTES, "ints-%s-%llx-%zx", build_id,
			 has_text ? (unsigned long long)text->vaddr : 0,
			 has_text ? text->len : 0);
		return;
	}
	siphash_begin(&hash, no_key);
	add_texts(&hash, text, input->image->n_texts);
	snprintf(name, NAME_MAX_BYTES, "ints-text-%016llx",
		 (unsigned long long)siphash_end(&hash));
}

/* The file, in memory, with 0 where its hash is to be. */
static uint64_t check_of(const struct head *head, const struct record *records)
{
	struct head copy = *head;
	struct siphash hash;

	copy.check = 0;
	siphash_begin(&hash, head->key);
	siphash_add(&hash, &copy, sizeof(copy));
	siphash_add(&hash, records, head->n * sizeof(*records));
	return siphash_end(&hash);
}

/* Where the value is: in a register, or what else these bytes can say. */
static bool is_value_sound(const struct record *record)
{
	if (record->digit == INTSITE_LATER)
		return record->sizes == INTSITE_LATER;
	return record->digit < DECODE_REGISTERS &&
	       (record->sizes < DECODE_REGISTERS || record->sizes == INTSITE_MEMORY);
}

/* Whether all numbers are such as the search gives, in the code of this image. */
static bool is_sound(const struct int_image *image, const struct record *record)
{
	return record->kind <= INTSITE_POP && record->way < INTSITE_WAYS &&
	       (record->kind == INTSITE_POP) == (record->way == INTSITE_BY_FREELIST) &&
	       record->object < DECODE_REGISTERS && record->reg < DECODE_REGISTERS &&
	       record->emulated <= 1 && record->before_store <= 1 &&
	       record->filled <= 1 && record->untouched <= 1 && is_value_sound(record) &&
	       int_text_at(image, record->vaddr) && int_text_at(image, record->probe_vaddr);
}

static int take_records(const struct int_image *image, const struct record *records, size_t n,
			struct intsites *out)
{
	for (size_t i = 0; i < n; i++) {
		const struct record *record = &records[i];

		if (!is_sound(image, record) || (i && record->vaddr < record[-1].vaddr))
			return -ENOENT;
		out->list[out->n++] = (struct intsite){
			.vaddr = record->vaddr,
			.probe_vaddr = record->probe_vaddr,
			.kind = record->kind,
			.way = record->way,
			.object = record->object,
			.reg = record->reg,
			.emulated = record->emulated,
			.before_store = record->before_store,
			.filled = record->filled,
			.untouched = record->untouched,
			.digit = record->digit,
			.sizes = record->sizes,
		};
	}
	return 0;
}

static int take(const struct sitecache_input *input, const void *bytes, size_t len,
		struct intsites *out)
{
	const struct record *records;
	struct head head;

	if (len < sizeof(head))
		return -ENOENT;
	memcpy(&head, bytes, sizeof(head));
	records = (const struct record *)((const char *)bytes + sizeof(head));
	if (memcmp(head.magic, MAGIC, sizeof(head.magic)) != 0 || head.format != FORMAT ||
	    head.n > MW_INTSITES || len != sizeof(head) + head.n * sizeof(*records) ||
	    head.check != check_of(&head, records) || head.input != hash_input(input, head.key))
		return -ENOENT;
	*out = (struct intsites){
		.ob_type = input->image->ob_type,
		.freelist = head.freelist,
		.unsure = head.unsure,
		.elsewhere = head.elsewhere,
		.unread = head.unread,
		.pops_unsure = head.pops_unsure,
		.undecoded = head.undecoded,
		.functions = head.functions,
		.list = calloc(head.n + 1, sizeof(*out->list)),
	};
	return out->list ? take_records(input->image, records, head.n, out) : -ENOMEM;
}

int sitecache_load(int dir, const struct sitecache_input *input, struct intsites *out)
{
	const size_t most = sizeof(struct head) + MW_INTSITES * sizeof(struct record);
	char name[NAME_MAX_BYTES];
	void *bytes __free = NULL;
	size_t len;
	int error;

	memset(out, 0, sizeof(*out));
	name_file(input, name);
	bytes = store_read(dir, name, most, &len);
	error = take(input, bytes, len, out);
	if (error)
		intsites_free(out);
	return error;
}

static struct record record_of(const struct intsite *site)
{
	return (struct record){
		.vaddr = site->vaddr,
		.probe_vaddr = site->probe_vaddr,
		.kind = site->kind,
		.way = site->way,
		.object = site->object,
		.reg = site->reg,
		.emulated = site->emulated,
		.before_store = site->before_store,
		.filled = site->filled,
		.untouched = site->untouched,
		.digit = site->digit,
		.sizes = site->sizes,
	};
}

int sitecache_store(int dir, const struct sitecache_input *input, const struct intsites *sites)
{
	const size_t len = sizeof(struct head) + sites->n * sizeof(struct record);
	struct head *head __free = NULL;
	char name[NAME_MAX_BYTES];
	struct record *records;

	if (sites->n > MW_INTSITES)
		return -E2BIG;
	head = calloc(1, len);
	if (!head)
		return -ENOMEM;
	*head = (struct head){
		.magic = MAGIC,
		.format = FORMAT,
		.n = (uint32_t)sites->n,
		.freelist = sites->freelist,
		.unsure = sites->unsure,
		.elsewhere = sites->elsewhere,
		.unread = sites->unread,
		.pops_unsure = sites->pops_unsure,
		.undecoded = sites->undecoded,
		.functions = sites->functions,
	};
	if (getrandom(head->key, sizeof(head->key), 0) != sizeof(head->key))
		return -EIO;
	records = (struct record *)(head + 1);
	for (size_t i = 0; i < sites->n; i++)
		records[i] = record_of(&sites->list[i]);
	head->input = hash_input(input, head->key);
	head->check = check_of(head, records);
	name_file(input, name);
	return store_write(dir, name, head, len);
}
