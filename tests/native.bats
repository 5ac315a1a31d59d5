#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# native.bats - native callers and stacks by name: against the program's own __func__, __LINE__
# and backtrace(), addr2line, objdump and gdb.

bats_require_minimum_version 1.5.0

load lib/helpers
load lib/checks

setup() {
	need_root
	common_setup
}

teardown() {
	rm -f "/tmp/perf-${PROGRAM:-none}.map"
	common_teardown
}

# compile OUT SOURCE FLAGS...: one of tests/programs.
compile() {
	local compiler=gcc source=$MWBPF_ROOT/tests/programs/$2
	[[ $2 == *.c ]] && compiler="gcc -std=gnu17 -D_GNU_SOURCE" || compiler=g++
	${CC:-$compiler} "${@:3}" -fno-builtin -pthread "$source" -o "$1" -ldl
}

# run_traced PROGRAM OPTIONS...: a chains program from beginning to end.
run_traced() {
	echo go | "$MWBPF" -q --json -o "$T/trace" "${@:2}" -- "$1" >"$T/said" 2>"$T/err"
	cat "$T/err" >&2
	[ ! -s "$T/err" ]
	complete "$T/trace"
}

# same MODE PROGRAM SOURCE: the trace says what the program and addr2line say.
same() {
	/usr/bin/python3 "$MWBPF_ROOT/tests/lib/chains.py" "$1" "$T/said" "$T/trace" "$2" "$3"
}

# at SIZE [FILE]: the innermost frame of the block made with this size.
at() {
	jq -r "select(.type == \"malloc\" and .size == $1).at" "${2:-$T/trace}"
}

valid() {
	/usr/bin/python3 "$MWBPF_ROOT/tests/lib/validate.py" "$T/trace"
}

#
# Callers
#

@test "a C program with debug information: the function and line of every block" {
	for flags in -O0 -O1 -O2 -Os "-O2 -static" "-O2 -no-pie" "-O2 -gdwarf-4" "-O2 -gz"; do
		echo "$flags"
		compile "$T/chains" chains.c -g $flags
		run_traced "$T/chains"
		same lines "$T/chains" chains.c
	done
	valid
	[ "$(jq -c 'select(.type == "stack")' "$T/trace" | wc -l)" -eq 0 ]
}

@test "the same compiled by clang, which writes no table of addresses" {
	command -v clang >/dev/null || skip "there is no clang"
	for flags in -O0 -O2; do
		CC="clang -D_GNU_SOURCE" compile "$T/chains" chains.c -g $flags
		run_traced "$T/chains"
		same lines "$T/chains" chains.c
	done
}

@test "a C++ program: names are demangled" {
	for flags in -O0 -O2; do
		compile "$T/chains" chains.cc -g $flags
		run_traced "$T/chains"
		same lines "$T/chains" chains.cc
	done
	[[ $(at 52001) == "shop::Maker<std::vector<int, std::allocator<int> > >::make(unsigned long)+0x"* ]]
	[[ $(at 52002) == "operator new(unsigned long)+0x"*" (libstdc++.so.6"* ]]
	valid
}

@test "without debug information: the function, and the offset that objdump says" {
	compile "$T/chains" chains.c -O2
	run_traced "$T/chains"
	same symbols "$T/chains" chains.c
}

@test "stripped: no function that is not known is named" {
	compile "$T/chains" chains.c -O2
	cp "$T/chains" "$T/whole"
	strip "$T/chains"
	run_traced "$T/chains"
	same nothing "$T/chains" chains.c
	# what it says instead, addr2line takes
	address=$(at 50001 | sed -n 's/^chains+\(0x[0-9a-f]*\)$/\1/p')
	[ "$(addr2line -fe "$T/whole" "$(printf '%x' $((address - 1)))" | head -n 1)" = inner ]
	# a library's exported functions have names all the same
	compile "$T/maker.so" maker.c -O2 -fPIC -shared
	strip "$T/maker.so"
	compile "$T/loader" loader.c -O1
	start_worker run "$T/loader"
	trace "$T/trace" --pid "$PROGRAM"
	ask open "$T/maker.so"
	ask make 70001
	stop_mwbpf
	[[ $(at 70001) =~ ^"maker.so+0x"[0-9a-f]+$ ]]
	nm -D "$T/maker.so" | grep -q ' make$'
}

