#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# badinput.bats - what cannot be traced or written: one line says why, and nobody is harmed.

bats_require_minimum_version 1.5.0

load lib/helpers
load lib/checks

setup_file() {
	build worker churn
}

setup() {
	need_root
	common_setup
}

teardown() {
	common_teardown
}

# refused STATUS PATTERN ARGS...: mwbpf says one line and exits; nothing is on stdout.
refused() {
	run "-$1" --separate-stderr within "$MWBPF" "${@:3}"
	one_error "$stderr" "$2"
	[ -z "$output" ]
}

# failed STATUS PATTERN FILE: a trace that was held, and whose errors are in FILE.
failed() {
	[ "$status" -eq "$1" ] || { echo "exit status $status, not $1" >&2; return 1; }
	one_error "$(errors "$3")" "$2"
}

#
# Processes
#

@test "a pid that no process has" {
	refused 1 'no process 2147483647' --pid 2147483647
	true &
	pid=$!
	wait "$pid"
	[ -e "/proc/$pid" ] || refused 1 "no process $pid" --pid "$pid"
}

@test "pids that no process can have" {
	refused 2 "'0'" --pid 0
	refused 2 "'-1'" --pid -1
	refused 2 "'-1'" --pid=-1
}

@test "a thread is not a process" {
	start_churn "$T/churn"
	for tid in "/proc/$PROGRAM/task/"*; do
		[ "${tid##*/}" = "$PROGRAM" ] || break
	done
	refused 1 "${tid##*/}" --pid "${tid##*/}"
	churn_works "$T/churn"
}

@test "a kernel thread" {
	[ "$(cat /proc/2/comm)" = kthreadd ] || skip "process 2 is no kernel thread here"
	refused 1 'kernel thread' --pid 2
}

@test "a zombie" {
	start_worker one "$PROGRAMS/worker"
	ask zombie
	zombie=$ANSWER
	until grep -q '^State:.Z' "/proc/$zombie/status"; do pause; done
	refused 1 'zombie' --pid "$zombie"
	grep -q '^State:.Z' "/proc/$zombie/status"
	works
}

@test "mwbpf itself, and its parent" {
	# what the parent runs on is also in mwbpf; a filter that let it through would not end
	within sh -c '"$0" -q --json -d 0.1 -o "$1" --pid $$' "$MWBPF" "$T/events"
	complete "$T/events"
	run within sh -c 'exec "$0" -q --json -d 0.1 -o "$1" --pid $$' "$MWBPF" "$T/events"
	[ "$status" -eq 0 ] || one_error "$output" '.'
}

@test "a program under strict seccomp is refused or survives" {
	cat >"$T/strict.c" <<-'END'
		#include <linux/seccomp.h>
		#include <stdlib.h>
		#include <sys/prctl.h>
		#include <sys/syscall.h>
		#include <unistd.h>
		int main(void)
		{
			char byte;
			free(malloc(10)); /* brk would be forbidden later */
			if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
				return 9;
			write(1, "ready\n", 6);
			while (read(0, &byte, 1) == 1) {
				free(malloc(10));
				write(1, "done\n", 5);
			}
			syscall(SYS_exit, 4);
		}
	END
	gcc -O0 -w "$T/strict.c" -o "$T/strict" || skip "no compiler"
	start_program "$T/one" "$T/strict"
	status=0
	within "$MWBPF" --json -d 0.1 -o "$T/events" --pid "$PROGRAM" 2>"$T/err" || status=$?
	[ "$status" -eq 0 ] || one_error "$(cat "$T/err")" 'seccomp'
	echo >&"$GO"
	wait_line "$T/one" done "$PROGRAM"
	exec {GO}>&-
	status=0
	wait "$PROGRAM" || status=$?
	[ "$status" -eq 4 ]
}

