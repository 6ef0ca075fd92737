"""The forms of the report, held against what reads them: Gradescope's autograder specification, and ctest's JUnit."""

import copy
import json
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml
from pathlib import Path

from grading import BUILD, LAB, ROOT, Submission, grade, graded, wrong

FULL = graded(LAB / "reference")
with Submission(wrong("endless-loop")) as looping, Submission(wrong("does-not-compile")) as broken:
    REPORTS = [FULL, graded(looping), graded(broken)]
# What a cell can have printed.
NASTY = copy.deepcopy(FULL)
NASTY["checks"][0].update(outcome="failed", points=0, messages=["</system-out> \x1b[2J ]]> & \"'<\x00\ud800\u00e9"])
NASTY["points"] -= FULL["checks"][0]["points"]
REPORTS.append(NASTY)

# "Autograder Specifications", Output format: the keys that may be there, and what they hold.
GRADESCOPE = {"score": (int, float), "execution_time": (int, float), "output": str, "output_format": str,
              "test_output_format": str, "test_name_format": str, "visibility": str, "stdout_visibility": str,
              "extra_data": dict, "tests": list, "leaderboard": list}
GRADESCOPE_TEST = {"score": (int, float), "max_score": (int, float), "status": str, "name": str, "name_format": str,
                   "number": str, "output": str, "output_format": str, "tags": list, "visibility": str,
                   "extra_data": dict}
VISIBILITIES = {"hidden", "after_due_date", "after_published", "visible"}


class Formats(unittest.TestCase):
    def check_keys(self, thing, known):
        for key, value in thing.items():
            self.assertIn(key, known)
            self.assertIsInstance(value, known[key], key)

    def test_gradescope_takes_it(self):
        for report in REPORTS:
            result = json.loads(grade.reports.gradescope(report))
            self.check_keys(result, GRADESCOPE)
            self.assertIn(result["visibility"], VISIBILITIES)
            self.assertEqual(result["score"], sum(test["score"] for test in result["tests"]))
            self.assertEqual(len(result["tests"]), len(report["checks"]))
            for test, check in zip(result["tests"], report["checks"]):
                self.check_keys(test, GRADESCOPE_TEST)
                for key in ("score", "max_score", "status", "name", "output", "visibility"):
                    self.assertIn(key, test)
                self.assertIn(test["visibility"], VISIBILITIES)
                self.assertEqual((test["score"], test["max_score"]), (check["points"], check["most"]))
                self.assertEqual(test["status"], "passed" if check["points"] == check["most"] else "failed")

    def ctest_writes(self):
        """What ctest says of one test that passes and one that fails."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "CTestTestfile.cmake").write_text("add_test(good true)\nadd_test(bad false)\n", encoding="ascii")
            subprocess.run(["ctest", "--test-dir", name, "--output-junit", folder / "out.xml"],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
            return xml.parse(folder / "out.xml").getroot()

    def shape(self, element):
        """Of the tree, by the tags that lead to it: attributes and children."""
        found = {}
        for node in element.iter():
            found.setdefault(node.tag, set()).update(node.attrib)
        return found

    def test_junit_is_as_ctest_writes_it(self):
        theirs = self.ctest_writes()
        statuses = {case.get("status") for case in theirs.iter("testcase")}
        for report in REPORTS:
            ours = xml.fromstring(grade.reports.junit(report))
            self.assertEqual(ours.tag, theirs.tag)
            for tag, attributes in self.shape(ours).items():
                self.assertIn(tag, self.shape(theirs))
                self.assertEqual(attributes, self.shape(theirs)[tag], tag)
            cases = ours.findall("testcase")
            self.assertEqual([case.get("name") for case in cases], [check["name"] for check in report["checks"]])
            self.assertLessEqual({case.get("status") for case in cases}, statuses)
            failed = sum(case.find("failure") is not None for case in cases)
            self.assertEqual(failed, sum(check["points"] < check["most"] for check in report["checks"]))
            self.assertEqual(ours.get("failures"), str(failed))
            self.assertEqual(ours.get("tests"), str(len(cases)))

    def test_json_is_the_report(self):
        for report in REPORTS[:3]:
            self.assertEqual(json.loads(grade.reports.as_json(report)), report)

    def test_text_names_each_check_and_the_sum(self):
        for report in REPORTS[:3]:
            text = grade.reports.text(report)
            for check in report["checks"]:
                self.assertRegex(text, rf"(?m)^ *{check['points']}/{check['most']} +{check['name']} ")
            self.assertTrue(text.endswith(f"{report['points']:>3}/100 points\n"))


class Command(unittest.TestCase):
    """grade.py as it is called."""

    def run_grade(self, *arguments):
        return subprocess.run([sys.executable, "-B", ROOT / "labs" / "grader" / "grade.py", "--config",
                               BUILD / "labs" / "config.json", *arguments],
                              capture_output=True, encoding="utf-8", check=False)

    def test_only_the_report_goes_to_standard_output(self):
        done = self.run_grade("first-cell", "--submission", LAB / "reference", "--format", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout), FULL)
        self.assertIn("20/20 tally.counts", done.stderr)

    def test_errors_are_explained(self):
        for arguments, status, text in (
                (["77"], 1, "there is no lab 77; there are: 01-first-cell"),
                (["1", "--submission", "/nowhere"], 1, "/nowhere is no folder"),
                (["1", "--format", "xml"], 2, "invalid choice"), ([], 2, "LAB")):
            done = self.run_grade(*arguments)
            self.assertEqual((done.returncode, done.stdout), (status, ""), arguments)
            self.assertIn(text, done.stderr)

    def test_empty_submission_gets_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            report = graded(folder)
        self.assertEqual(report["points"], 0)
        self.assertEqual({check["outcome"] for check in report["checks"]}, {"not built"})
        self.assertIn("tally.c: there is no such file", report["parts"][0]["problems"][0])


if __name__ == "__main__":
    unittest.main()
