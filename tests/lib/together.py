#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""together.py WALK...: whether walks of tests/programs/busy.py show what was there at one moment.

In a frame of down() the values of left, number and text go together, in one of stepping(),
which is a generator, too, and those of the attributes of Pair in its method(). Prints how many
frames of these were shown, and how many variables. The exit status is 1 if any was wrong. (Of a
frame that ended before its name was read it is not known.)
"""
import json
import sys

TOGETHER = "down", "stepping", "method"
frames, variables, faults = dict.fromkeys(TOGETHER, 0), 0, 0
for path in sys.argv[1:]:
	names, shown = {}, {}
	with open(path) as file:
		for line in file:
			record = json.loads(line)
			if record["type"] in ("frame", "suspended_frame"):
				names[record["id"]] = (record["function"] or "").rpartition(".")[2]
				if names[record["id"]] in TOGETHER:
					frames[names[record["id"]]] += 1
			elif record["type"] == "variable" and names[record["frame"]] in TOGETHER:
				shown.setdefault(record["frame"], {})[record["name"]] = record.get("value")
	for each in shown.values():
		variables += len(each)
		left = int(each["left"]) if each.get("left") else None
		want = {"number": str((left or 0) * 1000003), "text": "'left %s'" % left, "pair": "2 items"}
		for name, value in each.items():
			if left is not None and name in want and value not in (want[name], None):
				if value == "None":
					continue
				print("%s: %s of left %d" % (path, value, left), file=sys.stderr)
				faults += 1
print(", ".join("%d frames of %s" % (n, name) for name, n in frames.items()))
print("%d variables" % variables)
sys.exit(1 if faults else 0)
