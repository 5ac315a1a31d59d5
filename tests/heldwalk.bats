#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# heldwalk.bats - a walk through a process that is held meanwhile, and through one that makes
# up what it is to read.

bats_require_minimum_version 1.5.0

load lib/helpers
load lib/checks

LIB=$MWBPF_ROOT/tests/lib

setup() {
	need_root
	common_setup
	build badheap shortlived
}

teardown() {
	common_teardown
}

# state_of PID: R, S, t and so on.
state_of() {
	sed -n 's/^State:.//p' "/proc/$1/status" | cut -c1
}

# start_many: a process that it takes a moment to read, and more than a pipe holds to show.
start_many() {
	start_program "$T/out" "$(pythons | head -n 1)" -c '
globals().update(("name%d" % i, i) for i in range(50000))
print("ready", flush=True)
input()'
}

# walk_bounded OUT: with little memory, and an end.
walk_bounded() {
	(ulimit -v 2000000 && within "$MWBPF" walk --json -o "$1" --pid "$PROGRAM")
	tail -n 1 "$1" | jq -e '.type == "walk_end" and .reason == "complete"' >/dev/null
	python3 "$LIB/validate.py" "$1"
}

@test "arenas of malloc that lead to thousands of others and never back" {
	start_program "$T/out" "$PROGRAMS/badheap" circles
	walk_bounded "$T/walk"
}

@test "more chunks of malloc than can be kept" {
	start_program "$T/out" "$PROGRAMS/badheap" mirrors
	walk_bounded "$T/walk"
	jq -es 'any(.[]; .type == "malloc_arena" and .reason == "there is too much of it")' "$T/walk" >/dev/null
	# what is sound beside it is shown
	jq -es 'any(.[]; .type == "malloc_arena" and .used.chunks > 0)' "$T/walk" >/dev/null
}

@test "words of the interpreter's data that all lead to long tables of arenas" {
	[ -x /usr/bin/python3.11 ] || skip "needs /usr/bin/python3.11, whose arenas have no name"
	start_program "$T/out" /usr/bin/python3.11 "$MWBPF_ROOT/tests/programs/manytables.py"
	walk_bounded "$T/walk"
	# each table has 262,144 arenas less those in front of it, and all of them are one
	jq -es 'any(.[]; .type == "warning" and (.text | contains("only the first were looked at"))) and
		any(.[]; .type == "warning" and (.text | contains("they lie where another does"))) and
		([.[] | select(.type == "arena")] | length == 1)' "$T/walk" >/dev/null
}

@test "a process that makes threads all the time is held each time" {
	start_program "$T/out" "$PROGRAMS/shortlived"
	for i in {1..15}; do
		within "$MWBPF" walk --freeze --json -o "$T/walk" --pid "$PROGRAM"
		grep -q '"frozen":true' "$T/walk"
		! grep -q 'is not held' "$T/walk"
	done
	[ "$(state_of "$PROGRAM")" != t ]
}

@test "a held process does not wait for who reads what is found" {
	local line i
	start_many
	mkfifo "$T/pipe"
	"$MWBPF" walk --freeze --globals --json --pid "$PROGRAM" >"$T/pipe" 2>"$T/err" &
	walker=$!
	started "$walker"
	exec {from}<"$T/pipe"
	read -r line <&"$from"
	# more than a pipe holds is still to come
	for i in {1..500}; do
		[ "$(state_of "$PROGRAM")" = t ] || break
		pause
	done
	[ "$(state_of "$PROGRAM")" != t ]
	kill -0 "$walker"
	cat <&"$from" >"$T/walk"
	wait "$walker"
	tail -n 1 "$T/walk" | jq -e '.type == "walk_end" and .variables >= 50000' >/dev/null
}

@test "mwbpf is stopped from the terminal while it holds a process: that goes on first" {
	start_many
	within python3 "$LIB/stopheld.py" "$PROGRAM" "$MWBPF" walk -q --freeze --globals --json \
		-o "$T/walk" --pid "$PROGRAM"
	tail -n 1 "$T/walk" | jq -e '.reason == "complete"' >/dev/null
}

# goes_on PID: it is no more held.
goes_on() {
	[ "$(state_of "$1")" != t ] && grep -q '^TracerPid:.0$' "/proc/$1/status"
}

@test "mwbpf is killed while it holds a process: that goes on" {
	local seen=0 walker
	start_many
	while [ "$seen" -lt 5 ]; do
		"$MWBPF" walk --freeze --globals --json -o "$T/walk" --pid "$PROGRAM" 2>/dev/null &
		walker=$!
		started "$walker"
		while kill -0 "$walker" 2>/dev/null; do
			[ "$(state_of "$PROGRAM")" != t ] || { kill -KILL "$walker" && seen=$((seen + 1)); break; }
		done
		wait "$walker" || :
		until goes_on "$PROGRAM"; do pause; done
	done
	go
	wait "$PROGRAM"
}

@test "a held process does not wait for who reads its census" {
	local i
	start_many
	mkfifo "$T/pipe"
	"$MWBPF" walk --freeze --census="$T/pipe" --pid "$PROGRAM" >"$T/text" 2>"$T/err" &
	walker=$!
	started "$walker"
	# it has begun and waits for a reader; until then nothing is shown
	until [ "$(cat "/proc/$walker/wchan")" = wait_for_partner ]; do pause; done
	[ "$(state_of "$PROGRAM")" != t ]
	cat "$T/pipe" >"$T/census"
	wait "$walker"
	tail -n 1 "$T/census" | jq -e '.reason == "complete"' >/dev/null
}

@test "running threads have their stacks, held or not" {
	start_program "$T/out" "$(pythons | head -n 1)" -c '
import threading
def spin():
	while True: pass
threading.Thread(target=spin, daemon=True).start()
print("ready", flush=True)
input()'
	within "$MWBPF" walk --freeze --json -o "$T/held" --pid "$PROGRAM"
	within "$MWBPF" walk --json -o "$T/running" --pid "$PROGRAM"
	for seen in held running; do
		jq -es '(map(select(.type == "segment" and .kind == "thread-stack")) | length == 1) and
			all(.[]; .type != "warning")' "$T/$seen" >/dev/null
	done
}
