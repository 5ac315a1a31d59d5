#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# formats.bats - what mwbpf report writes for other programs, read as those read it.

load lib/helpers

setup_file() {
	load lib/helpers
	build report_sample
}

setup() {
	common_setup
	SAMPLE=$PROGRAMS/report_sample
}

teardown() {
	common_teardown
}

# no COMMAND...: it fails. A ! alone would not fail the test.
no() {
	! "$@"
}

@test "folded stacks: a line a site, frames, a space and a number, whatever names have in them" {
	"$SAMPLE" folded live 300 >"$T/folded"
	[ "$(wc -l <"$T/folded")" -ge 5 ]
	no grep -vqP '^[^;\x00-\x1f]+(;[^;\x00-\x1f]+)* [1-9][0-9]*$' "$T/folded"
	# flamegraph.pl adds up lines that say the same: the sum is what is live
	live=$("$SAMPLE" html live 300 | sed -n '/id="data"/{n;p}' | head -n 1 |
		grep -oP '"live":\[\K[0-9]+' | head -n 1)
	[ "$(awk '{ sum += $NF } END { print sum }' "$T/folded")" = "$live" ]
}

@test "speedscope: valid JSON, each sample's frames exist, weights add up to the end" {
	"$SAMPLE" speedscope temporary 300 >"$T/profile.json"
	python3 - "$T/profile.json" <<-'END'
		import json, sys
		profile = json.load(open(sys.argv[1], encoding="utf-8"))
		assert profile["$schema"] == "https://www.speedscope.app/file-format-schema.json"
		frames, profiles = profile["shared"]["frames"], profile["profiles"]
		assert profiles[profile["activeProfileIndex"]]["name"] == "temporary allocations"
		for frame in frames:
		    assert frame["name"] and set(frame) <= {"name", "file", "line"}, frame
		assert len({tuple(sorted(frame.items())) for frame in frames}) == len(frames)
		used = set()
		for each in profiles:
		    assert each["type"] == "sampled" and each["unit"] in ("bytes", "none")
		    assert len(each["samples"]) == len(each["weights"]) > 0
		    assert each["startValue"] == 0 and each["endValue"] == sum(each["weights"])
		    assert all(weight > 0 for weight in each["weights"])
		    used.update(*each["samples"])
		assert used == set(range(len(frames)))
		assert [frames[i]["name"] for i in profiles[0]["samples"][0]] == ["<module>", "serve", "Cache.put"]
		assert profiles[0]["weights"][0] == 8 << 20
	END
}

@test "pprof: protoc reads it by the published names and numbers of fields" {
	"$SAMPLE" pprof live 300 >"$T/profile.gz"
	gzip -t "$T/profile.gz"
	gzip -dc "$T/profile.gz" | protoc --decode_raw >"$T/raw"
	gzip -dc "$T/profile.gz" | protoc -I "$MWBPF_ROOT/user/format" \
		--decode mwbpf.pprof.Profile profile.proto >"$T/profile"
	# what the field numbers of the format say: 2 samples, 4 locations, 5 functions, 6 texts
	for kind in "2 sample" "4 location" "5 function" "6 string_table"; do
		[ "$(grep -cE "^${kind% *}(:| )" "$T/raw")" = "$(grep -cE "^${kind#* }(:| )" "$T/profile")" ]
	done
	[ "$(grep -c '^sample {' "$T/profile")" = 305 ]
	[ "$(grep -c '^sample_type {' "$T/profile")" = 7 ]
	grep -qx 'time_nanos: 1772600767500000000' "$T/profile"
	no grep -q '^[0-9]*:' "$T/profile" # no field that profile.proto does not have
}

@test "the HTML report is one file that fetches nothing, and no name gets out of its string" {
	"$SAMPLE" html live 300 >"$T/report.html"
	[ "$(grep -oi '<script' "$T/report.html" | wc -l)" = 2 ]
	[ "$(grep -oi '</script' "$T/report.html" | wc -l)" = 2 ]
	no grep -q '<!--' "$T/report.html"
	no grep -qE '(src|href)="?(https?:|/)|url\(|@import|fetch\(|XMLHttpRequest' "$T/report.html"
	sed -n '/id="data">/,/<\/script>/p' "$T/report.html" | sed '1d;$d' | jq -e '
		(.sites | length) == 305 and (.frames | length) > 300 and
		.title == "python3 server.py --name '"'"'</script>'"'"'" and
		([.sites[][0] | max] | max) < (.frames | length)' >/dev/null
}

@test "a disk that is full is an error in every format" {
	for format in folded speedscope pprof html; do
		run "$SAMPLE" "$format" live 300 >/dev/null
		[ "$status" -eq 0 ]
		no "$SAMPLE" "$format" live 300 >/dev/full
	done
}

# What a real trace amounts to: 2000 strings kept by one line, and more that come and go.
trace_leak() {
	cat >"$T/leak.py" <<-'END'
		import sys
		kept = []
		def leak():
		    for i in range(2000):
		        kept.append("x" * (1000 + i))
		def churn():
		    for i in range(2000):
		        bytes(2000 + i)
		print("ready", flush=True)
		sys.stdin.readline()
		leak()
		churn()
		print("done", flush=True)
		sys.stdin.readline()
	END
	start_program "$T/said" /usr/bin/python3.11 -S "$T/leak.py"
	start_mwbpf "$T/trace" --pid "$PROGRAM"
	go
	wait_line "$T/said" '^done' "$PROGRAM"
	stop_mwbpf
}

@test "a real trace: every format has the figures of the report, and the line at its top" {
	need_root
	trace_leak
	for format in json folded speedscope pprof html; do
		"$MWBPF" report --format "$format" -o "$T/$format" "$T/trace"
	done
	live=$(jq .in_use.bytes "$T/json")
	[ "$(awk '{ sum += $NF } END { print sum }' "$T/folded")" = "$live" ]
	[ "$(jq '.profiles[0].endValue' "$T/speedscope")" = "$live" ]
	[ "$(gzip -dc "$T/pprof" | protoc -I "$MWBPF_ROOT/user/format" \
		--decode mwbpf.pprof.Profile profile.proto |
		awk '/^sample {/ { n = 0 } /^  value:/ { if (++n == 4) sum += $2 } END { print sum }')" = "$live" ]
	[ "$(sed -n '/id="data">/,/<\/script>/p' "$T/html" | sed '1d;$d' |
		jq '[.sites[] | .[6][0]] | add')" = "$live" ]
	awk '{ if ($NF > most) { most = $NF; line = $0 } } END { print line }' "$T/folded" >"$T/top"
	grep -q 'leak (leak.py:5)' "$T/top"
	# by another weight, another line
	"$MWBPF" report --format folded --weight temporary "$T/trace" >"$T/temporary"
	awk '{ if ($NF > most) { most = $NF; line = $0 } } END { print line }' "$T/temporary" >"$T/top"
	grep -q 'churn (leak.py:8)' "$T/top"
}

@test "what cannot be is refused in one line: no such weight or format, two reports in a page" {
	for wrong in "--weight heavy" "--format xml" "--format html $T/other"; do
		run "$MWBPF" report $wrong "$T/trace"
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
	done
}

@test "a file that cannot take the report is an error that is said" {
	need_root
	trace_leak
	for format in folded pprof html; do
		run "$MWBPF" report --format "$format" -o /dev/full "$T/trace"
		[ "$status" -eq 1 ]
		[[ "$output" == *"cannot write /dev/full: No space left on device"* ]]
	done
}
