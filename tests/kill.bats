#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# kill.bats - mwbpf dies at any moment, and the program it traced does not notice.

bats_require_minimum_version 1.5.0

load lib/helpers
load lib/checks

setup_file() {
	build worker churn samecode atwork
}

setup() {
	need_root
	common_setup
	bpf_before
}

teardown() {
	common_teardown
}

# whole_run: a whole run, from which the probes are known; how many ms it took, however busy this
# machine is, is what moments are chosen from: at least 300.
whole_run() {
	local began=${EPOCHREALTIME/./}
	within "$MWBPF" -q --json -z 600 -d 1us -o "$T/whole" --pid "$PROGRAM"
	MOST=$(((${EPOCHREALTIME/./} - began) / 1000))
	[ "$MOST" -ge 300 ] || MOST=300
	complete "$T/whole"
	PROBES=$(probes_of "$T/whole" "$PROGRAM")
	code_restored "$PROGRAM" "$PROBES"
	mappings "$PROGRAM" >"$T/maps"
}

# seconds MS: for sleep.
seconds() {
	printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000))
}

# unharmed: the busy program goes on, in its own code and its own mappings.
unharmed() {
	code_restored "$PROGRAM" "$PROBES" || return 1
	mappings "$PROGRAM" | diff "$T/maps" - >&2 || return 1
	churn_works "$T/churn"
}

# ended_well: it was never wrong, to its very end.
ended_well() {
	exec {GO}>&-
	wait "$PROGRAM"
	grep -qE '^end [0-9]+ 0$' "$T/churn"
}

# kill_at OPTIONS...: SIGKILL 25 times, each at another moment from 0 to $MOST ms after the start.
kill_at() {
	local i moment
	mkfifo "$T/held"
	cat "$T/held" >/dev/null & # until every process that mwbpf made has ended
	local reader=$! try
	started "$reader"
	exec {HOLD}>"$T/held"
	for i in {1..25}; do
		moment=$((RANDOM % (MOST + 1)))
		rm -f "$T/events"
		"$MWBPF" --json -o "$T/events" "$@" --pid "$PROGRAM" >&"$HOLD" 2>/dev/null {HOLD}>&- &
		TRACER=$!
		sleep "$(seconds "$moment")"
		kill -KILL "$TRACER"
		wait "$TRACER" || :
		unharmed || { echo "killed after $moment ms" >&2; return 1; }
		[ ! -e "$T/events" ] || lines_valid "$T/events" || { echo "killed after $moment ms" >&2; return 1; }
	done
	exec {HOLD}>&-
	for ((try = 0; try < 1000; try++)); do
		kill -0 "$reader" 2>/dev/null || return 0
		pause
	done
	echo "something that mwbpf started is still there" >&2
	return 1
}

@test "killed 25 times under load, with every event written" {
	start_churn "$T/churn"
	whole_run
	kill_at
	ended_well
	bpf_gone
}

@test "killed 25 times under load, attached by multi links" {
	start_churn "$T/churn"
	whole_run
	kill_at --tier multi -e heap -z 500
	ended_well
	bpf_gone
}

# leaks: how often the kernel said that it left a breakpoint where it was, because the one
# who was to take it out had a SIGKILL pending.
leaks() {
	dmesg | grep -c 'failed to unregister' || : # none
}

# kill_at_work WHO MOST: SIGKILL 20 times while it detaches, up to MOST ms after it made a
# child: WHO is child or parent.
kill_at_work() {
	local who=$1 most=$2 i before left=0 hit=0 killer
	before=$(leaks)
	for i in {1..20}; do
		trace "$T/events" -z 600 "${@:3}" --pid "$PROGRAM"
		"$PROGRAMS/atwork" "$TRACER" 1 $((RANDOM * most / 32)) "$who" >"$T/atwork" &
		killer=$!
		wait_line "$T/atwork" '^watching' "$killer"
		kill -INT "$TRACER"
		! wait "$killer" || hit=$((hit + 1))
		wait "$TRACER" || :
		lines_valid "$T/events" || return 1
		churn_works "$T/churn" || return 1
		mappings "$PROGRAM" | diff "$T/maps" - >&2 || return 1
		code_restored "$PROGRAM" "$PROBES" || left=$((left + 1))
	done
	echo "# the $who was killed $hit times of 20" >&3
	[ "$hit" -gt 0 ] || return 1
	[ "$left" -eq 0 ] || { echo "after $left of 20 kills probes were left in the code" >&2; return 1; }
	[ "$(leaks)" -eq "$before" ] || { echo "the kernel said that it left probes" >&2; return 1; }
}

@test "killed 20 times while it detaches" {
	start_churn "$T/churn"
	whole_run
	kill_at_work parent "$((MOST / 3))"
	ended_well
	bpf_gone
}

@test "its child is killed 20 times while it detaches" {
	start_churn "$T/churn"
	whole_run
	kill_at_work child 50
	ended_well
	bpf_gone
}

@test "killed 20 times while it detaches multi links" {
	start_churn "$T/churn"
	whole_run
	kill_at_work parent "$((MOST / 3))" --tier multi
	ended_well
	bpf_gone
}

