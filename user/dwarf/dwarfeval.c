// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* dwarfeval.c - DWARF expressions worked out for a live frame. */
#include "dwarf/dwarfeval.h"

#include <dwarf.h>
#include <string.h>

#include "dwarf/dwarfmath.h"
#include "target/mem.h"

#define STEPS 1024
#define STACK 64

struct machine {
	const struct dwarfeval *eval;
	const struct recipe_op *ops;
	size_t n, at, steps;
	struct dwarfmath stack[STACK];
	size_t depth;
	struct where where; /* where it is, or a piece of it, as far as an operation says so */
	bool placed;	    /* one has */
	bool nested;	    /* a frame's base is being worked out */
	struct where whole; /* of pieces */
};

static bool put_place(struct machine *m, enum where_kind kind, uint64_t addr, const char *why)
{
	m->where.kind = kind;
	m->where.addr = addr;
	m->where.why = why;
	m->where.n = 0;
	m->where.bytes = NULL;
	m->placed = true;
	return true;
}

static bool fail(struct machine *m, const char *why)
{
	put_place(m, WHERE_UNKNOWN, 0, why);
	return false;
}

static bool refuse(struct machine *m)
{
	return fail(m, "the expression is not understood");
}

static bool push(struct machine *m, uint64_t value)
{
	if (m->depth == STACK)
		return refuse(m);
	m->stack[m->depth++] = dwarfmath_of(value, 0);
	return true;
}

/* Whether there are so many values on the stack. */
static bool has(struct machine *m, size_t n)
{
	return m->depth >= n || refuse(m);
}

static bool push_register(struct machine *m, uint64_t number, int64_t offset)
{
	if (!cregs_has(m->eval->regs, number))
		return fail(m, "it takes a register whose value is not known");
	return push(m, m->eval->regs->value[number] + (uint64_t)offset);
}

static bool push_cfa(struct machine *m)
{
	return m->eval->has_cfa ? push(m, m->eval->cfa) :
				  fail(m, "where the frame begins is not known");
}

static bool push_base(struct machine *m, int64_t offset);

/* What the function was called with. */
static bool push_entry(struct machine *m, uint64_t number)
{
	const struct centry_values *entry = m->eval->entry;

	for (uint32_t i = 0; entry && i < entry->n; i++)
		if (entry->at[i].number == number)
			return push(m, entry->at[i].value);
	put_place(m, WHERE_NOWHERE, 0, "the value it was called with is not known");
	return false;
}

static bool put_tls(struct machine *m)
{
	const struct ctls *tls = m->eval->tls;

	if (!has(m, 1))
		return false;
	if (!tls || tls->why)
		return fail(m, tls ? tls->why : "each thread has its own");
	m->stack[m->depth - 1] = dwarfmath_of(tls->block + m->stack[m->depth - 1].value, 0);
	return true;
}

static bool load(struct machine *m, uint64_t size)
{
	uint64_t value = 0;

	if (!has(m, 1) || size > sizeof(value))
		return refuse(m);
	if (mem_read(m->eval->pid, m->stack[m->depth - 1].value, &value, size))
		return fail(m, "it takes memory that cannot be read");
	m->stack[m->depth - 1] = dwarfmath_of(value, 0);
	return true;
}

/* The value on top is one of another type. */
static bool convert(struct machine *m, uint64_t type)
{
	if (!has(m, 1))
		return false;
	if ((uint8_t)type == RECIPE_TYPE_OTHER)
		return fail(m, "it takes arithmetic that is not known here");
	m->stack[m->depth - 1] = dwarfmath_of(m->stack[m->depth - 1].value, (uint8_t)type);
	return true;
}

static bool operate(struct machine *m, uint32_t atom)
{
	if (!has(m, 2))
		return false;
	m->depth--;
	return dwarfmath_two(atom, &m->stack[m->depth - 1], m->stack[m->depth].value) || refuse(m);
}

static bool change(struct machine *m, const struct recipe_op *op)
{
	return has(m, 1) &&
	       (dwarfmath_one(op->atom, &m->stack[m->depth - 1], op->number) || refuse(m));
}

/* Go on where a branch leads: to the operation at that offset. */
static bool jump(struct machine *m, uint64_t offset)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->ops[i].offset == offset) {
			m->at = i;
			return true;
		}
	return refuse(m);
}

static bool branch(struct machine *m, const struct recipe_op *op)
{
	/* two bytes of the operation's number follow its own */
	const uint64_t to = (uint64_t)op->offset + 3 + op->number;

	if (op->atom == DW_OP_bra) {
		if (!has(m, 1))
			return false;
		if (!m->stack[--m->depth].value)
			return true;
	}
	return jump(m, to);
}

static bool swap(struct machine *m)
{
	const struct dwarfmath top = m->stack[m->depth - 1];

	m->stack[m->depth - 1] = m->stack[m->depth - 2];
	m->stack[m->depth - 2] = top;
	return true;
}

