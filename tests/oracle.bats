#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# What a trace says against what others say of the same: valgrind, a preloaded recorder, the
# program itself, /proc/PID/maps, the ELF file. And its form against the schema, every time.

load lib/helpers

DEBIAN_PYTHON=/usr/bin/python3
LIB=$MWBPF_ROOT/tests/lib
HEAP=$PROGRAMS/heap
SPACE=$PROGRAMS/space
RECORDER=$PROGRAMS/recorder.so

setup_file() {
	load lib/helpers
	build heap space recorder.so
}

setup() {
	need_root
	"$DEBIAN_PYTHON" -c 'import jsonschema' 2>/dev/null || skip "python3-jsonschema is missing"
	common_setup
	head -c 131072 /dev/zero >"$T/filler"
}

teardown() {
	[ -z "${T:-}" ] || common_teardown
}

# check NAME TRACE...: a check of oracle.py, behind the schema's.
check() {
	valid "$2" && oracle "$@"
}

oracle() {
	"$DEBIAN_PYTHON" "$LIB/oracle.py" "$@"
}

valid() {
	"$DEBIAN_PYTHON" "$LIB/validate.py" "$@"
}

# traced ARGS...: to its end, in the foreground; the trace is $T/trace. Its status is mwbpf's.
traced() {
	"$MWBPF" --json -o "$T/trace" "$@" 2>"$T/trace.err" || {
		local status=$?
		cat "$T/trace.err" >&2
		return "$status"
	}
}

# launch COMMAND...: mwbpf and its command in the background, as start_program and
# start_mwbpf do together.
launch() {
	mkfifo "$T/said.in"
	"$MWBPF" --json -o "$T/trace" -- "$@" <"$T/said.in" >"$T/said" 2>"$T/trace.err" &
	TRACER=$!
	started "$TRACER"
	exec {GO}>"$T/said.in"
	wait_line "$T/said" '^ready' "$TRACER"
	PROGRAM=$(sed -n 's/^ready //p' "$T/said")
	started "$PROGRAM"
}

# leave: end a trace of a launched command that goes on; it is not waited for.
leave() {
	kill -INT "$TRACER"
	wait_line "$T/trace" '^{"type":"summary"' "$TRACER"
}

# attach MARK COMMAND...: start it, trace it, let it work until it says MARK, look at its
# map, stop the trace.
attach() {
	local mark=$1
	shift
	start_program "$T/said" "$@"
	start_mwbpf "$T/trace" --pid "$PROGRAM"
	go
	wait_line "$T/said" "^$mark" "$PROGRAM"
	cp "/proc/$PROGRAM/maps" "$T/maps"
	stop_mwbpf
}

# valgrind_counts COMMAND...: "ALLOCS FREES BYTES".
valgrind_counts() {
	command -v valgrind >/dev/null || skip "valgrind is missing"
	valgrind --run-libc-freeres=no "$@" 2>"$T/valgrind" >/dev/null
	sed -nE 's/.*total heap usage: ([0-9,]+) allocs, ([0-9,]+) frees, ([0-9,]+) bytes.*/\1 \2 \3/p' \
		"$T/valgrind" | grep .
}

# recorded COMMAND...: "ALLOCS FREES BYTES FAILED", by the recorder alone.
recorded() {
	RECORDER_FD=9 LD_PRELOAD=$RECORDER "$@" 9>"$T/recorded" >/dev/null
	sed -n 's/^recorded //p' "$T/recorded" | grep .
}

# traced_recorded COMMAND...: the recorder's numbers of a traced run are the trace's, and
# mwbpf probed the recorder, which is first.
traced_recorded() {
	local numbers
	RECORDER_FD=9 LD_PRELOAD=$RECORDER traced -- "$@" 9>"$T/recorded"
	# the command ends before mwbpf, which has the recorder too
	numbers=$(sed -n '1s/^recorded //p' "$T/recorded" | grep .)
	check totals "$T/trace" $numbers
	head -n 1 "$T/trace" | jq -e --arg recorder "$RECORDER" '
		.targets[0].allocator == $recorder and
		([.probes[] | select(.family == "alloc") | .file] | unique == [$recorder])' >/dev/null
}

