#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""validate.py FILE...: whether every line of what mwbpf --json wrote is what the schema says.

And what a schema cannot say: the first record is the header and the last the summary (or
those of a walk), a segment is announced before an event lies in it, and offsets count from
its start. Each fault is a line on stderr; the exit status is 1 if there was one.
"""
import json
import math
import os
import re
import sys

from jsonschema import Draft202012Validator

SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)),
	"../../include/mwbpf/events.schema.json")
UNMAPS = ("munmap", "shmdt")  # these lie in what was there before
LAST = {"header": "summary", "walk": "walk_end", "census_diff": "census_diff_end"}  # by the first


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


def integer_check(schema):
	least, most = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
	return lambda value: type(value) is int and least <= value <= most


def pattern_check(schema):
	search = re.compile(schema["pattern"]).search
	return lambda value: type(value) is str and search(value) is not None


def remembering_check(schema):
	is_valid = Draft202012Validator(schema).is_valid
	good = set()

	def check(value):
		kind = type(value)
		if kind is list or kind is dict:
			return is_valid(value)
		known = (kind, value)
		if known not in good and is_valid(value):
			good.add(known)
		return known in good
	return check


def list_check(schema):
	is_valid = Draft202012Validator({**schema, "items": True}).is_valid
	is_good = Record(schema["items"]).is_good
	return lambda value: is_valid(value) and all(map(is_good, value))


def field_check(schema):
	"""What tells whether a value is valid. Numbers and addresses are others in every line."""
	kind, words = schema.get("type"), set(schema)
	if kind == "integer" and words <= {"type", "minimum", "maximum"}:
		return integer_check(schema)
	if kind == "string" and words == {"type", "pattern"}:
		return pattern_check(schema)
	if kind == "array" and "properties" in schema.get("items", ()):
		return list_check(schema)
	return remembering_check(schema)


def asked_for_values(node):
	"""The fields of which the conditions in a schema ask more than presence and type."""
	if isinstance(node, list):
		return set().union(*map(asked_for_values, node))
	if not isinstance(node, dict):
		return set()
	fields = node.get("properties", {})
	return asked_for_values(list(node.values())).union(
		name for name, field in fields.items()
		if isinstance(field, dict) and set(field) != {"type"})


class Record:
	"""
	The schema of one type of record, or of the objects in a list. Each field is checked by
	itself, and the whole once for all records that differ in nothing that conditions between
	fields ask for: mostly which fields there are and their types. 10 times as fast.
	"""

	def __init__(self, schema):
		self.whole = Draft202012Validator(schema)
		self.checks = {name: field_check(field) for name, field in schema["properties"].items()}
		self.asked = asked_for_values([value for key, value in schema.items()
			if key != "properties"])
		self.good_shapes = set()

	def faults(self, record):
		return () if self.is_good(record) else self.whole.iter_errors(record)

	def is_good(self, record):
		if type(record) is not dict:
			return False
		for name, value in record.items():
			if name not in self.checks or not self.checks[name](value):
				return False
		shape = tuple(record), tuple(map(type, record.values())), tuple(
			repr(record.get(name)) for name in self.asked)
		if shape not in self.good_shapes and self.whole.is_valid(record):
			self.good_shapes.add(shape)
		return shape in self.good_shapes


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
		text = "; ".join("%s%s" % (".".join(map(str, each.path)) + ": " if each.path else "",
			each.message) for each in self.schema[record["type"]].faults(record))
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
