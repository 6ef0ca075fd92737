"""Replacing cells from the prompt: every cell by itself, the scheduler to and fro, what is said about it."""

import json
import unittest

from guest import CTRL_C, PROMPT, Guest, headless

SELF = ("vm", "uart", "clock", "task", "plic", "shell", "commands", "inspect", "devicetree", "busy", "sched_rr")


class Prompt(unittest.TestCase):
    def setUp(self):
        self.guest = Guest("--smp", "2")
        self.guest.run("load busy")
        self.guest.run("busy mix 12")

    def tearDown(self):
        self.guest.close()

    def test_every_cell_by_itself_under_load(self):
        for cell in SELF:
            with self.subTest(cell=cell):
                self.assertIn(f"swapped {cell} 1.0 for {cell} 1.0 in ", self.guest.run(f"swap {cell} {cell}"))
                self.assertEqual(self.guest.status(), 0)
        self.assertIn("12 busy tasks ended", self.guest.run("busy stop"))

    def test_the_scheduler_to_and_fro(self):
        self.assertIn("swapped sched_rr 1.0 for sched_mlfq 1.0", self.guest.run("swap sched_rr sched_mlfq"))
        self.assertIn("swapped sched_mlfq 1.0 for sched_rr 1.0", self.guest.run("swap sched_mlfq sched_rr"))
        self.assertIn("12 busy tasks ended", self.guest.run("busy stop"))

    def test_keys_typed_during_a_swap_of_the_shell_are_kept(self):
        self.guest.send("swap shell shell; swap uart uart\recho typed ahead\r")
        self.guest.expect("swapped uart")
        self.guest.expect("\ntyped ahead\n")

    def test_the_shell_is_replaced_while_a_command_runs(self):
        self.guest.run("load shell_tests")
        self.guest.run("sleeper &")
        self.assertIn("swapped shell", self.guest.run("swap shell shell"))
        self.assertEqual(self.guest.status(), 0)

    def test_a_dry_run_changes_nothing(self):
        before = self.guest.run("cell uart")
        self.assertIn("nothing was changed", self.guest.run("swap uart uart --dry-run"))
        self.assertEqual(self.guest.status(), 0)
        self.assertEqual(self.guest.run("cell uart"), before)

    def test_the_demonstration(self):
        self.guest.send("run demo scheduler 2\r")
        self.guest.expect("2 swaps of the scheduler")
        self.guest.prompt()
        self.guest.send("demo scheduler 1000\r")
        self.guest.expect("Ctrl-C ends it")
        self.guest.send(CTRL_C)
        self.guest.expect("swaps of the scheduler")
        self.guest.expect(PROMPT)


class Told(unittest.TestCase):
    def test_phases_and_list(self):
        status, lines = headless("swap uart uart -v; swaps; swap zz zz; echo $?; swap uart zz; swaps --json")
        text = "\n".join(lines)
        for word in ("PHASE", "prepare", "init", "hold", "commit", "start", "patched"):
            self.assertIn(word, text)
        self.assertRegex(text, r"\n +1 uart +uart +swapped +\d+")
        self.assertEqual(status, 1)
        swaps = json.loads(text[text.index("[{"):text.rindex("]") + 1])
        self.assertEqual([(row["old"], row["done"]) for row in swaps][-1], ("uart", True))

    def test_demo_without_a_terminal(self):
        status, lines = headless("run demo scheduler 4", "--smp", "2")
        self.assertEqual(status, 0, lines)
        self.assertEqual(sum("12 of 12 tasks went on" in line for line in lines), 4)


if __name__ == "__main__":
    unittest.main(verbosity=2)
