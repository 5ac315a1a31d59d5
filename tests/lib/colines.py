#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""colines.py: what this interpreter itself says of the lines of much code.

A line for each code object: version, first line, table in hex ("-": empty), then the line of
the code unit at byte 0, 2, 4 and so on, 0 for none. Runs on CPython 3.6 and later. Where
ctypes is there, PyCode_Addr2Line() is asked too and must say the same.
"""
import dis
import importlib
import sys

MODULES = ("json.decoder", "argparse", "logging", "ast", "typing", "inspect", "asyncio.base_events",
	"dataclasses", "subprocess", "tokenize", "zipfile", "collections")
UNIT = 2

try:
	import ctypes
	addr2line = ctypes.pythonapi.PyCode_Addr2Line
	addr2line.argtypes = (ctypes.py_object, ctypes.c_int)
	addr2line.restype = ctypes.c_int
except (ImportError, AttributeError):
	addr2line = None


def generated():
	"""What is rare in the library: long gaps, calls over many lines, long functions."""
	lines = ["def gaps():", "\ta = 1"]
	for gap in (1, 126, 127, 128, 129, 254, 255, 256, 300, 1000, 70000):
		lines += [""] * gap + ["\ta += %d" % gap]
	lines += ["", "def calls(a, b):", "\treturn (a(", "\t\tb,", "\t\t(lambda: b)(),", "\t\t[x", "\t\t for x in b",
		"\t\t if x", "\t\t],", "\t\tc={", "\t\t\t'k': b(", "\t\t\t\t1,", "\t\t\t\t2)", "\t\t},", "\t)", "\t+ b)"]
	lines += ["", "def long(a):"] + ["\ta = a.b(a, %d).c[%d] + a" % (i, i) for i in range(200)]
	lines += ["", "def one(a):", "\t" + "; ".join("a = a + %d" % i for i in range(400))]
	lines += ["", "def blocks(a):", "\ttry:", "\t\twith a as b:", "\t\t\tfor c in b:", "\t\t\t\tif c:",
		"\t\t\t\t\tcontinue", "\t\t\t\twhile a():", "\t\t\t\t\tbreak", "\t\t\telse:", "\t\t\t\traise",
		"\texcept (ValueError,", "\t\t\tOSError) as e:", "\t\tdel e", "\tfinally:", "\t\ta = None",
		"\tdef inner():", "\t\tnonlocal a", "\t\tyield from {b: c for b in a", "\t\t\tfor c in b}",
		"\treturn inner"]
	lines += ["", "class C:", "\t'''doc", "\tdoc'''", "\tx = {1:", "\t\t2,", "\t\t**{}}", "\t@property",
		"\t@staticmethod", "\tdef p(self,", "\t\t\ta=lambda:", "\t\t\t\t1):", "\t\tassert self, (",
		"\t\t\t'no')", "\tasync def q(self):", "\t\tasync with self as a:",
		"\t\t\treturn [b async for b in a]"]
	return "\n".join(lines) + "\n"


def sources():
	yield "generated", generated()
	yield "empty", ""
	yield "one", "\n" * 500 + "x = 1"
	for name in MODULES:
		try:
			path = importlib.import_module(name).__file__
		except ImportError:
			continue  # dataclasses is of 3.7
		with open(path, encoding="utf-8") as file:
			yield path, file.read()


def codes(code):
	yield code
	for const in code.co_consts:
		if isinstance(const, type(code)):
			for inner in codes(const):
				yield inner


def lines_of(code):
	lines = [0] * (len(code.co_code) // UNIT)
	if hasattr(code, "co_lines"):
		for start, end, line in code.co_lines():
			for unit in range(start // UNIT, min(end // UNIT, len(lines))):
				lines[unit] = line or 0
		return lines
	starts = dict(dis.findlinestarts(code))
	line = code.co_firstlineno
	for unit in range(len(lines)):
		line = starts.get(unit * UNIT, line)
		lines[unit] = line
	return lines


def main():
	version = sys.version_info[0] << 8 | sys.version_info[1]
	for name, source in sources():
		for code in codes(compile(source, name, "exec", dont_inherit=True)):
			lines = lines_of(code)
			if addr2line:
				for unit, line in enumerate(lines):
					said = max(addr2line(code, unit * UNIT), 0)
					assert said == line, (name, code, unit, line, said)
			table = code.co_linetable if version >= 0x30a else code.co_lnotab
			print(version, code.co_firstlineno, table.hex() or "-", *lines)


main()
