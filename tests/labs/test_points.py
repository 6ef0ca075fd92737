"""Lab 1: who has done the work gets the points, and a mistake costs those of what it breaks, with a message."""

import json
import unittest

from grading import LAB, Submission, full, graded, of, points, wrong

EXPECTED = json.loads((LAB / "wrong" / "expected.json").read_text(encoding="utf-8"))
# What a student must be able to find in the message, beside the figures.
SAYS = {
    "mean-of-none": ("tally.mean", "of no numbers tally_mean() says"),
    "adds-before-it-refuses": ("tally.refuses", "has changed something: count 4"),
    "tell-adds-before-it-looks": ("tell.refuses", "adds 1 numbers"),
    "next-forgets": ("next.keeps", "after the swap version 1.1 knows 0"),
    "endless-loop": ("tell.tells", "tally:tally_largest"),
    "null-pointer": ("tally.counts", "load page fault at 0x0"),
    "does-not-compile": ("next.keeps", "next/tally was not built"),
}


class Points(unittest.TestCase):
    def test_reference_gets_all(self):
        report = graded(LAB / "reference")
        self.assertEqual(points(report), full())
        self.assertEqual((report["points"], report["most"]), (100, 100))
        for check in report["checks"]:
            self.assertEqual((check["outcome"], check["messages"]), ("passed", []), check["name"])

    def test_start_gets_nothing_and_crashes_nothing(self):
        report = graded(LAB)
        self.assertEqual(report["points"], 0)
        self.assertTrue(all(part["built"] for part in report["parts"]), report["parts"])
        for check in report["checks"]:
            self.assertEqual(check["outcome"], "failed", check)
            self.assertTrue(check["messages"], check["name"])

    def test_each_wrong_one_is_known(self):
        folders = {path.name for path in (LAB / "wrong").iterdir() if path.is_dir()}
        self.assertEqual(folders, EXPECTED.keys())
        self.assertEqual(folders, SAYS.keys())
        self.assertGreaterEqual(len(folders), 5)


def make_test(name):
    def test(self):
        with Submission(wrong(name)) as folder:
            report = graded(folder)
        self.assertEqual(points(report), full() | EXPECTED[name])
        for check in report["checks"]:
            if check["points"] < check["most"]:
                self.assertTrue(check["messages"], check["name"])
        check, text = SAYS[name]
        self.assertIn(text, "\n".join(of(report, check)["messages"]))
    return test


for mistake in EXPECTED:
    setattr(Points, f"test_wrong_{mistake.replace('-', '_')}", make_test(mistake))


if __name__ == "__main__":
    unittest.main()
