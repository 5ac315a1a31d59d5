/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * segment.h - the segments of one address space, in address order, without overlap.
 *
 * A segment is a half-open address range and what it is. It is not one of the kernel's
 * areas: those merge when they touch, while two stacks, or a file's data and its bss,
 * stay two segments here. Every change is kept in a list until the caller takes it.
 */
#ifndef MWBPF_SEGMENT_H
#define MWBPF_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum segment_kind {
#define SEGMENT(id, json, layer) SEGMENT_##id,
#include "place/segments.def"
#undef SEGMENT
	SEGMENT_KINDS,
};

struct image;

struct segment {
	uint64_t start, end;
	const struct image *image; /* the ELF file it shows; NULL: none */
	uint64_t bias;	   /* where vaddr 0 of the image lies */
	uint64_t born_ns;  /* time of the event that made it; 0: before the trace */
	const char *name;  /* path, [name] or ""; interned */
	uint32_t id;	   /* of this run, from 1 */
	uint32_t tid;	   /* a thread's stack, guard or TLS: whose */
	uint8_t kind;	   /* enum segment_kind */
	uint8_t prot;	   /* PROT_* */
	bool shared;
};

enum segment_what { SEGMENT_NEW, SEGMENT_CHANGED, SEGMENT_GONE };

struct segment_change {
	struct segment segment; /* as it is now, or was last */
	enum segment_what what;
};

struct segments {
	struct segment *at;
	size_t n, cap;
	size_t last; /* where the last look-up ended: the next is often there too */
	struct segment_change *changes;
	size_t n_changes, cap_changes;
	uint64_t generation; /* grows with every change */
	uint32_t *next_id; /* shared by the address spaces of a run */
	int error;	   /* -ENOMEM once something could not be kept */
};

const char *segment_kind_name(unsigned kind);
const char *segment_kind_layer(unsigned kind);

/* "rw-p", as /proc/PID/maps says it. */
void segment_perms(const struct segment *segment, char perms[5]);

/* -1 for a name that is none. */
int segment_kind_from_name(const char *name);

void segments_init(struct segments *segments, uint32_t *next_id);
void segments_clear(struct segments *segments);

/* The segment that holds addr; NULL for a hole. Valid until the next change. */
const struct segment *segments_find(struct segments *segments, uint64_t addr);

/* The first segment that ends after addr, and its index; NULL beyond the last. */
const struct segment *segments_from(const struct segments *segments, uint64_t addr, size_t *index);

/* Add a segment (its id is given here); what it covers is cut away first. */
void segments_add(struct segments *segments, const struct segment *segment);

/*
 * Take [start, end) out of all segments born before the time given. What is younger was
 * mapped after the call that unmapped this range had begun, so after it had its effect.
 */
void segments_cut(struct segments *segments, uint64_t start, uint64_t end, uint64_t before_ns);

/* A change of attributes. */
struct segment_edit {
	int prot;	  /* -1: as it is */
	const char *name; /* NULL: as it is */
	int kind;	  /* -1: as it is */
	uint32_t tid;	  /* with kind */
};

/* Edit what lies in [start, end), splitting segments that reach beyond it. */
void segments_edit(struct segments *segments, uint64_t start, uint64_t end,
		   const struct segment_edit *edit);

/* Move one segment's bounds; the caller knows that nothing else lies there. */
void segments_resize(struct segments *segments, const struct segment *segment, uint64_t start,
		     uint64_t end);

/* Forget the changes that were taken. */
void segments_settle(struct segments *segments);

#endif
