/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * words.h - numbers and stacks of a report as a person reads them.
 */
#ifndef MWBPF_REPORT_WORDS_H
#define MWBPF_REPORT_WORDS_H

#include "report/report.h"

/* "1.5 ms"; text holds 32 bytes; returns it. */
char *words_duration(char text[32], uint64_t ns);

/* "64 KiB", for bounds of buckets; text holds 32 bytes; returns it. */
char *words_size(char text[32], uint64_t bytes);

/*
 * A frame: "function (file.py:12)", the file without its directory; escapes made safe. Writes
 * at most cap bytes with the NUL; returns text.
 */
char *words_frame(char *text, size_t cap, const struct frame *frame);

/* The frames of a site from the innermost on, with " < " between them. As above. */
char *words_site(char *text, size_t cap, const struct report_site *site);

#endif
