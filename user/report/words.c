// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* words.c - numbers and stacks of a report as a person reads them. */
#include "report/words.h"

#include <stdio.h>
#include <string.h>

#include "base/fmt.h"

char *words_duration(char text[32], uint64_t ns)
{
	static const struct {
		uint64_t ns;
		const char *name;
	} units[] = { { 3600000000000, "h" }, { 60000000000, "min" }, { 1000000000, "s" },
		      { 1000000, "ms" },      { 1000, "us" } };

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (ns >= units[i].ns) {
			snprintf(text, 32, "%.3g %s", (double)ns / units[i].ns, units[i].name);
			return text;
		}
	snprintf(text, 32, "%u ns", (unsigned)ns);
	return text;
}

char *words_size(char text[32], uint64_t bytes)
{
	static const char *const names[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	size_t i = 0;

	while (bytes >= 1024 && bytes % 1024 == 0 && i + 1 < sizeof(names) / sizeof(*names)) {
		bytes /= 1024;
		i++;
	}
	snprintf(text, 32, "%llu %s", (unsigned long long)bytes, names[i]);
	return text;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static void put_function(char *text, size_t cap, const struct frame *frame)
{
	char name[256];

	if (frame->function)
		fmt_safe(text, cap, frame->function);
	else if (frame->object)
		snprintf(text, cap, "%s+0x%llx", fmt_safe(name, sizeof(name), base_name(frame->object)),
			 (unsigned long long)frame->offset);
	else if (frame->reason)
		snprintf(text, cap, "(%s)", frame->reason);
	else
		snprintf(text, cap, "0x%llx", (unsigned long long)frame->addr);
}

char *words_frame(char *text, size_t cap, const struct frame *frame)
{
	char function[256], file[256];

	put_function(function, sizeof(function), frame);
	if (frame->file && frame->line)
		snprintf(text, cap, "%s (%s:%lld)", function,
			 fmt_safe(file, sizeof(file), base_name(frame->file)), (long long)frame->line);
	else if (frame->file)
		snprintf(text, cap, "%s (%s)", function,
			 fmt_safe(file, sizeof(file), base_name(frame->file)));
	else if (frame->function && frame->object)
		snprintf(text, cap, "%s (%s)", function,
			 fmt_safe(file, sizeof(file), base_name(frame->object)));
	else
		snprintf(text, cap, "%s", function);
	return text;
}

char *words_site(char *text, size_t cap, const struct report_site *site)
{
	size_t used;

	snprintf(text, cap, "%s", site->id && !site->n_frames && site->reason ? site->reason
				  : site->n_frames ? "" : "(stack not known)");
	for (size_t i = 0; i < site->n_frames; i++) {
		used = strlen(text);
		if (used + 8 >= cap)
			break;
		if (i)
			used += snprintf(text + used, cap - used, " < ");
		words_frame(text + used, cap - used, &site->frames[i]);
	}
	return text;
}
