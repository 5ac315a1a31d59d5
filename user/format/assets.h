/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * assets.h - the files of html/, carried in the program.
 */
#ifndef MWBPF_ASSETS_H
#define MWBPF_ASSETS_H

/* NUL-terminated. */
extern const char asset_page[], asset_style[], asset_text[], asset_data[], asset_flame[],
	asset_timeline[], asset_tables[], asset_report[];

#endif
