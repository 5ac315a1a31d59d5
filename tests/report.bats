#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# report.bats - what a trace amounts to: live and from a file, whole and damaged.

bats_require_minimum_version 1.5.0

load lib/helpers
load lib/checks

PYTHON=/usr/bin/python3
LEAKY=$MWBPF_ROOT/tests/programs/leaky.py

setup_file() {
	load lib/helpers
	build maketrace heap recorder.so worker churn
	build/tests/maketrace 20000 1500 20 >"$BATS_FILE_TMPDIR/made" 2>"$BATS_FILE_TMPDIR/amounts"
}

setup() {
	common_setup
	MADE=$BATS_FILE_TMPDIR/made
}

teardown() {
	common_teardown
}

# report ARGS...: as JSON, to stdout.
report() {
	"$MWBPF" report --format json "$@"
}

# both COMMAND...: a command traced with --summary, into $T/live, $T/trace and, from that,
# $T/report.
both() {
	"$MWBPF" --summary --format json --json -o "$T/trace" -- "$@" >"$T/said" 2>"$T/err"
	tail -n 1 "$T/said" >"$T/live"
	report "$T/trace" >"$T/report"
}

# same_as_made FILE: the report is of what maketrace made.
same_as_made() {
	jq -e --slurpfile want "$BATS_FILE_TMPDIR/amounts" '$want[0] as $w |
		.allocs == $w.allocs and .bytes_allocated == $w.bytes and
		.in_use == {bytes: $w.live_bytes, blocks: $w.live} and .complete' "$1" >/dev/null
}

# says FILE PATTERN: a line of its completeness does.
says() {
	jq -e --arg pattern "$2" 'any(.completeness[]; test($pattern))' "$1" >/dev/null ||
		{ jq .completeness "$1" >&2; return 1; }
}

#
# The same from a file as live
#

@test "Python with threads: the report of the file is that of the live trace, byte for byte" {
	need_root
	both "$PYTHON" "$MWBPF_ROOT/demos/walk/memory.py"
	cmp "$T/live" "$T/report"
	"$PYTHON" "$MWBPF_ROOT/tests/lib/naive.py" "$T/trace" "$T/report"
	lines_valid "$T/trace"
}

@test "the report is as its schema says" {
	"$PYTHON" -c 'import jsonschema' 2>/dev/null || skip "python3-jsonschema is missing"
	need_root
	"$MWBPF" report --json-schema >"$T/schema"
	for trace in "$MADE" <("$MWBPF" -q --json --stack both -- /bin/ls /) \
		<("$MWBPF" -q --json -- "$PYTHON" "$LEAKY" 3 </dev/null); do
		report "$trace" >"$T/report"
		"$PYTHON" -c 'import json, jsonschema, sys
jsonschema.validate(json.load(open(sys.argv[1])), json.load(open(sys.argv[2])))' "$T/report" "$T/schema"
	done
}

@test "every way to allocate, exec: likewise" {
	need_root
	both bash -c 'exec "$0" usage pvalloc' "$PROGRAMS/heap"
	jq -e '.ended_by_exec.blocks > 10 and .reuse.reallocs > 0 and .failed >= 0' "$T/report" >/dev/null
	cmp "$T/live" "$T/report"
	"$PYTHON" "$MWBPF_ROOT/tests/lib/naive.py" "$T/trace" "$T/report"
}

@test "a process that was attached to, of whose events many are lost: likewise" {
	need_root
	start_churn "$T/churn"
	"$MWBPF" --summary --format json --json --buffer 4k -o "$T/trace" -d 0.5 --pid "$PROGRAM" >"$T/live"
	churn_works "$T/churn"
	report "$T/trace" >"$T/report"
	cmp "$T/live" "$T/report"
	jq -e '.lost > 0 and (.complete | not) and .unmatched_frees > 0' "$T/report" >/dev/null
	says "$T/report" 'lost: .* because the ring was full'
}

