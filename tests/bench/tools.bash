# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# tools.bash - the tools that are measured, the work they are measured on, and how their
# words are read. Another tool, or another verb of mwbpf, is a row.

# What is done: how often untraced, and under each class of tools, as long as it takes.
# left: the blocks that it leaves for each time. sort: which tools do it, which program it is.
# when: always, or only in the full benchmark.
#
# name   | untraced  light     trap      machine   ptrace | left | sort   | when   | command   | what it is
WORKLOADS_TABLE='
pairs    | 5000000   500000    100000    500000    2000   | 0    | c      | always | pairs N   | C: malloc and free
leak     | 30000     30000     30000     30000     2000   | 1    | c      | full   | leak N    | C: malloc without free, at 30,000 sizes
threads2 | 5000000   500000    100000    500000    2000   | 0    | c      | full   | pairs N 2 | C: malloc and free, 2 threads
threads8 | 5000000   500000    100000    500000    2000   | 0    | c      | full   | pairs N 8 | C: malloc and free, 8 threads
json     | 1000      1000      1000      100       20     | 0    | python | always | json N    | Python: json churn
strings  | 10000     10000     5000      500       50     | 0    | python | full   | strings N | Python: string work
ints     | 2000      500       2000      200       200    | 0    | python | full   | ints N    | Python: int work
pyleak   | 20000     10000     10000     5000      200    | 3    | python | always | leak N    | Python: leaking at three lines
start    | 1         1         1         1         1      | 0    | start  | full   | -         | Python: start-up, to the first line
live     | 10000000  10000000  1500000   1000000   0      | 1    | c      | full   | hold N    | C: small blocks, all live
'

# name      what the row is called
# needs     the command that must be there
# how       attach: to a held program; under: the program is started by it
# class     the column of WORKLOADS_TABLE that says how much it is given to do
# sorts     of work it can do
# when      always, or only in the full benchmark
# ready     how one knows that it is attached: is_ready_NAME
# seen      how the allocations it saw are read: seen_NAME; -: it counts none
# lost      how it says what it lost: lost_NAME; -: it does not; never: the program waits for it
# command   with $PID and $LIBC of the target, $OUT the file to write to
#
# name                    | needs          | how    | class   | sorts          | when   | ready   | seen        | lost    | command
TOOLS_TABLE='
floor                     | -              | attach | light   | c              | always | said    | -           | -       | "$BENCH/floor" slid "$PID"
floor, at the entries     | -              | attach | trap    | c              | always | said    | -           | -       | "$BENCH/floor" naive "$PID"
mwbpf, no stack           | -              | attach | light   | c python start | always | header  | mwbpf       | mwbpf   | "$MWBPF" --json --stack=none -o "$OUT" --pid "$PID"
mwbpf, Python stack       | -              | attach | light   | python start   | always | header  | mwbpf       | mwbpf   | "$MWBPF" --json --stack=python -o "$OUT" --pid "$PID"
mwbpf, ... heap only      | -              | attach | light   | python start   | always | header  | mwbpf       | mwbpf   | "$MWBPF" --json --stack=python --events heap -o "$OUT" --pid "$PID"
mwbpf, native stack       | -              | attach | light   | c python start | full   | header  | mwbpf       | mwbpf   | "$MWBPF" --json --stack=native -o "$OUT" --pid "$PID"
mwbpf, summary only       | -              | attach | light   | c python start | full   | words   | summary     | summary | "$MWBPF" -v --summary --format json --pid "$PID"
bcc memleak               | memleak-bpfcc  | attach | trap    | c python start | always | trap    | outstanding | -       | "${BCC[@]}" memleak-bpfcc -p "$PID" -T 1000 5
libbpf memleak            | memleak        | attach | trap    | c python start | full   | trap    | outstanding | -       | "${OWN[@]}" stdbuf -oL memleak -p "$PID" -T 1000 5
bpftrace, counting        | bpftrace       | attach | trap    | c python start | always | trap    | bpftrace    | bpftrace| bpftrace -e "$(bpftrace_script)"
bpftrace, stacks          | bpftrace       | attach | trap    | c python start | full   | trap    | bpftrace    | bpftrace| bpftrace -e "$(bpftrace_script "@bytes[ustack] = sum(arg0);")"
perf probe, stat          | perf           | attach | trap    | c python start | always | trap    | perf_stat   | -       | "${TRACEFS[@]}" perf stat -x, -o "$OUT" -e "$PERF_EVENTS" -p "$PID"
perf probe, record -g     | perf           | attach | trap    | c python start | full   | trap    | perf_record | perf    | "${TRACEFS[@]}" perf record -q -g -o "$OUT" -e "$PERF_EVENTS" -p "$PID"
ltrace                    | ltrace         | attach | ptrace  | c python       | always | ptrace  | ltrace      | never   | ltrace -f -c -e malloc+calloc+realloc+free -o "$OUT" -p "$PID"
valgrind memcheck         | valgrind       | under  | machine | c python start | always | -       | memcheck    | never   | valgrind --leak-check=full --log-file="$OUT"
valgrind massif           | valgrind       | under  | machine | c python start | full   | -       | -           | never   | valgrind --tool=massif --massif-out-file="$OUT"
heaptrack                 | heaptrack      | under  | light   | c python start | always | -       | heaptrack   | never   | heaptrack -o "$OUT"
tracemalloc               | -              | under  | light   | python start   | always | -       | -           | never   | env PYTHONTRACEMALLOC=1
tracemalloc, 25 frames    | -              | under  | machine | python start   | full   | -       | -           | never   | env PYTHONTRACEMALLOC=25
'

