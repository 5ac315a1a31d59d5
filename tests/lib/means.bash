# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# means.bash - which of the ints of programs/means.py mwbpf sees; needs helpers.bash.

# has_jit PYTHON: whether it can compile to machine code, and PYTHON_JIT=1 makes it do so.
has_jit() {
	[ "$(PYTHON_JIT=1 "$1" -c 'import sys; print(hasattr(sys, "_jit") and sys._jit.is_enabled())')" = True ]
}

# int_means PYTHON OUT [WARM]: OUT gets a line for each means, see intmeans.py, before them one that
# begins with # and has the version and how many instructions were found that make ints.
int_means() {
	local t=$2.trace
	start_program "$2.out" "$1" "$MWBPF_ROOT/tests/programs/means.py" "$2.said" "${3:-0}" || return 1
	start_mwbpf "$t" --events heap,python --stack=none --pid "$PROGRAM" || return 1
	go
	wait_line "$2.out" '^done' "$PROGRAM" || return 1
	stop_mwbpf || return 1
	exec {GO}>&-
	{
		printf '#\t%s\t%s\n' "$("$1" -c 'import platform; print(platform.python_version())')" \
			"$(head -n 1 "$t" | jq '.targets[0].int_sites')"
		/usr/bin/python3 "$MWBPF_ROOT/tests/lib/intmeans.py" "$2.said" "$t"
	} >"$2"
}

# too_few MEANS: what falls short of what is promised of a build, one line each. 100 % of the
# ints up to 3.13, later 99 % of all and 90 % by each means; and less than 1 % too many. Of the
# ints seen 99 % with their values, and none with another.
too_few() {
	awk -F '\t' '
	$1 == "#" { split($2, version, "."); exact = version[2] <= 13; next }
	$2 == "none" { if ($5 > 0) print $1 ": " $5 " events"; next }
	{
		made += $3; seen += $4
		if ($4 < $3 * (exact ? 1 : 0.9)) print $1 ": " $4 " of " $3
		known += $6
		if ($7 > 0) print $1 ": " $7 " wrong values"
	}
	$2 == "only" { only += $3; events += $5 }
	END {
		if (!made || seen < made * (exact ? 1 : 0.99)) print "all: " seen + 0 " of " made + 0
		if (known < seen * 0.99) print "all: the values of " known + 0 " of " seen + 0
		if (events - only >= only * 0.01) print "too many: " events " for " only
	}' "$1"
}
