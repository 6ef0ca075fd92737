#!/usr/bin/env python3
"""evolve.py BUILD [--json] [--docs FOLDER]

What does it cost to bring objects into another layout? Boots BUILD once for each number of objects, one hart under -icount,
swaps the cell `notes` for its second version, whose MIGRATE widens them, and prints the instructions for which all harts stand still,
and those of the whole swap. The status is 1 unless the pause is linear: from LINEAR_FROM objects on each must cost the same, but
for BAND. With --docs, the table in FOLDER/evolution.md is made anew.
"""

import argparse
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OBJECTS = [1, 10, 100, 1000, 10000, 100000]
LINEAR_FROM = 1000
BAND = 0.1
MEMORY = "128M"  # 100,000 objects have 24 bytes each, as have their copies
BEGIN, END = "<!-- made by tests/bench/evolve.py -->\n", "<!-- end -->\n"


def measure(build, objects):
    """The swap's report, with what each object costs beyond a swap of none."""
    run = subprocess.run(
        [os.path.join(ROOT, "mitos"), "run", "--headless", "--quiet", "--icount", "--mem", MEMORY, "--timeout", "300"]
        + ["--build", build, "-c"]
        + [f"load note_keeper; keep_notes {objects}; swap --final notes wider/notes.cell --json"],
        capture_output=True, text=True, check=True,
    ).stdout
    report = json.JSONDecoder().raw_decode(run, run.index('{"number"'))[0]
    if not report["done"] or report["objects"] != objects + 1 or report["tries"] != 1:  # and the state
        sys.exit(f"evolve.py: {objects} objects: {report}")
    total = sum(report["instructions"].values())
    return {"objects": objects, "pause": report["pause"], "total": total, "instructions": report["instructions"]}


def add_slopes(rows):
    """For each row but the first: the pause of each object more than in the first."""
    for row in rows:
        more = row["objects"] - rows[0]["objects"]
        row["pause_per_object"] = round((row["pause"] - rows[0]["pause"]) / more, 1) if more else None


def spread(rows):
    """By how much the pause of an object differs, where it must not."""
    slopes = [row["pause_per_object"] for row in rows if row["objects"] >= LINEAR_FROM]
    return max(slopes) / min(slopes) - 1


def text(rows):
    lines = ["| objects | pause | for each more than 1 | whole swap |", "|---:|---:|---:|---:|"]
    for row in rows:
        slope = "" if row["pause_per_object"] is None else f"{row['pause_per_object']:.0f}"
        lines.append(f"| {row['objects']:,} | {row['pause']:,} | {slope} | {row['total']:,} |")
    verdict = "linear" if spread(rows) <= BAND else "not linear"
    lines += ["", f"The pause is {verdict}: from {LINEAR_FROM:,} objects on what each costs must differ by at most "
              f"{100 * BAND:.0f} %, and\ndiffers by {100 * spread(rows):.1f} %."]
    return "\n".join(lines) + "\n"


def update(path, made):
    with open(path, encoding="utf-8") as file:
        page = file.read()
    head, rest = page.split(BEGIN)
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{head}{BEGIN}\n{made}\n{END}{rest.split(END, 1)[1]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--docs")
    arguments = parser.parse_args()
    rows = [measure(arguments.build, objects) for objects in OBJECTS]
    add_slopes(rows)
    print(json.dumps(rows, indent=1) if arguments.json else text(rows), end="\n" if arguments.json else "")
    if arguments.docs:
        update(os.path.join(arguments.docs, "evolution.md"), text(rows))
    return 0 if spread(rows) <= BAND else 1


if __name__ == "__main__":
    sys.exit(main())
