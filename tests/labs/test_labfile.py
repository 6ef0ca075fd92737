"""lab.json: what a lab may say, and how a mistake in it is named."""

import copy
import json
import tempfile
import unittest
from pathlib import Path

from grading import LAB, grade

labfile = grade.labfile
GOOD = json.loads((LAB / "lab.json").read_text(encoding="utf-8"))


def read(lab):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "lab.json").write_text(lab if isinstance(lab, str) else json.dumps(lab), encoding="utf-8")
        return labfile.read(folder)


class Labfile(unittest.TestCase):
    def test_lab_1_is_read_with_limits(self):
        lab = labfile.read(LAB)
        self.assertEqual(lab["folder"], str(LAB))
        self.assertEqual({check["limit"] for check in lab["checks"]}, {labfile.LIMIT_DEFAULT})
        self.assertEqual(sum(check["points"] for check in lab["checks"]), 100)

    def test_what_may_be_left_out_and_added(self):
        lab = copy.deepcopy(GOOD)
        part = lab["parts"][0]
        del part["imports"], part["provides"]
        part |= {"commands": ["other"], "sets": ["command", "test"]}
        lab["checks"][0]["limit"] = 1000
        self.assertEqual(read(lab)["checks"][0]["limit"], 1000)

    def test_mistakes_are_named(self):
        for place, change, says in (
                ((), {"goal": 5}, '"goal" is no str'), ((), {"extra": 1}, '"extra" is not known'),
                ((), {"steps": []}, '"steps" is empty'), ((), {"parts": {}}, '"parts" is missing'),
                (("parts", 0), {"name": "Tally"}, 'parts number 1: "Tally" is no name of a cell'),
                (("parts", 0), {"files": ["tally.h"]}, "parts number 1: it has no C file"),
                (("parts", 0), {"files": ["../tally.c"]}, "parts number 1"),
                (("parts", 1), {"name": "tally"}, "parts: tally is there twice"),
                (("parts", 1), {"import": []}, 'parts number 2: "import" is not known'),
                (("parts", 1), {"imports": [1]}, "parts number 2, imports: 1 is no text"),
                (("steps", 1), {"hints": ["a"] * 4}, "steps number 2: more than 3 hints"),
                (("checks", 2), {"step": 9}, "checks number 3: there is no step 9"),
                (("checks", 2), {"points": 0}, "checks number 3: points and limit are at least 1"),
                (("checks", 2), {"points": True}, 'checks number 3: "points" is no int'),
                (("checks", 2), {"needs": ["nothing"]}, "checks number 3: it needs nothing, which is no part"),
                (("checks", 2), {"name": "tally"}, 'checks number 3: "tally" is no name such as tally.counts'),
                (("checks", 2), {"name": "tally.mean"}, "checks: tally.mean is there twice")):
            lab = copy.deepcopy(GOOD)
            thing = lab
            for key in place:
                thing = thing[key]
            thing |= change
            with self.assertRaises(labfile.LabError) as raised:
                read(lab)
            self.assertIn(says, str(raised.exception))
        for text in ("", "[]", "{", '{"parts": 5}'):
            with self.assertRaises(labfile.LabError, msg=text):
                read(text)

    def test_labs_are_found_by_number_and_names(self):
        for word in ("1", "first-cell", "01-first-cell"):
            self.assertEqual(labfile.find(LAB.parents[1], word), LAB)
        with self.assertRaisesRegex(labfile.LabError, "there is no lab 2; there are: 01-first-cell"):
            labfile.find(LAB.parents[1], "2")


if __name__ == "__main__":
    unittest.main()