@test "--stack=none and --stack=python: no callers by name" {
	compile "$T/chains" chains.c -g
	for stack in none python; do
		run_traced "$T/chains" --stack=$stack
		[ "$(jq -c 'select(.at or .stack)' "$T/trace" | wc -l)" -eq 0 ]
		[ "$(jq -c 'select(.type == "malloc" and .caller)' "$T/trace" | wc -l)" -gt 10 ]
	done
}

@test "text for people has the caller, too" {
	compile "$T/chains" chains.c -g -O1
	echo go | "$MWBPF" -q -o "$T/text" -- "$T/chains" >"$T/said"
	line=$(awk '$1 == "at" && $2 == 50001 { print $4 }' "$T/said")
	grep -qE " 50001  heap .* inner\+0x[0-9a-f]+ \(chains\.c:$line\)$" "$T/text"
}

@test "system calls say who made them, when the stack does" {
	"$MWBPF" -q --json -o "$T/trace" -- "$(command -v bash)" -c ':' >"$T/said"
	[ "$(jq -r 'select(.type == "brk" or .type == "mmap" or .type == "munmap").at' "$T/trace" |
		grep -cE '\+0x')" -ge 1 ]
	valid
}

#
# Debug information that is elsewhere
#

# apart DEBUGFILE: chains in $T/bin/chains, without symbols, linked to a debug file.
apart() {
	mkdir -p "$T/bin" "$(dirname "$1")"
	compile "$T/whole" chains.c -O2 -g "${@:2}"
	objcopy --only-keep-debug "$T/whole" "$1"
	objcopy --strip-all --add-gnu-debuglink="$1" "$T/whole" "$T/bin/chains"
}

@test "a debug file beside the program, in .debug, and in --debug-dir" {
	for file in "$T/bin/chains.debug" "$T/bin/.debug/chains.debug" \
		"$T/dir$T/bin/chains.debug"; do
		for build_id in --build-id --build-id=none; do
			apart "$file" -Wl,$build_id
			run_traced "$T/bin/chains" --debug-dir "$T/dir"
			same lines "$T/bin/chains" chains.c
		done
		rm "$file"
	done
	run_traced "$T/bin/chains" --debug-dir "$T/dir"
	same nothing "$T/bin/chains" chains.c
}

# by_build_id FILE: where a debug file of FILE lies below a debug directory.
by_build_id() {
	local id
	id=$(readelf -n "$1" | sed -n 's/.*Build ID: //p')
	echo ".build-id/${id:0:2}/${id:2}.debug"
}

@test "a debug file by build-id" {
	apart "$T/chains.debug"
	file=$T/dir/$(by_build_id "$T/bin/chains")
	mkdir -p "$(dirname "$file")"
	mv "$T/chains.debug" "$file"
	run_traced "$T/bin/chains" --debug-dir "$T/dir"
	same lines "$T/bin/chains" chains.c
}

@test "a debug file of another build is not believed" {
	apart "$T/bin/chains.debug" -DOLD
	compile "$T/whole" chains.c -O0 -g
	objcopy --strip-all --add-gnu-debuglink="$T/bin/chains.debug" "$T/whole" "$T/bin/chains"
	run_traced "$T/bin/chains"
	same nothing "$T/bin/chains" chains.c
	# nor with the right name
	file=$T/dir/$(by_build_id "$T/bin/chains")
	mkdir -p "$(dirname "$file")"
	mv "$T/bin/chains.debug" "$file"
	run_traced "$T/bin/chains" --debug-dir "$T/dir"
	same nothing "$T/bin/chains" chains.c
}

