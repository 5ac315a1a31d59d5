#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# sitecache.bats - what was found in an interpreter comes back the same, or is found again.

bats_require_minimum_version 1.5.0

load lib/helpers
load lib/checks

setup_file() {
	build intsites_dump
}

setup() {
	common_setup
	CACHE=$T/cache
}

teardown() {
	common_teardown
}

# one_image: an interpreter's code, $FILE, and its $VERSION.
one_image() {
	read -r FILE VERSION < <(python_images) || skip "no CPython here"
}

# sites FILE VERSION [DIRECTORY]: its sites on stdout, without what differs from run to run;
# $T/last says whether they were known.
sites() {
	"$PROGRAMS/intsites_dump" "$@" 2>"$T/err" >"$T/dump" || return
	sed -n 's/^# .* cached=\([01]\) kept=\([01]\) .*/\1 \2/p' "$T/dump" >"$T/last"
	sed 's/ cached=.*//' "$T/dump"
}

# same LAST FILE VERSION: with the cache, the sites are those that a search finds.
same() {
	sites "$2" "$3" >"$T/searched"
	sites "$2" "$3" "$CACHE" >"$T/with"
	diff "$T/searched" "$T/with" >&2 || return 1
	[ "$(cat "$T/last")" = "$1" ] || { echo "cached, kept: $(cat "$T/last")" >&2; return 1; }
}

# found, not_kept, known FILE VERSION: they had to be searched for, and were then kept, or
# could not be; or they were known.
found() {
	same "0 1" "$@"
}

not_kept() {
	same "0 0" "$@"
}

known() {
	same "1 1" "$@"
}

# kept: the file of the cache, which has just one.
kept() {
	ls "$CACHE"/ints-*
}

# flip FILE AT: all bits of a byte.
flip() {
	local byte
	byte=$(od -An -tu1 -j "$2" -N 1 "$1")
	printf "\\x$(printf %02x $((255 - byte)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

@test "every interpreter: known the second time, and the same" {
	local seen=0
	while read -r file version; do
		found "$file" "$version"
		known "$file" "$version"
		seen=$((seen + 1))
	done < <(python_images)
	[ "$seen" -gt 0 ] || skip "no CPython here"
	[ "$(kept | wc -l)" -eq "$seen" ]
	[ "$(stat -c %a "$CACHE")" = 700 ]
	[ -z "$(find "$CACHE" -name '.new*')" ]
	for file in "$CACHE"/*; do
		[ "$(stat -c %a "$file")" = 600 ]
	done
}

@test "without a build id, by the code itself" {
	one_image
	objcopy --remove-section .note.gnu.build-id "$FILE" "$T/bare"
	! readelf -n "$T/bare" | grep -q 'Build ID'
	found "$T/bare" "$VERSION"
	known "$T/bare" "$VERSION"
	[[ $(kept) == */ints-text-* ]]
}