# Why a command may not be there; another one is not installed.
why_missing() {
	case $1 in
	memleak) echo "Debian 12's libbpf-tools has no memleak (13's has)" ;;
	*) echo "$1 is not installed (sudo make bench-deps)" ;;
	esac
}

#
# What tools need
#

# It is filtered by the process, because -p of Debian 12's bpftrace does not filter uprobes.
# free is last: when it is there, all are.
bpftrace_script() {
	local of=$LIBC
	echo "uprobe:$of:malloc,uprobe:$of:calloc,uprobe:$of:realloc /pid == $PID/ { @allocs = count(); $*}
	      uprobe:$of:free /pid == $PID/ { @frees = count(); }"
}

# perf wants tracefs mounted, and would leave it mounted: it gets a mount of its own.
TRACEFS=(unshare -m sh -c 'mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing
	exec "$@"' sh)
PERF_GROUP=mwbpf_bench_$$
PERF_EVENTS=$(printf "$PERF_GROUP:%s," malloc calloc realloc)$PERF_GROUP:free

# perf_prepare: its events are the machine's until leave_rivals.
perf_prepare() {
	local of adds=()
	for of in malloc calloc realloc free; do adds+=(--add "$PERF_GROUP:$of=$of"); done
	perf_made=1
	"${TRACEFS[@]}" perf probe -q -x "$LIBC" "${adds[@]}" 2>"$T/perf.err"
}

leave_rivals() {
	[ -z "${perf_made:-}" ] || "${TRACEFS[@]}" perf probe -q -d "$PERF_GROUP:*" 2>/dev/null
	perf_made=
}

# bcc_prepare: it compiles against the kernel's headers. Where the running kernel's are not
# there, Debian's do: of what memleak uses nothing differs. They are in two trees; bcc can
# look into one.
bcc_prepare() {
	local common
	BCC=(env PYTHONUNBUFFERED=1)
	[ ! -d "/lib/modules/$(uname -r)/build" ] || return 0
	common=$(ls -d /usr/src/linux-headers-*-common 2>/dev/null | sort -V | tail -n 1)
	[ -n "$common" ] || { why="no kernel headers (sudo make bench-deps)"; return 1; }
	mkdir "$T/headers" && cp -rs "$common/." "$T/headers/" &&
		cp -rsf "${common%common}amd64/." "$T/headers/" 2>/dev/null
	BCC+=(BCC_KERNEL_SOURCE="$T/headers")
}

#
# When a tool is attached
#

is_ready_said() {
	grep -q '^ready' "$OUT.out"
}

is_ready_header() {
	[ -s "$OUT" ] && grep -qm 1 '^{"type":"header"' "$OUT"
}

# what mwbpf says where it writes no header
is_ready_words() {
	grep -q 'attached by' "$OUT.err"
}

# poll, select, nanosleep, clock_nanosleep, epoll_wait, pselect6, ppoll, epoll_pwait
WAITING=" 7 23 35 230 232 270 271 281 "

# The kernel's breakpoints are in malloc and, what all tools probe last, in free; and the tool
# waits for something: perf has its probes before it lets them count.
is_ready_trap() {
	local base call
	read -r call _ <"/proc/$TRACER/syscall" && [[ $WAITING == *" $call "* ]] || return
	base=$(awk -v f="$LIBC" '$6 == f && $3 == "00000000" { sub(/-.*/, "", $1); print $1; exit }' "/proc/$PID/maps")
	[ -n "$base" ] && trap_at $((0x$base + MALLOC)) && trap_at $((0x$base + FREE))
}

trap_at() {
	[ "$(dd if="/proc/$PID/mem" bs=1 count=1 skip="$1" status=none | od -An -tx1)" = " cc" ]
}

# It goes on after ltrace has stopped it and set its own breakpoints.
is_ready_ptrace() {
	awk '/^State:/ { state = $2 } /^TracerPid:/ { by = $2 } END { exit !(by && state == "S") }' "/proc/$PID/status"
}

#
# What tools say: $OUT is the tool's file, $OUT.out and $OUT.err what it printed
#

seen_mwbpf() {
	summary "$OUT" .allocs
}

lost_mwbpf() {
	summary "$OUT" .completeness.lost
}

# of --summary
seen_summary() {
	jq .allocs "$OUT.out"
}

lost_summary() {
	jq .lost "$OUT.out"
}

# Of its last report, what is outstanding.
seen_outstanding() {
	last_report | awk '/ bytes in [0-9]+ allocations / { n += $4 } END { print n + 0 }'
}

last_report() {
	awk '/outstanding allocations/ { text = "" } { text = text $0 "\n" } END { printf "%s", text }' "$OUT.out"
}

seen_bpftrace() {
	sed -n 's/^@allocs: //p' "$OUT.out"
}

lost_bpftrace() {
	sed -n 's/^Lost \([0-9]*\) events.*/\1/p' "$OUT.out" "$OUT.err" | awk '{ n += $1 } END { print n + 0 }'
}

seen_perf_stat() {
	awk -F, '/alloc/ { n += $1 } END { print n + 0 }' "$OUT"
}

seen_perf_record() {
	perf_stats | awk '/^.*alloc stats:/ { on = 1; next } /stats:/ { on = 0 } on && /SAMPLE events:/ { n += $3 } END { print n + 0 }'
}

# Its statistics count the records that tell of losses, each of many events.
lost_perf() {
	if perf_stats | grep -qE '^ +LOST(_SAMPLES)? events:'; then
		perf report -D -i "$OUT" 2>/dev/null | grep -oE ': lost( samples )?:[0-9]+' |
			awk -F: '{ n += $3 } END { print n + 0 }'
	else
		echo 0
	fi
}

perf_stats() {
	perf report --stats -i "$OUT" 2>/dev/null
}

seen_ltrace() {
	awk '$5 ~ /alloc$/ { n += $4 } END { print n + 0 }' "$OUT"
}

seen_memcheck() {
	sed -n 's/.*total heap usage: \([0-9,]*\) allocs.*/\1/p' "$OUT" | tr -d ,
}

seen_heaptrack() {
	heaptrack_print "$(ls "$OUT".zst "$OUT".gz 2>/dev/null)" 2>/dev/null >"$OUT.report"
	sed -n 's/^calls to allocation functions: \([0-9]*\).*/\1/p' "$OUT.report"
}

# lines_named: how many of the leaking lines are in what the tool says in the end.
lines_named() {
	local file=tests/bench/workloads/work.py line n=0
	said >"$T/said"
	for line in $(grep -n '# leaks$' "$file" | cut -d: -f1); do
		grep -qE "work\.py[:\",)]*( line )?$line([^0-9]|$)" "$T/said" && n=$((n + 1))
	done
	echo "$n"
}

# said: mwbpf's stream is asked for what is live in the end, as `jq` would be by its user.
said() {
	case $tool in
	"mwbpf, summary"*) jq -r '.sites[].frames[] | "\(.file):\(.line)"' "$OUT.out" ;;
	mwbpf*) jq -rn '
		reduce (inputs | select(.addr and (.type == "free" or .size))) as $e ({};
			del(.[$e.old_addr // ""]) |
			if $e.type == "free" then del(.[$e.addr]) else .[$e.addr] = $e.at end) |
		.[] | select(.)' "$OUT" | sort | uniq -c | awk '$1 >= 100' ;;
	"valgrind massif") ms_print "$OUT" ;;
	"perf probe, record"*) perf report --stdio -i "$OUT" 2>/dev/null ;;
	*) cat "$OUT" "$OUT.out" "$OUT.err" "$OUT.report" 2>/dev/null ;;
	esac
}
