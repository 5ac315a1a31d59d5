/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pyoffsets.h - where the fields of CPython's structs are.
 */
#ifndef MWBPF_PYOFFSETS_H
#define MWBPF_PYOFFSETS_H

#include "place/pyfind.h"

/* Where a runtime of before 3.13 keeps things, if its functions cannot be decoded. */
struct pyruntime {
	uint16_t interpreters, gil_holder, tss_key; /* from _PyRuntime; 0: not there */
};

/*
 * Fill the offsets in layout and objects for layout->version; layout->has says which
 * exist. 0; -ENOTSUP for a version that is not known; -EBADMSG when what the process
 * publishes cannot be true.
 */
int pyoffsets_find(struct pyfind *find);

const struct pyruntime *pyoffsets_runtime(unsigned version);

#endif
