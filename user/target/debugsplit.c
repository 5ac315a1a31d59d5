// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* debugsplit.c - debug information that the compiler moved to a file of its own. */
#include <dwarf.h>
#include <stdio.h>

#include "target/debuginner.h"

static const char *string_of(Dwarf_Die *unit, int name)
{
	Dwarf_Attribute attribute;

	return dwarf_attr(unit, name, &attribute) ? dwarf_formstring(&attribute) : NULL;
}

/* DWARF 5, section 7.3.2.1; before, it was an extension of gcc's. */
static void note_lacking(struct debuginfo *info, Dwarf_Die *unit)
{
	const char *file = string_of(unit, DW_AT_dwo_name);
	const char *dir = string_of(unit, DW_AT_comp_dir);

	if (!file)
		file = string_of(unit, DW_AT_GNU_dwo_name);
	if (info->lacking[0] || !file)
		return;
	snprintf(info->lacking, sizeof(info->lacking), "%s%s%s",
		 dir && file[0] != '/' ? dir : "", dir && file[0] != '/' ? "/" : "", file);
}

/* libdw opens the file, and compares what the unit and the file say of themselves. */
void debugsplit_go_in(struct debuginfo *info, Dwarf_Die *unit)
{
	Dwarf_Die contents;
	uint8_t type;

	if (dwarf_cu_info(unit->cu, NULL, &type, NULL, &contents, NULL, NULL, NULL) ||
	    type != DW_UT_skeleton)
		return;
	if (contents.addr)
		*unit = contents;
	else
		note_lacking(info, unit);
}

const char *debuginfo_lacking(const struct debuginfo *info)
{
	return info->lacking[0] ? info->lacking : NULL;
}
