// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* event.c - the records of events: most lines of a trace, so their members are a table. */
#include "source/parts.h"

#include "sink/words.h"

#define EXECS_MAX 10000

/* What of an event's record the ledger needs. */
struct fields {
	uint64_t pid, tid, addr, size, old_addr, caller, stack, child, status, signal;
	struct scan_text at;
	bool failed, unmatched, internal, reused, cached, has_old;
	uint8_t segment;
	unsigned seen; /* bits 1 << row */
};

enum how { SKIP, NUMBER, ADDRESS, FLAG, KIND, PRESENT, TEXT };

#define AT(field)  offsetof(struct fields, field)
#define NAME(text) text, sizeof(text) - 1

/*
 * In the order in which jsonl.c writes them: a member is looked for behind the one before it,
 * so it is nearly always found at once.
 */
static const struct row {
	const char *name;
	size_t len; /* of the name */
	enum how how;
	size_t offset;
} rows[] = {
	{ NAME("pid"), NUMBER, AT(pid) },
	{ NAME("tid"), NUMBER, AT(tid) },
	{ NAME("child"), NUMBER, AT(child) },
	{ NAME("addr"), ADDRESS, AT(addr) },
	{ NAME("size"), NUMBER, AT(size) },
	{ NAME("failed"), FLAG, AT(failed) },
	{ NAME("segment"), KIND, AT(segment) },
	{ NAME("map"), SKIP, 0 },
	{ NAME("off"), SKIP, 0 },
	{ NAME("old_addr"), ADDRESS, AT(old_addr) },
	{ NAME("site"), SKIP, 0 },
	{ NAME("cached"), FLAG, AT(cached) },
	{ NAME("old_size"), PRESENT, AT(has_old) },
	{ NAME("age_ns"), SKIP, 0 },
	{ NAME("unmatched"), FLAG, AT(unmatched) },
	{ NAME("internal"), FLAG, AT(internal) },
	{ NAME("reused"), FLAG, AT(reused) },
	{ NAME("sp"), SKIP, 0 },
	{ NAME("stack_used"), SKIP, 0 },
	{ NAME("caller"), ADDRESS, AT(caller) },
	{ NAME("at"), TEXT, AT(at) },
	{ NAME("stack"), NUMBER, AT(stack) },
	{ NAME("via"), SKIP, 0 },
	{ NAME("status"), NUMBER, AT(status) },
	{ NAME("signal"), NUMBER, AT(signal) },
};

enum { ROW_PID, ROW_TID, ROW_ADDR = 3, ROW_SIZE, ROW_AT = 20, ROW_SIGNAL = 24 };

#define N_ROWS (sizeof(rows) / sizeof(*rows))
_Static_assert(N_ROWS == ROW_SIGNAL + 1, "the rows that have names are where they are");

/* Index of the row, looked for from *next on; N_ROWS: there is none. */
static size_t find_row(const struct scan_text *key, size_t *next)
{
	for (size_t n = 0; n < N_ROWS; n++) {
		size_t i = *next + n < N_ROWS ? *next + n : *next + n - N_ROWS;

		if (key->len == rows[i].len && !memcmp(key->at, rows[i].name, key->len)) {
			*next = i + 1 < N_ROWS ? i + 1 : 0;
			return i;
		}
	}
	return N_ROWS;
}

uint8_t source_kind(struct source *source, const struct scan_text *text)
{
	if (scan_is(text, segment_kind_name(source->last_kind)))
		return source->last_kind;
	for (unsigned kind = 0; kind < SEGMENT_KINDS; kind++)
		if (scan_is(text, segment_kind_name(kind)))
			return source->last_kind = kind;
	return SEGMENT_UNKNOWN;
}

static void take_member(struct source *source, struct scan *scan, const struct row *row,
			struct fields *fields)
{
	void *at = (char *)fields + row->offset;
	struct scan_text text;

