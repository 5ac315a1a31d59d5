// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* fuzz_pypool.c - pools of pymalloc with any bytes. */
#include <stdint.h>
#include <string.h>

#include "cpython/pypool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[PYPOOL_MAX];
	static struct pypool pool;
	const uint64_t pool_size = size % 2 ? 4096 : 16384;
	uint32_t used = 0;

	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, data, size < sizeof(bytes) ? size : sizeof(bytes));
	if (!pypool_parse(bytes, pool_size, 0x10000, &pool))
		return 0;
	for (uint32_t i = 0; i < pool.blocks; i++)
		used += pool.in_use[i];
	if (pool.size && (used != pool.used ||
			  pypool_offset(&pool, pool.blocks) > pool_size))
		__builtin_trap();
	return 0;
}
