#!/usr/bin/env python3
"""rubric.py LAB.json OUT.h: what lab.json says, for the lab's checks (abi/lab_check.h).

RUBRIC_<check> is how an entry of the set lab_check begins; RUBRIC_TABLES makes the entries of the sets lab, lab_part
and lab_step, and stands in one file of the checks.
"""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
import labfile


def quoted(text):
    """@text as a C string: what is no plain ASCII goes in octal, which ends after three digits."""
    out = ""
    for byte in text.encode("utf-8"):
        out += chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}"
    return f'"{out}"'


def entry(kind, tag, members):
    return f"CELL_SET_ENTRY({kind}, struct {kind}, {tag}) = {{{members}}}"


def rubric(lab):
    number = lab["number"]
    lines = ["/* Made from lab.json by labs/grader/rubric.py. */", "#ifndef LAB_RUBRIC_H", "#define LAB_RUBRIC_H", ""]
    for index, check in enumerate(lab["checks"], 1):
        lines.append(
            f"#define RUBRIC_{check['name'].replace('.', '_')} .lab = {number}, .step = {check['step']}, .number = {index}, "
            f".name = {quoted(check['name'])}, .title = {quoted(check['title'])}, .points = {check['points']}, "
            f".limit_ns = {check['limit']}")
    tables = [entry("lab", "all", f".number = {number}, .name = {quoted(lab['name'])}, "
                    f".title = {quoted(lab['title'])}, .goal = {quoted(lab['goal'])}")]
    cells = [part["name"] for part in lab["parts"] if "/" not in part["name"]]
    for index, cell in enumerate(cells):
        tables.append(entry("lab_part", f"number{index}", f".lab = {number}, .name = {quoted(cell)}"))
    for index, step in enumerate(lab["steps"], 1):
        hints = ", ".join(quoted(hint) for hint in step["hints"])
        tables.append(entry("lab_step", f"number{index}",
                            f".lab = {number}, .number = {index}, .title = {quoted(step['title'])}, "
                            f".text = {quoted(step['text'])}, .hints = {{{hints}}}"))
    lines += ["", "#define RUBRIC_TABLES \\", "; \\\n".join(f"    {table}" for table in tables), "", "#endif", ""]
    return "\n".join(lines)


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: rubric.py LAB.json OUT.h")
    try:
        text = rubric(labfile.read(Path(sys.argv[1]).parent))
    except labfile.LabError as error:
        sys.exit(f"rubric.py: {sys.argv[1]}: {error}")
    Path(sys.argv[2]).write_text(text, encoding="ascii")


if __name__ == "__main__":
    main()
