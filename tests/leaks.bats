#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# leaks.bats - what is lost, against valgrind and against programs that know it; and the
# target is none the worse for having been held.

bats_require_minimum_version 1.5.0

load lib/helpers
load lib/checks

DEBIAN_PYTHON=/usr/bin/python3
LEAKY=$PROGRAMS/leaky

setup_file() {
	load lib/helpers
	build leaky
}

setup() {
	need_root
	common_setup
}

teardown() {
	[ -z "${T:-}" ] || common_teardown
}

# checked ARGS...: trace with --leak-check=full, JSON lines to $T/trace, the rest to
# $T/trace.err; every line is as the schema says. Its status is mwbpf's.
checked() {
	local status=0
	"$MWBPF" --json -o "$T/trace" --leak-check=full --show-leak-kinds=all "$@" \
		2>"$T/trace.err" || status=$?
	valid || return 1
	return "$status"
}

valid() {
	"$DEBIAN_PYTHON" "$MWBPF_ROOT/tests/lib/validate.py" "$T/trace"
}

# kinds [WHEN]: bytes and blocks of the four kinds, of each scan a line.
kinds() {
	jq -r --arg when "${1:-}" 'select(.type == "leaks" and ($when == "" or .when == $when)) |
		if .failed then "failed: \(.failed)" else
		[.definite, .indirect, .possible, .reachable | .bytes, .blocks] | join(" ") end' "$T/trace"
}

# records FILE: what the loss records of a report say, in order; valgrind's or ours.
records() {
	sed -nE 's/^(==[0-9]+== *)?([0-9].* (lost|reachable)) in loss record.*/\2/p' "$1" | sort
}

# watch PROGRAM...: $PROGRAM in the background, traced by $TRACER; "go" makes it proceed.
watch() {
	start_program "$T/said" "$@"
	start_mwbpf "$T/trace" --leak-check=full --pid "$PROGRAM"
}

# look: SIGUSR1, and the N-th scan is there.
look() {
	kill -USR1 "$TRACER"
	wait_line "$T/trace" "^{\"type\":\"leaks\".*\"scan\":$1," "$TRACER"
}

untraced() {
	grep -q '^TracerPid:[[:space:]]*0$' "/proc/$PROGRAM/status"
}

@test "lists, trees, cycles, threads, TLS, registers: every loss record is valgrind's" {
	command -v valgrind >/dev/null || skip "valgrind is missing"
	checked -- "$LEAKY" all
	valgrind --leak-check=full --show-leak-kinds=all --run-libc-freeres=no "$LEAKY" all \
		2>"$T/valgrind"
	[ "$(records "$T/valgrind" | wc -l)" -gt 30 ]
	diff <(records "$T/valgrind") <(records "$T/trace.err")
	sums() { sed -nE 's/.*((definitely|indirectly|possibly) lost|still reachable): (.*)/\1 \3/p' "$1"; }
	diff <(sums "$T/valgrind") <(sums "$T/trace.err")
}

@test "a C++ program: arrays with counts, inheritance, exceptions" {
	command -v valgrind >/dev/null && command -v g++ >/dev/null || skip "valgrind or g++ is missing"
	cat >"$T/a.cc" <<-'END'
		#include <map>
		#include <string>
		#include <vector>
		struct named { std::string name; virtual ~named() {} long x; };
		named *kept_array, *volatile lost_array;
		std::map<std::string, std::vector<named *>> *book;
		__attribute__((noinline)) void work()
		{
			kept_array = new named[10];
			lost_array = new named[11];
			book = new std::map<std::string, std::vector<named *>>;
			for (int i = 0; i < 50; i++)
				(*book)[std::string(40 + i, 'x')].push_back(new named);
			try { throw std::string(100, 'y'); } catch (std::string &) {}
		}
		__attribute__((noinline)) void scrub()
		{
			volatile char room[20000];
			for (unsigned i = 0; i < sizeof(room); i++) room[i] = 0;
		}
		int main() { work(); lost_array = nullptr; scrub(); }
	END
	g++ -O0 -g "$T/a.cc" -o "$T/a"
	checked -- "$T/a"
	valgrind --leak-check=full --run-libc-freeres=no --run-cxx-freeres=no "$T/a" 2>"$T/valgrind"
	sums() { sed -nE 's/.*((definitely|indirectly|possibly) lost|still reachable): (.*)/\1 \3/p' "$1"; }
	diff <(sums "$T/valgrind") <(sums "$T/trace.err")
}

