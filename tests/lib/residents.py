#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""residents.py SMAPS WALK: whether a walk of a process that stands still shows what is resident.

The segments of each of the areas of the file, which was read before the walk (that touches
memory), add up to what it says of them, the layers to the
whole, and no two segments overlap. Each difference is a line on stderr; the exit status is 1
if there was one.
"""
import json
import re
import sys

faults = []


def read_areas(path):
	areas = []
	with open(path) as file:
		for line in file:
			found = re.match(r"([0-9a-f]+)-([0-9a-f]+) [r-]", line)
			if found:
				areas.append({"start": int(found.group(1), 16), "end": int(found.group(2), 16),
					"resident": 0, "dirty": 0, "swapped": 0})
				continue
			name, _, rest = line.partition(":")
			key = {"Rss": "resident", "Shared_Dirty": "dirty", "Private_Dirty": "dirty",
				"Swap": "swapped"}.get(name)
			if key:
				areas[-1][key] += int(rest.split()[0]) * 1024
	return areas


def check_area(area, segments):
	inside = [each for each in segments if area["start"] <= each["start"] < area["end"]]
	at = area["start"]
	for each in inside:
		if each["start"] != at:
			faults.append("a hole or an overlap at %#x" % at)
		at = each["end"]
	if at != area["end"]:
		faults.append("segments end at %#x, not %#x" % (at, area["end"]))
	for key in ("resident", "dirty", "swapped"):
		got = sum(each[key] for each in inside)
		if got != area[key]:
			faults.append("%#x: %d bytes %s, not %d" % (area["start"], got, key, area[key]))


def main():
	areas = read_areas(sys.argv[1])
	with open(sys.argv[2]) as file:
		records = [json.loads(line) for line in file]
	segments = [each for each in records if each["type"] == "segment"]
	for each in segments:
		each["start"], each["end"] = int(each["start"], 16), int(each["end"], 16)
	for area in areas:
		check_area(area, segments)
	for key in ("resident", "dirty", "swapped"):
		all_ = sum(area[key] for area in areas)
		if records[-1][key] != all_:
			faults.append("%d bytes %s of all, not %d" % (records[-1][key], key, all_))
		layers = sum(each[key] for each in records if each["type"] == "layer_total")
		if layers != all_:
			faults.append("%d bytes %s in layers, not %d" % (layers, key, all_))
	for fault in faults[:20]:
		print(fault, file=sys.stderr)
	sys.exit(1 if faults or not segments else 0)


main()
