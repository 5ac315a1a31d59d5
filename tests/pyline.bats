#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# pyline.bats - lines of CPython code: at every offset what the interpreter itself says.

bats_require_minimum_version 1.5.0

load lib/helpers

setup_file() {
	build pyline_check
}

setup() {
	common_setup
}

teardown() {
	common_teardown
}

@test "every CPython here agrees about every code unit of much code" {
	local python n=0
	while read -r python; do
		"$python" "$MWBPF_ROOT/tests/lib/colines.py" >"$T/lines"
		[ "$(wc -l <"$T/lines")" -gt 1000 ]
		run "$PROGRAMS/pyline_check" <"$T/lines"
		echo "# $python: $output" >&3
		[ "$status" -eq 0 ]
		n=$((n + 1))
	done < <(all_pythons)
	[ "$n" -gt 0 ]
}

@test "a wrong line would be noticed" {
	local python
	python=$(pythons | head -n 1)
	"$python" "$MWBPF_ROOT/tests/lib/colines.py" >"$T/lines"
	# the first line of one code object is another
	sed '5 s/^\([0-9]*\) \([0-9]*\) /\1 1\2 /' "$T/lines" >"$T/other"
	run ! "$PROGRAMS/pyline_check" <"$T/other"
}