@test "what is counted is what a preloaded recorder counts" {
	need_root
	local numbers
	RECORDER_FD=9 LD_PRELOAD=$PROGRAMS/recorder.so "$MWBPF" -q --json -o "$T/trace" -- \
		"$PROGRAMS/heap" usage 9>"$T/recorded" >/dev/null
	read -ra numbers < <(sed -n '1s/^recorded //p' "$T/recorded")
	[ "${#numbers[@]}" -eq 4 ]
	report "$T/trace" | jq -e --argjson n "[$(IFS=,; echo "${numbers[*]}")]" '
		[.allocs, .frees, .bytes_allocated, .failed] == $n' >/dev/null
}

@test "every Python here: a leak is likely, at its line; a cache is not; what is freed is churn" {
	need_root
	for python in $(pythons); do
		has_gil "$python" || continue
		name=$(name_of "$python")
		# attached to, so that its frames can be read from the first one on; names are read
		# from the living process
		start_program "$T/$name.said" "$python" -c "if True:
			import sys
			print('ready', flush=True)
			sys.stdin.readline()
			sys.argv[1:] = ['200']
			exec(compile(open('$LEAKY').read(), 'leaky.py', 'exec'))"
		start_mwbpf "$T/$name" --pid "$PROGRAM"
		go
		wait_line "$T/$name" '"size":77777' "$TRACER"
		go
		exec {GO}>&-
		wait "$TRACER"
		report --older 0 "$T/$name" >"$T/report"
		jq -e '
			def at: .frames[0] | "\(.file // "" | sub(".*/"; "")):\(.line)";
			[.sites[] | {at: at, live: .live.bytes, freed: .freed.bytes, verdict}] |
			(.[0] | .at == "leaky.py:10" and .live >= 8000000 and .verdict == "likely") and
			(.[1] | .at == "leaky.py:14" and .live >= 3000000 and .verdict == null) and
			(max_by(.freed) | .at == "leaky.py:18" and .freed >= 30000000)' "$T/report" >/dev/null ||
			{ echo "$name:" >&2; jq -c '.sites[:4][]' "$T/report" >&2; return 1; }
	done
}

# growing LOST_NS: a site that grows by a block a second for ten, and a loss at that time; none: 0.
growing() {
	head -n 1 "$MADE"
	echo '{"type":"stack","ts_ns":0,"pid":7,"id":1,"frames":[{"lang":"python","function":"f","line":1}]}'
	for ((i = 1; i <= 10; i++)); do
		[ "$1" != "$i" ] || echo '{"type":"lost","ts_ns":'$i'000000000,"events":3}'
		echo '{"type":"malloc","ts_ns":'$i'000000000,"pid":7,"tid":7,"addr":"0x'$i'000","size":100,"segment":"heap","stack":1}'
	done
	[ "$1" != 11 ] || echo '{"type":"lost","ts_ns":11000000000,"events":3}'
	echo '{"type":"summary","ts_ns":20000000000,"reason":"its end"}'
}

@test "a leak is likely where it grows, and unproven where events were lost since" {
	verdict() {
		growing "$1" | report --older "$2" - | jq -r '.sites[0] | "\(.verdict) \(.bytes_per_second)"'
	}
	# from 1 to 20 s: 100 more a second for 9 of 19 seconds, then flat: by the formula, exactly
	slope=$("$PYTHON" -c 'print(round(sum(100 * ((20 - t) * (20 + t - 2 * 10.5)) / 2 for t in range(1, 11)) / (19 ** 3 / 12)))')
	[ "$(verdict 0 1)" = "likely $slope" ]
	[ "$(verdict 1 1)" = "likely $slope" ]  # before most of them
	[ "$(verdict 11 1)" = "unproven $slope" ]
	[ "$(verdict 0 30)" = "null $slope" ] # none is that old
}

@test "whatever happens to blocks: what it amounts to, worked out the slow way" {
	for seed in 1 2 3; do
		"$PYTHON" "$MWBPF_ROOT/tests/lib/randomtrace.py" $seed 4000 >"$T/trace"
		report "$T/trace" >"$T/report"
		says "$T/report" 'are no records' && return 1
		"$PYTHON" "$MWBPF_ROOT/tests/lib/naive.py" "$T/trace" "$T/report"
	done
}

