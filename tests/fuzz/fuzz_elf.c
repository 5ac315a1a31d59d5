// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* fuzz_elf.c - any bytes as the target's ELF file: elf.c must survive and stay in bounds. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/clean.h"
#include "target/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = { "malloc", "free", "PyLong_FromLong", "a", "" };

#define N_NAMES (sizeof(names) / sizeof(*names))

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void use(const struct elf_file *elf, size_t size)
{
	struct elf_symbol found[N_NAMES];
	size_t n_loads, n = 0;
	const struct elf_load *loads = elf_loads(elf, &n_loads);
	char buf[64];

	check(n_loads > 0);
	for (size_t i = 0; i < n_loads; i++) {
		check(loads[i].filesz <= loads[i].memsz);
		check(!loads[i].filesz || (loads[i].offset <= size &&
					   loads[i].filesz <= size - loads[i].offset));
		check(elf_offset(elf, loads[i].vaddr) < (int64_t)size);
		check(elf_read(elf, loads[i].offset, buf, sizeof(buf)) <= sizeof(buf));
	}
	check(strlen(elf_build_id(elf)) % 2 == 0);
	if (elf_interpreter(elf))
		check(strlen(elf_interpreter(elf)) <= size);
	for (size_t i = elf_find(elf, names, N_NAMES, found), k = 0; k < N_NAMES; k++) {
		check(found[k].offset < size);
		n += found[k].vaddr != 0;
		check(k + 1 < N_NAMES || n == i);
	}
	check(elf_read(elf, size, buf, 1) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_file *elf;
	int fd __fd = memfd_create("fuzz_elf", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	if (!elf_open(fd, &elf)) {
		use(elf, size);
		elf_free(elf);
	}
	return 0;
}
