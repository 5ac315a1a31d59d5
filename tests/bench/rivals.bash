# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# rivals.bash - each workload untraced and under each tool, in turn: A B A B ...

if [ -n "${QUICK:-}" ]; then
	most=3 least=2 seconds=1 less=5
else
	most=7 least=3 seconds=3 less=1
fi
PATIENCE=30 # seconds: what takes longer does not work
ENDING=10   # seconds: a tool that takes longer to end is killed

declare -A column=([untraced]=1 [light]=2 [trap]=3 [machine]=4 [ptrace]=5)
declare -A known       # how many allocations a workload makes, by what it does
declare -A traced_ns   # what the summary is made from: a time's traced nanoseconds, by row
declare -A attached_of # whether a tool attaches

# table TEXT: its rows, fields without the spaces around them and separated by tabs.
table() {
	sed -E '/^$/d; s/[ \t]*\|[ \t]*/\t/g; s/^[ \t]+|[ \t]+$//g' <<<"$1"
}

# chosen NAME WHEN [WORD...]: whether it begins with one of the words, or, without words, it
# is time for it.
chosen() {
	local name=$1 when=$2 word
	shift 2
	[ $# -gt 0 ] || { [ -z "${QUICK:-}" ] || [ "$when" = always ]; return; }
	for word; do [[ $name == "$word"* ]] && return 0; done
	return 1
}

# await SECONDS PID COMMAND...: until the command succeeds; fails when the process has ended.
await() {
	local until=$((SECONDS + $1)) pid=$2
	shift 2
	until "$@"; do
		kill -0 "$pid" 2>/dev/null && [ "$SECONDS" -lt "$until" ] || { "$@"; return; }
		pause
	done
}

has() {
	grep -q "$1" "$2" 2>/dev/null
}

# command_of N: the words of the workload's program, as often as that.
command_of() {
	case $sort in
	c) COMMAND=("$BENCH/heap" ${does//N/$1}) ;;
	python) COMMAND=(/usr/bin/python3 tests/bench/workloads/work.py ${does//N/$1}) ;;
	start) COMMAND=(/usr/bin/python3 -c 'import os, time
print("took", time.monotonic_ns() - int(os.environ["FROM_NS"]), time.process_time_ns(), flush=True)
input()') ;;
	esac
}

# start_target N [TOOL WORDS...]: held before it begins; its pid is $PID.
start_target() {
	local under=("${@:2}")
	command_of "$1"
	[ "$sort" != start ] || under=("$BENCH/heap" exec "${under[@]}")
	rm -f "$T/target"*
	mkfifo "$T/target.in"
	PYTHONHASHSEED=0 "${OWN[@]}" "${under[@]}" "${COMMAND[@]}" <"$T/target.in" >"$T/target" 2>"$T/target.err" &
	PID=$!
	started "$PID"
	exec {GO}<>"$T/target.in" # to read, too: nothing breaks when the program has ended
	await $PATIENCE "$PID" has ^ready "$T/target"
}

# run_target: lets it do its work; what it took is $TOOK, its own CPU time $TOOK_CPU.
run_target() {
	go
	await $PATIENCE "$PID" has ^took "$T/target" || return
	read -r _ TOOK TOOK_CPU < <(grep ^took "$T/target")
}

# end_target: it ends by itself, when it is told to or nobody tells it any more.
end_target() {
	go 2>/dev/null
	exec {GO}>&-
	await $PATIENCE "$PID" gone "$PID" || kill -KILL "$PID"
	wait "$PID" 2>/dev/null
}

gone() {
	! kill -0 "$1" 2>/dev/null
}

# count N: how many allocations the workload's program makes in all, by a recorder before libc.
count() {
	local fd
	exec {fd}>"$T/recorded"
	start_target "$1" env LD_PRELOAD="$PROGRAMS/recorder.so" RECORDER_FD="$fd" &&
		run_target && end_target
	exec {fd}>&-
	awk '$1 == "recorded" { print $2 }' "$T/recorded"
}

# know N: how many allocations the tool is to see, in $KNOWN: with a tool that attaches only
# what is made from then on, with one that only tells of leaks what is left.
know() {
	local n=$1 key="$workload $1 $how" kept_does=$does
	KNOWN=
	case $seen in
	-) return ;;
	outstanding) KNOWN=$((n * left)); [ "$left" -gt 0 ] || KNOWN=; return ;;
	esac
	if [ "$sort $how" = "c attach" ]; then
		KNOWN=$n
		return
	fi
	if [ -z "${known[$key]:-}" ]; then
		known[$key]=$(count "$n")
		if [ "$sort $how" = "python attach" ]; then
			does="nothing N"
			known[$key]=$((known[$key] - $(count "$n")))
			does=$kept_does
		fi
	fi
	KNOWN=${known[$key]}
}

# start_tool: attaches to $PID, and waits until it is; its pid is $TRACER.
start_tool() {
	local from
	rm -rf "$OUT"*
	from=$(now_us)
	eval "exec env --default-signal=INT $command" <&"$HELD" >"$OUT.out" 2>"$OUT.err" &
	TRACER=$!
	started "$TRACER"
	await $PATIENCE "$TRACER" "is_ready_$ready" || { why="did not attach: $(complaint)"; return 1; }
	calc "($(now_us) - $from) / 1000" >>"$T/row.attach"
}

# complaint: the last line that says something.
complaint() {
	cat "$OUT.err" "$T/target.err" 2>/dev/null | grep -E '[[:alpha:]]' | tail -n 1 | cut -c1-120
}

# stop_tool: as Ctrl-C does.
stop_tool() {
	local from
	awk '$1 == "VmRSS:" { print $2 / 1024 }' "/proc/$TRACER/status" >>"$T/row.memory" 2>/dev/null
	from=$(now_us)
	kill -INT "$TRACER" 2>/dev/null
	await $ENDING "$TRACER" gone "$TRACER" || kill -KILL "$TRACER"
	wait "$TRACER" 2>/dev/null
	calc "($(now_us) - $from) / 1000" >>"$T/row.end"
}

# A tool that tells of leaks does so every some seconds: the next report is waited for.
await_report() {
	local before
	[ "$seen" = outstanding ] && [ "$left" -gt 0 ] || return 0
	before=$(grep -c 'outstanding allocations' "$OUT.out")
	await 60 "$TRACER" has_report "$before"
	until ! await 1 "$TRACER" grows "$OUT.out" "$(stat -c %s "$OUT.out")"; do :; done
}

# has_report BEFORE: a report more than so many, and not only its heading: of many blocks the
# rest takes long.
has_report() {
	[ "$(grep -c 'outstanding allocations' "$OUT.out")" -gt "$1" ] && last_report | grep -q ' allocations from '
}

# grows FILE SIZE
grows() {
	[ "$(stat -c %s "$1")" -gt "$2" ]
}

# untraced N, attach N, under N: one measurement each; its time is $TOOK.
untraced() {
	start_target "$1" && run_target || { why="the program failed: $(complaint)"; return 1; }
	end_target
}

attach() {
	start_target "$1" || { why="the program failed: $(complaint)"; return 1; }
	start_tool && run_target || : "${why:=$(gone "$PID" && echo "the program died" || echo "the program did not end")}"
	[ -n "$why" ] || [ -n "${asked:-}" ] || await_report
	asked=1
	stop_tool
	end_target
	[ -z "$why" ]
}

under() {
	local words
	rm -rf "$OUT"*
	eval "words=($command)"
	start_target "$1" "${words[@]}" && run_target || why="failed: $(complaint)"
	end_target
	cp "$T/target" "$OUT.out"
	cp "$T/target.err" "$OUT.err"
	[ -z "$why" ]
}

# measure_row: $seconds long, but from $least to $most times.
measure_row() {
	local times=(${times_text}) n_untraced n_traced until i
	n_untraced=${times[0]}
	n_traced=${times[${column[$class]} - 1]}
	rm -f "$T/row."*
	[ "$n_traced" -gt 0 ] || { why="takes too long"; return 1; }
	n_traced=$(((n_traced + less - 1) / less))
	know "$n_traced"
	until=$((SECONDS + seconds)) asked=
	for ((i = 0; i < most; i++)); do
		untraced "$n_untraced" || return
		calc "$TOOK / $n_untraced" >>"$T/row.untraced"
		"$how" "$n_traced" || return
		calc "$TOOK / $n_traced" >>"$T/row.traced"
		calc "$TOOK_CPU / $n_traced" >>"$T/row.cpu"
		[ "$i" -gt 0 ] || judge
		[ "$i" -lt $((least - 1)) ] || [ "$SECONDS" -lt "$until" ] || break
	done
}

# judge: what it saw, named and lost, of the first time.
judge() {
	SEEN= LINES= LOST=
	[ "$seen" = - ] || [ -z "$KNOWN" ] || SEEN=$("seen_$seen")
	[ "$workload" != pyleak ] || [[ $tool == floor* ]] || LINES=$(lines_named)
	case $lost in
	-) ;;
	never) LOST=0 ;;
	*) LOST=$("lost_$lost") ;;
	esac
	[[ $tool != mwbpf* ]] || all_lost=$((all_lost + LOST))
}