#
# The form
#

@test "every field that is written is in the schema, every word of it too" {
	local schema=$MWBPF_ROOT/include/mwbpf/events.schema.json def=$MWBPF_ROOT/include/mwbpf
	"$MWBPF" --json-schema | cmp - "$schema"
	# keys: what the JSON sink gives the writer, as literals
	grep -hoE 'json_[a-z0-9]+\(&?json, "[a-z_]+"' "$MWBPF_ROOT"/user/sink/{jsonl,leaks}.c |
		sed 's/.*"\(.*\)"/\1/' | sort -u >"$T/written"
	jq -r '[.. | .properties? // empty | keys[]] | unique[]' "$schema" | sort >"$T/documented"
	[ "$(wc -l <"$T/written")" -gt 60 ]
	comm -23 "$T/written" "$T/documented" >"$T/more"
	diff /dev/null "$T/more"

	words() { # FILE MACRO COLUMN
		grep -oE "^$2\(.*" "$1" | sed "s/^$2(//" | awk -F'"' -v n="$(($3 * 2))" '{ print $n }' | sort -u
	}
	diff <(words "$MWBPF_ROOT/user/place/segments.def" SEGMENT 1) \
		<(jq -r '."$defs".segment_kind.enum[]' "$schema" | sort)
	diff <(words "$MWBPF_ROOT/user/place/segments.def" SEGMENT 2) \
		<(jq -r '."$defs".layer.enum[]' "$schema" | sort)
	diff <(words "$def/kinds.def" KIND 1) \
		<(jq -r '."$defs".losses_by_type.propertyNames.enum[]' "$schema" | sort)
	diff <(words "$def/loss.def" LOSS 1) \
		<(jq -r '."$defs".losses_by_cause.propertyNames.enum[]' "$schema" | sort)
	diff <(words "$def/probes.def" PROBE 1) \
		<(jq -r '."$defs" | .alloc_function.enum[], .pylong_function.enum[]' "$schema" | sort)
}

@test "the schema and its checker find what is wrong" {
	# not "usage": jq does not keep its largest sizes
	traced -- "$HEAP" churn 1 20 </dev/null >/dev/null
	valid "$T/trace"
	faulty() { # JQ: on the array of records, must make the trace invalid
		jq -c -s "$1 | .[]" "$T/trace" >"$T/faulty"
		! cmp -s "$T/trace" "$T/faulty" || return 1
		if valid "$T/faulty" 2>/dev/null; then
			echo "not found: $1" >&2
			return 1
		fi
	}
	jq -c . "$T/trace" >"$T/same"
	valid "$T/same"
	first='first(to_entries[] | select(.value.type == "malloc" and .value.map)) | .key'
	faulty '.[1:]'
	faulty '.[:-1]'
	faulty '. + [.[-1]]'
	faulty "($first) as \$i | .[\$i].surprise = 1"
	faulty "($first) as \$i | .[\$i] |= del(.size)"
	faulty "($first) as \$i | .[\$i].size = -1"
	faulty "($first) as \$i | .[\$i].size = \"1\""
	faulty "($first) as \$i | .[\$i].addr |= ascii_upcase"
	faulty "($first) as \$i | .[\$i].failed = true"
	faulty "($first) as \$i | .[\$i].addr = null"
	faulty "($first) as \$i | .[\$i].segment = \"hoard\""
	faulty "($first) as \$i | .[\$i].via = \"free_all\""
	faulty "($first) as \$i | .[\$i].map = 4000000"
	faulty "($first) as \$i | .[\$i].off += 8"
	faulty "($first) as \$i | .[\$i].stack_of = 1"
	faulty "($first) as \$i | .[\$i].ts_ns = -1"
	faulty 'map(if .type == "segment" then .perms = "rwx" else . end)'
	faulty 'map(if .type == "free" then del(.age_ns) else . end)'
	faulty 'map(if .type == "exit" then del(.status) else . end)'
	faulty 'map(if .type == "summary" then .completeness.lost_by_type.hoard = 1 else . end)'
	faulty 'map(if .type == "header" then .probes[0].moved = "0" else . end)'
}

