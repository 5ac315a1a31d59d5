/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * translate.h - between placed events and what the ledger takes and answers.
 */
#ifndef MWBPF_TRANSLATE_H
#define MWBPF_TRANSLATE_H

#include "ledger/ledger.h"
#include "place/place.h"

/* What the ledger is to know of a placed event; thread and birth are 0. */
void ledger_event_of(const struct placed *placed, struct ledger_event *event);

/* Fill what a placed event has from the ledger. */
void ledger_answer(const struct ledger_outcome *outcome, struct placed *placed);

#endif
