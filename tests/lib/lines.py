#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""lines.py FILE: whether each whole line of a trace is one JSON object with a type.

And whether the first is the header. What is behind the last line end is no whole line. The
first fault is said on stderr; the exit status is 1 if there was one. Nothing else of the
schema is looked at, which validate.py does: this is for traces of 100,000s of lines.
"""
import json
import sys


def fault(text):
    """What is wrong, or None."""
    decode = json.JSONDecoder().raw_decode
    at = line = 0
    while at < len(text):
        line += 1
        try:
            record, behind = decode(text, at)
        except ValueError as error:
            return "line %d: %s" % (line, error.msg)
        if not isinstance(record, dict) or "type" not in record:
            return "line %d: no object with a type" % line
        if behind != text.find("\n", at):
            return "line %d: more or less than one object" % line
        at = behind + 1
    return None if not text or text.startswith('{"type":"header"') else "line 1: no header"


def main():
    with open(sys.argv[1], "rb") as file:
        trace = file.read()
    try:
        wrong = fault(trace[:trace.rfind(b"\n") + 1].decode())
    except UnicodeDecodeError as error:
        wrong = str(error)
    if wrong:
        print("%s: %s" % (sys.argv[1], wrong), file=sys.stderr)
    return 1 if wrong else 0


sys.exit(main())
