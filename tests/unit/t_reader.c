// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_reader.c - the child that reads debug information: its answers, its limits, its ends. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "target/confine.h"
#include "target/demangle.h"
#include "target/raw.h"
#include "target/reader.h"

static struct reader_answer answer;
static int line;

__attribute__((noinline)) static uint64_t here(void)
{
	line = __LINE__;
	__asm__ volatile("" ::: "memory");
	return (uintptr_t)__builtin_return_address(0);
}

static uint64_t own_vaddr(uint64_t addr)
{
	struct link_map *map;
	Dl_info info;

	assert_true(dladdr1((void *)(uintptr_t)here, &info, (void **)&map, RTLD_DL_LINKMAP));
	return addr - map->l_addr;
}

static struct reader_file own_file(void)
{
	struct reader_file file = { .debug = -1, .common = -1 };

	file.file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	assert_true(file.file >= 0);
	return file;
}

static void lines_rules_and_names(void **state)
{
	struct reader reader = { 0 };
	struct reader_file file = own_file();
	uint64_t vaddr = own_vaddr((uintptr_t)here);

	(void)state;
	assert_int_equal(reader_ask(&reader, &file, vaddr, "_ZN1a1bEi", &answer), 0);
	assert_string_equal(answer.symbol, "a::b(int)");
	assert_int_equal(answer.n, 1);
	assert_string_equal(answer.at[0].name, "here");
	assert_int_equal(answer.at[0].start, vaddr);
	assert_string_equal(strrchr(answer.at[0].file, '/'), "/t_reader.c");
	assert_int_equal(answer.at[0].file[0], '/');
	here();
	assert_true(abs((int)answer.at[0].line - line) <= 2);
	assert_true(answer.rule == FRAME_KEPT || answer.rule == FRAME_POINTER);
	/* an address of nothing, and a name that is not mangled */
	assert_int_equal(reader_ask(&reader, &file, 1ULL << 40, "main", &answer), 0);
	assert_int_equal(answer.n, 0);
	assert_int_equal(answer.rule, FRAME_UNKNOWN);
	assert_string_equal(answer.symbol, "main");
	assert_int_equal(reader_ask(&reader, &file, vaddr, "", &answer), 0);
	assert_null(answer.symbol);
	reader_clear(&reader);
	close(file.file);
}

/* More files than the child keeps: those it has given up are opened again. */
static void many_files(void **state)
{
	struct reader reader = { 0 };
	struct reader_file files[READER_FILES + 5];
	uint64_t vaddr = own_vaddr((uintptr_t)here);
	const size_t n = sizeof(files) / sizeof(*files);

	(void)state;
	for (size_t i = 0; i < n; i++)
		files[i] = own_file();
	for (size_t i = 0; i < 3 * n; i++) {
		assert_int_equal(reader_ask(&reader, &files[i % n], vaddr, "", &answer), 0);
		assert_int_equal(answer.n, 1);
	}
	for (size_t i = 0; i < n; i++)
		close(files[i].file);
	reader_clear(&reader);
}

static void a_child_that_is_killed(void **state)
{
	struct reader reader = { 0 };
	struct reader_file file = own_file();
	uint64_t vaddr = own_vaddr((uintptr_t)here);
	siginfo_t info;
	pid_t first;

	(void)state;
	for (int i = 0; i < 3 * READER_ENDS; i++) {
		assert_int_equal(reader_ask(&reader, &file, vaddr, "", &answer), 0);
		assert_int_equal(answer.n, 1);
		first = reader.child;
		kill(first, SIGKILL);
		assert_int_equal(waitid(P_PID, (id_t)first, &info, WEXITED | WNOWAIT), 0);
	}
	assert_null(file.error);
	reader_clear(&reader);
	close(file.file);
}

static void a_child_that_does_not_answer(void **state)
{
	struct reader reader = { 0 };
	struct reader_file file = own_file(), other = own_file();
	uint64_t vaddr = own_vaddr((uintptr_t)here);

	(void)state;
	assert_int_equal(reader_ask(&reader, &file, vaddr, "", &answer), 0);
	kill(reader.child, SIGSTOP);
	assert_int_equal(reader_ask(&reader, &file, vaddr, "", &answer), -EIO);
	assert_non_null(strstr(file.error, "too long"));
	assert_int_equal(reader.child, 0);
	assert_int_equal(reader_ask(&reader, &file, vaddr, "", &answer), -EIO);
	assert_int_equal(reader.child, 0);
	/* others are still read */
	assert_int_equal(reader_ask(&reader, &other, vaddr, "", &answer), 0);
	assert_int_equal(answer.n, 1);
	reader_clear(&reader);
	close(file.file);
	close(other.file);
}

/* One file that may be opened, which is at hand already. */
static int answer_open(const char *path)
{
	return strcmp(path, "/etc/hostname") ? -EACCES : CONFINE_SOCKET;
}