@test "what dwz moved to a common file is found there" {
	command -v dwz >/dev/null || skip "there is no dwz"
	compile "$T/chains" chains.c -O2 -g
	compile "$T/other" chains.c -O1 -g
	dwz -m "$T/common" -M "$T/common" "$T/chains" "$T/other"
	readelf -SW "$T/chains" | grep -q gnu_debugaltlink
	run_traced "$T/chains"
	same lines "$T/chains" chains.c
}

#
# Files that have gone, or are elsewhere
#

@test "a program whose executable is deleted, or another file by now" {
	compile "$T/chains" chains.c -O2 -g
	mkfifo "$T/in"
	"$T/chains" <"$T/in" >"$T/said" &
	PROGRAM=$!
	started "$PROGRAM"
	exec {GO}>"$T/in"
	wait_line "$T/said" '^ready' "$PROGRAM"
	mv "$T/chains" "$T/kept"
	compile "$T/chains" loader.c -O2 -g
	rm "$T/chains"
	trace "$T/trace" --pid "$PROGRAM"
	go
	wait_line "$T/said" '^done' "$PROGRAM"
	stop_mwbpf
	sed -i "s|$T/chains (deleted)|$T/chains|g; s|$T/kept|$T/chains|g" "$T/trace"
	same lines "$T/chains" chains.c
}

@test "a program in another root and mount namespace, with its debug file in there" {
	apart "$T/root/usr/lib/debug/chains.debug"
	mkdir -p "$T/root/bin"
	mv "$T/bin/chains" "$T/root/bin/chains"
	file=$T/root/usr/lib/debug/$(by_build_id "$T/root/bin/chains")
	mkdir -p "$(dirname "$file")"
	# by a link that only leads there from inside
	ln -s /usr/lib/debug/chains.debug "$file"
	ldd "$T/root/bin/chains" | grep -oE '/[^ ]+' | while read -r library; do
		mkdir -p "$T/root/${library%/*}"
		cp -L "$library" "$T/root/$library"
	done
	cp -L "$(gcc -print-file-name=libgcc_s.so.1)" "$T/root/lib/x86_64-linux-gnu/"
	mkfifo "$T/in"
	unshare -m chroot "$T/root" /bin/chains <"$T/in" >"$T/said" &
	PROGRAM=$!
	started "$PROGRAM"
	exec {GO}>"$T/in"
	wait_line "$T/said" '^ready' "$PROGRAM"
	trace "$T/trace" --pid "$PROGRAM"
	go
	wait_line "$T/said" '^done' "$PROGRAM"
	stop_mwbpf
	same lines /bin/chains chains.c
}

# loaded LIBRARY SIZE FUNCTION: it makes a block, which the trace has by that function.
loaded() {
	ask open "$1"
	[ "$ANSWER" != "(nil)" ]
	ask make "$2"
	wait_line "$T/trace" "\"size\":$2," "$TRACER"
	[[ $(at "$2") == "$3+0x"*" (maker.c:"*")" ]]
}

@test "libraries loaded one after the other, also to the same place, also deleted" {
	compile "$T/loader" loader.c -O1
	for name in alpha beta gamma; do
		compile "$T/$name.so" maker.c -O1 -g -fPIC -shared -DSTORE=$name
	done
	start_worker run "$T/loader"
	trace "$T/trace" --pid "$PROGRAM"
	loaded "$T/alpha.so" 70001 alpha
	first=$ANSWER
	rm "$T/alpha.so"
	ask make 70002
	wait_line "$T/trace" '"size":70002,' "$TRACER"
	[ "$(at 70002)" = "$(at 70001)" ]
	ask close
	loaded "$T/beta.so" 70003 beta
	ask close
	mv "$T/gamma.so" "$T/beta.so" # another file by the same name
	loaded "$T/beta.so" 70004 gamma
	ask close
	stop_mwbpf
	# they were at the same place indeed
	[ "$(jq -r 'select(.type == "malloc" and .size > 70000 and .size < 70005).caller' "$T/trace" |
		sort -u | wc -l)" -lt 4 ]
	valid
}

