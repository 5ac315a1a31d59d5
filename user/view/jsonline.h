/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * jsonline.h - internal to the views as JSON lines: what all records have.
 */
#ifndef MWBPF_VIEW_JSONLINE_H
#define MWBPF_VIEW_JSONLINE_H

#include "base/json.h"
#include "view/walkview.h"

/* Begin a record: its type, and the time. */
void jsonline_begin(struct view *view, struct json *json, const char *type);

/* An address and where it lies. */
void jsonline_place(struct json *json, const struct walk_place *place);

#endif
