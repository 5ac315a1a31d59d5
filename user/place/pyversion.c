// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pyversion.c - which CPython this is, by its own word. */
#include "place/pyversion.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "place/pydecode.h"
#include "target/mem.h"

#define TEXT_MAX 32 /* "3.11.2 (main, ..." */
#define CONSTANTS_MAX 16

/* PY_VERSION_HEX: major, minor, micro, then level and serial. Include/patchlevel.h */
static bool take_hex(const struct pyfind *find, uint32_t hex, const char *source)
{
	if (hex >> 24 != 3)
		return false;
	find->layout->version = hex >> 16;
	snprintf(find->evidence->version, sizeof(find->evidence->version), "%u.%u.%u (%s)",
		 hex >> 24, hex >> 16 & 0xff, hex >> 8 & 0xff, source);
	return true;
}

/* From 3.13, the first words of _PyRuntime. */
static bool from_offsets(const struct pyfind *find)
{
	struct {
		char cookie[8];
		uint64_t version;
	} head;

	return find->runtime && !mem_read(find->pid, find->runtime, &head, sizeof(head)) &&
	       !memcmp(head.cookie, PYVERSION_COOKIE, sizeof(head.cookie)) &&
	       take_hex(find, (uint32_t)head.version, "debug offsets");
}

/* From 3.11, const unsigned long Py_Version: Python/getversion.c */
static bool from_symbol(const struct pyfind *find, bool *unmapped)
{
	const uint64_t at = pyfind_symbol(find, "Py_Version");
	uint32_t hex;

	if (!at)
		return false;
	if (!mem_read(find->pid, at, &hex, sizeof(hex)))
		return take_hex(find, hex, "Py_Version");
	*unmapped = true;
	return false;
}

static bool in_image(const struct pyfind *find, uint64_t addr)
{
	size_t n;
	const struct elf_load *load = elf_loads(find->image->elf, &n);

	for (size_t i = 0; i < n; i++)
		if (addr - find->bias - load[i].vaddr < load[i].memsz)
			return true;
	return false;
}

/*
 * Py_GetVersion() prints PY_VERSION and more into a buffer of its own: Python/getversion.c
 * (3.6 to 3.10). Either is in its code; the buffer is empty before the first call.
 */
static bool from_function(const struct pyfind *find, bool *unmapped)
{
	uint64_t at[CONSTANTS_MAX];
	const size_t n = pydecode_constants(find, "Py_GetVersion", at, CONSTANTS_MAX);

	for (size_t i = 0; i < n; i++) {
		char text[TEXT_MAX];
		unsigned minor, micro;

		if (!in_image(find, at[i]))
			continue;
		if (mem_read_string(find->pid, at[i], text, sizeof(text)))
			*unmapped = true;
		else if (sscanf(text, "3.%3u.%3u", &minor, &micro) == 2 && minor <= 0xff &&
			 micro <= 0xff)
			return take_hex(find, 3U << 24 | minor << 16 | micro << 8, "Py_GetVersion");
	}
	return false;
}

int pyversion_find(const struct pyfind *find)
{
	bool unmapped = false; /* the loader is still at work */

	if (from_offsets(find) || from_symbol(find, &unmapped) || from_function(find, &unmapped))
		return 0;
	snprintf(find->evidence->version, sizeof(find->evidence->version), "not said");
	return unmapped ? -EAGAIN : -ENOTSUP;
}
