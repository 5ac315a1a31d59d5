// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* log.c - what is said to the person on stderr: one clear line each. */
#include "base/log.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fmt.h"

#define LINE 2048 /* bytes of one line, escapes included */

enum log_level log_level = LOG_INFO;

static bool progress_shown;

static void progress_clear(void)
{
	if (progress_shown)
		fputs("\r\033[K", stderr);
	progress_shown = false;
}

void log_vline(enum log_level level, const char *format, va_list args)
{
	static const char *const prefix[] = {
		[LOG_ERROR] = "mwbpf: ",
		[LOG_WARN] = "mwbpf: warning: ",
		[LOG_INFO] = "mwbpf: ",
		[LOG_DETAIL] = "mwbpf: ",
		[LOG_DEBUG] = "mwbpf: debug: ",
		[LOG_TRACE] = "mwbpf: trace: ",
	};

	char line[LINE], safe[LINE];

	if (level > log_level)
		return;
	progress_clear();
	fputs(prefix[level], stderr);
	if (level >= LOG_DETAIL) { /* libbpf's may be a verifier's log of many lines */
		vfprintf(stderr, format, args);
	} else {
		vsnprintf(line, sizeof(line), format, args);
		fputs(fmt_safe(safe, sizeof(safe), line), stderr);
	}
	fputc('\n', stderr);
}

void log_line(enum log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_vline(level, format, args);
	va_end(args);
}

void log_progress(const char *format, ...)
{
	va_list args;

	if (log_level < LOG_INFO || !isatty(STDERR_FILENO))
		return;
	progress_clear();
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fflush(stderr);
	progress_shown = true;
}
