/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * table.h - rows of words under titles, as wide as the terminal and no wider.
 */
#ifndef MWBPF_TABLE_H
#define MWBPF_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 12

struct table {
	const char *titles[TABLE_COLUMNS_MAX]; /* from "<" on: of a column of words, not numbers */
	size_t columns;
	char **cells; /* row by row */
	size_t n, cap;
	bool failed;  /* without memory: it is not whole */
};

/* The columns' titles, up to NULL. The last column takes what room is left. */
void table_init(struct table *table, const char *const *titles);

/* The next cell, in the order of columns. */
void table_cell(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Print all rows, then forget them. width: columns of the terminal. */
void table_print(struct table *table, unsigned width, FILE *to);

/* Columns of what to writes to: COLUMNS, else the terminal's, else 100. */
unsigned table_width(FILE *to);

/* Whether colours are wanted: a terminal, and no NO_COLOR. */
bool table_colour(FILE *to);

/* A bar of value out of most, of at most width characters; buf holds width + 1. */
char *table_bar(char *buf, unsigned width, double value, double most);

#endif