#
# Files of every kind
#

@test "plain, compressed, from a pipe: the same, and what was made" {
	report "$MADE" >"$T/plain"
	same_as_made "$T/plain"
	"$PYTHON" "$MWBPF_ROOT/tests/lib/naive.py" "$MADE" "$T/plain"
	report - <"$MADE" | cmp "$T/plain"
	cat "$MADE" | report - | cmp "$T/plain"
	zstd -q "$MADE" -o "$T/made.zst"
	report "$T/made.zst" | cmp "$T/plain"
	zstd -q <"$MADE" | report - | cmp "$T/plain"
	# frames behind each other, as cat leaves them
	{ head -n 5000 "$MADE" | zstd -q; tail -n +5001 "$MADE" | zstd -q; } | report - | cmp "$T/plain"
	[ "$(report "$MADE" "$T/made.zst" | sort -u | wc -l)" -eq 1 ]
}

@test "a file that is cut: what is before the cut counts, and the cut is said" {
	head -n 10000 "$MADE" >"$T/whole"
	{ cat "$T/whole"; sed -n '10001s/.\{40\}$//p' "$MADE" | tr -d '\n'; } >"$T/cut"
	report "$T/cut" >"$T/report"
	says "$T/report" 'cut in the middle of a line'
	says "$T/report" 'no summary'
	says "$T/report" 'no records' && return 1
	report "$T/whole" >"$T/other"
	says "$T/other" 'cut in the middle' && return 1
	jq -e --slurpfile other "$T/other" '(.complete | not) and .in_use == $other[0].in_use and
		.allocs == $other[0].allocs and .sites == $other[0].sites' "$T/report" >/dev/null
	# compressed, where the cut takes more with it
	zstd -q <"$MADE" | head -c 100000 | report - >"$T/report"
	says "$T/report" 'cut in the middle|not read to its end'
	jq -e '.allocs > 100 and (.complete | not)' "$T/report" >/dev/null
}

@test "lines that are none are counted, the first of them named, the others taken" {
	local -a bad=('' '{' 'x' '{"type":"malloc","ts_ns":1}' '[]' '{"type":"malloc","ts_ns":1,"pid":7,"tid":7,"addr":"0x10","size":-1}'
		'{"type":"free","ts_ns":1,"pid":8,"tid":7,"addr":"0x10"}' '{"type":"stack","ts_ns":1,"id":0,"frames":[]}'
		'{"type":"malloc","ts_ns":1,"pid":7,"tid":7,"addr":"0x10","size":18446744073709551616}'
		'{"type":"malloc","ts_ns":1,"pid":7,"tid":7,"addr":"0x10","size":1} x' $'\xff\xfe')
	{
		head -n 3000 "$MADE"
		printf '%s\n' "${bad[@]}"
		printf '{"type":"new","ts_ns":3,"more":[{"a":null}]}\n'
		tail -n +3001 "$MADE"
	} >"$T/bad"
	report "$T/bad" >"$T/report"
	says "$T/report" '^10 lines are no records.* line 3002$' # an empty one is no line
	says "$T/report" '^1 records are of types'
	jq -e --slurpfile want "$BATS_FILE_TMPDIR/amounts" '(.complete | not) and
		.allocs == $want[0].allocs and .in_use.bytes == $want[0].live_bytes' "$T/report" >/dev/null
}

@test "a line without end is one wrong line, and costs no memory" {
	{ head -n 3000 "$MADE"; head -c 60000000 /dev/zero | tr '\0' x; echo; tail -n +3001 "$MADE"; } >"$T/long"
	(ulimit -v 400000; report "$T/long") >"$T/report"
	says "$T/report" '^1 lines are no records.* line 3001$'
	jq -e --slurpfile want "$BATS_FILE_TMPDIR/amounts" '.allocs == $want[0].allocs' "$T/report" >/dev/null
	{ head -n 3000 "$MADE"; head -c 60000000 /dev/zero; } | report - >"$T/report"
	says "$T/report" 'cut in the middle of a line'
}

