# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# checks.bash - what must hold after any run: said clearly, written whole, nobody harmed.

# Long enough for a run on a machine that does much else; longer is a hang.
HANG=60

# within COMMAND...: fails with 124 when it hangs.
within() {
	timeout -s KILL --foreground "$HANG" "$@"
}

# walk OUT ARGS...: JSON lines of a walk.
walk() {
	within "$MWBPF" walk --json -o "$1" "${@:2}"
}

# one_error TEXT PATTERN: exactly one line for a person, which says what matters.
one_error() {
	local text=$1 pattern=$2
	if [ "$(wc -l <<<"$text")" -ne 1 ] || ! [[ $text == "mwbpf: "* ]] || ! [[ $text =~ $pattern ]]; then
		printf 'wanted one line "mwbpf: ..." with /%s/, got:\n%s\n' "$pattern" "$text" | cat -v >&2
		return 1
	fi
}

# errors FILE: what mwbpf wrote to stderr, without the summary.
errors() {
	sed -e '/^process [0-9]* .*; the trace ended by/,/^COMPLETENESS: /d' -e '/^  [0-9l]/d' "$1"
}

# no_control FILE: no byte below space but line ends, no DEL, no C1 control, only UTF-8.
no_control() {
	iconv -f UTF-8 -t UTF-8 "$1" >/dev/null || return 1
	if LC_ALL=C grep -qaP '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$1"; then
		LC_ALL=C grep -anP '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$1" | cat -v >&2
		return 1
	fi
}

# ends_line FILE: its last byte is a line end, or it is empty.
ends_line() {
	case $(tail -c 1 "$1" | od -An -tx1) in
	"" | " 0a") ;;
	*) return 1 ;;
	esac
}

# lines_valid FILE: each whole line is one JSON object with a type; the first is the header.
lines_valid() {
	/usr/bin/python3 "$MWBPF_ROOT/tests/lib/lines.py" "$1"
}

# complete FILE: valid to its last byte, and the last line is the summary.
complete() {
	lines_valid "$1" || return 1
	ends_line "$1" && tail -n 1 "$1" | grep -q '^{"type":"summary"' && return
	echo "$1 does not end in a summary:" >&2
	tail -n 2 "$1" >&2
	return 1
}

# events FILE JQ: how many records satisfy a condition.
events() {
	jq -n "[inputs | select($2)] | length" "$1"
}

