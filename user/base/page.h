/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * page.h - addresses and sizes in whole pages, which are of 4 KiB on x86-64.
 */
#ifndef MWBPF_PAGE_H
#define MWBPF_PAGE_H

#define PAGE	       4096ULL
#define PAGE_DOWN(addr) ((addr) & ~(PAGE - 1))
#define PAGE_UP(addr)   PAGE_DOWN((addr) + PAGE - 1)

#endif
