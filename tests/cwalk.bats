#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# A C program at one moment: glibc's heap chunk by chunk, and local variables of its frames.
# What is seen is what the programs themselves say.

load lib/helpers

setup() {
	need_root
	common_setup
	build cwalk_show blocks blocks.so
}

teardown() {
	common_teardown
}

# walk OUT [WHAT]: what is seen of $PROGRAM.
walk() {
	"$PROGRAMS/cwalk_show" "${2:-heap}" "$PROGRAM" >"$1"
}

# same_heap NAME: every chunk and sum is what $T/NAME says.
same_heap() {
	walk "$T/$1.seen"
	run python3 "$MWBPF_ROOT/tests/lib/heapcheck.py" "$T/$1.seen" "$T/$1"
	echo "$output"
	[ "$status" -eq 0 ]
}

# same_trim NAME: what malloc_trim returns is what was said before.
same_trim() {
	local said
	echo trim >&"$GO"
	wait_line "$T/$1" '^trimmed' "$PROGRAM"
	said=$(awk '/^arena/ { for (i = 1; i < NF; i++) if ($i == "there") n += $(i + 1) } END { print n }' "$T/$1.seen")
	grep -qx "trimmed $said" "$T/$1" || { grep trimmed "$T/$1"; echo "said $said"; return 1; }
}

@test "glibc's heap: every chunk, of all arenas and caches, and what a trim returns" {
	start_program "$T/threads" "$PROGRAMS/blocks" 3
	same_heap threads
	[ "$(grep -c '^arena' "$T/threads.seen")" -eq 4 ]
	grep -q '^heap arenas 4 mapped 2 5304320 caches 4 torn 0 bad_lists 0$' "$T/threads.seen"
	grep -q 'mmap_threshold 401408 .* dynamic 1' "$T/threads.seen" # 400000 was freed
	same_trim threads
}

@test "a heap whose end somebody else moved is walked on behind that" {
	start_program "$T/foreign" "$PROGRAMS/blocks" 0 foreign
	same_heap foreign
	[ "$(grep -c '^piece' "$T/foreign.seen")" -eq 2 ]
	grep -q 'missing 5008 ' "$T/foreign.seen" # and is not malloc's
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
		# of each arena: its chunks add up to its memory, or an error says why there are none
		awk '$1 == "arena" { if (NR > 3 && said != sum) exit 1
				     for (i = 1; i < NF; i++) f[$i] = $(i + 1)
				     said = f["error"] == "-" ? f["system"] - f["books"] - f["missing"] : 0; sum = 0 }
		     $1 == "amount" { sum += $5 }
		     END { exit said != sum }' "$T/churn.seen"
	done
	kill -0 "$PROGRAM"
}

# same_frames OPTIMIZATION: what is seen of all frames is what the program says and gdb sees.
same_frames() {
	build "locals-$1"
	start_program "$T/said$1" "$PROGRAMS/locals-$1" 2
	walk "$T/frozen$1" frozen
	walk "$T/globals$1" globals
	gdb -p "$PROGRAM" -batch -ex "thread apply all bt -full" >"$T/gdb$1" 2>/dev/null
	run python3 "$MWBPF_ROOT/tests/lib/localcheck.py" "$T/frozen$1" "$T/said$1" "$T/globals$1" "$T/gdb$1"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(grep -c '^end outermost' "$T/frozen$1")" -eq 3 ]
}

# without_stopping OPTIMIZATION: of a process that is not held less is known, and nothing else.
without_stopping() {
	walk "$T/waiting$1" frames
	grep -q '^frame 1 ' "$T/waiting$1"
	run comm -23 <(grep -E '^var .* memory ' "$T/waiting$1" | sed 's/ above .*//' | sort -u) \
		<(grep -E '^var .* memory ' "$T/frozen$1" | sed 's/ above .*//' | sort -u)
	[ -z "$output" ]
	grep -qx "end the caller is found by a register whose value is not known" "$T/waiting$1"
}

@test "frames and variables of C functions without optimization: all, to the byte" {
	same_frames O0
	! grep -q nowhere <(grep -A 20 ' fact+' "$T/frozenO0")
	without_stopping O0
}

@test "frames and variables of C functions with optimization: inlined calls, registers, none" {
	same_frames O2
	grep -q '^var local 1 doubled memory' "$T/frozenO2"
	grep -q '^var parameter 0 n register .*| 2$' "$T/frozenO2"
	without_stopping O2
}
