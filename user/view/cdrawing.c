// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* cdrawing.c - frames of C functions and their variables in the picture. */
#include <stdio.h>

#include "base/fmt.h"
#include "view/cview.h"
#include "view/pins.h"

void drawing_cframe(struct drawing *drawing, const struct walk_cframe *frame)
{
	struct drawing_pin *pin = drawing_add_pin(drawing, &frame->place);
	const char *at = frame->frame->name->at;
	char safe[48];

	if (!pin)
		return;
	pin->is_frame = true;
	snprintf(pin->names, sizeof(pin->names), "frame of %s",
		 fmt_safe(safe, sizeof(safe), at ? at : "?"));
}

void drawing_cvar(struct drawing *drawing, const struct walk_cvar *show)
{
	struct drawing_pin *pin = drawing_add_pin(drawing, &show->place);
	char type[60], value[90];

	if (!pin)
		return;
	fmt_safe(pin->names, sizeof(pin->names), show->var->name);
	snprintf(pin->value, sizeof(pin->value), "%s%s%s",
		 fmt_safe(type, sizeof(type), show->var->type), show->var->value[0] ? " " : "",
		 fmt_safe(value, sizeof(value), show->var->value));
}
