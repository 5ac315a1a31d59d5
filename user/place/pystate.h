/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pystate.h - the ways from a thread to its PyThreadState, as many as there are.
 */
#ifndef MWBPF_PYSTATE_H
#define MWBPF_PYSTATE_H

#include "place/pyfind.h"

/*
 * Fill gil_holder, tss_key, tls, tls_bound and their bits in layout->has: each was found
 * in CPython's own code and holds for the threads in find. What was not found is left out.
 */
void pystate_find(const struct pyfind *find);

#endif
