// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* dwarfeval.c - DWARF expressions worked out for a live frame. */
#include "dwarf/dwarfeval.h"

#include <dwarf.h>
#include <stddef.h>

#include "target/mem.h"

#define STEPS 1024
#define STACK 64

struct machine {
	const struct dwarfeval *eval;
	const struct recipe_op *ops;
	size_t n, at, steps;
	uint64_t stack[STACK];
	size_t depth;
	struct where where; /* where it is, as far as an operation says so */
	bool placed;	    /* one has */
	bool nested;	    /* a frame's base is being worked out */
};

static const struct where no_register = {
	WHERE_UNKNOWN, 0, "it takes a register whose value is not known"
};
static const struct where bad = { WHERE_UNKNOWN, 0, "the expression is not understood" };

static bool fail(struct machine *m, const struct where *where)
{
	m->where = *where;
	m->placed = true;
	return false;
}

static bool push(struct machine *m, uint64_t value)
{
	if (m->depth == STACK)
		return fail(m, &bad);
	m->stack[m->depth++] = value;
	return true;
}

/* Whether there are so many values on the stack. */
static bool has(struct machine *m, size_t n)
{
	return m->depth >= n || fail(m, &bad);
}

static bool push_register(struct machine *m, uint64_t number, int64_t offset)
{
	if (number >= RECIPE_REGS || !cregs_has(m->eval->regs, (unsigned)number))
		return fail(m, &no_register);
	return push(m, m->eval->regs->value[number] + (uint64_t)offset);
}

static bool push_cfa(struct machine *m)
{
	static const struct where no_cfa = {
		WHERE_UNKNOWN, 0, "where the frame begins is not known"
	};

	return m->eval->has_cfa ? push(m, m->eval->cfa) : fail(m, &no_cfa);
}

static bool push_base(struct machine *m, int64_t offset);

static bool load(struct machine *m, size_t size)
{
	static const struct where unreadable = {
		WHERE_UNKNOWN, 0, "it takes memory that cannot be read"
	};
	uint64_t value = 0;

	if (!has(m, 1) || size > sizeof(value))
		return fail(m, &bad);
	if (mem_read(m->eval->pid, m->stack[m->depth - 1], &value, size))
		return fail(m, &unreadable);
	m->stack[m->depth - 1] = value;
	return true;
}

static bool operate(struct machine *m, uint32_t atom)
{
	uint64_t *a, b;

	if (!has(m, 2))
		return false;
	b = m->stack[--m->depth];
	a = &m->stack[m->depth - 1];
	switch (atom) {
	case DW_OP_plus: *a += b; break;
	case DW_OP_minus: *a -= b; break;
	case DW_OP_mul: *a *= b; break;
	case DW_OP_and: *a &= b; break;
	case DW_OP_or: *a |= b; break;
	case DW_OP_xor: *a ^= b; break;
	case DW_OP_shl: *a = b < 64 ? *a << b : 0; break;
	case DW_OP_shr: *a = b < 64 ? *a >> b : 0; break;
	case DW_OP_shra: *a = (uint64_t)((int64_t)*a >> (b < 64 ? b : 63)); break;
	case DW_OP_eq: *a = *a == b; break;
	case DW_OP_ne: *a = *a != b; break;
	case DW_OP_lt: *a = (int64_t)*a < (int64_t)b; break;
	case DW_OP_le: *a = (int64_t)*a <= (int64_t)b; break;
	case DW_OP_gt: *a = (int64_t)*a > (int64_t)b; break;
	case DW_OP_ge: *a = (int64_t)*a >= (int64_t)b; break;
	default: return fail(m, &bad);
	}
	return true;
}

/* Go on where a branch leads: to the operation at that offset. */
static bool jump(struct machine *m, uint64_t offset)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->ops[i].offset == offset) {
			m->at = i;
			return true;
		}
	return fail(m, &bad);
}

static bool branch(struct machine *m, const struct recipe_op *op)
{
	/* two bytes of the operation's number follow its own */
	const uint64_t to = (uint64_t)op->offset + 3 + op->number;

	if (op->atom == DW_OP_bra) {
		if (!has(m, 1))
			return false;
		if (!m->stack[--m->depth])
			return true;
	}
	return jump(m, to);
}

static bool shuffle(struct machine *m, const struct recipe_op *op)
{
	const size_t deep = op->atom == DW_OP_pick ? op->number : op->atom == DW_OP_over;
	uint64_t top;

	if (deep >= STACK || !has(m, op->atom == DW_OP_swap ? 2 : deep + 1))
		return fail(m, &bad);
	if (op->atom == DW_OP_drop) {
		m->depth--;
		return true;
	}
	if (op->atom != DW_OP_swap)
		return push(m, m->stack[m->depth - 1 - deep]);
	top = m->stack[m->depth - 1];
	m->stack[m->depth - 1] = m->stack[m->depth - 2];
	m->stack[m->depth - 2] = top;
	return true;
}

