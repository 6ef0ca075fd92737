#!/usr/bin/env python3
"""grade.py: grades a submission of a lab. `./mitos grade` calls it; ./mitos help grade says how.

Only the files that the lab's manifest names are taken from the submission; all else is this tree's. Each part is built
apart (parts.py), each check runs in a machine of its own (machine.py). Only the report goes to standard output.
Status: 0 graded, whatever the points; 1 it could not be graded; 2 wrong use.
"""

import argparse
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))
import labfile
import machine
import parts
import reports


# What tells builds apart, between a place and its line.
WITHOUT = re.compile(r"(#\d+ +\S+) \([^()]*\)(?= at | \(no line: ).*?(?= at |$)")


class Failed(Exception):
    """It cannot be graded; the text says why, and what to do."""


def say(text):
    print(f"mitos: {text}", file=sys.stderr, flush=True)


def build_parts(config, lab, source, work):
    """@return (what the report says of each part, {part: its cell})."""
    def build(part):
        return part["name"], parts.build_part(config, lab, part, source, work / "parts")

    found, cells = [], {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, result in pool.map(build, lab["parts"]):
            refused = isinstance(result, list)
            found.append({"name": name, "built": not refused, "problems": result if refused else []})
            if not refused:
                cells[name] = result
    return found, cells


def pack_archive(config, lab, cells, out):
    """The boot archive with the submission's cells instead of the lab's."""
    archive = config["archive"]
    own = {part["name"] for part in lab["parts"]}
    also = [f"{name.split('/')[0]}={cell}" for name, cell in cells.items() if "/" in name]
    also += archive["also"]
    plain = [str(cell) for name, cell in cells.items() if "/" not in name]
    plain += [cell for cell in archive["cells"] if Path(cell).stem not in own]
    words = [config["pack"], "archive", "-o", str(out), "--boot", " ".join(archive["boot"])]
    words += [word for default in archive["default"] for word in ("--default", default)]
    words += [word for more in also for word in ("--also", more)]
    done = subprocess.run(words + plain, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"the boot archive cannot be packed:\n{done.stderr}")


def last_lines(console):
    """What a machine that stopped said last, from where the check began."""
    lines = [machine.printable(line) for line in console.replace("\r", "").split("\n") if line.strip()]
    return ["the machine ended before the verdict; it said last:"] + ["  " + line for line in lines[-8:]]


def run_one(config, lab, check, folder):
    """What the report says of a check whose parts are there."""
    verdict, console = machine.run_check(config["qemu"], folder, lab["number"], check["name"])
    if verdict is None and machine.BOOTED not in console:
        raise Failed(f"the machine does not boot; it said last:\n{console[-1000:]}")
    own = re.search(r"^grade: .*", console.replace("\r", ""), re.M)
    if verdict is None and own: # no cell of a student's writes such a line
        raise Failed(f"check {check['name']}: {own[0]}")
    if verdict is None:
        return "stopped", 0, last_lines(console)
    return verdict["outcome"], min(verdict["points"], check["points"]), verdict["messages"]


def run_checks(config, lab, built, folder):
    def run(check):
        missing = [name for name in check["needs"] if name not in built]
        if missing:
            outcome, points, messages = "not built", 0, [f"{missing[0]} was not built, see there"]
        else:
            outcome, points, messages = run_one(config, lab, check, folder)
        say(f"{points}/{check['points']} {check['name']}")
        return {"name": check["name"], "title": check["title"], "step": check["step"], "points": points,
                "most": check["points"], "outcome": outcome, "messages": messages}

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(run, lab["checks"]))


def add_lines(config, work, cells, checks):
    """Puts file and line, by .ci/where.py, in the place of what the frames of a backtrace are followed by."""
    folder, build = work / "cells", Path(config["elf"]).parent
    shutil.copytree(build / "cells", folder, copy_function=os.symlink)
    (work / "host").symlink_to(build / "host")
    for name, cell in cells.items():
        (folder / f"{name}.cell").parent.mkdir(exist_ok=True)
        (folder / f"{name}.cell").unlink(missing_ok=True)
        shutil.copy(cell, folder / f"{name}.cell")
    lines = [line for check in checks for line in check["messages"]]
    done = subprocess.run([ROOT / ".ci" / "where.py", "--build", work, "--root", ROOT, "--tools", config["tools"], "--filter"],
                          input="\n".join(lines) + "\n", stdout=subprocess.PIPE, encoding="utf-8", check=False)
    told = done.stdout.splitlines()
    if done.returncode != 0 or len(told) != len(lines):
        return # the places stay as the guest names them
    for check in checks:
        count = len(check["messages"])
        check["messages"] = [WITHOUT.sub(r"\1", line) for line in told[:count]]
        told = told[count:]


def source_folder(lab_folder, submission):
    """Where the files are: the submission, or, as in a lab's folder, start/ in it."""
    folder = Path(submission or lab_folder)
    if not folder.is_dir():
        raise Failed(f"{folder} is no folder")
    return folder / "start" if (folder / "start").is_dir() else folder


def grade(config, lab_folder, submission):
    lab = labfile.read(lab_folder)
    source = source_folder(lab_folder, submission)
    Path(config["folder"]).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="grade-", dir=config["folder"]) as name:
        work = Path(name)
        say(f"building {len(lab['parts'])} parts from {source}")
        found, cells = build_parts(config, lab, source, work)
        shutil.copy(config["elf"], work / "mitos.elf")
        pack_archive(config, lab, cells, work / "mitos.cpio")
        checks = run_checks(config, lab, cells, work)
        add_lines(config, work, cells, checks)
    return {"lab": {key: lab[key] for key in ("number", "name", "title")},
            "points": sum(check["points"] for check in checks), "most": sum(check["most"] for check in checks),
            "parts": found, "checks": checks}


def main():
    parser = argparse.ArgumentParser(prog="./mitos grade", allow_abbrev=False)
    parser.add_argument("lab", metavar="LAB")
    parser.add_argument("--submission", metavar="DIR")
    parser.add_argument("--format", choices=sorted(reports.FORMATS), default="text")
    parser.add_argument("--config", required=True, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    try:
        config = parts.load_config(arguments.config)
        config |= parts.load_config(Path(config["folder"]) / "machine.json")
        report = grade(config, labfile.find(ROOT, arguments.lab), arguments.submission)
    except (Failed, labfile.LabError) as error:
        say(str(error))
        return 1
    sys.stdout.write(reports.FORMATS[arguments.format](report))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        say("interrupted")
        sys.exit(130)
