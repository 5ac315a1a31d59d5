// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * pprof.c - pprof's profile format: profile.proto, gzip-compressed.
 *
 * A message that is cut into several, one behind the other, reads as one: lists are joined,
 * single fields are those of the last (protobuf's documentation, "Encoding", "Last One Wins").
 * So each sample, location and text is written when it comes up, and none is kept.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clean.h"
#include "base/fmt.h"
#include "base/intern.h"
#include "format/format.h"
#include "format/gzip.h"
#include "format/names.h"
#include "format/path.h"
#include "format/profile.pb-c.h"

typedef Mwbpf__Pprof__Profile profile;

struct pprof {
	struct gzip gzip;
	uint8_t *packed; /* a message on its way */
	size_t cap;
	struct intern pool;
	struct hash texts;     /* interned text -> 1 + index in string_table */
	struct hash functions; /* name and file -> id */
	struct hash mappings;  /* interned name of the file -> id */
	size_t n_texts;
	struct names names; /* a frame's number + 1 is its location's id */
	struct path path;
	uint64_t *ids; /* locations of one sample */
	size_t cap_ids;
	int error; /* -ENOMEM once something could not be written */
};

/* pprof's names for the first four are those of Go's heap profiles, which its options know. */
static const struct {
	const char *type, *unit;
	size_t offset;
	enum report_weight weight; /* whose default it is */
} sample_types[] = {
	{ "alloc_objects", "count", offsetof(struct report_site, total.blocks), WEIGHT_ALLOCS },
	{ "alloc_space", "bytes", offsetof(struct report_site, total.bytes), WEIGHT_TOTAL },
	{ "inuse_objects", "count", offsetof(struct report_site, live.blocks), REPORT_WEIGHTS },
	{ "inuse_space", "bytes", offsetof(struct report_site, live.bytes), WEIGHT_LIVE },
	{ "peak_objects", "count", offsetof(struct report_site, at_peak.blocks), REPORT_WEIGHTS },
	{ "peak_space", "bytes", offsetof(struct report_site, at_peak.bytes), WEIGHT_PEAK },
	{ "temporary_objects", "count", offsetof(struct report_site, temporary.blocks),
	  WEIGHT_TEMPORARY },
};
#define SAMPLE_TYPES (sizeof(sample_types) / sizeof(*sample_types))

static void put(struct pprof *file, const profile *part)
{
	size_t len = mwbpf__pprof__profile__get_packed_size(part);
	uint8_t *more;

	if (len > file->cap) {
		more = realloc(file->packed, 2 * len);
		if (!more) {
			file->error = -ENOMEM;
			return;
		}
		file->packed = more;
		file->cap = 2 * len;
	}
	mwbpf__pprof__profile__pack(part, file->packed);
	gzip_put(&file->gzip, file->packed, len);
}

/* A number that only equal texts have. */
static uint64_t key_of(struct pprof *file, const char *text)
{
	const char *kept = intern(&file->pool, text);

	if (!*kept && *text)
		file->error = -ENOMEM;
	return (uint64_t)kept;
}

/* Remember that key has a number, which is not 0. */
static void keep(struct pprof *file, struct hash *hash, uint64_t key, uint64_t number)
{
	if (hash_set(hash, key, (void *)number))
		file->error = -ENOMEM;
}

/* The index of a text, which becomes valid UTF-8. */
static int64_t text_of(struct pprof *file, const char *raw)
{
	profile part = MWBPF__PPROF__PROFILE__INIT;
	char safe[2 * NAME_ROOM], *one = safe;
	uint64_t key, index;

	fmt_safe(safe, sizeof(safe), raw);
	key = key_of(file, safe);
	index = (uint64_t)hash_get(&file->texts, key);
	if (index)
		return (int64_t)index - 1;
	part.n_string_table = 1;
	part.string_table = &one;
	put(file, &part);
	keep(file, &file->texts, key, ++file->n_texts);
	return (int64_t)file->n_texts - 1;
}

static uint64_t mapping_of(struct pprof *file, const struct frame *frame)
{
	profile part = MWBPF__PPROF__PROFILE__INIT;
	Mwbpf__Pprof__Mapping mapping = MWBPF__PPROF__MAPPING__INIT, *one = &mapping;
	uint64_t key;

	if (!frame->object)
		return 0;
	key = key_of(file, frame->object);
	mapping.id = (uint64_t)hash_get(&file->mappings, key);
	if (mapping.id)
		return mapping.id;
	mapping.id = file->mappings.n + 1;
	mapping.filename = text_of(file, frame->object);
	mapping.has_functions = mapping.has_filenames = mapping.has_line_numbers =
		mapping.has_inline_frames = true;
	part.n_mapping = 1;
	part.mapping = &one;
	put(file, &part);
	keep(file, &file->mappings, key, mapping.id);
	return mapping.id;
}

static uint64_t function_of(struct pprof *file, const struct frame *frame)
{
	profile part = MWBPF__PPROF__PROFILE__INIT;
	Mwbpf__Pprof__Function function = MWBPF__PPROF__FUNCTION__INIT, *one = &function;
	char text[NAME_ROOM];
	uint64_t key;

	/* without a system_name: pprof takes that for mangled, and "<module>" for a template's end */
	function.name = text_of(file, name_of(frame, text));
	function.filename = text_of(file, frame->file ? frame->file : "");
	key = (uint64_t)function.name << 32 | (uint64_t)function.filename;
	function.id = (uint64_t)hash_get(&file->functions, key);
	if (function.id)
		return function.id;
	function.id = file->functions.n + 1;
	part.n_function = 1;
	part.function = &one;
	put(file, &part);
	keep(file, &file->functions, key, function.id);
	return function.id;
}

static uint64_t location_of(struct pprof *file, const struct frame *frame)
{
	profile part = MWBPF__PPROF__PROFILE__INIT;
	Mwbpf__Pprof__Location location = MWBPF__PPROF__LOCATION__INIT, *one = &location;
	Mwbpf__Pprof__Line line = MWBPF__PPROF__LINE__INIT, *only = &line;
	size_t known = file->names.n;
	int64_t number = names_number(&file->names, frame);

	if (number < 0) {
		file->error = number;
		return 0;
	}
	location.id = number + 1;
	if ((size_t)number < known)
		return location.id;
	location.mapping_id = mapping_of(file, frame);
	line.function_id = function_of(file, frame);
	line.line = frame->line;
	location.n_line = 1;
	location.line = &only;
	part.n_location = 1;
	part.location = &one;
	put(file, &part);
	return location.id;
}

static int room_for_ids(struct pprof *file)
{
	uint64_t *more;

	if (file->path.n <= file->cap_ids)
		return 0;
	more = reallocarray(file->ids, file->path.n, sizeof(*more));
	if (!more)
		return -ENOMEM;
	file->ids = more;
	file->cap_ids = file->path.n;
	return 0;
}

static void put_sample(struct pprof *file, const struct report_site *site)
{
	profile part = MWBPF__PPROF__PROFILE__INIT;
	Mwbpf__Pprof__Sample sample = MWBPF__PPROF__SAMPLE__INIT, *one = &sample;
	int64_t values[SAMPLE_TYPES];
	size_t n;

	if (path_of(&file->path, site) || room_for_ids(file)) {
		file->error = -ENOMEM;
		return;
	}
	n = file->path.n;
	for (size_t i = 0; i < n; i++)
		file->ids[n - 1 - i] = location_of(file, file->path.frames[i]);
	for (size_t i = 0; i < SAMPLE_TYPES; i++)
		values[i] = *(const int64_t *)((const char *)site + sample_types[i].offset);
	sample.n_location_id = n;
	sample.location_id = file->ids;
	sample.n_value = SAMPLE_TYPES;
	sample.value = values;
	part.n_sample = 1;
	part.sample = &one;
	put(file, &part);
}

static void put_types(struct pprof *file, profile *head, enum report_weight weight)
{
	Mwbpf__Pprof__ValueType types[SAMPLE_TYPES], *each[SAMPLE_TYPES];

	for (size_t i = 0; i < SAMPLE_TYPES; i++) {
		mwbpf__pprof__value_type__init(&types[i]);
		types[i].type = text_of(file, sample_types[i].type);
		types[i].unit = text_of(file, sample_types[i].unit);
		each[i] = &types[i];
		if (sample_types[i].weight == weight)
			head->default_sample_type = types[i].type;
	}
	head->n_sample_type = SAMPLE_TYPES;
	head->sample_type = each;
	put(file, head);
}

/* Nanoseconds since 1970; 0: not such a time. */
static int64_t nanoseconds(const char *iso)
{
	struct tm tm = { 0 };
	const char *rest = iso ? strptime(iso, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;

	return rest ? (int64_t)timegm(&tm) * 1000000000 +
			      (*rest == '.' ? (int64_t)(strtod(rest, NULL) * 1e9) : 0)
		    : 0;
}

static void put_head(struct pprof *file, const struct report *report, enum report_weight weight)
{
	profile head = MWBPF__PPROF__PROFILE__INIT;
	Mwbpf__Pprof__ValueType period = MWBPF__PPROF__VALUE_TYPE__INIT;
	__free int64_t *comments = calloc(report->n_completeness + 1, sizeof(*comments));

	if (!comments) {
		file->error = -ENOMEM;
		return;
	}
	text_of(file, ""); /* the first, as the format has it */
	comments[0] = text_of(file, report->title ? report->title : "");
	for (size_t i = 0; i < report->n_completeness; i++)
		comments[i + 1] = text_of(file, report->completeness[i]);
	period.type = text_of(file, "space");
	period.unit = text_of(file, "bytes");
	head.n_comment = report->n_completeness + 1;
	head.comment = comments;
	head.period_type = &period;
	head.period = 1; /* every allocation is in it */
	head.time_nanos = nanoseconds(report->time);
	head.duration_nanos = report->duration_ns;
	put_types(file, &head, weight);
}

int format_pprof(const struct report *report, enum report_weight weight, struct out *out)
{
	struct pprof file = { 0 };

	if (gzip_begin(&file.gzip, out))
		return -ENOMEM;
	put_head(&file, report, weight);
	for (size_t i = 0; i < report->n_sites && !file.error; i++)
		put_sample(&file, &report->sites[i]);
	gzip_end(&file.gzip);
	free(file.packed);
	free(file.ids);
	hash_clear(&file.texts);
	hash_clear(&file.functions);
	hash_clear(&file.mappings);
	intern_clear(&file.pool);
	names_clear(&file.names);
	path_clear(&file.path);
	return file.error;
}
