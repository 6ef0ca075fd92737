"""What comes over the port counts only when all of it is as it must be."""

import unittest

from grading import grade

WORD = "5f" * 16
GOOD = ["check tally.counts", "outcome partly", "points 5", "printed 0", "message one", "end tally.counts"]


def parse(lines, word=WORD):
    return grade.machine.parse("".join(f"{word} {line}\n" for line in lines).encode(), WORD)


class Verdict(unittest.TestCase):
    def test_good_one_is_taken(self):
        self.assertEqual(parse(GOOD), {"check": "tally.counts", "outcome": "partly", "points": 5, "printed": 0,
                                       "messages": ["one"]})

    def test_message_shows_what_a_terminal_would_obey(self):
        lines = GOOD[:4] + ["message \x1b[2J"] + GOOD[5:]
        self.assertEqual(parse(lines)["messages"], ["\\x1b[2J"])

    def test_bad_ones_are_none(self):
        for lines in (GOOD[:-1], GOOD[1:], GOOD + ["points 20"], GOOD + GOOD, [GOOD[0]] + GOOD, GOOD[:2] + GOOD[3:],
                      ["points 20"] + GOOD, GOOD[:1] + ["outcome perfect"] + GOOD[2:], GOOD[:-1] + ["end other"],
                      GOOD[:2] + ["points -5"] + GOOD[3:], GOOD[:2] + ["points 5x"] + GOOD[3:], ["other 1"] + GOOD, []):
            self.assertIsNone(parse(lines), lines)

    def test_other_word_is_none(self):
        self.assertIsNone(parse(GOOD, "ff" * 16))
        mixed = "".join(f"{WORD} {line}\n" for line in GOOD).replace(f"{WORD} points", f"{'0' * 32} points")
        self.assertIsNone(grade.machine.parse(mixed.encode(), WORD))

    def test_what_is_cut_off_or_too_long_is_none(self):
        whole = "".join(f"{WORD} {line}\n" for line in GOOD).encode()
        for length in range(len(whole)):
            self.assertIsNone(grade.machine.parse(whole[:length], WORD))
        many = GOOD[:4] + ["message " + "x" * 500] * 200 + GOOD[5:]
        self.assertIsNone(parse(many))


if __name__ == "__main__":
    unittest.main()