@test "the essay's two Points: definitely lost: 16 bytes in 2 blocks" {
	run -0 --separate-stderr "$MWBPF" --leak-check=summary -o "$T/out" -- "$LEAKY" P
	grep -qx '   definitely lost: 16 bytes in 2 blocks' <<<"$stderr"
	grep -qx '   still reachable: 0 bytes in 0 blocks' <<<"$stderr"
}

@test "what is suppressed is not listed, and summed up by itself, as valgrind does" {
	printf '%s\n' '# known' 'leak:poi*s' >"$T/known"
	checked --suppressions "$T/known" -- "$LEAKY" Pl
	grep -qx '        suppressed: 16 bytes in 2 blocks' "$T/trace.err"
	grep -qx '   definitely lost: 40 bytes in 1 blocks' "$T/trace.err" # of the list
	! grep -q ': points ' "$T/trace.err"
	[ "$(jq -r 'select(.type == "leak") | "\(.suppressed) \(.at)"' "$T/trace" | grep -c '^poi\*s points')" -ge 1 ]
	"$MWBPF" report --suppressions "$T/known" --format json "$T/trace" | jq -e '.suppressed.blocks >= 2' >/dev/null
}

@test "a static program, whose library keeps blocks where nobody can write, and its TLS on the heap" {
	cat >"$T/a.c" <<-'END'
		#include <stdlib.h>
		__thread void *volatile local;
		void *volatile lost;
		int main(void) { local = malloc(100); lost = malloc(50); lost = 0; return 0; }
	END
	gcc -static -O0 "$T/a.c" -o "$T/a"
	checked -- "$T/a"
	[[ $(kinds) == "50 1 0 0 0 0 "* ]]
}

@test "a report of a file says what the live one says" {
	"$MWBPF" --summary --leak-check=summary --json -o "$T/trace" -- "$LEAKY" ltcbPz >"$T/live" 2>/dev/null
	grep -qx '   definitely lost: 824 bytes in 7 blocks' "$T/live"
	grep -qE ' proven +points' "$T/live"
	"$MWBPF" report "$T/trace" | diff "$T/live" -
}

@test "however the program ends, it is held and its status is its own" {
	local end status
	for end in return:0 exit:3 _exit:4 abort:134; do
		status=0
		checked -- "$LEAKY" ltcbz "${end%:*}" || status=$?
		[ "$status" -eq "${end#*:}" ] || { echo "$end: $status" >&2; return 1; }
		kinds exit | diff <(echo 808 5 640 12 0 0 0 0) - || { echo "$end" >&2; return 1; }
	done
	# SIGKILL leaves no time, and that is said
	run -137 checked -- "$LEAKY" ltcbz kill
	grep -qx 'failed: .*SIGKILL' <<<"$(kinds)"
}

@test "the first thread leaves, the others go on, then all end by a signal" {
	local status=0 when
	"$MWBPF" --json -o "$T/trace" --leak-check=full -- "$LEAKY" ltcbz leave \
		>"$T/said" 2>"$T/trace.err" &
	TRACER=$!
	started "$TRACER"
	wait_line "$T/said" '^ready' "$TRACER"
	PROGRAM=$(sed -n 's/^ready //p' "$T/said")
	started "$PROGRAM"
	wait_line "/proc/$PROGRAM/status" '^State:.*zombie' "$PROGRAM" # of the first thread
	look 1
	kill -TERM "$PROGRAM"
	wait "$TRACER" || status=$?
	[ "$status" -eq 143 ]
	valid
	for when in signal exit; do
		[[ $(kinds $when) == "808 5 640 12 "* ]]
	done
}

