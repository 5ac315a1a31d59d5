// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_format.c - a report made by hand, in each of the formats. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/fmt.h"
#include "format/format.h"
#include "format/names.h"
#include "format/path.h"
#include "format/profile.pb-c.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PYTHON(name, path, at) { .language = FRAME_PYTHON, .function = name, .file = path, .line = at }
#define NATIVE(name) { .language = FRAME_NATIVE, .function = name, .object = "/bin/app", .offset = 8 }
#define SITE(stack) .frames = stack, .n_frames = COUNT(stack)

static const struct frame python[] = { PYTHON("f", "/a/x.py", 3), PYTHON("<module>", "/a/x.py", 9) };
static const struct frame both[] = { PYTHON("f", "/a/x.py", 3),	  PYTHON("<module>", "/a/x.py", 9),
				     NATIVE("PyMem_Malloc"),	  NATIVE("list_resize"),
				     NATIVE("_PyEval_EvalFrameDefault.cold"), NATIVE("main") };
static const struct frame cut[] = { PYTHON("f", "/a/x.py", 3), NATIVE("PyMem_Malloc"),
				    NATIVE("list_resize") };
static const struct frame native[] = {
	NATIVE("strdup"),
	{ .language = FRAME_NATIVE, .object = "/lib/libv.so", .offset = 0x10, .gap = true },
	{ .language = FRAME_NATIVE, .addr = 0xabc },
};
static const struct frame hostile[] = { PYTHON("</script><!--;", "/\xff/\xfe;.py", 1),
					PYTHON("new\nline\x1b[1m", "/\\\".py", 2) };

static struct report_site sites[] = {
	{ .id = 1, SITE(python), .total = { 5, 500 }, .live = { 4, 400 }, .at_peak = { 3, 300 },
	  .temporary = { 1, 100 }, .slope = NAN },
	{ .id = 2, SITE(both), .total = { 9, 900 }, .live = { 2, 200 }, .slope = -1.5 },
	{ .id = 3, SITE(native), .total = { 7, 70 }, .at_peak = { 7, 70 }, .slope = INFINITY },
	{ .id = 4, SITE(hostile), .total = { 1, 10 }, .live = { 1, 10 }, .truncated = true },
	{ .id = 0, .total = { 1, 1 }, .live = { 1, 1 }, .reason = "</script>" },
};
static char *completeness[] = { "nothing was lost", "</SCRIPT><script>" };
static const struct report report = {
	.title = "</script>\xff",
	.time = "1970-01-01T00:01:00.25Z",
	.version = "1",
	.duration_ns = 5,
	.sites = sites, .n_sites = COUNT(sites),
	.completeness = completeness, .n_completeness = COUNT(completeness),
};

/* What a format makes of the report; the caller frees it. A NUL is put behind. */
static char *written(format_write *write, enum report_weight weight, size_t *len)
{
	FILE *file = tmpfile();
	struct out out;
	char *text;

	assert_int_equal(out_init(&out, fileno(file)), 0);
	assert_int_equal(write(&report, weight, &out), 0);
	assert_int_equal(out_close(&out), 0);
	*len = out.written;
	text = calloc(1, *len + 1);
	assert_int_equal(pread(fileno(file), text, *len + 1, 0), *len);
	fclose(file);
	return text;
}

static void check_path(const struct report_site *site, const char *expected)
{
	struct path path = { 0 };
	char got[1024] = "", label[NAME_ROOM];

	assert_int_equal(path_of(&path, site), 0);
	for (size_t i = 0; i < path.n; i++) {
		strcat(got, i ? ";" : "");
		strcat(got, name_of(path.frames[i], label));
	}
	path_clear(&path);
	assert_string_equal(got, expected);
}

/* Python's frames take the place of the interpreter's. */
static void test_path(void **state)
{
	const struct report_site without_loop = { SITE(cut), .truncated = true };

	(void)state;
	check_path(&sites[0], "<module>;f");
	check_path(&sites[1], "<module>;f;list_resize;PyMem_Malloc");
	check_path(&sites[2], "0xabc;libv.so+0x10;[frames missing];strdup");
	check_path(&sites[4], "[stack not known]");
	check_path(&without_loop, "[outer frames not read];f;list_resize;PyMem_Malloc");
}

