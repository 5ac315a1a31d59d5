#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""schemacheck.py FILE: whether validate.py says of damaged records what the whole schema says.

It remembers what it found good, and so it has seen every line of FILE, a good trace, before.
Then records of each type are damaged somewhere, in objects within them too. Prints how many
were refused and taken; the exit status is 1 when one verdict differs or none was refused.
"""
import copy
import json
import random
import sys

from jsonschema import Draft202012Validator

import validate

DAMAGED = 150  # of each type
VALUES = (None, True, False, 0, 1, -1, 1.0, 1.5, 2**32, 2**64, "", "x", "0x", "0X12", "0x12",
          " 0x12", "python", "native", [], {}, [None], [{}])


def objects(node):
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from objects(each)


def leave_out(place, name, other):
    del place[name]


def replace(place, name, other):
    place[name] = random.choice(VALUES)


def borrow(place, name, other):
    donor = random.choice([each for each in objects(other) if each])
    name = random.choice(list(donor))
    place[name] = copy.deepcopy(donor[name])


def swap(place, name, other):
    second = random.choice(list(place))
    place[name], place[second] = place[second], place[name]


def damage(record, other):
    record = copy.deepcopy(record)
    place = random.choice([each for each in objects(record) if each])
    how = random.choice((leave_out, replace, replace, borrow, swap))
    how(place, random.choice(list(place)), other)
    return record


def main():
    with open(validate.SCHEMA) as file:
        defs = json.load(file)["$defs"]
    remembered = validate.read_schema()
    types = {}
    with open(sys.argv[1], encoding="utf-8") as file:
        for record in map(json.loads, file):
            types.setdefault(record["type"], []).append(record)
            if list(remembered[record["type"]].faults(record)):
                sys.exit("no good trace: %s" % record)
    records = sum(types.values(), [])
    refused = taken = wrong = 0
    for name, good in types.items():
        whole = Draft202012Validator({"$defs": defs, "$ref": "#/$defs/" + name})
        for _ in range(DAMAGED):
            record = damage(random.choice(good), random.choice(records))
            is_valid = whole.is_valid(record)
            refused, taken = refused + (not is_valid), taken + is_valid
            if is_valid == bool(list(remembered[name].faults(record))):
                wrong += 1
                print("valid: %s, but not said of %s" % (is_valid, record), file=sys.stderr)
    print("%d refused, %d taken, %d of these wrongly" % (refused, taken, wrong))
    return 1 if wrong or not refused or not taken else 0


sys.exit(main())