# share SEEN KNOWN: in per cent, "all" when none is missing.
share() {
	awk -v seen="$1" -v known="$2" 'BEGIN {
		if (seen == "" || known == "") print "-"
		else if (seen >= known) print "all"
		else printf "%.4g %%\n", 100 * seen / known }'
}

row() {
	local ratio low high n ns
	prepare "$needs" && measure_row || { row_missing; return; }
	read -r ratio low high n < <(ratios row.traced row.untraced | quartiles)
	ns=$(quartiles <"$T/row.traced" | cut -d' ' -f1)
	traced_ns[$workload: $tool]=$ns
	printf '  %-24s %9s %9s  %8s  %8s .. %-8s %2d  %-8s %-6s %-9s %6s %6s %6s\n' "$tool" \
		"$(figure "$ns")" "$(middle cpu)" "$(figure "$ratio")" "$(figure "$low")" "$(figure "$high")" "$n" \
		"$(share "$SEEN" "$KNOWN")" "${LINES:+$LINES of 3}" "${LOST:-not said}" \
		"$(middle memory)" "$(middle attach)" "$(middle end)"
	record "$workload: $tool" ratio "$ratio" "$low" "$high" "$n" "" "" "$(jq -cn \
		--arg workload "$workload" --arg tool "$tool" --argjson traced_ns "$ns" \
		--argjson cpu_ns "$(middle cpu)" \
		--argjson untraced_ns "$(quartiles <"$T/row.untraced" | cut -d' ' -f1)" \
		--argjson seen "${SEEN:-null}" --argjson known "${KNOWN:-null}" \
		--argjson lines "${LINES:-null}" --argjson lost "${LOST:-null}" \
		'{$workload, $tool, $traced_ns, $cpu_ns, $untraced_ns, $seen, $known, $lines, $lost}')"
}

