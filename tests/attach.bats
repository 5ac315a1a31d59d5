#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# attach.bats - programs of every kind, wherever they are: traced exactly, left as they were.

bats_require_minimum_version 1.5.0

load lib/helpers
load lib/checks

setup_file() {
	build worker churn samecode plugin.so unprobed
}

setup() {
	need_root
	common_setup
}

teardown() {
	common_teardown
}

# allocator FILE [PID]: what the header calls the allocator.
allocator() {
	head -n 1 "$1" | jq -r --argjson pid "${2:-0}" '
		.targets[] | select($pid == 0 or .pid == $pid) | .allocator'
}

# attached NAME: the running worker is traced for two orders; every call is seen, it is not harmed.
attached() {
	trace "$T/attached" --pid "$PROGRAM"
	ask alloc 200 4321
	ask keep 7 1234
	stop_mwbpf
	complete "$T/attached"
	balanced "$T/attached" "$PROGRAM" 200 4321
	[ "$(summary "$T/attached" '.in_use.bytes')" -eq $((7 * 1234)) ]
	code_restored "$PROGRAM" "$(probes_of "$T/attached" "$PROGRAM")"
	works
}

# launched COMMAND...: the same of a command that mwbpf starts.
launched() {
	local pid
	printf 'alloc 200 4321\nkeep 7 1234\nexit 3\n' >"$T/orders"
	run -3 within "$MWBPF" -q --json -o "$T/launched" -- "$@" <"$T/orders"
	complete "$T/launched"
	read -r _ pid <<<"$output"
	balanced "$T/launched" "$pid" 200 4321
	[ "$(events "$T/launched" '.type == "malloc" and .size == 1234')" -eq 7 ]
}

# compiled NAME COMPILER...: the worker, built in another way; skips where that is not possible.
compiled() {
	"${@:2}" -std=gnu17 -D_GNU_SOURCE -O1 -g -fno-builtin "$MWBPF_ROOT/tests/programs/worker.c" -o "$T/$1" \
		2>"$T/compiler" || skip "cannot build it: $(head -n 1 "$T/compiler")"
}

#
# Running programs
#

@test "a running C program" {
	start_worker one "$PROGRAMS/worker"
	attached
	[[ $(allocator "$T/attached") == */libc.so.6 ]]
}

@test "a running Python program" {
	python=$(pythons | head -n 1)
	[ -n "$python" ] || skip "there is no CPython"
	start_worker one "$python" -c '
import os, sys
print("ready", os.getpid(), flush=True)
n = 0
for line in sys.stdin:
    blocks = [bytes(5000) for _ in range(100)]
    ints = [int("1" * 30) + i for i in range(100)]
    n += 1
    print("done", n, len(blocks) + len(ints), flush=True)'
	trace "$T/trace" --pid "$PROGRAM"
	ask go
	[ "$ANSWER" = 200 ]
	stop_mwbpf
	complete "$T/trace"
	# bytes(5000) is one calloc of 5000 bytes and a header
	[ "$(events "$T/trace" '.type == "calloc" and .size == 5033')" -eq 100 ]
	[ "$(head -n 1 "$T/trace" | jq -r '.targets[0].python')" != null ]
	[ "$(head -n 1 "$T/trace" | jq '[.probes[] | select(.family == "pylong")] | length')" -ge 5 ]
	[ "$(events "$T/trace" '.type == "pylong"')" -ge 100 ]
	code_restored "$PROGRAM" "$(probes_of "$T/trace" "$PROGRAM")"
	ask go
	[ "$ANSWER" = 200 ]
}

@test "several programs at once; one given twice is one" {
	start_worker one "$PROGRAMS/worker"
	first=$PROGRAM first_go=$GO first_out=$WORKER_OUT
	start_worker two "$PROGRAMS/worker"
	second=$PROGRAM second_go=$GO second_out=$WORKER_OUT
	trace "$T/trace" --pid "$first" -p"$second" --pid="$first"
	ask alloc 30 4321
	GO=$first_go WORKER_OUT=$first_out PROGRAM=$first
	ask alloc 50 4321
	echo exit 0 >&"$GO"
	wait_line "$T/trace" '"type":"exit"' "$TRACER" || : # written late
	GO=$second_go WORKER_OUT=$second_out PROGRAM=$second
	ask alloc 70 4321
	stop_mwbpf
	complete "$T/trace"
	[ "$(head -n 1 "$T/trace" | jq '.targets | length')" -eq 2 ]
	balanced "$T/trace" "$first" 50 4321
	balanced "$T/trace" "$second" 100 4321
	[ "$(summary "$T/trace" '[.targets[] | .ended] | sort | tostring')" = '[false,true]' ]
	works
}

