/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pyfind.h - what the steps of pylayout_find hand to each other.
 */
#ifndef MWBPF_PYFIND_H
#define MWBPF_PYFIND_H

#include "place/pylayout.h"
#include "place/pystack.h"

struct pyfind {
	pid_t pid;
	const struct image *image;
	uint64_t bias;
	uint64_t runtime; /* address of _PyRuntime; 0 before 3.7 */
	struct mw_pylayout *layout;
	struct pyobjects *objects;
	struct pylayout_evidence *evidence;
	/* within an interpreter state and its GIL, from 3.12 */
	uint16_t interp_gil;
	uint16_t gil_holder;
	struct pythread *threads; /* as they were when the layout was tried out */
	size_t n_threads;
};

/* Runtime address of a symbol that the image defines; 0: it does not. */
uint64_t pyfind_symbol(const struct pyfind *find, const char *name);

#endif
