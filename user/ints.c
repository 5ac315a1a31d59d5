// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* ints.c - where the CPython of a target makes its ints: found or remembered, and probed. */
#include "ints.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/store.h"

_Static_assert(SINK_WAYS == INTSITE_WAYS, "sinks name every way");

/* 0x030b from the file's Py_Version; older ones have none and need none here. */
static unsigned version_of(const struct image *image)
{
	static const char *const names[] = { "Py_Version" };
	struct elf_symbol symbol;
	uint32_t version;

	if (!elf_find(image->elf, names, 1, &symbol) ||
	    elf_read(image->elf, symbol.offset, &version, sizeof(version)) != sizeof(version))
		return 0x0300;
	return version >> 16;
}

/* The cache, opened when it is needed first: most programs are no CPython. */
static int open_cache(struct ints *ints)
{
	const char *why;

	if (ints->opened || !ints->directory)
		return ints->directory ? ints->cache : -1;
	ints->opened = true;
	ints->cache = store_open(ints->directory, &why);
	/* that somebody else has put something there is worth a word in any case */
	if (ints->cache < 0)
		log_line(ints->chosen || ints->cache == -EPERM ? LOG_WARN : LOG_DETAIL,
			 "nothing is kept for the next time: %s: %s", ints->directory, why);
	return ints->cache;
}

/* Number the sites of a file: to BPF by register, to place by name. 0 or -errno. */
static int number_sites(const struct ints *ints, const struct site_book *book)
{
	const char *base = strrchr(book->image->path, '/');
	char name[256];
	int err = 0;

	for (size_t i = 0; i < book->sites.n && !err; i++) {
		const struct intsite *site = &book->sites.list[i];

		snprintf(name, sizeof(name), "%s+0x%llx",
			 site->function ? site->function : base ? base + 1 : book->image->path,
			 (unsigned long long)site->offset);
		if (site->function)
			snprintf(name, sizeof(name), "%s", site->function);
		err = place_add_maker(&ints->stream->place, name);
		if (!err)
			err = programs_set_intsite(ints->programs, book->first + i, site,
						   book->sites.ob_type, book->tagged);
	}
	return err;
}

/* NULL when the sites of the book are ready to be probed, else why they are not. */
static const char *search(struct ints *ints, struct site_book *book)
{
	const unsigned version = version_of(book->image);
	uint64_t began = now_ns();
	int err = intsites_find(book->image->elf, version, open_cache(ints), &book->sites);

	book->version = version;
	book->tagged = version >= 0x030c;
	book->took_ns = now_ns() - began;
	if (err == -ENOENT)
		return "the file has no PyLong_Type or no unwind tables";
	if (err)
		return strerror(-err);
	if (book->sites.keep_error)
		log_detail("%s: what was found is not kept: %s", ints->directory,
			   strerror(-book->sites.keep_error));
	if (!book->sites.n)
		return "no instruction was found that makes one (a debug build?)";
	if (book->first + book->sites.n > MW_INTSITES)
		return "there are more instructions than can be told apart";
	err = number_sites(ints, book);
	return err ? strerror(-err) : NULL;
}

/* The sites of a file, found at the first process that maps it; NULL without memory. */
static struct site_book *find_book(struct ints *ints, const struct image *image)
{
	struct site_book **more, *book;

	for (size_t i = 0; i < ints->n_books; i++)
		if (ints->books[i]->image == image)
			return ints->books[i];
	more = reallocarray(ints->books, ints->n_books + 1, sizeof(*more));
	if (!more)
		return NULL;
	ints->books = more;
	book = calloc(1, sizeof(*book));
	if (!book)
		return NULL;
	*book = (struct site_book){ .image = image, .first = ints->stream->place.n_makers };
	book->reason = search(ints, book);
	more[ints->n_books++] = book;
	return book;
}

/* NULL when every int of the target is seen from now on, else why not. */
static const char *probe(struct ints *ints, struct target *target, const struct image *image)
{
	const struct site_book *book;
	int err = 0, pid = target->proc.pid;

	if (!programs_has_intsites(ints->programs))
		return "this kernel has no attach cookies (Linux 5.15)";
	book = find_book(ints, image);
	if (!book || book->reason)
		return book ? book->reason : strerror(ENOMEM);
	if (target->sites_of != image)
		err = attach_intsites(ints->attach, pid, image, target->findings.python_bias,
				      &book->sites, book->first);
	if (!err)
		err = programs_set_target(ints->programs, pid, MW_TARGET_SITES);
	if (err)
		return refusal_is(err) ? refusal_why(err) : strerror(-err);
	target->sites_of = image;
	target->book = book;
	return NULL;
}

/* Two lines: what is probed and how that is known. */
static void say(const struct sink_ints *words, const char *directory)
{
	char ways[128] = "";
	size_t len = 0;

	for (size_t way = 0; way < SINK_WAYS; way++)
		if (words->by_way[way] && len < sizeof(ways))
			len += snprintf(ways + len, sizeof(ways) - len, "%s%zu by %s",
					len ? ", " : "", words->by_way[way], sink_way(way));
	log_detail("%zu exported functions and %zu instructions make ints in %s (%s; %zu more are "
		   "not understood)",
		   words->exported, words->sites, words->file, ways[0] ? ways : words->reason,
		   words->unsure);
	if (words->sites)
		log_detail("of these instructions %zu are probed where that costs one trap, %zu are "
			   "single-stepped; %s%s in %.1f ms",
			   words->emulated, words->sites - words->emulated,
			   words->cached ? "known from " : "found", words->cached ? directory : "",
			   words->took_ns / 1e6);
}

/* Where the ints of a target have what, as far as its file tells. */
static void know_layout(struct target *target, const struct image *image)
{
	static const char *const names[] = { "PyLong_Type" };
	struct elf_symbol symbol;

	if (!target->space || !target->book)
		return;
	if (elf_find(image->elf, names, 1, &symbol))
		target->space->ints = (struct pyints){
			.type = symbol.vaddr + target->findings.python_bias,
			.ob_type = target->book->sites.ob_type,
			.tagged = target->book->tagged,
			/* _PY_NSMALLPOSINTS, Include/internal/pycore_runtime_structs.h of 3.15 */
			.small_most = target->book->version >= 0x030f ? 1024 : 256,
		};
}

void ints_probe(struct ints *ints, struct target *target)
{
	const struct image *image = target->findings.python;
	struct sink_target words;

	if (!image || !ints->wanted || target->ints_of == image)
		return;
	target->ints_of = image;
	target->no_book = probe(ints, target, image);
	know_layout(target, image);
	if (target->no_book)
		stream_warn(ints->stream,
			    "only exported constructors of ints are seen in process %d: %s: %s",
			    (int)target->proc.pid, image->path, target->no_book);
	targets_describe(target, &words);
	say(&words.ints, ints->directory);
	stream_ints(ints->stream, &words.ints);
}

void ints_clear(struct ints *ints)
{
	for (size_t i = 0; i < ints->n_books; i++) {
		intsites_free(&ints->books[i]->sites);
		free(ints->books[i]);
	}
	free(ints->books);
	if (ints->opened && ints->cache >= 0)
		close(ints->cache);
}

void ints_doubt(const struct ints *ints, struct target *target)
{
	const struct coverage coverage = coverages_of(&ints->stream->coverages, target->proc.pid);
	const char *doubt = target->ints_of && !target->doubted ? coverage_doubt(&coverage) : NULL;

	if (!doubt)
		return;
	target->doubted = true;
	stream_warn(ints->stream, "ints of process %d may be missing: %s", (int)target->proc.pid,
		    doubt);
}