static void test_names(void **state)
{
	const struct frame frames[] = {
		PYTHON("f", "/a/x.py", 3),  PYTHON("f", "/a/x.py", 4), PYTHON("f", "/b/x.py", 3),
		PYTHON("f", NULL, 3),	    PYTHON("f", "", 3),	       PYTHON("fx", "/a/.py", 3),
		NATIVE("f"),		    NATIVE(NULL),
		{ .language = FRAME_NATIVE, .object = "/bin/app", .offset = 9 },
		{ .language = FRAME_NATIVE, .addr = 8 },
		{ .language = FRAME_NATIVE, .addr = 9 },
	};
	char copy[] = "/a/x.py";
	struct frame same = PYTHON("f", copy, 3), elsewhere = NATIVE("f");
	struct names names = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(frames); i++)
		assert_int_equal(names_number(&names, &frames[i]), i);
	for (size_t i = 0; i < COUNT(frames); i++)
		assert_int_equal(names_number(&names, &frames[i]), i);
	same.addr = 0x1234; /* another code object of the same function */
	assert_int_equal(names_number(&names, &same), 0);
	elsewhere.offset = 99; /* another call in the same function */
	assert_int_equal(names_number(&names, &elsewhere), 6);
	names_clear(&names);
}

static void test_folded(void **state)
{
	static const char live[] = "<module> (x.py:9);f (x.py:3) 400\n"
				   "<module> (x.py:9);f (x.py:3);list_resize (app);PyMem_Malloc (app) 200\n"
				   "[outer frames not read];new\\x0aline\\x1b[1m (\\\\\".py:2);"
				   "</script><!--, (\\xfe,.py:1) 10\n"
				   "[stack not known] 1\n";
	static const char peak[] = "<module> (x.py:9);f (x.py:3) 300\n"
				   "0xabc;libv.so+0x10;[frames missing];strdup (app) 70\n";
	size_t len;
	char *text = written(format_folded, WEIGHT_LIVE, &len);

	(void)state;
	assert_string_equal(text, live);
	free(text);
	text = written(format_folded, WEIGHT_PEAK, &len);
	assert_string_equal(text, peak);
	free(text);
	text = written(format_folded, WEIGHT_TEMPORARY, &len);
	assert_string_equal(text, "<module> (x.py:9);f (x.py:3) 1\n");
	free(text);
}

static void test_weights(void **state)
{
	static const uint64_t of_first[] = { [WEIGHT_LIVE] = 400, [WEIGHT_PEAK] = 300,
					     [WEIGHT_TOTAL] = 500, [WEIGHT_ALLOCS] = 5,
					     [WEIGHT_TEMPORARY] = 1 };

	(void)state;
	for (int weight = 0; weight < REPORT_WEIGHTS; weight++) {
		assert_int_equal(weight_of(&sites[0], weight), of_first[weight]);
		assert_int_equal(weight_from_name(weight_name(weight)), weight);
	}
	assert_int_equal(weight_from_name("bytes"), -1);
}

static void test_speedscope(void **state)
{
	static const char live[] = "{\"type\":\"sampled\",\"name\":\"bytes live at the end\",\"unit\":\"bytes\","
				   "\"samples\":[[0,1],[0,1,2,3],[4,5,6],[7]],\"weights\":[400,200,10,1],"
				   "\"startValue\":0,\"endValue\":611}";
	size_t len;
	char *text = written(format_speedscope, WEIGHT_PEAK, &len);

	(void)state;
	assert_int_equal(strlen(text), len);
	assert_non_null(strstr(text, live));
	assert_non_null(strstr(text, "\"activeProfileIndex\":1,"));
	assert_non_null(strstr(text, "{\"name\":\"<module>\",\"file\":\"/a/x.py\",\"line\":9},"
				     "{\"name\":\"f\",\"file\":\"/a/x.py\",\"line\":3},"));
	free(text);
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	while ((text = strcasestr(text, what))) {
		n++;
		text++;
	}
	return n;
}

/* The elements of the page are its own, whatever names say. */
static void test_html(void **state)
{
	size_t len;
	char *text = written(format_html, WEIGHT_LIVE, &len), *data = strstr(text, "id=\"data\">\n");

	(void)state;
	assert_int_equal(strlen(text), len);
	assert_int_equal(count(text, "<script"), 2);
	assert_int_equal(count(text, "</script"), 2);
	assert_int_equal(count(text, "<!--"), 0);
	assert_int_equal(count(text, "http"), 2); /* http-equiv, and the name of a namespace */
	assert_non_null(data);
	data += strlen("id=\"data\">\n");
	*strcasestr(data, "</script") = '\0';
	assert_int_equal(data[0], '{');
	assert_int_equal(data[strlen(data) - 1], '\n');
	assert_int_equal(data[strlen(data) - 2], '}');
	assert_null(strchr(data, '<'));
	assert_non_null(strstr(data, "\"title\":\"\\u003c/script>\\udcff\""));
	free(text);
}

