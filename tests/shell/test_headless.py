"""`./mitos run --headless -c`: no prompt, all commands in order, the status of the first that failed."""

import unittest

from guest import PROMPT, headless


class Headless(unittest.TestCase):
    def expect_run(self, commands, status, *lines):
        got, printed = headless(commands)
        self.assertEqual(printed, [*lines, f"mitos: powering off, status {status}"])
        self.assertEqual(got, status)

    def test_success(self):
        self.expect_run("echo a; echo 'b  c'", 0, "a", "b  c")

    def test_first_failure_is_the_status_and_the_rest_runs(self):
        self.expect_run("load shell_tests; status 0; status 9; words a; status 4; echo $?", 9,
                        "loaded shell_tests", "[a]", "4")

    def test_wrong_use(self):
        got, printed = headless("what; echo hi")
        self.assertEqual(got, 2)
        self.assertIn("hi", printed)

    def test_explained_failure(self):
        got, printed = headless("what zz; echo hi")
        self.assertEqual(got, 1)
        self.assertEqual(printed[1:], ["hi", "mitos: powering off, status 1"])

    def test_unknown_command(self):
        got, _ = headless("zz; echo hi")
        self.assertEqual(got, 127)

    def test_fault(self):
        got, printed = headless("load shell_tests; faulty; words on")
        self.assertEqual(got, 126)
        self.assertIn("[on]", printed)

    def test_background_commands_are_awaited(self):
        got, printed = headless("load shell_tests; soon 100 & words on")
        self.assertEqual(got, 0)
        self.assertEqual(printed[-2:], ["[1] done: soon status 0", "mitos: powering off, status 0"])

    def test_background_failures_count(self):
        got, _ = headless("load shell_tests; status 8 & soon 50")
        self.assertEqual(got, 8)

    def test_a_mistake_runs_nothing(self):
        got, printed = headless("echo a; echo 'b")
        self.assertEqual(got, 2)
        self.assertNotIn("a", printed)

    def test_poweroff_ends_at_once(self):
        self.expect_run("echo a; poweroff 77; echo b", 77, "a")

    def test_poweroff_refuses_what_is_no_status(self):
        for word in ("128", "-1", "x", "1 2"):
            with self.subTest(word=word):
                got, printed = headless(f"poweroff {word}; echo on")
                self.assertEqual(got, 2)
                self.assertIn("on", printed)

    def test_long_lists_of_commands(self):
        got, printed = headless("; ".join(f"echo line {i}" for i in range(100)))
        self.assertEqual(got, 0)
        self.assertEqual(printed[:-1], [f"line {i}" for i in range(100)])

    def test_there_is_no_prompt(self):
        _, printed = headless("echo a")
        self.assertFalse([line for line in printed if PROMPT in line])


if __name__ == "__main__":
    unittest.main(verbosity=2)
