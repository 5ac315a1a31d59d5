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
#define TCB_DTV	    8		  /* tcbhead_t, sysdeps/x86_64/nptl/tls.h */
#define DTV_ENTRY   16		  /* dtv_t, sysdeps/generic/dl-dtv.h; [-1] is their number */
#define DTV_UNALLOCATED UINT64_MAX

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

/* Where a module's block lies from one thread's pointer; 0: not in static TLS, or not yet. */
static int64_t offset_by_dtv(const struct pyfind *find, uint64_t thread, uint64_t module)
{
	uint64_t dtv, n, block;

	if (!read_word(find, thread + TCB_DTV, &dtv) || !read_word(find, dtv - DTV_ENTRY, &n) ||
	    module > n || !read_word(find, dtv + module * DTV_ENTRY, &block) ||
	    block == DTV_UNALLOCATED || block >= thread || thread - block > TLS_REACH)
		return 0;
	return (int64_t)(block - thread);
}

/* The offset of a variable that is found by __tls_get_addr, if it is the same everywhere. */
static int64_t static_offset(const struct pyfind *find, const struct pyvalue *value)
{
	struct {
		uint64_t module, offset;
	} index; /* tls_index, sysdeps/x86_64/dl-tls.h */
	int64_t found = 0;

	if (mem_read(find->pid, value->index, &index, sizeof(index)) || !index.module ||
	    index.module > MODULES_MAX || index.offset > TLS_REACH)
		return 0;
	for (size_t i = 0; i < find->n_threads; i++) {
		const int64_t offset = offset_by_dtv(find, find->threads[i].thread, index.module);

		if (found && offset && offset != found)
			return 0;
		if (offset)
			found = offset;
	}
	return found ? found + (int64_t)index.offset + value->n : 0;
}

static int64_t tls_offset(const struct pyfind *find, const char *function)
{
	struct pyvalue value;
	int64_t offset = 0;

	if (!pydecode_return(find, function, &value) || value.loaded != sizeof(uint64_t))
		return 0;
	if (value.kind == PYVALUE_TLS)
		offset = value.n;
	else if (value.kind == PYVALUE_MODULE)
		offset = static_offset(find, &value);
	return offset >= -TLS_REACH && offset < 0 ? offset : 0;
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
static int count_states(const struct pyfind *find, int64_t offset)
{
	int states = 0, empty = 0;
	uint64_t tstate;

	for (size_t i = 0; i < find->n_threads; i++) {
		const uint64_t thread = find->threads[i].thread;

		if (!find->threads[i].tid || !read_word(find, thread + offset, &tstate))
			continue;
		if (tstate && !is_state_of(find, tstate, thread))
			return -1;
		states += !!tstate;
		empty += !tstate;
	}
	return states || empty ? states : -1;
}

static void find_tls(const struct pyfind *find)
{
	int64_t offset = 0;

	for (size_t i = 0; i < sizeof(current) / sizeof(*current) && !offset; i++)
		offset = tls_offset(find, current[i]);
	/* nothing is there while a thread waits: that all of them do is no reason to doubt */
	if (!offset || count_states(find, offset) < 0)
		return;
	find->layout->tls = offset;
	find->layout->has |= MW_PY_TLS;
	say(find, "TLS %ld", offset);
}

static void find_tls_bound(const struct pyfind *find)
{
	const int64_t offset = tls_offset(find, bound);

	if (!offset || count_states(find, offset) <= 0)
		return;
	find->layout->tls_bound = offset;
	find->layout->has |= MW_PY_TLS_BOUND;
	say(find, "bound TLS %ld", offset);
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
	else
		find_tls_bound(find);
	if (version >= 0x030c)
		find_tls(find);
	if (!find->evidence->threads[0])
		say(find, "none");
}
