/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * schema.h - the schemas of include/mwbpf, carried in the program.
 */
#ifndef MWBPF_SCHEMA_H
#define MWBPF_SCHEMA_H

/* NUL-terminated */
extern const char schema_events[]; /* of --json */
extern const char schema_report[]; /* of report --format json */

#endif
