#!/usr/bin/env python3
"""profile.py [--build DIR] [--minus CMDS] [--after FUNCTION:N --steps M] CMDS

Where do the instructions of a guest go? Boots one hart under -icount with QEMU's execution trace, runs
CMDS in its shell, and counts the instructions of each function, cells' private ones too.

  --minus CMDS        subtracts the profile of another run, so that only the difference shows
  --after F:N         shows, instead of a profile, the functions that run from the Nth entry of F on,
                      in order, for --steps M instructions (1000)
  --top N             rows to print (25)

Example: profile.py --minus 'echo' 'load big'
"""

import argparse
import bisect
import collections
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RAM = 0xFFFFFFC080200000
TRACED_PC = re.compile(r"\[[0-9a-f]+/([0-9a-f]+)/")


def functions_of(file, base):
    """(address, name) of each function of an object; in relocatable ones from `base` on."""
    lines = subprocess.run(
        ["riscv64-unknown-elf-nm", "-n", file], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    found = [line.split() for line in lines]
    return [(int(words[0], 16) + base, words[2]) for words in found if words[1] in "tT"]


def symbols(build, commands):
    """All functions, sorted by address. Loading is deterministic, so a run that only lists will do."""
    table = functions_of(os.path.join(build, "mitos.elf"), 0)
    table.append((table[-1][0] + 4096, "(behind the nucleus)"))
    run = subprocess.run(
        [os.path.join(ROOT, "mitos"), "run", "--headless", "--icount", "--build", build]
        + ["-c", f"{commands}; cells --json"],
        capture_output=True, text=True, check=False,
    ).stdout
    for cell in json.loads(run[run.rindex('[{"name"'):run.rindex("]") + 1]):
        base = int(cell["text"], 16)
        file = os.path.join(build, "cells", cell["name"] + ".cell")
        table += [(a, f"{cell['name']}:{n}") for a, n in functions_of(file, base) if not n.startswith(".L")]
    return sorted(table)


class Trace:
    """The pcs of one run, in order."""

    def __init__(self, build, commands):
        self.folder = tempfile.TemporaryDirectory()
        self.pipe = os.path.join(self.folder.name, "trace")
        os.mkfifo(self.pipe)
        self.qemu = subprocess.Popen(
            ["timeout", "-k", "2", "600", "qemu-system-riscv64", "-machine", "virt", "-m", "128M"]
            + ["-icount", "shift=0,sleep=off", "-singlestep", "-d", "exec,nochain", "-D", self.pipe]
            + ["-display", "none", "-monitor", "none", "-serial", "null", "-no-reboot", "-seed", "1"]
            + ["-kernel", os.path.join(build, "mitos.elf"), "-initrd", os.path.join(build, "mitos.cpio")]
            + ["-append", "run=" + commands],
            stdin=subprocess.DEVNULL,
        )

    def __iter__(self):
        with open(self.pipe) as lines:
            for line in lines:
                match = TRACED_PC.search(line)
                if match:
                    yield match.group(1)
        self.qemu.wait()


def name_of(table, addresses, pc):
    if pc < RAM:
        return "firmware"
    return table[max(bisect.bisect(addresses, pc) - 1, 0)][1]


def profile(build, commands):
    table = symbols(build, commands)
    addresses = [address for address, _ in table]
    by_function = collections.Counter()
    for pc, count in collections.Counter(Trace(build, commands)).items():
        by_function[name_of(table, addresses, int(pc, 16))] += count
    return by_function


def print_profile(build, commands, minus, top):
    counts = profile(build, commands)
    if minus is not None:
        counts.subtract(profile(build, minus))
    del counts["firmware"]
    total = sum(counts.values())
    print(f"{total:10}  instructions")
    for function, count in counts.most_common(top):
        print(f"{count:10}  {100 * count / total:5.1f} %  {function}")


def print_sequence(build, commands, start, turn, steps):
    table = symbols(build, commands)
    addresses = [address for address, _ in table]
    first = f"{[address for address, name in table if name == start][0]:016x}"
    entries, shown, last, length = 0, 0, None, 0
    trace = Trace(build, commands)
    for pc in trace:
        entries += pc == first
        if entries < turn:
            continue
        function = name_of(table, addresses, int(pc, 16))
        if function != last:
            if last:
                print(f"{length:6}  {last}")
            last, length = function, 0
        length += 1
        shown += 1
        if shown == steps:
            trace.qemu.terminate()
            break
    print(f"{length:6}  {last}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commands")
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "dev"))
    parser.add_argument("--minus")
    parser.add_argument("--after")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--top", type=int, default=25)
    arguments = parser.parse_args()
    if arguments.after:
        start, _, turn = arguments.after.rpartition(":")
        print_sequence(arguments.build, arguments.commands, start, int(turn), arguments.steps)
    else:
        print_profile(arguments.build, arguments.commands, arguments.minus, arguments.top)
    return 0


if __name__ == "__main__":
    sys.exit(main())
