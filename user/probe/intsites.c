// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* intsites.c - from an interpreter's file to the places where it makes ints. */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/clean.h"
#include "probe/intcode.h"
#include "probe/sitecache.h"
#include "target/raw.h"
#include "target/refs.h"

#define OB_TYPE 8 /* its offset, but in free-threaded builds */
#define OB_TYPE_FREE_THREADED 24
#define HAS_DEBUG_OFFSETS 0x030d /* from which version on _PyRuntime begins with them */
#define HAS_FREELIST 0x030e	 /* from which version on there is a list of free ints */

/* Functions decoded so far, by the numbers of their ranges. */
struct work {
	struct int_image *image;
	const struct int_text *data; /* the segments without code */
	size_t n_data;
	csh capstone;
	bool *wanted, *done; /* by range */
	struct int_function *functions;
	size_t n;
};

static int decode_wanted(struct work *work, struct intsites *out)
{
	int error = int_mark_entered(work->image, work->wanted, work->data, work->n_data);

	for (size_t i = 0; i < work->image->n_ranges && !error; i++) {
		struct int_function *grown;

		if (!work->wanted[i] || work->done[i])
			continue;
		work->done[i] = true;
		grown = reallocarray(work->functions, work->n + 1, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		work->functions = grown;
		error = int_decode(work->image, work->capstone, work->image->ranges[i],
				   &grown[work->n]);
		if (!error)
			work->n++;
		else if (error != -ENOMEM) {
			out->undecoded++;
			error = 0;
		}
	}
	out->functions = work->n;
	return error;
}

static int add_sites(struct work *work, struct intsites *out)
{
	const size_t undecoded = out->undecoded, functions = out->functions;
	const uint64_t freelist = out->freelist;

	free(out->list);
	*out = (struct intsites){ .ob_type = work->image->ob_type,
				  .freelist = freelist,
				  .undecoded = undecoded,
				  .functions = functions };
	for (size_t i = 0; i < work->n; i++) {
		int error = int_add_sites(work->image, &work->functions[i], freelist, out);

		if (error)
			return error;
	}
	return 0;
}

static int find(struct work *work, struct intsites *out)
{
	int error;

	int_flag_ranges(work->image, 0, work->wanted);
	error = decode_wanted(work, out);
	if (!error)
		error = add_sites(work, out);
	if (error || !work->image->has_freelist)
		return error;
	out->freelist = int_find_freelist(work->functions, work->n, out);
	if (!out->freelist)
		return 0;
	int_flag_ranges(work->image, (uint32_t)out->freelist + 8, work->wanted);
	error = decode_wanted(work, out);
	return error ? error : add_sites(work, out);
}

static int by_probe(const void *a, const void *b)
{
	const struct intsite *x = a, *y = b;

	if (x->probe_vaddr != y->probe_vaddr)
		return x->probe_vaddr < y->probe_vaddr ? -1 : 1;
	return (x->vaddr > y->vaddr) - (x->vaddr < y->vaddr);
}

static int by_vaddr(const void *a, const void *b)
{
	const struct intsite *x = a, *y = b;

	return (x->vaddr > y->vaddr) - (x->vaddr < y->vaddr);
}

/* Of two sites at one probe, neither is known to be the one that was come to. */
static void part_values(struct intsite *site, struct intsite *next)
{
	site->filled = next->filled = site->filled && next->filled;
	site->untouched = next->untouched = site->untouched && next->untouched;
	if (site->digit != next->digit || site->sizes != next->sizes)
		site->digit = site->sizes = next->digit = next->sizes = INTSITE_LATER;
}

/* One probe can tell of one object: sites with objects in other registers stay apart. */
static void part(struct intsites *sites)
{
	if (!sites->n)
		return;
	qsort(sites->list, sites->n, sizeof(*sites->list), by_probe);
	for (size_t i = sites->n - 1; i > 0; i--) {
		struct intsite *site = &sites->list[i - 1], *next = &sites->list[i];

		if (site->probe_vaddr != next->probe_vaddr)
			continue;
		if (site->reg == next->reg) {
			part_values(site, next);
			continue;
		}
		site->digit = site->sizes = INTSITE_LATER;
		site->untouched = false;
		site->reg = site->object;
		site->probe_vaddr = site->vaddr;
		site->emulated = false;
		site->before_store = true;
	}
	/* what the first of several is now, all are */
	for (size_t i = 1; i < sites->n; i++)
		if (sites->list[i].probe_vaddr == sites->list[i - 1].probe_vaddr)
			part_values(&sites->list[i], &sites->list[i - 1]);
	qsort(sites->list, sites->n, sizeof(*sites->list), by_vaddr);
}

int int_sites(struct int_image *image, const struct int_text *data, size_t n_data,
	      struct intsites *out)
{
	struct work work = { .image = image, .data = data, .n_data = n_data };
	int error;

	*out = (struct intsites){ .ob_type = image->ob_type };
	work.wanted = calloc(image->n_ranges + 1, sizeof(bool));
	work.done = calloc(image->n_ranges + 1, sizeof(bool));
	if (!work.wanted || !work.done || cs_open(CS_ARCH_X86, CS_MODE_64, &work.capstone)) {
		free(work.wanted);
		free(work.done);
		return -ENOMEM;
	}
	cs_option(work.capstone, CS_OPT_DETAIL, CS_OPT_ON);
	error = find(&work, out);
	part(out);
	for (size_t i = 0; i < work.n; i++)
		free(work.functions[i].insns);
	free(work.functions);
	free(work.wanted);
	free(work.done);
	cs_close(&work.capstone);
	if (error)
		intsites_free(out);
	return error;
}

/* The segments of a file: those with code first. */
static int read_segments(const struct elf_file *elf, struct int_text *texts, size_t *n_texts)
{
	size_t n, count = 0;
	const struct elf_load *loads = elf_loads(elf, &n);

	for (int code = 1; code >= 0; code--) {
		for (size_t i = 0; i < n; i++) {
			struct int_text *text = &texts[count];

			if (((loads[i].flags & PF_X) != 0) != code)
				continue;
			text->code = raw_copy(elf, loads[i].offset, loads[i].filesz, &text->len);
			text->vaddr = loads[i].vaddr;
			text->entered = code ? calloc(1, text->len / 8 + 1) : NULL;
			count++;
			if (code && !text->entered)
				return -ENOMEM;
		}
		if (code)
			*n_texts = count;
	}
	return 0;
}

/* From 3.13, _PyRuntime says of itself whether it is free-threaded, also in the file. */
static unsigned ob_type_offset(const struct elf_file *elf, unsigned version)
{
	static const char cookie[] = "xdebugpy";
	static const char *const name = "_PyRuntime";
	struct {
		char cookie[8];
		uint64_t version, free_threaded;
	} head;
	struct elf_symbol symbol;

	if (version < HAS_DEBUG_OFFSETS || !elf_find(elf, &name, 1, &symbol) || !symbol.offset ||
	    elf_read(elf, symbol.offset, &head, sizeof(head)) != sizeof(head) ||
	    memcmp(head.cookie, cookie, sizeof(head.cookie)) != 0)
		return OB_TYPE;
	return head.free_threaded ? OB_TYPE_FREE_THREADED : OB_TYPE;
}

/* File offsets and names. */
static int describe(const struct elf_file *elf, struct intsites *out)
{
	uint64_t *vaddrs __free = calloc(out->n + 1, sizeof(*vaddrs));
	const char **names __free = calloc(out->n + 1, sizeof(*names));

	if (!vaddrs || !names)
		return -ENOMEM;
	for (size_t i = 0; i < out->n; i++) {
		struct intsite *site = &out->list[i];

		vaddrs[i] = site->vaddr;
		site->offset = (uint64_t)elf_offset(elf, site->vaddr);
		site->probe = (uint64_t)elf_offset(elf, site->probe_vaddr);
	}
	refs_names(elf, vaddrs, out->n, names, &out->strings);
	for (size_t i = 0; i < out->n; i++)
		out->list[i].function = names[i];
	return 0;
}

/* From the cache or by search, which the cache is told of. */
static int look_up(int cache, const struct sitecache_input *input, struct int_image *image,
		   struct intsites *out)
{
	int error = cache < 0 ? -ENOENT : sitecache_load(cache, input, out);

	if (!error)
		out->cached = true;
	if (error != -ENOENT)
		return error;
	error = int_sites(image, input->data, input->n_data, out);
	if (!error && cache >= 0)
		out->keep_error = sitecache_store(cache, input, out);
	return error;
}

int intsites_find(const struct elf_file *elf, unsigned version, int cache, struct intsites *out)
{
	static const char *const name = "PyLong_Type";
	struct elf_symbol type;
	size_t n, n_texts = 0;
	struct int_text *texts __free = NULL;
	struct elf_range *ranges __free = NULL;
	uint64_t *slots __free = NULL;
	struct int_image image = {
		.has_freelist = version >= HAS_FREELIST,
		.absolute = !elf_is_pie(elf),
	};
	int error;

	memset(out, 0, sizeof(*out));
	if (!elf_find(elf, &name, 1, &type))
		return -ENOENT;
	image.type = type.vaddr;
	image.ob_type = ob_type_offset(elf, version);
	elf_loads(elf, &n);
	texts = calloc(n, sizeof(*texts));
	error = texts ? unwind_ranges(elf, &ranges, &image.n_ranges) : -ENOMEM;
	if (!error)
		error = refs_to(elf, type.vaddr, &slots, &image.n_slots);
	if (!error)
		error = read_segments(elf, texts, &n_texts);
	image.texts = texts;
	image.n_texts = n_texts;
	image.ranges = ranges;
	image.slots = slots;
	if (!error) {
		const struct sitecache_input input = {
			.elf = elf, .image = &image, .data = texts + n_texts, .n_data = n - n_texts
		};

		error = look_up(cache, &input, &image, out);
	}
	if (!error)
		error = describe(elf, out);
	if (error)
		intsites_free(out);
	for (size_t i = 0; texts && i < n; i++) {
		free((void *)texts[i].code);
		free(texts[i].entered);
	}
	return error;
}

void intsites_free(struct intsites *sites)
{
	free(sites->list);
	free(sites->strings);
	memset(sites, 0, sizeof(*sites));
}

const char *intsites_register(uint8_t reg)
{
	static const char *const names[DECODE_REGISTERS] = {
		"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		"r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15",
	};

	return reg < DECODE_REGISTERS ? names[reg] : "?";
}
