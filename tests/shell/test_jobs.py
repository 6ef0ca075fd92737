"""Commands that run: in the foreground, in the background, cancelled, faulting; what a line may hold."""

import unittest

from guest import CTRL_C, PROMPT, Guest


class Jobs(unittest.TestCase):
    def setUp(self):
        self.guest = Guest()
        self.guest.run("load shell_tests")

    def tearDown(self):
        self.guest.close()

    def test_words_reach_the_command(self):
        self.assertEqual(self.guest.run("words a 'b c' \"d;e\" f\\ g '' #h"), "[a][b c][d;e][f g][]")
        self.assertEqual(self.guest.run("status 7; words $? '$?'"), "[7][$?]")
        self.assertEqual(self.guest.run("words a; words b;words c"), "[a]\n[b]\n[c]")

    def test_a_line_with_a_mistake_runs_nothing(self):
        for line in ("words a; words 'b", "words a && words b", "words a\\"):
            output = self.guest.run(line)
            self.assertIn("nothing was run", output)
            self.assertNotIn("[a]", output)
            self.assertEqual(self.guest.status(), 2)

    def test_status_of_each_kind_of_end(self):
        self.assertEqual(self.guest.run("status 0; echo $?"), "0")
        self.assertEqual(self.guest.run("status 125; echo $?"), "125")
        self.assertEqual(self.guest.run("status 126; echo $?"), "1")
        self.assertIn("usage: what ", self.guest.run("what"))
        self.assertEqual(self.guest.status(), 2)

    def test_unknown_commands_are_explained(self):
        self.assertEqual(self.guest.run("xyzzy"),
                         "xyzzy: no such command (try help; or load a cell that has it)")
        self.assertEqual(self.guest.status(), 127)
        self.assertIn("did you mean tasks?", self.guest.run("taks"))
        self.assertIn("run hello", self.guest.run("hello"))
        self.assertIn("Hello, world.", self.guest.run("run hello"))
        self.assertEqual(self.guest.run("hello you"), "Hello, you.")

    def test_a_fault_costs_the_command_only(self):
        output = self.guest.run("faulty")
        self.assertIn("faulty writes", output)
        self.assertIn("faulty: ended by a fault (see log)", output)
        self.assertEqual(self.guest.status(), 126)
        self.assertIn("shell_tests:run_faulty", self.guest.run("log"))
        self.assertEqual(self.guest.power_off(), 0)

    def test_a_command_made_of_steps(self):
        self.assertEqual(self.guest.run("steps 3 5; echo $?"), "steps is done\n5")
        self.assertIn("steps is done\ntime: ", self.guest.run("time steps 2 4; echo $?"))
        self.assertEqual(self.guest.run("time steps 2; echo $?").splitlines()[0],
                         "usage: steps NUMBER STATUS")
        self.assertIn("[1] steps runs", self.guest.run("steps 20 3 &"))
        self.guest.expect("[1] done: steps status 3")
        self.guest.prompt()
        self.assertIn("steps: ended by a fault", self.guest.run("steps 0 9"))
        self.assertEqual(self.guest.status(), 126)

    def test_ctrl_c_ends_a_sleeping_command(self):
        self.guest.send("sleeper; words no\r")
        self.guest.expect("sleeper sleeps")
        self.guest.send(CTRL_C)
        self.guest.expect("^C")
        self.assertIn("sleeper was woken", self.guest.prompt())
        self.assertEqual(self.guest.status(), 5)

    def test_ctrl_c_ends_a_computing_command(self):
        self.guest.send("spinner\r")
        self.guest.expect("spinner spins")
        self.guest.send(CTRL_C)
        self.assertIn("stops after many rounds", self.guest.prompt())

    def test_ctrl_c_ends_busy(self):
        self.guest.run("load busy")
        self.guest.send("busy count\r")
        self.guest.expect("\n")
        self.guest.send(CTRL_C)
        self.guest.expect("^C")
        self.guest.prompt()
        self.assertEqual(self.guest.run("words still here"), "[still][here]")

    def test_a_second_ctrl_c_gives_the_prompt_back(self):
        self.guest.send("deaf; words no\r")
        self.guest.expect("deaf listens to nobody")
        self.guest.send(CTRL_C)
        self.guest.expect("^C")
        self.guest.send(CTRL_C)
        self.guest.expect("in the background")
        self.assertNotIn("[no]", self.guest.prompt())
        self.assertIn("deaf", self.guest.run("tasks"))
        self.guest.send("hear\r")
        self.guest.expect("[1] done: deaf status 0")
        self.guest.expect(PROMPT)
        self.assertNotIn("deaf", self.guest.run("tasks"))

    def test_kill_ends_who_does_not_listen(self):
        self.guest.send("deaf\r")
        self.guest.expect("deaf listens to nobody")
        self.guest.send(CTRL_C)
        self.guest.expect("^C")
        self.guest.send(CTRL_C)
        self.guest.expect("as task ")
        number = self.guest.prompt().split()[0]
        self.guest.send(f"kill {number}\r")
        self.guest.expect("[1] done: deaf")
        self.guest.expect(PROMPT)
        self.assertNotIn("deaf", self.guest.run("tasks"))
        self.assertIn("no task 123456789", self.guest.run("kill 123456789"))
        self.assertEqual(self.guest.status(), 1)
        self.assertIn("no number", self.guest.run("kill deaf"))
        self.assertEqual(self.guest.status(), 2)

    def test_background_commands_are_reported(self):
        self.assertIn("[1] sleeper runs as task ", self.guest.run("sleeper &"))
        self.assertIn("[2] soon runs as task ", self.guest.run("soon 20 & words a").replace("[a]", ""))
        self.guest.expect("[2] done: soon status 0")
        self.guest.expect(PROMPT)
        self.assertIn("sleeper", self.guest.run("tasks"))

    def test_a_report_leaves_the_line_as_it_was(self):
        self.guest.send("soon 200 &\r")
        self.guest.expect("[1] soon runs")
        self.guest.prompt()
        self.guest.send("words left")
        self.guest.expect("[1] done: soon status 0")
        self.guest.expect(PROMPT + "words left")
        self.guest.send(" right\r")
        self.guest.expect("\n[left][right]\n")

    def test_a_fault_in_the_background_is_reported(self):
        self.guest.send("faulty &\r")
        self.guest.expect("[1] done: faulty status 126")
        self.guest.expect("faulty: ended by a fault (see log)")
        self.assertEqual(self.guest.power_off(3), 3)

    def test_too_many_commands_are_refused(self):
        for _ in range(16):
            self.guest.run("sleeper &")
        self.assertIn("16 commands run already", self.guest.run("sleeper &"))
        self.assertEqual(self.guest.run("words a"), "words: 16 commands run already, wait for one to end")


if __name__ == "__main__":
    unittest.main(verbosity=2)
