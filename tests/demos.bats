#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# What each demo claims is so on this machine: it asserts that itself, by what its program says.

load lib/helpers

setup() {
	need_root
	common_setup
}

teardown() {
	common_teardown
}

@test "every claim of the demos in C holds" {
	local demo n=0
	for demo in "$MWBPF_ROOT"/demos/c-*/run; do
		"$demo" >"$T/shown" || { cat "$T/shown"; false; }
		n=$((n + 1))
	done
	[ "$n" -ge 8 ]
}

@test "a claim that does not hold fails its demo, and says so" {
	cp -r "$MWBPF_ROOT/demos" "$T/demos"
	sed -i 's/int a = 12, b = 24/int b = 24, hidden = 3, a = 12/; s/p_mem("a", &a)/p_mem("a", \&hidden)/' "$T/demos/c-locals/locals.c"
	run "$T/demos/run" c-locals
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"failed: c-locals"* ]]
}

# holds DEMO: its claims, with every CPython here, and in other roots when MWBPF_ROOTS asks for
# them, debug builds aside.
holds() {
	local python n=0
	while read -r python; do
		PYTHON=$python "$MWBPF_ROOT/demos/$1/run" </dev/null >"$T/shown" 2>&1 ||
			{ echo "$python"; cat "$T/shown"; false; }
		n=$((n + 1))
	done < <({ pythons; root_pythons; } | grep -v 'd$')
	[ "$n" -gt 0 ]
}

@test "where a Python program's variables are, by the kernel's map and by mwbpf" {
	holds py-where
}

@test "a Python program's ints lie where the demo has them" {
	holds py-ints
}

@test "ints in two frames of a Python program" {
	holds py-frames
}

@test "where the small ints of every CPython here live" {
	holds py-smallints
}

@test "a tail-recursive function and the frame of its caller" {
	holds py-tail
}

@test "when a Point is gone, and that its memory is pymalloc's again" {
	holds py-point
}

@test "what int() makes and what it takes from the cache" {
	holds py-long
}

@test "a recursion's frames, and its use of the C stack" {
	holds py-recursion
}
