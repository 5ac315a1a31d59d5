# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# lib.bash - numbers and rows: medians, ratios, the table, and the JSON lines.

# quartiles: of the numbers on stdin: median, first and third quartile, how many.
quartiles() {
	sort -g | awk '{ v[NR] = $1 }
		function at(q,  x, i) { x = 1 + q * (NR - 1); i = int(x); return v[i] + (x - i) * (v[i + (x > i)] - v[i]) }
		END { if (!NR) exit 1; OFMT = "%.9g"; print at(0.5), at(0.25), at(0.75), NR }'
}

# calc EXPRESSION: as awk has it.
calc() {
	awk "BEGIN { OFMT = \"%.9g\"; print ($1) }"
}

# ratios A B: line by line.
ratios() {
	paste "$T/$1" "$T/$2" | awk '{ print $1 / $2 }'
}

# figure NUMBER: with as many digits as matter.
figure() {
	awk -v x="$1" 'BEGIN { printf((x >= 1000 ? "%.0f" : x >= 20 ? "%.1f" : "%.2f"), x) }'
}

# record MEASURE UNIT MEDIAN Q1 Q3 N [TARGET [VERDICT [OBJECT]]]: a JSON line; the members of
# OBJECT are added to it. Without figures there is null, and OBJECT says why.
record() {
	jq -cn --arg measure "$1" --arg unit "$2" --argjson median "${3:-null}" \
		--argjson q1 "${4:-null}" --argjson q3 "${5:-null}" --argjson n "${6:-0}" \
		--arg target "${7:-}" --arg verdict "${8:-}" --argjson more "${9:-null}" \
		--arg time "$began" --arg commit "$commit" \
		--arg kernel "$(uname -r)" --arg cpu "$cpu" --argjson cpus "$(nproc)" \
		--argjson load "$(cut -d' ' -f1 /proc/loadavg)" \
		--argjson quick "$([ -n "${QUICK:-}" ] && echo true || echo false)" \
		'{$measure, $unit, $median, $q1, $q3, $n, $target, $verdict} + $more +
		 {$time, $commit, $kernel, $cpu, $cpus, $load, $quick}' >>"$RESULTS"
}

# verdict MEDIAN TARGET: TARGET is "<= N" or ">= N"; nothing when there is none.
verdict() {
	[ -z "$2" ] || calc "($1 $2) ? \"met\" : \"MISSED\""
}

heading() {
	printf '\n%-40s %-11s %8s  %8s .. %-8s %3s  %s\n' measure unit median "half are" "" n target
}

# report MEASURE UNIT [TARGET]: a row of the table from the numbers on stdin.
report() {
	local measure=$1 unit=$2 target=${3:-} median low high n verdict
	read -r median low high n < <(quartiles) || return
	verdict=$(verdict "$median" "$target")
	printf '%-40s %-11s %8s  %8s .. %-8s %3d  %s\n' "$measure" "$unit" "$(figure "$median")" \
		"$(figure "$low")" "$(figure "$high")" "$n" "$target${verdict:+  $verdict}"
	record "$measure" "$unit" "$median" "$low" "$high" "$n" "$target" "$verdict"
}

# missing MEASURE UNIT REASON: a row that says why there are no figures.
missing() {
	printf '%-40s %-11s missing: %s\n' "$1" "$2" "$3"
	record "$1" "$2" "" "" "" 0 "" "" "$(jq -cn --arg missing "$3" '{$missing}')"
}

now_us() {
	echo "${EPOCHREALTIME/[.,]/}"
}

# stop PID: of a program that was started here.
stop() {
	kill "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

# prepare_libc: the targets' own copy of the C library in $LIBC. A tool that cannot keep its
# probes to one process then slows no other; and no other tracer's probes are in it.
prepare_libc() {
	local libc
	libc=$(ldd /bin/true | sed -n 's/.*libc\.so\.6 => \([^ ]*\) .*/\1/p')
	mkdir "$T/own" && cp "$libc" "$T/own/libc.so.6" || return 1
	LIBC=$T/own/libc.so.6
	OWN=(env "LD_LIBRARY_PATH=$T/own")
}
