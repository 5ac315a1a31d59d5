#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# walk.bats - where everything is in a running process, by what the process says itself.

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

# start_walked COMMAND...: tests/programs/walk.py until it waits and has said all.
start_walked() {
	rm -f "$T"/said "$T"/out*
	start_program "$T/out" "$@" "$MWBPF_ROOT/tests/programs/walk.py" "$T/said"
	# of a free-threaded build it has only this
	wait_line "$T/out.err" '^Total |^ *[0-9]* free 20-sized' "$PROGRAM"
}

# refused STATUS PATTERN ARGS...: one line says why.
refused() {
	run "-$1" --separate-stderr within "$MWBPF" walk "${@:3}"
	one_error "$stderr" "$2"
	[ -z "$output" ]
}

# walk_residents OUT PID ARGS...: a walk that shows what is resident. smaps are read before it,
# as it touches memory; the kernel may take pages away in between.
walk_residents() {
	local try
	for try in 1 2 3; do
		cat "/proc/$2/smaps" >"$T/smaps"
		walk "$1" --pid "${@:2}" || return
		python3 "$LIB/residents.py" "$T/smaps" "$1" && return
	done
	return 1
}

@test "frames, variables, small ints, pools and residents of every CPython here" {
	local python n=0 minor
	while read -r python; do
		start_walked "$python"
		stand_still "$PROGRAM"
		walk_residents "$T/walk.$n" "$PROGRAM" --self --globals
		python3 "$LIB/walked.py" "$T/said" "$T/out.err" "$T/walk.$n" >"$T/compared" ||
			{ echo "$python" >&2; false; }
		echo "# $python: $(<"$T/compared")" >&3
		# nothing but its own name and the list refer to it, whatever the version borrows
		[ "$(jq 'select(.name == "counted") | .refcount' "$T/walk.$n")" -eq 1001 ]
		minor=$("$python" -c 'import sys; print(sys.version_info[1])')
		[ "$(jq -s 'any(.[]; .class? == "NoneType" and .immortal)' "$T/walk.$n")" = \
			"$([ "$minor" -ge 12 ] && echo true || echo false)" ]
		[ "$minor" -lt 11 ] || jq -es 'any(.[]; .segment? == "data-stack" and .type == "frame")' \
			"$T/walk.$n" >/dev/null
		jq -es 'any(.[]; .owner? == "generator") or '"$minor"' < 11' "$T/walk.$n" >/dev/null
		tail -n 1 "$T/walk.$n" | jq -e '.torn == 0 and .reason == "complete"' >/dev/null
		kill -KILL "$PROGRAM"
		wait "$PROGRAM" || :
		n=$((n + 1))
	done < <(all_pythons)
	[ "$n" -gt 0 ]
	python3 "$LIB/validate.py" "$T"/walk.*
}

@test "suspended generators, coroutines and tasks of every CPython here" {
	local python n=0
	while read -r python; do
		rm -f "$T"/said "$T"/out*
		start_program "$T/out" "$python" "$MWBPF_ROOT/tests/programs/suspended.py" "$T/said"
		walk "$T/walk.$n" --pid "$PROGRAM" --suspended 0
		python3 "$LIB/suspended.py" "$T/said" "$T/walk.$n" >"$T/compared" ||
			{ echo "$python" >&2; false; }
		echo "# $python: $(<"$T/compared")" >&3
		tail -n 1 "$T/walk.$n" | jq -e '.torn == 0 and .reason == "complete"' >/dev/null
		[ "$n" -gt 0 ] || within "$MWBPF" walk --pid "$PROGRAM" --suspended 3 >"$T/text"
		go
		wait "$PROGRAM" || :
		n=$((n + 1))
	done < <(all_pythons)
	[ "$n" -gt 0 ]
	python3 "$LIB/validate.py" "$T"/walk.*
	grep -qE '^SUSPENDED: [0-9]+ coroutines, [0-9]+ generators, [12] asynchronous generators?; 5 of them run as tasks; [3-5] are shown' "$T/text"
	grep -qE '^ +[0-9]+ (coroutine|generator) at sleep \(.*tasks\.py:[0-9]+\)$' "$T/text"
}

