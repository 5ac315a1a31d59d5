/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * log.h - what is said to the person on stderr: one clear line each.
 */
#ifndef MWBPF_LOG_H
#define MWBPF_LOG_H

#include <stdarg.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DETAIL, LOG_DEBUG, LOG_TRACE };

/* Lines above this level are not shown; LOG_INFO at first. */
extern enum log_level log_level;

void log_line(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void log_vline(enum log_level level, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

#define log_error(...)	log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)	log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...)	log_line(LOG_INFO, __VA_ARGS__)
#define log_detail(...) log_line(LOG_DETAIL, __VA_ARGS__)
#define log_debug(...)	log_line(LOG_DEBUG, __VA_ARGS__)

/* The progress line: rewritten in place on a terminal, and cleared by the next log line. */
void log_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
