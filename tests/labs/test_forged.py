"""Attempts to get points without doing the work: each fails, or the part is refused and the reason is named.

An attempt is a patch of the reference, forged/NAME.patch. Where the part is refused it costs what needs the part; where the
attempt runs, it gets what its work is worth, and what it breaks it breaks for itself.
"""

import unittest
from pathlib import Path

from grading import HERE, Submission, full, graded, of, points

FORGED = Path(HERE) / "forged"
TALLY = ("tally.counts", "tally.mean", "tally.refuses", "tell.tells", "tell.refuses", "next.keeps", "next.rounds")
# The part that is refused, and what the problem says of it.
REFUSED = {
    "exports_a_symbol_of_the_grader": ("tally", "check_outcome_name: exported"),
    "imports_the_port": ("tally", "serial.h"),
    "casts_an_integer_to_a_device": ("tally", "tally.c:"),
    "reads_the_word": ("tally", "devicetree.h"),
    "ends_the_machine": ("tally", "nucleus/machine.h"),
    "returns_twice": ("tally", "tally.c:"),
    "has_a_constructor": ("tally", "tally.c:"),
}
# The points of checks that get fewer than the reference; all others get as many.
RUNS = {
    "prints_verdicts": {"tell.tells": 5},
    "floods_the_console": {"tell.tells": 0},
    "brings_headers_and_build_files": {"tally.counts": 10, "tally.refuses": 5, "tell.tells": 5},
    "loops_before_the_verdict": dict.fromkeys(TALLY, 0),
    "writes_over_code": {"tally.counts": 0, "tally.refuses": 0, "tell.tells": 0},
    "smashes_the_stack": {"tally.counts": 0, "tally.refuses": 0, "tell.tells": 0},
}


class Forged(unittest.TestCase):
    def test_at_least_twelve_are_tried(self):
        names = {path.stem for path in FORGED.iterdir()}
        self.assertEqual(names, REFUSED.keys() | RUNS.keys())
        self.assertGreaterEqual(len(names), 12)


def make_refused(name):
    def test(self):
        part, says = REFUSED[name]
        with Submission(FORGED / f"{name}.patch") as folder:
            report = graded(folder)
        refused = [found for found in report["parts"] if not found["built"]]
        self.assertEqual([found["name"] for found in refused], [part])
        self.assertIn(says, "\n".join(refused[0]["problems"]))
        self.assertEqual(points(report), full() | dict.fromkeys(TALLY, 0))
        self.assertEqual(of(report, "tally.counts")["outcome"], "not built")
    return test


def make_runs(name):
    def test(self):
        with Submission(FORGED / f"{name}.patch") as folder:
            report = graded(folder)
        self.assertEqual([part for part in report["parts"] if not part["built"]], [])
        self.assertEqual(points(report), full() | RUNS[name], report)
    return test


for attempt in REFUSED:
    setattr(Forged, f"test_{attempt}", make_refused(attempt))
for attempt in RUNS:
    setattr(Forged, f"test_{attempt}", make_runs(attempt))


if __name__ == "__main__":
    unittest.main()
