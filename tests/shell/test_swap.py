"""Replacing cells from the prompt: every cell by itself, the scheduler to and fro, what is said about it."""

import json
import os
import re
import unittest

from guest import BUILD, CTRL_C, PROMPT, Guest, headless

REBUILT = ("--build", os.path.join(BUILD, "rebuilt"), "--smp", "2")

SELF = ("vm", "uart", "clock", "task", "plic", "shell", "commands", "inspect", "reclaim", "devicetree", "busy", "sched_rr")


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


class Versions(unittest.TestCase):
    """With the archive that has other versions of cells in its folder `rebuilt`."""

    def setUp(self):
        self.guest = Guest(*REBUILT)
        self.guest.run("load swap_samples")

    def tearDown(self):
        self.guest.close()

    def interrupt(self, line):
        """Types a line and Ctrl-C, until that comes while the command waits. Returns what was printed."""
        for _ in range(50):
            self.guest.send(line + "\r")
            self.guest.expect(line + "\n")
            self.guest.send(CTRL_C)
            output = self.guest.prompt()
            if "swap:" in output:
                return output
        raise AssertionError(f"Ctrl-C never met {line}: {output}")

    def outcomes(self):
        """{number: outcome's first word}; lines of jobs may come in between."""
        rows = re.findall(r"(?m)^ *(\d+) +\S+ +\S+ +\S+ +([a-z]+)", self.guest.run("swaps"))
        return {int(number): word for number, word in rows}

    def wait_for_all(self):
        while {"goes", "waits"} & set(self.outcomes().values()):
            pass

    def test_the_new_text_runs(self):
        company = "\nits company calls version 2, and points to version 2"
        for cell, version, which in (("rebuilt/swap_samples.cell", "1.1", "second version" + company),
                                     ("swap_samples", "1.0", "first version")):
            output = self.guest.run(f"swap swap_samples {cell}")
            self.assertIn(f"for swap_samples {version} in ", output)
            self.assertEqual(self.guest.run("which"), f"this is the {which}")
            self.assertIn(f"swap_samples {version}: ", self.guest.run("cell swap_samples"))
            self.assertRegex(self.guest.run("cells"), rf"\nswap_samples +{version} ")
        self.assertRegex(self.guest.run("swaps"), r"\n +1 swap_samples +swap_samples +1.1 +swapped ")

    def test_a_file_is_found_by_its_path(self):
        self.assertEqual(self.guest.run("load rebuilt/busy.cell"), "loaded busy")
        self.assertIn("busy 1.1: ", self.guest.run("cell busy"))
        for word in ("rebuilt/zz.cell", "rebuilt/", "rebuilt/uart", "no/uart.cell", "/uart.cell", "rebuilt/uart.cellar"):
            for command in (f"load {word}", f"swap uart {word}"):
                self.assertIn(f"the boot archive has no file {word} ", self.guest.run(command))
                self.assertEqual(self.guest.status(), 1)
        self.assertIn("shell is loaded already", self.guest.run("swap uart rebuilt/shell.cell"))
        self.assertEqual(self.guest.status(), 1)

    def test_paths_are_completed(self):
        self.guest.send("swap uart rebuilt/ua\t\r")
        self.guest.expect("swap uart rebuilt/uart.cell \n")
        self.guest.expect("swapped uart 1.0 for uart 1.1 in ")
        self.guest.prompt()
        self.assertNotIn("a cell has this name", self.guest.run("rebuilt/uart"))

    def test_a_command_that_is_run_or_timed_does_not_keep_the_commands_cell(self):
        output = self.guest.run("time swap commands rebuilt/commands.cell")
        self.assertIn("swapped commands 1.0 for commands 1.1", output)
        self.assertRegex(output, r"\ntime: \d+ instructions")
        self.guest.send("run swap_samples &\r")
        self.guest.expect("<3>")
        self.guest.send("swap commands commands; numbers stop\r")
        self.guest.expect("swapped commands 1.1 for commands 1.0")
        self.guest.expect("[1] done: run status 0")

    def test_ctrl_c_leaves_a_swap_that_has_begun(self):
        self.guest.run("linger 800")
        output = self.interrupt("swap swap_samples rebuilt/swap_samples.cell")
        self.assertIn("goes on, see swaps", output)
        self.assertEqual(self.guest.status(), 1)
        number = int(re.search(r"number (\d+) goes on", output)[1])
        self.wait_for_all()
        self.assertEqual(self.outcomes()[number], "swapped")
        self.assertTrue(self.guest.run("which").startswith("this is the second version"))

    def test_ctrl_c_takes_back_what_has_not_had_its_turn(self):
        self.guest.run("linger 800")
        for _ in range(6):
            self.guest.run("swap swap_samples rebuilt/swap_samples.cell &")
        taken_back = []
        for line in ("swap uart rebuilt/uart.cell", "swap uart=rebuilt/uart.cell clock=rebuilt/clock.cell",
                     "rollback uart", "commit uart"):
            output = self.interrupt(line)
            self.assertIn("is taken back, nothing was changed", output)
            self.assertRegex(self.guest.run("echo $?"), "(?m)^1$")
            taken_back.append(int(re.search(r"number (\d+) is taken back", output)[1]))
        self.wait_for_all()
        outcomes = self.outcomes()
        self.assertEqual([outcomes[number] for number in taken_back], ["cancelled"] * 4)
        self.assertEqual([outcomes[number] for number in range(1, 7)], ["swapped"] * 6)
        output = self.guest.run("linger 0; cell uart; cell clock")
        self.assertIn("uart 1.0: ", output)
        self.assertIn("clock 1.0: ", output)
        self.assertIn("for uart 1.1 in ", self.guest.run("swap uart rebuilt/uart.cell"))


