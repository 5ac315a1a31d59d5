#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# A C program at one moment: glibc's heap chunk by chunk, and local variables of its frames.
# What is seen is what the programs themselves say.

load lib/helpers

LIB=$MWBPF_ROOT/tests/lib

setup() {
	need_root
	common_setup
	build blocks blocks.so
}

teardown() {
	common_teardown
}

# walk OUT ARGS...: what is seen of $PROGRAM.
walk() {
	"$MWBPF" walk --json -o "$1" --pid "$PROGRAM" "${@:2}"
}

# same_heap NAME: every chunk and sum is what $T/NAME says.
same_heap() {
	walk "$T/$1.seen" --chunks
	run python3 "$LIB/heapcheck.py" "$T/$1.seen" "$T/$1"
	echo "$output"
	[ "$status" -eq 0 ]
}

# same_trim NAME: what malloc_trim returns is what was said before.
same_trim() {
	local said
	echo trim >&"$GO"
	wait_line "$T/$1" '^trimmed' "$PROGRAM"
	said=$(jq -s 'map(.trim_resident // 0) | add' "$T/$1.seen")
	grep -qx "trimmed $said" "$T/$1" || { grep trimmed "$T/$1"; echo "said $said"; return 1; }
}

# heap_of FILE JQ: a condition on the record of the heap.
heap_of() {
	jq -es "any(.[]; .type == \"malloc_heap\" and $2)" "$1" >/dev/null
}

@test "glibc's heap: every chunk, of all arenas and caches, and what a trim returns" {
	start_program "$T/threads" "$PROGRAMS/blocks" 3
	same_heap threads
	heap_of "$T/threads.seen" '.arenas == 4 and .mapped == 2 and .caches == 4 and .torn_lists == 0'
	heap_of "$T/threads.seen" '.mmap_threshold == 401408 and .dynamic' # 400000 bytes were freed
	same_trim threads
	python3 "$LIB/validate.py" "$T/threads.seen"
}

@test "a heap whose end somebody else moved is walked on behind that" {
	start_program "$T/foreign" "$PROGRAMS/blocks" 0 foreign
	same_heap foreign
	jq -es 'any(.[]; .type == "malloc_arena" and .pieces == 2 and .others == 5008)' "$T/foreign.seen"
	same_trim foreign
}

@test "the heap of older and newer glibcs" {
	local python n=0
	while read -r python; do
		n=$((n + 1))
		start_program "$T/root$n" "$python" -c '
import ctypes, sys
argv = (ctypes.c_char_p * 3)(b"blocks", b"2", None)
ctypes.CDLL(sys.argv[1]).main(2, argv)' "$PROGRAMS/blocks.so"
		same_heap "root$n"
		same_trim "root$n"
	done < <(root_pythons | grep -E -- '-3\.(9|13)/|sid-3.14/')
	[ "$n" -gt 0 ] || skip "MWBPF_ROOTS is not set"
}

@test "a heap that changes while it is read: what is shown fits together, the rest is said" {
	start_program "$T/churn" "$PROGRAMS/blocks" 2
	echo churn >&"$GO"
	wait_line "$T/churn" '^churning' "$PROGRAM"
	for _ in 1 2 3 4 5; do
		walk "$T/churn.seen"
		# of each arena: its chunks add up to its memory, or it is said why there are none
		jq -es 'map(select(.type == "malloc_arena")) | length > 0 and all(.[]; .reason or .changing or
			([.used, .free, .fastbin, .tcache, .top, .fence | .size] | add) + .books + .others == .size)' \
			"$T/churn.seen" >/dev/null
	done
	kill -0 "$PROGRAM"
}

# same_frames OPTIMIZATION: what is seen of all frames is what the program says and gdb sees.
same_frames() {
	build "locals-$1"
	start_program "$T/said$1" "$PROGRAMS/locals-$1" 2
	walk "$T/held$1" --freeze --globals
	gdb -p "$PROGRAM" -batch -ex "thread apply all bt -full" >"$T/gdb$1" 2>/dev/null
	run python3 "$LIB/localcheck.py" "$T/held$1" "$T/said$1" "$T/gdb$1"
	echo "$output"
	[ "$status" -eq 0 ]
	jq -es 'map(select(.type == "c_thread")) | length == 3 and all(.[]; .held and (.reason | not))' \
		"$T/held$1"
	! grep -q '^TracerPid:	[1-9]' "/proc/$PROGRAM/status"
}

