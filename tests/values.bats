#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# values.bats - what the ints are that were seen being made.

bats_require_minimum_version 1.5.0

load lib/helpers
load lib/checks

setup() {
	need_root
	common_setup
}

teardown() {
	common_teardown
}

# values PYTHON OPTIONS...: no int of values.py has another value than its own, but for some of
# those that take long to be made all have it, the last one while nothing more happens in the
# program.
values() {
	local python=$1 last known unknown wrong
	shift
	start_program "$T/said" "$python" "$MWBPF_ROOT/tests/programs/values.py"
	start_mwbpf "$T/trace" "$@" --pid "$PROGRAM"
	go
	wait_line "$T/said" '^last' "$PROGRAM"
	last=$(awk '$1 == "last" { print $2 }' "$T/said")
	wait_line "$T/trace" "^[{]\"type\":\"pylong\".*\"addr\":\"$last\".*\"value\":\"71828182845\"" "$TRACER"
	stop_mwbpf
	exec {GO}>&-
	wait "$PROGRAM"
	read -r known _ unknown _ _ wrong _ <<<"$(/usr/bin/python3 "$MWBPF_ROOT/tests/lib/values.py" \
		"$T/said" "$T/trace" 2>"$T/wrong")"
	echo "# $python $*: $known values, $unknown not known, $wrong wrong" >&3
	[ "$wrong" -eq 0 ] && [ "$known" -ge 42000 ] && [ "$unknown" -le 70 ] ||
		{ echo "$python $*"; head "$T/wrong"; return 1; }
	[ "$(summary "$T/trace" .completeness.lost)" -eq 0 ]
	rm -f "$T"/said* "$T/trace"*
}

@test "every Python here: the values of ints of four threads, and large ones" {
	for python in $(release_pythons); do
		values "$python" --events python
	done
}

@test "the same without stacks, and by other links" {
	python=$(pythons | tail -n 1)
	[ -n "$python" ] || skip "no CPython here"
	values "$python" --events python --stack=none
	values "$python" --events python --tier multi
	values "$python" --events python --tier perf
}

@test "text for people says them, too" {
	python=$(pythons | tail -n 1)
	[ -n "$python" ] || skip "no CPython here"
	"$MWBPF" -q -o "$T/trace" -- "$python" -c 'x = int("314159265"); y = int("2" * 90); print(hex(id(x)), hex(id(y)))' >"$T/said"
	read -r x y <"$T/said"
	grep -E " pylong +$x .* = 314159265$" "$T/trace"
	grep -E " pylong +$y .* = 22222222222222222222\.\.\. \(90 digits\)$" "$T/trace"
}

@test "a value that is not known says why" {
	python=$(pythons | tail -n 1)
	[ -n "$python" ] || skip "no CPython here"
	# what is made in the end is not settled by anything that the thread does
	"$MWBPF" -q --json -o "$T/trace" -- "$python" -c 'import os; x = int("7" * 30); os._exit(0)'
	/usr/bin/python3 "$MWBPF_ROOT/tests/lib/validate.py" "$T/trace"
	[ "$(events "$T/trace" '.type == "pylong" and (.failed | not) and (has("value") | not)')" -eq 0 ]
	[ "$(events "$T/trace" '.type == "pylong" and .value == null')" -eq \
		"$(summary "$T/trace" .completeness.values_unknown)" ]
}
