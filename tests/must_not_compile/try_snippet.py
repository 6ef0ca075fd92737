#!/usr/bin/env python3
"""try_snippet.py BUILD PACK SNIPPET.c

The build must reject SNIPPET.c with WRONG defined, and pass it without.

A snippet is a cell in one file. It goes the way of every cell, by the build's own commands: gcc
with the flags of a real cell (from compile_commands.json), check_source.sh (clang and the rule on
includes), the lints, ld -r, pack. The lines "rejected by TOOL: MESSAGE" in its first comment say
which of them must complain, and how: each message must come, from that tool, and no other error.
All other steps must pass.
"""
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ("gcc", "clang", "lint", "pack")


def cell_command(build):
    """The compiler and flags of a cell of the tree: its first file in compile_commands.json."""
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if entry["file"].startswith(f"{ROOT}/cells/"):
            words = shlex.split(entry["command"])
            cut = words.index("-o")
            return [word for word in words[:cut] if "ccache" not in word]
    sys.exit(f"{build}/compile_commands.json: no file of a cell")


def expectations(snippet):
    found = re.findall(r"^ \* rejected by (\w+): (.*)$", snippet.read_text(), re.MULTILINE)
    if not found or any(tool not in TOOLS for tool, _ in found):
        sys.exit(f"{snippet}: its first comment must say: rejected by {'|'.join(TOOLS)}: MESSAGE")
    return found


def run(*command):
    done = subprocess.run([str(word) for word in command],
                          capture_output=True,
                          text=True,
                          check=False)
    return done.returncode, done.stdout + done.stderr


def clang_command(build):
    cache = (build / "CMakeCache.txt").read_text()
    return re.search(r"^MITOS_CLANG:\w+=(.*)$", cache, re.MULTILINE).group(1)


def check_source(build, command, snippet, folder, extra):
    """check_source.sh as MitosGuest.cmake calls it."""
    isystem = re.findall(r"-isystem\"?\s*\"?([^\s\"]+)",
                         (build / "checks" / "gcc.flags").read_text())
    allowed = ":".join([str(ROOT / "abi"), str(snippet.parent), *isystem])
    common = [word for word in command if word.startswith(("-D", "-I"))]
    return run(ROOT / "abi/cmake/check_source.sh", snippet, folder / "snippet.checked", allowed,
               command[0], clang_command(build), build / "checks", *common, *extra)


def lint(build, command, snippet, extra):
    query = re.sub(r"clang(-\d+)?$", r"clang-query\1", clang_command(build))
    common = [word for word in command if word.startswith(("-D", "-I"))]
    return run(ROOT / "abi/cmake/lints/lint.sh", query, build / "checks" / "clang.flags", snippet,
               "--", *common, *extra)


def pack_cell(build, pack, command, folder):
    linker = re.sub(r"gcc(-\d+)?$", "ld", command[0])
    status, text = run(linker, "-r", "-o", folder / "joined.o", folder / "snippet.o")
    if status != 0:
        return status, text
    return run(pack, "cell", "-o", folder / "snippet.cell", "--declared", build / "interfaces.txt",
               folder / "joined.o")


def try_variant(build, pack, snippet, extra):
    """{tool: (status, text)} of the steps; packing follows a compilation that passed."""
    command = cell_command(build)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        results = {
            "gcc": run(*command, *extra, "-c", snippet, "-o", folder / "snippet.o"),
            "clang": check_source(build, command, snippet, folder, extra),
            "lint": lint(build, command, snippet, extra),
        }
        if results["gcc"][0] == 0:
            results["pack"] = pack_cell(build, pack, command, folder)
        return results


def errors_of(tool, text):
    if tool == "pack":
        return [line for line in text.splitlines() if not line.startswith("pack: ")]
    return sorted({line for line in text.splitlines() if re.search(r"\berror: ", line)})


def judge(snippet, results, expected):
    """What is not as it should be, as text for a person."""
    problems = []
    for tool, (status, text) in results.items():
        # GCC's quotes depend on the locale. What gcc rejects clang and the lints may reject, too;
        # variables that pack refuses the lints show with their line; check_source.sh may lint.
        text = text.replace("\u2018", "'").replace("\u2019", "'")
        wanted = [message for name, message in expected if name == tool]
        missing = [message for message in wanted if message not in text]
        shared = tool in ("clang", "lint") and any(name in ("gcc", "lint", "pack")
                                                   for name, _ in expected)
        if wanted and status == 0:
            problems.append(f"{tool} passes it")
        elif missing:
            problems.append(f"{tool} does not say: {missing[0]}\n{text}")
        elif wanted and len(errors_of(tool, text)) != len(wanted):
            problems.append(f"{tool} says more than {len(wanted)} thing(s):\n{text}")
        elif not wanted and status != 0 and not shared:
            problems.append(f"{tool} complains, which is not expected:\n{text}")
    return problems


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    build, pack, snippet = (pathlib.Path(word).resolve() for word in sys.argv[1:])
    expected = expectations(snippet)
    failed = False
    for variant, extra, wanted in (("wrong", ["-DWRONG"], expected), ("right", [], [])):
        for problem in judge(snippet, try_variant(build, pack, snippet, extra), wanted):
            print(f"{snippet.name}, the {variant} variant: {problem}")
            failed = True
    sys.exit(failed)


if __name__ == "__main__":
    main()
