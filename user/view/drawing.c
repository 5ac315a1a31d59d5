// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* drawing.c - what of a walk is drawn. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "view/pins.h"

void drawing_segments(struct drawing *drawing, const struct walk_segment *at, size_t n)
{
	if (!drawing->wanted)
		return;
	drawing->segments = calloc(n + 1, sizeof(*at));
	if (!drawing->segments) {
		drawing->error = -ENOMEM;
		return;
	}
	memcpy(drawing->segments, at, n * sizeof(*at));
	drawing->n_segments = n;
}

struct drawing_pin *drawing_add_pin(struct drawing *drawing, const struct walk_place *place)
{
	if (!drawing->wanted || !place->segment.id)
		return NULL;
	if (!drawing->pins) {
		drawing->pins = calloc(DRAWING_PINS, sizeof(*drawing->pins));
		if (!drawing->pins)
			drawing->error = -ENOMEM;
	}
	if (!drawing->pins || drawing->n_pins == DRAWING_PINS) {
		drawing->hidden++;
		return NULL;
	}
	drawing->pins[drawing->n_pins].addr = place->addr;
	return &drawing->pins[drawing->n_pins++];
}

void drawing_frame(struct drawing *drawing, const struct walk_frame *frame)
{
	struct drawing_pin *pin = drawing_add_pin(drawing, &frame->place);

	if (!pin)
		return;
	pin->is_frame = true;
	strcpy(pin->names, "frame of ");
	fmt_safe(pin->names + strlen(pin->names), sizeof(pin->names) - strlen(pin->names),
		 frame->function ? frame->function : "?");
}

/* Whether a list of names has this one. */
static bool has_name(const char *names, const char *name)
{
	const size_t len = strlen(name);

	for (const char *at = names; (at = strstr(at, name)); at++)
		if ((at == names || at[-1] == ' ') && (!at[len] || at[len] == ','))
			return true;
	return false;
}

/* The names of one object are in one place. */
static void add_name(struct drawing_pin *pin, const struct pyvar *var)
{
	const char *self = var->scope == PYSCOPE_ATTRIBUTE ? "self." : "";
	const size_t len = strlen(pin->names);
	char name[48], safe[40];

	snprintf(name, sizeof(name), "%s%s", self, fmt_safe(safe, sizeof(safe), var->name));
	if (has_name(pin->names, name))
		return;
	if (len + strlen(name) + 8 > sizeof(pin->names)) {
		pin->more = true;
		return;
	}
	snprintf(pin->names + len, sizeof(pin->names) - len, "%s%s", len ? ", " : "", name);
}

void drawing_variable(struct drawing *drawing, const struct walk_var *at)
{
	const uint64_t addr = at->place.addr;
	size_t index = (uintptr_t)hash_get(&drawing->by_addr, hash_scatter(addr));
	struct drawing_pin *pin = index ? &drawing->pins[index - 1] : NULL;
	char type[60];

	if (!pin) {
		pin = drawing_add_pin(drawing, &at->place);
		if (!pin)
			return;
		index = drawing->n_pins;
		if (hash_set(&drawing->by_addr, hash_scatter(addr), (void *)(uintptr_t)index))
			drawing->error = -ENOMEM;
		fmt_safe(type, sizeof(type), at->var->object.type->name);
		snprintf(pin->value, sizeof(pin->value), "%s%s%s", type,
			 at->var->value[0] ? " " : "", at->var->value);
	}
	add_name(pin, at->var);
}

void drawing_clear(struct drawing *drawing)
{
	free(drawing->segments);
	free(drawing->pins);
	hash_clear(&drawing->by_addr);
	*drawing = (struct drawing){ 0 };
}