/* What another process with these rights may do: nothing but answer. */
static void confined(void **state)
{
	int sockets[2], status;
	pid_t self = getpid(), child;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets), 0);
	child = fork();
	if (child == 0) {
		void *large;
		int wrong = 0;

		if (confine(sockets[1], self, 64 << 20, answer_open))
			_exit(99);
		wrong |= (open("/etc/passwd", O_RDONLY) >= 0) << 0;
#ifndef __SANITIZE_ADDRESS__
		wrong |= (errno != EACCES || open("/etc/hostname", O_RDONLY) != CONFINE_SOCKET ||
			  open("/etc/hostname", O_RDWR) >= 0 || errno != EPERM) << 7;
#endif
		wrong |= (socket(AF_INET, SOCK_STREAM, 0) >= 0) << 1;
		wrong |= (fork() >= 0) << 2;
		wrong |= (kill(self, 0) == 0) << 3;
		wrong |= (fcntl(CONFINE_SOCKET + 1, F_GETFD) >= 0) << 4;
#ifndef __SANITIZE_ADDRESS__
		large = mmap(NULL, 128 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);
		wrong |= (large != MAP_FAILED) << 5;
#else
		large = NULL;
#endif
		wrong |= (send(CONFINE_SOCKET, &large, sizeof(large), 0) < 0) << 6;
		_exit(wrong);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (status)
		fail_msg("status %x", status);
	close(sockets[0]);
	close(sockets[1]);
}

/* A copy of this program with some bytes of a section changed. */
static int damaged(const struct elf_file *elf, size_t size, const char *section, unsigned seed)
{
	int fd = memfd_create("damaged", MFD_CLOEXEC);
	char *bytes = malloc(size);
	Elf64_Shdr at;

	assert_int_equal(elf_read(elf, 0, bytes, size), size);
	if (raw_section_named(elf, section, &at))
		for (unsigned i = 0; i < 1 + seed % 40; i++)
			bytes[at.sh_offset + (unsigned)rand_r(&seed) % at.sh_size] =
				(char)(rand_r(&seed) >> 8);
	assert_int_equal(write(fd, bytes, size), size);
	free(bytes);
	return fd;
}

/* libdw may do anything with these but harm us. */
static void damaged_files(void **state)
{
	static const char *const sections[] = { ".debug_info", ".debug_abbrev", ".debug_line",
						".debug_str",  ".eh_frame",	".eh_frame_hdr",
						".debug_rnglists" };
	struct reader_file own = own_file();
	const size_t size = (size_t)lseek(own.file, 0, SEEK_END);
	uint64_t vaddr = own_vaddr((uintptr_t)here);
	struct reader reader = { 0 };
	struct elf_file *elf;
	unsigned answers = 0;

	(void)state;
	assert_int_equal(elf_open(own.file, &elf), 0);
	for (unsigned seed = 0; seed < 140; seed++) {
		struct reader_file file = { .debug = -1, .common = -1 };

		file.file = damaged(elf, size, sections[seed % 7], seed);
		answers += !reader_ask(&reader, &file, vaddr, "", &answer);
		if (!file.error)
			reader_ask(&reader, &file, vaddr + 5, "", &answer);
		close(file.file);
		reader.ends = 0;
	}
	assert_true(answers > 70);
	/* and it still works */
	assert_int_equal(reader_ask(&reader, &own, vaddr, "", &answer), 0);
	assert_string_equal(answer.at[0].name, "here");
	reader_clear(&reader);
	elf_free(elf);
	close(own.file);
}

/* A file of 64 bytes on disk that says it has 16 million sections. */
static void a_sparse_file(void **state)
{
	struct reader_file file = { .debug = -1, .common = -1 };
	struct reader reader = { 0 };
	Elf64_Shdr first = { .sh_size = 1 << 24 };
	Elf64_Ehdr header;
	int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(read(self, &header, sizeof(header)), sizeof(header));
	close(self);
	header.e_shoff = 4096;
	header.e_shnum = 0;
	file.file = memfd_create("sparse", MFD_CLOEXEC);
	assert_int_equal(write(file.file, &header, sizeof(header)), sizeof(header));
	assert_int_equal(pwrite(file.file, &first, sizeof(first), 4096), sizeof(first));
	assert_int_equal(ftruncate(file.file, 4096 + ((off_t)1 << 24) * sizeof(first)), 0);
	reader_ask(&reader, &file, 0x1000, "", &answer);
	assert_int_equal(answer.n, 0);
	reader_clear(&reader);
	close(file.file);
}

static void mangled_names(void **state)
{
	static const struct {
		const char *mangled, *plain;
	} rows[] = {
		{ "_ZN4shop5MakerISt6vectorIiSaIiEEE4makeEm",
		  "shop::Maker<std::vector<int, std::allocator<int> > >::make(unsigned long)" },
		{ "_Znwm", "operator new(unsigned long)" },
		{ "_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad" },
		{ "_RNvNtCs1234_7mycrate3foo3bar", "mycrate::foo::bar" },
		{ "malloc", NULL },
		{ "_start", NULL },
		{ "_Z", NULL },
		{ "_ZN", NULL },
		{ "", NULL },
	};
	char plain[DEMANGLE_MAX], small[12];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		bool is = demangle(rows[i].mangled, plain, sizeof(plain));

		assert_int_equal(is, rows[i].plain != NULL);
		if (is)
			assert_string_equal(plain, rows[i].plain);
	}
	assert_true(demangle("_Znwm", small, sizeof(small)));
	assert_string_equal(small, "operator...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_rules_and_names),
		cmocka_unit_test(many_files),
		cmocka_unit_test(a_child_that_is_killed),
		cmocka_unit_test(a_child_that_does_not_answer),
		cmocka_unit_test(confined),
		cmocka_unit_test(damaged_files),
		cmocka_unit_test(a_sparse_file),
		cmocka_unit_test(mangled_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
