#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# badwalk.bats - processes that are hard to walk through: what can be had is had, and the rest is
# said in a sentence; none is harmed.

bats_require_minimum_version 1.5.0

load lib/helpers
load lib/checks

setup() {
	need_root
	common_setup
}

teardown() {
	common_teardown
}

# refused STATUS PATTERN ARGS...: one line says why.
refused() {
	run "-$1" --separate-stderr within "$MWBPF" walk "${@:3}"
	one_error "$stderr" "$2"
	[ -z "$output" ]
}

# whole OUT CONDITION: it has an end, says "complete", and of the end record this holds.
whole() {
	tail -n 1 "$1" | jq -e ".type == \"walk_end\" and .reason == \"complete\" and ($2)" >/dev/null || {
		tail -n 1 "$1" >&2
		false
	}
}

# noted OUT PATTERN: a sentence of the walk.
noted() {
	jq -r 'select(.type == "warning").text' "$1" | grep -qE "$2" || {
		jq -r 'select(.type == "warning").text' "$1" >&2
		false
	}
}

# system_python: Debian's, of one file.
system_python() {
	pythons | grep ^/usr/bin/ | head -n 1
}

# waiting_python FILE...: one that waits with a variable of a known value.
waiting_python() {
	start_program "$T/out" "$@" -u -c 'answer = 4200000042; print("ready"); input()'
}

# knows OUT: it has that variable.
knows() {
	jq -es 'any(.[]; .type == "variable" and .name == "answer" and .value == "4200000042")' "$1" >/dev/null
}

# compile NAME: a C program from standard input, as $T/NAME.
compile() {
	gcc -O0 -g -x c -o "$T/$1" - -lpthread
}

@test "a zombie" {
	sh -c 'true & exec sleep 1000' 3>&- &
	started $!
	until zombie=$(cat "/proc/$!/task/$!/children") && grep -qs '^State:.Z' "/proc/${zombie% }/status"; do pause; done
	refused 1 'zombie|has ended' --pid "${zombie% }"
}

@test "a process of another user, without privileges" {
	sleep 1000 3>&- &
	started $!
	run -1 --separate-stderr within setpriv --reuid 65534 --regid 65534 --clear-groups \
		/proc/self/fd/9 walk --pid $! 9<"$MWBPF"
	one_error "$stderr" "may not look into process $!.*CAP_SYS_PTRACE"
}

@test "in a pid namespace of its own: threads have the numbers they have here" {
	python=$(system_python) || skip "no python of the system"
	start_program "$T/out" unshare --pid --fork --mount-proc --kill-child "$python" -u -c '
import os, sys, threading
ended = threading.Event()
def worker():
	print("ready", os.getpid(), threading.get_native_id())
	ended.wait()
threading.Thread(target=worker).start()
sys.stdin.readline()
ended.set()'
	inside=$(cat "/proc/$PROGRAM/task/$PROGRAM/children")
	inside=${inside% }
	grep -q '^ready 1 2$' "$T/out"
	walk "$T/walk" --pid "$inside" --freeze
	whole "$T/walk" '.frames > 0 and .threads == 2 and .torn == 0'
	[ "$(jq -r 'select(.type == "python_thread").tid' "$T/walk" | sort -n | xargs)" = \
		"$(ls "/proc/$inside/task" | sort -n | xargs)" ]
	go
	wait "$PROGRAM"
}

@test "a program whose file is deleted, or another version by now" {
	local python other
	python=$(system_python) || skip "no python of the system"
	other=$(pythons | grep -v "^$python$" | tail -n 1)
	[ -n "$other" ] || skip "one python only"
	mkdir "$T/bin"
	cp "$python" "$T/bin/"
	waiting_python "$T/bin/${python##*/}"
	cp "$other" "$T/other"
	mv "$T/other" "$T/bin/${python##*/}"
	walk "$T/replaced" --pid "$PROGRAM" --globals
	whole "$T/replaced" '.torn == 0'
	knows "$T/replaced"
	rm "$T/bin/${python##*/}"
	walk "$T/deleted" --pid "$PROGRAM" --globals
	whole "$T/deleted" '.torn == 0'
	knows "$T/deleted"
	[[ $(jq -r 'select(.type == "walk").python' "$T/deleted") == "$("$python" -c 'import sys; print(sys.version.split()[0])') "* ]]
}

@test "a 32-bit program" {
	as --32 -o "$T/narrow.o" - <<-'END' && ld -m elf_i386 -o "$T/narrow" "$T/narrow.o" || skip "binutils make none"
		.globl _start
		_start:
			mov $4, %eax
			mov $1, %ebx
			mov $text, %ecx
			mov $6, %edx
			int $0x80
			mov $29, %eax
			int $0x80
		.data
		text: .ascii "ready\n"
	END
	start_program "$T/out" "$T/narrow" || skip "this kernel runs none"
	walk "$T/walk" --pid "$PROGRAM" --freeze
	whole "$T/walk" '.segments > 3'
	noted "$T/walk" '32-bit'
	kill -0 "$PROGRAM"
}

