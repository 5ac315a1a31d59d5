# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# helpers.bash - start programs, wait for them, trace them, and take everything away again.
#
# Nothing here sleeps to wait: a program says that it is ready by a line, mwbpf by its
# header record, and the end of either is waited for.

MWBPF_ROOT=${MWBPF_ROOT:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
MWBPF=${MWBPF:-$MWBPF_ROOT/build/mwbpf}
PROGRAMS=$MWBPF_ROOT/build/tests

# Everything a test starts with start_* ends with it.
common_setup() {
	T=$(mktemp -d "${BATS_TEST_TMPDIR:-${TMPDIR:-/tmp}}/mwbpf.XXXXXX")
	STARTED=()
}

# birth PID: when it began, in clock ticks since boot; nothing when there is no such process.
birth() {
	local stat
	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
	awk '{ print $20 }' <<<"${stat##*) }" # behind the name, which may hold anything
}

# started PID: it ends with the test. Its number alone may by then be another program's.
started() {
	STARTED+=("$1 $(birth "$1")")
}

common_teardown() {
	local pid born one
	for one in "${STARTED[@]}"; do
		read -r pid born <<<"$one"
		[ "$(birth "$pid")" = "$born" ] && kill -KILL "$pid" 2>/dev/null
	done
	for one in "${STARTED[@]}"; do
		wait "${one%% *}" 2>/dev/null
	done
	rm -rf "$T"
	return 0
}

# need_root: most tests are about a real kernel.
need_root() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
}

# build PROGRAM...: target programs from tests/programs, once.
build() {
	local p
	for p; do
		make -s -C "$MWBPF_ROOT" "build/tests/$p" || return 1
	done
}

# pause: a moment before looking again, without a process for it.
exec {NAP}<> <(:)
pause() {
	read -rt 0.01 -u "$NAP" || :
}

# wait_line FILE PATTERN [PID]: until a line of FILE matches; fails when PID has ended first.
wait_line() {
	local file=$1 pattern=$2 pid=${3:-}
	until grep -qE -- "$pattern" "$file" 2>/dev/null; do
		if [ -n "$pid" ] && ! kill -0 "$pid" 2>/dev/null; then
			grep -qE -- "$pattern" "$file" 2>/dev/null && return 0
			echo "process $pid ended before '$pattern' was in $file:" >&2
			cat "$file" >&2
			return 1
		fi
		pause
	done
}

# start_program OUT COMMAND...: in the background, stdin a pipe held open by fd $GO
# ("go" makes it proceed), output in OUT; its pid is $PROGRAM. Waits for a line "ready".
start_program() {
	local out=$1
	shift
	mkfifo "$out.in"
	"$@" <"$out.in" >"$out" 2>"$out.err" &
	PROGRAM=$!
	started "$PROGRAM"
	exec {GO}>"$out.in"
	wait_line "$out" '^ready' "$PROGRAM"
}

# stand_still: the kernel, too, is done with what the target did.
stand_still() {
	kill -STOP "$1"
	until grep -q '^State:.T' "/proc/$1/status"; do read -rt 0.01 <> <(:) || :; done
}

# go: let the program of start_program proceed.
go() {
	echo go >&"$GO"
}

# start_mwbpf OUT ARGS...: trace in the background, JSON lines to OUT, stderr to OUT.err;
# waits for the header. Its pid is $TRACER.
start_mwbpf() {
	local out=$1
	shift
	rm -f "$out" # of a run before, whose header is not this one's
	"$MWBPF" --json -o "$out" "$@" 2>"$out.err" &
	TRACER=$!
	started "$TRACER"
	wait_line "$out" '^{"type":"header"' "$TRACER"
}

# stop_mwbpf: as Ctrl-C does; waits until it has written everything. Its status is $?.
stop_mwbpf() {
	kill -INT "$TRACER" 2>/dev/null
	wait "$TRACER"
}

# pythons: every CPython to be found, one path a line, real files, without repetition:
# MWBPF_PYTHONS (separated by colons), the distribution's, and version folders as pyenv makes.
pythons() {
	{
		tr ':' '\n' <<<"${MWBPF_PYTHONS:-}"
		ls -d /usr/bin/python3.[0-9]* /usr/local/bin/python3.[0-9]* \
			"${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.*/bin/python3.[0-9]* 2>/dev/null
	} | grep -E '/python3\.[0-9]+t?$' | xargs -r -n1 readlink -f | sort -u
}

