// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pystate.c - the ways from a thread to its PyThreadState, as many as there are. */
#include "place/pystate.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "place/pydecode.h"
#include "place/pyoffsets.h"
#include "target/mem.h"

#define MODULES_MAX 4096	  /* objects with thread-local storage in one process */
#define TLS_REACH   (64 << 10)	  /* glibc puts all static TLS right below the thread pointer */
#define INTERVAL_MAX 100000000	  /* sys.setswitchinterval(100) */
#define TSS_KEY	    4		  /* _key of Py_tss_t, Include/pythread.h */
#define TSS_ENTRY   16		  /* struct pthread_key_data, and its data: nptl/descr.h */
#define TSS_VALUE   8

/* _PyThreadState_GET() as a function: each name for some versions. Python/pystate.c */
static const char *const current[] = {
	"_PyThreadState_UncheckedGet", /* 3.6 to 3.12 */
	"PyThreadState_GetUnchecked",  /* 3.13 */
	"_PyThreadState_GetCurrent",   /* 3.12 */
};

static const char bound[] = "PyGILState_GetThisThreadState";

static bool read_word(const struct pyfind *find, uint64_t addr, uint64_t *word)
{
	return !mem_read(find->pid, addr, word, sizeof(*word));
}

static __attribute__((format(printf, 2, 3))) void say(const struct pyfind *find, const char *format,
						      ...)
{
	char *text = find->evidence->threads;
	const size_t cap = sizeof(find->evidence->threads), len = strlen(text);
	va_list args;

	snprintf(text + len, cap - len, "%s", len ? ", " : "");
	va_start(args, format);
	vsnprintf(text + strlen(text), cap - strlen(text), format, args);
	va_end(args);
}

static bool is_thread(const struct pyfind *find, uint64_t tstate)
{
	for (size_t i = 0; i < find->n_threads; i++)
		if (find->threads[i].tstate == tstate)
			return true;
	return false;
}

/* Up to 3.11, gilstate.tstate_current of the runtime: NULL while nobody has the GIL. */
static uint64_t find_current(const struct pyfind *find)
{
	const struct pyruntime *runtime = pyoffsets_runtime(find->layout->version);
	uint64_t at = pyfind_symbol(find, "_PyThreadState_Current"); /* 3.6 */
	struct pyvalue value;

	if (at)
		return at;
	if (pydecode_return(find, current[0], &value) && value.kind == PYVALUE_CONST &&
	    value.loaded == sizeof(at))
		return value.n;
	return find->runtime && runtime->gil_holder ? find->runtime + runtime->gil_holder : 0;
}

static void find_gil_of_runtime(const struct pyfind *find)
{
	const uint64_t at = find_current(find);
	uint64_t tstate;

	if (!at || !read_word(find, at, &tstate) || (tstate && !is_thread(find, tstate)))
		return;
	find->layout->gil_holder = at;
	find->layout->has |= MW_PY_GIL_HOLDER;
	say(find, "GIL holder at %#lx", at);
}

/* From 3.12, last_holder of the main interpreter's GIL: the list ends with the main one. */
static void find_gil_of_interpreter(const struct pyfind *find)
{
	const uint64_t interp = find->threads[find->n_threads - 1].interp;
	struct {
		uint64_t interval; /* microseconds */
		uint64_t holder;
		int32_t locked;
	} gil; /* struct _gil_runtime_state, Include/internal/pycore_gil.h */
	uint64_t at;

	if (!read_word(find, interp + find->interp_gil, &at))
		return;
	at += find->gil_holder;
	if (mem_read(find->pid, at - sizeof(gil.interval), &gil, sizeof(gil)) || gil.locked < 0 ||
	    gil.locked > 1 || !gil.interval || gil.interval > INTERVAL_MAX)
		return;
	/* a thread that has ended stays the last holder until another one takes the GIL */
	if (gil.locked && !is_thread(find, gil.holder))
		return;
	find->layout->gil_holder = at;
	find->layout->has |= MW_PY_GIL_HOLDER;
	say(find, "GIL holder at %#lx", at);
}

static uint64_t find_key(const struct pyfind *find)
{
	const struct pyruntime *runtime = pyoffsets_runtime(find->layout->version);
	struct pyvalue value;

	if (pydecode_argument(find, bound, &value)) {
		if (!value.loaded) /* of PyThread_tss_get() */
			return value.n + TSS_KEY;
		if (value.loaded == sizeof(uint32_t)) /* of pthread_getspecific() */
			return value.n;
	}
	return find->runtime && runtime->tss_key ? find->runtime + runtime->tss_key : 0;
}

static void find_tss(const struct pyfind *find)
{
	const uint64_t at = find_key(find);
	uint64_t tstate;
	uint32_t key;

	if (!at || mem_read(find->pid, at, &key, sizeof(key)) || key >= MW_PY_TSS_KEYS)
		return;
	for (size_t i = 0; i < find->n_threads; i++) {
		const struct pythread *thread = &find->threads[i];

		if (!read_word(find, thread->thread + MW_PY_TSS_DATA + key * TSS_ENTRY + TSS_VALUE,
			       &tstate) ||
		    tstate != thread->tstate)
			continue;
		find->layout->tss_key = at;
		find->layout->has |= MW_PY_TSS;
		if (find->layout->version <= 0x030b)
			find->layout->has |= MW_PY_TSS_FIRST;
		say(find, "TSS key %u at %#lx", key, at);
		return;
	}
}

