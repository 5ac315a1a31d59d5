#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# coverage.bats - when ints may be missing, it is said; and only then.

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

# modern: a CPython whose small ints are in its image, $PYTHON.
modern() {
	PYTHON=$(pythons | grep -E '/python3\.1[1-9]$' | tail -n 1)
	[ -n "$PYTHON" ] || skip "no CPython from 3.11 on here"
}

# doubts TRACE PATTERN: a warning and the summary say why ints may be missing.
doubts() {
	[ "$(events "$1" ".type == \"warning\" and (.text | test(\"ints of process .* may be missing: .*$2\"))")" -eq 1 ] &&
		[[ $(summary "$1" '.targets[0].ints.doubt') == *$2* ]]
}

@test "sites that are not all there are: found out by what constructors return" {
	modern
	"$MWBPF" -q --json -o "$T/whole" --cache-dir "$T/cache" -- "$PYTHON" "$MWBPF_ROOT/tests/programs/ints.py" 0 \
		< <(printf '\n\n') >"$T/said"
	[ "$(summary "$T/whole" '.targets[0].ints.by_sites > 0')" = true ]
	[ "$(summary "$T/whole" '.targets[0].ints.strays')" -eq 0 ]
	[ "$(summary "$T/whole" '.targets[0].ints.doubt')" = null ]
	/usr/bin/python3 "$MWBPF_ROOT/tests/lib/forge.py" "$T"/cache/ints-* 1
	"$MWBPF" --json -o "$T/part" --cache-dir "$T/cache" -- "$PYTHON" "$MWBPF_ROOT/tests/programs/ints.py" 0 \
		< <(printf '\n\n') >"$T/said" 2>"$T/err"
	[ "$(head -n 1 "$T/part" | jq -c '.targets[0].ints | [.sites, .cached]')" = '[1,true]' ]
	doubts "$T/part" 'no probe saw being made'
	[ "$(summary "$T/part" '.targets[0].ints.strays')" -ge 16 ]
	grep -q '^mwbpf: warning: ints of process .* may be missing: ' "$T/err"
	grep -q '^  ints of process .* may be missing: ' "$T/err"
	/usr/bin/python3 "$MWBPF_ROOT/tests/lib/validate.py" "$T/whole" "$T/part"
}

@test "Python code that allocates all the time and makes no int" {
	for python in $(pythons); do
		name=$(basename "$(dirname "$(dirname "$python")")")
		start_program "$T/$name" "$python" "$MWBPF_ROOT/tests/programs/noints.py"
		start_mwbpf "$T/$name.trace" -z 1G --pid "$PROGRAM" # blocks are counted, not shown
		wait_line "$T/$name.trace" 'may be missing' "$TRACER"
		stop_mwbpf
		kill -KILL "$PROGRAM"
		wait "$PROGRAM" || :
		doubts "$T/$name.trace" 'from many places' || { echo "$python"; return 1; }
		[ "$(summary "$T/$name.trace" '.targets[0].ints.by_sites')" -eq 0 ]
	done
}

@test "an ordinary program is not doubted, nor one whose ints are not asked for" {
	for python in $(pythons); do
		"$MWBPF" -q --json -o "$T/trace" -- "$python" -c '
import json
for i in range(300):
	text = json.dumps([{str(k): [k] * 100 for k in range(i % 50)}])
	json.loads(text)' 2>&1
		[ "$(summary "$T/trace" '.targets[0].ints | .by_sites > 0 and .doubt == null')" = true ] ||
			{ echo "$python"; summary "$T/trace" '.targets[0]'; return 1; }
	done
	"$MWBPF" -q --json -e heap -o "$T/trace" -- "$python" -c 'x = [str(i) for i in range(100000)]'
	[ "$(summary "$T/trace" '.targets[0].ints')" = null ]
	"$MWBPF" -q --json -o "$T/trace" -- true
	[ "$(summary "$T/trace" '.targets[0].ints')" = null ]
}
