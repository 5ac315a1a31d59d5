# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""membercheck.py LEAST WALK SAID: what a walk saw is what the program members said.

What a line says is in members.c. A variable without a place, or whose value is not known,
is not wrong, but LEAST lines have to be found right. The counts are printed.
"""
import collections
import json
import sys


def read_shown(path):
    """Variables of threads, by thread; globals; frames by their ids."""
    threads, frames, globals_ = collections.defaultdict(list), {}, []
    for line in open(path):
        record = json.loads(line)
        if record["type"] == "c_frame":
            # without its class and parameters, and what a clone has behind it
            name = (record["function"] or "?").partition("(")[0].rpartition("::")[2]
            record["function"] = name.split(".")[0]
            frames[record["id"]] = record
        elif record["type"] == "c_variable" and "frame" in record:
            frame = frames[record["frame"]]
            record["of"] = record.get("function") or frame["function"]
            threads[frame["tid"]].append(record)
        elif record["type"] == "c_variable":
            globals_.append(record)
    return threads, globals_, frames


def part_of(variable, path):
    if path == "-":
        return variable
    return next((m for m in variable.get("members", []) if m["path"] == path), None)


class Check:
    def __init__(self, walk):
        self.threads, self.globals, self.frames = read_shown(walk)

    def of(self, tid, function, name):
        return [v for v in self.threads[int(tid)] if v["of"] == function and v["name"] == name]

    def at(self, found, addr, size, value):
        """One of these lies there; they may have the same name."""
        if not any(v["where"] == "memory" for v in found):
            return None
        v = next((v for v in found if v.get("addr") == addr), None)
        if not v and any(v["where"] != "memory" for v in found):
            return None
        if not v or v["size"] != int(size) or v.get("value") != value:
            return False
        return True

    def VAR(self, tid, function, name, addr, size, value):
        return self.at(self.of(tid, function, name), addr, size, value)

    def PLACE(self, tid, function, name, addr, size, value):
        return bool(self.VAR(tid, function, name, addr, size, value)) and \
            self.of(tid, function, name)[0]["thread_local"]

    def VLA(self, tid, function, name, addr, size, rest):
        kind, _, value = rest.partition("] ")
        found = self.of(tid, function, name)
        right = self.at(found, addr, size, value)
        if not right:
            return right
        elements = [m for m in found[0]["members"] if m["path"].endswith("]")]
        return found[0]["class"] == kind + "]" and len(elements) == int(kind.rpartition("[")[2])

    def PART(self, tid, function, name, path, addr, offset, size, value):
        for v in self.of(tid, function, name):
            part = part_of(v, path)
            if v["where"] != "memory":
                return None
            return part is not None and part.get("addr") == addr and part["size"] == int(size) \
                and part["offset"] == int(offset) and part.get("value") == value
        return None

    def BITS(self, tid, function, name, path, bit, bits, value):
        for v in self.of(tid, function, name):
            part = part_of(v, path)
            if part is None:
                return None if v["where"] in ("nowhere", "unknown") else False
            return 8 * part["offset"] + part["bit"] == int(bit) and part["bits"] == int(bits) \
                and part.get("value", value) == value
        return None

    def VALUE(self, tid, function, name, path, value):
        """One of them has it; the function may be there more than once."""
        parts = [part_of(v, path) for v in self.of(tid, function, name)]
        if any(part and part.get("value") == value for part in parts):
            return True
        return False if parts and all(part and "value" in part for part in parts) else None

    ENTRY = VALUE

    def POINTS(self, tid, function, name, path, variable, owner):
        for v in self.of(tid, function, name):
            to = part_of(v, path).get("points_to")
            if not to:
                return None
            return to.get("variable") == variable and to["offset"] == 0 and \
                self.frames[to["frame"]]["function"] == owner
        return None

    def GLOBAL(self, function, name, addr, size):
        owner = None if function == "-" else function
        found = [v for v in self.globals if v["name"] == name and v["addr"] == addr]
        if [v.get("function") for v in found] == [None] and owner and found[0]["scope"] == "static":
            return None  # clang 14 does not say whose it is when the function was inlined
        return [(v["size"], v.get("function")) for v in found] == [(int(size), owner)]

    def OWN(self, tid, name, addr, size, value):
        found = [v for v in self.globals if v["name"] == name and v.get("tid") == int(tid)]
        return len(found) == 1 and found[0]["addr"] == addr and found[0]["size"] == int(size) \
            and found[0].get("value") == value and found[0]["thread_local"]


WORDS = {"VAR": 6, "PLACE": 6, "VLA": 6, "PART": 8, "BITS": 7, "VALUE": 5, "ENTRY": 5, "GLOBAL": 4,
         "OWN": 5, "POINTS": 6}


def main():
    check = Check(sys.argv[2])
    counts, wrong, blank = collections.Counter(), [], []
    for line in open(sys.argv[3]):
        word, _, rest = line.rstrip("\n").partition(" ")
        if word not in WORDS:
            continue
        words = rest.split(" ", WORDS[word] - 1)
        right = getattr(check, word)(*words)
        counts[word] += right is True
        if right is False:
            seen = [v for v in check.globals + sum(check.threads.values(), [])
                    if v["name"] in words[:3]]
            wrong.append(f"{line.rstrip()}: {json.dumps(seen)[:1500]}")
        if right is None:
            blank.append(line.rstrip())
    print(" ".join(f"{n} {word}" for word, n in counts.items()), f"{len(blank)} without")
    print("\n".join(blank), file=sys.stderr)
    print("\n".join(wrong[:10]))
    sys.exit(bool(wrong) or sum(counts.values()) < int(sys.argv[1]))


main()
