/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * suspended.h - internal to the views: generators and coroutines that stand still.
 */
#ifndef MWBPF_VIEW_SUSPENDED_H
#define MWBPF_VIEW_SUSPENDED_H

#include "base/json.h"
#include "view/walkview.h"

/* As rows of view_ops. */
void text_suspended(struct view *view, const struct walk_suspended *show);
void json_suspended(struct view *view, const struct walk_suspended *show);

void text_stand(struct view *view, const struct walk_stand *show);
void json_stand(struct view *view, const struct walk_stand *show);

/* A line behind that of its frame. */
void text_generator(struct view *view, const struct walk_generator *generator);

/* A member of the record of its frame. */
void json_generator(struct json *json, const struct walk_generator *generator);

#endif
