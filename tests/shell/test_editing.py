"""Keys at the prompt: the line that is entered is the line that the keys mean."""

import unittest

from guest import (BACKSPACE, CTRL_A, CTRL_C, CTRL_D, CTRL_E, CTRL_K, CTRL_L, CTRL_U, CTRL_W, DELETE, DOWN,
                   END, HOME, LEFT, PROMPT, RIGHT, UP, Guest)


class Editing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.guest = Guest()
        cls.guest.run("load shell_tests")

    @classmethod
    def tearDownClass(cls):
        cls.guest.close()

    def setUp(self):
        self.guest.send(CTRL_C)  # whatever the test before has left
        self.guest.expect("^C")
        self.guest.prompt()

    def expect_line(self, keys, words):
        """The keys make a line that runs the command words with these words."""
        self.guest.send(keys + "\r")
        self.guest.expect("\n[" + "][".join(words) + "]\n")
        self.guest.prompt()

    def test_welcome_says_how_to_get_help_and_how_to_leave(self):
        self.assertIn("help", self.guest.welcome)
        self.assertIn("poweroff", self.guest.welcome)
        self.assertIn("Ctrl-A X", self.guest.welcome)

    def test_cursor_keys(self):
        self.expect_line("words ac" + LEFT + "b" + RIGHT + "d", ["abcd"])
        self.expect_line("rds x" + HOME + "wo" + END + "y", ["xy"])
        self.expect_line("rds x" + CTRL_A + "wo" + CTRL_E + "y", ["xy"])

    def test_deleting_keys(self):
        self.expect_line("words abX" + BACKSPACE + "c", ["abc"])
        self.expect_line("words aXb" + LEFT + LEFT + DELETE, ["ab"])
        self.expect_line("words aXb" + LEFT + LEFT + CTRL_D, ["ab"])
        self.expect_line("words ab cd" + CTRL_W + "e", ["ab", "e"])
        self.expect_line("words ab cd" + LEFT * 3 + CTRL_K, ["ab"])
        self.expect_line("nonsense" + CTRL_U + "words a", ["a"])

    def test_clear_screen_keeps_the_line(self):
        self.guest.send("words a")
        self.guest.send(CTRL_L)
        self.guest.expect("\x1b[H\x1b[2J" + PROMPT + "words a")
        self.expect_line("b", ["ab"])

    def test_utf8_is_edited_by_characters(self):
        self.expect_line("words äöü" + LEFT + LEFT + BACKSPACE + "€", ["€öü"])

    def test_lines_longer_than_a_row(self):
        text = "".join(chr(ord("a") + i % 26) for i in range(300))
        self.guest.send("words " + text + CTRL_A + RIGHT * 6 + "X" + CTRL_E + "Y\r")
        self.guest.expect("\n[X" + text + "Y]\n")
        self.guest.prompt()

    def test_the_longest_line_rings_the_bell(self):
        self.guest.send("words " + "x" * 494)
        self.guest.send("y")
        self.guest.expect("\a")
        self.guest.send("\r")
        self.guest.expect("\n[" + "x" * 494 + "]\n")
        self.guest.prompt()

    def test_history_is_browsed_and_edited(self):
        self.expect_line("words one", ["one"])
        self.expect_line("words two", ["two"])
        self.expect_line(UP + UP, ["one"])
        self.expect_line(UP + UP + "!", ["two!"])
        self.expect_line("words own" + UP + DOWN + "er", ["owner"])

    def test_history_has_no_line_twice_in_a_row(self):
        self.expect_line("words before", ["before"])
        self.expect_line("words same", ["same"])
        self.expect_line("words same", ["same"])
        self.expect_line(UP + UP, ["before"])

    def test_tab_completes_commands(self):
        self.expect_line("wor\t" + "x", ["x"])

    def test_tab_completes_cells(self):
        self.guest.send("cell shell_te\t\r")
        self.guest.expect("\nshell_tests 1.0: ")
        self.guest.prompt()
        self.guest.send("load busy\t")  # in the archive only
        self.guest.expect("busy ")
        self.guest.send(CTRL_C)
        self.guest.prompt()

    def test_tab_completes_symbols(self):
        self.guest.send("what console_fl\t\r")
        self.guest.expect("console_flush_step+0x0 of uart")
        self.guest.prompt()

    def test_a_second_tab_lists_what_is_possible(self):
        self.guest.send("what task_\t\t")
        listed = self.guest.expect(PROMPT + "what task_")
        self.assertIn("task_spawn", listed)
        self.assertIn("task_join_step", listed)
        self.assertNotIn("\nvm_stats", listed)
        self.guest.send(CTRL_C)
        self.guest.prompt()

    def test_tab_without_a_candidate_rings_the_bell(self):
        self.guest.send("zzz\t")
        self.guest.expect("\a")
        self.guest.send(CTRL_U)
        self.expect_line("words a", ["a"])

    def test_ctrl_c_clears_the_line(self):
        self.guest.send("words nothing" + CTRL_C)
        self.guest.expect("^C")
        self.guest.prompt()
        self.assertEqual(self.guest.status(), 130)
        self.expect_line("words a", ["a"])

    def test_ctrl_d_on_an_empty_line_says_how_to_leave(self):
        self.guest.send(CTRL_D)
        self.guest.expect("poweroff")
        self.guest.prompt()

    def test_lines_typed_while_a_command_runs_are_kept(self):
        self.guest.send("soon 50\rwords one\rwords tw" + LEFT + RIGHT + "o\r")
        self.guest.expect("\n[one]\n")
        self.guest.expect("\n[two]\n")
        self.guest.prompt()

    def test_line_feeds_end_lines_too(self):
        self.guest.send("words one\nwords two\r\nwords three\n")
        for word in ("one", "two", "three"):
            self.guest.expect(f"\n[{word}]\n")
        self.guest.prompt()


if __name__ == "__main__":
    unittest.main(verbosity=2)