@test "what is no trace, is not there, or cannot be written" {
	run -1 --separate-stderr "$MWBPF" report /bin/true
	one_error "$stderr" 'no record'
	run -1 --separate-stderr "$MWBPF" report "$T/none"
	one_error "$stderr" 'No such file'
	run -1 --separate-stderr "$MWBPF" report /dev/null
	one_error "$stderr" 'no record'
	printf '\x28\xb5\x2f\xfdrubbish' >"$T/zst"
	run -1 --separate-stderr "$MWBPF" report "$T/zst"
	one_error "$stderr" 'compressed'
	for format in text json; do
		run -1 --separate-stderr bash -c '"$0" report --format $1 "$2" >/dev/full' "$MWBPF" $format "$MADE"
		one_error "$stderr" 'space'
	done
	run -2 "$MWBPF" report
	run -2 "$MWBPF" report --pid 1 "$MADE"
	run -2 "$MWBPF" report --diff "$MADE"
	run -2 "$MWBPF" report --by nothing "$MADE"
}

#
# What else is asked of it
#

@test "a trace without an end: mwbpf was killed" {
	need_root
	start_program "$T/said" "$PYTHON" "$LEAKY" 20
	start_mwbpf "$T/trace" --pid "$PROGRAM"
	wait_line "$T/trace" '"type":"resident"' "$TRACER"
	kill -KILL "$TRACER"
	wait "$TRACER" || :
	report "$T/trace" >"$T/report"
	says "$T/report" 'no summary'
	jq -e '.ended_by == "the trace has no end"' "$T/report" >/dev/null
	! grep -q '"type":"summary"' "$T/trace"
}

# dies HOW STATUS PATTERN: a command that ends so; live and file say it, and what it left.
dies() {
	local status=0
	"$MWBPF" --summary --format json --json -o "$T/trace" -- bash -c "$1" >"$T/said" 2>"$T/err" || status=$?
	[ "$status" -eq "$2" ] || { echo "mwbpf exited with $status, not $2" >&2; return 1; }
	tail -n 1 "$T/said" >"$T/live"
	jq -e --arg pattern "$3" '(.ended_by | test($pattern)) and .allocs > 100 and
		.in_use.blocks > 10 and any(.completeness[]; test("^resident at "))' "$T/live" >/dev/null
	report "$T/trace" | cmp "$T/live"
}

@test "killed, crashed, ended by itself: the report is whole and says so" {
	need_root
	dies 'kill -KILL $$' 137 'killed by signal 9 '
	dies 'kill -SEGV $$' 139 'killed by signal 11 '
	dies 'exit 3' 3 'exited with status 3'
	dies 'exec /bin/sleep 0.01' 0 'exited with status 0'
}

@test "no file of events: the report alone is on stdout" {
	need_root
	"$MWBPF" --summary -- /bin/ls / >"$T/out" 2>"$T/err"
	grep -q '^HEAP SUMMARY:$' "$T/out"
	grep -q '^COMPLETENESS:$' "$T/out"
	! grep -q 'HEAP SUMMARY' "$T/err"
	! grep -qE ' malloc +0x' "$T/out"
}

@test "limits: the status that was asked for, and which of them it was" {
	run -0 --separate-stderr "$MWBPF" report --max-leak 1T --max-peak 1T --error-exitcode 9 "$MADE"
	[ -z "$stderr" ]
	run -9 --separate-stderr "$MWBPF" report --max-leak 1k --error-exitcode 9 "$MADE"
	one_error "$stderr" 'bytes in use at the end.*--max-leak'
	run -9 --separate-stderr "$MWBPF" report --max-peak 1k --error-exitcode 9 "$MADE"
	one_error "$stderr" 'at the peak.*--max-peak'
	run -0 "$MWBPF" report --max-peak 1k "$MADE"
	# what is suppressed is no leak
	printf '# known\nleak:^work1*$\nthread:x\nleak:main.py\n' >"$T/known"
	run -0 --separate-stderr "$MWBPF" report --max-leak 0 --error-exitcode 9 --suppressions "$T/known" "$MADE"
	[ -z "$stderr" ]
	printf 'leak:^work1$\n' >"$T/known"
	run -9 "$MWBPF" report --max-leak 0 --error-exitcode 9 --suppressions "$T/known" "$MADE"
	report --suppressions "$T/known" "$MADE" |
		jq -e '[.sites[] | select(.suppressed)] | length == 1 and .[0].frames[0].function == "work1"' >/dev/null
	printf 'nothing\n' >"$T/known"
	run -1 --separate-stderr "$MWBPF" report --suppressions "$T/known" "$MADE"
	one_error "$stderr" ":1: 'nothing'"
	run -2 "$MWBPF" --max-leak 1 -- true
	run -2 "$MWBPF" --format json -- true
}