static bool shuffle(struct machine *m, const struct recipe_op *op)
{
	const uint64_t deep = op->atom == DW_OP_pick ? op->number : op->atom == DW_OP_over;

	if (deep >= STACK || !has(m, op->atom == DW_OP_swap ? 2 : deep + 1))
		return refuse(m);
	if (op->atom == DW_OP_swap)
		return swap(m);
	if (op->atom == DW_OP_drop) {
		m->depth--;
		return true;
	}
	if (m->depth == STACK)
		return refuse(m);
	m->stack[m->depth] = m->stack[m->depth - 1 - deep];
	m->depth++;
	return true;
}

static bool put_value(struct machine *m, const struct recipe_op *op)
{
	if (op->atom == DW_OP_stack_value)
		return has(m, 1) && put_place(m, WHERE_VALUE, m->stack[--m->depth].value, NULL);
	if (op->number > m->eval->frame->n_text ||
	    op->number2 > m->eval->frame->n_text - op->number)
		return refuse(m);
	put_place(m, WHERE_VALUE, 0, NULL);
	m->where.n = (uint32_t)op->number2;
	m->where.bytes = (const uint8_t *)m->eval->frame->text + op->number;
	return true;
}

/* What was placed last, or the address on top, is a piece; nothing: it was left out. */
static bool end_piece(struct machine *m, uint64_t size, uint64_t offset)
{
	struct where_piece piece = { .kind = WHERE_NOWHERE, .size = (uint32_t)size };

	if (m->whole.n == WHERE_MOST_PIECES || size > UINT32_MAX)
		return refuse(m);
	if (m->placed)
		piece = (struct where_piece){ m->where.kind, piece.size, m->where.addr };
	else if (m->depth)
		piece = (struct where_piece){ WHERE_MEMORY, piece.size,
					      m->stack[--m->depth].value };
	if (piece.kind == WHERE_MEMORY)
		piece.addr += offset;
	else if (offset || (m->placed && m->where.n))
		piece.kind = WHERE_UNKNOWN; /* a part of a register, or of a long value */
	m->whole.kind = WHERE_PIECES;
	m->whole.pieces[m->whole.n++] = piece;
	m->placed = false;
	m->depth = 0; /* each begins anew */
	return true;
}

/* Pieces that do not end where a byte does are not taken apart, nor what they are pieces of. */
static bool end_bits(struct machine *m, const struct recipe_op *op)
{
	if (op->number % 8 || op->number2 % 8) {
		m->at = m->n;
		return fail(m, "its bits lie in several places");
	}
	return end_piece(m, op->number / 8, op->number2 / 8);
}

/* Operations with a type. */
static bool run_typed(struct machine *m, const struct recipe_op *op)
{
	switch (op->atom) {
	case DW_OP_regval_type:
	case DW_OP_GNU_regval_type:
		return push_register(m, op->number, 0) && convert(m, op->number2);
	case DW_OP_deref_type:
	case DW_OP_GNU_deref_type: return load(m, op->number) && convert(m, op->number2);
	case DW_OP_convert:
	case DW_OP_GNU_convert:
	case DW_OP_reinterpret:
	case DW_OP_GNU_reinterpret: return convert(m, op->number);
	default: return operate(m, op->atom);
	}
}

/* Operations that say where it is, and not how to work it out. */
static bool run_placing(struct machine *m, const struct recipe_op *op)
{
	switch (op->atom) {
	case DW_OP_regx: return put_place(m, WHERE_REGISTER, op->number, NULL);
	case DW_OP_stack_value:
	case DW_OP_implicit_value: return put_value(m, op);
	case DW_OP_piece: return end_piece(m, op->number, 0);
	case DW_OP_bit_piece: return end_bits(m, op);
	case DW_OP_implicit_pointer:
	case DW_OP_GNU_implicit_pointer:
		put_place(m, WHERE_NOWHERE, 0, "it points to what is optimized out");
		return false;
	default: return run_typed(m, op);
	}
}

/* An operation outside of the ranges of numbers that stand for registers and small constants. */
static bool run_other(struct machine *m, const struct recipe_op *op)
{
	switch (op->atom) {
	case DW_OP_nop: return true;
	case DW_OP_addr: return push(m, op->number + m->eval->bias);
	case DW_OP_const1u:
	case DW_OP_const1s:
	case DW_OP_const2u:
	case DW_OP_const2s:
	case DW_OP_const4u:
	case DW_OP_const4s:
	case DW_OP_const8u:
	case DW_OP_const8s:
	case DW_OP_constu:
	case DW_OP_consts: return push(m, op->number);
	case DW_OP_fbreg: return push_base(m, (int64_t)op->number);
	case DW_OP_call_frame_cfa: return push_cfa(m);
	case DW_OP_bregx: return push_register(m, op->number, (int64_t)op->number2);
	case DW_OP_deref: return load(m, 8);
	case DW_OP_deref_size: return load(m, op->number);
	case DW_OP_dup:
	case DW_OP_drop:
	case DW_OP_over:
	case DW_OP_pick:
	case DW_OP_swap: return shuffle(m, op);
	case DW_OP_neg:
	case DW_OP_not:
	case DW_OP_abs:
	case DW_OP_plus_uconst: return change(m, op);
	case DW_OP_skip:
	case DW_OP_bra: return branch(m, op);
	case DW_OP_entry_value:
	case DW_OP_GNU_entry_value:
	case DW_OP_GNU_parameter_ref: return push_entry(m, op->number);
	case DW_OP_form_tls_address:
	case DW_OP_GNU_push_tls_address: return put_tls(m);
	default: return run_placing(m, op);
	}
}