/* Where a thread-local variable is: in a module's block, or, 0, from the thread pointer. */
struct variable {
	uint32_t module;
	int64_t offset;
};

/* A module's block of one thread; 0: it has none, or none yet. */
static uint64_t block_of(const struct pyfind *find, uint64_t thread, uint64_t module)
{
	uint64_t dtv, n, block;

	if (!read_word(find, thread + MW_PY_DTV, &dtv) ||
	    !read_word(find, dtv - MW_PY_DTV_ENTRY, &n) || module > n ||
	    !read_word(find, dtv + module * MW_PY_DTV_ENTRY, &block) ||
	    block == MW_PY_DTV_UNALLOCATED)
		return 0;
	return block;
}

/*
 * A variable that is found by __tls_get_addr: relative to the thread pointer, as cheaper, if
 * its block is at the same distance in every thread that has it.
 */
static bool find_in_module(const struct pyfind *find, const struct pyvalue *value,
			   struct variable *variable)
{
	struct {
		uint64_t module, offset;
	} index; /* tls_index, sysdeps/x86_64/dl-tls.h */
	int64_t found = 0;
	bool same = true;

	if (mem_read(find->pid, value->index, &index, sizeof(index)) || !index.module ||
	    index.module > MODULES_MAX || index.offset > TLS_REACH || value->n < 0 ||
	    value->n > TLS_REACH)
		return false;
	for (size_t i = 0; i < find->n_threads; i++) {
		const uint64_t thread = find->threads[i].thread;
		const int64_t offset = (int64_t)(block_of(find, thread, index.module) - thread);

		if (offset == -(int64_t)thread)
			continue;
		same = same && offset < 0 && offset >= -TLS_REACH && (!found || offset == found);
		found = offset;
	}
	*variable = (struct variable){ .offset = (int64_t)index.offset + value->n };
	if (same && found)
		variable->offset += found;
	else
		variable->module = (uint32_t)index.module;
	return true;
}

static bool find_variable(const struct pyfind *find, const char *function,
			  struct variable *variable)
{
	struct pyvalue value;

	*variable = (struct variable){ 0 };
	if (!pydecode_return(find, function, &value) || value.loaded != sizeof(uint64_t))
		return false;
	if (value.kind == PYVALUE_MODULE)
		return find_in_module(find, &value, variable);
	variable->offset = value.n;
	return value.kind == PYVALUE_TLS && value.n >= -TLS_REACH && value.n < 0;
}

static uint64_t read_variable(const struct pyfind *find, const struct variable *variable,
			      uint64_t thread)
{
	const uint64_t base = variable->module ? block_of(find, thread, variable->module) : thread;
	uint64_t word;

	return base && read_word(find, base + variable->offset, &word) ? word : 0;
}

/* Whether tstate is a state of the thread; a thread may have one in each interpreter. */
static bool is_state_of(const struct pyfind *find, uint64_t tstate, uint64_t thread)
{
	for (size_t i = 0; i < find->n_threads; i++)
		if (find->threads[i].tstate == tstate && find->threads[i].thread == thread)
			return true;
	return false;
}

/* Whether the variable holds a state of each thread, or nothing: how many it does, or -1. */
static int count_states(const struct pyfind *find, const struct variable *variable)
{
	int states = 0, empty = 0;

	for (size_t i = 0; i < find->n_threads; i++) {
		const uint64_t thread = find->threads[i].thread;
		uint64_t tstate;

		if (!find->threads[i].tid)
			continue;
		tstate = read_variable(find, variable, thread);
		if (tstate && !is_state_of(find, tstate, thread))
			return -1;
		states += !!tstate;
		empty += !tstate;
	}
	return states || empty ? states : -1;
}

static void say_variable(const struct pyfind *find, const char *what,
			 const struct variable *variable)
{
	if (variable->module)
		say(find, "%s %ld of module %u", what, variable->offset, variable->module);
	else
		say(find, "%s %ld", what, variable->offset);
}

static void find_tls(const struct pyfind *find)
{
	struct variable variable;
	bool found = false;

	for (size_t i = 0; i < sizeof(current) / sizeof(*current) && !found; i++)
		found = find_variable(find, current[i], &variable);
	/* nothing is there while a thread waits: that all of them do is no reason to doubt */
	if (!found || count_states(find, &variable) < 0)
		return;
	find->layout->tls = variable.offset;
	find->layout->tls_module = variable.module;
	find->layout->has |= MW_PY_TLS;
	say_variable(find, "TLS", &variable);
}

/* Of the same module as the other, or it is not to be had. */
static void find_tls_bound(const struct pyfind *find)
{
	struct variable variable;

	if (!find_variable(find, bound, &variable) || count_states(find, &variable) <= 0 ||
	    (find->layout->has & MW_PY_TLS && variable.module != find->layout->tls_module))
		return;
	find->layout->tls_bound = variable.offset;
	find->layout->tls_module = variable.module;
	find->layout->has |= MW_PY_TLS_BOUND;
	say_variable(find, "bound TLS", &variable);
}

void pystate_find(const struct pyfind *find)
{
	const unsigned version = find->layout->version;

	if (!find->n_threads)
		return;
	if (version <= 0x030b)
		find_gil_of_runtime(find);
	else if (!(find->layout->has & MW_PY_FREE_THREADED))
		find_gil_of_interpreter(find);
	if (version <= 0x030e)
		find_tss(find);
	if (version >= 0x030c)
		find_tls(find);
	if (version > 0x030e)
		find_tls_bound(find);
	if (!find->evidence->threads[0])
		say(find, "none");
}
