#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""table.py README FILE...: what was seen of ints, as tables between two lines of the README.

Each FILE is of one build, see lib/means.bash; FILE.title names it.
"""
import datetime
import os
import sys

BEGIN, END = "<!-- coverage: written by tests/coverage/run -->", "<!-- coverage: end -->"
MISSING = "–"


class Build:
	def __init__(self, path):
		with open(path + ".title") as file:
			self.title = file.read().strip()
		with open(path) as file:
			rows = [line.rstrip("\n").split("\t") for line in file]
		_, self.version, self.sites = rows[0]
		self.minor = int(self.version.split(".")[1])
		# by means: whether others are made, ints made, ints seen, events, right values, wrong ones,
		# events without a value
		self.means = {name: (others, *map(int, counts)) for name, others, *counts in rows[1:]}

	def total(self, kinds):
		rows = [row for row in self.means.values() if row[0] in kinds]
		return [sum(row[i] for row in rows) for i in range(1, 7)]


def percent(part, whole):
	"""Never 100 where it is not."""
	if part == whole:
		return "100 %"
	return "%.2f %%" % min(99.99, 100 * part / whole)


def build_table(builds):
	yield "| CPython | from | places probed | ints made | seen | too many | values known | wrong |"
	yield "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |"
	for build in builds:
		made, seen, _, known, wrong, _ = build.total(("only", "more"))
		only, _, events, *_ = build.total(("only",))
		yield "| %s | %s | %s | %d | %s | %s | %s | %d |" % (build.version, build.title, build.sites,
			made, percent(seen, made),
			"%.2f %%" % (100 * (events - only) / only) if events > only else "0",
			percent(known, made), wrong)


def groups(builds):
	for title, low, high in (("3.6 – 3.10", 6, 10), ("3.11 – 3.13", 11, 13), ("3.14", 14, 14),
			("3.15", 15, 15)):
		members = [build for build in builds if low <= build.minor <= high]
		if members:
			yield title, members


def cell(means, builds):
	"""The least that was seen in any of the builds, and the most events for one int."""
	rows = [build.means[means] for build in builds if means in build.means]
	if not rows:
		return MISSING
	others = rows[0][0]
	if others == "none":
		return "%d events" % max(row[3] for row in rows)
	part, whole = min(((row[2], row[1]) for row in rows), key=lambda pair: pair[0] / pair[1])
	most = max(row[3] / row[1] for row in rows)
	return percent(part, whole) + (" ×%.1f" % most if others == "more" else
		" +%.1f %%" % (100 * most - 100) if most > 1 else "")


def means_table(builds):
	columns = list(groups(builds))
	yield "| means | " + " | ".join(title for title, _ in columns) + " |"
	yield "| --- |" + " --- |" * len(columns)
	names = []
	for build in builds:
		names.extend(name for name in build.means if name not in names)
	rows = {}
	for name in names:
		rows.setdefault(tuple(cell(name, members) for _, members in columns), []).append(name)
	for cells, alike in rows.items():
		yield "| " + ", ".join("`%s`" % name.replace("|", "\\|") for name in alike) + " | " + \
			" | ".join(cells) + " |"


def main():
	readme, builds = sys.argv[1], [Build(path) for path in sys.argv[2:]]
	builds.sort(key=lambda build: ([int(each) for each in build.version.split(".")], build.title))
	with open(readme) as file:
		text = file.read()
	before, rest = text.split(BEGIN + "\n", 1)
	after = rest.split(END + "\n", 1)[1]
	lines = ["Measured on %s, Linux %s." % (datetime.date.today().isoformat(),
		os.uname().release.split("-")[0]), "", *build_table(builds), "", *means_table(builds)]
	with open(readme, "w") as file:
		file.write(before + BEGIN + "\n" + "\n".join(lines) + "\n" + END + "\n" + after)


main()