static bool change(struct machine *m, const struct recipe_op *op)
{
	uint64_t *top = &m->stack[m->depth ? m->depth - 1 : 0];

	if (!has(m, 1))
		return false;
	switch (op->atom) {
	case DW_OP_neg: *top = -*top; break;
	case DW_OP_not: *top = ~*top; break;
	case DW_OP_abs: *top = (int64_t)*top < 0 ? -*top : *top; break;
	default: *top += op->number; break; /* DW_OP_plus_uconst */
	}
	return true;
}

/* An operation that says where it is, and not how to work it out. */
static bool place(struct machine *m, enum where_kind kind, uint64_t addr)
{
	m->where = (struct where){ .kind = kind, .addr = addr };
	m->placed = true;
	return true;
}

static bool place_value(struct machine *m, const struct recipe_op *op)
{
	if (op->atom == DW_OP_implicit_value) /* its bytes: put_implicit of debugframe.c */
		return place(m, op->number2 <= 8 ? WHERE_VALUE : WHERE_NOWHERE, op->number);
	return has(m, 1) && place(m, WHERE_VALUE, m->stack[--m->depth]);
}

/* An operation outside of the ranges of numbers that stand for registers and small constants. */
static bool run_other(struct machine *m, const struct recipe_op *op)
{
	static const struct where tls = { WHERE_UNKNOWN, 0, "each thread has its own" };

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
	case DW_OP_regx: return place(m, WHERE_REGISTER, op->number);
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
	case DW_OP_stack_value:
	case DW_OP_implicit_value: return place_value(m, op);
	case DW_OP_piece:
	case DW_OP_bit_piece: place(m, WHERE_PIECES, 0); return false;
	/* values that a function was called with, and that nothing keeps */
	case DW_OP_implicit_pointer:
	case DW_OP_entry_value:
	case DW_OP_GNU_implicit_pointer:
	case DW_OP_GNU_entry_value: place(m, WHERE_NOWHERE, 0); return false;
	case DW_OP_form_tls_address:
	case DW_OP_GNU_push_tls_address: return fail(m, &tls);
	default: return operate(m, op->atom);
	}
}

static bool run_one(struct machine *m, const struct recipe_op *op)
{
	if (op->atom >= DW_OP_lit0 && op->atom <= DW_OP_lit31)
		return push(m, op->atom - DW_OP_lit0);
	if (op->atom >= DW_OP_reg0 && op->atom <= DW_OP_reg31)
		return place(m, WHERE_REGISTER, op->atom - DW_OP_reg0);
	if (op->atom >= DW_OP_breg0 && op->atom <= DW_OP_breg31)
		return push_register(m, op->atom - DW_OP_breg0, (int64_t)op->number);
	return run_other(m, op);
}

static struct where run(const struct dwarfeval *eval, const struct recipe *recipe, bool nested)
{
	struct machine m = { .eval = eval,
			     .ops = eval->frame->ops + recipe->first,
			     .n = recipe->n,
			     .nested = nested };

	while (m.at < m.n) {
		if (m.steps++ == STEPS)
			return bad;
		if (!run_one(&m, &m.ops[m.at++]))
			return m.where;
	}
	if (m.placed)
		return m.where;
	return m.depth ? (struct where){ .kind = WHERE_MEMORY, .addr = m.stack[m.depth - 1] } : bad;
}

/* A base that is a register is the register's value. */
static bool push_base(struct machine *m, int64_t offset)
{
	const struct recipe *base = &m->eval->frame->base;
	struct where where;

	if (m->nested || base->kind != RECIPE_EXPRESSION)
		return fail(m, &bad);
	where = run(m->eval, base, true);
	if (where.kind == WHERE_REGISTER)
		return push_register(m, where.addr, offset);
	if (where.kind != WHERE_MEMORY && where.kind != WHERE_VALUE)
		return fail(m, where.kind == WHERE_UNKNOWN ? &where : &bad);
	return push(m, where.addr + (uint64_t)offset);
}

struct where dwarfeval_where(const struct dwarfeval *eval, const struct recipe *recipe)
{
	switch (recipe->kind) {
	case RECIPE_EXPRESSION: return run(eval, recipe, false);
	case RECIPE_CONSTANT: return (struct where){ .kind = WHERE_VALUE, .addr = recipe->number };
	default: return (struct where){ .kind = WHERE_NOWHERE };
	}
}

bool dwarfeval_number(const struct dwarfeval *eval, const struct recipe *recipe, uint64_t *value)
{
	const struct where where = dwarfeval_where(eval, recipe);

	if (where.kind == WHERE_REGISTER && cregs_has(eval->regs, (unsigned)where.addr))
		*value = eval->regs->value[where.addr];
	else if (where.kind == WHERE_MEMORY || where.kind == WHERE_VALUE)
		*value = where.addr;
	else
		return false;
	return true;
}
