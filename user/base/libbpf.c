// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* libbpf.c - what is to be set before anything of BPF is used. */
#include "base/libbpf.h"

#include <bpf/libbpf.h>
#include <stdio.h>
#include <sys/resource.h>

#include "base/clean.h"
#include "base/log.h"

static int print(enum libbpf_print_level level, const char *format, va_list args)
{
	char *line __free = NULL;
	int len = vasprintf(&line, format, args);

	while (len > 0 && line[len - 1] == '\n')
		line[--len] = '\0';
	if (len >= 0)
		log_line(level == LIBBPF_WARN ? LOG_DETAIL : LOG_TRACE, "%s", line);
	return 0;
}

void libbpf_begin(void)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	libbpf_set_print(print);
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
}