# balanced FILE PID N SIZE: N blocks of SIZE bytes were allocated and freed by PID, nothing lost.
balanced() {
	local got
	got=$(jq -nc --argjson pid "$2" --argjson size "$4" '
		[inputs] | [
			map(select(.type == "malloc" and .pid == $pid and .size == $size)),
			map(select(.type == "free" and .pid == $pid and .size == $size)) | length
		] + [map(select(.type == "summary")) | .[0].completeness.lost]' "$1") || return 1
	[ "$got" = "[$3,$3,0]" ] && return
	echo "process $2, $4 bytes: wanted [malloc, free, lost] [$3,$3,0], got $got" >&2
	return 1
}

# probes_of HEADER_FILE PID: "ADDRESS OFFSET FILE" of each probe.
probes_of() {
	head -n 1 "$1" | jq -r --argjson pid "$2" '
		.probes[] | select(.pid == $pid) | "\(.addr) \(.offset) \(.file)"'
}

# code_restored PID PROBES: the code at each probe is what its file holds, soon: behind a
# grace period or two of the kernel.
code_restored() {
	local try
	for ((try = 0; try < 300; try++)); do
		"$PROGRAMS/samecode" "$1" <<<"$2" 2>/dev/null && return
		pause
	done
	"$PROGRAMS/samecode" "$1" <<<"$2"
}

# trace FILE ARGS...: start_mwbpf into a file that is not there yet, so that the header seen
# is not that of the trace before.
trace() {
	rm -f "$1"
	start_mwbpf "$@"
}

# mappings PID: without what the kernel adds to a process that was ever probed.
mappings() {
	grep -vE '\[(uprobes|uprobes-trampoline)\]$' "/proc/$1/maps"
}

# bpf_ids: every BPF program and link there is, one "prog ID" or "link ID" a line.
bpf_ids() {
	local bpftool
	bpftool=$(PATH=$PATH:/usr/sbin:/sbin command -v bpftool) || return 1
	"$bpftool" -j prog show | jq -r '.[] | "prog \(.id)"'
	"$bpftool" -j link show | jq -r '.[] | "link \(.id)"'
}

# held_ids: those that a living process holds by a descriptor.
held_ids() {
	cat /proc/[0-9]*/fdinfo/* 2>/dev/null | awk '
		$1 == "prog_id:" { print "prog " $2 }
		$1 == "link_id:" { print "link " $2 }'
}

# bpf_before, bpf_gone: between them no program, link, pin or mount may be left over. Other
# tracers may come and go: theirs are held by somebody, what was left behind is not. The
# kernel frees both some time after the last descriptor is closed.
bpf_before() {
	bpf_ids | sort -u >"$T/bpf.before" || skip "bpftool is missing"
	left_on_disk >"$T/disk.before"
}

bpf_gone() {
	local try
	for ((try = 0; try < 200; try++)); do
		bpf_ids | sort -u | comm -13 "$T/bpf.before" - >"$T/bpf.new"
		held_ids | sort -u | comm -23 "$T/bpf.new" - >"$T/bpf.left"
		[ -s "$T/bpf.left" ] || break
	done
	if [ -s "$T/bpf.left" ]; then
		echo "left over and held by nobody:" >&2
		cat "$T/bpf.left" >&2
		return 1
	fi
	left_on_disk | diff "$T/disk.before" - >&2
}

left_on_disk() {
	grep -E ' (tracefs|debugfs|bpf) ' /proc/self/mounts || : # none
	find /sys/fs/bpf -mindepth 1 2>/dev/null | sort
}

# start_worker NAME COMMAND...: start_program of a program that takes orders, see
# worker.c. Sets $PROGRAM, $GO and $WORKER_OUT for ask.
start_worker() {
	WORKER_OUT=$T/$1
	start_program "$WORKER_OUT" "${@:2}"
}

# ask WORDS...: give an order to the worker and wait; its answer is $ANSWER.
ask() {
	local n
	n=$(grep -c "^done " "$WORKER_OUT") || : # none yet
	n=$((n + 1))
	(echo "$*" >&"$GO") || return 1 # a subshell: SIGPIPE when the worker is dead
	wait_line "$WORKER_OUT" "^done $n " "$PROGRAM" || return 1
	ANSWER=$(sed -n "s/^done $n //p" "$WORKER_OUT")
}

# works: the worker lives and still does what it is told.
works() {
	ask alloc 10 100
}

# start_churn OUT: four threads that allocate all the time, on however few processors; nice,
# so that the rest of a test gets on. An environment may be given: VARIABLE=VALUE...
start_churn() {
	start_program "$1" env "${@:2}" nice -n 10 "$PROGRAMS/churn"
}

# churn_works OUT: a churn program, answering to $GO, goes on and is never wrong.
churn_works() {
	local n before now wrong try=0
	n=$(grep -c "^at " "$1") || : # none yet
	before=$(tail -n 1 "$1" | awk '{ print $2 + 0 }')
	while :; do
		n=$((n + 1))
		(echo >&"$GO") || return 1
		until [ "$(grep -c '^at ' "$1")" -ge "$n" ]; do
			kill -0 "$PROGRAM" 2>/dev/null || { echo "churn is dead" >&2; return 1; }
			pause
		done
		read -r _ now wrong < <(tail -n 1 "$1")
		[ "$wrong" = 0 ] || { echo "churn: $wrong rounds went wrong" >&2; return 1; }
		[ "$now" -gt "$before" ] && return
		try=$((try + 1))
		[ "$try" -lt 3000 ] || { echo "churn: no round was finished" >&2; return 1; }
	done
}