# places FILE: names and addresses of the variables with a place in it.
places() {
	jq -r 'select(.type == "c_variable" and .where == "memory" and .frame) | "\(.name) \(.addr)"' "$1" | sort -u
}

# c_records FILE: what is said of C functions and their variables.
c_records() {
	jq -c 'select(.type | IN("c_thread", "c_frame", "c_variable")) | del(.held, .ts_ns)' "$1"
}

# without_stopping OPTIMIZATION: threads that wait need not be held, for what is seen is the same.
# Without BPF less of it is, and nothing else.
without_stopping() {
	walk "$T/waiting$1" --globals
	run diff <(c_records "$T/held$1") <(c_records "$T/waiting$1")
	[ "$status" -eq 0 ] || { head -n 4 <<<"$output"; return 1; }
	setpriv --bounding-set=-sys_admin,-bpf,-perfmon \
		"$MWBPF" walk --json -o "$T/few$1" --globals --pid "$PROGRAM"
	places "$T/few$1" >"$T/less"
	places "$T/held$1" >"$T/more"
	[ -z "$(comm -23 "$T/less" "$T/more")" ]
	jq -es 'any(.[]; .type == "c_frame" and .depth == 1) and
		any(.[]; .type == "c_thread" and .reason == "the caller is found by a register whose value is not known")' \
		"$T/few$1"
	grep -q 'since BPF cannot be used (Operation not permitted): with --freeze' "$T/few$1"
}

@test "frames and variables of C functions without optimization: all, to the byte" {
	same_frames O0
	# of the program's own variables none is without a place
	jq -es 'map(select(.type == "c_frame" and (.at | contains("(locals.c:"))).id) as $own |
		all(.[]; .type != "c_variable" or .where == "memory" or (.frame | IN($own[]) | not) or .name == "mine")' "$T/heldO0"
	without_stopping O0
}

@test "frames and variables of C functions with optimization: inlined calls, registers, none" {
	same_frames O2
	jq -es 'any(.[]; .type == "c_variable" and .name == "n" and .register and .value == "2")' "$T/heldO2"
	without_stopping O2
	python3 "$LIB/validate.py" "$T/heldO2" "$T/waitingO2"
}

@test "what comes with being loaded and with threads: TLS, the loader's records, guards, and no rest" {
	build locals-O0
	start_program "$T/said" "$PROGRAMS/locals-O0" 2
	walk "$T/seen" --globals
	# the kernel has no area but these below, above and between
	jq -es --argjson pid "$PROGRAM" 'map(select(.type == "segment")) as $segments |
		any(.[]; .type == "c_variable" and .name == "mine" and .tid == $pid and .segment == "tls") and
		($segments | map(select(.kind == "tls")) | length == 1 and .[0].tid == $pid) and
		($segments | map(select(.kind == "loader")) | length >= 1) and
		($segments | map(select(.kind == "guard") | .end) | length == 2 and
			. == ($segments | map(select(.kind == "thread-stack") | .start))) and
		any(.[]; .type == "layer_total" and .layer == "unexplained" and .resident == 0)' "$T/seen"
	python3 "$LIB/validate.py" "$T/seen"
}

# made_by SOURCE COMPILER FLAGS...: $T/program.
made_by() {
	"${@:2}" -g -D_GNU_SOURCE "$MWBPF_ROOT/tests/programs/$1" -lpthread -ldl -o "$T/program"
}

# same_values LEAST SOURCE COMPILER FLAGS...: what is seen of variables is what the program says;
# of LEAST lines of it something is seen.
same_values() {
	local said=$T/said.$2$3$4$5

	made_by "${@:2}"
	start_program "$said" "$T/program" "$PROGRAMS/waiting.so"
	walk "$T/seen" --freeze --globals --members 4
	run python3 "$LIB/membercheck.py" "$1" "$T/seen" "$said"
	echo "${*:2}: $output"
	[ "$status" -eq 0 ]
}