@test "other code under the same build id is searched" {
	one_image
	found "$FILE" "$VERSION"
	cp "$(kept)" "$T/before"
	known "$FILE" "$VERSION"
	cmp "$(kept)" "$T/before" # what is known is left alone
	local at
	at=$((16#$(objdump -h "$FILE" | awk '$2 == ".text" { print $6 }')))
	cp "$FILE" "$T/patched"
	flip "$T/patched" "$at"
	[ "$(readelf -n "$FILE" | grep 'Build ID')" = "$(readelf -n "$T/patched" | grep 'Build ID')" ]
	found "$T/patched" "$VERSION"
	known "$T/patched" "$VERSION"
	# and so is the first again: there is one file for a build id
	[ "$(kept | wc -l)" -eq 1 ]
	found "$FILE" "$VERSION"
	# other data decides as well
	at=$((16#$(objdump -h "$FILE" | awk '$2 == ".rodata" { print $6 }') + 64))
	cp "$FILE" "$T/patched"
	flip "$T/patched" "$at"
	found "$T/patched" "$VERSION"
	# and whether there may be a list of free ints
	found "$T/patched" 0x30e
}

@test "a damaged file is remade" {
	one_image
	found "$FILE" "$VERSION"
	local file size at
	file=$(kept)
	size=$(stat -c %s "$file")
	for at in 0 8 12 20 35 45 60 110 $((size - 1)); do
		flip "$file" "$at"
		found "$FILE" "$VERSION" || { echo "byte $at" >&2; return 1; }
		known "$FILE" "$VERSION"
	done
	for size in 0 1 64 $((size / 2)) $((size - 1)) $((size + 24)); do
		truncate -s "$size" "$file"
		found "$FILE" "$VERSION" || { echo "$size bytes" >&2; return 1; }
		known "$FILE" "$VERSION"
	done
	head -c "$size" /dev/urandom >"$file"
	found "$FILE" "$VERSION"
	truncate -s 1T "$file"
	found "$FILE" "$VERSION"
	known "$FILE" "$VERSION"
}

@test "a file that is not ours is not read, and replaced" {
	need_root
	one_image
	found "$FILE" "$VERSION"
	local file
	file=$(kept)
	chown 65534 "$file"
	found "$FILE" "$VERSION"
	[ "$(stat -c %u "$file")" -eq 0 ]
	chmod 666 "$file"
	found "$FILE" "$VERSION"
	[ "$(stat -c %a "$file")" = 600 ]
	mv "$file" "$T/elsewhere"
	ln -s "$T/elsewhere" "$file"
	found "$FILE" "$VERSION"
	[ ! -L "$file" ]
	rm "$file"
	mkfifo "$file"
	found "$FILE" "$VERSION"
	[ -f "$file" ]
	rm "$file"
	mkdir "$file" # cannot be replaced
	not_kept "$FILE" "$VERSION"
	[ -z "$(find "$CACHE" -name '.new*')" ]
}

@test "a directory that is not ours alone is not used" {
	need_root
	one_image
	found "$FILE" "$VERSION"
	mv "$CACHE" "$T/real"
	ln -s real "$CACHE"
	found "$FILE" "$VERSION"
	grep -q 'symbolic link' "$T/err"
	rm "$CACHE"
	mkdir -m 777 "$CACHE"
	found "$FILE" "$VERSION"
	grep -q 'others may write' "$T/err"
	chmod 700 "$CACHE"
	chown 65534 "$CACHE"
	found "$FILE" "$VERSION"
	grep -q 'another user' "$T/err"
	[ -z "$(ls -A "$CACHE")" ]
	rmdir "$CACHE"
	touch "$CACHE"
	found "$FILE" "$VERSION"
	CACHE=$T/no/such
	found "$FILE" "$VERSION"
	grep -q 'No such file' "$T/err"
}

@test "a directory that cannot be written is read all the same" {
	need_root
	one_image
	found "$FILE" "$VERSION"
	sites "$FILE" "$VERSION" >"$T/expected"
	local inside='mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"'
	unshare -m sh -c "$inside" sh "$CACHE" "$PROGRAMS/intsites_dump" "$FILE" "$VERSION" "$CACHE" >"$T/dump"
	grep -q 'cached=1 kept=1' "$T/dump"
	diff <(sed 's/ cached=.*//' "$T/dump") "$T/expected"
	truncate -s 100 "$(kept)"
	unshare -m sh -c "$inside" sh "$CACHE" "$PROGRAMS/intsites_dump" "$FILE" "$VERSION" "$CACHE" >"$T/dump"
	grep -q 'cached=0 kept=0' "$T/dump"
	diff <(sed 's/ cached=.*//' "$T/dump") "$T/expected"
	# on a full disk, nothing half-written stays
	mkdir "$T/full"
	unshare -m sh -c 'mount -t tmpfs -o size=4k,nr_inodes=3,mode=700 none "$1" && head -c 4096 /dev/zero >"$1/fill" &&
		shift && "$@" && [ "$(ls -A "${4}")" = fill ]' sh "$T/full" \
		"$PROGRAMS/intsites_dump" "$FILE" "$VERSION" "$T/full" >"$T/dump"
	grep -q 'cached=0 kept=0' "$T/dump"
}

@test "many at the same time" {
	one_image
	sites "$FILE" "$VERSION" >"$T/expected"
	local round i pids
	for round in 1 2 3; do
		rm -rf "$CACHE"
		pids=()
		for i in 1 2 3 4 5 6; do
			"$PROGRAMS/intsites_dump" "$FILE" "$VERSION" "$CACHE" >"$T/dump.$i" &
			pids+=("$!")
		done
		for i in "${pids[@]}"; do
			wait "$i"
		done
		for i in 1 2 3 4 5 6; do
			diff <(sed 's/ cached=.*//' "$T/dump.$i") "$T/expected"
		done
		known "$FILE" "$VERSION"
		[ "$(ls -A "$CACHE" | wc -l)" -eq 1 ]
	done
}

# ints_of TRACE: what its header says of the makers of ints.
ints_of() {
	head -n 1 "$1" | jq -c '.targets[0].ints'
}

@test "mwbpf keeps what it found, and says where it knows it from" {
	need_root
	local python first
	python=$(pythons | tail -n 1)
	[ -n "$python" ] || skip "no CPython here"
	within "$MWBPF" -v --json -o "$T/first" --cache-dir "$CACHE" -- "$python" -c 'x = 12345 * 6789' 2>"$T/first.err"
	[ "$(ints_of "$T/first" | jq .cached)" = false ]
	grep -q 'instructions.*; found in [0-9.]* ms' "$T/first.err"
	[ -n "$(kept)" ]
	within "$MWBPF" -v --json -o "$T/second" --cache-dir "$CACHE" -- "$python" -c 'x = 12345 * 6789' 2>"$T/second.err"
	[ "$(ints_of "$T/second" | jq .cached)" = true ]
	grep -q "instructions.*; known from $CACHE in" "$T/second.err"
	diff <(ints_of "$T/first" | jq 'del(.cached, .took_ns)') <(ints_of "$T/second" | jq 'del(.cached, .took_ns)')
	# all of them are told apart in some way
	jq -es '.[0].targets[0].ints | .sites > 0 and .sites == .emulated + .stepped and .sites == ([.by[]] | add)' "$T/second"
	[ "$(head -n 1 "$T/second" | jq '.targets[0].ints.functions')" -eq \
		"$(head -n 1 "$T/second" | jq '[.probes[] | select(.family == "pylong")] | length')" ]
	/usr/bin/python3 "$MWBPF_ROOT/tests/lib/validate.py" "$T/first" "$T/second"
	rm -r "$CACHE"
	within "$MWBPF" --json -o "$T/third" --cache-dir "$CACHE" --no-cache -- "$python" -c 'x = 12345 * 6789'
	[ "$(ints_of "$T/third" | jq .cached)" = false ]
	[ ! -e "$CACHE" ]
	# what is no CPython leaves no trace
	within "$MWBPF" --json -o "$T/fourth" --cache-dir "$CACHE" -- true
	[ "$(ints_of "$T/fourth")" = null ]
	[ ! -e "$CACHE" ]
}

@test "mwbpf says when it cannot keep anything, and goes on" {
	need_root
	local python
	python=$(pythons | tail -n 1)
	[ -n "$python" ] || skip "no CPython here"
	ln -s nowhere "$CACHE"
	within "$MWBPF" -q --json -o "$T/trace" --cache-dir "$CACHE" -- "$python" -c 'x = 12345 * 6789'
	within "$MWBPF" --json -o "$T/trace" --cache-dir "$CACHE" -- "$python" -c 'x = 12345 * 6789' 2>"$T/err"
	grep -q "^mwbpf: warning: .*$CACHE: it is a symbolic link" "$T/err"
	[ "$(ints_of "$T/trace" | jq '.sites > 0')" = true ]
	complete "$T/trace"
}
