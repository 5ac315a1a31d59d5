#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# The Python line of an allocation: what the interpreter says of itself is the oracle.

load lib/helpers
load lib/means

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
		name=$(name_of "$python")
		mkfifo "$T/$name.in"
		"$MWBPF" -q --json -o "$T/$name.trace" -- "$python" \
			"$MWBPF_ROOT/tests/programs/lines.py" <"$T/$name.in" >"$T/$name" &
		TRACER=$!
		started "$TRACER"
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
		name=$(name_of "$python")
		start_program "$T/$name" "$python" "$MWBPF_ROOT/tests/programs/lines.py"
		start_mwbpf "$T/$name.trace" --stack=both --pid "$PROGRAM"
		go
		wait_line "$T/$name" '^done' "$PROGRAM"
		stop_mwbpf
		exec {GO}>&-
		diff <(said "$T/$name") <(traced "$T/$name.trace") || { echo "$python"; return 1; }
	done
}

# with_pymalloc PYTHON: what to set in its environment; free-threaded ones have no pymalloc.
with_pymalloc() {
	! has_gil "$1" || echo PYTHONMALLOC=pymalloc
}

# stacks PYTHON [DEPTH]: every stack of stacks.py, frame by frame. Debug builds, too, are to
# ask malloc for what they are asked for.
stacks() {
	local name depth=${2:-128}
	name=$(name_of "$1")-$depth
	start_program "$T/$name" env $(with_pymalloc "$1") "$1" "$MWBPF_ROOT/tests/programs/stacks.py" \
		"$T/$name.said"
	start_mwbpf "$T/$name.trace" --max-depth "$depth" --pid "$PROGRAM"
	go
	wait_line "$T/$name" '^done' "$PROGRAM"
	go
	wait_line "$T/$name" '^done again' "$PROGRAM"
	stop_mwbpf
	exec {GO}>&-
	kill "$PROGRAM"
	echo "# $1, $depth deep: $(/usr/bin/python3 "$MWBPF_ROOT/tests/lib/samestacks.py" "$T/$name.said" \
		"$T/$name.trace" "$depth" 2>"$T/wrong")" >&3
	[ ! -s "$T/wrong" ] || { cat "$T/wrong"; return 1; }
	[ "$(wc -l <"$T/$name.said")" -gt 130 ]
}

@test "every Python here: the lines of code that is gone, with its program, when mwbpf comes to read" {
	ways=(return _exit kill)
	for python in $(pythons); do
		name=$(name_of "$python")
		mkfifo "$T/$name.in"
		"$MWBPF" -q --json -o "$T/$name.trace" -- "$python" \
			"$MWBPF_ROOT/tests/programs/brief.py" "${ways[0]}" <"$T/$name.in" >"$T/$name" &
		TRACER=$!
		started "$TRACER"
		exec {GO}>"$T/$name.in"
		wait_line "$T/$name.trace" '"size":30011' "$TRACER"
		program=$(sed -n 's/^pid //p' "$T/$name")
		kill -STOP "$TRACER"
		go
		until [ ! -e "/proc/$program" ] || grep -q '^State:.Z' "/proc/$program/status"; do pause; done
		kill -CONT "$TRACER"
		exec {GO}>&-
		wait "$TRACER" || [ "${ways[0]}" = kill ]
		[ "$(said "$T/$name" | grep -c '^300')" -eq 6 ]
		diff <(said "$T/$name" | grep '^300') <(traced "$T/$name.trace") ||
			{ echo "$python, ${ways[0]}"; return 1; }
		! grep -m 1 '"reason":"its code object' "$T/$name.trace"
		ways=("${ways[@]:1}" "${ways[0]}")
	done
}

@test "every Python here: each stack is the one that the program itself sees" {
	for python in $(all_pythons); do
		stacks "$python"
	done
}

@test "the same of code that the JIT has compiled" {
	local seen=0
	for python in $(all_pythons); do
		has_jit "$python" || continue
		PYTHON_JIT=1 stacks "$python"
		seen=$((seen + 1))
	done
	[ "$seen" -gt 0 ] || skip "no CPython with a JIT here"
}

@test "stacks are cut where --max-depth says, and nowhere else" {
	for depth in 3 50; do
		stacks "$(pythons | tail -n 1)" "$depth"
	done
}

# done_and_read OUT NAME: interpreters.py says so, and its last block is in the trace: names
# are read while the interpreter lives.
done_and_read() {
	wait_line "$1" "^done $2" "$PROGRAM"
	wait_line "$1.trace" "\"size\":$(sed -n "s/^done $2 //p" "$1")," "$TRACER"
}

