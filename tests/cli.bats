#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# cli.bats - what is said on the command line, and that a command runs as if nobody looked.

bats_require_minimum_version 1.5.0

load lib/helpers
load lib/checks

setup_file() {
	build worker
}

setup() {
	common_setup
}

teardown() {
	common_teardown
}

# wrong PATTERN ARGS...: usage error: exit 2, one line that names the cause, no output.
wrong() {
	run -2 --separate-stderr within "$MWBPF" "${@:2}"
	one_error "$stderr" "$1"
	[ -z "$output" ]
}

# compare COMMAND...: it writes the same to stdout and ends alike, traced or not.
compare() {
	local plain=0 traced=0
	within "$@" >"$T/plain" || plain=$? # which sets some signals back to the default
	within "$MWBPF" -q -o "$T/events" -- "$@" >"$T/traced" || traced=$?
	[ -s "$T/plain" ]
	diff "$T/plain" "$T/traced" >&2
	[ "$plain" -eq "$traced" ]
}

# status_of STATUS COMMAND...: what mwbpf exits with after it.
status_of() {
	run "-$1" within "$MWBPF" -q -o "$T/events" -- "${@:2}"
}

# ends STATUS: mwbpf in the background does so.
ends() {
	local status=0
	wait "$TRACER" || status=$?
	[ "$status" -eq "$1" ] || { echo "mwbpf exited with $status, not $1" >&2; return 1; }
}

#
# Asked for words
#

@test "--help names every option and exits 0" {
	for option in --help -h; do
		run -0 --separate-stderr "$MWBPF" $option
		[ -z "$stderr" ]
		for name in pid duration output json events min-size max-size buffer threads tier user \
			cache-dir no-cache summary leak-check quiet verbose json-schema version help; do
			grep -qE -- "--$name( |\$)" <<<"$output" || { echo "no --$name"; return 1; }
		done
	done
	for verb in trace report walk; do
		"$MWBPF" $verb --help >"$T/help"
		awk 'length > 100 { print; exit 1 }' "$T/help"
	done
}

