#!/usr/bin/env python3
"""try_rule.py BUILD SNIPPET.c

labs/grader/parts.py must reject SNIPPET.c as a part of a lab with WRONG, pass it without, and pass it with WRONG, too,
once the rule that it breaks is switched off. Its first comment has lines

    rejected: MESSAGE     each message must come, and no other problem
    rule off: NAME        of a lint, or a text that a finding of pack says; also of rules that would find it later
    rule off: none, WHY   where other tools object, too
    part: JSON            what lab.json would say of it, beside name and files

The lines between `#ifdef WRONG`, `#else` and `#endif` are chosen by this script, as no rule may depend on them.
"""
import json
import pathlib
import re
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "labs" / "grader"))
import parts  # noqa: E402

IMPORTS = ["console.h", "nucleus/string.h"]
MANIFEST = '\n#include "cell.h"\nCELL(.name = "snippet", .version = "1.0", .summary = "A snippet.");\n'


def expectations(text):
    comment = text.partition("*/")[0]
    part = re.search(r"^ \* part: (.*)$", comment, re.MULTILINE)
    return (re.findall(r"^ \* rejected: (.*)$", comment, re.MULTILINE),
            re.findall(r"^ \* rule off: (.*)$", comment, re.MULTILINE),
            json.loads(part[1]) if part else {})


def variant(text, wrong):
    """The text as it is with or without WRONG, its lines where they were."""
    lines, chosen, inside = [], True, False
    for line in text.splitlines():
        if line == "#ifdef WRONG":
            inside, chosen = True, wrong
        elif inside and line == "#else":
            chosen = not chosen
        elif inside and line == "#endif":
            inside, chosen = False, True
        elif chosen:
            lines.append(line)
            continue
        lines.append("")
    body = "\n".join(lines) + "\n"
    return body if "CELL(" in body else body + MANIFEST


def build(config, part, text, without=()):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "snippet.c").write_text(text, encoding="utf-8")
        lab = {"folder": str(ROOT / "tests/lab_samples/90-sample")}
        result = parts.build_part(config, lab, part, folder, folder / "work", without)
        return result if isinstance(result, list) else []


def judge(problems, expected):
    found = [problem for problem in problems if not problem.startswith("pack: ") and ": note: " not in problem]
    missing = [message for message in expected if not any(message in problem for problem in found)]
    if missing or len(found) != len(expected):
        yield f"expected {expected}, but the builder says:\n    " + "\n    ".join(found or ["nothing"])


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    snippet = pathlib.Path(sys.argv[2])
    config = parts.load_config(pathlib.Path(sys.argv[1]) / "labs" / "config.json")
    text = snippet.read_text(encoding="utf-8")
    expected, switches, more = expectations(text)
    if not expected or not switches:
        sys.exit(f"{snippet}: its first comment must say: rejected: MESSAGE, and: rule off: NAME")
    part = {"name": "snippet", "files": ["snippet.c"], "imports": IMPORTS} | more
    runs = [("the wrong variant", True, (), expected), ("the right variant", False, (), [])]
    if not switches[0].startswith("none, "):
        runs.append(("the wrong variant without its rule", True, switches, []))
    failed = False
    for name, wrong, without, wanted in runs:
        for problem in judge(build(config, part, variant(text, wrong), without), wanted):
            print(f"{snippet.name}, {name}: {problem}")
            failed = True
    sys.exit(failed)


if __name__ == "__main__":
    main()
