#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# slide.bats - where probes are put in real libraries, judged by what objdump shows there.

load lib/helpers

PYTHON=/usr/bin/python3
SLIDE_DUMP=$PROGRAMS/slide_dump

setup_file() {
	load lib/helpers
	bats_require_minimum_version 1.5.0
	build slide_dump
	export ORACLE=$BATS_FILE_TMPDIR/oracle.py
	write_oracle
}

setup() {
	local tool
	for tool in objdump nm ldd "$PYTHON"; do
		command -v "$tool" >/dev/null || skip "$tool is missing"
	done
	common_setup
}

teardown() {
	[ -z "${T:-}" ] || common_teardown
}

# The rules of user/probe/slide.h once more, from objdump's text instead of capstone's data.
write_oracle() {
	cat >"$ORACLE" <<'EOF'
import bisect, re, struct, subprocess, sys

LINE = re.compile(r"^ *([0-9a-f]+):\t((?:[0-9a-f]{2} )+) *(?:\t(.*))?$")
DIRECT = re.compile(r"^(?:\S+ )*?(call|xbegin|loop\w*|j\w+)(?:,p[nt])? +([0-9a-f]+)\b")
ARGUMENTS = ["rdi|edi|di|dil", "rsi|esi|si|sil", "rdx|edx|dx|dl|dh", "rcx|ecx|cx|cl|ch",
             "r8[dwb]?", "r9[dwb]?"]
STACK = "rsp|esp|sp|spl"
READS = re.compile(r"((test|cmp|bt|nop)[bwlq]?|u?comis[sd]|endbr64)$")
WRITES = re.compile(r"(mov|lea|add|adc|sub|sbb|and|or|xor|inc|dec|neg|not|sh[lr]|sar|ro[lr]|imul"
                    r"|mul|bs[fr]|bswap|[lt]zcnt|set|cmov|cvt|pxor|cqto|cltd|cltq|cwtl)")
UNKNOWN = re.compile(r"\(bad\)|rdpkru|wrpkru") # the latter to capstone 4
GOT_JUMP = re.compile(r"(\w+ )?jmp +\*\S*\(%rip\)")
IMPLICIT = {"cqto": "rdx", "cltd": "rdx"}

class File:
    def __init__(self, path):
        self.code, targets = {}, []
        text = subprocess.run(["objdump", "-d", "-z", "--insn-width=15", path], check=True,
                              capture_output=True, text=True).stdout
        for line in text.splitlines():
            match = LINE.match(line)
            if not match:
                continue
            text = re.sub(r"<.*?>|#.*", "", match[3] or "(bad)").strip()
            self.code[int(match[1], 16)] = (bytes.fromhex(match[2]), text)
            branch = DIRECT.match(text)
            if branch:
                targets.append(int(branch[2], 16))
        self.targets = sorted(targets)
        self.image = open(path, "rb").read()

    def entered(self, first, last):
        at = bisect.bisect_left(self.targets, first)
        return at < len(self.targets) and self.targets[at] <= last

    # rel32 branches at any byte: more than there are, but slide.c goes by them
    def may_be_entered(self, first, last):
        header = struct.unpack_from("<QQIHHH", self.image, 32)
        for i in range(header[5]):
            kind, flags, offset, vaddr, _, size = struct.unpack_from(
                "<IIQQQQ", self.image, header[0] + i * header[4])
            if kind != 1 or not flags & 1:
                continue
            code = self.image[offset:offset + size]
            for m in re.finditer(rb"(?=(?:[\xe8\xe9]|\x0f[\x80-\x8f])(....))", code, re.DOTALL):
                target = vaddr + m.end(1) + int.from_bytes(m[1], "little", signed=True)
                if first <= target <= last:
                    return True
        return False

def emulated(text):
    return bool(re.match(r"push +%r\w+$|nop$|call +[0-9a-f]|jmp +[0-9a-f]", text) or
                re.match(r"j(?!mp|[er]?cxz)\w+ +[0-9a-f]", text))

def harm(text, mask):
    name, _, rest = text.removeprefix("lock ").partition(" ")
    operands = [o.strip() for o in re.findall(r"(?:\([^)]*\)|[^,(])+", rest)]
    if READS.match(name):
        return None
    if not WRITES.match(name):
        return "unknown or control: " + text
    written = operands[-1] if operands else ""
    if "(" in written:
        return "writes the stack: " + text if re.search(r"\(%%(%s)\b" % STACK, written) else None
    written = [written.lstrip("%"), IMPLICIT.get(name, "")]
    if re.match(r"i?mul[bwlq]?$", name) and len(operands) == 1:
        written = ["rdx"]
    for register in written:
        if re.fullmatch(STACK, register):
            return "moves the stack pointer: " + text
        for i, names in enumerate(ARGUMENTS):
            if mask >> i & 1 and re.fullmatch(names, register):
                return "overwrites an argument: " + text
    return None

# What stands against a probe further on than the entry, found by looking at all of it.
def objection(file, vaddr, size, offset):
    at = vaddr
    while at < vaddr + size:
        code, text = file.code.get(at, (b"", "(bad)"))
        if UNKNOWN.search(text):
            return "does not decode at %#x" % at
        if re.search(r"\bl?jmp\b.*\*", text) and not GOT_JUMP.fullmatch(text):
            return "indirect jump: " + text
        at += len(code)
    if not size or size > 65536:
        return "no size, or too large"
    return "is entered" if file.entered(vaddr + 1, vaddr + offset) else None

# The first emulated instruction in a straight line, or why there is none.
def walk(file, vaddr, size, mask):
    at = vaddr
    while at < vaddr + 32:
        code, text = file.code.get(at, (b"", "(bad)"))
        if UNKNOWN.search(text) or at + len(code) > vaddr + (size or 99):
            return None, "ends at %#x" % at
        if emulated(text):
            return at - vaddr, None
        why = harm(text, mask)
        if why:
            return None, why
        at += len(code)
    return None, "too far"

def judge(file, vaddr, size, mask, offset, is_emulated):
    if vaddr + offset not in file.code:
        return "not an instruction"
    if emulated(file.code[vaddr + offset][1]) != is_emulated:
        return "emulated or not: " + file.code[vaddr + offset][1]
    best, why = walk(file, vaddr, size, mask)
    if offset or is_emulated:
        if best != offset:
            return "expected %s (%s)" % (best, why)
        return objection(file, vaddr, size, offset) if offset else None
    if best and not objection(file, vaddr, size, best) and \
       not file.may_be_entered(vaddr + 1, vaddr + best):
        return "no reason to stay at the entry, %#x is as good" % best
    return None

file, wrong, moved, n = File(sys.argv[1]), 0, 0, 0
for line in sys.stdin:
    name, vaddr, size, mask, offset, how, _, insn, why = line.rstrip("\n").split("\t")
    verdict = judge(file, int(vaddr, 16), int(size), int(mask, 16), int(offset), how == "emulated")
    if verdict:
        print("%s+%s %s (%s): %s" % (name, offset, insn, why, verdict))
    wrong, moved, n = wrong + bool(verdict), moved + (offset != "0"), n + 1
print("%s: %d functions, %d moved, %d wrong" % (sys.argv[1], n, moved, wrong))
sys.exit(wrong > 0 or not n)
EOF
}

