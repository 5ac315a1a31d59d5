#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# intmeans.bats - ints made by some 70 means: all of them are seen, with their values, and no others.

load lib/helpers
load lib/means

setup() {
	need_root
	common_setup
}

teardown() {
	common_teardown
}

# means PYTHON NAME [WARM]: what is promised holds.
means() {
	int_means "$1" "$T/$2" "${3:-}"
	[ "$(wc -l <"$T/$2")" -gt 70 ]
	too_few "$T/$2" >"$T/wrong"
	echo "# $2: $(awk -F '\t' '$2 == "only" || $2 == "more" { made += $3; seen += $4; known += $6; wrong += $7; none += $8 } END { print seen " of " made ", the values of " known " of these, " wrong + 0 " wrong, " none " events without" }' "$T/$2")" >&3
	[ ! -s "$T/wrong" ] || { echo "$1:"; cat "$T/wrong"; return 1; }
}

@test "every Python here: ints by all means" {
	for python in $(release_pythons); do
		means "$python" "$(name_of "$python")"
	done
}

@test "the same where the JIT has compiled" {
	local seen=0
	for python in $(release_pythons); do
		has_jit "$python" || continue
		PYTHON_JIT=1 means "$python" "$(name_of "$python")-jit" 60 # 6000 rounds of each loop
		seen=$((seen + 1))
	done
	[ "$seen" -gt 0 ] || skip "no CPython with a JIT here"
}

@test "a means that is not seen would be noticed" {
	printf '#\t3.13.0\t1\na + b\tonly\t300\t299\t299\t299\t0\t0\n' >"$T/few"
	[ "$(too_few "$T/few" | wc -l)" -eq 2 ]
	printf '#\t3.14.0\t1\na + b\tonly\t300\t300\t303\t300\t0\t0\n' >"$T/few"
	[ "$(too_few "$T/few" | wc -l)" -eq 1 ]
	printf '#\t3.13.0\t1\na + b\tonly\t300\t300\t300\t269\t0\t31\n' >"$T/few"
	[ "$(too_few "$T/few" | wc -l)" -eq 1 ]
	printf '#\t3.14.0\t1\na + b\tonly\t300\t300\t300\t299\t1\t0\n' >"$T/few"
	[ "$(too_few "$T/few")" = 'a + b: 1 wrong values' ]
}