#
# The figures
#

@test "the same blocks and bytes as valgrind counts" {
	local counts
	counts=$(valgrind_counts "$HEAP" usage)
	traced -- "$HEAP" usage
	check totals "$T/trace" $counts
}

@test "the same blocks and bytes as a preloaded recorder counts, which is then the allocator" {
	local counts
	counts=$(recorded "$HEAP" usage pvalloc)
	traced -- "$HEAP" usage pvalloc
	check totals "$T/trace" $counts
	traced_recorded "$HEAP" usage pvalloc
}

@test "the same of four threads at once" {
	local counts
	counts=$(recorded "$HEAP" threads)
	traced -- "$HEAP" threads
	check totals "$T/trace" $counts
	traced_recorded "$HEAP" threads
	counts=$(valgrind_counts "$HEAP" threads)
	check totals "$T/trace" $counts
}

@test "the same by multi links" {
	local counts
	counts=$(recorded "$HEAP" usage)
	traced --tier multi -- "$HEAP" usage
	[ "$(head -n 1 "$T/trace" | jq -r .tier)" = multi ]
	check totals "$T/trace" $counts
}

@test "the same by perf links" {
	local counts
	counts=$(recorded "$HEAP" usage)
	traced --tier perf -- "$HEAP" usage
	[ "$(head -n 1 "$T/trace" | jq -r .tier)" = perf ]
	check totals "$T/trace" $counts
}

@test "behind an exec, the new program's blocks and bytes, exactly" {
	local counts
	counts=$(recorded "$HEAP" usage)
	traced -- sh -c 'exec "$0" usage' "$HEAP"
	check after_exec "$T/trace" ${counts% *}
	traced -- env "$HEAP" usage
	check after_exec "$T/trace" ${counts% *}
}

@test "behind an exec that brings another allocator, too" {
	local counts
	RECORDER_FD=9 traced -- env LD_PRELOAD="$RECORDER" "$HEAP" threads 9>"$T/recorded"
	counts=$(sed -n 's/^recorded //p' "$T/recorded" | grep .)
	check after_exec "$T/trace" ${counts% *}
}

@test "two million blocks of two threads, and nothing is lost" {
	start_program "$T/said" "$HEAP" churn 2 1000000
	start_mwbpf "$T/trace" --pid "$PROGRAM"
	go
	wait "$TRACER"
	head -n 20000 "$T/trace" >"$T/part"
	tail -n 1 "$T/trace" >>"$T/part"
	oracle churned "$T/part" 2000000
	[ "$(wc -l <"$T/trace")" -ge 4000000 ]
	rm "$T/trace"
	valid "$T/part"
}

@test "what is lost is counted the same everywhere" {
	local i
	# more than once: which records are lost is a matter of luck
	for i in 1 2 3 4; do
		rm -f "$T"/said* "$T/trace"
		start_program "$T/said" "$HEAP" churn 8 20000
		start_mwbpf "$T/trace" --buffer $((4 << i))k --max-size 10 --pid "$PROGRAM"
		go
		wait "$TRACER"
		check losses "$T/trace" 160000
	done
}

#
# The places
#

@test "each block is in one event, and in the segment that the kernel says" {
	attach held "$HEAP" held
	check blocks "$T/trace" "$T/said" "$T/maps"
}

@test "what could not be had has failed, and what was there lives on" {
	start_program "$T/said" "$HEAP" failing
	start_mwbpf "$T/trace" --pid "$PROGRAM"
	go
	wait "$TRACER"
	check failing "$T/trace" "$T/said"
}

@test "reused is said of the address freed last, and only of it" {
	start_program "$T/said" "$HEAP" reuse
	start_mwbpf "$T/trace" --pid "$PROGRAM"
	go
	wait "$TRACER"
	check reuse "$T/trace" "$T/said"
}