static bool run_one(struct machine *m, const struct recipe_op *op)
{
	if (op->atom >= DW_OP_lit0 && op->atom <= DW_OP_lit31)
		return push(m, op->atom - DW_OP_lit0);
	if (op->atom >= DW_OP_reg0 && op->atom <= DW_OP_reg31)
		return put_place(m, WHERE_REGISTER, op->atom - DW_OP_reg0, NULL);
	if (op->atom >= DW_OP_breg0 && op->atom <= DW_OP_breg31)
		return push_register(m, op->atom - DW_OP_breg0, (int64_t)op->number);
	return run_other(m, op);
}

/* A piece that cannot be worked out leaves the others; false: there are none. */
static bool skip_piece(struct machine *m)
{
	while (m->at < m->n)
		if (m->ops[m->at].atom == DW_OP_piece || m->ops[m->at].atom == DW_OP_bit_piece)
			return m->whole.n < WHERE_MOST_PIECES;
		else
			m->at++;
	return false;
}

static struct where run_from(struct machine m)
{
	while (m.at < m.n) {
		if (m.steps++ == STEPS) {
			refuse(&m);
			return m.where;
		}
		if (!run_one(&m, &m.ops[m.at++]) && !skip_piece(&m))
			return m.where;
	}
	if (m.whole.n)
		return m.whole;
	if (!m.placed && m.depth)
		put_place(&m, WHERE_MEMORY, m.stack[m.depth - 1].value, NULL);
	else if (!m.placed)
		refuse(&m);
	return m.where;
}

static struct machine machine_for(const struct dwarfeval *eval, const struct recipe *recipe)
{
	return (struct machine){ .eval = eval,
				 .ops = eval->frame->ops + recipe->first,
				 .n = recipe->n };
}

static struct where run(const struct dwarfeval *eval, const struct recipe *recipe, bool nested)
{
	struct machine m = machine_for(eval, recipe);

	m.nested = nested;
	return run_from(m);
}

/* A base that is a register is the register's value. */
static bool push_base(struct machine *m, int64_t offset)
{
	const struct recipe *base = &m->eval->frame->base;
	struct where where;

	if (m->nested || base->kind != RECIPE_EXPRESSION)
		return refuse(m);
	where = run(m->eval, base, true);
	if (where.kind == WHERE_REGISTER)
		return push_register(m, where.addr, offset);
	if (where.kind == WHERE_UNKNOWN)
		return fail(m, where.why);
	if (where.kind != WHERE_MEMORY && where.kind != WHERE_VALUE)
		return refuse(m);
	return push(m, where.addr + (uint64_t)offset);
}

struct where dwarfeval_where(const struct dwarfeval *eval, const struct recipe *recipe)
{
	switch (recipe->kind) {
	case RECIPE_EXPRESSION: return run(eval, recipe, false);
	case RECIPE_CONSTANT: return (struct where){ .kind = WHERE_VALUE, .addr = recipe->number };
	case RECIPE_CONTENT:
		return (struct where){ .kind = WHERE_VALUE,
				       .n = (uint32_t)recipe->number,
				       .bytes = (const uint8_t *)eval->frame->text + recipe->first };
	default: return (struct where){ .kind = WHERE_NOWHERE };
	}
}

bool dwarfeval_from(const struct dwarfeval *eval, const struct recipe *recipe, uint64_t object,
		    uint64_t *addr)
{
	struct machine m = machine_for(eval, recipe);
	struct where where;

	if (recipe->kind != RECIPE_EXPRESSION || !push(&m, object))
		return false;
	where = run_from(m);
	*addr = where.addr;
	return where.kind == WHERE_MEMORY;
}

bool dwarfeval_number(const struct dwarfeval *eval, const struct recipe *recipe, uint64_t *value)
{
	const struct where where = dwarfeval_where(eval, recipe);

	if (where.kind == WHERE_REGISTER && cregs_has(eval->regs, where.addr))
		*value = eval->regs->value[where.addr];
	else if (where.kind == WHERE_MEMORY || (where.kind == WHERE_VALUE && !where.bytes))
		*value = where.addr;
	else
		return false;
	return true;
}