row_missing() {
	printf '  %-24s missing: %s\n' "$tool" "$why"
	record "$workload: $tool" ratio "" "" "" 0 "" "" "$(jq -cn --arg workload "$workload" \
		--arg tool "$tool" --arg missing "$why" '{$workload, $tool, $missing}')"
}

# middle WHAT: of the row, a whole number.
middle() {
	if [ -s "$T/row.$1" ]; then
		quartiles <"$T/row.$1" | awk '{ printf "%.0f", $1 }'
	else
		echo -
	fi
}

# prepare TOOL'S COMMAND: once; what fails is why rows are missing.
prepare() {
	why=
	[ "$1" = - ] || command -v "$1" >/dev/null || { why=$(why_missing "$1"); return 1; }
	case $1 in
	memleak-bpfcc) [ -n "${BCC:-}" ] || bcc_prepare ;;
	perf) [ -n "${perf_made:-}" ] || perf_prepare || why="cannot make its probes: $(tail -n 1 "$T/perf.err")" ;;
	esac
	[ -z "$why" ]
}

# rows: of the workload, every tool that does such work.
rows() {
	local tool needs how class sorts when ready seen lost command why
	printf '\n%s (%s)\n  %-24s %9s %9s  %8s  %8s .. %-8s %2s  %-8s %-6s %-9s %6s %6s %6s\n' "$title" "$workload" \
		tool "ns a time" "of CPU" ratio "half are" "" n seen lines lost MiB attach end
	while IFS=$'\t' read -r -u 8 tool needs how class sorts when ready seen lost command; do
		[[ " $sorts " == *" $sort "* ]] && chosen "$tool" "$when" ${TOOLS:-} || continue
		attached_of[$tool]=$how
		row
	done 8< <(table "$TOOLS_TABLE")
}

measure_rivals() {
	local workload times_text left sort when does title SEEN LINES LOST KNOWN TOOK TOOK_CPU PID all_lost=0
	OUT=$T/tool
	MALLOC=0x$(symbol malloc) FREE=0x$(symbol free)
	mkfifo "$T/held" && exec {HELD}<>"$T/held" # a tool's stdin: never ends, never says a thing
	while IFS=$'\t' read -r -u 9 workload times_text left sort when does title; do
		chosen "$workload" "$when" ${WORKLOADS:-} || continue
		rows
	done 9< <(table "$WORKLOADS_TABLE")
	exec {HELD}>&-
	leave_rivals
	lost=$((lost + all_lost))
	heading
	headlines
}

# headline MEASURE ROW ROW [TARGET]: how many times what the second takes the first does.
headline() {
	local a=${traced_ns[$2]:-} b=${traced_ns[$3]:-}
	[ -z "$a" ] || [ -z "$b" ] || calc "$a / $b" | report "$1" ratio "${4:-}"
}

headlines() {
	local key least= work
	for key in "${!traced_ns[@]}"; do
		[[ $key == pairs:* && $key != *mwbpf* && $key != *floor* ]] &&
			[ "${attached_of[${key#pairs: }]}" = attach ] || continue
		[ -n "$least" ] && [ "$(calc "${traced_ns[$key]} < ${traced_ns[$least]}")" = 0 ] || least=$key
	done
	[ -z "$least" ] ||
		headline "$least / mwbpf, no stack" "$least" "pairs: mwbpf, no stack" ">= 4"
	for work in json strings ints pyleak; do
		headline "$work: mwbpf, Python stack / memleak" "$work: mwbpf, Python stack" \
			"$work: bcc memleak" "< 1"
		headline "$work: ... without ints" "$work: mwbpf, ... heap only" "$work: bcc memleak"
	done
}

# symbol NAME: where it is in the C library.
symbol() {
	nm -D --defined-only "$LIBC" | awk -v n="$1" '{ sub(/@.*/, "", $3) } $3 == n { print $1; exit }'
}
