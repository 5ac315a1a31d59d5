// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* cmembers.c - what is in one variable of a live frame: value, members, length. */
#include "dwarf/cmembers.h"

#include <dwarf.h>
#include <stdio.h>
#include <string.h>

#include "dwarf/cvalue.h"

#define IN_SHORT  6 /* members in the value of what they are in */
#define PATH_SIZE 256
#define AT_ONCE	  4096 /* bytes: members are looked for in a copy of what they are in */

/* Keep a string that was put together. */
static const char *keep(struct cvars *vars, const char *text)
{
	const size_t len = strlen(text) + 1;
	char *kept = vars->text + vars->len;

	if (len > CVARS_TEXT - vars->len)
		return "...";
	memcpy(kept, text, len);
	vars->len += len;
	return kept;
}

/* "GREEN (7)" where a value has a name. */
static void put_word(const struct recipe_frame *frame, const struct recipe_enum *words,
		     const uint8_t *bytes, size_t n, struct cvar *var)
{
	uint64_t value = 0;

	memcpy(&value, bytes, n < sizeof(value) ? n : sizeof(value));
	for (uint16_t i = 0; i < words->n; i++) {
		const struct recipe_word *word = &frame->words[words->first + i];

		/* one that is signed may be shorter than that of its name */
		if (!((value ^ (uint64_t)word->value) << (64 - 8 * (n < 8 ? n : 8)))) {
			char number[24];

			snprintf(number, sizeof(number), "%.23s", var->value);
			snprintf(var->value, sizeof(var->value), "%.80s (%s)",
				 frame->text + word->name, number);
			return;
		}
	}
}

/* The value of what lies at an offset of a variable, and where it points to. */
static void read_value(const struct dwarfeval *eval, const struct where *where,
		       const struct recipe_enum *words, struct cvar *var)
{
	const uint64_t size = var->bits ? (uint64_t)(var->bit + var->bits + 7) / 8 : var->size;
	uint8_t bytes[CVALUE_BYTES] = { 0 };
	size_t n = size < CVALUE_BYTES ? size : CVALUE_BYTES;
	uint64_t number;

	if (!where_fetch(where, eval->pid, eval->regs, var->offset, bytes, n))
		return;
	if (var->bits) {
		number = cvalue_bits(bytes, var->bit, var->bits, var->encoding);
		n = sizeof(number);
		memcpy(bytes, &number, n);
	}
	cvalue_text(eval->pid, var->encoding, bytes, n, var->value, sizeof(var->value));
	if (words->n && n && var->value[0])
		put_word(eval->frame, words, bytes, n, var);
	var->points = n == sizeof(var->target) &&
		      (var->encoding == RECIPE_POINTER || var->encoding == RECIPE_STRING);
	if (var->points)
		memcpy(&var->target, bytes, n);
}

/* "from.x" from "from"; lens: how long the paths of the levels above are. */
static const char *path_of(const struct dwarfeval *eval, const struct recipe_part *part,
			   char path[PATH_SIZE], size_t lens[RECIPE_DEPTH + 1])
{
	const size_t len = lens[part->depth - 1];
	int n;

	if (part->name)
		n = snprintf(path + len, PATH_SIZE - len, "%s%s", len ? "." : "",
			     eval->frame->text + part->name);
	else
		n = snprintf(path + len, PATH_SIZE - len, "[%u]", part->index);
	lens[part->depth] = n < 0 ? len : len + (size_t)n < PATH_SIZE ? len + (size_t)n : PATH_SIZE - 1;
	return path;
}

/*
 * Where the virtual bases of a variable are: bytes from its beginning, which are within it
 * when it is an object by now. HIDDEN: it is not known.
 */
struct bases {
	uint64_t at[RECIPE_BASES + 1]; /* by their number; the variable's own */
};

#define HIDDEN UINT64_MAX

static uint64_t find_base(const struct dwarfeval *eval, const struct recipe_base *base,
			  const struct cvar *whole, const struct bases *bases)
{
	uint64_t addr;

	if (bases->at[base->base] == HIDDEN || whole->where.kind != WHERE_MEMORY ||
	    !dwarfeval_from(eval, &base->where,
			    whole->where.addr + bases->at[base->base] + base->offset, &addr))
		return HIDDEN;
	addr -= whole->where.addr;
	return addr < whole->size ? addr : HIDDEN;
}