static uint8_t *unzip(const char *from, size_t len, size_t *got)
{
	const size_t room = 1 << 20;
	uint8_t *bytes = malloc(room);
	z_stream stream = { .next_in = (Bytef *)from, .avail_in = len, .next_out = bytes,
			    .avail_out = room };

	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(stream.avail_in, 0);
	*got = stream.total_out;
	inflateEnd(&stream);
	return bytes;
}

static void check_texts(const Mwbpf__Pprof__Profile *profile)
{
	assert_string_equal(profile->string_table[0], "");
	for (size_t i = 0; i < profile->n_string_table; i++) {
		const char *text = profile->string_table[i], *end = text + strlen(text);

		for (size_t n; text < end; text += n) {
			n = fmt_utf8(text, end);
			assert_in_range(n, 1, 4);
		}
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(profile->string_table[i], profile->string_table[k]);
	}
	for (size_t i = 0; i < profile->n_function; i++) {
		assert_int_equal(profile->function[i]->id, i + 1);
		assert_in_range(profile->function[i]->name, 1, profile->n_string_table - 1);
		assert_in_range(profile->function[i]->filename, 0, profile->n_string_table - 1);
	}
}

/* Names from the innermost out, through all of the profile's tables. */
static void check_sample(const Mwbpf__Pprof__Profile *profile, size_t i, const char *expected)
{
	const Mwbpf__Pprof__Sample *sample = profile->sample[i];
	char got[1024] = "";

	assert_int_equal(sample->n_value, profile->n_sample_type);
	for (size_t k = 0; k < sample->n_location_id; k++) {
		const Mwbpf__Pprof__Location *location;
		const Mwbpf__Pprof__Function *function;
		size_t end = strlen(got);

		assert_in_range(sample->location_id[k], 1, profile->n_location);
		location = profile->location[sample->location_id[k] - 1];
		assert_int_equal(location->id, sample->location_id[k]);
		assert_in_range(location->mapping_id, 0, profile->n_mapping);
		assert_in_range(location->line[0]->function_id, 1, profile->n_function);
		function = profile->function[location->line[0]->function_id - 1];
		snprintf(got + end, sizeof(got) - end, "%s:%d ", profile->string_table[function->name],
			 (int)location->line[0]->line);
	}
	assert_string_equal(got, expected);
}

static void test_pprof(void **state)
{
	static const int64_t first[] = { 5, 500, 4, 400, 3, 300, 1 };
	size_t len, got;
	char *zipped = written(format_pprof, WEIGHT_TOTAL, &len);
	uint8_t *bytes = unzip(zipped, len, &got);
	Mwbpf__Pprof__Profile *profile = mwbpf__pprof__profile__unpack(NULL, got, bytes);

	(void)state;
	assert_non_null(profile);
	check_texts(profile);
	assert_int_equal(profile->n_sample, COUNT(sites));
	assert_int_equal(profile->n_sample_type, COUNT(first));
	assert_memory_equal(profile->sample[0]->value, first, sizeof(first));
	check_sample(profile, 0, "f:3 <module>:9 ");
	check_sample(profile, 1, "PyMem_Malloc:0 list_resize:0 f:3 <module>:9 ");
	check_sample(profile, 2, "strdup:0 [frames missing]:0 libv.so+0x10:0 0xabc:0 ");
	check_sample(profile, 4, "[stack not known]:0 ");
	assert_int_equal(profile->time_nanos, 60250000000);
	assert_int_equal(profile->duration_nanos, 5);
	assert_int_equal(profile->n_comment, 1 + COUNT(completeness));
	assert_string_equal(profile->string_table[profile->default_sample_type], "alloc_space");
	mwbpf__pprof__profile__free_unpacked(profile, NULL);
	free(bytes);
	free(zipped);
}

/* A report of nothing is a report, too. */
static void test_empty(void **state)
{
	static format_write *const writes[] = { format_folded, format_speedscope, format_pprof,
						format_html };
	const struct report nothing = { .version = "1" };
	FILE *file = tmpfile();
	struct out out;

	(void)state;
	for (size_t i = 0; i < COUNT(writes); i++) {
		assert_int_equal(out_init(&out, fileno(file)), 0);
		assert_int_equal(writes[i](&nothing, WEIGHT_LIVE, &out), 0);
		assert_int_equal(out_close(&out), 0);
		assert_true(!i == !out.written);
	}
	fclose(file);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path),	   cmocka_unit_test(test_names),
		cmocka_unit_test(test_weights),	   cmocka_unit_test(test_folded),
		cmocka_unit_test(test_speedscope), cmocka_unit_test(test_html),
		cmocka_unit_test(test_pprof),	   cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
