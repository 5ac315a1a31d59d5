#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# bench.bats - the benchmark says what it could not measure, and what it says can be compared.

bats_require_minimum_version 1.5.0

load lib/helpers

setup_file() {
	build recorder.so
}

setup() {
	need_root
	common_setup
}

teardown() {
	common_teardown
}

# bench [NAME=VALUE...]: the quick one, of the rivals on one workload.
bench() {
	env QUICK=1 WHAT=rivals WORKLOADS=pairs RESULTS="$T/results" "$@" "$MWBPF_ROOT/tests/bench/run"
}

# path_without COMMAND...: folders with all that PATH has but these.
path_without() {
	local folder command
	mkdir "$T/bin"
	for folder in /usr/sbin /usr/bin; do ln -sf "$folder"/* "$T/bin"; done
	for command; do rm -f "$T/bin/$command"; done
	echo "$T/bin"
}

@test "a tool that is missing is a row that says so, in the table and in the JSON lines" {
	run -0 bench TOOLS="heaptrack bpftrace" PATH="$(path_without heaptrack bpftrace)"
	[ "$(grep -c 'missing: heaptrack is not installed (sudo make bench-deps)' <<<"$output")" -eq 1 ]
	[ "$(grep -c 'missing: bpftrace is not installed (sudo make bench-deps)' <<<"$output")" -eq 2 ]
	[ "$(jq -r 'select(.missing) | .measure' "$T/results" | wc -l)" -eq 3 ]
}

@test "each row is a valid JSON line, and mwbpf saw all and lost nothing" {
	run -0 bench TOOLS="floor mwbpf"
	[ "$(jq -c 'select(.measure and .unit and .commit and .time and has("median"))' "$T/results" | wc -l)" \
		-eq "$(wc -l <"$T/results")" ]
	jq -se 'map(select(.tool == "mwbpf, no stack")) |
		length == 1 and all(.seen == .known and .lost == 0 and .median > 1)' "$T/results"
	jq -se 'map(select(.measure == "pairs: floor")) | length == 1 and .[0].n >= 2' "$T/results"
}

@test "two results are compared line by line; what is no result is refused" {
	row() { printf '{"commit":"c","time":"t","load":0,"measure":"%s","unit":"ns","median":%s,"q1":%s,"q3":%s}\n' "$@"; }
	{ row same 10 9 11; row apart 10 9 11; row gone 1 1 1; } >"$T/old"
	{ row same 10.5 9.5 11.5; row apart 20 19 21; row new 1 1 1; } >"$T/new"
	run -0 "$MWBPF_ROOT/tests/bench/compare" "$T/old" "$T/new"
	[[ $output =~ same\ +ns\ +10\ +10.5\ +1.05\ +$'\n' ]]
	[[ $output =~ apart\ +ns\ +10\ +20\ +2\ +apart ]]
	[[ $output =~ gone\ +ns\ +1\ +-\ +-\ +only\ old ]]
	[[ $output =~ new\ +ns\ +-\ +1\ +-\ +only\ new ]]
	echo "no JSON" >"$T/other"
	run -2 "$MWBPF_ROOT/tests/bench/compare" "$T/old" "$T/other"
	[[ $output == "compare: $T/other is not of tests/bench/run: "* ]]
}

@test "a part that there is not is refused" {
	run -2 bench WHAT=everything
	[[ $output == "bench: there is no part 'everything': WHAT takes some of: "* ]]
}
