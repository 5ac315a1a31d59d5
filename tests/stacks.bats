#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# The Python line of an allocation: what the interpreter says of itself is the oracle.

load lib/helpers

setup() {
	need_root
	common_setup
}

teardown() {
	common_teardown
}

# said FILE: "SIZE function (file:line)" as the program printed them.
said() {
	sed -n 's/^at //p' "$1" | sort
}

# traced FILE: the same as the trace has them, of blocks with these sizes that were made.
traced() {
	jq -r 'select((.type == "malloc" or .type == "realloc" or .type == "calloc") and
		(.size == (30011, 30022, 30033, 30044, 30055, 30066, 30077, 30088, 30099)))
		| "\(.size) \(.at)"' "$1" | sort
}

@test "every Python here: launched, the lines of its blocks are those it says" {
	for python in $(pythons); do
		name=$(basename "$(dirname "$(dirname "$python")")")
		mkfifo "$T/$name.in"
		"$MWBPF" -q --json -o "$T/$name.trace" -- "$python" \
			"$MWBPF_ROOT/tests/programs/lines.py" <"$T/$name.in" >"$T/$name" &
		TRACER=$!
		STARTED+=("$TRACER")
		exec {GO}>"$T/$name.in"
		go
		# names are read from the living process
		wait_line "$T/$name.trace" '"size":30099' "$TRACER"
		exec {GO}>&-
		wait "$TRACER"
		[ "$(said "$T/$name" | wc -l)" -eq 10 ]
		diff <(said "$T/$name") <(traced "$T/$name.trace") || { echo "$python"; return 1; }
		"/usr/bin/python3" "$MWBPF_ROOT/tests/lib/validate.py" "$T/$name.trace"
	done
}

@test "every Python here: attached to, too, with --stack=both" {
	for python in $(pythons); do
		name=$(basename "$(dirname "$(dirname "$python")")")
		start_program "$T/$name" "$python" "$MWBPF_ROOT/tests/programs/lines.py"
		start_mwbpf "$T/$name.trace" --stack=both --pid "$PROGRAM"
		go
		wait_line "$T/$name" '^done' "$PROGRAM"
		stop_mwbpf
		exec {GO}>&-
		diff <(said "$T/$name") <(traced "$T/$name.trace") || { echo "$python"; return 1; }
	done
}

@test "a stack is whole, and cut where --max-depth says" {
	python=$(pythons | tail -n 1)
	for depth in 128 10; do
		echo go | "$MWBPF" -q --json --max-depth "$depth" -o "$T/trace" -- "$python" \
			"$MWBPF_ROOT/tests/programs/lines.py" >"$T/said"
		id=$(jq 'select(.size == 30055 and .at and .type != "free").stack' "$T/trace")
		jq -c "select(.type == \"stack\" and .id == $id)" "$T/trace" >"$T/stack"
		frames=$(jq '.frames | length' "$T/stack")
		if [ "$depth" -eq 10 ]; then
			[ "$frames" -eq 10 ]
			[ "$(jq .truncated "$T/stack")" = true ]
		else
			# 41 of deep, run and the module
			[ "$frames" -eq 43 ]
			[ "$(jq .truncated "$T/stack")" = null ]
			[ "$(jq -r '.frames[-1].function' "$T/stack")" = "<module>" ]
			[ "$(jq '[.frames[] | select(.function == "deep")] | length' "$T/stack")" -eq 41 ]
		fi
	done
}

@test "--stack=none takes none; a C program has none, but callers" {
	"$MWBPF" -q --json --stack=none -o "$T/trace" -- /usr/bin/python3 -c 'pass'
	[ "$(jq -c 'select(.type == "stack" or .at or .stack)' "$T/trace" | wc -l)" -eq 0 ]
	"$MWBPF" -q --json -o "$T/trace" -- /bin/ls / >"$T/said"
	[ "$(jq -c 'select(.type == "stack" or .stack)' "$T/trace" | wc -l)" -eq 0 ]
	[ "$(jq -c 'select(.type == "malloc" and (.at | not))' "$T/trace" | wc -l)" -eq 0 ]
}
