// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * speedscope.c - the file format of speedscope.app: one sampled profile a weight, whose samples
 * are sites (speedscope, src/lib/file-format-spec.ts; tried in 1.25).
 */
#include <stdio.h>

#include "base/json.h"
#include "format/format.h"
#include "format/names.h"
#include "format/path.h"

struct speedscope {
	struct json json;
	struct names names;
	struct path path;
};

/* One stack: the numbers of its frames, outermost first. */
static int put_sample(struct speedscope *file, const struct report_site *site)
{
	int err = path_of(&file->path, site);

	if (err)
		return err;
	json_array(&file->json, NULL);
	for (size_t i = 0; i < file->path.n; i++) {
		int64_t number = names_number(&file->names, file->path.frames[i]);

		if (number < 0)
			return number;
		json_u64(&file->json, NULL, number);
	}
	json_array_end(&file->json);
	return 0;
}

static int put_profile(struct speedscope *file, const struct report *report,
		       enum report_weight weight)
{
	struct json *json = &file->json;
	uint64_t sum = 0;
	int err = 0;

	json_object(json, NULL);
	json_str(json, "type", "sampled");
	json_str(json, "name", weight_title(weight));
	json_str(json, "unit", weight_is_bytes(weight) ? "bytes" : "none");
	json_array(json, "samples");
	for (size_t i = 0; i < report->n_sites && !err; i++)
		if (weight_of(&report->sites[i], weight))
			err = put_sample(file, &report->sites[i]);
	json_array_end(json);
	json_array(json, "weights");
	for (size_t i = 0; i < report->n_sites; i++) {
		uint64_t value = weight_of(&report->sites[i], weight);

		sum += value;
		if (value)
			json_u64(json, NULL, value);
	}
	json_array_end(json);
	json_u64(json, "startValue", 0);
	json_u64(json, "endValue", sum);
	json_object_end(json);
	return err;
}

static void put_frame(struct json *json, const struct frame *frame)
{
	char text[NAME_ROOM];

	json_object(json, NULL);
	json_str(json, "name", name_of(frame, text));
	if (frame->file || frame->object)
		json_str(json, "file", frame->file ? frame->file : frame->object);
	if (frame->line)
		json_i64(json, "line", frame->line);
	json_object_end(json);
}

static void put_exporter(struct json *json, const char *version)
{
	char text[64];

	snprintf(text, sizeof(text), "mwbpf@%s", version);
	json_str(json, "exporter", text);
}

int format_speedscope(const struct report *report, enum report_weight weight, struct out *out)
{
	struct speedscope file = { 0 };
	struct json *json = &file.json;
	int err = 0;

	json_begin(json, out);
	json_str(json, "$schema", "https://www.speedscope.app/file-format-schema.json");
	put_exporter(json, report->version);
	json_str(json, "name", report->title);
	json_u64(json, "activeProfileIndex", weight);
	json_array(json, "profiles");
	for (int each = 0; each < REPORT_WEIGHTS && !err; each++)
		err = put_profile(&file, report, each);
	json_array_end(json);
	json_object(json, "shared");
	json_array(json, "frames");
	for (size_t i = 0; i < file.names.n; i++)
		put_frame(json, file.names.frames[i]);
	json_array_end(json);
	json_object_end(json);
	json_end(json);
	path_clear(&file.path);
	names_clear(&file.names);
	return err;
}
