// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pypool.c - one of pymalloc's pools, from its bytes. */
#include "cpython/pypool.h"

#include <string.h>

bool pypool_is_head(const struct pypool_head *head, uint64_t pool_size)
{
	const uint64_t size = (head->szidx + 1ull) * PYPOOL_UNIT;

	return head->szidx < PYPOOL_CLASSES && head->maxnextoffset == pool_size - size &&
	       head->count <= (pool_size - sizeof(*head)) / size &&
	       head->nextoffset >= sizeof(*head) && head->nextoffset <= pool_size &&
	       !((head->nextoffset - sizeof(*head)) % size);
}

/* The blocks that were freed are a list through their first words. */
static bool take_freed(const uint8_t *bytes, uint64_t addr, const struct pypool_head *head,
		       struct pypool *pool, uint32_t handed_out)
{
	uint64_t block = head->freeblock;

	for (uint32_t n = 0; block; n++) {
		const uint64_t offset = block - addr - sizeof(*head);
		const uint64_t i = offset / pool->size;

		if (n >= handed_out || offset % pool->size || i >= handed_out || !pool->in_use[i])
			return false;
		pool->in_use[i] = 0;
		pool->used--;
		memcpy(&block, bytes + pypool_offset(pool, i), sizeof(block));
	}
	return true;
}

bool pypool_parse(const uint8_t *bytes, uint64_t pool_size, uint64_t addr, struct pypool *pool)
{
	struct pypool_head head;
	uint32_t handed_out;

	memcpy(&head, bytes, sizeof(head));
	pool->size = pool->blocks = pool->used = 0;
	if (!head.count)
		return true;
	if (!pypool_is_head(&head, pool_size))
		return false;
	pool->size = (head.szidx + 1) * PYPOOL_UNIT;
	pool->blocks = (pool_size - sizeof(head)) / pool->size;
	handed_out = (head.nextoffset - sizeof(head)) / pool->size;
	if (handed_out > pool->blocks)
		return false;
	pool->used = handed_out;
	memset(pool->in_use, 0, pool->blocks);
	memset(pool->in_use, 1, handed_out);
	return take_freed(bytes, addr, &head, pool, handed_out) && pool->used == head.count;
}
