// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* where.c - where the value of a C variable lies, and its bytes. */
#include "dwarf/where.h"

#include <string.h>

#include "target/mem.h"

/* Bytes that are here. */
static bool copy(const void *from, size_t size, uint64_t offset, uint8_t *bytes, size_t n)
{
	if (offset > size || n > size - offset)
		return false;
	memcpy(bytes, (const uint8_t *)from + offset, n);
	return true;
}

static bool fetch_piece(const struct where_piece *piece, pid_t pid, const struct cregs *regs,
			uint64_t offset, uint8_t *bytes, size_t n)
{
	const struct where whole = { .kind = piece->kind, .addr = piece->addr };

	return where_fetch(&whole, pid, regs, offset, bytes, n);
}

/* Byte by byte what lies in pieces: they may be anywhere. */
static bool gather(const struct where *where, pid_t pid, const struct cregs *regs,
		   uint64_t offset, uint8_t *bytes, size_t n)
{
	uint64_t start = 0;

	for (uint32_t i = 0; i < where->n && n; i++) {
		const struct where_piece *piece = &where->pieces[i];
		const uint64_t end = start + piece->size;

		if (offset >= start && offset < end) {
			const size_t here = n < end - offset ? n : (size_t)(end - offset);

			if (!fetch_piece(piece, pid, regs, offset - start, bytes, here))
				return false;
			bytes += here;
			offset += here;
			n -= here;
		}
		start = end;
	}
	return !n;
}

static bool fetch_register(const struct cregs *regs, uint64_t number, uint64_t offset,
			   uint8_t *bytes, size_t n)
{
	if (cregs_has(regs, number))
		return copy(&regs->value[number], sizeof(*regs->value), offset, bytes, n);
	return regs->has_vectors && number >= CREGS_VECTOR &&
	       number - CREGS_VECTOR < CREGS_VECTORS &&
	       copy(regs->vectors[number - CREGS_VECTOR], sizeof(*regs->vectors), offset, bytes, n);
}

bool where_fetch(const struct where *where, pid_t pid, const struct cregs *regs, uint64_t offset,
		 uint8_t *bytes, size_t n)
{
	switch (where->kind) {
	case WHERE_MEMORY: return !mem_read(pid, where->addr + offset, bytes, n);
	case WHERE_REGISTER:
		return fetch_register(regs, where->addr, offset + where->offset, bytes, n);
	case WHERE_VALUE:
		if (where->bytes)
			return copy(where->bytes, where->n, offset + where->offset, bytes, n);
		return copy(&where->addr, sizeof(where->addr), offset + where->offset, bytes, n);
	case WHERE_PIECES: return gather(where, pid, regs, offset, bytes, n);
	default: return false;
	}
}

/* A part that is in one piece is where that is; another is in pieces itself. */
static struct where part_of_pieces(const struct where *where, uint64_t offset, uint64_t size)
{
	struct where part = { .kind = WHERE_PIECES };
	uint64_t start = 0;

	for (uint32_t i = 0; i < where->n; i++) {
		const struct where_piece *piece = &where->pieces[i];
		const uint64_t end = start + piece->size, from = offset > start ? offset : start,
			       to = offset + size < end ? offset + size : end;

		if (from < to) {
			const struct where whole = { .kind = piece->kind, .addr = piece->addr };
			struct where here = where_part(&whole, from - start, to - from);

			if (to - from == size)
				return here;
			part.pieces[part.n++] = (struct where_piece){ here.kind, (uint32_t)(to - from),
								      here.addr };
		}
		start = end;
	}
	return part.n ? part : (struct where){ .kind = WHERE_NOWHERE };
}

struct where where_part(const struct where *where, uint64_t offset, uint64_t size)
{
	struct where part = *where;

	if (where->kind == WHERE_PIECES)
		return part_of_pieces(where, offset, size);
	if (where->kind == WHERE_MEMORY)
		part.addr += offset;
	else
		part.offset += (uint32_t)offset;
	if (where->kind == WHERE_UNKNOWN && !where->why)
		part.why = "a part of it is where the expression does not say";
	return part;
}
