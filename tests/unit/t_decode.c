// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_decode.c - only records of a known kind and the right length are events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "capture/decode.h"

static void length_must_fit_the_kind(void **state)
{
	union {
		struct mw_event event;
		struct mw_event_map map;
		struct mw_event_name name;
		struct mw_event_exec exec;
		struct mw_event_code code;
	} record;
	const struct {
		unsigned kind;
		size_t len;
	} good[] = {
		{ MW_MALLOC, sizeof(struct mw_event) },	     { MW_FREE, sizeof(struct mw_event) },
		{ MW_PYLONG, sizeof(struct mw_event) },	     { MW_EXIT, sizeof(struct mw_event) },
		{ MW_MMAP, sizeof(struct mw_event_map) },    { MW_BRK, sizeof(struct mw_event_map) },
		{ MW_VMA_NAME, sizeof(struct mw_event_name) },
		{ MW_EXEC, sizeof(struct mw_event_exec) },
		{ MW_CODE, sizeof(struct mw_event_code) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		for (size_t len = 0; len <= sizeof(record); len += 8) {
			memset(&record, 0, sizeof(record));
			record.event.kind = good[i].kind;
			assert_int_equal(decode(&record, len) != NULL, len == good[i].len);
		}
}

static void unknown_kinds_are_refused(void **state)
{
	struct mw_event event = { .kind = MW_KIND_NONE };

	(void)state;
	assert_null(decode(&event, sizeof(event)));
	event.kind = MW_KIND_MAX;
	assert_null(decode(&event, sizeof(event)));
	event.kind = MW_LONG;
	assert_null(decode(&event, sizeof(event)));
}

static void strings_must_end(void **state)
{
	struct mw_event_name name = { .head.kind = MW_VMA_NAME };
	struct mw_event_exec exec = { .head.kind = MW_EXEC };

	(void)state;
	memset(name.name, 'x', sizeof(name.name));
	assert_null(decode(&name, sizeof(name)));
	name.name[sizeof(name.name) - 1] = '\0';
	assert_non_null(decode(&name, sizeof(name)));
	memset(exec.file, 'x', sizeof(exec.file));
	assert_null(decode(&exec, sizeof(exec)));
}

static void pieces_must_fit(void **state)
{
	static const uint32_t most[MW_PIECES] = { MW_PIECE_CODE_MAX, MW_PIECE_FILENAME_MAX,
						  MW_PIECE_NAME_MAX, MW_PIECE_LINETABLE_MAX };
	struct mw_event_code code = { .head.kind = MW_CODE };

	(void)state;
	for (size_t i = 0; i < MW_PIECES; i++) {
		code.len[i] = most[i] + 1;
		assert_null(decode(&code, sizeof(code)));
		code.len[i] = most[i];
		assert_non_null(decode(&code, sizeof(code)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(length_must_fit_the_kind),
		cmocka_unit_test(unknown_kinds_are_refused),
		cmocka_unit_test(strings_must_end),
		cmocka_unit_test(pieces_must_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
