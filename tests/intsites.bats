#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# intsites.bats - the places where real interpreters make ints, against what objdump shows.

bats_require_minimum_version 1.5.0

load lib/helpers
load lib/checks

setup_file() {
	build intsites_dump
}

setup() {
	common_setup
}

teardown() {
	common_teardown
}

# listing FILE: its instructions, one a line: address, mnemonic, the rest.
listing() {
	objdump -d --no-show-raw-insn "$1" | awk -F '\t' '/^ *[0-9a-f]+:/ {
		sub(/:.*/, "", $1); gsub(/ /, "", $1); print $1 "\t" $2 }'
}

# simple_stores FILE LISTING N: where the type goes from a constant or a register that was
# loaded within the same straight line, or before a call that preserves it, to N(%r): N, in
# hexadecimal, is where an object's type is.
simple_stores() {
	local type slots
	type=$(nm -D --defined-only "$1" | awk '$3 ~ /^PyLong_Type(@|$)/ { sub(/^0+/, "", $1); print $1 }')
	slots=$(readelf -rW "$1" | awk '/R_X86_64_GLOB_DAT/ && $5 ~ /^PyLong_Type(@|$)/ {
		sub(/^0+/, "", $1); print $1 }')
	awk -F '\t' -v ob_type="$3" -v type="$type" -v slots="$slots" '
	BEGIN { n = split(slots, s, " "); for (i = 1; i <= n; i++) slot[s[i]] = 1 }
	{
		at = $1; text = $2; comment = ""
		if (match(text, / *# /)) {
			comment = substr(text, RSTART + RLENGTH)
			sub(/ .*/, "", comment)
			text = substr(text, 1, RSTART - 1)
		}
		split(text, word, " "); op = word[1]; args = word[2]
		to = args; sub(/.*,/, "", to)
		from = args; sub(/,.*/, "", from)
		base = args; sub(/.*\(/, "", base); sub(/\)$/, "", base)
		member = args ~ ("," ob_type "\\(%r[a-z0-9]+\\)$") && base != "%rsp"
		if (op == "movq" && from == "$0x" type && member)
			print at
		else if (op == "mov" && from in held && member)
			print at
		if (op == "mov" && from == "$0x" type && to ~ /^%/)
			held[full(to)] = 1
		else if ((op == "lea" && comment == type) || (op == "mov" && comment in slot && to ~ /^%r/))
			held[to] = 1
		else if (op == "mov" && from in held && to ~ /^%r/)
			held[to] = 1
		else if (op ~ /^(jmp|ret|call)/) {
			split("", held)
		} else if (to ~ /^%/)
			delete held[full(to)]
	}
	function full(r) {
		if (r ~ /^%e/) sub(/^%e/, "%r", r)
		sub(/d$/, "", r)
		return r
	}' "$2" | sort
}

@test "sites are those that objdump shows, in every interpreter" {
	local seen=0
	while read -r file version; do
		run -0 "$PROGRAMS/intsites_dump" "$file" "$version"
		tail -n 1 <<<"$output" | sed "s|^#|# $file|" >&3
		listing "$file" >"$T/listing"
		ob_type=$(sed -n 's/.* ob_type=\([0-9]*\) .*/\1/p' <<<"$output")
		simple_stores "$file" "$T/listing" "$(printf '0x%x' "$ob_type")" >"$T/expected"
		awk -F '\t' '$3 == "store" { sub(/^0x/, "", $1); print $1 }' <<<"$output" | sort >"$T/found"
		[ -s "$T/expected" ]
		comm -23 "$T/expected" "$T/found" >"$T/missing"
		[ ! -s "$T/missing" ] || { echo "$file: not found:"; cat "$T/missing"; false; }
		# what only following values across blocks can find is little
		[ "$(wc -l <"$T/found")" -le $(($(wc -l <"$T/expected") + 3)) ]
		seen=$((seen + 1))
	done < <(python_images)
	[ "$seen" -gt 0 ] || skip "no CPython here"
}

@test "probes lie on instructions, on those that the kernel emulates when they say so" {
	local seen=0
	while read -r file version; do
		run -0 "$PROGRAMS/intsites_dump" "$file" "$version"
		listing "$file" >"$T/listing"
		awk -F '\t' '
		NR == FNR { text[$1] = $2; next }
		/^#/ { next }
		{
			at = $5; sub(/^0x/, "", at)
			if (!(at in text)) { print "no instruction at " at; next }
			cheap = text[at] ~ /^(push +%r|call +[0-9a-f]|j[a-z]+ +[0-9a-f]|nop *$)/
			if (cheap != ($8 == "emulated")) print $8 " at " at ": " text[at]
			if ($8 == "stepped" && $5 != $1) print "stepped, but not the site itself: " at
		}' "$T/listing" - <<<"$output" >"$T/wrong"
		[ ! -s "$T/wrong" ] || { echo "$file:"; cat "$T/wrong"; false; }
		seen=$((seen + 1))
	done < <(python_images)
	[ "$seen" -gt 0 ] || skip "no CPython here"
}

@test "probes that are shared agree on the register" {
	while read -r file version; do
		run -0 "$PROGRAMS/intsites_dump" "$file" "$version"
		[ -z "$(grep -v '^#' <<<"$output" | cut -f 5,7 | sort -u | cut -f 1 | uniq -d)" ]
	done < <(python_images)
}

@test "what is no interpreter is refused" {
	run -1 "$PROGRAMS/intsites_dump" /bin/ls 0x30b
	[[ $output == *"No such file or directory"* ]]
	run -1 "$PROGRAMS/intsites_dump" /etc/passwd 0x30b
}

@test "a damaged interpreter is refused or read, and neither ends in a crash" {
	local file version size
	read -r file version < <(python_images) || skip "no CPython here"
	size=$(stat -c %s "$file")
	for part in 1 5 20 50 80 95; do
		head -c $((size * part / 100)) "$file" >"$T/cut"
		"$PROGRAMS/intsites_dump" "$T/cut" "$version" >/dev/null 2>"$T/err" || [ $? -eq 1 ]
	done
}
