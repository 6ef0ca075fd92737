#!/usr/bin/env python3
"""where.py: file and line of places that the guest names, such as `uart:byte_send+0x12`. For ../mitos.

    where.py [OPTIONS] PLACE...       prints a line for each; status 1 when one could not be told
    where.py [OPTIONS] --filter       copies standard input, with " at FILE:LINE" behind each frame of a backtrace
    where.py [OPTIONS] --log FILE     prints the frames that are in the log of a console, so completed

The guest's cells have no debug information, those of the build folder have: NAME.cell, and other builds of it in
folders (FOLDER/NAME.cell). A frame names the version of its cell, the place in its text and the size of that.
What fits none, or fits builds that disagree, or was built after the guest booted, is not told but explained: no
line is better than a wrong one.
"""

import argparse
import functools
import glob
import json
import os
import re
import signal
import subprocess
import sys

PLACE = re.compile(r"(?P<cell>[a-z]\w*):(?P<function>[\w.]+)(?: \(stub\))?(?:\+0x(?P<offset>[0-9a-f]+))?"
                   r"(?:, a version that was replaced)?"
                   r"(?: \((?P<version>[^,()]*), 0x(?P<at>[0-9a-f]+) of (?P<bytes>\d+) B\))?")
FRAME = re.compile(r"#\d+ +(?:0x[0-9a-f]+ )?" + PLACE.pattern)
TEXT_ALIGNMENT = 16  # what the loader may add to a section of text


class Untold(Exception):
    """A place cannot be told; the text says why."""


def output_of(*command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8",
                            errors="replace", check=False)
    return result.stdout if result.returncode == 0 else ""


class Object:
    """An ELF file with debug information: a cell, or the nucleus."""

    def __init__(self, path, tools):
        self.path, self.tools = path, tools
        self.functions = {}  # name -> [(section, value, size)]
        for line in output_of(tools + "readelf", "-sW", path).splitlines():
            words = line.split()
            if len(words) == 8 and words[3] == "FUNC" and words[6].isdigit():
                size = int(words[2], 0)
                self.functions.setdefault(words[7], []).append((int(words[6]), int(words[1], 16), size))
        self.sections = {}  # number -> (name, size, whether it is text)
        for line in output_of(tools + "readelf", "-SW", path).splitlines():
            match = re.match(r" *\[ *(\d+)\] (\S+) +\S+ +\S+ +\S+ +(\S+) \S+ +([A-Z]*) ", line)
            if match:
                self.sections[int(match[1])] = match[2], int(match[3], 16), "X" in match[4]

    def text_fits(self, in_memory):
        sizes = [size for _, size, text in self.sections.values() if text and size > 0]
        return 0 <= in_memory - sum(sizes) < TEXT_ALIGNMENT * len(sizes)

    def lines_at(self, function, offset, at, is_nucleus):
        """FILE:LINE for each function of that name (there may be some, static ones) that is so long, and in the
        right place, when that is known: text of several sections is not, because the loader joins them."""
        found = set()
        if sum(text and size > 0 for _, size, text in self.sections.values()) > 1:
            at = None
        for section, value, size in self.functions.get(function, []):
            if is_nucleus or offset < size and at in (None, value + offset):
                found.add(self.line_at(section, value + offset, is_nucleus))
        return found - {None}

    def line_at(self, section, address, is_nucleus):
        options = [] if is_nucleus else ["-j", self.sections[section][0]]
        lines = output_of(self.tools + "addr2line", "-i", "-e", self.path, *options, hex(address)).splitlines()
        lines = [line.split(" (")[0] for line in lines]
        if not lines or lines[0].startswith("??") or lines[0].endswith(":?"):
            return None
        return lines[0] if lines[0] == lines[-1] else f"{lines[0]}, inlined at {lines[-1]}"