@test "a library that is unloaded at once: its name, or why there is none" {
	compile "$T/loader" loader.c -O1
	compile "$T/alpha.so" maker.c -O1 -g -fPIC -shared -DSTORE=alpha
	compile "$T/beta.so" maker.c -O1 -g -fPIC -shared -DSTORE=beta
	start_worker run "$T/loader"
	trace "$T/trace" --pid "$PROGRAM"
	for ((i = 0; i < 40; i += 2)); do
		printf 'open %s\nmake %d\nclose\n' "$T/alpha.so" $((71000 + i)) "$T/beta.so" $((71001 + i))
	done >&"$GO"
	wait_line "$WORKER_OUT" '^done 120 ' "$PROGRAM"
	stop_mwbpf
	for ((i = 0; i < 40; i++)); do
		name=$([ $((i % 2)) -eq 0 ] && echo alpha || echo beta)
		[[ $(at $((71000 + i))) =~ ^($name"+0x"[0-9a-f]+" (maker.c:"[0-9]+")"|0x[0-9a-f]+" (unmapped since)"|0x[0-9a-f]+" (not mapped)")$ ]] ||
			{ echo "$name: $(at $((71000 + i)))"; false; }
	done
}

@test "code made at run time is said to be that, or named by its perf map" {
	compile "$T/loader" loader.c -O0 -g
	start_worker run "$T/loader"
	trace "$T/trace" --stack=native --pid "$PROGRAM"
	ask jit 72001
	wait_line "$T/trace" '"size":72001,' "$TRACER"
	[ "$(at 72001)" = "[anon]" ]
	stop_mwbpf
	ask map generated
	trace "$T/trace" --stack=native --pid "$PROGRAM"
	ask jit 72002
	stop_mwbpf
	[ "$(at 72002)" = "generated+0x10 ([anon])" ]
	# which keeps a frame pointer, as its first instructions say
	stack=$(jq 'select(.size == 72002).stack' "$T/trace")
	[ "$(jq -c "select(.type == \"stack\" and .id == $stack) | [.frames[].function][:4]" "$T/trace")" = \
		'["generated","jit","obey","main"]' ]
	valid
}

@test "Python functions by its own perf map" {
	python=$(pythons | grep -E 'python3\.1[2-9]$' | head -n 1)
	[ -n "$python" ] || skip "there is no CPython 3.12 or later"
	"$python" -X perf -c 'import sys; sys.exit(not sys.is_stack_trampoline_active())' ||
		skip "this one has no trampolines"
	mkfifo "$T/in"
	"$python" -X perf -c '
import sys
def make(n):
    return bytes(n)
print("ready", flush=True)
sys.stdin.readline()
kept = [make(73001) for _ in range(3)]
print("done", flush=True)
sys.stdin.readline()' <"$T/in" >"$T/said" &
	PROGRAM=$!
	started "$PROGRAM"
	exec {GO}>"$T/in"
	wait_line "$T/said" '^ready' "$PROGRAM"
	trace "$T/trace" --stack=both --pid "$PROGRAM"
	go
	wait_line "$T/said" '^done' "$PROGRAM"
	stop_mwbpf
	[ "$(jq -r 'select(.at == "make (<string>:4)").type' "$T/trace" | wc -l)" -ge 3 ]
	valid
}

#
# Stacks
#

@test "stacks by frame pointers are those of backtrace(), as far as main" {
	for flags in -O0 "-O1 -fno-omit-frame-pointer" "-O2 -fno-omit-frame-pointer" \
		"-O2 -fno-omit-frame-pointer -fno-asynchronous-unwind-tables -fno-exceptions"; do
		echo "$flags"
		compile "$T/chains" chains.c -g $flags
		run_traced "$T/chains" --stack=native
		[[ $flags == *no-asynchronous* ]] || same lines+whole "$T/chains" chains.c
	done
	valid
	for flags in -O0 "-O1 -fno-omit-frame-pointer" "-O2 -fno-omit-frame-pointer"; do
		compile "$T/chains" chains.cc -g $flags
		run_traced "$T/chains" --stack=native
		same lines+whole "$T/chains" chains.cc
	done
	valid
}

@test "stacks by frame pointers are those of gdb" {
	compile "$T/chains" chains.c -g -O2 -fno-omit-frame-pointer
	cat >"$T/commands" <<-'END'
		set debuginfod enabled off
		set print frame-arguments none
		handle SIGUSR1 nostop noprint pass
		break say
		commands
		silent
		printf "size %lu\n", size
		bt
		continue
		end
	END
	echo "run <$T/go >/dev/null" >>"$T/commands"
	echo go >"$T/go"
	gdb -batch -nx -x "$T/commands" "$T/chains" >"$T/gdb" 2>"$T/gdb.err"
	[ "$(grep -c '^size ' "$T/gdb")" -ge 15 ]
	run_traced "$T/chains" --stack=native
	/usr/bin/python3 "$MWBPF_ROOT/tests/lib/chains.py" gdb "$T/gdb" "$T/trace" "$T/chains" chains.c
}

@test "code without frame pointers: what is said of its stacks is right, and that they end" {
	for flags in -O1 -O2 -O3 -Os "-O2 -static"; do
		echo "$flags"
		compile "$T/chains" chains.c -g $flags -fomit-frame-pointer
		run_traced "$T/chains" --stack=native
		same lines+stacks "$T/chains" chains.c
		stack=$(jq 'select(.type == "malloc" and .size == 50001).stack' "$T/trace")
		[[ $(jq -r "select(.type == \"stack\" and .id == $stack).native_reason" "$T/trace") == \
			*"keeps no frame pointer" ]]
		compile "$T/chains" chains.cc -g $flags -fomit-frame-pointer
		run_traced "$T/chains" --stack=native
		same lines+stacks "$T/chains" chains.cc
	done
}

@test "a caller behind a library function without frame pointer is a gap" {
	compile "$T/chains" chains.cc -g -O1 -fno-omit-frame-pointer
	run_traced "$T/chains" --stack=native
	stack=$(jq 'select(.type == "malloc" and .size == 52002).stack' "$T/trace")
	jq -c "select(.type == \"stack\" and .id == $stack).frames[]" "$T/trace" >"$T/frames"
	[[ $(sed -n 1p "$T/frames" | jq -r .function) == "operator new(unsigned long)" ]]
	# make() called it: who called make() is known again
	[ "$(sed -n 2p "$T/frames" | jq -r '"\(.gap) \(.function)"')" = \
		"true shop::Shop::work(shop::Base&, unsigned long)" ]
}

@test "another tracer's return probe in the middle of a stack hides nobody" {
	compile "$T/chains" chains.c -g -O1 -fno-omit-frame-pointer
	offset=$(nm "$T/chains" | awk '$3 == "middle" { print $1 }')
	# tracefs for this test alone, the probe on its own program
	MWBPF=$MWBPF T=$T probe="r:mwbpf_test/middle $T/chains:0x$offset" unshare -m bash -eu -c '
		tracing=/sys/kernel/tracing
		mountpoint -q "$tracing" || mount -t tracefs tracefs "$tracing"
		trap "echo 0 >$tracing/events/mwbpf_test/middle/enable; echo -:mwbpf_test/middle >>$tracing/uprobe_events" EXIT
		echo "$probe" >>"$tracing/uprobe_events"
		echo 1 >"$tracing/events/mwbpf_test/middle/enable"
		echo go | "$MWBPF" -q --json --stack=native -o "$T/trace" -- "$T/chains" >"$T/said"'
	# backtrace() sees what the kernel has put on the stack, it is no oracle here
	stack=$(jq 'select(.type == "malloc" and .size == 50001).stack' "$T/trace")
	[ "$(jq -c "select(.type == \"stack\" and .id == $stack) | [.frames[].function][:4]" "$T/trace")" = \
		'["inner","middle","outer","main"]' ]
}

@test "a stack is sent and named once, whatever its number of blocks" {
	compile "$T/pairs" ../bench/pairs.c -g -O1 -fno-omit-frame-pointer
	mkfifo "$T/to"
	"$T/pairs" 1 <"$T/to" >"$T/said" &
	PROGRAM=$!
	started "$PROGRAM"
	exec {GO}>"$T/to"
	wait_line "$T/said" '^ready' "$PROGRAM"
	trace "$T/trace" --stack=native --pid "$PROGRAM"
	echo go 20000 >&"$GO"
	wait_line "$T/said" '^[0-9]' "$PROGRAM"
	stop_mwbpf
	[ "$(events "$T/trace" '.type == "malloc"')" -ge 20000 ]
	[ "$(events "$T/trace" '.type == "stack"')" -le 8 ]
	[ "$(summary "$T/trace" .completeness.lost)" -eq 0 ]
}

#
# Files that mean harm
#

@test "debug information that is damaged: the trace goes on, functions keep their names" {
	compile "$T/loader" loader.c -O1
	compile "$T/maker.so" maker.c -O1 -g -fPIC -shared
	start_worker run "$T/loader"
	trace "$T/trace" --stack=native --pid "$PROGRAM"
	for ((i = 0; i < 20; i++)); do
		/usr/bin/python3 "$MWBPF_ROOT/tests/lib/damage.py" "$i" "$T/maker.so" "$T/$i.so"
		ask open "$T/$i.so"
		ask make $((74000 + i))
		wait_line "$T/trace" "\"size\":$((74000 + i))," "$TRACER" # named while it is mapped
		ask close
	done
	stop_mwbpf
	complete "$T/trace"
	[ "$(jq -r 'select(.type == "malloc" and .size >= 74000 and .size < 74020).at' "$T/trace" |
		grep -c '^store+0x')" -eq 20 ]
	valid
}

@test "the child that reads debug information is killed: another takes its place" {
	compile "$T/loader" loader.c -O1
	compile "$T/alpha.so" maker.c -O1 -g -fPIC -shared -DSTORE=alpha
	compile "$T/beta.so" maker.c -O1 -g -fPIC -shared -DSTORE=beta
	start_worker run "$T/loader"
	trace "$T/trace" --pid "$PROGRAM"
	loaded "$T/alpha.so" 75001 alpha
	reader=$(pgrep -P "$TRACER")
	# it is nobody, and may open nothing
	[ "$(awk '$1 == "Uid:" { print $2 }' "/proc/$reader/status")" -eq 65534 ]
	[ "$(awk '$1 == "Seccomp:" { print $2 }' "/proc/$reader/status")" -eq 2 ]
	kill -KILL "$reader"
	loaded "$T/beta.so" 75002 beta
	[ "$(pgrep -P "$TRACER")" != "$reader" ]
	reader=$(pgrep -P "$TRACER")
	stop_mwbpf
	complete "$T/trace"
	[ ! -e "/proc/$reader" ]
}

@test "mwbpf is killed: the child that reads debug information ends with it" {
	compile "$T/loader" loader.c -O1
	compile "$T/alpha.so" maker.c -O1 -g -fPIC -shared -DSTORE=alpha
	start_worker run "$T/loader"
	trace "$T/trace" --pid "$PROGRAM"
	loaded "$T/alpha.so" 76001 alpha
	reader=$(pgrep -P "$TRACER")
	kill -KILL "$TRACER"
	wait "$TRACER" || :
	while [ -e "/proc/$reader" ]; do pause; done
	ask make 76002
}
