"""The commands for labs, in a booted system: with the cells as they are handed out, with the reference's, and with such
as hang or fault."""

import json
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from grading import BUILD, LAB, ROOT, Submission, config, full, grade, parts, wrong

sys.path.insert(0, str(ROOT / "tests" / "shell"))
import guest  # noqa: E402

TEXTS = json.loads((LAB / "lab.json").read_text(encoding="utf-8"))


def boot_folder(name, *changes):
    """A folder to boot from, whose archive has the reference's cells, but for what @changes change."""
    folder = BUILD / "labs" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    found = config()
    lab = grade.labfile.read(LAB)
    with Submission(*changes) as source:
        parts, cells = grade.build_parts(found, lab, source, folder)
    problems = [part for part in parts if not part["built"]]
    if problems:
        raise AssertionError(problems)
    grade.pack_archive(found, lab, cells, folder / "mitos.cpio")
    (folder / "mitos.elf").symlink_to(found["elf"])
    return folder


def run(folder, commands, *options):
    guest.BUILD = str(folder)
    return guest.headless(commands, *options)


class HandedOut(unittest.TestCase):
    def test_labs_lists_points(self):
        status, lines = run(BUILD, "labs; check 1 'tally.*'; labs --json")
        self.assertRegex(lines[1], r"^  1 first-cell +0/100  Your first cell$")
        self.assertEqual(lines[-3], "  0/40  points")
        row = json.loads(lines[-2])[0]
        self.assertEqual((row["points"], row["most"], row["checks"], row["run"]), (0, 100, 8, 3))
        self.assertEqual(status, 1)

    def test_lab_shows_the_goal_and_the_next_step(self):
        _, lines = run(BUILD, "lab 1")
        text = " ".join(" ".join(lines).split())
        self.assertIn(" ".join(TEXTS["goal"].split()), text)
        self.assertIn("-> 1 0/40 The library cell", text)
        self.assertIn("step 1: The library cell " + TEXTS["steps"][0]["text"], text)
        self.assertTrue(all(len(line) <= 80 for line in lines), lines)

    def test_hints_come_one_after_another(self):
        _, lines = run(BUILD, "hint 1; hint 1; hint 1; hint 1; hint 1")
        text = " ".join(" ".join(lines).split())
        places = [text.index(hint) for hint in TEXTS["steps"][0]["hints"]]
        self.assertEqual(places, sorted(places))
        self.assertGreater(text.rindex(TEXTS["steps"][0]["hints"][0]), text.index("There are no more hints"))

    def test_wrong_use_is_explained(self):
        for command, status, says in (("check", 2, "usage: check N"), ("lab", 2, "usage: lab N"),
                                      ("hint 1 2", 2, "usage: hint N"), ("labs 1", 2, "usage: labs"),
                                      ("lab 7", 1, "there is no lab 7"), ("lab x", 1, '"x" is none'),
                                      ("check 1 tally", 1, 'no check "tally"'), ("grade 1 tally.counts", 127, "run grade"),
                                      ("run grade 1 tally.counts", 1, "there is no port `verdict`")):
            found, lines = run(BUILD, command)
            self.assertEqual(found, status, lines)
            self.assertIn(says, "\n".join(lines))