@test "a process that is stopped stays stopped, also when it is held" {
	waiting_python "$(pythons | tail -n 1)"
	kill -STOP "$PROGRAM"
	until grep -q '^State:.T' "/proc/$PROGRAM/status"; do pause; done
	walk "$T/walk" --pid "$PROGRAM" --globals
	walk "$T/held" --pid "$PROGRAM" --globals --freeze
	knows "$T/walk"
	knows "$T/held"
	grep -q '^State:.T' "/proc/$PROGRAM/status"
	kill -CONT "$PROGRAM"
	go
	wait "$PROGRAM"
}

@test "a child of vfork, in its parent's memory, and that parent" {
	compile forks <<-'END' || skip "no compiler"
		#include <stdio.h>
		#include <unistd.h>
		int main(void)
		{
			char byte;
			int parents = 77;
			printf("%d\n", parents);
			if (vfork() == 0) {
				write(1, "ready\n", 6);
				read(0, &byte, 1);
				_exit(0);
			}
			return 0;
		}
	END
	start_program "$T/out" stdbuf -o0 "$T/forks"
	child=$(cat "/proc/$PROGRAM/task/$PROGRAM/children")
	for pid in "$PROGRAM" "${child% }"; do
		walk "$T/walk" --pid "$pid"
		whole "$T/walk" '.segments > 5'
		walk "$T/held$pid" --pid "$pid" --freeze
		whole "$T/held$pid" '.segments > 5'
	done
	noted "$T/held$PROGRAM" "process $PROGRAM is not held: threads that wait in the kernel, where they cannot be stopped: 1 of 1"
	jq -es 'any(.[]; .type == "c_variable" and .name == "parents" and .value == "77")' "$T/held${child% }"
	go
	wait "$PROGRAM"
}

@test "5,000 threads" {
	compile many <<-'END' || skip "no compiler"
		#include <pthread.h>
		#include <stdio.h>
		#include <unistd.h>
		static void *wait_for_ever(void *arg) { pause(); return arg; }
		int main(void)
		{
			pthread_attr_t attr;
			pthread_t thread;
			int n = 0;
			pthread_attr_init(&attr);
			pthread_attr_setstacksize(&attr, 65536);
			while (n < 5000 && !pthread_create(&thread, &attr, wait_for_ever, 0))
				n++;
			printf("made %d\nready\n", n);
			fflush(stdout);
			return getchar();
		}
	END
	start_program "$T/out" "$T/many"
	made=$(awk '/^made/ { print $2 }' "$T/out")
	walk "$T/held" --pid "$PROGRAM" --freeze --svg "$T/picture.svg"
	whole "$T/held" ".threads == $((made + 1))"
	! jq -r 'select(.type == "warning").text' "$T/held" | grep 'not held'
	python3 "$MWBPF_ROOT/tests/lib/drawn.py" "$T/picture.svg"
}

# RACES=N: how often, 20 times without it.
@test "processes that end while they are walked through: killed, or as they do" {
	local python began most i when whole=0 ended=0 refused=0
	python=$(pythons | tail -n 1)
	waiting_python "$python"
	began=${EPOCHREALTIME/./}
	walk "$T/walk" --pid "$PROGRAM" --freeze
	most=$((${EPOCHREALTIME/./} - began))
	for ((i = 0; i < ${RACES:-20}; i++)); do
		[ "$i" -eq 0 ] || { rm -f "$T"/out*; waiting_python "$python"; }
		when=$((RANDOM % 1000 * most / 1000))
		if ((i % 4 < 2)); then
			(read -rt "$(printf '0.%06d' "$when")" <> <(:) || kill -KILL "$PROGRAM") 3>&- &
		else
			(read -rt "$(printf '0.%06d' "$when")" <> <(:) || echo >&"$GO") 3>&- &
		fi
		status=0
		# in a subshell, or bash would say there that the target was killed
		(within "$MWBPF" walk -q --json -o "$T/walk" --pid "$PROGRAM" $( ((i % 2)) && echo --freeze) 2>"$T/err") || status=$?
		exec {GO}>&-
		wait "$PROGRAM" $! 2>/dev/null || :
		case $status in
		0) if tail -n 1 "$T/walk" | grep -q '"reason":"complete"'; then whole=$((whole + 1)); else ended=$((ended + 1)); fi ;;
		1) one_error "$(<"$T/err")" "process $PROGRAM"; refused=$((refused + 1)) ;;
		*) false ;;
		esac
		[ ! -s "$T/walk" ] || tail -n 1 "$T/walk" | grep -q '"type":"walk_end"'
	done
	echo "# $whole whole, $ended ended during the walk, $refused before it" >&3
}

@test "the collector's list goes in circles" {
	cat >"$T/circle.py" <<-'END'
		import ctypes, gc, os
		gc.collect()
		gc.disable()
		tracked = [[] for _ in range(1000)]
		# a PyGC_Head is the 16 bytes in front of an object, its first word leads on
		ctypes.c_uint64.from_address(id(tracked[900]) - 16).value = id(tracked[100]) - 16
		print("ready", flush=True)
		os.read(0, 1)
		os._exit(0)
	END
	start_program "$T/out" "$(pythons | grep -E 'python3\.1[0-3]$' | head -n 1)" "$T/circle.py"
	within "$MWBPF" walk --json -o "$T/walk" --pid "$PROGRAM"
	go
	tail -n 1 "$T/walk" | jq -e '.torn > 0 and .reason == "complete"' >/dev/null
}
