# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# python.bash - what the demos in Python share. To be sourced behind lib.bash.
python=${PYTHON:-$(command -v python3)}
# minor: of the version, which the name of the file tells, unless it is "python3".
minor=${python##*/python3.}
minor=${minor%%[!0-9]*}
: "${minor:=$("$python" -c 'import sys; print(sys.version_info[1])')}"

# examine NAME: through the Python program as it waits, into $dir/NAME.
examine() {
	"$mwbpf" walk --quiet --globals --json -o "$dir/$1" --pid "$program"
}

# variables NAME: "[FUNCTION.]NAME ADDRESS SEGMENT CLASS VALUE" of each variable of a walk;
# without the function when it is a global.
variables() {
	jq -rs '(map(select(.type == "frame")) | INDEX(.id)) as $frames | .[] |
		select(.type == "variable" and .addr) |
		(if .scope == "local" then $frames["\(.frame)"].function + "." else "" end) as $of |
		"\($of)\(.name) \(.addr) \(.segment) \(.class) \(.value // "")"' "$dir/$1"
}

# alongside NAME: each line of the program beside the variable of that name in the walk NAME.
alongside() {
	variables "$1" >"$dir/variables"
	printf '%-56s | %s\n' "THE PROGRAM SAYS" "MWBPF SEES"
	grep -v '^waiting' "$dir/printed" | while IFS= read -r line; do
		printf '%-56s | %s\n' "$(expand -t 20 <<<"$line")" "$(awk -v name="${line%%:*}" \
			'$1 == name { at = $2; segment = $3; $1 = $2 = $3 = ""; sub(/^ +/, "")
				print at, $0 " in " segment; exit }' "$dir/variables")"
	done
}

# agree NAME: each variable that the program printed is in the walk NAME, at that address.
agree() {
	variables "$1" | awk 'NR == FNR { at[$1] = $2; next }
		/^waiting/ { next }
		{ name = $1; sub(/:$/, "", name); n++; if (at[name] != $2) bad++ }
		END { exit bad || !n }' - "$dir/printed"
}

# segments NAME PATTERN: in which ones the variables of these names are, each once.
segments() {
	variables "$1" | awk -v names="^($2)$" '$1 ~ names { print $3 }' | sort -u | xargs
}

# cache_segment: where this version is to have its small ints.
cache_segment() {
	if [ "$minor" -le 8 ]; then echo bss
	elif [ "$minor" -le 10 ]; then echo pymalloc
	else echo data; fi
}

# last_small: up to which int this version is to have them.
last_small() {
	if [ "$minor" -le 14 ]; then echo 256; else echo 1024; fi
}

# start_traced SCRIPT: starts it; once it waits, mwbpf writes the ints that it makes to $dir/trace.
start_traced() {
	start "$python" "$1"
	"$mwbpf" --quiet --json --events pylong -o "$dir/trace" --pid "$program" {go}>&- &
	tracer=$!
	until grep -qs '"type":"header"' "$dir/trace"; do
		kill -0 "$tracer"
		pause
	done
}

# stop_traced: the program ends, and the trace with it.
stop_traced() {
	stop
	wait "$tracer"
}

# traced PATTERN: until the trace has an int of such a value, which can be read only while its
# int is there, and not every time.
traced() {
	until grep -qE "\"value\":\"$1\"" "$dir/trace"; do
		kill -0 "$tracer"
		pause
	done
}
