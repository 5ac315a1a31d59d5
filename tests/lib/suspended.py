#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""suspended.py SAID WALK: whether a walk of tests/programs/suspended.py shows what that said.

Each generator, coroutine and asynchronous generator: where it stands, what it awaits, its
variables and their addresses. How many there are. Each difference is a line on stderr; the
exit status is 1 if there was one. Prints how much was compared.
"""
import json
import sys

faults = []
frames, variables, counts = {}, {}, []
by_id = {}
with open(sys.argv[2]) as file:
	for line in file:
		record = json.loads(line)
		if record["type"] == "suspended_frame":
			frames[int(record["generator"]["addr"], 16)] = record
			by_id[record["id"]] = int(record["generator"]["addr"], 16)
		elif record["type"] == "variable" and record["frame"] in by_id:
			variables[by_id[record["frame"]], record["name"]] = record
		elif record["type"] == "suspended":
			counts.append(record)


def check_generator(said):
	_, address, kind, state, function, file, line, awaits, depth, task = said
	frame = frames.get(address)
	if not frame:
		faults.append("no %s %s" % (kind, function))
		return
	generator = frame["generator"]
	got = [generator["class"], generator["state"], frame["function"], frame["file"],
		frame.get("line"), int(generator.get("awaits", {"addr": "0"})["addr"], 16) or None,
		frame["depth"], int(generator.get("task", "0"), 16) or None]
	want = [kind, state, function, file, line, awaits, frame["depth"] if depth is None else depth,
		task]
	# before 3.11 a code object has its name only
	got[2], want[2] = got[2].rpartition(".")[2], want[2].rpartition(".")[2]
	if got != want:
		faults.append("%s: %s, not %s" % (function, got, want))


def check_variable(said):
	_, address, name, class_, value, id_ = said
	variable = variables.pop((address, name), None)
	if not variable:
		faults.append("no %s in the generator at %#x" % (name, address))
		return
	got = variable["class"].rpartition(".")[2], variable["decimal"], variable.get("value")
	want = class_, id_, value if value is not None else got[2]
	if got != want:
		faults.append("%s: %s, not %s" % (name, got, want))


def check_behind(said):
	_, address, want = said
	generator = frames[address]["generator"]
	if int(generator.get("behind", {"addr": "0"})["addr"], 16) != want:
		faults.append("%s is behind what %#x awaits, not %#x" % (generator.get("behind"), address,
			want))
	# what it waits for is the one before in its chain
	if want in frames and frames[want]["depth"] != frames[address]["depth"] - 1:
		faults.append("%#x is not next to %#x" % (want, address))


compared = {}
with open(sys.argv[1]) as file:
	for line in file:
		said = json.loads(line)
		compared[said[0]] = compared.get(said[0], 0) + 1
		if said[0] == "generator":
			check_generator(said)
		elif said[0] == "variable":
			check_variable(said)
		elif said[0] == "behind":
			check_behind(said)
		else:
			got = sum(each["coroutines"] + each["generators"] + each["async_generators"]
				for each in counts)
			shown = sum(each["shown"] for each in counts)
			if got != said[1] or shown != got or len(frames) != got:
				faults.append("%d of them, %d shown, %d frames, not %d" % (got, shown,
					len(frames), said[1]))
print(" ".join("%s=%d" % each for each in sorted(compared.items())))
for fault in faults[:20]:
	print(fault, file=sys.stderr)
sys.exit(1 if faults or compared.get("generator", 0) < 10 else 0)
