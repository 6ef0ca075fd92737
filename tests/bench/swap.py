#!/usr/bin/env python3
"""swap.py BUILD RESULT [--docs FOLDER]

How long do all harts stand still while a cell is replaced? Boots BUILD once per number of sleeping tasks, one
hart under -icount, swaps the cell `pause` by itself with 1 to 5,000 calls of it in other cells, and writes all
that `swap --json` says to RESULT. With --docs, the table in FOLDER/swap.md and FOLDER/swap-pause.svg are made
anew from RESULT. `./mitos bench swap` does all of it.
"""

import argparse
import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SITES = [1, 10, 100, 1000, 5000]
TASKS = [1, 10, 100, 1000]
GOAL = 20000  # instructions, for 100 sites and 100 tasks
BEGIN, END = "<!-- made by tests/bench/swap.py -->\n", "<!-- end -->\n"


def measure(build):
    """One row for each pair of numbers. Each swap has only the calls of one cell to patch."""
    rows = []
    for tasks in TASKS:
        steps = [f"load sleepers; sleepers {tasks}"]
        for sites in SITES:
            steps.append(f"load pause_{sites}; swap pause pause --final --json; unload pause_{sites}; unload pause")
        run = subprocess.run(
            [os.path.join(ROOT, "mitos"), "run", "--headless", "--quiet", "--icount", "--build", build]
            + ["-c", "; ".join(steps)],
            capture_output=True, text=True, check=True,
        ).stdout
        starts = [match.start() for match in re.finditer(r'^\{"number"', run, re.MULTILINE)]
        reports = [json.JSONDecoder().raw_decode(run, start)[0] for start in starts]
        for sites, report in zip(SITES, reports, strict=True):
            if not report["done"] or report["sites"] != sites or report["tries"] != 1:
                sys.exit(f"swap.py: {tasks} tasks, {sites} sites: {report}")
            rows.append({"sites": sites, "sleeping": tasks, **report})
    return rows


def pause(rows, sites, tasks):
    return next(r["pause"] for r in rows if (r["sites"], r["sleeping"]) == (sites, tasks))


def total(rows, sites, tasks):
    return next(sum(r["instructions"].values()) for r in rows if (r["sites"], r["sleeping"]) == (sites, tasks))


def solve(matrix, right):
    """Gauss and Jordan, for three equations whose pivots are not 0."""
    rows = [list(map(float, row)) + [float(value)] for row, value in zip(matrix, right)]
    for i, pivot in enumerate(rows):
        pivot[:] = [value / pivot[i] for value in pivot]
        for row in rows:
            if row is not pivot:
                row[:] = [a - row[i] * b for a, b in zip(row, pivot)]
    return [row[-1] for row in rows]


def fit(rows):
    """Least squares of the exchange = base + per_site * sites + per_task * tasks, each row weighed by its inverse,
    so that small and large ones count alike; and the largest relative error."""
    points = [((1, r["sites"], r["sleeping"]), r["instructions"]["hold"]) for r in rows]
    matrix = [[sum(x[i] * x[j] / y**2 for x, y in points) for j in range(3)] for i in range(3)]
    best = solve(matrix, [sum(x[i] / y for x, y in points) for i in range(3)])
    return best, max(abs(sum(a * b for a, b in zip(best, x)) / y - 1) for x, y in points)


def table(rows, value):
    lines = ["| sites | " + " | ".join(f"{t:,} sleeping" for t in TASKS) + " |"]
    lines.append("|---:|" + "---:|" * len(TASKS))
    for sites in SITES:
        lines.append(f"| {sites:,} | " + " | ".join(f"{value(rows, sites, t):,}" for t in TASKS) + " |")
    return "\n".join(lines) + "\n"


def text(rows):
    (base, per_site, per_task), error = fit(rows)
    goal = pause(rows, 100, 100)
    verdict = "met" if goal <= GOAL else "missed"
    return (
        f"The longest pause of all harts in a swap, in instructions:\n\n{table(rows, pause)}\n"
        f"The whole swap, in instructions:\n\n{table(rows, total)}\n"
        f"100 sites and 100 sleeping tasks: {goal:,}; the goal of {GOAL:,} is {verdict}. That of the exchange is\n"
        f"linear in both: {base:,.0f} + {per_site:.1f} for each site + {per_task:.1f} for each task, by least squares of the\n"
        f"relative error, which is at most {100 * error:.1f} %.\n\n"
        "![Pause against patched sites: one curve for each number of sleeping tasks, each flat as long as the tasks\n"
        "outweigh the sites, then rising in proportion to the sites](swap-pause.svg)\n"
    )


def plot(rows):
    """Both axes logarithmic: sites 1 to 10,000, instructions 1,000 to 1,000,000."""
    import math

    def x(sites):
        return 70 + 115 * math.log10(sites)

    def y(count):
        return 320 - 95 * (math.log10(count) - 3)

    colours = ["#1b6ca8", "#2a9d5c", "#c77d0a", "#b5322d"]
    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 370" font-family="sans-serif" font-size="13">']
    out.append('<rect width="640" height="370" fill="white"/>')
    for power in range(5):
        out.append(f'<path d="M{x(10**power):.0f} 35V320" stroke="#ddd"/>')
        out.append(f'<text x="{x(10**power):.0f}" y="338" text-anchor="middle">{10**power:,}</text>')
    for power in range(3, 7):
        out.append(f'<path d="M70 {y(10**power):.0f}H530" stroke="#ddd"/>')
        out.append(f'<text x="64" y="{y(10**power) + 4:.0f}" text-anchor="end">{10**power:,}</text>')
    out.append(f'<path d="M70 {y(GOAL):.1f}H530" stroke="#888" stroke-dasharray="4 4"/>')
    out.append(f'<text x="536" y="{y(GOAL) + 4:.0f}" fill="#666">goal</text>')
    for tasks, colour in zip(TASKS, colours):
        points = [(x(s), y(pause(rows, s, tasks))) for s in SITES]
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{colour}"/>' for a, b in points]
    for i, (tasks, colour) in enumerate(reversed(list(zip(TASKS, colours)))):
        out.append(f'<text x="84" y="{58 + 18 * i}" fill="{colour}">{tasks:,} asleep</text>')
    out.append('<text x="300" y="360" text-anchor="middle">patched sites</text>')
    out.append('<text x="70" y="22">pause, instructions</text></svg>')
    return "\n".join(out) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("result")
    parser.add_argument("--docs")
    arguments = parser.parse_args()
    rows = measure(arguments.build)
    with open(arguments.result, "w") as file:
        json.dump(rows, file, indent=1)
    print(text(rows))
    if arguments.docs:
        page = os.path.join(arguments.docs, "swap.md")
        with open(page) as file:
            before, _, rest = file.read().partition(BEGIN)
        with open(page, "w") as file:
            file.write(before + BEGIN + "\n" + text(rows) + "\n" + END + rest.partition(END)[2])
        with open(os.path.join(arguments.docs, "swap-pause.svg"), "w") as file:
            file.write(plot(rows))
    return 0 if pause(rows, 100, 100) <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