class Builds:
    """The objects of a build folder, and which of them the guest runs."""

    def __init__(self, build, booted, root, tools):
        self.root = os.path.realpath(root) + "/"
        self.tools, self.booted = tools, booted
        # A folder such as build/dev/mlfq has an archive of its own, and the cells of the build above.
        self.build = build if os.path.isdir(os.path.join(build, "cells")) else os.path.dirname(build.rstrip("/"))

    @functools.lru_cache(None)
    def object(self, path):
        return Object(path, self.tools)

    @functools.lru_cache(None)
    def version(self, path):
        text = output_of(os.path.join(self.build, "host", "pack"), "report", "--json", path)
        return json.loads(text)["version"] if text else None

    def is_newer_than_guest(self, path):
        return self.booted is not None and os.stat(path).st_mtime > os.stat(os.path.join(self.booted, "booted")).st_mtime

    def nucleus(self):
        path = os.path.join(self.booted or "", "mitos.elf")
        return path if os.path.exists(path) else os.path.join(self.build, "mitos.elf")

    def candidates(self, cell, version, text_bytes):
        cells = os.path.join(self.build, "cells")
        paths = [os.path.join(cells, cell + ".cell")] + sorted(glob.glob(os.path.join(cells, "*", cell + ".cell")))
        paths = [path for path in paths if os.path.exists(path)]
        if not paths:
            raise Untold(f"{cells} has no {cell}.cell")
        fit = [path for path in paths if version is None or
               self.version(path) == version and self.object(path).text_fits(text_bytes)]
        if not fit:
            raise Untold(f"no {cell}.cell in {cells} is version {version} with {text_bytes} bytes of text")
        return fit

    @functools.lru_cache(None)
    def where(self, cell, function, offset, version, at, text_bytes):
        """FILE:LINE, or raises Untold."""
        is_nucleus = cell == "nucleus"
        paths = [self.nucleus()] if is_nucleus else self.candidates(cell, version, text_bytes)
        found = set()
        for path in paths:
            if not path.startswith(self.booted or "\0") and self.is_newer_than_guest(path):
                raise Untold(f"{path} was built after the guest had booted")
            found |= self.object(path).lines_at(function, offset, at, is_nucleus)
        found = sorted(line.replace(self.root, "") for line in found)
        if not found:
            raise Untold(f"{paths[0]} has nothing at {function}()+{offset:#x}")
        if len(found) > 1:
            raise Untold("it may be " + " or ".join(found))
        return found[0]

    def of_match(self, match):
        at, text_bytes = (int(match["at"], 16), int(match["bytes"])) if match["bytes"] else (None, None)
        return self.where(match["cell"], match["function"], int(match["offset"] or "0", 16), match["version"], at,
                          text_bytes)

    def complete(self, line):
        """The line, with file and line at its end when it is a frame of a backtrace."""
        match = FRAME.search(line)
        if not match:
            return line
        text = line.rstrip("\r\n")
        end = line[len(text):]
        try:
            return f"{text} at {self.of_match(match)}{end}"
        except (Untold, OSError, ValueError) as why:  # the guest's own words must come out in any case
            return f"{text} (no line: {why}){end}"


def copy_completed(builds):
    """Line by line, and each at once: somebody may be watching."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ends with its input, and so after the guest's last word
    while True:
        line = sys.stdin.buffer.readline()
        if not line:
            return
        if b"#" in line:
            line = builds.complete(line.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()


def print_frames(builds, path):
    with open(path, encoding="utf-8", errors="replace") as log:
        for line in log:
            if "fault: " in line:
                print(builds.complete(line.rstrip("\r\n")))


def print_places(builds, places):
    status = 0
    for place in places:
        match = PLACE.fullmatch(place)
        try:
            if not match:
                raise Untold("it is no CELL:FUNCTION+0x12")
            print(f"{place} at {builds.of_match(match)}")
        except Untold as why:
            print(f"{place}: {why}", file=sys.stderr)
            status = 1
    return status


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--booted", help="the folder of the guest's run, with a file `booted` of that time")
    parser.add_argument("--root", required=True, help="paths are printed relative to it")
    parser.add_argument("--tools", default="riscv64-unknown-elf-", help="prefix of readelf and addr2line")
    parser.add_argument("--filter", action="store_true")
    parser.add_argument("--log")
    parser.add_argument("places", nargs="*")
    options = parser.parse_args()
    builds = Builds(options.build, options.booted, options.root, options.tools)
    if options.filter:
        copy_completed(builds)
    elif options.log:
        print_frames(builds, options.log)
    return print_places(builds, options.places)


if __name__ == "__main__":
    sys.exit(main())
