#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Includes point one way: what each layer of user/ may include, and who may see what is generated.
cd "$(dirname "$0")/.." || exit 1

declare -A may=(
	[base]="base"
	[target]="base target"
	[probe]="base target probe"
	[capture]="base capture"
	[place]="base target place"
	[ledger]="base place ledger"
	[survey]="base target place survey"
	[glibc]="base target place survey glibc"
	[cpython]="base target place survey glibc cpython"
	[dwarf]="base target place survey dwarf"
	[scan]="base target place survey glibc scan"
	[sink]="base place ledger scan sink"
	[report]="base place ledger scan sink report"
	[source]="base place ledger cpython sink report source"
	[format]="base place ledger report format"
	[view]="base place survey glibc cpython dwarf view"
)
echo 1..3
bad=
for layer in "${!may[@]}"; do
	while IFS=: read -r file include; do
		ok=
		case $include in version.h | *.skel.h) ok=1 ;; esac # made by make
		for allowed in ${may[$layer]}; do
			[ "${include%%/*}" = "$allowed" ] && ok=1
		done
		[ -n "$ok" ] || bad+="# $file includes $include"$'\n'
	done < <(grep -HoP '^#include "\K[^"]+(?=")' user/"$layer"/*.[ch])
done
[ -z "$bad" ] && echo "ok 1 - each layer includes only layers below it" ||
	{ echo "not ok 1 - each layer includes only layers below it"; printf '%s' "$bad"; }

seen=$(grep -H 'skel\.h"' user/*.[ch] user/*/*.[ch] |
	grep -v -e '^user/programs\.c:#include "mwbpf' -e '^user/survey/registers\.c:#include "registers')
[ -z "$seen" ] && echo "ok 2 - each skeleton is seen by one file" ||
	echo "not ok 2 - each skeleton is seen by one file: $seen"

seen=$(grep -l 'vmlinux\.h"' user/*.[ch] user/*/*.[ch] include/mwbpf/*)
[ -z "$seen" ] && echo "ok 3 - only bpf/ sees vmlinux.h" ||
	echo "not ok 3 - only bpf/ sees vmlinux.h: $seen"