/* Those that the variable's parts are in, and those that these are found by. */
static void find_bases(const struct dwarfeval *eval, const struct recipe_var *from,
		       const struct cvar *whole, struct bases *bases)
{
	const struct recipe_frame *frame = eval->frame;
	bool wanted[RECIPE_BASES + 1] = { false };

	bases->at[0] = 0;
	for (size_t i = 0; i < from->n; i++)
		wanted[frame->parts[from->first + i].base] = true;
	for (uint32_t i = frame->n_bases; i > 0; i--)
		if (wanted[i])
			wanted[frame->bases[i - 1].base] = true;
	for (uint32_t i = 1; i <= frame->n_bases; i++)
		bases->at[i] = wanted[i] ? find_base(eval, &frame->bases[i - 1], whole, bases) : HIDDEN;
}

static void read_part(const struct dwarfeval *eval, const struct recipe_part *part,
		      const struct cvar *whole, const struct where *content, uint64_t base,
		      struct cvar *var)
{
	var->type = eval->frame->text + part->type;
	var->owner = "";
	var->role = whole->role;
	var->level = whole->level;
	var->encoding = part->encoding;
	var->size = part->size;
	var->thread_local = whole->thread_local;
	var->depth = part->depth;
	var->offset = base + part->offset;
	var->bit = part->bit;
	var->bits = part->bits;
	var->more = part->more;
	if (base == HIDDEN || (part->base && var->offset + part->size > whole->size)) {
		var->offset = 0;
		var->where = (struct where){ .kind = WHERE_UNKNOWN,
					     .why = "the object does not say where its virtual base is" };
		return;
	}
	var->where = where_part(&whole->where, var->offset, part->size);
	var->where.bytes = NULL;
	read_value(eval, content, &part->words, var);
}

/*
 * Bytes of a variable to look for its members in: to read 200 of them one by one takes as
 * many system calls. What is too large is read in parts, from where it is.
 */
static struct where copy_of(const struct dwarfeval *eval, const struct cvar *whole,
			    uint8_t copy[AT_ONCE])
{
	if (whole->size > AT_ONCE ||
	    !where_fetch(&whole->where, eval->pid, eval->regs, 0, copy, whole->size))
		return whole->where;
	return (struct where){ .kind = WHERE_VALUE, .n = (uint32_t)whole->size, .bytes = copy };
}

/* What lies behind the end is not there: the length was not known to who found it. */
static void read_parts(const struct dwarfeval *eval, const struct recipe_var *from,
		       size_t at, struct cvars *vars)
{
	const bool open = from->length.where.kind != RECIPE_NONE;
	size_t lens[RECIPE_DEPTH + 1] = { 0 };
	char path[PATH_SIZE] = "";
	uint8_t copy[AT_ONCE];
	struct where content;
	struct bases bases;

	if (!from->n)
		return;
	content = copy_of(eval, &vars->at[at], copy);
	find_bases(eval, from, &vars->at[at], &bases);
	for (size_t i = 0; i < from->n; i++) {
		const struct recipe_part *part = &eval->frame->parts[from->first + i];
		struct cvar *var = &vars->at[vars->n];

		if (open && (uint64_t)part->offset + part->size > vars->at[at].size)
			return;
		*var = (struct cvar){ .name = keep(vars, path_of(eval, part, path, lens)) };
		read_part(eval, part, &vars->at[at], &content, bases.at[part->base], var);
		vars->n++;
	}
}

/* Add a member to a value in short; false when there is no room, or there are enough. */
static bool put_short(const struct cvar *var, char text[CVALUE_TEXT], size_t *len, size_t shown)
{
	const char *name = strrchr(var->name, '.'), *value = var->value;
	const size_t end = strlen(var->name);
	const bool element = end && var->name[end - 1] == ']';
	int n;

	if (var->encoding == RECIPE_BYTES)
		value = "{...}";
	name = element ? "" : name ? name + 1 : var->name;
	n = snprintf(text + *len, CVALUE_TEXT - *len, "%s%s%s%s", *len ? ", " : "{", name,
		     element ? "" : " = ", value[0] ? value : "?");
	if (shown >= IN_SHORT || n < 0 || (size_t)n + sizeof(", ...}") > CVALUE_TEXT - *len)
		return false;
	*len += (size_t)n;
	return true;
}