@test "members, bit fields, pieces, values at entry and thread-locals: by gcc and clang, to the bit" {
	build waiting.so
	same_values 54 members.c gcc -O0 -gdwarf-2
	same_values 52 members.c gcc -O2 -gdwarf-5
	same_values 52 members.c gcc -O2 -gdwarf-4
	same_values 51 members.c gcc -O1 -fdebug-types-section
	same_values 54 members.c clang -O0 -gdwarf-5
	same_values 48 members.c clang -O1 -gdwarf-4
	same_values 48 members.c clang -O2 -gdwarf-5
	python3 "$LIB/validate.py" "$T/seen"
}

# same_split LEAST SOURCE COMPILER FLAGS...: likewise where debug information is in .dwo files, of
# which none is said to be missing.
same_split() {
	same_values "$@" -gsplit-dwarf 2>"$T/split.err"
	! grep -q 'dwo' "$T/split.err" || { cat "$T/split.err"; return 1; }
}

@test "debug information in .dwo files: the same; which one is missing, or is another build's" {
	build waiting.so
	cd "$T"
	same_split 54 members.c gcc -O0 -gdwarf-5
	same_split 52 members.c gcc -O2 -gdwarf-5
	same_split 52 members.c gcc -O2 -gdwarf-4
	same_split 54 members.c clang -O0 -gdwarf-5
	same_split 48 members.c clang -O1 -gdwarf-4
	same_split 48 members.c clang -O2 -gdwarf-5
	same_split 18 classes.cc g++ -O0
	same_split 18 classes.cc clang++ -O2
	# of two units the one that is there is seen
	cat >"$T/other.c" <<-'END'
		int in_other = 7;
	END
	gcc -g -gsplit-dwarf -c -o "$T/other.o" "$T/other.c"
	gcc -g -gsplit-dwarf -D_GNU_SOURCE -c -o "$T/members.o" "$MWBPF_ROOT/tests/programs/members.c"
	gcc -o "$T/two" "$T/members.o" "$T/other.o" -lpthread -ldl
	start_program "$T/said.two" "$T/two" "$PROGRAMS/waiting.so"
	mkdir "$T/aside"
	mv "$T/members.dwo" "$T/aside"
	walk "$T/missing" --freeze --globals 2>"$T/missing.err"
	[ "$(grep -c 'not known: their debug information is in' "$T/missing.err")" -eq 1 ]
	grep -q "two are not known: .* is in $T/members.dwo, which is not there" "$T/missing.err"
	jq -es 'map(select(.type == "c_variable" and .scope == "global")) | map(.name) == ["in_other"]' "$T/missing"
	# one that belongs to another unit
	cp "$T/other.dwo" "$T/members.dwo"
	walk "$T/stale" --freeze --globals 2>"$T/stale.err"
	grep -q "is in $T/members.dwo, which is of another build" "$T/stale.err"
	diff <(c_records "$T/missing") <(c_records "$T/stale")
	# what is no such file is not opened
	ln -sf /dev/zero "$T/members.dwo"
	walk "$T/none" --freeze --globals 2>"$T/none.err"
	grep -q "is in $T/members.dwo, which is not there" "$T/none.err"
	rm "$T/members.dwo"
	echo "no such file" >"$T/members.dwo"
	walk "$T/none" --freeze --globals 2>"$T/none.err"
	grep -q "is in $T/members.dwo, which is not there or is no such file" "$T/none.err"
	# and both moved away from where they were made, with the program
	mv "$T/other.dwo" "$T/two" "$T/aside"
	rm "$T/members.dwo"
	walk "$T/moved" --freeze --globals --members 4 2>"$T/moved.err"
	! grep -q dwo "$T/moved.err"
	jq -es 'map(select(.scope == "global").name) | any(. == "in_other") and any(. == "global")' "$T/moved"
	python3 "$LIB/membercheck.py" 54 "$T/moved" "$T/said.two"
}

# paths ARGS...: of the members of mixed that are seen.
paths() {
	walk "$T/seen" --freeze "$@"
	jq -r 'select(.type == "c_variable" and .name == "mixed").members[]?.path' "$T/seen"
}

