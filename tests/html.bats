#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# html.bats - the HTML report in a browser: chromium without a screen, driven as a person would.

load lib/helpers

# One browser for all: it takes a second to start.
setup_file() {
	load lib/helpers
	command -v chromium >/dev/null && command -v chromedriver >/dev/null || return 0
	build report_sample
	"$PROGRAMS/report_sample" html live 300 >"$BATS_FILE_TMPDIR/report.html"
	python3 "$MWBPF_ROOT/tests/lib/page.py" "$BATS_FILE_TMPDIR/report.html" \
		>"$BATS_FILE_TMPDIR/said" 2>"$BATS_FILE_TMPDIR/errors" || :
}

setup() {
	common_setup
	command -v chromium >/dev/null && command -v chromedriver >/dev/null ||
		skip "there is no chromium (make browser-deps)"
}

teardown() {
	common_teardown
}

# said CHECK...: page.py says that each went well.
said() {
	local check
	for check; do
		grep -qx "ok $check" "$BATS_FILE_TMPDIR/said" || {
			cat "$BATS_FILE_TMPDIR/said" "$BATS_FILE_TMPDIR/errors"
			return 1
		}
	done
}

@test "completeness is on top, and names from the trace are text, never markup" {
	said completeness_is_on_top_and_names_are_text names_that_deceive_are_spelled_out
}

@test "flame graph: widths are weights; pointing tells, a click zooms, a click above zooms out" {
	said the_graph_shows_every_byte_in_order_of_width pointing_says_name_bytes_and_share \
		a_click_zooms_and_a_click_above_zooms_out another_weight_is_another_width
}

@test "flame graph: a search marks frames and says their share; inverted, leaves are on top" {
	said a_search_marks_frames_and_says_their_share inverted_has_the_allocating_frames_on_top
}

@test "everything can be reached by the keyboard" {
	said the_keyboard_goes_everywhere_that_the_mouse_does
}

@test "the table of sites sorts, filters and opens" {
	said the_table_sorts_filters_and_opens
}

@test "the timeline shows kinds, peak, RSS and figures" {
	said the_timeline_has_its_kinds_its_peak_and_its_figures
}

@test "the browser's console has nothing to say" {
	said nothing_was_refused_and_nothing_failed
}

@test "the report of a real trace is drawn, too" {
	need_root
	"$MWBPF" --json --quiet --stack=both -o "$T/trace" -- /usr/bin/python3.11 -c 'import json'
	"$MWBPF" report --format html --weight total -o "$T/report.html" "$T/trace"
	python3 "$MWBPF_ROOT/tests/lib/page.py" "$T/report.html" --any
}