@test "one of several programs does not exist: none is traced" {
	start_worker one "$PROGRAMS/worker"
	run -1 --separate-stderr within "$MWBPF" --pid "$PROGRAM" --pid 2147483647
	one_error "$stderr" '2147483647'
	works
}

@test "a stopped program is traced, stays stopped, and works when continued" {
	start_worker one "$PROGRAMS/worker"
	kill -STOP "$PROGRAM"
	until grep -q '^State:.T' "/proc/$PROGRAM/status"; do pause; done
	within "$MWBPF" --json -d 0.1 -o "$T/trace" --pid "$PROGRAM" 2>"$T/err"
	complete "$T/trace"
	[ "$(head -n 1 "$T/trace" | jq -r '.targets[0].state')" = T ]
	[ "$(events "$T/trace" '.type == "warning" and (.text | contains("stopped"))')" -eq 1 ]
	grep -q '^mwbpf: warning: .*stopped' "$T/err"
	grep -q '^State:.T' "/proc/$PROGRAM/status"
	# continued while it is traced
	trace "$T/trace" --pid "$PROGRAM"
	kill -CONT "$PROGRAM"
	ask alloc 200 4321
	stop_mwbpf
	balanced "$T/trace" "$PROGRAM" 200 4321
	# and stopped while it is
	trace "$T/trace" --pid "$PROGRAM"
	kill -STOP "$PROGRAM"
	until grep -q '^State:.T' "/proc/$PROGRAM/status"; do pause; done
	stop_mwbpf
	complete "$T/trace"
	grep -q '^State:.T' "/proc/$PROGRAM/status"
	kill -CONT "$PROGRAM"
	works
}

@test "attached to 20 times in a row, a busy program is never wrong" {
	bpf_before
	start_churn "$T/churn"
	mappings "$PROGRAM" >"$T/maps"
	hits=0
	for i in {1..20}; do
		within "$MWBPF" -q --json -e heap -z 600 -d 0.03 -o "$T/trace" --pid "$PROGRAM"
		complete "$T/trace"
		hits=$((hits + $(summary "$T/trace" .completeness.hits)))
		code_restored "$PROGRAM" "$(probes_of "$T/trace" "$PROGRAM")"
	done
	[ "$hits" -gt 0 ]
	churn_works "$T/churn"
	mappings "$PROGRAM" | diff "$T/maps" - >&2
	exec {GO}>&-
	wait "$PROGRAM"
	bpf_gone
}

#
# Programs in other places
#