# dump FILE MASK SYMBOL... - as slide_dump, for many symbols
dump() {
	local file=$1 mask=$2 symbol arguments=()
	shift 2
	for symbol; do
		arguments+=("$file" "$symbol" "$mask")
	done
	"$SLIDE_DUMP" "${arguments[@]}"
}

# functions FILE PATTERN - the exported functions whose names match
functions() {
	nm -D --defined-only "$1" | sed -n 's/^[0-9a-f]* [TW] \([^@]*\).*/\1/p' |
		grep -E "$2" | sort -u
}

libc() {
	ldd "$(command -v bash)" | awk '$1 ~ /^libc\.so/ { print $3 }'
}

dump_malloc_family() {
	"$SLIDE_DUMP" "$1" malloc 1 "$1" calloc 3 "$1" realloc 3 "$1" reallocarray 7 "$1" free 1 \
		"$1" posix_memalign 7 "$1" aligned_alloc 3 "$1" memalign 3 "$1" valloc 1 \
		"$1" pvalloc 1
}

# The files with the functions of every CPython found: its libpython, or itself.
python_files() {
	local python
	for python in $(pythons); do
		ldd "$python" 2>/dev/null | awk '$1 ~ /^libpython3\.[0-9]/ { print $3; found = 1 }
			END { exit !found }' || echo "$python"
	done | sort -u
}

# judge FILE <DUMP: the oracle's verdict.
judge() {
	run "$PYTHON" "$ORACLE" "$1"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "malloc family of the C library" {
	libc=$(libc)
	[ -n "$libc" ] || skip "no libc.so"
	dump_malloc_family "$libc" >"$T/dump"
	[ "$(wc -l <"$T/dump")" -eq 10 ]
	judge "$libc" <"$T/dump"
}

# IFUNCs are no functions to slide_dump, which says so and goes on.
@test "every function of the C library" {
	libc=$(libc)
	[ -n "$libc" ] || skip "no libc.so"
	for mask in 0 0x3f; do
		dump "$libc" $mask $(functions "$libc" .) 2>/dev/null || [ $? -eq 1 ]
	done >"$T/dump"
	judge "$libc" <"$T/dump"
}

@test "int functions of every CPython" {
	[ -n "$(python_files)" ] || skip "no CPython"
	for file in $(python_files); do
		for mask in 0 0x3f; do
			dump "$file" $mask $(functions "$file" '^_?PyLong(Writer)?_')
		done >"$T/dump"
		judge "$file" <"$T/dump"
	done
}

@test "a wrong place is noticed" {
	libc=$(libc)
	[ -n "$libc" ] || skip "no libc.so"
	dump_malloc_family "$libc" >"$T/dump"
	awk -F'\t' -v OFS='\t' '
		{ $1 = $1 "_inside"; $5++; print; $5-- }
		$6 == "emulated" { $6 = "stepped"; print; $6 = "emulated" }
		$5 > 0 { size = $3; $3 = 0; print; $3 = size }
		$5 > 0 { $5 = 0; $6 = "stepped"; print }
	' "$T/dump" >"$T/wrong"
	run "$PYTHON" "$ORACLE" "$libc" <"$T/wrong"
	echo "$output"
	n=$(wc -l <"$T/wrong")
	[[ ${lines[-1]} == *": $n functions, "*", $n wrong" ]]
}