@test "sp and stack_used follow a recursion: attached" {
	attach dived "$HEAP" deep 40 65536
	check deep "$T/trace" "$T/said" "$T/maps"
}

@test "sp and stack_used follow a recursion: launched" {
	launch "$HEAP" deep 40 65536
	go
	wait_line "$T/said" '^dived' "$TRACER"
	cp "/proc/$PROGRAM/maps" "$T/maps"
	leave
	check deep "$T/trace" "$T/said" "$T/maps"
}

@test "every kind of segment: found in a running program" {
	start_program "$T/said" "$SPACE" show "$T/filler"
	cp "/proc/$PROGRAM/maps" "$T/maps"
	start_mwbpf "$T/trace" --pid "$PROGRAM"
	stop_mwbpf
	check show "$T/trace" "$T/said" "$T/maps"
}

@test "every kind of segment: seen from the start" {
	launch "$SPACE" show "$T/filler"
	cp "/proc/$PROGRAM/maps" "$T/maps"
	leave
	check live "$T/trace" "$T/said" "$T/maps"
}

# versions GROUP: at each step of a group of space.c, the segments are the kernel's.
versions() {
	attach done "$SPACE" "$1" "$T/filler"
	! grep -q '^unsupported' "$T/said" || skip "this kernel does not have it"
	check versions "$T/trace" "$T/said" "$T/maps"
}

@test "the map as it was at each event: the first block of all" {
	versions cold
}

@test "the map as it was at each event: mmap, munmap, mprotect" {
	versions plain
}

@test "the map as it was at each event: files and shared memory" {
	versions files
}

@test "the map as it was at each event: mremap" {
	versions moves
}

@test "the map as it was at each event: mremap of several mappings" {
	versions several
}

@test "the map as it was at each event: calls that fail" {
	versions failures
}

@test "the map as it was at each event: mprotect that fails half-way" {
	versions halfway
}

@test "the map as it was at each event: System V segments" {
	versions system_v
}

@test "the map as it was at each event: names" {
	versions names
}

@test "the map as it was at each event: brk" {
	versions breaks
}

@test "the map as it was at each event: the allocator's own" {
	versions blocks
}

@test "the map as it was at each event: a library comes and goes" {
	start_program "$T/said" "$SPACE" library "$T/filler"
	start_mwbpf "$T/trace" --pid "$PROGRAM"
	go
	wait_line "$T/said" '^opened' "$PROGRAM"
	wait_line "$T/trace" '^{"type":"malloc".*"size":10000,' "$TRACER"
	go
	wait_line "$T/said" '^done' "$PROGRAM"
	cp "/proc/$PROGRAM/maps" "$T/maps"
	stop_mwbpf
	check versions "$T/trace" "$T/said" "$T/maps" named
}

#
# Python
#

