#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""samestacks.py SAID TRACE [DEPTH [INTS]]: whether blocks have the stacks that programs say.

Frame by frame: function, file and line, and that a stack is cut where DEPTH says and nowhere
else. None at all is right where SAID has an empty stack, or "hidden": with the reason. A code
object can be gone before its name is read, on a loaded machine: such a frame has a reason
instead, and most stacks must be without. And whether the ints that INTS has were made: lines
of an address, or of an address and where that was. Differences go to stderr; the exit status
is 1 if there was one. Prints how many blocks and frames there were.
"""
import json
import sys

MADE = ("malloc", "calloc", "realloc")


def read(path):
	with open(path, encoding="utf-8") as file:
		yield from map(json.loads, file)


class Trace:
	def __init__(self, path, sizes):
		self.stacks, self.made, self.ints = {}, {}, set()
		for each in read(path):
			if each["type"] == "stack":
				self.stacks[each["id"]] = each
			elif each["type"] in MADE and each["size"] in sizes:
				self.made.setdefault(each["size"], []).append(each)
			elif each["type"] == "pylong" and not each.get("cached"):
				self.ints.add(each.get("addr"))
				self.ints.add("%s %s" % (each.get("addr"), each.get("at")))


def unmade(path, trace):
	"""How many ints have no event, or one at another line."""
	with open(path, encoding="utf-8") as file:
		missing = {line.rstrip("\n") for line in file} - trace.ints
	for each in sorted(missing):
		print("no event of int %s" % each, file=sys.stderr)
	return len(missing)


def main():
	said = list(read(sys.argv[1]))
	trace = Trace(sys.argv[2], {each["size"] for each in said})
	depth = int(sys.argv[3]) if len(sys.argv) > 3 else 128
	wrong = unmade(sys.argv[4], trace) if len(sys.argv) > 4 else 0
	frames = unread = 0
	for each in said:
		problem, gone = compare(each, trace.made.get(each["size"], []), trace.stacks, depth)
		unread += gone
		frames += min(len(each["stack"]), depth)
		if problem:
			wrong += 1
			print("%s (%d bytes): %s" % (each["how"], each["size"], problem), file=sys.stderr)
	if unread > len(said) / 2:
		wrong += 1
		print("%d of %d stacks could not be read" % (unread, len(said)), file=sys.stderr)
	print("%d blocks, %d frames, %d stacks not read, %d wrong" % (len(said), frames, unread, wrong))
	return 1 if wrong or not said else 0


def compare(said, events, stacks, depth):
	"""What is wrong, or None; and whether a frame could not be read."""
	if len(events) != 1:
		return "%d events" % len(events), False
	if "stack" not in events[0]:
		return "no stack", False
	stack = stacks[events[0]["stack"]]
	unread = [i for i, frame in enumerate(stack["frames"])
		if "function" not in frame and "reason" in frame]
	return difference(said, events[0], stack, depth, unread), bool(unread)


def difference(said, event, stack, depth, unread):
	seen = [[frame.get("function"), frame.get("file"), frame.get("line")] for frame in
		stack["frames"] if frame.get("lang", "python") == "python"]
	wanted = said["stack"][:depth]
	for i in unread:
		if i < min(len(seen), len(wanted)):
			seen[i] = wanted[i]
	if said.get("hidden") and not seen and "interpreter" in stack.get("reason", ""):
		return None
	if seen != wanted:
		for i, (one, other) in enumerate(zip(wanted, seen)):
			if one != other:
				return "frame %d is %s, not %s" % (i, other, one)
		return "%d frames, not %d: %s" % (len(seen), len(wanted), stack)
	if stack.get("truncated", False) != (len(said["stack"]) > depth):
		return "truncated: %s" % stack.get("truncated")
	if not wanted:
		return None if stack.get("reason") == "the thread is not one of Python's" else str(stack)
	at = "%s (%s:%d)" % (wanted[0][0], wanted[0][1].rpartition("/")[2], wanted[0][2])
	return None if 0 in unread or event["at"] == at else "at %s, not %s" % (event["at"], at)


sys.exit(main())
