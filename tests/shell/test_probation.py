"""Swaps of several cells, and what ends a probation: swap A=B C=D, --final, rollback, commit; what they say when they cannot.

A probation lasts 100 ms. So time is counted in instructions here, and the host's load is no matter.
"""

import json
import os
import unittest

from guest import BUILD, headless

COUNTED = ("--icount",)
REBUILT = ("--build", os.path.join(BUILD, "rebuilt"))


class Probation(unittest.TestCase):
    TWO = "uart=rebuilt/uart.cell busy=rebuilt/busy.cell"

    def run_all(self, *commands):
        """@return what each command printed, and its status."""
        typed = "load busy recovery_tests; " + "; ".join(f"echo ==; {command}; echo $?" for command in commands) + "; echo =="
        text = "\n".join(headless(typed, *COUNTED, *REBUILT)[1]).split("==\n")[1:-1]
        answers = [answer.strip("\n").rpartition("\n") for answer in text]
        return [(printed, int(status)) for printed, _, status in answers]

    def assert_versions(self, answers, version):
        self.assertEqual(len(answers), 2)
        for cell, (printed, _) in zip(("uart", "busy"), answers):
            self.assertIn(f"{cell} {version}: ", printed)

    def test_several_cells_are_one_swap(self):
        swap, uart, busy, swaps = self.run_all(f"swap {self.TWO}", "cell uart", "cell busy", "swaps --json")
        self.assertRegex(swap[0], r"^swapped uart 1\.0 for uart 1\.1, busy 1\.0 for busy 1\.1 in \d+ instructions, "
                                  r"on probation$")
        self.assertEqual(swap[1], 0)
        self.assert_versions((uart, busy), "1.1")
        (row,) = json.loads(swaps[0])
        self.assertEqual((row["number"], row["action"], row["done"], row["probation"]), (1, "swap", True, True))
        self.assertEqual(row["cells"], [{"old": cell, "old_version": "1.0", "new": cell, "new_version": "1.1"}
                                        for cell in ("uart", "busy")])

    def test_a_dry_run_of_several_changes_nothing(self):
        swap, uart, busy, swaps = self.run_all(f"swap --dry-run {self.TWO}", "cell uart", "cell busy", "swaps --json")
        self.assertRegex(swap[0], r"^replacing uart 1\.0 by uart 1\.1, busy 1\.0 by busy 1\.1 would patch \d+ sites "
                                  r"and \d+ stubs, with \d+ tasks to look at; nothing was changed$")
        self.assertEqual(swap[1], 0)
        self.assert_versions((uart, busy), "1.0")
        (row,) = json.loads(swaps[0])
        self.assertEqual((row["dry_run"], row["done"], row["status"]), (True, False, "ok"))

    def test_one_of_several_that_cannot_be_keeps_all(self):
        swap, uart, busy = self.run_all("swap uart=rebuilt/uart.cell busy=rebuilt/clock.cell", "cell uart", "cell busy")
        self.assertEqual(swap, ("swap: clock is loaded already", 1))
        self.assert_versions((uart, busy), "1.0")

    def test_rollback_brings_all_of_a_swap_back(self):
        swap, back, uart, busy, again, swaps = self.run_all(
            f"swap {self.TWO}", "rollback busy", "cell uart", "cell busy", "rollback uart", "swaps --json")
        self.assertIn("on probation", swap[0])
        self.assertRegex(back[0], r"^rolled back uart 1\.1 for uart 1\.0, busy 1\.1 for busy 1\.0 in \d+ instructions$")
        self.assertEqual(back[1], 0)
        self.assert_versions((uart, busy), "1.0")
        self.assertEqual(again, ("rollback: no older version of uart is kept", 1))
        rows = json.loads(swaps[0])
        self.assertEqual([(row["action"], row["done"]) for row in rows],
                         [("rollback", False), ("rollback", True), ("swap", True)])

    def test_commit_lets_the_old_versions_go(self):
        _, commit, again, back, uart, busy = self.run_all(
            f"swap {self.TWO}", "commit uart", "commit busy", "rollback busy", "cell uart", "cell busy")
        self.assertEqual(commit, ("committed: uart stays", 0))
        self.assertEqual(again, ("commit: no older version of busy is kept", 1))
        self.assertEqual(back, ("rollback: no older version of busy is kept", 1))
        self.assert_versions((uart, busy), "1.1")

    def test_a_final_swap_keeps_nothing(self):
        swap, back, swaps = self.run_all("swap --final busy rebuilt/busy.cell", "rollback busy", "swaps --json")
        self.assertRegex(swap[0], r"^swapped busy 1\.0 for busy 1\.1 in \d+ instructions$")
        self.assertEqual(back, ("rollback: no older version of busy is kept", 1))
        self.assertEqual([row["probation"] for row in json.loads(swaps[0])], [False, False])

    def test_it_ends_by_itself_and_with_the_next_swap(self):
        _, _, back, _, _, there, swaps = self.run_all(
            "swap busy rebuilt/busy.cell", "rest 1", "rollback busy",
            "swap busy busy", "swap busy rebuilt/busy.cell", "rollback busy", "swaps --json")
        self.assertEqual(back, ("rollback: no older version of busy is kept", 1))
        self.assertIn("rolled back busy 1.1 for busy 1.0", there[0])
        self.assertIn(("commit", True), [(row["action"], row["done"]) for row in json.loads(swaps[0])])

    def test_a_swap_without_a_way_back_is_final_and_says_so_before(self):
        status, lines = headless("load notes; swap notes wider_one_way/notes.cell; rollback notes", *COUNTED, log=True)
        self.assertEqual(status, 1)
        self.assertRegex("\n".join(lines),
                         r"\] swap: notes 2\.0 will not be on probation: there is no way back for its state\n"
                         r"swapped notes 1\.0 for notes 2\.0 in \d+ instructions\n"
                         r"rollback: no older version of notes is kept\n")

    def test_a_fault_brings_all_of_a_swap_back(self):
        _, lines = headless(f"load busy recovery_tests; swap {self.TWO}; fault null busy:worker_step; busy count 1 1; "
                            "rest 1; cell uart; cell busy", *COUNTED, *REBUILT, log=True)
        text = "\n".join(lines)
        self.assertRegex(text, r"\] recovery: busy: fault 1: on probation, so uart 1\.0 serves again\n")
        self.assertIn("\nuart 1.0: ", text)
        self.assertIn("\nbusy 1.0: ", text)

    def test_a_driver_that_is_brought_back_turns_its_interrupt_on(self):
        _, lines = headless("load recovery_tests; swap uart rebuilt/uart.cell; fault null uart:uart_interrupt; echo prints; "
                            "rest 1; cells; symbols; echo all of it", *COUNTED, *REBUILT, log=True)
        text = "\n".join(lines)
        self.assertRegex(text, r"\] recovery: uart: fault 1 in irq_interrupt: on probation, so uart 1\.0 serves again\n")
        self.assertIn("\nall of it\n", text)

    def test_a_stand_in_is_on_no_probation(self):
        swap, *_ = self.run_all("swap devicetree stand_in/devicetree.cell", "swap devicetree devicetree")
        self.assertRegex(swap[0], r"^swapped devicetree 1\.0 for devicetree 1\.0 stand-in in \d+ instructions$")

    def test_what_is_refused(self):
        usage = "usage: swap OLD NEW | swap OLD=NEW... [--final] [-v] [--dry-run] [--json]"
        nine = " ".join(f"{name}=uart" for name in "abcdefghi")
        expected = {"swap": (usage, 2), "swap uart": (usage, 2), "swap uart=": (usage, 2), "swap =uart": (usage, 2),
                    "swap uart=uart busy": (usage, 2), f"swap {nine}": (usage, 2), "swap uart --never": (usage, 2),
                    "swap uart=uart uart=uart": ("swap: uart is named twice", 1),
                    "swap uart=uart busy=zz": ("swap: there is no zz.cell in the boot archive", 1),
                    "swap uart=uart zz=busy": ("swap: no cell zz is loaded", 1),
                    "swap uart=no/uart.cell": ("swap: the boot archive has no file no/uart.cell", 1),
                    "rollback": ("usage: rollback NAME [-v] [--json]", 2),
                    "rollback uart busy": ("usage: rollback NAME [-v] [--json]", 2),
                    "rollback zz": ("rollback: no older version of zz is kept", 1),
                    "rollback " + 60 * "z": ("rollback: a cell's name has at most 31 letters", 1),
                    "commit": ("usage: commit NAME [--json]", 2),
                    "commit uart": ("commit: no older version of uart is kept", 1)}
        for (command, (text, status)), answer in zip(expected.items(), self.run_all(*expected), strict=True):
            with self.subTest(command=command):
                self.assertTrue(answer[0].startswith(text), answer[0])
                self.assertEqual(answer[1], status)


if __name__ == "__main__":
    unittest.main(verbosity=2)
