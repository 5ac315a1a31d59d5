// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_store.c - files that only we can have written, and the hash they are checked by. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/siphash.h"
#include "base/store.h"

#define NOBODY 65534

static char top[64]; /* a directory of the test */
static char path[128];

static int setup(void **state)
{
	(void)state;
	strcpy(top, "/tmp/t_store.XXXXXX");
	return mkdtemp(top) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", top);
	return system(command);
}

static const char *in_top(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", top, name);
	return path;
}

/* Vectors of the paper's reference implementation: key 00 01 .. 0f, input 00 01 .. */
static void test_siphash(void **state)
{
	static const struct {
		size_t len;
		uint64_t hash;
	} vectors[] = {
		{ 0, 0x726fdb47dd0e0e31 }, { 1, 0x74f839c593dc67fd },  { 8, 0x93f5f5799a932462 },
		{ 15, 0xa129ca6149be45e5 }, { 63, 0x958a324ceb064572 },
	};
	const uint64_t key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
	struct siphash hash;
	uint8_t input[64];

	(void)state;
	for (size_t i = 0; i < sizeof(input); i++)
		input[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++)
		/* in two parts, split everywhere */
		for (size_t split = 0; split <= vectors[i].len; split++) {
			siphash_begin(&hash, key);
			siphash_add(&hash, input, split);
			siphash_add(&hash, input + split, vectors[i].len - split);
			assert_int_equal(siphash_end(&hash), vectors[i].hash);
		}
}

static void refused(const char *name, int err, const char *word)
{
	const char *why = NULL;

	assert_int_equal(store_open(in_top(name), &why), err);
	assert_non_null(why);
	if (!strstr(why, word))
		fail_msg("%s: %s, not %s", name, why, word);
}

static void test_directory(void **state)
{
	const char *why = NULL;
	struct stat st;
	int dir;

	(void)state;
	for (int again = 0; again < 2; again++) {
		dir = store_open(in_top("made"), &why);
		assert_true(dir >= 0);
		close(dir);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0700);
	}
	refused("missing/made", -ENOENT, "No such file");
	assert_int_equal(symlink("made", in_top("link")), 0);
	refused("link", -EPERM, "symbolic link");
	assert_int_equal(close(open(in_top("file"), O_CREAT | O_WRONLY, 0600)), 0);
	refused("file", -EPERM, "something else");
	assert_int_equal(mkdir(in_top("shared"), 0700), 0);
	assert_int_equal(chmod(path, 0770), 0);
	refused("shared", -EPERM, "others may write");
	assert_int_equal(chmod(path, 0702), 0);
	refused("shared", -EPERM, "others may write");
	assert_int_equal(chmod(path, 0755), 0);
	dir = store_open(path, &why);
	assert_true(dir >= 0);
	close(dir);
	if (geteuid())
		return;
	assert_int_equal(chown(path, NOBODY, NOBODY), 0);
	refused("shared", -EPERM, "another user");
}

static int open_store(void)
{
	const char *why;
	int dir = store_open(in_top("store"), &why);

	assert_true(dir >= 0);
	return dir;
}

/* What a file holds; "" when it is not read. */
static const char *content(int dir, const char *name)
{
	static char text[64];
	size_t len;
	char *bytes = store_read(dir, name, sizeof(text) - 1, &len);

	memcpy(text, bytes ? bytes : "", bytes ? len : 0);
	text[bytes ? len : 0] = '\0';
	free(bytes);
	return text;
}

static void test_files(void **state)
{
	int dir = open_store();
	struct stat st;

	(void)state;
	assert_string_equal(content(dir, "name"), "");
	assert_int_equal(store_write(dir, "name", "first", 5), 0);
	assert_string_equal(content(dir, "name"), "first");
	assert_int_equal(store_write(dir, "name", "second one", 10), 0);
	assert_string_equal(content(dir, "name"), "second one");
	assert_int_equal(fstatat(dir, "name", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	/* what one that was killed left is in nobody's way */
	snprintf(path, sizeof(path), "%s/store/.new-%d", top, (int)getpid());
	assert_int_equal(close(open(path, O_CREAT | O_WRONLY, 0600)), 0);
	assert_int_equal(store_write(dir, "name", "third", 5), 0);
	assert_string_equal(content(dir, "name"), "third");
	assert_int_equal(access(path, F_OK), -1);
	/* a directory is not replaced */
	assert_int_equal(mkdirat(dir, "directory", 0700), 0);
	assert_true(store_write(dir, "directory", "x", 1) < 0);
	assert_int_equal(access(path, F_OK), -1);
	close(dir);
}

static void test_strange_files(void **state)
{
	int dir = open_store();
	char large[64];

	(void)state;
	assert_int_equal(store_write(dir, "mine", "mine", 4), 0);
	assert_int_equal(symlinkat("mine", dir, "link"), 0);
	assert_string_equal(content(dir, "link"), "");
	assert_int_equal(store_write(dir, "link", "new", 3), 0); /* in place of the link */
	assert_string_equal(content(dir, "link"), "new");
	assert_string_equal(content(dir, "mine"), "mine");
	assert_int_equal(mkfifoat(dir, "fifo", 0600), 0);
	assert_string_equal(content(dir, "fifo"), "");
	assert_int_equal(mkdirat(dir, "folder", 0700), 0);
	assert_string_equal(content(dir, "folder"), "");
	assert_int_equal(store_write(dir, "empty", "", 0), 0);
	assert_string_equal(content(dir, "empty"), "");
	assert_int_equal(store_write(dir, "large", large, sizeof(large)), 0);
	assert_string_equal(content(dir, "large"), "");
	assert_int_equal(fchmodat(dir, "mine", 0620, 0), 0);
	assert_string_equal(content(dir, "mine"), "");
	assert_int_equal(fchmodat(dir, "mine", 0644, 0), 0);
	assert_string_equal(content(dir, "mine"), "mine");
	if (!geteuid()) {
		assert_int_equal(fchownat(dir, "mine", NOBODY, NOBODY, 0), 0);
		assert_string_equal(content(dir, "mine"), "");
		assert_int_equal(store_write(dir, "mine", "again", 5), 0);
		assert_string_equal(content(dir, "mine"), "again");
	}
	close(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_siphash),
		cmocka_unit_test_setup_teardown(test_directory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_strange_files, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
