#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# mimalloc.bats - a walk of CPythons whose objects come from mimalloc, by what they say themselves.

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

LIB=$MWBPF_ROOT/tests/lib

# mimalloc_pythons: those that PYTHONMALLOC=mimalloc can ask for it, or which have nothing else.
mimalloc_pythons() {
	local python
	while read -r python; do
		PYTHONMALLOC=mimalloc "$python" -c "" 2>/dev/null && echo "$python"
	done < <(release_pythons | grep -E '/python3\.1[3-9]t?$')
}

# counted_twice FILE: the program has said all.
counted_twice() {
	until [ "$(grep -c '^counted$' "$1")" -eq 2 ]; do read -rt 0.01 <> <(:) || :; done
}

@test "mimalloc's blocks in use, by what every CPython here that has it counts itself" {
	local python n=0 what
	while read -r python; do
		has_gil "$python" || continue # which counts the blocks of one of its heaps
		rm -f "$T"/out*
		PYTHONMALLOC=mimalloc start_program "$T/out" "$python" \
			"$MWBPF_ROOT/tests/programs/mimalloc.py"
		counted_twice "$T/out.err"
		stand_still "$PROGRAM"
		walk "$T/walk.$n" --pid "$PROGRAM"
		for what in Blocks Bytes; do
			sed -n "s/^ *Allocated $what: //p" "$T/out.err" | tail -n 1
		done >"$T/said"
		# by heap, and by class of sizes
		jq -rs 'map(select(.type == "mimalloc_heap")) |
			(map(.used) | add), (map(.used_bytes) | add)' "$T/walk.$n" >"$T/shown"
		diff "$T/said" "$T/shown" >&2 || { echo "$python" >&2; false; }
		[ "$(jq -s 'map(select(.type == "mimalloc_class").used) | add' "$T/walk.$n")" = \
			"$(head -n 1 "$T/said")" ]
		jq -es 'map(select(.type == "mimalloc_class").size) | . == sort and max > 1048576 * 64' \
			"$T/walk.$n" >/dev/null
		tail -n 1 "$T/walk.$n" | jq -e '.torn == 0 and .reason == "complete"' >/dev/null
		kill -KILL "$PROGRAM"
		wait "$PROGRAM" || :
		n=$((n + 1))
	done < <(mimalloc_pythons)
	[ "$n" -gt 0 ] || skip "no CPython with mimalloc"
	python3 "$LIB/validate.py" "$T"/walk.*
}

@test "what other threads have freed of mimalloc's blocks is free" {
	local python n=0
	while read -r python; do
		rm -f "$T"/out*
		PYTHONMALLOC=mimalloc start_program "$T/out" "$python" \
			"$MWBPF_ROOT/tests/programs/mimalloc.py" thread
		wait_line "$T/out.err" '^given up' "$PROGRAM"
		stand_still "$PROGRAM"
		walk "$T/walk" --pid "$PROGRAM" --census="$T/census"
		# each block that is in use is there to be looked at, and no other
		[ "$(jq -s 'map(select(.type == "mimalloc_heap").used) | add' "$T/walk")" = \
			"$(jq 'select(.type == "census") | .objects - .large + .others' \
				"$T/census")" ] || { echo "$python" >&2; false; }
		kill -KILL "$PROGRAM"
		wait "$PROGRAM" || :
		n=$((n + 1))
	done < <(mimalloc_pythons)
	[ "$n" -gt 0 ] || skip "no CPython with mimalloc"
}

@test "the census of every CPython here that has mimalloc" {
	local python n=0 allocator
	while read -r python; do
		for allocator in mimalloc mimalloc_debug; do
			rm -f "$T"/said "$T"/out*
			PYTHONMALLOC=$allocator start_program "$T/out" "$python" "$MWBPF_ROOT/tests/programs/census.py" "$T/said"
			within "$MWBPF" walk --census="$T/census.$n" --pid "$PROGRAM" >/dev/null
			python3 "$LIB/census.py" "$T/said" "$T/census.$n" ||
				{ echo "$python, $allocator" >&2; false; }
			go
			wait "$PROGRAM"
			n=$((n + 1))
		done
	done < <(mimalloc_pythons)
	[ "$n" -gt 0 ] || skip "no CPython with mimalloc"
}
