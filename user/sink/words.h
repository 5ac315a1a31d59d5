/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * words.h - the names that numbers of the wire go by in everything that is shown.
 */
#ifndef MWBPF_WORDS_H
#define MWBPF_WORDS_H

#include <mwbpf/event.h>

/* Name and group of a kind (kinds.def); NULL for numbers that are none. */
const char *kind_name(unsigned kind);
const char *kind_group(unsigned kind);

/* Name of a cause, and what to tell the user (loss.def). */
const char *loss_name(enum mw_loss cause);
const char *loss_sentence(enum mw_loss cause);

/* The function that a probe number stands for (probes.def); NULL for none. */
const char *probe_name(unsigned probe);

#endif