	switch (row->how) {
	case SKIP:
		scan_skip(scan);
		break;
	case NUMBER:
		*(uint64_t *)at = scan_u64(scan);
		break;
	case ADDRESS:
		*(uint64_t *)at = scan_null(scan) ? 0 : scan_hex(scan);
		break;
	case FLAG:
		*(bool *)at = scan_bool(scan);
		break;
	case KIND:
		text = scan_str(scan);
		*(uint8_t *)at = source_kind(source, &text);
		break;
	case TEXT:
		*(struct scan_text *)at = scan_str(scan);
		break;
	case PRESENT:
		scan_u64(scan);
		*(bool *)at = true;
		break;
	}
}

static void take_members(struct source *source, struct scan *scan, struct fields *fields)
{
	struct scan_text key;
	size_t next = 0;

	while (scan_member(scan, &key)) {
		size_t row = find_row(&key, &next);

		if (row == N_ROWS) {
			scan_skip(scan);
			continue;
		}
		fields->seen |= 1u << row;
		take_member(source, scan, &rows[row], fields);
	}
}

/* Whether an event of that kind can do with what is there. */
static bool suffices(const struct fields *fields, unsigned kind)
{
	unsigned needed = 1u << ROW_PID | 1u << ROW_TID;

	if (kind >= MW_MALLOC && kind <= MW_MEMALIGN)
		needed |= 1u << ROW_ADDR | 1u << ROW_SIZE;
	else if (kind == MW_FREE || kind == MW_PYLONG)
		needed |= 1u << ROW_ADDR;
	if ((fields->seen & needed) != needed || fields->tid > UINT32_MAX ||
	    fields->stack >= CALLERS_FIRST)
		return false;
	return fields->failed || fields->addr || kind == MW_REALLOC || kind > MW_FREE;
}

/*
 * What only the live side could know is in what it wrote: a free that ended nothing says why,
 * and a realloc that says nothing of its old block was overtaken by a younger one.
 */
static void fill_event(const struct fields *fields, unsigned kind, uint64_t ts_ns,
		       struct ledger_event *event)
{
	*event = (struct ledger_event){
		.kind = kind,
		.segment = fields->segment,
		.failed = fields->failed,
		.cached = fields->cached,
		.by_allocator = fields->internal,
		.reused = fields->reused,
		.pid = fields->pid,
		.tid = fields->tid,
		.site = fields->stack,
		.ts_ns = ts_ns,
		.overtaken = fields->old_addr && !fields->has_old && !fields->unmatched &&
			     !fields->internal,
		.before_ns = UINT64_MAX,
		.addr = fields->addr,
		.size = fields->size,
		.old_addr = fields->old_addr,
	};
}

static void note_exit(struct source *source, const struct fields *fields, int target)
{
	struct fact_target *fact = &source->facts->targets[target];

	fact->ended = true;
	fact->status = fields->seen >> ROW_SIGNAL & 1 ? fields->signal & 0x7f
						      : (fields->status & 0xff) << 8;
}

/* The words for a place are only read where it is new. */
static uint32_t site_of(struct source *source, const struct fields *fields,
			const struct ledger_event *event)
{
	uint32_t site = history_site(source->history, event, fields->caller, false, NULL);

	if (site || !fields->caller)
		return site;
	return history_site(source->history, event, fields->caller, true,
			    fields->seen >> ROW_AT & 1 ? source_intern(source, &fields->at) : NULL);
}

bool source_event(struct source *source, struct scan *scan, unsigned kind, uint64_t ts_ns)
{
	struct fields fields = { 0 };
	struct ledger_event event;
	struct ledger_outcome outcome;
	int target;

	take_members(source, scan, &fields);
	if (!scan_done(scan) || !suffices(&fields, kind))
		return false;
	target = source_target(source, fields.pid);
	if (target < 0 || (kind == MW_EXEC && source->execs++ >= EXECS_MAX))
		return false;
	fill_event(&fields, kind, ts_ns, &event);
	event.program = source->program[target];
	event.site = site_of(source, &fields, &event);
	history_take(source->history, &event, &outcome);
	if (source->watch.event)
		source->watch.event(source->watch.context, &event, &outcome);
	if (kind == MW_EXEC)
		source->program[target] = ++source->next_program;
	if (kind == MW_EXIT)
		note_exit(source, &fields, target);
	return true;
}
