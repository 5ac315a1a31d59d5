#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""drawn.py WALK SVG: whether the picture shows what the walk says, and where that is.

The boxes stand in the order of their addresses and do not overlap; each frame and each object
has a label with its address and its name, and a line in the box that holds it. Each difference
is a line on stderr; the exit status is 1 if there was one. With SVGs only: are they XML? With
PNG SVG: whether that is a whole picture of the other's size, and not blank.
"""
import json
import struct
import sys
import xml.etree.ElementTree as xml
import zlib

SVG = "{http://www.w3.org/2000/svg}"
faults = []


def read_picture(path):
	root = xml.parse(path).getroot()
	boxes = [[float(each.get(name)) for name in ("x", "y", "width", "height")]
		for each in root.iter(SVG + "rect") if each.get("stroke") != "none"]
	texts = [(float(each.get("x")), float(each.get("y")), each.text)
		for each in root.iter(SVG + "text")]
	lines = [[float(each.get(name)) for name in ("x1", "y1", "x2", "y2")]
		for each in root.iter(SVG + "line")]
	return boxes, texts, lines


def read_walk(path):
	names, segments = [], []
	with open(path) as file:
		for line in file:
			record = json.loads(line)
			if record["type"] in ("frame", "suspended_frame"):
				names.append((record["addr"], "frame of " + record["function"]))
			elif record["type"] == "c_frame" and record.get("addr"):
				names.append((record["addr"], "frame of " + record["at"][:30]))
			elif record["type"] in ("variable", "c_variable") and record.get("addr"):
				names.append((record["addr"], record["name"]))
			elif record["type"] == "segment":
				segments.append((int(record["start"], 16), int(record["end"], 16)))
	return names, segments


def main():
	boxes, texts, lines = read_picture(sys.argv[2])
	names, segments = read_walk(sys.argv[1])
	left = next(box[0] for box in boxes if box[2] > 100)
	boxes = sorted(box for box in boxes if box[0] == left)
	ends = [int(text, 16) for x, y, text in texts if x < left and y > 65]
	if len(ends) != len(boxes) or ends != sorted(ends, reverse=True):
		faults.append("%d boxes, %d addresses" % (len(boxes), len(ends)))
	for above, below in zip(boxes, boxes[1:]):
		if above[1] + above[3] > below[1] + 0.11:
			faults.append("boxes overlap at %s" % below[1])
	labels = {}
	for x, y, text in texts:
		if x > left and text.startswith("0x"):
			labels.setdefault(text.split(" ")[0], []).append((text.partition(" ")[2], y))
	marks = [(line[1], after[3]) for line, after in zip(lines, lines[1:]) if line[0] == left]
	for address, name in names:
		found = [y for text, y in labels.get(address, ()) if name in text or text.count(", ...")]
		if not found:
			faults.append("no %s at %s" % (name, address))
			continue
		mark = [at for at, label in marks if abs(label + 4 - found[0]) < 0.3]
		here = [i for i, box in enumerate(boxes)
			if mark and box[1] - 0.11 <= mark[0] <= box[1] + box[3] + 0.11]
		number = int(address, 16)
		right = [i for i in here if number < ends[i] and
			all(number >= end for end in ends[i + 1:i + 2])]
		if not right:
			faults.append("%s at %s is marked elsewhere" % (name, address))
	print("%d boxes, %d labels" % (len(boxes), len(labels)))
	for fault in faults[:20]:
		print(fault, file=sys.stderr)
	return 1 if faults or len(names) < 10 else 0


def chunks(png):
	"""Of a PNG: type and bytes of each chunk, whose sums are right."""
	at = 8
	while at < len(png):
		length, kind = struct.unpack(">I4s", png[at:at + 8])
		data = png[at + 8:at + 8 + length]
		if zlib.crc32(kind + data) != struct.unpack(">I", png[at + 8 + length:at + 12 + length])[0]:
			sys.exit("a chunk is damaged")
		yield kind, data
		at += 12 + length


def check_png(path, svg):
	with open(path, "rb") as file:
		png = file.read()
	parts = list(chunks(png))
	if png[:8] != b"\x89PNG\r\n\x1a\n" or parts[0][0] != b"IHDR" or parts[-1][0] != b"IEND":
		sys.exit("no whole PNG")
	width, height, depth, kind = struct.unpack(">IIBB", parts[0][1][:10])
	root = xml.parse(svg).getroot()
	if (width, height) != (int(root.get("width")), int(root.get("height"))):
		sys.exit("%dx%d pixels" % (width, height))
	lines = zlib.decompress(b"".join(data for kind, data in parts if kind == b"IDAT"))
	size = 1 + width * depth // 8 * {2: 3, 6: 4}[kind]
	if len(lines) != height * size:
		sys.exit("%d bytes of pixels" % len(lines))
	different = len({lines[at:at + size] for at in range(0, len(lines), size)})
	if different < height / 4:
		sys.exit("of %d lines of pixels %d are different" % (height, different))


if sys.argv[1].endswith(".png"):
	check_png(*sys.argv[1:])
elif sys.argv[1].endswith(".svg"):
	for path in sys.argv[1:]:
		xml.parse(path)
else:
	sys.exit(main())
