#!/usr/bin/env python3
"""try_snippet.py BUILD PACK SNIPPET.c

The build must reject SNIPPET.c with WRONG defined, pass it without, and pass it with WRONG, too, once the rule
that it breaks is switched off: so it was that rule which rejected it, and nothing else.

A snippet is a cell in one file. It goes the way of every cell, by the build's own commands: gcc with the flags
of a real cell (from compile_commands.json), check_source.sh (the rule on includes, clang, the lints), ld -r,
the search for gaps of unwinding, pack. Its first comment has lines

    rejected by TOOL: MESSAGE    each message must come, from that tool, and no other error
    rule off: TOOL SWITCH        for each tool above, and no other

SWITCH is, for gcc and clang, flags of the command line; for lint, the name of a lint, as it stands at the end of
its message; for gaps, an exemption: the function and what is exempt; for pack, what the finding says.
"""
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ("gcc", "clang", "lint", "gaps", "pack")
LINT = re.compile(r" \[lint:[a-z-]+\]$")


def cell_command(build, file="cells/"):
    """The compiler and flags of @p file of the tree, or of the first that begins so."""
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if entry["file"].startswith(f"{ROOT}/{file}"):
            words = shlex.split(entry["command"])
            cut = words.index("-o")
            return [word for word in words[:cut] if "ccache" not in word]
    sys.exit(f"{build}/compile_commands.json: no {file}")


def broken(snippet, what):
    sys.exit(f"{snippet}: its first comment {what}")


def expectations(snippet):
    """The messages, as (tool, message), and the switches: {tool: [switch]}."""
    comment = snippet.read_text().partition("*/")[0]
    found = re.findall(r"^ \* rejected by (\w+): (.*)$", comment, re.MULTILINE)
    switches = {}
    for tool, switch in re.findall(r"^ \* rule off: (\w+) (.*)$", comment, re.MULTILINE):
        switches.setdefault(tool, []).append(switch)
    if not found or any(tool not in TOOLS for tool, _ in found):
        broken(snippet, f"must say: rejected by {'|'.join(TOOLS)}: MESSAGE")
    if {tool for tool, _ in found} != set(switches):
        broken(snippet, "must say: rule off: TOOL SWITCH, for each tool that rejects it, and for no other")
    return found, switches


def run(*command):
    done = subprocess.run([str(word) for word in command],
                          capture_output=True,
                          text=True,
                          check=False)
    return done.returncode, done.stdout + done.stderr


def clang_command(build):
    cache = (build / "CMakeCache.txt").read_text()
    return re.search(r"^MITOS_CLANG:\w+=(.*)$", cache, re.MULTILINE).group(1)


def check_source(build, command, snippet, folder, extra, root=ROOT):
    """check_source.sh as MitosGuest.cmake calls it: what clang says, and what the lints say."""
    isystem = re.findall(r"-isystem\"?\s*\"?([^\s\"]+)",
                         (build / "checks" / "gcc.flags").read_text())
    allowed = ":".join([str(root / "abi"), str(snippet.parent), *isystem])
    common = [word for word in command if word.startswith(("-D", "-I"))]
    status, text = run(ROOT / "abi/cmake/check_source.sh", snippet, folder / "snippet.checked", allowed,
                       command[0], clang_command(build), build / "checks", *common, *extra)
    lint = [line for line in text.splitlines() if LINT.search(line)]
    rest = [line for line in text.splitlines() if not LINT.search(line)]
    return {"clang": (status if rest or not lint else 0, "\n".join(rest)),
            "lint": (status if lint else 0, "\n".join(lint))}


def find_gaps(command, folder, exempt):
    (folder / "exempt").write_text("".join(f"{line} as the test wants it\n" for line in exempt))
    objdump = re.sub(r"gcc(-\d+)?$", "objdump", command[0])
    return run(sys.executable, ROOT / "abi/cmake/lints/unwind_gaps.py", "--exempt", folder / "exempt", objdump,
               folder / "joined.o")


def pack_cell(build, pack, folder, accepted=(), name="snippet"):
    accept = [word for text in accepted for word in ("--accept", text)]
    return run(pack, "cell", "-o", folder / f"{name}.cell", "--declared", build / "interfaces.txt",
               *accept, folder / "joined.o")


def try_object(build, pack, command, folder, off):
    """What follows a compilation that passed."""
    linker = re.sub(r"gcc(-\d+)?$", "ld", command[0])
    status, text = run(linker, "-r", "-o", folder / "joined.o", folder / "snippet.o")
    if status != 0:
        return {"gcc": (status, text)}
    return {"gaps": find_gaps(command, folder, off.get("gaps", [])),
            "pack": pack_cell(build, pack, folder, off.get("pack", []))}


def try_variant(build, pack, snippet, defines, off):
    """{tool: (status, text)} of the steps."""
    command = cell_command(build)
    flags = {tool: [word for switch in off.get(tool, []) for word in shlex.split(switch)] for tool in TOOLS}
    lints = [f"-DWITHOUT_LINT_{name.replace('-', '_')}" for name in flags["lint"]]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        results = {"gcc": run(*command, *defines, *flags["gcc"], "-I", snippet.parent, "-c", snippet,
                              "-o", folder / "snippet.o")}
        results |= check_source(build, command, snippet, folder,
                                [*defines, *flags["clang"], *lints, f"-I{snippet.parent}"])
        if results["gcc"][0] == 0:
            results |= try_object(build, pack, command, folder, off)
        return results


def errors_of(tool, text):
    if tool == "pack":
        return [line for line in text.splitlines() if not line.startswith("pack: ")]
    return sorted({line for line in text.splitlines() if re.search(r"\berror: ", line)})


def judge(results, expected):
    """What is not as it should be, as text for a person."""
    problems = []
    for tool, (status, text) in results.items():
        # GCC's quotes depend on the locale.
        text = text.replace("\u2018", "'").replace("\u2019", "'")
        wanted = [message for name, message in expected if name == tool]
        missing = [message for message in wanted if message not in text]
        if wanted and status == 0:
            problems.append(f"{tool} passes it")
        elif missing:
            problems.append(f"{tool} does not say: {missing[0]}\n{text}")
        elif wanted and len(errors_of(tool, text)) != len(wanted):
            problems.append(f"{tool} says more than {len(wanted)} thing(s):\n{text}")
        elif not wanted and status != 0:
            problems.append(f"{tool} complains, which is not expected:\n{text}")
    if "pack" not in results and not any(tool == "gcc" for tool, _ in expected):
        problems.append("pack had nothing to check")
    return problems


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    build, pack, snippet = (pathlib.Path(word).resolve() for word in sys.argv[1:])
    expected, switches = expectations(snippet)
    failed = False
    for variant, defines, off, wanted in (("the wrong variant", ["-DWRONG"], {}, expected),
                                          ("the right variant", [], {}, []),
                                          ("the wrong variant without its rule", ["-DWRONG"], switches, [])):
        for problem in judge(try_variant(build, pack, snippet, defines, off), wanted):
            print(f"{snippet.name}, {variant}: {problem}")
            failed = True
    sys.exit(failed)


if __name__ == "__main__":
    main()