/* "{x = 1, y = 2}", "{1, 2, 3, ...}"; one with members of its own is "{...}". */
static void put_in_short(struct cvars *vars, size_t at)
{
	struct cvar *whole = &vars->at[at];
	char text[CVALUE_TEXT] = "{";
	size_t len = 0, shown = 0;
	bool known = false, more = whole->more;

	for (size_t i = at + 1; i < vars->n && vars->at[i].depth > whole->depth; i++) {
		const struct cvar *var = &vars->at[i];

		if (var->depth != whole->depth + 1)
			continue;
		known |= var->value[0] || var->encoding == RECIPE_BYTES;
		more |= !put_short(var, text, &len, shown++);
		if (more && shown > IN_SHORT)
			break;
	}
	if (known)
		snprintf(whole->value, sizeof(whole->value), "%.*s%s", len ? (int)len : 1, text,
			 !more ? "}" : len ? ", ...}" : "...}");
}

/* The number of elements of an array that has as many as the running program says. */
static bool count(const struct dwarfeval *eval, const struct recipe_length *length, uint64_t *n)
{
	struct where where;

	if (length->where.kind == RECIPE_NONE)
		return false;
	where = dwarfeval_where(eval, &length->where);
	*n = 0;
	if (!length->load && (where.kind == WHERE_MEMORY || where.kind == WHERE_VALUE))
		*n = where.addr;
	else if (!length->load ||
		 !where_fetch(&where, eval->pid, eval->regs, 0, (uint8_t *)n, length->load))
		return false;
	*n += length->last;
	return true;
}

/* "int[]" with a length is "int[7]". */
static void take_length(const struct dwarfeval *eval, const struct recipe_length *length,
			struct cvars *vars, struct cvar *var)
{
	const char *open = strstr(var->type, "[]");
	char type[PATH_SIZE + 32];
	uint64_t n;

	if (!count(eval, length, &n) || __builtin_mul_overflow(n, length->element, &var->size)) {
		var->size = 0;
		return;
	}
	if (open) {
		snprintf(type, sizeof(type), "%.*s[%llu]%s", (int)(open - var->type), var->type,
			 (unsigned long long)n, open + 2);
		var->type = keep(vars, type);
	}
}

/* What is left out of an array's elements, now that they are counted. */
static void count_left_out(const struct recipe_var *from, size_t at, struct cvars *vars)
{
	struct cvar *whole = &vars->at[at];
	uint64_t n = from->length.element ? whole->size / from->length.element : 0;

	for (size_t i = at + 1; i < vars->n && n; i++)
		n -= vars->at[i].depth == 1;
	whole->more = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

static bool is_thread_local(const struct recipe_frame *frame, const struct recipe *where)
{
	for (uint16_t i = 0; where->kind == RECIPE_EXPRESSION && i < where->n; i++) {
		const uint32_t atom = frame->ops[where->first + i].atom;

		if (atom == DW_OP_form_tls_address || atom == DW_OP_GNU_push_tls_address)
			return true;
	}
	return false;
}

/* Whether something is known of what is in it. */
static bool is_somewhere(const struct where *where)
{
	return where->kind != WHERE_NOWHERE && where->kind != WHERE_UNKNOWN;
}

void cmembers_read(const struct dwarfeval *eval, const struct recipe_var *from, struct cvars *vars)
{
	const struct recipe_frame *frame = eval->frame;
	const bool open = from->length.where.kind != RECIPE_NONE;
	const size_t at = vars->n++;
	struct cvar *var = &vars->at[at];

	*var = (struct cvar){ .name = frame->text + from->name,
			      .type = frame->text + from->type,
			      .owner = frame->text + from->owner,
			      .role = from->role,
			      .encoding = from->encoding,
			      .level = from->level,
			      .size = from->size,
			      .more = from->more,
			      .thread_local = is_thread_local(frame, &from->where),
			      .where = dwarfeval_where(eval, &from->where) };
	if (open)
		take_length(eval, &from->length, vars, var);
	read_value(eval, &var->where, &from->words, var);
	if (is_somewhere(&var->where)) {
		read_parts(eval, from, at, vars);
		if (open)
			count_left_out(from, at, vars);
		for (size_t i = at; i < vars->n; i++)
			put_in_short(vars, i);
	}
	var->where.bytes = NULL;
}
