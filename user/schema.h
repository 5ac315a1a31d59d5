/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * schema.h - include/mwbpf/events.schema.json, carried in the program.
 */
#ifndef MWBPF_SCHEMA_H
#define MWBPF_SCHEMA_H

extern const char schema_json[]; /* NUL-terminated */

#endif
