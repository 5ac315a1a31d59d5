/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * amount.h - sums of blocks.
 */
#ifndef MWBPF_AMOUNT_H
#define MWBPF_AMOUNT_H

#include "ledger/ledger.h"

static inline void amount_add(struct ledger_amount *amount, uint64_t bytes)
{
	amount->blocks++;
	amount->bytes += bytes;
}

static inline void amount_sub(struct ledger_amount *amount, uint64_t bytes)
{
	amount->blocks--;
	amount->bytes -= bytes;
}

#endif