# is_inlined PYTHON: "inlined" for a build whose constructors are copied into their callers:
# the distribution's, which is optimized at link time and does not say so.
is_inlined() {
	case $1 in
	/usr/bin/*) echo inlined ;;
	*) echo plain ;;
	esac
}

@test "ints of every Python here" {
	local python bad= n=0
	for python in $(pythons); do
		rm -rf "$T"/said* "$T/trace" "$T/maps"
		launch "$python" "$MWBPF_ROOT/tests/programs/ints.py" 7
		go
		wait_line "$T/said" '^done' "$TRACER"
		cp "/proc/$PROGRAM/maps" "$T/maps"
		go
		exec {GO}>&-
		status=0
		wait "$TRACER" || status=$?
		check ints "$T/trace" "$T/said" "$T/maps" "$(is_inlined "$python")" launched || bad+=" $python"
		[ "$status" -eq 7 ] || bad+=" $python:$status"
		n=$((n + 1))
	done
	[ "$n" -gt 0 ] || skip "no Python is here"
	echo "$n Pythons; wrong:$bad"
	[ -z "$bad" ]
}

@test "ints of a running Python" {
	local python
	python=$(pythons | tail -n 1)
	[ -n "$python" ] || skip "no Python is here"
	attach done "$python" "$MWBPF_ROOT/tests/programs/ints.py" 0
	check ints "$T/trace" "$T/said" "$T/maps" "$(is_inlined "$python")" attached
}

#
# What is not to be shown, and what is not to be touched
#

@test "a filter shows a part of the same, and changes no total" {
	command -v setarch >/dev/null || skip "setarch is missing"
	# the same addresses each time
	whole() {
		setarch -R "$MWBPF" --json -o "$1" "${@:2}" -- "$HEAP" usage 2>"$T/trace.err"
	}
	whole "$T/whole"
	whole "$T/again"
	oracle filtered "$T/whole" "$T/again" "" 0 "" 2>"$T/why" || :
	grep -q 'all or nothing' "$T/why" # the same, that is
	[ "$(wc -l <"$T/why")" -eq 1 ] || skip "addresses differ from run to run"

	part() { # OPTIONS... -- KINDS [LEAST [MOST]], what the options should come to
		local options=()
		while [ "$1" != -- ]; do
			options+=("$1")
			shift
		done
		whole "$T/part" "${options[@]}"
		valid "$T/part"
		oracle filtered "$T/whole" "$T/part" "${@:2}"
	}
	valid "$T/whole"
	part --events malloc,free -- malloc,free
	part --events heap -- malloc,calloc,realloc,memalign,free
	part --min-size 1000 -- "" 1000
	part --max-size 1000 -- "" 0 1000
	part --min-size 1k --max-size 1M --events realloc,memalign,mmap -- realloc,memalign,mmap 1024 1048576
}

# start_steady NAME: a program that is not changed by what it does; its pipe is $GO.
start_steady() {
	start_program "$T/$1" "$HEAP" steady
	go
	wait_line "$T/$1" '^round 0' "$PROGRAM"
}

@test "after a trace the program is as it was" {
	start_steady said
	cp "/proc/$PROGRAM/maps" "$T/before"
	start_mwbpf "$T/trace" --pid "$PROGRAM"
	oracle code "$T/trace" "$PROGRAM" probed
	go
	wait_line "$T/said" '^round 1' "$PROGRAM"
	stop_mwbpf
	oracle code "$T/trace" "$PROGRAM" clean
	cp "/proc/$PROGRAM/maps" "$T/after"
	oracle same_maps "$T/before" "$T/after"
	[ "$(jq -s '[.[] | select(.type == "malloc")] | length' "$T/trace")" -eq 100 ]
	valid "$T/trace"
}

@test "two processes are traced, a third of the same program is not touched" {
	local a b c to_a to_b to_c pid
	start_steady a; a=$PROGRAM to_a=$GO
	start_steady b; b=$PROGRAM to_b=$GO
	start_steady c; c=$PROGRAM to_c=$GO
	start_mwbpf "$T/trace" --pid "$a" --pid "$b"
	for pid in "$a" "$b"; do
		oracle code "$T/trace" "$pid" probed
	done
	oracle code "$T/trace" "$c" clean
	echo >&"$to_a"
	echo >&"$to_b"
	echo >&"$to_c"
	wait_line "$T/a" '^round 1' "$a"
	wait_line "$T/b" '^round 1' "$b"
	wait_line "$T/c" '^round 1' "$c"
	oracle code "$T/trace" "$c" clean
	if grep uprobes "/proc/$c/maps"; then return 1; fi
	stop_mwbpf
	valid "$T/trace"
	for pid in "$a" "$b"; do
		[ "$(jq -s --argjson pid "$pid" '[.[] | select(.type == "malloc" and .pid == $pid)] | length' \
			"$T/trace")" -eq 100 ]
	done
	[ "$(jq -s '[.[] | select(.pid) | .pid] | unique | length' "$T/trace")" -eq 2 ]
	for pid in "$a" "$b" "$c"; do
		oracle code "$T/trace" "$pid" clean
	done
}