@test "--version is one line" {
	for option in --version -V; do
		run -0 --separate-stderr "$MWBPF" $option
		[ -z "$stderr" ]
		[[ $output =~ ^mwbpf\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
	done
}

@test "--json-schema is a JSON schema with every type of record" {
	"$MWBPF" --json-schema >"$T/schema" 2>"$T/err"
	[ ! -s "$T/err" ]
	jq -e '."$schema"' "$T/schema"
	for type in header summary segment malloc free mmap thread fork exec exit lost warning; do
		grep -q "\"$type\"" "$T/schema" || { echo "no $type"; return 1; }
	done
}

@test "words can be had without privileges" {
	for option in --help --version --json-schema; do
		run -0 setpriv --reuid 65534 --regid 65534 --clear-groups "/proc/self/fd/9" $option 9<"$MWBPF"
	done
}

@test "output that nobody can take is an error" {
	for option in --help --version --json-schema; do
		run --separate-stderr bash -c '"$0" $1 >/dev/full' "$MWBPF" $option
		[ "$status" -ne 0 ] || { echo "$option >/dev/full exits 0"; return 1; }
		one_error "$stderr" 'space'
	done
}

#
# Wrong usage
#

@test "unknown options" {
	wrong 'unknown option --bogus' --bogus
	wrong 'unknown option --bogus' --bogus=3 --pid 1
	wrong 'unknown option --pi' --pi 1
	wrong 'unknown option -x' -x
	wrong 'unknown option -x' -qx --pid 1
	wrong 'unknown option -é|unknown option' -é --pid 1
	wrong "'sleep'.*--" sleep 5
	wrong "'-'" -
}

@test "missing values" {
	for option in --pid --duration --output --events --min-size --max-size --buffer --threads --tier --user; do
		wrong "$option needs" $option
	done
	for letter in -p -d -o -e -z -Z; do
		wrong "$letter needs" $letter
	done
	wrong '--json takes no value' --json=1 --pid 1
	wrong '--output' --output= --pid 1
	wrong '--user' --user= -- true
}

@test "bad pid" {
	for pid in 0 -1 1.5 12x x '' ' 1' +1 0x10 99999999999999999999 2147483648; do
		wrong "--pid: '${pid//+/\\+}'" --pid "$pid"
	done
}

@test "bad size" {
	for size in -1 x 1q 1.5k '' 1kk 99999999999999999999 16777216T ' 1' '1 k'; do
		wrong "--min-size: '$size'" --min-size "$size" --pid 1
		wrong "--max-size: '$size'" -Z "$size" --pid 1
		wrong "--buffer: '$size'" --buffer "$size" --pid 1
	done
	wrong '--buffer' --buffer 0 --pid 1
	wrong '--buffer' --buffer 1T --pid 1
	wrong '--threads' --threads 0 --pid 1
}

@test "bad duration" {
	for duration in -1 x 1x 0 0.0 '' 1e9999 1..2 . 99999999999999999999h inf nan; do
		wrong "--duration: '$duration'" --duration "$duration" --pid 1
	done
}

@test "bad names" {
	wrong "'bogus'" --events bogus --pid 1
	wrong "'bogus'" --events malloc,bogus --pid 1
	wrong '--events' --events malloc,,free --pid 1
	wrong '--events' --events '' --pid 1
	wrong "'Malloc'" --events Malloc --pid 1
	wrong "'mallo'" --events mallo --pid 1
	wrong "--tier: 'bogus'" --tier bogus --pid 1
	wrong "--tier: 'none'" --tier none --pid 1
}

@test "options that contradict each other" {
	wrong 'not both' --pid 1 -- true
	wrong 'nothing to trace' --json
	wrong 'nothing to trace'
	wrong 'nothing to trace' trace
	wrong 'nothing to trace' --
	wrong '--min-size is above --max-size' -z 100 -Z 99 --pid 1
	wrong '--user' --user root --pid 1
}

@test "an argument with control bytes is shown without them" {
	wrong 'unknown option' $'--a\e[31mb\nc'
	no_control <(printf '%s\n' "$stderr")
	wrong 'unexpected' $'a\e[31mb\nc'
	no_control <(printf '%s\n' "$stderr")
	wrong '--events' --events $'a\e[31mb\nc' --pid 1
	no_control <(printf '%s\n' "$stderr")
	wrong '--pid' --pid $'1\e[31mb\nc'
	no_control <(printf '%s\n' "$stderr")
}

#
# A command runs as if nobody looked
#

@test "the command's arguments are handed on byte for byte" {
	need_root
	# sh reads its own arguments; its pid differs, the script's text does not
	compare sh -c 'od -An -v -tx1 /proc/$$/cmdline' sh 'a b' "it's" '"quoted"' '' ' ' '$HOME' '*' '\n' \
		$'tab\tline\nend' --pid 1 --help -- -q --json=x -o '' $'\xff\xfe' 'é' ''
}

@test "options end at the command" {
	need_root
	status_of 0 test --version = --version
	status_of 1 test -q = --json
	# what looks like ours behind -- is the command's
	run -0 within "$MWBPF" -q -o "$T/events" -- printf '%s,' -- --pid 1 -o "$T/not-made"
	[ "$output" = "--,--pid,1,-o,$T/not-made," ]
	[ ! -e "$T/not-made" ]
}

@test "stdin, stdout and stderr are the command's alone" {
	need_root
	head -c 3000000 /dev/urandom >"$T/in"
	"$MWBPF" -q -o "$T/events" -- cat <"$T/in" >"$T/out"
	cmp "$T/in" "$T/out"
	cat "$T/in" | "$MWBPF" -q -o "$T/events" -- cat | cmp - "$T/in"
	"$MWBPF" -q -o "$T/events" -- sh -c 'printf "out no newline"; printf "err no newline" >&2' >"$T/out" 2>"$T/err"
	[ "$(cat "$T/out")" = "out no newline" ]
	[ "$(cat "$T/err")" = "err no newline" ]
	# the rest of stdin stays for whoever reads next
	{ "$MWBPF" -q -o "$T/events" -- sh -c 'read -r line; echo "$line"'; cat; } < <(printf '1\n2\n') >"$T/out"
	[ "$(cat "$T/out")" = $'1\n2' ]
	[ -s "$T/events" ]
}

@test "closed stdin, stdout and stderr stay closed" {
	need_root
	within "$MWBPF" -q -o "$T/events" -- sh -c 'ls /proc/self/fd >"$0"' "$T/traced" <&- || true
	sh -c 'ls /proc/self/fd >"$0"' "$T/plain" <&-
	diff "$T/plain" "$T/traced" >&2
	# what mwbpf writes must not land in a file that took the number of a closed stdout
	within "$MWBPF" --json -o "$T/events" -- sh -c ':' >&- 2>&-
	complete "$T/events"
	within "$MWBPF" --json -o "$T/events" -- sh -c ':' <&- >&- 2>&-
	complete "$T/events"
}

@test "the environment and the working directory are handed on" {
	need_root
	mkdir "$T/here"
	cd "$T/here"
	env -i A=1 'B=two words' C= $'D=line\nend' E=$'\xff' PATH="$PATH" cat /proc/self/environ >"$T/plain"
	env -i A=1 'B=two words' C= $'D=line\nend' E=$'\xff' PATH="$PATH" \
		"$MWBPF" -q -o "$T/events" -- cat /proc/self/environ >"$T/traced"
	[ -s "$T/plain" ]
	cmp "$T/plain" "$T/traced"
	compare readlink /proc/self/cwd
	[ "$(cat "$T/traced")" = "$T/here" ]
}

@test "the command has no descriptor that is not its own" {
	need_root
	compare ls /proc/self/fd
	compare sh -c 'ls -l /proc/self/fd | wc -l' 7</dev/null 20>"$T/twenty"
}

@test "the signal mask and dispositions are those of a plain run" {
	need_root
	compare grep -E '^(Sig[PBIC]|Shd)' /proc/self/status
}

@test "privileges, limits and priority are those of a plain run" {
	need_root
	compare grep -E '^(Umask|TracerPid|Uid|Gid|Groups|NoNew|Seccomp|Cap|Cpus|Specul|CoreD|THP)' /proc/self/status
	compare cat /proc/self/limits
	compare cat /proc/self/personality /proc/self/oom_score_adj /proc/self/cgroup
	compare awk '{ print $6, $18, $19 }' /proc/self/stat # session, priority, nice
	compare sh -c 'umask'
	(umask 27 && compare sh -c umask)
	(ulimit -n 77 -c 0 && compare cat /proc/self/limits)
	(renice -n 5 "$BASHPID" >/dev/null && compare awk '{ print $18, $19 }' /proc/self/stat)
}

@test "signals blocked or ignored by the caller stay so" {
	need_root
	compare env --ignore-signal=USR1,HUP,INT,PIPE,XFSZ --block-signal=TERM,CHLD,USR2 grep '^Sig[PBIC]' /proc/self/status
	for how in --ignore-signal=PIPE,XFSZ,HUP --block-signal=TERM,CHLD,INT,USR1 --default-signal; do
		env $how grep -E '^Sig(Blk|Ign)' /proc/self/status >"$T/plain"
		env $how "$MWBPF" -q -o "$T/events" -- grep -E '^Sig(Blk|Ign)' /proc/self/status >"$T/traced"
		diff "$T/plain" "$T/traced" >&2 || { echo "env $how"; return 1; }
	done
}

@test "a caller that ignores SIGCHLD gets the status all the same" {
	need_root
	run -3 within env --ignore-signal=CHLD "$MWBPF" -q -o "$T/events" -- sh -c 'exit 3'
	run -0 within env --ignore-signal=CHLD "$MWBPF" -q -o "$T/events" -- grep '^SigIgn' /proc/self/status
	[ "$output" = "$(within env --ignore-signal=CHLD grep '^SigIgn' /proc/self/status)" ]
}

@test "a command that dies of SIGPIPE does so" {
	need_root
	run -0 bash -c 'set -o pipefail; "$0" -q -o "$1" -- yes | head -n 1; echo "${PIPESTATUS[0]}"' "$MWBPF" "$T/events"
	[ "$output" = $'y\n141' ]
}

#
# Exit status
#

@test "the command's exit status is ours" {
	need_root
	for code in 0 1 2 3 125 255; do
		status_of "$code" sh -c "exit $code"
	done
}

@test "a command killed by a signal: 128 and the signal" {
	need_root
	for signal in 1 2 6 9 11 15; do
		status_of $((128 + signal)) sh -c "ulimit -c 0; kill -$signal \$\$"
	done
}

@test "a command that stops itself is waited for" {
	need_root
	"$MWBPF" --json -o "$T/events" -- sh -c 'echo ready $$; kill -STOP $$; exit 4' >"$T/out" 2>"$T/err" &
	TRACER=$!
	started "$TRACER"
	wait_line "$T/out" ready "$TRACER"
	read -r _ child <"$T/out"
	started "$child"
	until grep -q '^State:.T' "/proc/$child/status"; do pause; done
	kill -CONT "$child"
	ends 4
	complete "$T/events"
}

# could_not STATUS PATTERN COMMAND...: it was not run, and one line says why.
could_not() {
	run "-$1" --separate-stderr within "$MWBPF" -o "$T/events" -- "${@:3}"
	one_error "$stderr" "$2"
	[ -z "$output" ]
}

# could_not_either PATTERN COMMAND...: as shells differ, with 126 or 127.
could_not_either() {
	local status=0
	within "$MWBPF" -o "$T/events" -- "${@:2}" >"$T/out" 2>"$T/err" || status=$?
	[ "$status" -eq 126 ] || [ "$status" -eq 127 ]
	one_error "$(cat "$T/err")" "$1"
	[ ! -s "$T/out" ]
}

@test "command not found: 127" {
	need_root
	could_not 127 'mwbpf-no-such-command.*No such file' mwbpf-no-such-command
	could_not 127 'no/such.*No such file' "$T/no/such"
	could_not 127 'No such file' ''
	# a file in the way is not a command either; shells give 126 or 127
	echo 'echo hello' >"$T/plain-file"
	could_not_either 'plain-file/x: Not a directory' "$T/plain-file/x"
	run -127 --separate-stderr env PATH=/nowhere "$MWBPF" -o "$T/events" -- ls
	one_error "$stderr" 'ls: No such file'
}

@test "command that cannot be executed: 126" {
	need_root
	echo 'echo hello' >"$T/plain-file"
	could_not 126 'plain-file: Permission denied' "$T/plain-file"
	could_not 126 "$T: Permission denied" "$T"
	ln -s loop "$T/loop"
	could_not 126 'loop: Too many' "$T/loop"
}

@test "command that is being written: 126" {
	need_root
	cp "$PROGRAMS/worker" "$T/busy"
	exec 8>>"$T/busy"
	could_not 126 'busy: Text file busy' "$T/busy"
	exec 8>&-
}

@test "a script whose interpreter is missing: said so" {
	need_root
	printf '#!/no/such/interpreter\necho hello\n' >"$T/script"
	chmod 755 "$T/script"
	could_not_either 'script: .*(interpreter|No such file)' "$T/script"
}

@test "scripts run, with and without an interpreter line" {
	need_root
	printf '#!/bin/sh -e\necho "with $0 $*"; exit 5\n' >"$T/with"
	printf 'echo "without $*"; exit 6\n' >"$T/without"
	chmod 755 "$T/with" "$T/without"
	run -5 --separate-stderr within "$MWBPF" -q -o "$T/events" -- "$T/with" 1 '2 3'
	[ "$output" = "with $T/with 1 2 3" ]
	cd "$T"
	run -6 --separate-stderr within "$MWBPF" -q -o "$T/events" -- ./without 1 2
	[ "$output" = "without 1 2" ]
	PATH=$T:$PATH run -6 --separate-stderr within "$MWBPF" -q -o "$T/events" -- without 1 2
	[ "$output" = "without 1 2" ]
}

@test "the name of a command that cannot be run is shown without control bytes" {
	need_root
	could_not 127 'nothing' $'nothing\e[31m\nhere'
	no_control <(printf '%s\n' "$stderr")
	run -1 --separate-stderr within "$MWBPF" -o "$T/no"$'\e[31m\n'"/such" --pid $$
	one_error "$stderr" 'No such file'
	no_control <(printf '%s\n' "$stderr")
}

#
# Whose command it is
#

# as_user WANTED ENV... -- OPTIONS...: the command runs with the ids and the home of WANTED.
as_user() {
	local user=$1
	shift
	[ "$(env "$@" id -u)" = "$(id -u "$user")" ]
	[ "$(env "$@" id -ru)" = "$(id -u "$user")" ]
	[ "$(env "$@" id -g)" = "$(id -g "$user")" ]
	[ "$(env "$@" id -G | tr ' ' '\n' | sort -n)" = "$(id -G "$user" | tr ' ' '\n' | sort -n)" ]
	[ "$(env "$@" sh -c 'echo "$HOME $USER $LOGNAME"')" = "$(getent passwd "$user" | cut -d: -f6) $user $user" ]
}

@test "a command runs as the user who called sudo" {
	need_root
	id games >/dev/null 2>&1 || skip "there is no user games"
	cd /
	as_user games SUDO_UID="$(id -u games)" SUDO_GID="$(id -g games)" SUDO_USER=games \
		"$MWBPF" -q -o "$T/events" --
	# all of saved and filesystem ids too, and no capability is left
	SUDO_UID=$(id -u games) SUDO_GID=$(id -g games) "$MWBPF" -q -o "$T/events" -- cat /proc/self/status >"$T/status"
	grep -E "^Uid:(.$(id -u games)){4}\$" "$T/status"
	grep -E "^Gid:(.$(id -g games)){4}\$" "$T/status"
	grep -E '^CapEff:.0+$' "$T/status"
	grep -E '^CapPrm:.0+$' "$T/status"
}

@test "a caller of sudo whom no password file knows" {
	need_root
	! getent passwd 54321 >/dev/null || skip "there is a user 54321"
	cd /
	export SUDO_UID=54321 SUDO_GID=54322
	[ "$("$MWBPF" -q -o "$T/events" -- id -u)" = 54321 ]
	[ "$("$MWBPF" -q -o "$T/events" -- id -g)" = 54322 ]
	[ "$("$MWBPF" -q -o "$T/events" -- id -G)" = 54322 ]
}

@test "the group sudo was called with is kept" {
	need_root
	id games >/dev/null 2>&1 || skip "there is no user games"
	cd /
	export SUDO_UID=$(id -u games) SUDO_GID=54322 # as after newgrp
	[ "$("$MWBPF" -q -o "$T/events" -- id -g)" = 54322 ]
}

@test "sudo by root changes nothing" {
	need_root
	export SUDO_UID=0 SUDO_GID=0 HOME=/somewhere
	[ "$("$MWBPF" -q -o "$T/events" -- id -u)" = 0 ]
}

@test "SUDO_UID that is no number does not make a command run as root" {
	need_root
	for uid in x 5x '' -1 99999999999; do
		SUDO_UID=$uid SUDO_GID=5 run within "$MWBPF" -q -o "$T/events" -- id -u
		[ "$status" -ne 0 ] || [ "$output" = 0 ] || { echo "SUDO_UID='$uid': $output"; return 1; }
		[ "$status" -eq 0 ] || one_error "$output" 'SUDO_UID'
	done
}

@test "--user names the user, or numbers it" {
	need_root
	id games >/dev/null 2>&1 || skip "there is no user games"
	cd /
	as_user games "$MWBPF" -q -o "$T/events" --user games --
	as_user games SUDO_UID=54321 SUDO_GID=54321 "$MWBPF" -q -o "$T/events" --user games --
	[ "$("$MWBPF" -q -o "$T/events" --user "$(id -u games)" -- id -g)" = "$(id -g games)" ]
}

@test "--user that does not exist: nothing runs" {
	need_root
	run -125 --separate-stderr within "$MWBPF" -o "$T/events" --user no-such-user -- touch "$T/made"
	one_error "$stderr" 'no-such-user'
	[ ! -e "$T/made" ]
	run -125 --separate-stderr within "$MWBPF" -o "$T/events" --user $'no\e[31m\nsuch' -- touch "$T/made"
	one_error "$stderr" 'no'
	no_control <(printf '%s\n' "$stderr")
}

@test "a program that is set-user-ID gets its user" {
	need_root
	cd /
	dir=$(mktemp -d)
	chmod 755 "$dir"
	cp "$(command -v id)" "$dir/id"
	chmod 4755 "$dir/id"
	plain=$(setpriv --reuid 65534 --regid 65534 --clear-groups "$dir/id" -u) || true
	traced=$(SUDO_UID=65534 SUDO_GID=65534 "$MWBPF" -q -o "$T/events" -- "$dir/id" -u) || true
	rm -r "$dir"
	[ "$plain" = "$traced" ]
}

#
# Output
#

# aligned FILE: every line begins with a time, and each column ends where that of the header does.
aligned() {
	awk 'NR == 1 { next }
		!/^ *[0-9]+\.[0-9][0-9][0-9][0-9][0-9][0-9] +[0-9]+  [+~a-z_-]+ / { print "odd: " $0; bad = 1 }
		substr($0, 13, 1) != " " || substr($0, 22, 2) != "  " { print "columns: " $0; bad = 1 }
		/ 0x/ && (substr($0, 37, 2) != "0x" || substr($0, 55, 1) != " " ||
			  substr($0, 66, 2) != "  ") { print "columns: " $0; bad = 1 }
		END { exit bad }' "$1" >&2
}

# hostile: a name with a colour, a cursor movement, a line end, a C1 control and no UTF-8.
hostile=$'bad\e[31m\e[2J\nname\t\x7f\xc2\x9b5m\xff\r'

@test "text is aligned and holds no control byte, whatever files are called" {
	need_root
	cp "$PROGRAMS/worker" "$T/$hostile"
	cp "$PROGRAMS/worker" "$T/mapped $hostile"
	printf 'alloc 3 1000\nexit 0\n' |
		within "$MWBPF" -o "$T/events" -- "$T/$hostile" "$T/mapped $hostile" 2>"$T/err" >/dev/null
	no_control "$T/events"
	no_control "$T/err"
	grep -q malloc "$T/events"
	aligned "$T/events"
	start_worker one "$T/$hostile" "$T/mapped $hostile"
	within "$MWBPF" -d 0.1 -o "$T/events" --pid "$PROGRAM" 2>"$T/err"
	no_control "$T/events"
	no_control "$T/err"
	grep -q 'mapped bad' "$T/events"
	aligned "$T/events"
	# what a program is called is told when it cannot be traced, too
	kill -STOP "$PROGRAM"
	within "$MWBPF" -v -d 0.1 -o "$T/events" --pid "$PROGRAM" 2>"$T/err"
	no_control "$T/err"
}
@test "columns stand below their titles" {
	need_root
	echo 'alloc 3 1000' | within "$MWBPF" -q -o "$T/events" -- "$PROGRAMS/worker" >/dev/null
	awk 'NR == 1 {
			seconds = index($0, "SECONDS") + 6; tid = index($0, "TID") + 2
			event = index($0, "EVENT"); address = index($0, "ADDRESS")
			bytes = index($0, "BYTES") + 4; segment = index($0, "SEGMENT")
		}
		$3 == "malloc" && $5 == 1000 {
			n++
			if (substr($0, 1, seconds) !~ /[0-9]$/ || substr($0, seconds + 1, 1) != " ") exit 2
			if (substr($0, tid, 2) !~ /^[0-9] /) exit 3
			if (substr($0, event - 1, 7) != " malloc") exit 4
			if (substr($0, address - 1, 3) != " 0x") exit 5
			if (substr($0, bytes - 4, 6) != " 1000 ") exit 6
			if (substr($0, segment - 1, 5) != " heap") exit 7
		}
		END { if (n != 3) exit 8 }' "$T/events"
}

@test "JSON is valid whatever files are called" {
	need_root
	cp "$PROGRAMS/worker" "$T/$hostile"
	cp "$PROGRAMS/worker" "$T/mapped $hostile"
	printf 'alloc 3 1000\nexit 0\n' |
		within "$MWBPF" -q --json -o "$T/events" -- "$T/$hostile" "$T/mapped $hostile" >/dev/null
	no_control "$T/events"
	complete "$T/events"
	# what is not UTF-8 cannot be kept, everything else is
	[ "$(head -n 1 "$T/events" | jq -r '.targets[0].command[0] | contains("bad\u001b[31m\u001b[2J\nname\t\u007f")')" = true ]
	start_worker one "$T/$hostile" "$T/mapped $hostile"
	within "$MWBPF" -q --json -d 0.1 -o "$T/events" --pid "$PROGRAM"
	no_control "$T/events"
	complete "$T/events"
	[ "$(events "$T/events" '.type == "segment" and (.name | contains("mapped bad\u001b[31m"))')" -ge 1 ]
}

@test "-q says nothing" {
	need_root
	within "$MWBPF" -q -o "$T/events" -- sh -c 'exit 0' 2>"$T/err"
	[ ! -s "$T/err" ]
	start_worker one "$PROGRAMS/worker"
	within "$MWBPF" --quiet -d 0.1 -o "$T/events" --pid "$PROGRAM" 2>"$T/err"
	[ ! -s "$T/err" ]
	kill -STOP "$PROGRAM"
	within "$MWBPF" -q -d 0.1 -o "$T/events" --pid "$PROGRAM" 2>"$T/err"
	[ ! -s "$T/err" ]
}

@test "without -q a summary is on stderr, in the words valgrind uses" {
	need_root
	echo 'keep 3 1000' | within "$MWBPF" -o "$T/events" -- "$PROGRAMS/worker" >"$T/out" 2>"$T/err"
	grep -qE '^    in use at end: 3,000 bytes in 3 blocks$' "$T/err"
	grep -qE '^  total heap usage: 3 allocs, 0 frees, 3,000 bytes allocated$' "$T/err"
	grep -qE '^COMPLETENESS: [0-9,]+ hits, [0-9,]+ delivered, 0 lost, 0 unmatched frees' "$T/err"
	grep -qE '^process [0-9]+ exited with status 0' "$T/err"
	no_control "$T/err"
	! grep -q 'HEAP SUMMARY' "$T/out"
}

@test "without -o events are on stdout, and nothing else is" {
	need_root
	within "$MWBPF" --json -- sh -c ':' >"$T/events" 2>"$T/err"
	complete "$T/events"
	grep -q 'total heap usage' "$T/err"
	! grep -q '^{' "$T/err"
}

@test "-o: events are in the file, which is made anew" {
	need_root
	seq 100000 >"$T/events"
	echo 'alloc 100 4321' | within "$MWBPF" --json -o "$T/events" -- "$PROGRAMS/worker" >"$T/out" 2>"$T/err"
	complete "$T/events"
	read -r _ pid <"$T/out"
	balanced "$T/events" "$pid" 100 4321
	! grep -q '^{' "$T/out"
}

@test "filters: events by name, by group and by size" {
	need_root
	orders=$'alloc 10 100\nalloc 10 5000\nalloc 10 300000'
	traced() { # OPTIONS...
		within "$MWBPF" -q --json -o "$T/events" "$@" -- "$PROGRAMS/worker" <<<"$orders" >/dev/null
		complete "$T/events"
	}
	traced -e malloc
	[ "$(events "$T/events" '.type == "malloc"')" -eq 30 ]
	[ "$(events "$T/events" '.type == "free" or .type == "mmap"')" -eq 0 ]
	traced --events=heap -z 101 -Z 5000
	[ "$(events "$T/events" '.type == "malloc"')" -eq 10 ]
	[ "$(events "$T/events" '.type == "free" and .size == 5000')" -eq 10 ]
	[ "$(events "$T/events" '.type == "free"')" -eq 10 ]
	traced -e map,process
	[ "$(events "$T/events" '.type == "mmap" and .size >= 300000')" -ge 1 ]
	[ "$(events "$T/events" '.type == "exit"')" -eq 1 ]
	[ "$(events "$T/events" '.type == "malloc"')" -eq 0 ]
}

#
# The end of a trace
#

@test "--duration ends the trace of a command, which runs on" {
	need_root
	mkfifo "$T/in"
	"$MWBPF" --json -d 0.2 -o "$T/events" -- "$PROGRAMS/worker" <"$T/in" >"$T/out" 2>"$T/err" &
	TRACER=$!
	started "$TRACER"
	exec {GO}>"$T/in"
	wait_line "$T/events" '^{"type":"summary"' "$TRACER"
	[ "$(summary "$T/events" .reason)" = --duration ]
	wait_line "$T/out" ready "$TRACER"
	PROGRAM=$TRACER WORKER_OUT=$T/out
	ask alloc 10 4321
	echo exit 3 >&"$GO"
	ends 3
	complete "$T/events"
	grep -q 'total heap usage' "$T/err"
	[ "$(events "$T/events" '.size == 4321')" -eq 0 ]
}

@test "--duration ends the trace of a running program, which runs on" {
	need_root
	start_worker one "$PROGRAMS/worker"
	within "$MWBPF" --json --duration=200ms -o "$T/events" --pid "$PROGRAM" 2>"$T/err"
	complete "$T/events"
	[ "$(summary "$T/events" .reason)" = --duration ]
	[ "$(summary "$T/events" '.targets[0].ended')" = false ]
	grep -q 'goes on' "$T/err"
	works
}

@test "SIGINT, SIGTERM and SIGHUP end a trace with a summary" {
	need_root
	start_worker one "$PROGRAMS/worker"
	for signal in INT TERM HUP; do
		trace "$T/events" --pid "$PROGRAM"
		ask alloc 50 4321
		kill "-$signal" "$TRACER"
		ends 0
		complete "$T/events"
		balanced "$T/events" "$PROGRAM" 50 4321
		grep -q 'in use at end' "$T/events.err"
		works
	done
}

@test "SIGINT leaves a command to its end, a second one at once" {
	need_root
	for again in no yes; do
		rm -f "$T/in" "$T/out"
		mkfifo "$T/in"
		"$MWBPF" --json -o "$T/events" -- "$PROGRAMS/worker" <"$T/in" >"$T/out" 2>"$T/err" &
		TRACER=$!
		started "$TRACER"
		exec {GO}>"$T/in"
		wait_line "$T/out" ready "$TRACER"
		read -r _ PROGRAM <"$T/out"
		started "$PROGRAM"
		WORKER_OUT=$T/out
		kill -INT "$TRACER"
		wait_line "$T/err" 'runs on' "$TRACER"
		works
		if [ $again = yes ]; then
			kill -INT "$TRACER"
			ends 0
			works
			echo exit 3 >&"$GO"
		else
			echo exit 3 >&"$GO"
			ends 3
		fi
		complete "$T/events"
		exec {GO}>&-
	done
}

@test "the target's end ends the trace, and its status is told" {
	need_root
	for end in 'exit 9' kill; do
		start_worker "one ${end%% *}" "$PROGRAMS/worker"
		trace "$T/events" --pid "$PROGRAM"
		if [ "$end" = kill ]; then
			kill -KILL "$PROGRAM"
		else
			echo "$end" >&"$GO"
		fi
		ends 0
		complete "$T/events"
		[ "$(summary "$T/events" '.targets[0].ended')" = true ]
	done
	[ "$(summary "$T/events" '.targets[0].signal')" = 9 ]
	grep -q 'killed by signal 9' "$T/events.err"
}

@test "a reader that has seen enough ends the trace" {
	need_root
	build churn
	start_churn "$T/churn"
	for format in '' --json; do
		run -0 --separate-stderr bash -c 'within() { timeout -s KILL "$@"; }
			within "$0" "$1" $2 --pid "$3" | head -n 1; exit "${PIPESTATUS[0]}"' \
			"$HANG" "$MWBPF" "$format" "$PROGRAM"
		[ "$(wc -l <<<"$output")" -eq 1 ]
		grep -q 'total heap usage' <<<"$stderr"
		! grep -qi 'broken pipe' <<<"$stderr"
	done
	churn_works "$T/churn"
	# a command is run to its end, and has its say in the status
	run -0 --separate-stderr bash -c 'timeout -s KILL "$0" "$1" --json -- sh -c "echo >\"\$0\"; exit 5" "$2" | head -n 1
		echo "${PIPESTATUS[0]}"' "$HANG" "$MWBPF" "$T/made"
	[ "$(tail -n 1 <<<"$output")" = 5 ]
	[ -e "$T/made" ]
}

@test "a reader that does not read cannot keep mwbpf from being ended" {
	need_root
	build churn
	start_churn "$T/churn"
	for signal in INT TERM; do
		mkfifo "$T/pipe"
		sleep 1000 <"$T/pipe" & # its buffer will be full in no time
		started "$!"
		env --default-signal=INT,TERM "$MWBPF" --json --pid "$PROGRAM" >"$T/pipe" 2>"$T/err" &
		TRACER=$!
		started "$TRACER"
		# the pipe holds 64 KiB, or a line less
		until [ "$(awk '$1 == "wchar:" { print $2 }' "/proc/$TRACER/io")" -gt 61000 ]; do pause; done
		kill "-$signal" "$TRACER"
		for ((try = 0; try < 1000; try++)); do
			kill -0 "$TRACER" 2>/dev/null || break
			pause
		done
		! kill -0 "$TRACER" 2>/dev/null || { echo "SIG$signal does not end it"; return 1; }
		rm "$T/pipe"
	done
	churn_works "$T/churn"
}
