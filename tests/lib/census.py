#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""census.py SAID CENSUS: whether a census of tests/programs/census.py counts what that has.

Each difference is a line on stderr; the exit status is 1 if there was one.
"""
import collections
import json
import sys

counted, occupied = collections.Counter(), collections.Counter()
total = None
with open(sys.argv[2]) as file:
	for line in file:
		record = json.loads(line)
		if record["type"] == "census":
			total = record
		elif record["type"] == "census_type":
			counted[record["class"].rpartition(".")[2]] += record["count"]
			occupied[record["class"].rpartition(".")[2]] += record["bytes"]
with open(sys.argv[1]) as file:
	said = json.load(file)
faults = []
if sum(counted.values()) != total["objects"]:
	faults.append("%d objects in all, not %d" % (total["objects"], sum(counted.values())))
for group in "exact", "collected":
	faults += ["%d of %s, not %d" % (counted[name], name, n) for name, n in said[group].items()
		if counted[name] != n]
faults += ["%d bytes of %s, not %d" % (occupied[name], name, n) for name, n in said["bytes"].items()
	if occupied[name] != n]
for fault in faults:
	print(fault, file=sys.stderr)
sys.exit(1 if faults or len(said) != 3 else 0)
