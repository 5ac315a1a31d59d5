# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# own.bash - what mwbpf itself costs, beside the least that its probes can cost.

if [ -n "${QUICK:-}" ]; then
	rounds=4 attaches=3 floods=1 held="1000000" feeds=1 stackings=1 kinds=1
else
	rounds=15 attaches=11 floods=5 held="1000000 10000000" feeds=5 stackings=4 kinds=5
fi

# All events lost in any measure add up.
lost=0

# start_asked COMMAND...: a program that answers lines; its pid is $PAIRS; ask talks to it.
start_asked() {
	local line
	mkfifo "$T/to" "$T/from"
	"${OWN[@]}" "$@" <"$T/to" >"$T/from" &
	PAIRS=$!
	started "$PAIRS"
	exec {TO}>"$T/to" {FROM}<"$T/from"
	read -r -u "$FROM" line && [ "$line" = ready ]
}

# start_pairs THREADS
start_pairs() {
	start_asked "$BENCH/pairs" "$1"
}

# start_deep PYTHON
start_deep() {
	start_asked "$1" tests/bench/deep.py
}

stop_pairs() {
	stop "$PAIRS"
	exec {TO}>&- {FROM}<&-
	rm -f "$T/to" "$T/from"
}

# ask COMMAND...: the answer of pairs.
ask() {
	local line
	echo "$*" >&"$TO"
	read -r -u "$FROM" line || { echo "bench: pairs ended" >&2; exit 1; }
	printf '%s\n' "$line"
}

# start_floor slid|naive: the empty programs on $PAIRS.
start_floor() {
	start_program "$T/floor.out" "$BENCH/floor" "$1" "$PAIRS" || exit 1
}

stop_floor() {
	stop "$PROGRAM"
	exec {GO}>&-
	rm -f "$T"/floor.out*
}

# start_trace OPTIONS...: mwbpf on $PAIRS, events to a file.
start_trace() {
	start_mwbpf "$T/events" -v "$@" --pid "$PAIRS" || exit 1
}

# start_null: as start_trace, but the events are thrown away.
start_null() {
	"$MWBPF" --json -v -o /dev/null --pid "$PAIRS" 2>"$T/events.err" &
	TRACER=$!
	started "$TRACER"
	wait_line "$T/events.err" 'after the start' "$TRACER" || exit 1
}

