#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""together.py WALK...: whether walks of tests/programs/busy.py show what was there at one moment.

In a frame of down() the values of left, number and text go together. Prints how many
frames of it were shown, and how many variables of it. The exit status is 1 if any was wrong.
"""
import json
import sys

frames = variables = faults = 0
for path in sys.argv[1:]:
	names, shown = {}, {}
	with open(path) as file:
		for line in file:
			record = json.loads(line)
			if record["type"] == "frame":
				names[record["id"]] = record["function"]
			elif record["type"] == "variable" and names[record["frame"]] == "down":
				shown.setdefault(record["frame"], {})[record["name"]] = record.get("value")
	frames += len([each for each in names.values() if each == "down"])
	for each in shown.values():
		variables += len(each)
		left = int(each["left"]) if each.get("left") else None
		want = {"number": str((left or 0) * 1000003), "text": "'left %s'" % left, "pair": "2 items"}
		for name, value in each.items():
			if left is not None and name in want and value not in (want[name], None):
				print("%s: %s of left %d" % (path, value, left), file=sys.stderr)
				faults += 1
print("%d frames, %d variables" % (frames, variables))
sys.exit(1 if faults else 0)
