#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""values.py SAID TRACE: the values of the ints of programs/values.py are what it says.

Of each the last event at its address from before it was said counts: what is made there later
is made by the saying.
"""
import json
import sys


def is_value(event, value):
	said = event["value"]
	if said.endswith("..."):
		return value.startswith(said[:-3]) and len(value.lstrip("-")) == event["digits"]
	return said == value and "digits" not in event


def main():
	events = {}
	for line in open(sys.argv[2], encoding="utf-8"):
		event = json.loads(line)
		if event["type"] == "pylong":
			events.setdefault(event["addr"], []).append(event)
	known = wrong = unknown = 0
	for line in open(sys.argv[1]):
		if not line.startswith(("int ", "last ")):
			continue
		_, addr, value = line.split()
		seen = events.get(addr, [])
		if any(event["value"] is not None and is_value(event, value) for event in seen[-1:]):
			known += 1
		elif seen and seen[-1]["value"] is None:
			unknown += 1
			print("%s: %s: %s" % (addr, value[:30], seen[-1]), file=sys.stderr)
		else:
			wrong += 1
			print("%s: %s: %s" % (addr, value[:30], seen[-1:]), file=sys.stderr)
	print("%d values, %d not known, %d wrong" % (known, unknown, wrong))


if __name__ == "__main__":
	main()
