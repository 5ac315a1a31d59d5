#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""intmeans.py SAID TRACE: which of the ints of programs/means.py were seen being made.

Prints a line for each means, between tabs: its name, whether it makes other ints besides, how
many it made, how many of them an event says were made while they were, how many events
of ints that were made there were then; and of the ints seen, how many have their value, how many
another, and how many events have none.
"""
import json
import sys

from values import is_value


def read(path):
	with open(path, encoding="utf-8") as file:
		for line in file:
			yield json.loads(line)


def main():
	rounds = list(read(sys.argv[1]))
	begin = {each["begin"]: each for each in rounds}
	end = {each["end"] for each in rounds}
	events = {}
	now = None
	for each in read(sys.argv[2]):
		if each["type"] in ("malloc", "calloc"):
			if each["size"] in begin:
				now = events.setdefault(each["size"], [])
			elif each["size"] in end:
				now = None
		elif each["type"] == "pylong" and now is not None and not each.get("cached") and \
				not each.get("failed"):
			now.append((each["addr"], each))
	total = {}
	for each in rounds:
		if each["begin"] not in events:
			sys.exit("%s: the block before it was not seen" % each["means"])
		made, seen = dict(zip(each["addresses"], each["values"])), events[each["begin"]]
		counts = total.setdefault((each["means"], each["others"]), [0] * 6)
		counts[0] += len(made)
		counts[1] += len(made.keys() & dict(seen).keys())
		counts[2] += len(seen)
		for addr, event in dict(seen).items():  # the last at each address
			if event["value"] is not None and addr in made:
				right = is_value(event, made[addr])
				counts[3] += right
				counts[4] += not right
				if not right:
					print("%s: %s is %s, not %s" % (each["means"], addr, made[addr], event), file=sys.stderr)
		counts[5] += sum(event["value"] is None for _, event in seen)
	for (means, others), counts in total.items():
		print(means, others, *counts, sep="\t")


main()