@test "the census of every CPython here" {
	local python n=0
	while read -r python; do
		rm -f "$T"/said "$T"/out*
		start_program "$T/out" "$python" "$MWBPF_ROOT/tests/programs/census.py" "$T/said"
		within "$MWBPF" walk --census="$T/census.$n" --pid "$PROGRAM" >"$T/text"
		python3 "$LIB/census.py" "$T/said" "$T/census.$n" || { echo "$python" >&2; false; }
		grep -qE '^ +777 +[0-9]+  Plain$' "$T/text"
		go
		wait "$PROGRAM"
		n=$((n + 1))
	done < <(all_pythons)
	[ "$n" -gt 0 ]
	python3 "$LIB/validate.py" "$T"/census.*
}

@test "the census of a CPython whose objects are all malloc's" {
	export PYTHONMALLOC
	for PYTHONMALLOC in malloc debug; do
		rm -f "$T"/said "$T"/out*
		start_program "$T/out" "$(pythons | head -n 1)" "$MWBPF_ROOT/tests/programs/census.py" \
			"$T/said"
		within "$MWBPF" walk --census="$T/census" --pid "$PROGRAM" >/dev/null
		python3 "$LIB/census.py" "$T/said" "$T/census"
		go
		wait "$PROGRAM"
	done
}

@test "an instance is no type, whatever it has where types have their name and flags" {
	local python
	cat >"$T/lookalike.py" <<-'END'
		import struct, sys
		class Meta(type): pass
		class Real(metaclass=Meta): pass
		class Like:
		    __slots__ = ["s%02d" % i for i in range(60)]
		like = Like()
		# tp_flags with READY, and nothing that asks for something in front of an object
		many = [object() for _ in range(100000)]
		name = [x for x in many if id(x) & (1 << 12 | 1 << 14 | 1 << 4) == 1 << 12][0]
		for slot in Like.__slots__:
		    setattr(like, slot, name)
		for slot in Like.__slots__[2:4]:
		    delattr(like, slot) # tp_basicsize
		real = [Real() for _ in range(7)]
		blocks = [bytearray(struct.pack("QQ", 1, id(like)) * 4) for _ in range(50)]
		print("ready", flush=True)
		sys.stdin.readline()
	END
	while read -r python; do
		start_program "$T/out" "$python" "$T/lookalike.py"
		within "$MWBPF" walk --census="$T/census" --pid "$PROGRAM" >/dev/null
		jq -es 'any(.[]; .class == "Real" and .count == 7) and any(.[]; .class == "Like" and .count == 1) and
			all(.[]; .type != "census_type" or (.class | test("^[ -~]+$")))' "$T/census" >/dev/null
		go
		wait "$PROGRAM" || :
		rm "$T"/out*
	done < <(pythons)
}

