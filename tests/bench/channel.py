#!/usr/bin/env python3
"""channel.py BUILD [--docs FOLDER]

What does a message cost? Boots BUILD, one hart under -icount, once for each provider of channels, runs `bench channel*`, and
prints the figures beside the goals. With --docs, the table in FOLDER/channels.md is made anew.
"""

import argparse
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GOALS = {"chan_async": 350, "chan_sync": 500}  # instructions, for one of many
BEGIN, END = "<!-- made by tests/bench/channel.py -->\n", "<!-- end -->\n"


def measure(build, provider):
    """{benchmark: instructions}, with that provider."""
    run = subprocess.run(
        [os.path.join(ROOT, "mitos"), "run", "--headless", "--quiet", "--icount", "--build", build]
        + ["-c", f"load {provider}; run bench --json channel*"],
        capture_output=True, text=True, check=True,
    ).stdout
    figures = json.JSONDecoder().raw_decode(run, run.index("["))[0]
    return {figure["name"]: figure["min"] for figure in figures}


def many(provider, figures):
    return figures[provider.replace("chan_", "channel_")]


def table(results):
    lines = ["| provider | one of many | goal | alone |", "|---|---:|---:|---:|"]
    for provider, figures in results.items():
        lines.append(f"| `{provider}` | {many(provider, figures)} | {GOALS[provider]} | {figures['channel_alone']} |")
    return "\n".join(lines) + "\n"


def update(path, text):
    with open(path, encoding="utf-8") as file:
        page = file.read()
    head, rest = page.split(BEGIN)
    tail = rest.split(END, 1)[1]
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{head}{BEGIN}\n{text}\n{END}{tail}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--docs")
    arguments = parser.parse_args()
    results = {provider: measure(arguments.build, provider) for provider in GOALS}
    text = table(results)
    print(text, end="")
    if arguments.docs:
        update(os.path.join(arguments.docs, "channels.md"), text)
    missed = [provider for provider in GOALS if many(provider, results[provider]) > GOALS[provider]]
    if missed:
        print(f"the goal is missed: {' '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