@test "limits of a live run" {
	need_root
	run -9 "$MWBPF" --summary --max-peak 1k --error-exitcode 9 -- /bin/ls /
	run -0 "$MWBPF" --summary --max-peak 1T --error-exitcode 9 -- /bin/ls /
}

@test "every owner of an address, as the lines of the trace have them" {
	local addr made
	addr=$(grep -m1 -oP '^{"type":"free".*"addr":"\K[^"]+' "$MADE")
	made=$(grep -c "^{\"type\":\"malloc\".*\"addr\":\"$addr\"" "$MADE")
	"$MWBPF" report --format json --address "$addr" "$MADE" >"$T/owners"
	[ "$(wc -l <"$T/owners")" -eq "$made" ]
	jq -c 'select(.addr == $addr) | if .type == "malloc" then {m: .ts_ns} else {f: .ts_ns} end' \
		--arg addr "$addr" "$MADE" | jq -sc '[.[] | .m // empty], [.[] | .f // empty]' >"$T/want"
	jq -sc '[.[].from_ns], [.[].until_ns // empty]' "$T/owners" | cmp "$T/want"
	# an address within the block, too
	"$MWBPF" report --format json --address "$(printf '0x%x' $((addr + 3)))" "$MADE" >"$T/within"
	jq -e '.off == 3' "$T/within" >/dev/null
	[ "$(wc -l <"$T/within")" -eq "$made" ]
	"$MWBPF" report --address "$addr" "$MADE" | grep -qE "^ +$made in all"
	"$MWBPF" report --address 0x1 "$MADE" | grep -qE '^ +0 in all'
}

@test "what one trace has more than another" {
	"$PROGRAMS/maketrace" 20000 1600 20 >"$T/more" 2>/dev/null
	"$MWBPF" report --diff --format json "$MADE" "$T/more" >"$T/diff"
	jq -e '.in_use.blocks_before == 1500 and .in_use.blocks_after == 1600 and (.sites | length == 20) and
		all(.sites[]; .live.blocks_after - .live.blocks_before == 5)' "$T/diff" >/dev/null
	"$MWBPF" report --diff "$MADE" "$MADE" | grep -q '(0 shown, of 20 that either has)'
	"$MWBPF" report --diff "$MADE" "$T/more" | grep -qE '\+5 .* work[0-9]+ \(work.py'
}

@test "tables fit the width, colours are for terminals" {
	for columns in 70 80 132; do
		for by in site segment thread size lifetime time; do
			COLUMNS=$columns "$MWBPF" report --by $by "$MADE" >"$T/out"
			sed -n '/^BLOCKS\|^SITES\|^BY \|^LIVE BYTES/,/^COMPLETENESS/p' "$T/out" | tail -n +2 |
				awk -v most=$columns 'length > most { print FILENAME, length ": " $0; bad = 1 } END { exit bad }' >&2
			no_control "$T/out"
		done
	done
	TERM=xterm script -qec "'$MWBPF' report '$MADE'" /dev/null | grep -q $'\033\[1mHEAP'
	! NO_COLOR=1 TERM=xterm script -qec "'$MWBPF' report '$MADE'" /dev/null | grep -q $'\033'
	for sort in live allocations churn peak temporary growth; do
		"$MWBPF" report --sort $sort -n 3 "$MADE" | grep -qE '^SITES BY .* \(3 of 20\):'
	done
}