@test "killed 20 times while its child attaches" {
	start_churn "$T/churn"
	whole_run
	before=$(leaks) hit=0
	for i in {1..20}; do
		"$MWBPF" -q --json -z 600 -d 10 -o "$T/events" --pid "$PROGRAM" 2>/dev/null &
		TRACER=$!
		! "$PROGRAMS/atwork" "$TRACER" $((RANDOM % 2 + 1)) $((RANDOM % 20000)) parent >/dev/null || hit=$((hit + 1))
		kill -KILL "$TRACER" 2>/dev/null || :
		wait "$TRACER" || :
		unharmed || { echo "round $i" >&2; return 1; }
	done
	echo "# killed $hit times of 20 with a child at work" >&3
	[ "$hit" -gt 0 ]
	[ "$(leaks)" -eq "$before" ] || { echo "the kernel said that it left probes" >&2; return 1; }
	ended_well
	bpf_gone
}

# Nothing keeps the one who puts probes in from being killed itself. The kernel then says that
# it leaves them; mwbpf puts them in again, and they go with those.
@test "a child that attaches is killed: another does its work, and nothing is left" {
	start_churn "$T/churn"
	whole_run
	hit=0
	for i in {1..10}; do
		rm -f "$T/events"
		"$MWBPF" -q --json -z 600 -d 10 -o "$T/events" --pid "$PROGRAM" 2>"$T/err" &
		TRACER=$!
		! "$PROGRAMS/atwork" "$TRACER" $((RANDOM % 2 + 1)) $((RANDOM % 10000)) child >/dev/null || hit=$((hit + 1))
		wait_line "$T/events" '^{"type":"header"' "$TRACER"
		stop_mwbpf
		[ ! -s "$T/err" ]
		complete "$T/events"
		[ "$(head -n 1 "$T/events" | jq '.probes | length')" -gt 0 ]
		unharmed || { echo "round $i" >&2; return 1; }
	done
	echo "# a child was killed $hit times of 10" >&3
	[ "$hit" -gt 0 ]
	ended_well
	bpf_gone
}

@test "killed while it launches: the command runs as ever, or not at all" {
	began=${EPOCHREALTIME/./}
	within "$MWBPF" -q -o "$T/events" -- true
	most=$(((${EPOCHREALTIME/./} - began) / 1000))
	[ "$most" -ge 200 ] || most=200
	none=0 whole=0
	for i in {1..20}; do
		moment=$((RANDOM % (most + 1)))
		rm -f "$T/events" "$T/out"
		mkfifo "$T/out"
		within cat "$T/out" >"$T/said" & # to its end: no command is left held for ever
		reader=$!
		exec {HOLD}>"$T/out" # or a shell killed before it opens it leaves the reader waiting
		"$MWBPF" --json -o "$T/events" -- sh -c 'echo begin; i=0; while [ $i -lt 5000 ]; do i=$((i + 1)); done; echo end $i' \
			>"$T/out" 2>/dev/null {HOLD}>&- &
		TRACER=$!
		sleep "$(seconds "$moment")"
		kill -KILL "$TRACER" 2>/dev/null || :
		wait "$TRACER" || :
		exec {HOLD}>&-
		wait "$reader" || { echo "after $moment ms the command is stuck" >&2; return 1; }
		case $(cat "$T/said") in
		'') none=$((none + 1)) ;;
		$'begin\nend 5000') whole=$((whole + 1)) ;;
		*) echo "after $moment ms the command said:" >&2; cat "$T/said" >&2; return 1 ;;
		esac
		[ ! -e "$T/events" ] || lines_valid "$T/events" || { echo "killed after $moment ms" >&2; return 1; }
	done
	echo "# $whole commands ran to their end, $none not at all" >&3
	bpf_gone
}

@test "interrupted 20 times at any moment: a whole file, or none yet" {
	start_churn "$T/churn"
	whole_run
	early=0 whole=0
	for i in {1..20}; do
		moment=$((RANDOM % (MOST + 1)))
		signal=INT number=2
		((i % 2)) || { signal=TERM number=15; }
		rm -f "$T/events"
		# a job of a script ignores SIGINT, where nothing else is said
		within env --default-signal=INT,TERM "$MWBPF" --json -z 600 -o "$T/events" --pid "$PROGRAM" 2>"$T/err" &
		job=$!
		until TRACER=$(pgrep -P "$job"); do pause; done
		sleep "$(seconds "$moment")"
		kill -$signal "$TRACER"
		status=0
		wait "$job" || status=$?
		if [ "$status" -eq 0 ]; then
			complete "$T/events"
			grep -q 'total heap usage' "$T/err"
			[ -z "$(errors "$T/err")" ]
			whole=$((whole + 1))
		else # before it could know of the signal: nothing was begun
			[ "$status" -eq $((128 + number)) ] || { echo "$moment ms: status $status" >&2; cat "$T/err" >&2; return 1; }
			[ ! -s "$T/events" ]
			early=$((early + 1))
		fi
		unharmed || { echo "interrupted after $moment ms" >&2; return 1; }
	done
	[ "$whole" -gt 0 ]
	echo "# $whole whole files, $early ended before they began" >&3
	ended_well
	bpf_gone
}

@test "a target that is killed while it is traced under load" {
	start_churn "$T/churn"
	trace "$T/events" --pid "$PROGRAM"
	kill -KILL "$PROGRAM"
	wait "$TRACER"
	complete "$T/events"
	[ "$(summary "$T/events" '.targets[0].ended')" = true ]
	bpf_gone
}