@test "two censuses of a process, and what it made and gave up in between" {
	cat >"$T/grow.py" <<-'END'
		import sys
		class Grows: pass
		class Shrinks: pass
		class Stays: pass
		grows, shrinks, stays = [], [Shrinks() for _ in range(70)], [Stays() for _ in range(50)]
		print("ready", flush=True)
		sys.stdin.readline()
		grows += [Grows() for _ in range(1000)]
		del shrinks[:30]
		print("grown", flush=True)
		sys.stdin.readline()
	END
	start_program "$T/out" "$(pythons | head -n 1)" "$T/grow.py"
	within "$MWBPF" walk --census="$T/before" --pid "$PROGRAM" >/dev/null
	go
	wait_line "$T/out" grown "$PROGRAM"
	within "$MWBPF" walk --census="$T/after" --pid "$PROGRAM" >/dev/null
	within "$MWBPF" walk --diff "$T/before" "$T/after" >"$T/diff"
	grep -qE '^ +\+1000 +\+[0-9]+ +1000 +[0-9]+  Grows$' "$T/diff"
	grep -qE '^ +-30 +-[0-9]+ +40 +[0-9]+  Shrinks$' "$T/diff"
	! grep -q Stays "$T/diff"
	[ "$(within "$MWBPF" walk --diff --top 1 "$T/before" "$T/after" | wc -l)" -eq 4 ]
	within "$MWBPF" walk --diff --json --top 0 "$T/before" "$T/after" -o "$T/diff.json"
	python3 "$LIB/validate.py" "$T/diff.json"
	[ "$(jq 'select(.class == "Shrinks") | .count - .count_before' "$T/diff.json")" -eq -30 ]
	# what changed adds up to the change of all
	jq -es '(map(select(.type == "census_change") | .count - .count_before) | add) ==
		(.[-1] | .count - .count_before)' "$T/diff.json" >/dev/null
	head -n 5 "$T/after" >"$T/cut"
	refused 1 'not a whole census' --diff "$T/before" "$T/cut"
	cat "$T/before" "$T/after" >"$T/both"
	refused 1 'not a whole census' --diff "$T/before" "$T/both"
	sed 10d "$T/after" >"$T/less"
	refused 1 'not a whole census' --diff "$T/less" "$T/before"
	refused 1 'cannot write /dev/full' --diff "$T/before" "$T/after" -o /dev/full
	refused 1 'cannot read' --diff "$T/before" "$T/none"
	refused 2 'two files' --diff "$T/before"
}

