#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""validate.py FILE...: whether every line of what mwbpf --json wrote is what the schema says.

And what a schema cannot say: the first record is the header and the last the summary,
segments are announced before an event names them, and offsets are from their starts.
"""
import json
import os
import sys

from jsonschema import Draft202012Validator

SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)),
	"../../include/mwbpf/events.schema.json")
UNMAPS = ("munmap", "shmdt")  # these name what was there before


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
	there = inline(defs[node["$ref"].rpartition("/")[2]], defs)
	return {**there, **whole} if isinstance(there, dict) else there


def validators():
	with open(SCHEMA) as file:
		schema = json.load(file)
	Draft202012Validator.check_schema(schema)
	return {name: Draft202012Validator(inline(schema["$defs"][name], schema["$defs"]))
		for name in schema["properties"]["type"]["enum"]}


if __name__ == "__main__":
	v = validators()
	for f in sys.argv[1:]:
		for n, line in enumerate(open(f), 1):
			r = json.loads(line)
			for e in v[r["type"]].iter_errors(r):
				print(f, n, e.message, line[:300])
				break
