// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* cwalk_show.c - the heap, the frames or the globals of a process, a line of fields each. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "base/clean.h"
#include "base/fmt.h"
#include "place/place.h"
#include "survey/clocals.h"
#include "survey/glibcheap.h"
#include "target/proc.h"

static void show_arena(const struct heap_arena *arena)
{
	printf("arena 0x%lx main %d system %lu books %lu missing %lu trim %lu there %ld largest %lu top 0x%lx %lu "
	       "pin 0x%lx %lu %s tries %u changed %d error %s bad 0x%lx\n",
	       arena->state.addr, arena->state.main, arena->state.system_mem, arena->books,
	       arena->missing, arena->trim, arena->trim_there, arena->largest, arena->top.start, arena->top.size,
	       arena->pin.start, arena->pin.size, chunk_state_name(arena->pin.state), arena->tries,
	       arena->changed, arena->error ? arena->error : "-", arena->bad);
	for (int i = 0; i < CHUNK_STATES; i++)
		printf("amount 0x%lx %s %lu %lu\n", arena->state.addr, chunk_state_name(i),
		       arena->by_state[i].n, arena->by_state[i].bytes);
	for (size_t i = 0; i < arena->n_pieces; i++) {
		struct chunk chunk;
		size_t index = 0;
		uint64_t at;

		printf("piece 0x%lx 0x%lx %zu\n", arena->pieces[i].start, arena->pieces[i].end,
		       arena->pieces[i].n);
		while (chunks_next(&arena->pieces[i], &index, &at, &chunk))
			printf("chunk 0x%lx %lu %s\n", chunk.start, chunk.size,
			       chunk_state_name(chunk.state));
	}
}

static int show_heap(pid_t pid, const struct space *space)
{
	struct residents residents;
	struct glibcheap heap;
	int err = residents_read(pid, &residents);

	if (!err)
		err = glibcheap_read(pid, &space->segments, &residents, &heap);
	residents_clear(&residents);
	if (err) {
		printf("heap error %s\n", strerror(-err));
		return 1;
	}
	printf("heap arenas %zu mapped %zu %lu caches %u torn %u bad_lists %u\n", heap.n_arenas,
	       heap.n_mapped, heap.mapped_bytes, heap.caches, heap.torn, heap.bad_lists);
	printf("params known %d mmap_threshold %lu trim_threshold %lu dynamic %d n_mmaps %u %lu\n",
	       heap.params.known, heap.params.mmap_threshold, heap.params.trim_threshold,
	       heap.params.dynamic, heap.params.n_mmaps, heap.params.mmapped_bytes);
	for (size_t i = 0; i < heap.n_arenas; i++)
		show_arena(&heap.arenas[i]);
	for (size_t i = 0; i < heap.n_mapped; i++)
		printf("chunk 0x%lx %lu mapped\n", heap.mapped[i].start, heap.mapped[i].size);
	glibcheap_clear(&heap);
	return 0;
}

static const char *const kinds[WHERE_KINDS] = {
	"memory", "register", "value", "nowhere", "pieces", "unknown",
};

static void show_vars(const struct cvars *vars)
{
	for (size_t i = 0; i < vars->n; i++) {
		const struct cvar *var = &vars->at[i];
		char safe[512];

		printf("var %s %u %s %s 0x%lx %lu above %s %lu | %s | %s\n",
		       cvar_role_name(var->role), var->level, var->name, kinds[var->where.kind],
		       var->where.addr, var->size, var->above ? var->above : "-", var->distance,
		       var->type, fmt_safe(safe, sizeof(safe), var->value));
	}
}

static void show_thread(struct place *place, struct space *space, pid_t tid,
			const struct cregs *regs)
{
	static struct recipe_frame recipe;
	static struct cvars vars;
	struct cframes frames;

	printf("thread %d\n", (int)tid);
	cframes_begin(&frames, &place->native, space, regs, &recipe);
	while (cframes_next(&frames)) {
		const struct cframe *frame = &frames.frame;
		const struct code_name *name =
			native_find(&place->native, space, frame->pc, frame->exact);

		printf("frame %u 0x%lx cfa 0x%lx %s\n", frame->depth, frame->pc,
		       frame->has_cfa ? frame->cfa : 0, name->at ? name->at : "?");
		clocals_read(&frames, &vars);
		show_vars(&vars);
	}
	printf("end %s\n", frames.why ? frames.why : "outermost");
}

/* All threads, held meanwhile; or as they wait in the kernel. */
static int show_frames(struct place *place, struct space *space, bool freeze)
{
	pid_t *tids __free = NULL;
	const ssize_t n = proc_threads(space->pid, &tids);

	for (ssize_t i = 0; i < n; i++) {
		struct user_regs_struct held;
		struct cregs regs;

		if (freeze) {
			if (ptrace(PTRACE_SEIZE, tids[i], NULL, NULL) ||
			    ptrace(PTRACE_INTERRUPT, tids[i], NULL, NULL) ||
			    waitpid(tids[i], NULL, __WALL) < 0 ||
			    ptrace(PTRACE_GETREGS, tids[i], NULL, &held))
				return 1;
			regs = cregs_of(&held);
		} else if (!cregs_waiting(space->pid, tids[i], &regs)) {
			printf("thread %d runs\n", (int)tids[i]);
			continue;
		}
		show_thread(place, space, tids[i], &regs);
		if (freeze)
			ptrace(PTRACE_DETACH, tids[i], NULL, NULL);
	}
	return n < 0;
}

static int show_globals(struct place *place, struct space *space)
{
	static struct recipe_frame recipe;
	static struct cvars vars;
	const struct segment *first = NULL;
	const char *why;
	uint64_t from = 0;

	for (size_t i = 0; i < space->segments.n && !first; i++)
		if (space->segments.at[i].image)
			first = &space->segments.at[i];
	do {
		if (!first || !cglobals_read(&place->native, space, first, &from, &recipe, &vars, &why))
			return 1;
		show_vars(&vars);
	} while (from);
	return 0;
}

static int show(struct place *place, struct space *space, const char *what)
{
	if (!strcmp(what, "heap"))
		return show_heap(space->pid, space);
	if (!strcmp(what, "globals"))
		return show_globals(place, space);
	return show_frames(place, space, !strcmp(what, "frozen"));
}

int main(int argc, char **argv)
{
	const pid_t pid = argc == 3 ? atoi(argv[2]) : 0;
	struct images images = { 0 };
	struct place place;
	struct space *space;
	int err;

	if (!pid) {
		fprintf(stderr, "usage: %s heap|frames|frozen|globals PID\n", argv[0]);
		return 2;
	}
	place_init(&place, &images);
	place_name_code(&place, NULL);
	err = place_add(&place, pid, &space);
	if (err)
		fprintf(stderr, "process %d: %s\n", (int)pid, strerror(-err));
	err = err ? 1 : show(&place, space, argv[1]);
	place_clear(&place);
	images_clear(&images);
	return err;
}
