#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Files stay small enough to be read in one go.
cd "$(dirname "$0")/.." || exit 1
echo 1..2
long=$(wc -l user/*.[ch] user/*/*.[ch] user/format/html/* bpf/*.[ch] bpf/*/* include/mwbpf/*.[hd]* | awk '$2 != "total" && $1 > 500 { print $2 " has " $1 " lines" }')
[ -z "$long" ] && echo "ok 1 - no file is longer than 500 lines" ||
	{ echo "not ok 1 - no file is longer than 500 lines"; echo "$long" | sed 's/^/# /'; }
paths=$(git grep -nIE '(^|[^A-Za-z.])/(work|root)/|[/].pyenv/' -- . ':!tests/budget.sh' 2>/dev/null | head)
[ -z "$paths" ] && echo "ok 2 - no path of one machine is named" ||
	{ echo "not ok 2 - no path of one machine is named"; echo "$paths" | sed 's/^/# /'; }
