// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pyenum.c - members of enumerations: "RED: 1". */
#include "cpython/pyenum.h"

#include <stdio.h>
#include <string.h>

#include "base/fmt.h"
#include "cpython/pydict.h"
#include "place/pyobject.h"

#define NAME 48

/* Lib/enum.py: EnumMeta, from 3.11 EnumType. */
bool pyenum_is(struct cpython *cpython, const struct pytype *type)
{
	const struct pytype *meta =
		type->flags & PYTYPE_HEAPTYPE ? pytype_get(cpython, type->metatype) : NULL;

	return meta && (!strcmp(meta->name, "EnumType") || !strcmp(meta->name, "EnumMeta"));
}

/* The attribute of this name; 0: there is none. */
static uint64_t attribute(struct cpython *cpython, const struct pyitems *items, const char *name)
{
	char text[NAME];

	for (size_t i = 0; i < items->n; i++)
		if (!items->at[i].plain_key &&
		    pyobject_str(cpython->pid, &cpython->objects, items->at[i].key, text,
				 sizeof(text)) >= 0 &&
		    !strcmp(text, name))
			return items->at[i].value;
	return 0;
}

void pyenum_text(struct cpython *cpython, const struct pyobj *obj, char text[PYVALUE_TEXT])
{
	char name[NAME] = "", value[PYVALUE_TEXT] = "";
	struct pyitems items = { 0 };
	struct pyobj of;

	if (!pyobj_attributes(cpython, obj, &items)) {
		/* a flag with several bits set may have no name: that is None, no str, then */
		pyobject_str(cpython->pid, &cpython->objects,
			     attribute(cpython, &items, "_name_"), name, sizeof(name));
		if (!pyobj_read(cpython, attribute(cpython, &items, "_value_"), &of) &&
		    !pyenum_is(cpython, of.type))
			pyvalue_text(cpython, &of, value);
		/* the name is any text that a program likes */
		fmt_safe(text, NAME, name);
		snprintf(text + strlen(text), PYVALUE_TEXT - strlen(text), "%s%.40s",
			 name[0] && value[0] ? ": " : "", value);
	}
	pyitems_clear(&items);
}
