/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * fmt.h - numbers between what people write and what programs hold.
 */
#ifndef MWBPF_FMT_H
#define MWBPF_FMT_H

#include <stddef.h>
#include <stdint.h>

/*
 * A size: "4096", "4k", "64MiB", "1G" (powers of 1024): whole, up to T, in any case. 0,
 * -EINVAL (not a size) or -ERANGE (does not fit); *bytes is then as before.
 */
int fmt_parse_size(const char *text, uint64_t *bytes);

/*
 * A duration in seconds, "0.5", "10", with optional ns us ms s m h. Less than a
 * nanosecond is cut off. As above.
 */
int fmt_parse_duration(const char *text, uint64_t *ns);

/* A decimal number within [min, max]. As above. */
int fmt_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *value);

/* A moment since 1970 as ISO 8601 in UTC, to the nanosecond; returns buf. */
#define FMT_TIME 40
char *fmt_time(char buf[FMT_TIME], uint64_t realtime_ns);

/* 1234567 as "1,234,567"; returns buf, which holds at least 28 bytes. */
char *fmt_thousands(char *buf, uint64_t value);

/* Digits of value at p, not terminated; returns how many (at most 20 and 18). */
size_t fmt_u64(char *p, uint64_t value);
size_t fmt_hex(char *p, uint64_t value); /* with 0x */

/*
 * Bytes of the well-formed UTF-8 character at text, which is before end: 1 to 4, or 0
 * when there is none (overlong, surrogate, above U+10FFFF, cut off).
 */
size_t fmt_utf8(const char *text, const char *end);

/*
 * The character of a well-formed sequence of n bytes when it is one that is not seen by itself:
 * it turns the order of others around, joins or parts them, or ends a line. Else 0.
 */
uint32_t fmt_hidden(const char *text, size_t n);

/*
 * A string from the target for a terminal: control bytes, escape sequences, characters that
 * fmt_hidden() knows and bytes that are not valid UTF-8 become \xNN, a backslash \\. Writes
 * at most cap bytes with the NUL; what does not fit ends in "...", after a whole character.
 * Returns buf.
 */
char *fmt_safe(char *buf, size_t cap, const char *text);

#endif