@test "without symbols but the dynamic ones, pools are found by what the data points to" {
	local python file library
	while read -r python; do
		file=$(file_of "$python")
		library=$(ldd "$file" | sed -n 's/.*libpython[^ ]* => \([^ ]*\) .*/\1/p')
		[ -n "$library" ] || continue
		strip --strip-all -o "$T/${library##*/}" "$library"
		LD_PRELOAD=$T/${library##*/} start_walked "$python"
		walk "$T/walk" --pid "$PROGRAM" --self --globals
		python3 "$LIB/walked.py" "$T/said" "$T/out.err" "$T/walk" >/dev/null ||
			{ echo "$python" >&2; false; }
		kill -KILL "$PROGRAM"
		wait "$PROGRAM" || :
	done < <(pythons | grep -E 'python3\.(6|8|9|10|11)$')
}

@test "what changes while it is read is never shown as one" {
	start_program "$T/out" "$(pythons | tail -n 1)" "$MWBPF_ROOT/tests/programs/busy.py"
	for i in {1..50}; do
		walk "$T/walk.$i" --pid "$PROGRAM" --globals --self
	done
	# where there is much else to do it may stand still in all of these
	for i in {51..300}; do
		! grep -q '"retried":[1-9]' "$T"/walk.* || break
		walk "$T/walk.$i" --pid "$PROGRAM" --globals
	done
	python3 "$LIB/together.py" "$T"/walk.* >"$T/shown"
	! grep -qE '(^|, )0 frames of (down|stepping)' "$T/shown"
	grep -h '"type":"walk_end"' "$T"/walk.* | jq -es \
		'(map(.retried) | add) > 0 and all(.reason == "complete")' >/dev/null
	python3 "$LIB/validate.py" "$T"/walk.[1-3]
	# held, nothing changes
	for i in {1..10}; do
		walk "$T/held.$i" --pid "$PROGRAM" --globals --self --freeze
		tail -n 1 "$T/held.$i" | jq -e '.retried == 0 and .torn == 0 and .variables > 0' >/dev/null
	done
	python3 "$LIB/together.py" "$T"/held.* >"$T/shown"
	! grep -qE '(^|, )0 frames of (down|stepping)' "$T/shown"
}

@test "a process whose memory is damaged ends no walk, and no walk is without an end" {
	local python
	python=$(pythons | grep -E '3\.(8|11|13)$' | shuf -n 1 --random-source=<(yes))
	for seed in 1 2 3; do
		start_walked "$python"
		stand_still "$PROGRAM"
		walk "$T/walk.0" --pid "$PROGRAM" --self --globals --suspended 0
		for again in 1 2; do
			python3 "$LIB/havoc.py" "$PROGRAM" "$seed$again" "$T/walk.0"
			(ulimit -v 4000000 && walk "$T/walk.$seed$again" --pid "$PROGRAM" --self --globals)
			tail -n 1 "$T/walk.$seed$again" | grep -q '"type":"walk_end"'
			within "$MWBPF" walk --pid "$PROGRAM" --self --svg "$T/$seed$again.svg" >"$T/text"
			no_control "$T/text"
		done
		kill -KILL "$PROGRAM"
		wait "$PROGRAM" || :
	done
	python3 "$LIB/validate.py" "$T"/walk.*[12]
	python3 "$LIB/drawn.py" "$T"/*.svg
}

@test "for people: the essay's question, answered" {
	start_walked "$(pythons | head -n 1)"
	within "$MWBPF" walk --pid "$PROGRAM" >"$T/text"
	no_control "$T/text"
	# the same small int is one object
	grep -qE '^ +e +int -5 ' "$T/text" || grep -qE '^ +c +int 12 .*same object as a$' "$T/text"
	grep -qE '^ +short +str .Hello. +0x[0-9a-f]+ +[0-9]+ +[a-z-]+\+[0-9a-f]+' "$T/text"
	grep -qE '^SMALL INTS: -5 to 256, ' "$T/text"
	grep -qE '^[0-9a-f]+-[0-9a-f]+ rw-p stack .*\[stack\]$' "$T/text"
	grep -q '^not explained ' "$T/text"
	grep -qE 'its module has [0-9]+ globals: --globals' "$T/text"
	# libraries are a line each, unless all is asked for
	[ "$(grep -c 'libc\.so' "$T/text")" -eq 1 ]
	within "$MWBPF" walk --all --pid "$PROGRAM" >"$T/all"
	[ "$(grep -c 'libc\.so' "$T/all")" -gt 3 ]
}

@test "what cannot be written is said in a line, and nothing of it is left" {
	local what
	start_program "$T/out" python3 -c 'print("ready", flush=True); input()'
	for what in svg census; do
		run -1 --separate-stderr within "$MWBPF" walk -q "--$what=/dev/full" --pid "$PROGRAM"
		one_error "$stderr" 'cannot write /dev/full: No space left on device'
		run -1 --separate-stderr within "$MWBPF" walk -q "--$what=$T" --pid "$PROGRAM"
		one_error "$stderr" "cannot write $T: Is a directory"
		# a file may have 1 KiB: less than a census, or a picture
		(ulimit -f 1 && ! within "$MWBPF" walk -q "--$what=$T/long" --pid "$PROGRAM" >/dev/null 2>"$T/err")
		one_error "$(cat "$T/err")" 'File too large'
		[ ! -e "$T/long" ]
	done
	run -1 --separate-stderr within "$MWBPF" walk -q --chunks -o /dev/full --pid "$PROGRAM"
	one_error "$stderr" 'cannot write /dev/full: No space left on device'
}

@test "what could be shared, mapped privately, is not called shared" {
	local addr kind
	start_program "$T/out" python3 "$MWBPF_ROOT/tests/programs/mappings.py" "/dev/shm/mwbpf-$$"
	walk "$T/walk" --all --pid "$PROGRAM"
	while read -r addr kind; do
		[ "$addr" != ready ] || continue
		[ "$(jq -r --arg at "$addr" 'select(.type == "segment" and .start == $at).kind' "$T/walk")" = "$kind" ] ||
			{ echo "$addr is not $kind" >&2; false; }
	done <"$T/out"
}

@test "what would turn a line around or is not seen is spelled out, in text; JSON has it" {
	local python
	python=$(pythons | tail -n 1)
	start_program "$T/out" "$python" -c '
hidden = [0xad, 0x600, 0x61c, 0x200b, 0x200f, 0x2028, 0x2029, 0x202e, 0x2066, 0xfeff, 0xe0041]
for i, c in enumerate(hidden): globals()["v%d" % i] = "a%cz" % c
seen = "a\u2027\u00ae\u20ac\U0001f40d"
odd = type("A\u202eB", (), {})()
globals()["n\u202ex"] = 1
print(ascii([repr("a%cz" % c) for c in hidden]), "ready", sep="\n", flush=True)
input()'
	within "$MWBPF" walk --globals --all --census -o "$T/text" --pid "$PROGRAM"
	walk "$T/walk" --globals --pid "$PROGRAM"
	python3 - "$T/text" "$T/walk" "$T/out" <<-'END'
		import ast, json, sys, unicodedata
		text = open(sys.argv[1], encoding="utf-8").read()
		bad = [hex(ord(c)) for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")]
		assert not bad, bad
		reprs = ast.literal_eval(open(sys.argv[3]).readline())
		found = [json.loads(line) for line in open(sys.argv[2], encoding="utf-8")]
		named = {r["name"]: r for r in found if r["type"] == "variable"}
		for i, repr_of in enumerate(reprs):
		    assert named["v%d" % i]["value"] == repr_of, (named["v%d" % i], repr_of)
		    assert repr_of in text, repr_of
		assert named["seen"]["value"] == "'a\u2027\xae\u20ac\U0001f40d'", named["seen"]
		assert named["odd"]["class"] == "A\u202eB" and "n\u202ex" in named, named.keys()
	END
}

@test "the picture shows frames and variables where they are" {
	start_walked "$(pythons | head -n 1)"
	stand_still "$PROGRAM"
	walk "$T/walk" --pid "$PROGRAM" --self --svg "$T/picture.svg" --png "$T/picture.png"
	python3 "$LIB/drawn.py" "$T/walk" "$T/picture.svg"
	python3 "$LIB/drawn.py" "$T/picture.png" "$T/picture.svg"
	refused 1 'cannot write' --pid "$PROGRAM" -o "$T/none.walk" --svg "$T/none/picture.svg"
}

@test "the picture of a C program" {
	build locals-O0
	start_program "$T/out" "$PROGRAMS/locals-O0" 2
	walk "$T/walk" --pid "$PROGRAM" --freeze --globals --svg "$T/picture.svg"
	jq -es 'any(.[]; .type == "c_variable" and .name == "origin")' "$T/walk" >/dev/null
	python3 "$LIB/drawn.py" "$T/walk" "$T/picture.svg"
}

@test "a PNG is there as a whole or not at all, and its maker has no privileges" {
	sleep 1000 3>&- &
	started "$!"
	run -1 --separate-stderr env PATH=/nonexistent "$MWBPF" walk -q --pid $! -o "$T/walk" --png "$T/picture.png"
	one_error "$stderr" 'there is no rsvg-convert.*apt install librsvg2-bin'
	[ ! -e "$T/picture.png" ]
	mkdir "$T/small"
	run -1 --separate-stderr unshare -m sh -c 'mount -t tmpfs -o size=8k none "$1" || exit 77
		"$0" walk -q --pid "$2" -o /dev/null --png "$1/picture.png"
		status=$?
		ls -A "$1"
		exit $status' "$MWBPF" "$T/small" $!
	one_error "$stderr" 'picture.png: No space left'
	[ -z "$output" ]
	# another one in its place says what it was given
	maker=$(mktemp -d "${TMPDIR:-/tmp}/maker.XXXXXX")
	chmod 755 "$maker"
	cat >"$maker/rsvg-convert" <<-'END'
		#!/bin/sh
		cd /proc/self
		grep -E '^(Uid|Gid|Groups|NoNewPrivs|Cap...):' status
		ls fd
		env
	END
	chmod 755 "$maker/rsvg-convert"
	PATH=$maker:$PATH SECRET=1 env --ignore-signal=CHLD "$MWBPF" walk -q --pid $! -o "$T/walk" --png "$T/said" || { rm -r "$maker"; false; }
	printf '#!/bin/sh\nhead -c 100\necho "no picture" >&2\nexit 3\n' >"$maker/rsvg-convert"
	run -1 --separate-stderr env "PATH=$maker:$PATH" "$MWBPF" walk -q --pid $! -o "$T/walk" --png "$T/failed"
	rm -r "$maker"
	one_error "$stderr" 'rsvg-convert failed: no picture'
	[ ! -e "$T/failed" ]
	grep -qP '^Uid:\t65534\t65534\t65534\t65534$' "$T/said"
	grep -qP '^Gid:\t65534\t65534\t65534\t65534$' "$T/said"
	grep -qP '^Groups:\t ?$' "$T/said"
	grep -qP '^NoNewPrivs:\t1$' "$T/said"
	[ "$(grep -cP '^Cap(Inh|Prm|Eff|Amb):\t0+$' "$T/said")" -eq 4 ]
	! grep -qE '^[4-9]$|SECRET' "$T/said"
}

@test "a process that is no Python" {
	sleep 1000 3>&- &
	started "$!"
	walk_residents "$T/walk" $!
	python3 "$LIB/validate.py" "$T/walk"
	grep -q '"type":"warning".*no CPython is mapped' "$T/walk"
	[ "$(jq 'select(.type == "walk") | .python' "$T/walk")" = null ]
	events "$T/walk" '.type == "frame"' | grep -qx 0
}

@test "a Python of a version that is not known, and what only looks like one" {
	for version in 0x04010000 0x030f0000; do
		cat >"$T/like.c" <<-END
			#include <stdio.h>
			long PyType_Type[100], PyCode_Type[100], PyLong_Type[100], PyUnicode_Type[100];
			const unsigned long Py_Version = $version;
			char _PyRuntime[4096] = "";
			int main(void) { puts("ready"); fflush(stdout); return getchar(); }
		END
		gcc -rdynamic -o "$T/like" "$T/like.c"
		rm -f "$T"/out*
		start_program "$T/out" "$T/like"
		walk "$T/walk" --pid "$PROGRAM"
		grep -q '"type":"warning".*no Python objects of process' "$T/walk"
		[ "$(events "$T/walk" '.type == "segment" and (.resident > 0)')" -gt 5 ]
		python3 "$LIB/validate.py" "$T/walk"
	done
}

@test "a CPython that is there and runs nothing" {
	local python library home
	while read -r python; do
		library=$(ldd "$python" | sed -n 's/.*libpython[^ ]* => \([^ ]*\) .*/\1/p')
		home=$("$python" -c 'import sys; print(sys.base_prefix)')
		[ -z "$library" ] || break
	done < <(pythons)
	[ -n "$library" ] || skip "no CPython in a library"
	cat >"$T/idle.c" <<-END
		#include <dlfcn.h>
		#include <stdio.h>
		int main(int argc, char **argv)
		{
			void *python = dlopen(argv[argc - 1], RTLD_NOW | RTLD_GLOBAL);
			((void (*)(void))dlsym(python, "Py_Initialize"))();
			puts("ready");
			fflush(stdout);
			return getchar();
		}
	END
	gcc -o "$T/idle" "$T/idle.c" -ldl
	PYTHONHOME=$home start_program "$T/out" "$T/idle" "$library"
	walk "$T/walk" --pid "$PROGRAM" --census="$T/census"
	python3 "$LIB/validate.py" "$T/walk"
	grep -q '"type":"warning".*runs Python code' "$T/walk"
	[ "$(events "$T/walk" '.type == "arena"')" -gt 0 ]
	[ "$(events "$T/walk" '.type == "small_ints"')" -eq 1 ]
	[ "$(events "$T/walk" '.type == "frame"')" -eq 0 ]
	grep -q '"class":"dict"' "$T/census"
}

@test "in a mount namespace and a root of its own" {
	local python root=$T/root
	python=$(pythons | grep ^/usr/bin/) || skip "no python of the system"
	mkdir -p "$root"
	cat >"$T/enter" <<-END
		for dir in usr lib lib64 bin proc dev; do
			[ -e /\$dir ] || continue
			mkdir -p "$root/\$dir" && mount --rbind /\$dir "$root/\$dir"
		done
		mkdir -p "$root/srv" && mount --bind "$MWBPF_ROOT/tests/programs" "$root/srv"
		exec chroot "$root" "$python" /srv/busy.py
	END
	start_program "$T/out" unshare --mount sh "$T/enter"
	walk "$T/walk" --pid "$PROGRAM"
	tail -n 1 "$T/walk" | jq -e '.frames > 0' >/dev/null
	kill -KILL "$PROGRAM"
	wait "$PROGRAM" || :
}

@test "without pymalloc" {
	PYTHONMALLOC=malloc start_program "$T/out" "$(pythons | tail -n 1)" \
		"$MWBPF_ROOT/tests/programs/busy.py"
	walk "$T/walk" --pid "$PROGRAM"
	grep -q '"type":"warning".*PYTHONMALLOC=malloc' "$T/walk"
	events "$T/walk" '.type == "arena"' | grep -qx 0
}

@test "no more privilege than to look: then without BPF" {
	start_program "$T/out" "$(pythons | tail -n 1)" "$MWBPF_ROOT/tests/programs/busy.py"
	setpriv --bounding-set=-all,+sys_ptrace,+dac_override,+dac_read_search \
		"$MWBPF" walk --native --json -o "$T/walk" --pid "$PROGRAM"
	tail -n 1 "$T/walk" | jq -e '.reason == "complete" and .frames > 0' >/dev/null
	jq -es 'any(.[]; .type == "warning" and (.text | contains("BPF cannot be used"))) or
		all(.[]; .type != "c_thread" or (.reason | not))' "$T/walk" >/dev/null
}

@test "what cannot be walked" {
	refused 2 'give --pid'
	refused 2 'give --pid once' --pid 1 --pid 2
	refused 2 'is not for mwbpf walk' --pid 1 --events heap
	refused 1 'no process' --pid 2147483647
	[ "$(cat /proc/2/comm)" != kthreadd ] || refused 1 'kernel thread' --pid 2
	sleep 1000 3>&- &
	started "$!"
	refused 1 'cannot write' --pid $! -o "$T/none/walk"
	"$MWBPF" walk --pid $! >/dev/full 2>"$T/err" && false
	grep -q 'No space left' "$T/err"
}

@test "65,000 mappings" {
	start_program "$T/out" python3 -u -c '
import mmap, sys
limit = min(int(open("/proc/sys/vm/max_map_count").read()) - 400, 66000)
memory = mmap.mmap(-1, limit * 4096, mmap.MAP_PRIVATE)
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
for page in range(0, limit, 2):
	if libc.mprotect(ctypes.c_void_p(start + page * 4096), ctypes.c_size_t(4096), 1):
		break
print("ready"); sys.stdin.readline()'
	walk "$T/walk" --pid "$PROGRAM" --globals --svg "$T/picture.svg"
	python3 "$LIB/drawn.py" "$T/walk" "$T/picture.svg"
	[ "$(wc -l <"$T/picture.svg")" -lt 2000 ]
	[ "$(grep -c '"type":"segment"' "$T/walk")" -gt 50000 ]
	tail -n 1 "$T/walk" | jq -e '.reason == "complete" and .frames > 0' >/dev/null
}

# alone PID: kB that are no other process's
alone() {
	awk '/^Private_/ { kB += $2 } END { print kB }' "/proc/$1/smaps_rollup"
}

@test "what processes share since a fork they share after a walk" {
	cat >"$T/shared.py" <<-'END'
		import os, sys
		made = [str(i) for i in range(400000)], [bytes(700) for i in range(30000)]
		child = os.fork()
		if child == 0:
		    os.read(0, 1)
		    os._exit(0)
		print(child, "ready", sep="\n", flush=True)
		os.waitpid(child, 0)
	END
	start_program "$T/out" "$(pythons | head -n 1)" "$T/shared.py"
	child=$(head -n 1 "$T/out")
	stand_still "$child"
	before=$(alone "$child")
	walk "$T/walk" --pid "$child" --census --suspended 0
	grep -q '"used":[1-9]' "$T/walk"
	after=$(alone "$child")
	kill -CONT "$child"
	echo "# $before kB of its own before, $after after" >&3
	[ $((after - before)) -lt 1000 ]
	go
}
