#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""validate.py FILE...: whether every line of what mwbpf --json wrote is what the schema says.

And what a schema cannot say: the first record is the header and the last the summary (or
those of a walk), a segment is announced before an event lies in it, and offsets count from its start. Each
fault is a line on stderr; the exit status is 1 if there was one.
"""
import json
import os
import sys

from jsonschema import Draft202012Validator

SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)),
	"../../include/mwbpf/events.schema.json")
UNMAPS = ("munmap", "shmdt")  # these lie in what was there before
LAST = {"header": "summary", "walk": "walk_end", "census_diff": "census_diff_end"}  # by the first
ONCE = ("header", "probe", "ints", "lost", "stack", "warning", "leaks", "leak", "summary", "walk",
	"frame", "suspended_frame", "static_objects", "malloc_arena", "c_frame", "c_variable",
	"walk_end")  # nested, or rare


def inline(node, defs):
	"""The same schema without references, which cost more than all the rest."""
	if isinstance(node, list):
		return [inline(each, defs) for each in node]
	if not isinstance(node, dict):
		return node
	whole = {key: inline(value, defs) for key, value in node.items()
		if key not in ("$ref", "description")}
	if "$ref" not in node:
		return whole
	return {**inline(defs[node["$ref"].rpartition("/")[2]], defs), **whole}


class Record:
	"""
	The schema of one type of record. Conditions between fields are about their presence,
	types and words, never about numbers: so each field is checked by itself, and the whole
	once for all records that differ in numbers and addresses only. 5 times as fast.
	"""

	def __init__(self, schema):
		self.whole = Draft202012Validator(schema)
		self.fields = {name: Draft202012Validator(field)
			for name, field in schema["properties"].items()}
		self.good_values = set()
		self.good_shapes = set()

	def faults(self, record):
		shape = []
		for name, value in record.items():
			if name not in self.fields:
				return list(self.whole.iter_errors(record))
			kind = type(value)
			if kind is int or (kind is str and value[:2] == "0x"):
				shape.append((name, kind))
			else:
				shape.append((name, kind, value))
			known = (name, kind, value)
			if known in self.good_values:
				continue
			if not self.fields[name].is_valid(value):
				return list(self.whole.iter_errors(record))
			self.good_values.add(known)
		shape = tuple(shape)
		if shape in self.good_shapes:
			return []
		faults = list(self.whole.iter_errors(record))
		if not faults:
			self.good_shapes.add(shape)
		return faults


def read_schema():
	with open(SCHEMA) as file:
		schema = json.load(file)
	Draft202012Validator.check_schema(schema)
	defs = schema["$defs"]
	types = schema["properties"]["type"]["enum"]
	return {name: Record(inline(defs[name], defs)) for name in types}


class File:
	def __init__(self, schema, path):
		self.schema = schema
		self.path = path
		self.at = 0
		self.faults = 0
		self.segments = {}
		self.last = self.end = None

	def fault(self, text):
		self.faults += 1
		if self.faults <= 10:
			print("%s:%d: %s" % (self.path, self.at, text), file=sys.stderr)

	def check_schema(self, record):
		if not isinstance(record, dict) or record.get("type") not in self.schema:
			self.fault("no type")
			return False
		known = self.schema[record["type"]]
		faults = (known.whole.iter_errors(record) if record["type"] in ONCE else
			known.faults(record))
		text = "; ".join("%s%s" % (".".join(map(str, each.path)) + ": " if each.path else "",
			each.message) for each in faults)
		if text:
			self.fault("%s: %s" % (record["type"], text))
		return not text

	def check_place(self, record):
		if "map" not in record:
			return
		segment = self.segments.get(record["map"])
		if not segment or segment["pid"] != record["pid"]:
			self.fault("segment %d was not announced" % record["map"])
			return
		if segment["kind"] != record["segment"]:
			self.fault("segment %d is %s, not %s" % (record["map"], segment["kind"],
				record["segment"]))
		if record["type"] in UNMAPS:
			return
		if "end_ts_ns" in segment:
			self.fault("segment %d is gone" % record["map"])
		# brk gives the first byte behind the heap, and the offset of the last one in it
		addr = int(record["addr"], 16) - (record["type"] == "brk")
		if addr - int(segment["start"], 16) != record["off"] or addr >= int(segment["end"], 16):
			self.fault("%s is not %d in segment %s-%s" % (record["addr"], record["off"],
				segment["start"], segment["end"]))
		if segment.get("tid") != record.get("stack_of"):
			self.fault("segment %d is the stack of %s" % (record["map"], segment.get("tid")))

	def check(self, line):
		self.at += 1
		try:
			record = json.loads(line)
		except ValueError as error:
			self.fault("no JSON: %s" % error)
			return
		if not self.check_schema(record):
			return
		if (record["type"] in LAST) != (self.at == 1):
			self.fault("%s at line %d" % (record["type"], self.at))
		if self.last is not None and self.last == self.end:
			self.fault("%s behind the %s" % (record["type"], self.end))
		self.end = LAST.get(record["type"], self.end)
		self.last = record["type"]
		if record["type"] == "segment":
			if int(record["start"], 16) >= int(record["end"], 16):
				self.fault("an empty segment")
			self.segments[record["id"]] = record
		else:
			self.check_place(record)

	def check_all(self):
		with open(self.path, encoding="utf-8", newline="\n") as file:
			for line in file:
				self.check(line)
		if self.last is None or self.last != self.end:
			self.fault("the last record is no %s" % (self.end or "summary"))
		return self.faults == 0


def main():
	schema = read_schema()
	good = [File(schema, path).check_all() for path in sys.argv[1:]]
	return 0 if good and all(good) else 1


if __name__ == "__main__":
	sys.exit(main())