@test "a program in another mount namespace and root" {
	mkdir "$T/root"
	ldd "$PROGRAMS/worker" | grep -oE '/[^ ]+' | while read -r file; do
		mkdir -p "$T/root/${file%/*}"
		cp -L "$file" "$T/root/$file"
	done
	cp "$PROGRAMS/worker" "$T/root/worker"
	start_worker one unshare -m chroot "$T/root" /worker
	[ "$(readlink "/proc/$PROGRAM/ns/mnt")" != "$(readlink /proc/self/ns/mnt)" ]
	attached
	[[ $(allocator "$T/attached") == /*libc.so.6 ]]
}

@test "a program whose executable is deleted" {
	cp "$PROGRAMS/worker" "$T/gone"
	start_worker one "$T/gone"
	rm "$T/gone"
	attached
	[[ $(head -n 1 "$T/attached" | jq -r '.targets[0].exe') == "$T/gone"* ]]
}

# own_libc: a worker with a C library of its own in $T/lib.
own_libc() {
	mkdir "$T/lib"
	cp -L "$(ldd "$PROGRAMS/worker" | grep -oE '/[^ ]+libc\.so\.6')" "$T/lib/libc.so.6"
	start_worker one env LD_LIBRARY_PATH="$T/lib" "$PROGRAMS/worker"
	grep -q "$T/lib/libc.so.6" "/proc/$PROGRAM/maps"
}

@test "a program whose library is deleted" {
	own_libc
	rm "$T/lib/libc.so.6"
	attached
	[[ $(allocator "$T/attached") == "$T/lib/libc.so.6"* ]]
}

@test "a program whose library has been replaced by another file" {
	own_libc
	cp "$PROGRAMS/churn" "$T/lib/new" # has no malloc of its own; not even a library
	mv "$T/lib/new" "$T/lib/libc.so.6"
	attached
	[[ $(allocator "$T/attached") == "$T/lib/libc.so.6"* ]]
	start_worker two "$PROGRAMS/worker"
	attached
}

@test "a program whose executable has been replaced by a directory" {
	cp "$PROGRAMS/worker" "$T/gone"
	start_worker one "$T/gone"
	rm "$T/gone"
	mkdir "$T/gone"
	attached
}

@test "a program in a PID namespace, traced from outside" {
	start_worker one unshare -pf --mount-proc --kill-child "$PROGRAMS/worker"
	grep -qx 'ready 1' "$WORKER_OUT"
	PROGRAM=$(pgrep -P "$PROGRAM")
	attached
}

@test "mwbpf in a PID namespace gives pids as that namespace sees them" {
	printf 'alloc 200 4321\nfork 10 99\nexit 3\n' >"$T/orders"
	run -3 within unshare -pf --mount-proc --kill-child \
		"$MWBPF" -q --json -o "$T/trace" -- "$PROGRAMS/worker" <"$T/orders"
	complete "$T/trace"
	read -r _ pid <<<"$output"
	[ "$pid" -lt 100 ]
	[ "$(head -n 1 "$T/trace" | jq '.targets[0].pid')" = "$pid" ]
	balanced "$T/trace" "$pid" 200 4321
	[ "$(jq -n '[inputs | select(has("pid")) | .pid] | unique | tostring' -r "$T/trace")" = "[$pid]" ]
	[ "$(jq -n '[inputs | select(has("tid")) | .tid] | unique | tostring' -r "$T/trace")" = "[$pid]" ]
	[ "$(jq -n '[inputs | select(.type == "fork") | .child < 100] | tostring' -r "$T/trace")" = "[true]" ]
}

@test "mwbpf in a PID namespace attaches to a program there" {
	mkfifo "$T/in"
	unshare -pf --mount-proc --kill-child sh -c \
		'"$1" <"$2" >"$3" & exec "$0" --json -o "$4" --pid $!' \
		"$MWBPF" "$PROGRAMS/worker" "$T/in" "$T/out" "$T/trace" 2>"$T/err" &
	TRACER=$!
	started "$TRACER"
	exec {GO}>"$T/in"
	wait_line "$T/trace" '^{"type":"header"' "$TRACER"
	wait_line "$T/out" ready "$TRACER"
	read -r _ pid <"$T/out"
	PROGRAM=$TRACER WORKER_OUT=$T/out
	ask alloc 200 4321
	echo exit 0 >&"$GO"
	wait "$TRACER"
	complete "$T/trace"
	[ "$pid" -lt 100 ]
	balanced "$T/trace" "$pid" 200 4321
}

@test "mwbpf in a PID namespace and a program in one below it" {
	mkfifo "$T/in"
	unshare -pf --mount-proc --kill-child sh -c '
		unshare -pf --kill-child "$1" <"$2" >"$3" &
		until grep -q ready "$3"; do :; done
		exec "$0" --json -o "$4" --pid "$(pgrep -P $!)"' \
		"$MWBPF" "$PROGRAMS/worker" "$T/in" "$T/out" "$T/trace" 2>"$T/err" &
	TRACER=$!
	started "$TRACER"
	exec {GO}>"$T/in"
	wait_line "$T/trace" '^{"type":"header"' "$TRACER"
	PROGRAM=$TRACER WORKER_OUT=$T/out
	ask alloc 200 4321
	echo exit 0 >&"$GO"
	wait "$TRACER"
	complete "$T/trace"
	pid=$(head -n 1 "$T/trace" | jq '.targets[0].pid')
	[ "$pid" -gt 1 ]
	balanced "$T/trace" "$pid" 200 4321
}

#
# Children, libraries, execs
#

@test "children are not traced, run to their end, and do not disturb their parent's counts" {
	start_worker one "$PROGRAMS/worker"
	trace "$T/trace" --pid "$PROGRAM"
	ask alloc 100 4321
	for how in fork vfork spawn; do
		ask "$how" 300 4321
		[ "$ANSWER" = $((7 << 8)) ] || { echo "$how: wait status $ANSWER"; return 1; }
		ask alloc 100 4321
	done
	stop_mwbpf
	complete "$T/trace"
	balanced "$T/trace" "$PROGRAM" 400 4321
	[ "$(events "$T/trace" '.size == 4321')" -eq 800 ]
	[ "$(events "$T/trace" 'has("pid") and .pid != '"$PROGRAM")" -eq 0 ]
	[ "$(events "$T/trace" '.type == "fork"')" -eq 3 ]
	[ "$(summary "$T/trace" .in_use.blocks)" -eq 0 ]
	[ "$(summary "$T/trace" .completeness.unmatched_frees)" -eq 0 ]
	works
}

@test "children of a command are not traced and run to their end" {
	printf 'alloc 100 4321\nfork 300 4321\nvfork 300 4321\nspawn 300 4321\nalloc 100 4321\nexit 3\n' >"$T/orders"
	run -3 within "$MWBPF" -q --json -o "$T/trace" -- "$PROGRAMS/worker" <"$T/orders"
	[ "$(grep -c ' 1792$' <<<"$output")" -eq 3 ]
	read -r _ pid <<<"$output"
	complete "$T/trace"
	balanced "$T/trace" "$pid" 200 4321
	[ "$(events "$T/trace" '.size == 4321')" -eq 400 ]
}

@test "a child that outlives the trace runs on unharmed" {
	start_worker one sh -c 'exec 3<&0; "$0" <&3 & wait' "$PROGRAMS/churn"
	child=$(pgrep -P "$PROGRAM")
	started "$child"
	trace "$T/trace" --pid "$PROGRAM"
	stop_mwbpf
	exec {GO}>&-
	wait_line "$WORKER_OUT" '^end [0-9]+ 0$' || return 1
	wait "$PROGRAM"
}

@test "a library loaded later, whose constructor allocates" {
	start_worker one "$PROGRAMS/worker"
	trace "$T/trace" --pid "$PROGRAM"
	ask dlopen "$PROGRAMS/plugin.so"
	[ "$ANSWER" = 1 ]
	ask alloc 100 4321
	stop_mwbpf
	complete "$T/trace"
	balanced "$T/trace" "$PROGRAM" 10000 3333
	balanced "$T/trace" "$PROGRAM" 100 4321
	works
}

@test "a program that becomes another one" {
	start_program "$T/one" sh -c 'echo ready; read -r line; exec "$0"' "$PROGRAMS/worker"
	WORKER_OUT=$T/one
	trace "$T/trace" --pid "$PROGRAM"
	go
	wait_line "$T/one" '^ready [0-9]' "$PROGRAM"
	ask alloc 200 4321
	stop_mwbpf
	complete "$T/trace"
	balanced "$T/trace" "$PROGRAM" 200 4321
	[ "$(events "$T/trace" '.type == "exec"')" -eq 1 ]
	works
}

#
# Other C libraries, other allocators
#

@test "musl, linked dynamically" {
	command -v musl-gcc >/dev/null || skip "musl-gcc is missing"
	compiled musl musl-gcc
	start_worker one "$T/musl"
	attached
	[[ $(allocator "$T/attached") == *musl*.so* ]]
	launched "$T/musl"
	[[ $(allocator "$T/launched") == *musl*.so* ]]
}

@test "musl, linked statically" {
	command -v musl-gcc >/dev/null || skip "musl-gcc is missing"
	compiled musl-static musl-gcc -static -DNO_DLOPEN
	start_worker one "$T/musl-static"
	attached
	[ "$(allocator "$T/attached")" = "$T/musl-static" ]
	launched "$T/musl-static"
}

@test "glibc, linked statically" {
	compiled static gcc -static -DNO_DLOPEN
	start_worker one "$T/static"
	attached
	[ "$(allocator "$T/attached")" = "$T/static" ]
	launched "$T/static"
	[ "$(allocator "$T/launched")" = "$T/static" ]
}

@test "glibc, linked statically and position-independent" {
	compiled static-pie gcc -static-pie -DNO_DLOPEN
	start_worker one "$T/static-pie"
	attached
	[ "$(allocator "$T/attached")" = "$T/static-pie" ]
	launched "$T/static-pie"
}

@test "a program at a fixed address" {
	compiled no-pie gcc -no-pie
	start_worker one "$T/no-pie"
	attached
	launched "$T/no-pie"
}

@test "a stripped program with the system's C library" {
	compiled stripped gcc -s
	start_worker one "$T/stripped"
	attached
	launched "$T/stripped"
}

@test "a program that defines malloc itself" {
	cat >"$T/own.c" <<-'END'
		#include <stddef.h>
		static char heap[1 << 20];
		static size_t used;
		void *malloc(size_t size) { void *p = heap + used; used += (size + 63) / 64 * 64; return used < sizeof(heap) ? p : NULL; }
		void free(void *p) { (void)p; }
		void *calloc(size_t n, size_t size) { return malloc(n * size); }
		void *realloc(void *p, size_t size) { (void)p; return malloc(size); }
	END
	compiled own gcc -fno-inline -rdynamic "$T/own.c"
	start_worker one "$T/own"
	trace "$T/trace" --pid "$PROGRAM"
	ask alloc 20 4321
	stop_mwbpf
	balanced "$T/trace" "$PROGRAM" 20 4321
	[ "$(allocator "$T/trace")" = "$T/own" ]
}

# preloaded LIBRARY: a worker with this allocator, running and launched.
preloaded() {
	local library
	library=$(ldconfig -p | awk -v name="$1" '$1 == name { print $NF; exit }')
	[ -n "$library" ] || skip "$1 is missing"
	library=$(readlink -f "$library")
	start_worker one env LD_PRELOAD="$library" "$PROGRAMS/worker"
	attached
	[ "$(allocator "$T/attached")" = "$library" ]
	LD_PRELOAD=$library launched "$PROGRAMS/worker"
	[ "$(allocator "$T/launched")" = "$library" ]
	start_churn "$T/churn" LD_PRELOAD="$library"
	within "$MWBPF" -q --json -e heap -z 600 -d 0.1 -o "$T/trace" --pid "$PROGRAM"
	complete "$T/trace"
	[ "$(summary "$T/trace" .completeness.hits)" -gt 0 ]
	churn_works "$T/churn"
}

@test "jemalloc" {
	PATH=$PATH:/usr/sbin:/sbin preloaded libjemalloc.so.2
}

@test "tcmalloc" {
	PATH=$PATH:/usr/sbin:/sbin preloaded libtcmalloc_minimal.so.4
}

@test "mimalloc" {
	PATH=$PATH:/usr/sbin:/sbin preloaded libmimalloc.so.2
}

@test "a 32-bit program is refused clearly" {
	cat >"$T/32.S" <<-'END'
		.globl _start
		_start:
			mov $4, %eax
			mov $1, %ebx
			mov $text, %ecx
			mov $6, %edx
			int $0x80
		read:	mov $3, %eax
			mov $0, %ebx
			mov $buffer, %ecx
			mov $1, %edx
			int $0x80
			cmp $1, %eax
			je read
			mov $1, %eax
			mov $5, %ebx
			int $0x80
		.data
		text:	.ascii "ready\n"
		buffer:	.byte 0
	END
	gcc -m32 -nostdlib -static "$T/32.S" -o "$T/32" 2>/dev/null || skip "32-bit programs cannot be built"
	status=0
	"$T/32" </dev/null || status=$?
	[ "$status" -eq 5 ] || skip "the kernel runs no 32-bit programs"
	start_program "$T/one" "$T/32"
	run -1 --separate-stderr within "$MWBPF" -d 0.1 --pid "$PROGRAM"
	one_error "$stderr" '32-bit'
	kill -0 "$PROGRAM"
	run -125 --separate-stderr within "$MWBPF" -o "$T/events" -- "$T/32" </dev/null
	one_error "$stderr" '32-bit'
	[ -z "$output" ]
}

@test "what cannot be probed is named, never written over, and the rest is probed" {
	for tier in session multi perf; do
		start_program "$T/$tier" "$PROGRAMS/unprobed"
		start_mwbpf "$T/$tier.trace" --tier "$tier" --pid "$PROGRAM"
		go
		wait "$PROGRAM"
		wait "$TRACER"
		[ "$(tail -n 1 "$T/$tier")" = 'calls 5, constants whole' ] || { cat "$T/$tier"; return 1; }
		for name in 'valloc.*the kernel does not probe' 'pvalloc.*not code' 'reallocarray.*not code'; do
			[ "$(events "$T/$tier.trace" ".type == \"warning\" and (.text | test(\"calls of $name\"))")" -eq 1 ] ||
				{ echo "$tier: $name"; return 1; }
		done
		[ "$(head -n 1 "$T/$tier.trace" | jq -c '[.probes[].symbol] | map(select(. == "valloc" or . == "pvalloc" or . == "reallocarray"))')" = '[]' ]
		[ "$(events "$T/$tier.trace" '.type == "memalign" and .size >= 1000 and .size < 1005')" -eq 5 ]
		[ "$(summary "$T/$tier.trace" '.in_use.blocks')" -eq 0 ]
	done
}