class Reference(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = boot_folder("shell-reference")

    def test_check_gives_all_points(self):
        for harts in ("1", "2", "4"):
            status, lines = run(self.folder, "check 1; check 1 --json", "--smp", harts)
            self.assertEqual(status, 0, lines)
            self.assertIn("100/100 points", lines)
            found = json.loads("\n".join(lines[lines.index("100/100 points") + 1:-1]))
            self.assertEqual({check["name"]: check["points"] for check in found}, full())
            self.assertEqual([check["name"] for check in found], [check["name"] for check in TEXTS["checks"]])

    def test_lines_of_lab_cells_have_their_name(self):
        _, lines = run(self.folder, "load tell; tell 3 0 9; tell; tell four")
        self.assertEqual(lines[:4], ["loaded tell tally", "[tell] 3 numbers, mean 4, largest 9",
                                     "[tell] usage: tell NUMBER...", "[tell] tell: four is no number from 0 to 1000000"])

    def test_handout_swaps_as_it_says(self):
        _, lines = run(self.folder, "load tell; tell 1 2 5; swap tally next/tally.cell; tell 2; deps tell; unload tally")
        text = "\n".join(lines)
        self.assertIn("[tell] 3 numbers, mean 2, largest 5", text)
        self.assertIn("swapped tally 1.0 for tally 1.1", text)
        self.assertIn("[tell] 4 numbers, mean 3, largest 5", text)
        self.assertIn("unload: ", text)

    def test_answers_of_the_reference_are_what_the_tools_say(self):
        status, lines = run(self.folder, "what task_park; load tell; swap tally next/tally.cell -v; help swap")
        text = "\n".join(lines)
        self.assertEqual(status, 0, text)
        self.assertRegex(text, r"(?s)task_park.*nucleus")
        self.assertRegex(text, r"(?m)^hold +\d+$")

    def test_answers_of_the_reference_are_what_the_build_says(self):
        with tempfile.TemporaryDirectory() as name:
            source, work = Path(name) / "source", Path(name) / "work"
            shutil.copytree(LAB / "reference", source)
            text = (source / "tally.c").read_text(encoding="utf-8")
            text = text.replace("CELL_STATE(", "static uint64_t calls;\nCELL_STATE(", 1)
            text = text.replace("    return state.count;", "    calls++;\n    return state.count + calls;", 1)
            (source / "tally.c").write_text(text, encoding="utf-8")
            lab = parts.load_lab(LAB / "lab.json")
            problems = parts.build_part(config(), lab, parts.find_part(lab, "tally"), source, work)
            tell = parts.build_part(config(), lab, parts.find_part(lab, "tell"), source, work)
            relocations = subprocess.run([config()["tools"] + "readelf", "-rW", tell], stdout=subprocess.PIPE,
                                         encoding="utf-8", check=True).stdout
        self.assertEqual(len(problems), 1, problems)
        self.assertIn("[lint:mutable-global]", problems[0])
        self.assertRegex(relocations, r"R_RISCV_CALL_PLT +\w+ +tally_add")


class Broken(unittest.TestCase):
    def test_check_that_hangs_or_faults_costs_itself_only(self):
        folder = boot_folder("shell-broken", wrong("null-pointer"), wrong("next-forgets"))
        for harts in ("1", "4"):
            status, lines = run(folder, "check 1; check 1 answers.inside", "--smp", harts)
            text = "\n".join(lines)
            self.assertEqual(status, 1)
            self.assertIn("a fault ended it: load page fault at 0x0: NULL pointer", text)
            self.assertIn(" #0 tally:tally_add+", text)
            self.assertEqual(text.count(" 10/10  answers.inside"), 2, text)
        folder = boot_folder("shell-hangs", wrong("endless-loop"))
        _, lines = run(folder, "check 1")
        text = "\n".join(lines)
        self.assertRegex(text, r"  0/20  tell.tells +[^\n]* \(timeout\)\n        it had not ended after 200 ms of "
                               r"guest time; it was here:\n          #0 tally:tally_largest\+")
        self.assertIn(" 10/10  answers.inside", text)
        self.assertIn(" 80/100 points", text)

    def test_ctrl_c_ends_a_check(self):
        folder = boot_folder("shell-hangs", wrong("endless-loop"))
        guest.BUILD = str(folder)
        session = guest.Guest("--append", "quiet")
        try:
            session.send("check 1 tell.tells\r")
            session.send(guest.CTRL_C)
            self.assertIn("not all checks were run", session.expect("mitos> ") + session.run("echo done"))
            self.assertIn("10/10  answers.inside", session.run("check 1 'answers.*'") + session.run("echo done"))
            self.assertEqual(session.power_off(), 0)
        finally:
            session.close()


if __name__ == "__main__":
    unittest.main()
