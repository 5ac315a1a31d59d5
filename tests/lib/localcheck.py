# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""localcheck.py WALK SAID GDB: what a walk saw of frames is what the program locals said.

What has no place has none for gdb either, whose "bt -full" of all threads is in GDB.
"""
import json
import re
import sys


def read_shown(path):
    """Threads: lists of frames with their variables; and globals."""
    threads, frames, globals_ = {}, {}, []
    for line in open(path):
        record = json.loads(line)
        if record["type"] == "c_frame":
            record["vars"] = []
            record["function"] = (record["function"] or "?").split(".")[0]  # of a clone
            frames[record["id"]] = record
            threads.setdefault(record["tid"], []).append(record)
        elif record["type"] == "c_variable":
            record["addr"] = int(record.get("addr", "0x0"), 16)
            (frames[record["frame"]]["vars"] if "frame" in record else globals_).append(record)
    return threads, globals_


def read_gdb(path):
    """Names that are optimized out, of each function."""
    out, function = set(), None
    for line in open(path, errors="surrogateescape"):
        frame = re.match(r"#\d+ +(?:0x[0-9a-f]+ in )?(\w+) \(", line)
        if frame:
            function = frame[1]
        out.update((function, name) for name in re.findall(r"\b(\w+)\s?=\s?<optimized out>", line))
    return out


def main():
    shown, globals_shown = read_shown(sys.argv[1])
    said = [line.rstrip("\n") for line in open(sys.argv[2])]
    optimized_out = read_gdb(sys.argv[3])
    wrong, checked = [], 0
    for line in said:
        word, _, rest = line.partition(" ")
        if word == "VAR":
            tid, function, name, addr, size, value = rest.split(" ", 5)
            vars = [v for frame in shown.get(int(tid), []) for v in frame["vars"]
                    if frame["function"] == {"inlined": "all_types"}.get(function, function)]
            found = [v for v in vars if v["name"] == name and v["addr"] == int(addr, 16)]
            if (function, name) in optimized_out and not found:
                continue
            if len(found) != 1 or found[0]["where"] != "memory" or found[0]["size"] != int(size):
                wrong.append(f"{line}: {[v for v in vars if v['name'] == name]}")
            elif found[0].get("value", "") != value:
                wrong.append(f"{line}: value {found[0].get('value')!r}")
            elif found[0].get("function") != ("inlined" if function == "inlined" else None):
                wrong.append(f"{line}: of {found[0].get('function')}")
            checked += 1
        elif word == "FRAME":
            tid, function, cfa = rest.split()
            if not any(f["function"] == function and int(f["addr"], 16) == int(cfa, 16)
                       for f in shown.get(int(tid), [])):
                wrong.append(f"{line}: {[f['addr'] for f in shown.get(int(tid), [])]}")
            checked += 1
        elif word == "GLOBAL":
            name, addr, size, value = rest.split(" ", 3)
            found = [v for v in globals_shown if v["name"] == name]
            if [(v["addr"], v["size"], v.get("value", "")) for v in found] != [(int(addr, 16), int(size), value)]:
                wrong.append(f"{line}: {found}")
            checked += 1
    for tid, frames in shown.items():
        for frame in frames:
            spots = {v["name"]: v["addr"] for v in frame["vars"] if v["where"] == "memory"}
            names = [v["name"] for v in frame["vars"]]
            if "other_block" in names:
                wrong.append(f"{frame['at']}: other_block is not in scope")
            for v in frame["vars"]:
                function = v.get("function", frame["function"])
                if v["where"] == "nowhere" and frame["function"] in ("fact", "all_types", "main") \
                        and (function, v["name"]) not in optimized_out:
                    wrong.append(f"{frame['at']}: {v}: gdb knows it")
                if names.count(v.get("above")) == 1 and \
                        spots[v["above"]] - v["addr"] != v["to_above"]:
                    wrong.append(f"{frame['at']}: {v}")
    print(f"{checked} lines checked")
    print("\n".join(wrong[:20]))
    sys.exit(bool(wrong) or checked < 60)


main()