# same_stacks PYTHON INTS...: the blocks of all its interpreters have the stacks that these say,
# and the ints in these files were made.
same_stacks() {
	local name said
	name=$(name_of "$1")
	cat "$T/$name".own/*.said >"$T/$name.said"
	cat /dev/null "${@:2}" >"$T/$name.ints"
	said=$(/usr/bin/python3 "$MWBPF_ROOT/tests/lib/samestacks.py" "$T/$name.said" "$T/$name.trace" \
		128 "$T/$name.ints") || return 1
	echo "# $1: $said" >&3
}

@test "every Python here: stacks and ints of subinterpreters" {
	local seen=0
	for python in $(all_pythons); do
		has_gil "$python" || continue # its interpreters make no blocks by malloc
		name=$(name_of "$python")
		mkdir "$T/$name.own"
		start_program "$T/$name" env PYTHONMALLOC=pymalloc "$python" \
			"$MWBPF_ROOT/tests/programs/interpreters.py" "$T/$name.own"
		[ "$(head -n 1 "$T/$name")" != none ] || continue
		start_mwbpf "$T/$name.trace" --pid "$PROGRAM"
		go
		done_and_read "$T/$name" main
		go
		for each in first second third; do
			done_and_read "$T/$name" "$each"
		done
		go && go && go
		wait_line "$T/$name" '^done all' "$PROGRAM"
		stop_mwbpf
		go
		exec {GO}>&-
		ints=()
		[ "$(head -n 1 "$T/$name.trace" | jq '.targets[0].int_sites')" -eq 0 ] || # a debug build
			ints=("$T/$name".own/*.ints)
		same_stacks "$python" "${ints[@]}"
		seen=$((seen + 1))
	done
	[ "$seen" -gt 0 ] || skip "no CPython with subinterpreters here"
}

@test "every Python here: a thread state that one thread made and another runs lends no lines" {
	local seen=0
	build later.so
	for python in $(all_pythons); do
		has_gil "$python" || continue # its interpreters make no blocks by malloc
		name=$(name_of "$python")
		mkdir "$T/$name.own"
		start_program "$T/$name" env PYTHONMALLOC=pymalloc "$python" \
			"$MWBPF_ROOT/tests/programs/lent.py" "$T/$name.own" "$PROGRAMS/later.so"
		[ "$(head -n 1 "$T/$name")" != none ] || continue
		start_mwbpf "$T/$name.trace" --pid "$PROGRAM"
		go
		wait_line "$T/$name" '^done' "$PROGRAM"
		stop_mwbpf
		go
		exec {GO}>&-
		same_stacks "$python" "$T/$name".own/*.ints
		seen=$((seen + 1))
	done
	[ "$seen" -gt 0 ] || skip "no CPython with interpreters that can be lent here"
}

@test "--stack=none takes none; a C program has none, but callers" {
	"$MWBPF" -q --json --stack=none -o "$T/trace" -- /usr/bin/python3 -c 'pass'
	[ "$(jq -c 'select(.type == "stack" or .at or .stack)' "$T/trace" | wc -l)" -eq 0 ]
	"$MWBPF" -q --json -o "$T/trace" -- /bin/ls / >"$T/said"
	[ "$(jq -c 'select(.type == "stack" or .stack)' "$T/trace" | wc -l)" -eq 0 ]
	[ "$(jq -c 'select(.type == "malloc" and (.at | not))' "$T/trace" | wc -l)" -eq 0 ]
}

# right_or_none PROGRAM TRACE: how many lines are right; fails when one is wrong.
right_or_none() {
	jq -r 'select(.type == "malloc" or .type == "calloc") | "\(.size) \(.at)"' "$2" |
		awk 'NR == FNR { if ($1 == "made") line[$2] = $3; next }
			$1 in line && $2 != "null" {
				if ($0 != $1 " <module> (made.py:" line[$1] ")") { print "wrong: " $0 >"/dev/stderr"; exit 1 }
				right++
			}
			END { print right + 0 }' "$1" -
}

@test "code objects that die and are replaced at their address never lend their lines" {
	tier=
	for python in $(pythons); do
		has_gil "$python" || continue # code objects go later there, and blocks are not malloc's
		rm -f "$T"/out*
		start_program "$T/out" "$python" "$MWBPF_ROOT/tests/programs/deaths.py"
		start_mwbpf "$T/trace" $tier --pid "$PROGRAM"
		go
		wait_line "$T/out" '^done' "$PROGRAM"
		stop_mwbpf
		exec {GO}>&-
		# what is to be tested happened: there were fewer addresses than objects
		[ "$(awk '$1 == "made" { print $4 }' "$T/out" | sort -u | wc -l)" -lt 100 ]
		right=$(right_or_none "$T/out" "$T/trace") || { echo "$python"; return 1; }
		echo "# $python: $right of 120 named, 0 wrong" >&3
		[ "$right" -eq 120 ]
		tier='--tier perf' # for all but the first
	done
}

@test "what checks lines by the schema refuses damaged ones as the schema does" {
	"$MWBPF" -q --json --stack=both -o "$T/trace" -- /usr/bin/python3 -c 'pass'
	said=$(/usr/bin/python3 -B "$MWBPF_ROOT/tests/lib/schemacheck.py" "$T/trace")
	echo "# $said" >&3
}
