// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pylayout_show.c - the layout of the CPython in a process, and its stacks by that layout. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "place/pylayout.h"
#include "place/pyobject.h"
#include "place/pystack.h"
#include "target/mem.h"

#define FRAMES_MAX 4096

struct python {
	pid_t pid;
	struct mw_pylayout layout;
	struct pyobjects objects;
	struct pylayout_evidence evidence;
};

/* The image that defines CPython's types: the executable or a libpython. */
static const struct image *find_image(struct images *images, pid_t pid, const struct maps *maps,
				      uint64_t *bias)
{
	static const char *const names[] = { "PyCode_Type" };
	uint64_t biases[IMAGE_BIASES];
	struct elf_symbol found;

	for (size_t i = 0; i < maps->n; i++) {
		const struct image *image = images_get(images, pid, &maps->at[i]);

		if (image && image->elf && elf_find(image->elf, names, 1, &found) &&
		    image_biases(image, &maps->at[i], biases)) {
			/* the lowest mapping: only one PT_LOAD begins there */
			*bias = biases[0];
			return image;
		}
	}
	return NULL;
}

static int find(struct python *python)
{
	struct images images = { 0 };
	const struct image *image;
	struct maps maps;
	uint64_t bias;
	int error = maps_read(python->pid, &maps);

	if (error)
		return error;
	image = find_image(&images, python->pid, &maps, &bias);
	error = image ? pylayout_find(python->pid, image, bias, &python->layout, &python->objects,
				      &python->evidence) :
			-ENOENT;
	images_clear(&images);
	maps_clear(&maps);
	return error;
}

static uint64_t word_at(pid_t pid, uint64_t addr)
{
	uint64_t word = 0;

	return mem_read(pid, addr, &word, sizeof(word)) ? 0 : word;
}

static const char *verdict(const struct python *python, unsigned bit, uint64_t got, uint64_t tstate)
{
	return !(python->layout.has & bit) ? "-" : got == tstate ? "this" : got ? "other" : "none";
}

/* As the BPF programs find it: bpf/pythread.bpf.h. */
static uint64_t tls_base(pid_t pid, const struct mw_pylayout *layout, uint64_t thread)
{
	const uint64_t dtv = word_at(pid, thread + MW_PY_DTV);

	if (!layout->tls_module)
		return thread;
	if (layout->tls_module > word_at(pid, dtv - MW_PY_DTV_ENTRY))
		return 0;
	return word_at(pid, dtv + layout->tls_module * MW_PY_DTV_ENTRY);
}

/* What each of the ways to a thread's state leads to now. */
static void show_thread(const struct python *python, const struct pythread *thread)
{
	const struct mw_pylayout *layout = &python->layout;
	const pid_t pid = python->pid;
	const uint32_t key = (uint32_t)word_at(pid, layout->tss_key);
	const uint64_t base = tls_base(pid, layout, thread->thread);
	const struct {
		const char *name;
		unsigned bit;
		uint64_t at;
	} ways[] = {
		{ "gil", MW_PY_GIL_HOLDER, layout->gil_holder },
		{ "tss", MW_PY_TSS, thread->thread + MW_PY_TSS_DATA + key * 16 + 8 },
		{ "tls", MW_PY_TLS, base + layout->tls },
		{ "bound", MW_PY_TLS_BOUND, base + layout->tls_bound },
	};

	printf("thread %d", thread->tid);
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		printf(" %s=%s", ways[i].name,
		       verdict(python, ways[i].bit, word_at(pid, ways[i].at), thread->tstate));
	if (layout->has & MW_PY_NATIVE_ID)
		printf(" native=%" PRIu64, word_at(pid, thread->tstate + layout->tstate_native_id));
	printf("\n");
}

static int show_frames(const struct python *python, uint64_t tstate)
{
	static struct pyframe frames[FRAMES_MAX];
	ssize_t n = pystack_frames(python->pid, &python->layout, tstate, frames, FRAMES_MAX);
	struct pycode code;

	for (ssize_t i = 0; i < n; i++) {
		int error = pycode_read(python->pid, &python->layout, &python->objects,
					frames[i].code, &code);

		if (!error)
			printf("%s\t%s\t%" PRId64 "\n", code.name, code.filename,
			       pycode_line(&code, pycode_lasti(&python->layout, &code,
							       frames[i].instr)));
		pycode_clear(&code);
		if (error)
			return error;
	}
	return n < 0 ? (int)n : 0;
}

static int show(const struct python *python)
{
	struct pythread *threads;
	ssize_t n = pystack_threads(python->pid, &python->layout, &python->objects, &threads);
	int error = n < 0 ? (int)n : 0;

	for (ssize_t i = 0; i < n && !error; i++) {
		show_thread(python, &threads[i]);
		error = show_frames(python, threads[i].tstate);
	}
	if (n >= 0)
		free(threads);
	return error;
}

int main(int argc, char **argv)
{
	struct python python = { .pid = argc == 2 ? atoi(argv[1]) : 0 };
	int error;

	if (!python.pid) {
		fprintf(stderr, "usage: pylayout_show PID\n");
		return 2;
	}
	error = find(&python);
	printf("# version %s; threads: %s; offsets: %s; has %#x\n", python.evidence.version,
	       python.evidence.threads, python.evidence.offsets, python.layout.has);
	if (!error)
		error = show(&python);
	if (error)
		fprintf(stderr, "pylayout_show: %s\n", strerror(-error));
	return error ? 1 : 0;
}
