# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""localcheck.py SHOWN SAID GLOBALS GDB: what cwalk_show saw of frames is what locals said.

What has no place has none for gdb either, whose "bt -full" of all threads is in GDB.
"""
import re
import sys


def read_shown(path):
    """Threads: lists of frames, innermost first: function, where it begins, variables."""
    threads, frames = {}, []
    for line in open(path, errors="surrogateescape"):
        word, *rest = line.rstrip("\n").split(" ", 1)
        if word == "thread":
            frames = threads.setdefault(int(rest[0].split()[0]), [])
        elif word == "frame":
            fields = rest[0].split()
            at = " ".join(fields[4:])
            # "inlined in function.constprop.0+0x1f (file.c:12)"
            function = at.split(" in ")[-1].split("+")[0].split(".")[0]
            frames.append({"function": function, "at": at, "cfa": int(fields[3], 16), "vars": []})
        elif word == "var":
            head, ctype, value = rest[0].split(" | ", 2)
            role, level, name, kind, addr, size, _, above, distance = head.split()
            var = {"role": role, "level": int(level), "name": name, "kind": kind,
                   "addr": int(addr, 16), "size": int(size), "above": above,
                   "distance": int(distance), "type": ctype, "value": value}
            (frames[-1]["vars"] if frames else threads.setdefault(0, [])).append(var)
    return threads


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
    shown, said = read_shown(sys.argv[1]), [l.rstrip("\n") for l in open(sys.argv[2])]
    globals_shown = read_shown(sys.argv[3])[0]
    optimized_out = read_gdb(sys.argv[4])
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
            if len(found) != 1 or found[0]["kind"] != "memory" or found[0]["size"] != int(size):
                wrong.append(f"{line}: {[v for v in vars if v['name'] == name]}")
            elif found[0]["value"].replace("\\\\", "\\") != value:
                wrong.append(f"{line}: value {found[0]['value']!r}")
            elif found[0]["level"] != (function == "inlined"):
                wrong.append(f"{line}: level {found[0]['level']}")
            checked += 1
        elif word == "FRAME":
            tid, function, cfa = rest.split()
            if not any(f["function"] == function and f["cfa"] == int(cfa, 16)
                       for f in shown.get(int(tid), [])):
                wrong.append(f"{line}: {[hex(f['cfa']) for f in shown.get(int(tid), [])]}")
            checked += 1
        elif word == "GLOBAL":
            name, addr, size, value = rest.split(" ", 3)
            found = [v for v in globals_shown if v["name"] == name]
            if [(v["addr"], v["size"], v["value"]) for v in found] != [(int(addr, 16), int(size), value)]:
                wrong.append(f"{line}: {found}")
            checked += 1
    for tid, frames in shown.items():
        for frame in frames:
            spots = {v["name"]: v["addr"] for v in frame["vars"] if v["kind"] == "memory"}
            names = [v["name"] for v in frame["vars"]]
            if "other_block" in names:
                wrong.append(f"{frame['at']}: other_block is not in scope")
            for v in frame["vars"]:
                function = "inlined" if v["level"] else frame["function"]
                if v["kind"] == "nowhere" and frame["function"] in ("fact", "all_types", "main") \
                        and (function, v["name"]) not in optimized_out:
                    wrong.append(f"{frame['at']}: {v}: gdb knows it")
                if v["above"] != "-" and names.count(v["above"]) == 1 and \
                        spots[v["above"]] - v["addr"] != v["distance"]:
                    wrong.append(f"{frame['at']}: {v}")
    print(f"{checked} lines checked")
    print("\n".join(wrong[:20]))
    sys.exit(bool(wrong) or checked < 60)


main()
