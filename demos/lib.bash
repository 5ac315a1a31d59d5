# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# lib.bash - what the demos share: a program runs, mwbpf looks at it from outside, and what
# both say is set side by side. To be sourced by a demo's run, in its own directory.
set -eu -o pipefail
cd "$(dirname "${BASH_SOURCE[1]}")"
mwbpf=$(readlink -f "${MWBPF:-../../build/mwbpf}")
dir=$(mktemp -d)
program=
trap finish EXIT

# stop: the program ends with its input, which nobody else holds.
stop() {
	[ -n "$program" ] || return 0
	exec {go}>&-
	wait "$program" || :
	rm -f "$dir/in"
	program=
}

finish() {
	stop
	wait # whoever traced it ends with it
	rm -rf "$dir"
}

# compile FILE.c [OPTION...]: as $dir/FILE, with debug information and as it is written.
compile() {
	gcc -std=gnu17 -O0 -g -Wall "${@:2}" -o "$dir/${1%.c}" "$1"
}

# start COMMAND...: in the background; its output in $dir/printed, its pid $program.
start() {
	mkfifo "$dir/in"
	: >"$dir/printed"
	"$@" <"$dir/in" >"$dir/printed" &
	program=$!
	exec {go}>"$dir/in"
	reached 1
}

# pause: a moment before looking again, without a process for it.
exec {nap}<> <(:)
pause() {
	read -rt 0.01 -u "$nap" || :
}

# waits: sets n to how often the program has said "waiting".
waits() {
	local line lines
	mapfile -t lines <"$dir/printed"
	n=0
	for line in "${lines[@]}"; do
		[[ $line != waiting* ]] || n=$((n + 1))
	done
}

# reached N: until the program has said "waiting" for the Nth time.
reached() {
	local n
	while waits && [ "$n" -lt "$1" ]; do
		kill -0 "$program"
		pause
	done
}

# proceed N: let it go on until it waits for the Nth time.
proceed() {
	echo >&"$go"
	reached "$1"
}

# walk NAME: through the program as it waits, into $dir/NAME.
walk() {
	"$mwbpf" walk --quiet --json -o "$dir/$1" --pid "$program"
}

# beside NAME: each line of the program with an address beside what the walk NAME saw there.
beside() {
	printf '%-44s | %s\n' "THE PROGRAM SAYS" "MWBPF SEES"
	grep -v '^waiting' "$dir/printed" | while IFS= read -r line; do
		printf '%-44s | %s\n' "$(expand -t 8 <<<"$line")" \
			"$(seen_at "$1" "$(grep -oE '0x[0-9a-f]+' <<<"$line" | head -n 1)")"
	done
}

# c_variables NAME: "ADDRESS FUNCTION VARIABLE WORDS..." of each variable in the walk NAME.
c_variables() {
	[ -e "$dir/$1.variables" ] ||
		jq -rs '(map(select(.type == "c_frame")) | INDEX(.id)) as $frames | .[] |
			select(.type == "c_variable") | ($frames["\(.frame)"].function // "no function") as $of |
			"\(.addr) \($of | gsub(" "; "_")) \(.name) " +
			"\(.class) \(.name) = \(.value // "...") of \($of), in the \(.segment)" +
			if .above then ", \(.to_above) below \(.above)" else "" end' "$dir/$1" >"$dir/$1.variables"
	cat "$dir/$1.variables"
}

# seen_at NAME ADDRESS: variables that the walk NAME saw there.
seen_at() {
	c_variables "$1" | awk -v at="$2" '$1 == at && !seen[$0]++ {
		sub(/^[^ ]+ [^ ]+ [^ ]+ /, ""); printf "%s%s", between, $0; between = "; " }'
}

# segment_at NAME ADDRESS: the segment that holds it in the walk NAME.
segment_at() {
	local from to kind
	[ -e "$dir/$1.segments" ] ||
		jq -r 'select(.type == "segment") | "\(.start) \(.end) \(.kind)"' "$dir/$1" >"$dir/$1.segments"
	while read -r from to kind; do
		(($2 < from || $2 >= to)) || echo "$kind"
	done <"$dir/$1.segments"
}

# said LABEL: the address behind a label that the program printed last.
said() {
	awk -v label="$1:" '$1 == label { at = $2 } END { print at }' "$dir/printed"
}

# where NAME FUNCTION VARIABLE: its address, as the walk NAME saw it.
where() {
	c_variables "$1" | awk -v of="$2" -v name="$3" '$2 == of && $3 == name && !n++ { at = $1 }
		END { print n ? at : "null" }'
}

# claim SENTENCE CONDITION...: a sentence that was found to be true; else the demo has failed.
claim() {
	if ! "${@:2}" >/dev/null; then
		echo "NOT SO HERE: $1" >&2
		exit 1
	fi
	fold -sw 100 <<<"$1"
}