@test "a static program without symbols: attaching is refused, launching says so and runs it" {
	gcc -std=gnu17 -D_GNU_SOURCE -DNO_DLOPEN -static -s "$MWBPF_ROOT/tests/programs/worker.c" -o "$T/bare" ||
		skip "no static C library"
	start_worker one "$T/bare"
	refused 1 'static and stripped' --pid "$PROGRAM"
	works
	# its mappings can be had
	within "$MWBPF" --json -d 0.1 -e map -o "$T/events" --pid "$PROGRAM"
	complete "$T/events"
	works
	status=0
	printf 'alloc 10 4321\nexit 3\n' |
		within "$MWBPF" --json -o "$T/events" -- "$T/bare" >"$T/out" 2>"$T/err" || status=$?
	failed 3 'no allocator' "$T/err"
	complete "$T/events"
	grep -qx 'done 1 0' "$T/out"
	[ "$(events "$T/events" '.type == "malloc"')" -eq 0 ]
	[ "$(head -n 1 "$T/events" | jq '.targets[0].allocator')" = null ]
	[ "$(events "$T/events" '.type == "warning" and (.text | contains("no allocator"))')" -eq 1 ]
}

@test "a program that ends while it is attached to: traced, or said why" {
	bpf_before
	traced=0 refused=0
	# so that about half of them end too early, whatever this machine has to do besides
	began=${EPOCHREALTIME/./}
	within "$MWBPF" -q -d 1us -o "$T/events" --pid $$
	most=$(((${EPOCHREALTIME/./} - began) / 1000))
	for i in {1..50}; do
		life=$((1 + RANDOM % most))
		life=$(printf '%d.%03d' $((life / 1000)) $((life % 1000)))
		if ((i % 2)); then
			sleep "$life" & # from its birth as a copy of this shell to its end
			target=$! killer=
		else
			nice -n 10 "$PROGRAMS/churn" </dev/zero >/dev/null &
			target=$!
			(exec 3>&-; sleep "$life"; kill -KILL "$target") &
			killer=$!
		fi
		status=0
		# in a subshell, or bash would say there that the target was killed
		(within "$MWBPF" -e heap -z 600 --json -o "$T/events" --pid "$target" 2>"$T/err") || status=$?
		wait $target $killer || :
		if [ "$status" -eq 0 ]; then
			complete "$T/events"
			[ -z "$(errors "$T/err")" ] || grep -q '^mwbpf: warning: ' <(errors "$T/err")
			traced=$((traced + 1))
		else
			failed 1 "process $target" "$T/err"
			refused=$((refused + 1))
		fi
	done
	echo "# $traced traced, $refused refused" >&3
	bpf_gone
}

#
# Privileges
#

@test "without privileges: the missing capabilities are named" {
	start_worker one "$PROGRAMS/worker"
	run -1 --separate-stderr within setpriv --reuid 65534 --regid 65534 --clear-groups \
		/proc/self/fd/9 --pid "$PROGRAM" 9<"$MWBPF"
	one_error "$stderr" 'CAP_BPF.*CAP_PERFMON.*CAP_SYS_PTRACE'
	[[ $stderr == *root* ]]
	works
	run -125 --separate-stderr within setpriv --reuid 65534 --regid 65534 --clear-groups \
		/proc/self/fd/9 -- touch "$T/made" 9<"$MWBPF"
	one_error "$stderr" 'CAP_BPF'
	[ ! -e "$T/made" ]
}

@test "each capability that is missing is named" {
	start_worker one "$PROGRAMS/worker"
	run -1 --separate-stderr within setpriv --bounding-set -sys_ptrace "$MWBPF" -d 0.1 --pid "$PROGRAM"
	one_error "$stderr" 'CAP_SYS_PTRACE'
	[[ $stderr != *CAP_BPF* ]]
	run -1 --separate-stderr within setpriv --bounding-set -sys_admin,-bpf "$MWBPF" -d 0.1 --pid "$PROGRAM"
	one_error "$stderr" 'CAP_BPF'
	[[ $stderr != *CAP_SYS_PTRACE* ]]
	run -1 --separate-stderr within setpriv --bounding-set -sys_admin,-perfmon "$MWBPF" -d 0.1 --pid "$PROGRAM"
	one_error "$stderr" 'CAP_PERFMON'
	works
}

