#!/usr/bin/env python3
"""same_under_load.py RUNS: the grade of one submission is the same, to the byte, while other processes keep all
cores busy. The submission is one whose checks pass, fail, fault and time out."""

import json
import os
import subprocess
import sys

from grading import HERE, Submission, grade, graded, wrong


def main():
    runs = int(sys.argv[1])
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(max(2, os.cpu_count()))]
    try:
        with Submission(HERE / "forged" / "floods_the_console.patch", wrong("next-forgets"),
                        HERE / "forged" / "writes_over_code.patch") as folder:
            found = [grade.reports.as_json(graded(folder)) for _ in range(runs)]
    finally:
        for process in busy:
            process.kill()
    outcomes = {check["outcome"] for check in json.loads(found[0])["checks"]}
    if not outcomes >= {"passed", "failed", "faulted", "timeout"}:
        sys.exit(f"the submission shows only {sorted(outcomes)}")
    different = sum(one != found[0] for one in found)
    if different:
        sys.exit(f"{different} of {runs} grades differ from the first:\n" + "\n".join(sorted(set(found))))
    print(f"{runs} grades, all the same")


if __name__ == "__main__":
    main()
