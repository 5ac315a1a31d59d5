#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Every int that a CPython makes is seen, inlined or not: the program says their addresses.

load lib/helpers

setup() {
	need_root
	common_setup
}

teardown() {
	common_teardown
}

# seen SAID TRACE: for each operation, how many of its ints are in no event of one being made.
missing() {
	jq -r 'select(.type == "pylong" and (.cached | not) and (.failed | not)).addr' "$2" | sort -u >"$T/made"
	sed -n 's/^ints //p' "$1" | while read -r name ids; do
		tr ' ' '\n' <<<"$ids" | sort -u | comm -23 - "$T/made" | wc -l | sed "s/^/$name: /"
	done
}

@test "every Python here: ints of all operations, while it runs" {
	for python in $(release_pythons); do
		name=$(name_of "$python")
		start_program "$T/$name" "$python" "$MWBPF_ROOT/tests/programs/sums.py"
		start_mwbpf "$T/$name.trace" --pid "$PROGRAM"
		[ "$(head -n 1 "$T/$name.trace" | jq '.targets[0].int_sites')" -gt 0 ]
		go
		wait_line "$T/$name" '^done' "$PROGRAM"
		stop_mwbpf
		exec {GO}>&-
		missing "$T/$name" "$T/$name.trace" >"$T/missing"
		! grep -v ': 0$' "$T/missing" || { echo "$python"; return 1; }
		[ "$(wc -l <"$T/missing")" -eq 11 ]
		/usr/bin/python3 "$MWBPF_ROOT/tests/lib/validate.py" "$T/$name.trace"
	done
}

@test "a cached small int is given out, not made" {
	python=$(pythons | tail -n 1)
	"$MWBPF" -q --json -o "$T/trace" -- "$python" -c 'print([hex(id(int(s))) for s in "7 8 9".split()][0])' >"$T/said"
	addr=$(cat "$T/said")
	[ "$(jq -c "select(.type == \"pylong\" and .addr == \"$addr\" and .cached)" "$T/trace" | wc -l)" -gt 0 ]
	[ "$(jq -c "select(.type == \"pylong\" and .addr == \"$addr\" and (.cached | not))" "$T/trace" | wc -l)" -le 1 ]
}

@test "by every kind of link" {
	python=$(pythons | tail -n 1)
	for tier in session multi perf; do
		start_program "$T/$tier" "$python" "$MWBPF_ROOT/tests/programs/sums.py"
		start_mwbpf "$T/$tier.trace" --tier "$tier" --pid "$PROGRAM"
		go
		wait_line "$T/$tier" '^done' "$PROGRAM"
		stop_mwbpf
		exec {GO}>&-
		missing "$T/$tier" "$T/$tier.trace" >"$T/missing"
		! grep -v ': 0$' "$T/missing" || { echo "$tier"; return 1; }
	done
}