# roots: those of other Debians that MWBPF_ROOTS asks for: 1 for what tests/roots/make made,
# or directories separated by colons.
roots() {
	case ${MWBPF_ROOTS:-} in
	"") ;;
	1) ls -d "$MWBPF_ROOT"/build/roots/*/ 2>/dev/null ;;
	*) tr ':' '\n' <<<"$MWBPF_ROOTS" ;;
	esac | xargs -r -n1 readlink -f
}

# wrapped NAME ROOT FILE COMMAND...: makes a command that can be used like one of pythons, and
# prints it: .../NAME/bin/python3.14. FILE has the interpreter's code; ROOT may be empty.
wrapped() {
	local folder=$MWBPF_ROOT/build/wrapped/$1 root=$2 file=$3 command
	shift 3
	command=$folder/bin/$(grep -oE 'python3\.[0-9]+d?' <<<"${file##*/}")
	mkdir -p "$folder/bin"
	ln -sfn "$file" "$folder/file"
	rm -f "$folder/root"
	[ -z "$root" ] || {
		ln -sfn "$root" "$folder/root"
		set -- "$MWBPF_ROOT/tests/roots/enter" "$root" "$@"
	}
	printf '#!/bin/sh\nexec %s "$@"\n' "$(printf "'%s' " "$@")" >"$command.$BASHPID"
	chmod +x "$command.$BASHPID"
	mv "$command.$BASHPID" "$command"
	echo "$command"
}

# wrapped_libraries NAME ROOT: each libpython of a root, in a program that loads it.
wrapped_libraries() {
	local file version
	for file in "$2"/usr/lib/x86_64-linux-gnu/libpython3.*.so.1.0; do
		[[ $file =~ /libpython(3\.[0-9]+)\.so ]] || continue
		version=${BASH_REMATCH[1]}
		build embed || return 1
		wrapped "$1lib$version" "$2" "$file" "$PROGRAMS/embed" "${file#"$2"}"
	done
}

# root_pythons: a command for each CPython of these roots, debug builds too.
root_pythons() {
	local root file
	while read -r root; do
		for file in "$root"/usr/bin/python3.*; do
			[[ $file =~ /python3\.[0-9]+d?$ ]] || continue
			wrapped "$(basename "$root")-${file##*/python}" "$root" "$file" "${file#"$root"}"
		done
		wrapped_libraries "$(basename "$root")-" "$root"
	done < <(roots)
}

# all_pythons: the files, the libraries of the distribution, and the same in other roots when
# MWBPF_ROOTS asks for them.
all_pythons() {
	pythons
	wrapped_libraries "" ""
	root_pythons
}

# release_pythons: without debug builds.
release_pythons() {
	all_pythons | grep -v 'd$'
}

# name_of PYTHON: 3.12.1, sid-3.14, sid-lib3.14 or usr, for the names of files.
name_of() {
	basename "$(dirname "$(dirname "$1")")"
}

# root_of PYTHON: the root it runs in; nothing for one of this system.
root_of() {
	readlink -e "$(dirname "$(dirname "$1")")/root" || : # the usual case
}

# has_gil PYTHON: not so of a free-threaded one.
has_gil() {
	"$1" -c 'import sys; sys.exit("t" in getattr(sys, "abiflags", ""))'
}

# file_of PYTHON: the file with its code, seen from here; of pythons, the executable.
file_of() {
	readlink -e "$(dirname "$(dirname "$1")")/file" || echo "$1"
}

# python_images: FILE VERSION of the code of every interpreter found: its own file, or its library.
python_images() {
	local python file version
	while read -r python; do
		version=$(sed -E 's/.*python3\.([0-9]+)[dt]?$/\1/' <<<"$python")
		file=$(file_of "$python")
		for file in "$file" $(ldd "$file" 2>/dev/null | grep -o '/[^ ]*libpython3[^ ]*'); do
			if nm -D --defined-only "$file" 2>/dev/null | grep -qE ' PyLong_Type(@|$)'; then
				printf '%s 0x%x\n' "$(readlink -f "$file")" $((0x300 + version))
				break
			fi
		done
	done < <(release_pythons) | sort -u
}

# summary FILE JQ: a value of the summary record.
summary() {
	tail -n 1 "$1" | jq -r "$2"
}
