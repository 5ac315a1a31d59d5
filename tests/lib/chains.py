#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""
chains.py MODE SAID TRACE PROGRAM SOURCE: whether a trace says the same of callers and stacks
as the program itself (say.h), and as addr2line does of every frame in it.

With MODE "gdb", SAID is what gdb printed at each call of say: "size SIZE" and a backtrace,
which stacks must be the same as, as far as main.

Else MODE is what there is to know of the program: "lines", debug information; "symbols", no lines;
"nothing", not even the names of static functions. With "+whole" behind it, stacks have to
reach main unless they lead through code that is not the program's; with "+stacks", what
they say must be right as far as it goes.

Each fault is a line on stderr; the exit status is 1 if there was one.
"""
import json
import os
import re
import subprocess
import sys

AT = re.compile(r"^(?:(?P<inlined>.+?) in )?(?P<function>.+)\+0x(?P<offset>[0-9a-f]+)"
	r"(?: \((?P<where>[^()]*)\))?$")
INLINED = {"inlined_inner": "inliner", "inlined_outer": "inliner"}
FOREIGN = (60001, 61001)  # called by the C library or by the kernel

faults = 0


def fault(*words):
	global faults
	faults += 1
	print(*words, file=sys.stderr)


def short(name):
	"""Of a demangled name what __func__ would be: without parameters, arguments and scopes."""
	name = re.sub(r" \[clone .*\]$|\.(?:part|isra|constprop|cold)\.\d+$", "", name)
	if "operator()" in name.rpartition("::")[2]:
		return "operator()"
	while True:
		fewer = re.sub(r"<[^<>]*>", "", name)
		fewer = re.sub(r"\([^()]*\)", "", fewer)
		if fewer == name:
			break
		name = fewer
	return re.sub(r" const$", "", name.rpartition("::")[2]).split(" ")[-1]


def read_said(path):
	made, chains = {}, {}
	for line in open(path):
		words = line.split()
		if words[:1] == ["at"]:
			made[int(words[1])] = words[2], int(words[3])
		elif words[:1] == ["chain"]:
			chains[int(words[1])] = words[2:]
	return made, chains


def check_at(mode, event, function, line, program, source):
	at = AT.match(event.get("at", ""))
	if not at:
		return fault(event["size"], "has at:", event.get("at"))
	name = at["inlined"] or at["function"]
	if mode == "lines":
		if short(name) != function or at["where"] != f"{source}:{line}":
			fault(event["size"], "is by", function, line, "not", event["at"])
		return None
	if name == os.path.basename(program) and not at["where"]:
		if mode == "symbols":
			fault(event["size"], "is by", function, "not", event["at"])
		return None
	if short(name) != INLINED.get(function, function) or at["where"] != os.path.basename(program):
		fault(event["size"], "is by", function, "not", event["at"])
	return None


def check_chain(whole, event, stack, chain):
	frames = [frame for frame in stack["frames"] if frame["lang"] == "native"]
	if not frames or frames[0]["addr"] != event["caller"]:
		return fault(event["size"], "its stack does not begin with its caller")
	found = [frame["addr"] for frame in frames if "inlined" not in frame][1:]
	if any("gap" in frame for frame in frames):
		rest = iter(chain)
		if not all(addr in rest for addr in found):
			fault(event["size"], "returns to", chain, "not", found)
	elif found != chain[:len(found)]:
		fault(event["size"], "returns to", chain, "not", found)
	if "native_reason" not in stack and len(found) < len(chain):
		fault(event["size"], "is said to be whole with", len(found), "of", len(chain))
	# the last are __libc_start_call_main and what calls it; or start_thread, clone
	missing = len(chain) - len(found)
	if whole and event["size"] not in FOREIGN and len(found) < 63 and missing > 2:
		fault(event["size"], "ends", missing, "frames early:", stack.get("native_reason"))
	return None


def addr2line(program, addrs):
	"""For each address the frames that addr2line knows: (function, file:line)."""
	out = subprocess.run(["addr2line", "-Cfiae", program] + addrs, check=True,
		capture_output=True, text=True).stdout.splitlines()
	known, i = {}, -1
	while out:
		line = out.pop(0)
		if re.match(r"^0x[0-9a-f]{16}$", line):
			i += 1
			known[addrs[i]] = []
		else:
			where = re.sub(r" \(discriminator \d+\)$", "", out.pop(0))
			known[addrs[i]].append((line, where.rpartition("/")[2]))
	return known


def same(group, oracle):
	"""Of inlined calls addr2line (2.40) calls the innermost by the name of the symbol."""
	ours = [short(function) for function, _ in group]
	theirs = [short(function) for function, _ in oracle]
	unknown = oracle[0][1].endswith(":?") and group[0][1] == "?:?"
	return (unknown or [w for _, w in group] == [w for _, w in oracle]) and \
		ours[len(ours) > 1:] == theirs[len(ours) > 1:]


def check_returns(events, base, program):
	"""By objdump: where a call of malloc returns to, as function and offset."""
	listing = subprocess.run(["objdump", "-d", "--no-show-raw-insn", program], check=True,
		capture_output=True, text=True).stdout
	returns, function, start, called = {}, "", 0, False
	for line in listing.splitlines():
		head = re.match(r"^([0-9a-f]+) <(.*)>:$", line)
		code = re.match(r"^ +([0-9a-f]+):\t(.*)", line)
		if head:
			function, start = head[2], int(head[1], 16)
		if code and called:
			returns[int(code[1], 16)] = f"{function}+{int(code[1], 16) - start:#x}"
		if code:
			called = "call" in code[2] and "<malloc@plt>" in code[2]
	for event in events:
		wanted = returns.get(int(event["caller"], 16) - base)
		if wanted != event["at"].partition(" (")[0]:
			fault(event["size"], "is by", wanted, "not", event["at"])


def check_frames(mode, stacks, base, program):
	"""Every frame in the program itself against addr2line."""
	seen = {}
	for stack in stacks.values():
		group = []
		for frame in stack["frames"]:
			if frame["lang"] != "native" or frame.get("file") != program:
				continue
			where = os.path.basename(frame.get("source", "?")) + ":" + str(frame.get("line", "?"))
			group.append((frame.get("function", "??"), where))
			if "inlined" not in frame:
				# the call is in front of the address that it returns to
				seen[hex(int(frame["addr"], 16) - base - 1)] = group
				group = []
	known = addr2line(program, sorted(seen)) if seen else {}
	for addr, group in seen.items():
		oracle = known[addr]
		if mode == "lines" and not same(group, oracle):
			fault(addr, "is", oracle, "not", group)
		if mode != "lines" and group[-1][0] != "??" and \
				short(group[-1][0]) != short(oracle[-1][0]) and oracle[-1][0] != "??":
			fault(addr, "is", oracle, "not", group)
	return len(seen)


def check_gdb(said, records, stacks):
	"""Functions from the one that made the block to main, inlined ones too."""
	oracle, size = {}, 0
	for line in open(said):
		if line.startswith("size "):
			size = int(line.split()[1])
			oracle[size] = []
		frame = re.match(r"^#([1-9]\d*) +(?:0x[0-9a-f]+ in )?(.*?) ?\(.*\) (?:at|from) ", line)
		if frame and size:
			oracle[size].append(short(frame[2]))
	for record in records:
		if record["type"] != "malloc" or record["size"] not in oracle:
			continue
		names = [short(frame["function"]) for frame in stacks[record["stack"]]["frames"]]
		theirs = oracle.pop(record["size"])
		n = names.index("main") + 1 if "main" in names else len(names)
		if names[:n] != theirs[:n]:
			fault(record["size"], "is", theirs, "not", names)
		if record["size"] not in FOREIGN and n < 64 and names[n - 1] not in ("main", "start_thread"):
			fault(record["size"], "ends early:", names)
	if oracle or not size:
		fault("not in the trace:", oracle)


def main():
	mode, said, trace, program, source = sys.argv[1:]
	mode, _, depth = mode.partition("+")
	records = [json.loads(line) for line in open(trace)]
	if mode == "gdb":
		check_gdb(said, records, {record["id"]: record for record in records
			if record["type"] == "stack"})
		return faults != 0
	made, chains = read_said(said)
	stacks = {record["id"]: record for record in records if record["type"] == "stack"}
	base = min((int(record["start"], 16) for record in records
		if record["type"] == "segment" and record["name"] == program), default=0)
	if os.path.exists(program) and open(program, "rb").read(17)[16] == 2:
		base = 0  # ET_EXEC: addresses are those of the file
	events = {record["size"]: record for record in records if record["type"] == "malloc"
		and record["size"] in made}
	for size, (function, line) in made.items():
		if size not in events:
			fault(size, "is not in the trace")
			continue
		check_at(mode, events[size], function, line, program, source)
		if depth:
			check_chain(depth == "whole", events[size], stacks[events[size]["stack"]],
				chains[size])
	if mode == "symbols":
		check_returns(events.values(), base, program)
	n = check_frames(mode, stacks, base, program)
	if not made or (depth and not n):
		fault("nothing was compared")
	return faults != 0


sys.exit(main())