@test "with the capabilities it names, and no other, it works or names what more it needs" {
	start_worker one "$PROGRAMS/worker"
	status=0
	within setpriv --bounding-set -all,+bpf,+perfmon,+sys_ptrace \
		"$MWBPF" --json -d 0.1 -o "$T/events" --pid "$PROGRAM" 2>"$T/err" || status=$?
	if [ "$status" -eq 0 ]; then
		complete "$T/events"
	else
		failed 1 'CAP_' "$T/err"
	fi
	works
}

@test "in a user namespace, where root is nobody" {
	unshare -Ur true 2>/dev/null || skip "no user namespaces"
	start_worker one "$PROGRAMS/worker"
	run -1 --separate-stderr within unshare -Ur "$MWBPF" --pid "$PROGRAM"
	one_error "$stderr" 'privileg|permi|CAP_'
	works
}

#
# Output
#

@test "output into a folder that is not there, or is a folder" {
	start_worker one "$PROGRAMS/worker"
	refused 1 'no-such/file: No such file' -o "$T/no-such/file" --pid "$PROGRAM"
	refused 1 'Is a directory' -o "$T" --pid "$PROGRAM"
	works
	refused 125 'no-such/file: No such file' -o "$T/no-such/file" -- touch "$T/made"
	refused 125 'Is a directory' -o "$T" -- touch "$T/made"
	[ ! -e "$T/made" ]
}

@test "output onto a device that is full" {
	start_worker one "$PROGRAMS/worker"
	status=0
	within "$MWBPF" --json -d 0.1 -o /dev/full --pid "$PROGRAM" 2>"$T/err" || status=$?
	failed 1 '/dev/full: No space left.*[1-9][0-9]* lines' "$T/err"
	grep -qE '^  [0-9,]+ lines are missing' "$T/err"
	works
	# a command is run to its end all the same
	status=0
	within "$MWBPF" --json -o /dev/full -- sh -c 'echo >"$0"; exit 3' "$T/made" 2>"$T/err" || status=$?
	failed 1 '/dev/full: No space left.*[1-9][0-9]* lines' "$T/err"
	[ -e "$T/made" ]
}

@test "standard output onto a device that is full" {
	start_worker one "$PROGRAMS/worker"
	status=0
	within "$MWBPF" --json -d 0.1 --pid "$PROGRAM" >/dev/full 2>"$T/err" || status=$?
	failed 1 'No space left' "$T/err"
	works
}

@test "output onto a file system that fills up: what is there is whole, the loss is told" {
	cp /proc/self/mounts "$T/mounts"
	mkdir "$T/small"
	start_churn "$T/churn"
	status=0
	within unshare -m sh -c '
		mount -t tmpfs -o size=256k none "$1/small" || exit 77
		"$0" --json -d 0.5 -o "$1/small/events" --pid "$2"
		status=$?
		cp "$1/small/events" "$1/events"
		exit $status' "$MWBPF" "$T" "$PROGRAM" 2>"$T/err" || status=$?
	[ "$status" -ne 77 ] || skip "tmpfs cannot be mounted"
	failed 1 'small/events: No space left.*[1-9][0-9]* lines' "$T/err"
	[ -s "$T/events" ]
	ends_line "$T/events"
	lines_valid "$T/events"
	churn_works "$T/churn"
	diff "$T/mounts" /proc/self/mounts >&2
}

@test "output larger than the limit on files: as a full disk" {
	start_churn "$T/churn"
	status=0
	(ulimit -f 100 && within "$MWBPF" --json -d 0.3 -o "$T/events" --pid "$PROGRAM" 2>"$T/err") || status=$?
	failed 1 'events: File too large.*[1-9][0-9]* lines' "$T/err"
	[ -s "$T/events" ]
	ends_line "$T/events"
	lines_valid "$T/events"
	churn_works "$T/churn"
}