@test "snapshots of a busy program, which goes on unharmed" {
	watch "$LEAKY" all busy
	for n in 1 2 3 4 5; do
		look $n
	done
	go
	wait_line "$T/said" '^done' "$PROGRAM"
	wait "$PROGRAM"
	wait "$TRACER"
	valid
	# all graphs are older than the trace; what the threads hold for a moment is not lost
	[ "$(kinds signal | grep -c '^0 0 0 0 ')" -eq 5 ]
	[ "$(kinds exit | grep -c '^0 0 0 0 ')" -eq 1 ]
}

@test "blocks from before the trace may point to younger ones" {
	watch "$LEAKY" oP again
	go
	wait_line "$T/said" '^ready.*' "$PROGRAM"
	until [ "$(grep -c '^ready' "$T/said")" -eq 2 ]; do
		kill -0 "$PROGRAM"
		pause
	done
	stop_mwbpf
	valid
	untraced
	[ "$(kinds end)" = "16 2 0 0 0 0 456 1" ]
	jq -se '[.[] | select(.type == "leaks")][0] | .before == {bytes: 456, blocks: 1} and
		(.unknown | contains("before the trace"))' "$T/trace" >/dev/null
	grep -q '456 bytes in 1 blocks are found only through memory' "$T/trace.err"
	go
	wait "$PROGRAM"
}

@test "a program that another one traces: said, and not searched" {
	watch "$LEAKY" P busy
	run -0 --separate-stderr "$MWBPF" --leak-check=full -d 0.1 -o "$T/out" --pid "$PROGRAM"
	grep -q "process $PROGRAM is not searched for leaks: another program traces it" <<<"$stderr"
	look 1
	stop_mwbpf
	untraced
	go
	wait "$PROGRAM"
}

@test "a stopped program stays stopped, and goes on when it is told to" {
	start_program "$T/said" "$LEAKY" P busy
	kill -STOP "$PROGRAM"
	wait_line "/proc/$PROGRAM/status" '^State:.*stopped' "$PROGRAM"
	start_mwbpf "$T/trace" --leak-check=full --pid "$PROGRAM"
	look 1
	grep -qE '^State:.*(stopped|tracing stop)' "/proc/$PROGRAM/status"
	kill -CONT "$PROGRAM"
	wait_line "/proc/$PROGRAM/status" '^State:.*(running|sleeping)' "$PROGRAM"
	kill -STOP "$PROGRAM"
	look 2
	stop_mwbpf
	untraced
	wait_line "/proc/$PROGRAM/status" '^State:.*T \(stopped\)' "$PROGRAM"
	kill -CONT "$PROGRAM"
	go
	wait_line "$T/said" '^done' "$PROGRAM"
	wait "$PROGRAM"
}

@test "of mappings that are hardly used, what is used is searched" {
	build sparse
	checked -- "$PROGRAMS/sparse" 1000
	# they are writable 4 TiB
	jq -se '[.[] | select(.type == "leaks")][0] | .definite == {bytes: 1000000, blocks: 500} and
		.reachable == {bytes: 500000, blocks: 500} and .scanned < 100000000' "$T/trace" >/dev/null
}

@test "mwbpf is stopped from the terminal while it holds the program: that goes on first" {
	start_program "$T/said" "$DEBIAN_PYTHON" -c '
memory = bytearray(300 << 20)
for page in range(0, len(memory), 4096): memory[page] = 1
print("ready", flush=True)
input()'
	within "$DEBIAN_PYTHON" "$MWBPF_ROOT/tests/lib/stopheld.py" "$PROGRAM" "$MWBPF" -q \
		--leak-check=summary -d 0.1 -o "$T/trace" --pid "$PROGRAM"
	untraced
}

