#!/usr/bin/env python3
"""analyzer.py BUILD: GCC's -fanalyzer over nucleus and cells, along all paths through the functions of a file.

Only three of its findings count, each as an error: memory that is freed twice, used after it was freed, or freed
by a function that is not for it (FREED_BY in abi/own.h). Its other findings are guesses too often, in C as it is
written here. First it must find all three in a sample.
"""
import concurrent.futures
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("nucleus", "sbi", "cells")
COUNT = ("double-free", "use-after-free", "mismatching-deallocation")
SAMPLE = """
#include "nucleus/frame.h"
#include "nucleus/heap.h"
void other_free(void *object);
void *other_alloc(void) FREED_BY(other_free, 1);
static void end(struct kind *kind, void *object) { heap_free(kind, object); }
void twice(struct kind *kind, bool both);
void twice(struct kind *kind, bool both)
{
    void *object = heap_alloc(kind);
    if (both)
        end(kind, object);
    end(kind, object);
}
unsigned after(struct kind *kind);
unsigned after(struct kind *kind)
{
    unsigned *object = heap_alloc(kind);
    if (!object)
        return 0;
    end(kind, object);
    return *object;
}
void wrong(void);
void wrong(void)
{
    void *object = other_alloc();
    end((struct kind *)0, object);
}
"""


def commands(build):
    """[(file, command)] of the guest, without what says where its output goes."""
    found = []
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["file"])
        words = shlex.split(entry["command"])
        if path.suffix == ".c" and path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in FOLDERS:
            found.append((path, [word for word in words[: words.index("-o")] if "ccache" not in word]))
    return found


def analyze(path, command):
    """What counts, as lines."""
    done = subprocess.run([*command, "-fanalyzer", "-Wno-error", "-Wno-use-after-free", "-S", "-o", "/dev/null", path],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        return [f"{path}: gcc fails:", *done.stderr.splitlines()]
    return [line for line in done.stderr.splitlines()
            if re.search(rf"\[-Wanalyzer-({'|'.join(COUNT)})\]$", line)]


def check_sample(command):
    with tempfile.TemporaryDirectory() as folder:
        sample = pathlib.Path(folder) / "sample.c"
        sample.write_text(SAMPLE)
        said = "\n".join(analyze(sample, command))
    missing = [name for name in COUNT if f"[-Wanalyzer-{name}]" not in said]
    if missing:
        sys.exit(f"-fanalyzer does not find {', '.join(missing)} in a sample of it:\n{said}")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = commands(pathlib.Path(sys.argv[1]).resolve())
    if not found:
        sys.exit(f"{sys.argv[1]}: no compile_commands.json with files of {', '.join(FOLDERS)}")
    check_sample(found[0][1])
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        said = [line for lines in pool.map(analyze, *zip(*found)) for line in lines]
    print("\n".join(said) or f"{len(found)} files, nothing found")
    sys.exit(bool(said))


if __name__ == "__main__":
    main()