# finish_trace: takes the probes out and adds up what was lost; -v says it on stderr.
finish_trace() {
	local n
	stop_mwbpf
	n=$(sed -n 's/^COMPLETENESS: .* \([0-9,]*\) lost,.*/\1/p' "$T/events.err")
	[ -n "$n" ] || { echo "bench: mwbpf said no number of lost events" >&2; exit 1; }
	lost=$((lost + ${n//,/}))
}

end_trace() {
	finish_trace
	rm -f "$T"/events*
}

# CPU time of a process so far, nanoseconds: it reads the ring in its only thread.
cpu_ns() {
	local ns rest
	read -r ns rest <"/proc/$1/schedstat"
	echo "$ns"
}

# settle: until mwbpf has read all there is.
settle() {
	local before now
	now=$(cpu_ns "$TRACER")
	while before=$now; sleep 0.05; now=$(cpu_ns "$TRACER"); [ $((now - before)) -gt 2000000 ]; do :; done
}

# note_others: another tracer on the same libc is a part of every figure but the untraced.
note_others() {
	local n
	n=$(pgrep -cx mwbpf) && echo "note: $n other mwbpf running, load $(cut -d' ' -f1 /proc/loadavg)"
}

# status_kib FIELD: of mwbpf.
status_kib() {
	awk -v f="$1:" '$1 == f { print $2 }' "/proc/$TRACER/status"
}

#
# Measures
#

# one NAME PAIRS: nanoseconds of CPU time a pair, the median of three after a first go.
one() {
	ask go "$2" >/dev/null
	for _ in 1 2 3; do ask go "$2"; done | quartiles | cut -d' ' -f1 >>"$T/$1"
}

variant_untraced() {
	one untraced 5000000
	ask call 200000 >>"$T/call"
}

variant_floor() {
	start_floor slid
	one floor 60000
	stop_floor
}

variant_naive() {
	start_floor naive
	one naive 10000
	stop_floor
}

variant_caller() {
	start_trace
	one caller 60000
	end_trace
}

variant_mwbpf() {
	start_trace --stack=none
	one mwbpf 60000
	settle
	# the ring has room for them: what is left is the cost of the BPF programs alone
	kill -STOP "$TRACER"
	one paused 60000
	kill -CONT "$TRACER"
	settle
	ask call 200000 >>"$T/call.traced"
	end_trace
}

# Each round has all variants, in turn in one order and the other.
measure_pairs() {
	local i v
	start_pairs 1
	for ((i = 0; i < rounds; i++)); do
		for v in $([ $((i % 2)) -eq 0 ] && echo untraced naive floor mwbpf caller || echo caller mwbpf floor naive untraced); do
			"variant_$v"
		done
	done
	stop_pairs
	report "malloc and free, untraced" ns <"$T/untraced"
	report "... floor at the entries" ns <"$T/naive"
	report "... floor" ns <"$T/floor"
	report "... mwbpf" ns <"$T/mwbpf"
	report "... mwbpf, its reader paused" ns <"$T/paused"
	report "... mwbpf, and who called" ns <"$T/caller"
	ratios naive floor | report "floor at the entries / floor" ratio
	ratios mwbpf floor | report "mwbpf / floor" ratio "<= 1.15"
	ratios paused floor | report "mwbpf, its reader paused / floor" ratio
	ratios caller floor | report "mwbpf, and who called / floor" ratio
	report "any system call, nothing traced" ns <"$T/call"
	report "any system call, mwbpf tracing" ns <"$T/call.traced"
}

# kind COMMAND: nanoseconds of CPU time an operation takes, median of three after a first go.
kind() {
	ask "$@" 20000 >/dev/null
	for _ in 1 2 3; do ask "$@" 20000; done | quartiles | cut -d' ' -f1
}

# What an event costs, by its type: with it less without it, for each operation of pairs.c.
measure_kinds() {
	local kind i
	local -A title=([malloc]="malloc and free" [calloc]="calloc and free" [realloc]="realloc"
		[memalign]="aligned_alloc and free" [mmap]="mmap and munmap" [brk]="two of brk")
	local order="malloc calloc realloc memalign mmap brk"
	start_pairs 1
	for ((i = 0; i < kinds; i++)); do
		for kind in $order; do kind do "$kind" >>"$T/kind.$kind.without"; done
		start_trace --stack=none
		for kind in $order; do kind do "$kind" >>"$T/kind.$kind.with"; done
		end_trace
	done
	stop_pairs
	for kind in $order; do
		paste "$T/kind.$kind.with" "$T/kind.$kind.without" | awk '{ print $1 - $2 }' |
			report "mwbpf adds to ${title[$kind]}" ns
	done
	ints_of "$(pythons | tail -n 1)"
}

# ints_of PYTHON: the same for an int.
ints_of() {
	local python=$1 i
	[ -n "$python" ] || return 0
	start_deep "$python"
	for ((i = 0; i < kinds; i++)); do
		kind int >>"$T/int.without"
		start_trace --stack=none
		kind int >>"$T/int.with"
		end_trace
	done
	stop_pairs
	paste "$T/int.with" "$T/int.without" | awk '{ print $1 - $2 }' |
		report "mwbpf adds to an int of $(basename "$python")" ns
}

# disk EVENTS: bytes that each took in the file, plain and compressed.
disk() {
	calc "$(stat -c %s "$T/events") / $1" >>"$T/disk.plain"
	! command -v zstd >/dev/null || calc "$(zstd -qc "$T/events" | wc -c) / $1" >>"$T/disk.zstd"
}

# flood NAME START: two threads that do nothing else, against one reader.
flood() {
	local before cpu_pair clock_pair n=400000
	start_pairs 2
	"$2"
	ask go 10000 >/dev/null
	settle
	before=$(cpu_ns "$TRACER")
	read -r cpu_pair clock_pair <<<"$(ask go $n)"
	settle
	calc "($(cpu_ns "$TRACER") - $before) / ($n * 4)" >>"$T/flood.$1"
	echo "$cpu_pair" >>"$T/flood.pair"
	awk "BEGIN { print 4e9 / $clock_pair }" >>"$T/flood.rate"
	finish_trace
	[ ! -f "$T/events" ] || disk $((n * 4))
	rm -f "$T"/events*
	stop_pairs
}

measure_flood() {
	local i
	for ((i = 0; i < floods; i++)); do
		flood file start_trace
		flood null start_null
	done
	report "two threads: malloc and free" ns <"$T/flood.pair"
	report "two threads: events made" events/s <"$T/flood.rate"
	report "mwbpf's CPU time, to a file" ns/event <"$T/flood.file"
	report "mwbpf's CPU time, to /dev/null" ns/event <"$T/flood.null"
	awk '{ print 1e9 / $1 }' "$T/flood.file" | report "events to a file, one CPU" events/s ">= 1000000"
	report "JSON of an event" bytes <"$T/disk.plain"
	if [ -f "$T/disk.zstd" ]; then
		report "... compressed by zstd" bytes <"$T/disk.zstd"
	else
		missing "... compressed by zstd" bytes "zstd is not installed (sudo make bench-deps)"
	fi
}

measure_feed() {
	local i live
	for live in 1 1000 $held; do
		for ((i = 0; i < feeds; i++)); do
			"$BENCH/feed" 1000000 "$live" /dev/null || exit 1
		done | report "fed from memory, $live live" ns/event
		for ((i = 0; i < feeds; i++)); do
			"$BENCH/feed" 1000000 "$live" /dev/null summary || exit 1
		done | report "... with --summary" ns/event
	done
}

# A saved trace of ten million events, by 200 stacks, of 100,000 live blocks; wall clock.
measure_report() {
	local i
	build/tests/maketrace 10000000 100000 200 >"$T/made" 2>/dev/null
	for ((i = 0; i < feeds; i++)); do
		TIMEFORMAT=%R
		{ time "$MWBPF" report "$T/made" >/dev/null; } 2>&1
	done | report "report on 10 M events" s "<= 15"
	rm "$T/made"
}

measure_memory() {
	local n rss
	for n in $held; do
		start_pairs 1
		start_trace --min-size 1T # nothing is shown, but everything is kept
		ask go 600000 >/dev/null # once around the slots: its pages count from now on
		settle
		rss=$(status_kib VmRSS)
		ask hold "$n" >/dev/null
		settle
		[ "$n" != "${held%% *}" ] ||
			awk "BEGIN { print $rss / 1024 }" | report "memory without live blocks" MiB
		awk "BEGIN { print ($(status_kib VmRSS) - $rss) * 1024 / $n }" |
			report "memory, $n live blocks" bytes/block "<= 64"
		awk "BEGIN { print ($(status_kib VmHWM) - $rss) * 1024 / $n }" |
			report "... at its peak" bytes/block "<= 64"
		end_trace
		stop_pairs
	done
}

# deep NAME DEPTH: nanoseconds a block of the Python program at that depth, tenth of forty.
deep() {
	ask "$2 1000" >/dev/null
	for _ in {1..40}; do ask "$2 1000"; done | sort -g | sed -n 4p >>"$T/$1.$2"
}

# stacks_of PYTHON: what a Python stack adds to a malloc and free, by its depth.
stacks_of() {
	local python=$1 name depth i depths="1 10 20 50 100"
	name=$(basename "$python")
	start_deep "$python"
	for ((i = 0; i < stackings; i++)); do
		deep "$name.untraced" 1
		start_trace --events heap --stack=none
		for depth in $depths; do deep "$name.none" "$depth"; done
		end_trace
		start_trace --events heap --stack=python
		for depth in $depths; do deep "$name.python" "$depth"; done
		end_trace
	done
	stop_pairs
	for depth in $depths; do
		paste "$T/$name.python.$depth" "$T/$name.none.$depth" "$T/$name.untraced.1" |
			awk '{ print 100 * ($1 - $2) / ($2 - $3) }' |
			report "$depth frames of $name add to an event" % \
				$([ "$depth" -ne 20 ] || echo "<=60")
	done
}

# one_of_each_python: the distribution's first.
one_of_each_python() {
	pythons | grep -E '/python3\.(9|11|13)$' | sort -r | awk -F/ '!seen[$NF]++'
}

measure_stacks() {
	local python
	for python in $(one_of_each_python); do
		stacks_of "$python"
		[ -z "${QUICK:-}" ] || break
	done
}

# attach_to NAME PID: how long until the probes are in, and until mwbpf has ended.
attach_to() {
	local from i
	PAIRS=$2
	for ((i = 0; i < attaches; i++)); do
		start_trace
		sed -n 's/.*links, \([0-9.]*\) ms after the start.*/\1/p' "$T/events.err" >>"$T/in.$1"
		from=$(now_us)
		end_trace
		awk "BEGIN { print ($(now_us) - $from) / 1000 }" >>"$T/out.$1"
	done
	report "attach to $1" ms "<= 300" <"$T/in.$1"
	report "detach from $1, and end" ms <"$T/out.$1"
}

measure_attach() {
	local python
	start_pairs 1
	attach_to pairs "$PAIRS"
	stop_pairs
	python=$(pythons | tail -n 1)
	[ -n "$python" ] || return 0
	start_program "$T/python" "${OWN[@]}" "$python" -c 'print("ready", flush=True); input()' || exit 1
	attach_to "$(basename "$python")" "$PROGRAM"
	stop "$PROGRAM"
}