@test "output that is closed" {
	start_worker one "$PROGRAMS/worker"
	status=0
	within "$MWBPF" --json -d 0.1 --pid "$PROGRAM" 2>"$T/err" >&- || status=$?
	[ "$status" -ne 0 ]
	one_error "$(errors "$T/err")" '.'
	works
}

@test "standard error that is closed or full" {
	start_worker one "$PROGRAMS/worker"
	within "$MWBPF" --json -d 0.1 -o "$T/events" --pid "$PROGRAM" 2>&-
	complete "$T/events"
	within "$MWBPF" --json -d 0.1 -o "$T/events" --pid "$PROGRAM" 2>/dev/full
	complete "$T/events"
	works
}

@test "output without a reader: ends at once and in peace" {
	start_churn "$T/churn"
	run -0 --separate-stderr bash -c 'timeout -s KILL "$0" "$1" --json --pid "$2" | :; exit "${PIPESTATUS[0]}"' \
		"$HANG" "$MWBPF" "$PROGRAM"
	churn_works "$T/churn"
}

@test "output into a FIFO that nobody opens can be interrupted" {
	start_worker one "$PROGRAMS/worker"
	mkfifo "$T/fifo"
	env --default-signal=INT,TERM "$MWBPF" --json -o "$T/fifo" --pid "$PROGRAM" 2>"$T/err" &
	TRACER=$!
	started "$TRACER"
	until grep -q 'wait_for_partner\|fifo_open' "/proc/$TRACER/wchan" "/proc/$TRACER/stack" 2>/dev/null; do
		kill -0 "$TRACER" 2>/dev/null || break
		pause
	done
	kill -TERM "$TRACER"
	status=0
	wait "$TRACER" || status=$?
	[ "$status" -ne 0 ]
	works
}

@test "output into a FIFO" {
	start_worker one "$PROGRAMS/worker"
	mkfifo "$T/fifo"
	cat "$T/fifo" >"$T/events" &
	reader=$!
	within "$MWBPF" --json -d 0.1 -o "$T/fifo" --pid "$PROGRAM"
	wait "$reader"
	complete "$T/events"
}

#
# Resources
#

@test "too few file descriptors: said so" {
	start_worker one "$PROGRAMS/worker"
	for n in 8 12 20 40; do
		status=0
		(ulimit -n $n && within "$MWBPF" --json -d 0.05 -o "$T/events" --pid "$PROGRAM" 2>"$T/err") || status=$?
		[ "$status" -eq 0 ] || failed 1 'open files|[Dd]escriptors|EMFILE' "$T/err" || { echo "ulimit -n $n"; return 1; }
		works
	done
}

@test "too little memory: an error, no crash" {
	start_worker one "$PROGRAMS/worker"
	for kb in 20000 60000 90000 120000; do
		status=0
		(ulimit -v $kb && within "$MWBPF" --json -d 0.05 -o "$T/events" --pid "$PROGRAM" 2>"$T/err") || status=$?
		[ "$status" -eq 0 ] || failed 1 '.' "$T/err" || { echo "ulimit -v $kb"; return 1; }
		works
	done
}

@test "the largest and the smallest buffer, many threads" {
	start_worker one "$PROGRAMS/worker"
	for options in '--buffer 1' '--buffer 4096' '--buffer 2G' '--threads 1' '--threads 4194304'; do
		status=0
		within "$MWBPF" --json -d 0.05 -o "$T/events" $options --pid "$PROGRAM" 2>"$T/err" || status=$?
		if [ "$status" -eq 0 ]; then
			complete "$T/events" || { echo "$options"; return 1; }
		else
			failed 1 '[Bb]uffer|[Tt]hreads|memory' "$T/err" || { echo "$options"; return 1; }
		fi
		works
	done
}

@test "a process that may not be looked into is named, with what is missing" {
	! head -c 1 /proc/1/maps >"$T/maps" 2>/dev/null || skip "root may look into every process here"
	run -1 --separate-stderr within "$MWBPF" --pid 1 --duration 10ms -o "$T/trace"
	one_error "$stderr" "may not look into process 1"
}
