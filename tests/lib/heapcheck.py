# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""heapcheck.py WALK SAID: what a walk saw of a heap is what the program blocks said.

Every live block is a chunk in use of the right size, every freed one is in none; sums are
those of mallinfo, and those of each arena malloc_info's.
"""
import bisect
import json
import re
import sys


def read_shown(path):
    records = [json.loads(line) for line in open(path)]
    return {
        "chunks": sorted((int(r["addr"], 16), r["size"], r["state"])
                         for r in records if r["type"] == "chunk"),
        "arenas": [r for r in records if r["type"] == "malloc_arena"],
        "heap": next(r for r in records if r["type"] == "malloc_heap"),
    }


def read_said(path):
    text = open(path).read()
    text = text[text.rindex("mallinfo arena", 0, text.rindex("\nready")) :]
    whole = open(path).read()
    fields = text.splitlines()[0].split()[1:]
    said = {"info": dict(zip(fields[::2], map(int, fields[1::2])))}
    said["blocks"] = [
        (int(a, 16), int(s), int(u))
        for a, s, u in re.findall(r"^block (0x[0-9a-f]+) (\d+) (\d+)$", whole, re.M)
    ]
    said["freed"] = [int(a, 16) for a in re.findall(r"^freed (0x[0-9a-f]+)$", whole, re.M)]
    said["heaps"] = []
    for heap in re.findall(r"<heap nr=.*?</heap>", text, re.S):
        totals = {
            kind: (int(n), int(size))
            for kind, n, size in re.findall(r'<total type="(\w+)" count="(\d+)" size="(\d+)"', heap)
        }
        system = int(re.search(r'<system type="current" size="(\d+)"', heap)[1])
        said["heaps"].append((totals, system))
    return said


def holder(chunks, addr):
    at = bisect.bisect(chunks, (addr, 1 << 62)) - 1
    if at >= 0 and addr < chunks[at][0] + chunks[at][1]:
        return chunks[at]
    return None


def check_blocks(shown, said, wrong):
    chunks = shown["chunks"]
    for addr, size, usable in said["blocks"]:
        chunk = holder(chunks, addr)
        if not chunk or chunk[0] != addr - 16 or chunk[2] not in ("used", "mapped"):
            wrong.append(f"block {addr:#x} of {size}: chunk {chunk}")
        elif chunk[1] - usable not in ((16, 24) if chunk[2] == "mapped" else (8,)):
            wrong.append(f"block {addr:#x} can use {usable}, chunk {chunk}")
    live = sorted((addr - 16, addr + size) for addr, size, _ in said["blocks"])
    for addr in said["freed"]:
        at = bisect.bisect(live, (addr, 1 << 62)) - 1
        if at >= 0 and addr < live[at][1]:
            continue  # given out again
        chunk = holder(chunks, addr)
        if chunk and chunk[2] == "used":
            wrong.append(f"freed {addr:#x}: chunk {chunk}")


def check_sums(shown, said, wrong):
    def total(*states):
        return sum(arena[state]["size"] for arena in shown["arenas"] for state in states)

    info, heap = said["info"], shown["heap"]
    for name, value in {
        "arena": sum(arena["size"] for arena in shown["arenas"]),
        "fordblks": total("free", "fastbin", "top"),
        "fsmblks": total("fastbin"),
        "hblks": heap["mapped"],
        "hblkhd": heap["mapped_size"],
        "keepcost": shown["arenas"][0]["top"]["size"],
    }.items():
        if info[name] != value:
            wrong.append(f"mallinfo says {name} {info[name]}, seen {value}")
    if [arena["main"] for arena in shown["arenas"]].count(True) != 1:
        wrong.append("not one main arena")


def check_arenas(shown, said, wrong):
    if len(said["heaps"]) != len(shown["arenas"]):
        wrong.append(f"{len(said['heaps'])} arenas, seen {len(shown['arenas'])}")
    for (totals, system), arena in zip(said["heaps"], shown["arenas"]):
        free, fast = arena["free"], arena["fastbin"]
        if totals.get("fast", (0, 0)) != (fast["chunks"], fast["size"]):
            wrong.append(f"{arena['addr']}: fastbins {totals['fast']}, seen {fast}")
        # malloc_info adds the flags of a chunk in a bin to its size
        rest = (free["chunks"] + 1, free["size"] + arena["top"]["size"])
        if totals["rest"][0] != rest[0] or not 0 <= totals["rest"][1] - rest[1] <= free["chunks"] * 7:
            wrong.append(f"{arena['addr']}: rest {totals['rest']}, seen {rest}")
        if system != arena["size"]:
            wrong.append(f"{arena['addr']}: system {system}, seen {arena['size']}")


def main():
    shown, said = read_shown(sys.argv[1]), read_said(sys.argv[2])
    wrong = []
    if not said["blocks"] or not shown["chunks"]:
        wrong.append("nothing to compare")
    check_blocks(shown, said, wrong)
    check_sums(shown, said, wrong)
    check_arenas(shown, said, wrong)
    print("\n".join(wrong[:20]))
    sys.exit(bool(wrong))


main()