@test "members: as many levels as are asked for, and how many there are more" {
	build waiting.so
	made_by members.c gcc -O0
	start_program "$T/said" "$T/program" "$PROGRAMS/waiting.so"
	[ "$(paths --members 0)" = "" ]
	[ "$(paths | tr '\n' ' ')" = "deep number nameless inner byte points table rows text function sign many ratio " ]
	paths --members 2 >"$T/two"
	grep -qx 'deep.one' "$T/two"
	! grep -q 'deep.one[.]' "$T/two"
	jq -es 'any(.[]; .name == "mixed" and any(.members[]; .path == "many" and .more == 32))' "$T/seen"
	# and for people
	"$MWBPF" walk --freeze --members 2 --pid "$PROGRAM" >"$T/text"
	grep -qE '^ {8}[.]deep +struct deep +0x[0-9a-f]+ .*[+]0$' "$T/text"
	grep -qE '^ {10}[.]deep[.]to +struct point [*] 0x[0-9a-f]+ -> data[+][0-9a-f]+ 0x.*[+]16$' "$T/text"
	grep -qE '^ {10}[.][.][.] 32 more$' "$T/text"
	grep -qE '^ {8}[.]wide +(long )?unsigned (long|int|long int) 654820258320 .* bits 0 to 39$' "$T/text"
}

@test "C++: what is inherited, by virtual bases too, references and static members" {
	same_values 18 classes.cc g++ -O0 -fdebug-types-section
	same_values 18 classes.cc g++ -O2
	same_values 18 classes.cc clang++ -O2
	# of whichever way to it, a base is there once
	jq -es 'map(select(.name == "both" and .frame)) | length == 1 and
		([.[0].members[] | .path | select(startswith("_vptr") | not)] | sort) ==
			["both", "left", "right", "shared_one", "shared_two", "top"]' "$T/seen"
	jq -es 'map(select(.name == "raw" or .name == "wrong").members[]) |
		(map(select(.path == "both.left")) | length == 2 and all(.[]; .value == "0")) and
		(map(select(.path == "both.shared_one" or .path == "both.top")) | length == 4 and
			all(.[]; .where == "unknown" and (has("value") | not) and
				.reason == "the object does not say where its virtual base is"))' "$T/seen"
	python3 "$LIB/validate.py" "$T/seen"
}

@test "numbers in vector registers of a program that computes" {
	same_values 2 spinning.c gcc -O2
	same_values 3 spinning.c clang -O2
}

@test "a heap that was written over: where, and what else there is" {
	start_program "$T/spoiled" "$PROGRAMS/blocks" 1
	echo spoil >&"$GO"
	wait_line "$T/spoiled" '^spoiled' "$PROGRAM"
	walk "$T/spoiled.seen"
	jq -es --arg bad "$(awk '$1 == "spoiled" { print $2 }' "$T/spoiled")" \
		'map(select(.type == "malloc_arena")) | .[0].bad == $bad and .[1].used.chunks > 100 and
		.[0].reason == "its chunks do not fit together"' "$T/spoiled.seen"
	python3 "$LIB/validate.py" "$T/spoiled.seen"
}

@test "a C program without debug information, and one that another program traces" {
	build locals-O0
	strip -o "$T/stripped" "$PROGRAMS/locals-O0"
	start_program "$T/said" "$T/stripped" 0
	walk "$T/stripped.seen" --freeze --globals
	jq -es 'map(select(.type == "c_frame" and (.at | startswith("stripped+")))) | length == 7' "$T/stripped.seen"
	jq -es 'map(select(.type == "c_thread"))[0].reason == null' "$T/stripped.seen"
	grep -q 'no debug information tells of global variables of .*/stripped' "$T/stripped.seen"
	gdb -p "$PROGRAM" -batch -ex "shell '$MWBPF' walk --freeze --json -o '$T/traced' --pid $PROGRAM" >/dev/null 2>&1
	grep -qE 'is not held: process [0-9]+ \(gdb\) traces it' "$T/traced"
	jq -es 'any(.[]; .type == "c_thread" and .held == false and .frames > 0)' "$T/traced"
}
