/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * intobject.h - what the size word of a CPython int says; both sides read it.
 *
 * struct _longobject, Include/longintrepr.h (3.6 to 3.11): ob_size, negative for a negative
 * int; Include/cpython/longintrepr.h (3.12 to 3.15): lv_tag, the digits above three bits.
 */
#ifndef MWBPF_INTOBJECT_H
#define MWBPF_INTOBJECT_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

/* How many digits of 30 bits it has. */
static inline __attribute__((always_inline)) __u64 mw_int_digits(__u64 size, int tagged)
{
	if (tagged)
		return size >> 3;
	return (__s64)size < 0 ? -size : size;
}

static inline __attribute__((always_inline)) int mw_int_is_negative(__u64 size, int tagged)
{
	return tagged ? (size & 3) == 2 : (__s64)size < 0;
}

#endif
