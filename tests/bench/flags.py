#!/usr/bin/env python3
"""flags.py [--build DIR] [--work DIR] [--docs FILE]

What do unwinding and ownership cost where nothing faults? Builds the tree of the project several times, in folders of
their own in WORK: without the flags that make a fault run cleanups, without the guards (OWN means nothing), without
both, without the flags that close gaps. Counts the instructions of some operations in each, on one hart and
deterministically, and the bytes of text and tables of all that is loaded at boot. DIR is a build with the host's
tools, whose pack is used. With --docs, the tables in FILE are made anew.

A figure of a short operation is the minimum that the command bench gives; the others are those of the command time.
"""

import argparse
import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BEGIN, END = "<!-- made by tests/bench/flags.py -->\n", "<!-- end -->\n"
# What the difference of two is, is said where the table is printed.
VARIANTS = {
    "neither": ["UNWIND_FLAGS", "GUARDS"],
    "flags": ["GUARDS"],
    "guards": ["UNWIND_FLAGS"],
    "no gap flags": ["GAP_FLAGS"],
    "both": [],
}
OPERATIONS = ["boot", "yield", "spawn", "map", "map_lazy", "load_empty", "unload_empty", "load_big"]
# Long ones, as typed at the prompt: output, tables, a cell with dependencies, a swap, tests that spawn, wait and map.
COMMANDS = {
    "help": "help",
    "symbols": "symbols",
    "load swap_tests": "load swap_tests",
    "swap uart": "swap uart uart",
    "heap --held-by": "heap --held-by shell",
}
SECTIONS = [".text", ".eh_frame", ".gcc_except_table"]


def build(folder, pack, without):
    """@return nothing; ends the program when the build fails."""
    options = [f"-DMITOS_WITHOUT_{name}={'ON' if name in without else 'OFF'}"
               for name in ("GAP_FLAGS", "UNWIND_FLAGS", "GUARDS")]
    steps = [
        ["cmake", "--preset", "dev", "-B", folder, f"-DMITOS_PACK={pack}", *options],
        ["cmake", "--build", folder, "--parallel", str(os.cpu_count()), "--target", "mitos.elf", "archive"],
    ]
    for step in steps:
        run = subprocess.run(step, cwd=ROOT, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            sys.exit(f"flags.py: {' '.join(step)} failed:\n{run.stdout}{run.stderr}")


def boot(folder, commands):
    """What the commands print. One that fails is no reason to stop: without flags, cleanups do not run."""
    return subprocess.run(
        [os.path.join(ROOT, "mitos"), "run", "--headless", "--quiet", "--icount", "--build", folder, "-c", commands],
        capture_output=True, text=True, check=False,
    ).stdout


def measure(folder):
    text = boot(folder, "run bench --json")
    found = {row["name"]: row["min"] for row in json.loads(text[text.index("[\n") if "[\n" in text else text.index("["):])}
    figures = {name: found[name] for name in OPERATIONS}
    for name, command in COMMANDS.items():
        times = re.findall(r"^time: (\d+) instructions", boot(folder, f"time {command}"), re.MULTILINE)
        if len(times) != 1:
            sys.exit(f"flags.py: {folder}: no time of {command}")
        figures[name] = int(times[0])
    return figures


def sizes(folder):
    """The sections of the nucleus and of all cells that are loaded at boot."""
    names = open(os.path.join(folder, "boot_set.txt")).read().split(";")
    cells = [os.path.join(folder, "cells", name + ".cell") for name in names]
    out = subprocess.run(
        ["riscv64-unknown-elf-size", "-A", os.path.join(folder, "mitos.elf"), *cells],
        capture_output=True, text=True, check=True,
    ).stdout
    total = dict.fromkeys(SECTIONS, 0)
    for section, size in re.findall(r"^(\.\S+)\s+(\d+)", out, re.MULTILINE):
        for name in SECTIONS:
            if section == name or section.startswith(name + "."):
                total[name] += int(size)
    return total


def percent(new, old):
    return f"{100 * (new - old) / old:+.1f} %" if old else "-"


def mean(figures, new, old):
    """The geometric mean of the quotients, as per cent."""
    product = 1.0
    for name in figures[old]:
        product *= figures[new][name] / figures[old][name]
    return 100 * (product ** (1 / len(figures[old])) - 1)


def report(figures, bytes_of):
    base = "neither"
    lines = [
        "| instructions | neither | flags alone | guards alone | both | both, but gap flags |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    columns = ["flags", "guards", "both", "no gap flags"]
    for name in figures[base]:
        row = [percent(figures[column][name], figures[base][name]) for column in columns]
        lines.append(f"| `{name}` | {figures[base][name]:,} | " + " | ".join(row) + " |")
    row = [f"{mean(figures, column, base):+.1f} %" for column in columns]
    lines.append("| geometric mean | | " + " | ".join(row) + " |")
    lines += ["", "| bytes, all that is there at boot | neither | flags alone | guards alone | both | both, but gap flags |",
              "|---|---:|---:|---:|---:|---:|"]
    for section in SECTIONS:
        row = [f"{bytes_of[column][section]:,}" for column in [base] + columns]
        lines.append(f"| `{section}` | " + " | ".join(row) + " |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "dev"))
    parser.add_argument("--work", default=os.path.join(ROOT, "build", "flags"))
    parser.add_argument("--docs")
    arguments = parser.parse_args()
    pack = os.path.join(os.path.abspath(arguments.build), "host", "pack")
    if not os.path.exists(pack):
        sys.exit(f"flags.py: there is no {pack} (./mitos build makes it)")
    figures, bytes_of = {}, {}
    for name, without in VARIANTS.items():
        folder = os.path.join(os.path.abspath(arguments.work), name.replace(" ", "_"))
        print(f"flags.py: {name}", file=sys.stderr)
        build(folder, pack, without)
        figures[name], bytes_of[name] = measure(folder), sizes(folder)
    text = report(figures, bytes_of)
    print(text)
    if arguments.docs:
        with open(arguments.docs) as file:
            before, _, rest = file.read().partition(BEGIN)
        with open(arguments.docs, "w") as file:
            file.write(before + BEGIN + "\n" + text + "\n" + END + rest.partition(END)[2])
    return 0


if __name__ == "__main__":
    sys.exit(main())