@test "mwbpf is killed at any moment, while it holds the program, too" {
	local i
	start_program "$T/said" "$LEAKY" all busy
	for i in {1..5}; do
		rm -f "$T/trace" # of the one before
		start_mwbpf "$T/trace" --leak-check=full --pid "$PROGRAM"
		kill -USR1 "$TRACER"
		sleep "0.00$((RANDOM % 10))"
		kill -KILL "$TRACER"
		wait "$TRACER" || :
		untraced
		wait_line "/proc/$PROGRAM/status" '^State:.*(running|sleeping)' "$PROGRAM"
	done
	go
	wait_line "$T/said" '^done' "$PROGRAM"
	wait "$PROGRAM"
}

@test "signals are handed on, and so is what a program executes" {
	cat >"$T/signals.py" <<-'END'
		import os, signal, sys, threading
		got = []
		signal.signal(signal.SIGUSR1, lambda *_: got.append(1))
		signal.signal(signal.SIGALRM, lambda *_: got.append(1))
		signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
		for _ in range(200):
		    os.kill(os.getpid(), signal.SIGUSR1)
		    threading.Thread(target=lambda: None).start()
		signal.setitimer(signal.ITIMER_REAL, 0)
		assert len(got) >= 200, len(got)
		threading.Thread(target=signal.pause, daemon=True).start()
		sys.stdout.flush()
		os.execv(sys.argv[1], [sys.argv[1], "P"])
	END
	checked -- "$DEBIAN_PYTHON" "$T/signals.py" "$LEAKY"
	[ "$(kinds)" = "16 2 0 0 0 0 0 0" ]
}

@test "Python: what ctypes lost has its line, on every CPython" {
	local python n=0
	cat >"$T/lose.py" <<-'END'
		import ctypes
		malloc = ctypes.CDLL(None).malloc
		malloc.restype = None
		def lose(n):
		    malloc(7000 + n)
		print("ready", flush=True)
		input()
		for i in range(3):
		    lose(i)
		print("done", flush=True)
		input()
	END
	while read -r python; do
		"$python" -c 'import ctypes' 2>/dev/null || continue
		mkfifo "$T/in.$((++n))"
		"$MWBPF" --json -o "$T/trace" --leak-check=full --stack=python -e process \
			-- "$python" "$T/lose.py" <"$T/in.$n" >"$T/said.$n" 2>"$T/trace.err" &
		TRACER=$!
		started "$TRACER"
		exec {GO}>"$T/in.$n"
		wait_line "$T/said.$n" '^ready' "$TRACER"
		look 1 # its CPython has been looked at by then
		go
		wait_line "$T/said.$n" '^done' "$TRACER"
		look 2 # all that was made has been named by then
		go
		wait "$TRACER"
		exec {GO}>&-
		jq -se --arg file "$T/lose.py" '
			([.[] | select(.type == "stack")] | map({key: "\(.id)", value: .}) | from_entries) as $stacks |
			[.[] | select(.type == "leak" and .kind == "definite" and .bytes == 21003 and .scan == 3)] |
			length == 1 and .[0].blocks == 3 and
			($stacks["\(.[0].stack)"].frames | map(select(.lang == "python"))[0] |
				.function == "lose" and .line == 5 and (.file | endswith("lose.py")))' \
			"$T/trace" >/dev/null || { echo "$python" >&2; grep -E '"(warning|leaks)"|21003|"lose"' "$T/trace" >&2
				cat "$T/trace.err" >&2; return 1; }
	done < <(pythons)
}

@test "what is asked for wrongly" {
	run -2 "$MWBPF" --leak-check=much --pid 1
	run -2 "$MWBPF" --show-leak-kinds=lost --pid 1
	run -2 "$MWBPF" --show-leak-kinds= --pid 1
}
