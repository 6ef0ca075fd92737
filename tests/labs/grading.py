"""What the tests of grading share: submissions made of the reference and some other files, and their grades."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = Path(os.environ["MITOS_BUILD"])
CONFIG = BUILD / "labs" / "config.json"
LAB = ROOT / "labs" / "01-first-cell"
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "labs" / "grader"))
import grade  # noqa: E402
import parts  # noqa: E402

grade.say = lambda text: None


def config():
    found = parts.load_config(CONFIG)
    return found | parts.load_config(Path(found["folder"]) / "machine.json")


def graded(folder):
    """The report on a submission."""
    return grade.grade(config(), LAB, folder)


class Submission(tempfile.TemporaryDirectory):
    """A folder with the reference, and over it the files, or the patches, @changes."""

    def __init__(self, *changes):
        super().__init__(prefix="submission-", dir=BUILD)
        for change in (LAB / "reference", *changes):
            if change.is_dir():
                shutil.copytree(change, self.name, dirs_exist_ok=True)
            else:
                subprocess.run(["patch", "-s", "-p1", "--no-backup-if-mismatch", "-d", self.name, "-i", change],
                               check=True)


def wrong(name):
    """The mistake of that name, as a patch of the reference."""
    return LAB / "wrong" / name / "mistake.patch"


def points(report):
    return {check["name"]: check["points"] for check in report["checks"]}


def of(report, name):
    return next(check for check in report["checks"] if check["name"] == name)


def full():
    """The points of each check, by the rubric."""
    return {check["name"]: check["points"] for check in grade.labfile.read(LAB)["checks"]}
