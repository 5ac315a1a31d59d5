#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# pylayout.bats - stacks read from outside: for each thread what CPython itself says.

bats_require_minimum_version 1.5.0

load lib/helpers

setup_file() {
	build pylayout_show
}

setup() {
	need_root
	common_setup
}

teardown() {
	common_teardown
}

# start MODE COMMAND...: pystacks.py, until it has said all; $TARGET is the process to look at.
start() {
	rm -f "$T"/said "$T"/out*
	start_program "$T/out" "${@:2}" "$MWBPF_ROOT/tests/lib/pystacks.py" "$T/said" "$1"
	TARGET=$(sed -n 's/^ready //p' "$T/out")
	[ "$TARGET" -eq 1 ] || started "$TARGET" # 1: that is its number in a namespace of its own
}

stop() {
	kill -KILL "$TARGET"
	wait "$PROGRAM" || :
}

# frames FILE: each frame with its thread before it, thread after thread.
frames() {
	awk '/^thread /{ thread = $2; next } !/^#/{ print thread "\t" $0 }' "$1" | sort -s -n -k 1,1
}

# same: what was read from outside is what the threads said.
same() {
	"$PROGRAMS/pylayout_show" "$TARGET" >"$T/shown"
	frames "$T/said" >"$T/said.frames"
	frames "$T/shown" >"$T/shown.frames"
	[ "$(wc -l <"$T/said.frames")" -gt 100 ]
	diff "$T/said.frames" "$T/shown.frames" >&2
}

# way NAME VALUE [TID]: where a way to the state of a thread led.
way() {
	grep -q "^thread ${3:-[0-9]*} .*$1=$2\b" "$T/shown" ||
		{ echo "no $1=$2 for ${3:-any thread}:"; grep -E '^(#|thread)' "$T/shown"; } >&2
	grep -q "^thread ${3:-[0-9]*} .*$1=$2\b" "$T/shown"
}

# minor PYTHON: 11 for 3.11
minor() {
	"$1" -c 'import sys; print(sys.version_info[1])'
}

@test "every thread of every CPython here is where it says it is" {
	local python n=0
	while read -r python; do
		start sleep "$python"
		echo "# $python: $("$PROGRAMS/pylayout_show" "$TARGET" | head -n 1)" >&3
		same
		[ "$(grep -c ^thread "$T/said")" -eq 3 ]
		stop
		n=$((n + 1))
	done < <(all_pythons)
	[ "$n" -gt 0 ]
}

@test "a thread without the GIL leads to its state, and one with it does by every way" {
	local python minor tid
	while read -r python; do
		minor=$(minor "$python")
		start spin "$python"
		kill -STOP "$TARGET"
		same
		! has_gil "$python" || way gil this "$TARGET"
		[ "$minor" -ge 15 ] || way tss this "$TARGET"
		[ "$minor" -lt 15 ] || way bound this "$TARGET"
		[ "$minor" -lt 12 ] || way tls this "$TARGET"
		for tid in $(sed -n 's/^thread //p' "$T/said" | grep -vx "$TARGET"); do
			! has_gil "$python" || way gil other "$tid"
			[ "$minor" -ge 15 ] || way tss this "$tid"
			[ "$minor" -lt 15 ] || way bound this "$tid"
			[ "$minor" -lt 12 ] || way tls none "$tid"
		done
		stop
	done < <(all_pythons)
}

@test "in a child after fork" {
	local python
	while read -r python; do
		start fork "$python"
		[ "$TARGET" -ne "$PROGRAM" ]
		"$PROGRAMS/pylayout_show" "$TARGET" >"$T/shown"
		diff <(frames "$T/said") <(frames "$T/shown") >&2
		way tss this "$TARGET" || way bound this "$TARGET"
		stop
	done < <(all_pythons)
}

# stripped PYTHON: a copy of it and its library without symbols but the dynamic ones; $copy,
# the command that runs it.
stripped() {
	local file root library
	file=$(file_of "$1")
	root=$(root_of "$1")
	copy=("$T/stripped/${file##*/}")
	mkdir -p "$T/stripped"
	strip --strip-all -o "$T/stripped/${file##*/}" "$file"
	library=$(ldd "$file" | sed -n 's/.*libpython[^ ]* => \([^ ]*\) .*/\1/p')
	[ -z "$library" ] || strip --strip-all -o "$T/stripped/${library##*/}" "$library"
	export PYTHONHOME LD_PRELOAD=
	PYTHONHOME=$("$1" -c 'import sys; print(sys.base_prefix)')
	[ -z "$library" ] || LD_PRELOAD=$T/stripped/${library##*/}
	[[ $file != *.so.* ]] || copy=("$PROGRAMS/embed" "${copy[@]}")
	[ -z "$root" ] || copy=("$MWBPF_ROOT/tests/roots/enter" "$root" "${copy[@]}")
}

@test "without symbols but the dynamic ones" {
	local python copy
	while read -r python; do
		(stripped "$python" && start sleep "${copy[@]}" && unset LD_PRELOAD PYTHONHOME && same &&
			grep -q "$T/stripped" "/proc/$TARGET/maps" && stop)
		rm -rf "$T/stripped"
	done < <(all_pythons)
}

@test "in another pid namespace" {
	local python
	python=$(pythons | tail -n 1)
	start sleep unshare --pid --fork --mount-proc "$python"
	TARGET=$(pgrep -P "$PROGRAM")
	started "$TARGET"
	"$PROGRAMS/pylayout_show" "$TARGET" >"$T/shown"
	# the same frames, by threads that are called otherwise
	diff <(frames "$T/said" | cut -f 2- | sort) <(frames "$T/shown" | cut -f 2- | sort) >&2
	way tss this "$TARGET" || way bound this "$TARGET"
	stop
}

@test "what is no CPython is refused" {
	sleep 1000 3>&- &
	started "$!"
	run -1 "$PROGRAMS/pylayout_show" $!
}