class Told(unittest.TestCase):
    def test_phases_and_list(self):
        status, lines = headless("swap uart uart -v; swaps; swap zz zz; echo $?; swap uart zz; swaps --json")
        text = "\n".join(lines)
        for word in ("PHASE", "prepare", "init", "hold", "commit", "start", "patched"):
            self.assertIn(word, text)
        self.assertRegex(text, r"\n +1 uart +uart +1.0 +swapped +\d+")
        self.assertEqual(status, 1)
        swaps = json.loads(text[text.index("[{"):text.rindex("]") + 1])
        first = swaps[-1]
        self.assertEqual((first["number"], first["action"], first["done"], first["probation"]), (1, "swap", True, True))
        self.assertEqual(first["cells"], [{"old": "uart", "old_version": "1.0", "new": "uart", "new_version": "1.0"}])
        self.assertEqual(first["objects"], 0)
        self.assertEqual(list(first["instructions"]), ["prepare", "init", "hold", "commit", "start", "reclaim"])
        self.assertIn(("not found", "no cell zz is loaded"), [(row["status"], row["why"]) for row in swaps])

    def test_objects_in_another_layout_are_counted(self):
        _, lines = headless("load notes; swap notes wider/notes.cell --json; swap -v notes notes", "--icount")
        text = "\n".join(lines)
        report = json.JSONDecoder().raw_decode(text, text.index("{"))[0]
        self.assertEqual((report["cells"][0]["new_version"], report["objects"]), ("2.0", 1))
        self.assertIn(" 1 objects brought into another layout", text)

    def test_demo_without_a_terminal(self):
        status, lines = headless("run demo scheduler 4", "--smp", "2")
        self.assertEqual(status, 0, lines)
        self.assertEqual(sum("12 of 12 tasks went on" in line for line in lines), 4)

    def test_demo_of_channels(self):
        status, lines = headless("run demo channel 4", "--smp", "2")
        text = "\n".join(lines)
        self.assertEqual(status, 0, text)
        turns = re.findall(r"^swap (\d): (\w+) to (\w+), .* (\d+) messages were on their way$", text, re.MULTILINE)
        names = ["chan_async", "chan_sync"] * 3
        self.assertEqual([turn[:3] for turn in turns], [(str(i + 1), names[i], names[i + 1]) for i in range(4)])
        self.assertTrue(all(int(turn[3]) > 0 for turn in turns), text)
        last = re.search(r"4 swaps of the channels; .* (\d+) messages sent, (\d+) received; "
                         r"0 lost, 0 doubled, 0 out of order$", text, re.MULTILINE)
        self.assertTrue(last and last[1] == last[2], text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
