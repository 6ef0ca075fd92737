"""Every cell is replaced by a rebuilt copy of itself and back, under load, while lines are typed ahead and a
task in the background prints numbers: nothing that was typed or printed is lost, comes twice or out of order.

    test_rebuilt.py [SWAPS [HARTS]]      # SWAPS of each cell in all, an even number
"""

import json
import os
import re
import sys
import unittest

from guest import BUILD, PROMPT, Guest

CELLS = ("vm", "uart", "clock", "task", "plic", "shell", "commands", "busy", "sched_rr")
AHEAD = 8  # lines that are typed and not answered yet
SWAPS, HARTS = (sys.argv[1:] + ["6", "2"][len(sys.argv) - 1 :])[:2]


class Typed:
    """A line that swaps a cell, and what the guest prints for it. The number's status is that of the swap."""

    def __init__(self, number, turn, cell):
        versions = ("1.1 for", "1.0 in") if turn % 2 else ("1.0 for", "1.1 in")
        new = cell if turn % 2 else f"rebuilt/{cell}.cell"
        self.line = f"swap {cell} {new}; echo {{{number}:$?}}"
        self.answer = f"{{{number}:0}}"
        self.expected = [PROMPT + self.line,
                         f"swapped {cell} {versions[0]} {cell} {versions[1]} # instructions, on probation", self.answer]


def lines_to_type():
    pairs = [(turn, cell) for turn in range(int(SWAPS)) for cell in CELLS]
    return [Typed(number, *pair) for number, pair in enumerate(pairs)]


class Rebuilt(unittest.TestCase):
    def setUp(self):
        self.guest = Guest("--build", os.path.join(BUILD, "rebuilt"), "--smp", HARTS)
        self.guest.terminal.delaybeforesend = None
        self.guest.run("load busy swap_samples")
        self.guest.run("busy mix 12")

    def tearDown(self):
        self.guest.close()

    def wait_for(self, typed):
        """Waits for the answer, good or bad. Returns all that was printed before it, and it."""
        self.guest.terminal.expect(re.escape(typed.answer[:-2]) + r"\d+\}")
        return self.guest.terminal.before + self.guest.terminal.after

    def type_all(self, lines):
        """Types with AHEAD lines on their way. Returns what the guest printed."""
        printed = ""
        for number, typed in enumerate(lines):
            if number >= AHEAD:
                printed += self.wait_for(lines[number - AHEAD])
            self.guest.send(typed.line + "\r")
        for typed in lines[-AHEAD:]:
            printed += self.wait_for(typed)
        return printed

    def run_all(self, lines):
        """Types the lines while numbers are printed. Returns all output, and how many numbers there were."""
        printed = self.guest.run("numbers &") + "\n" + PROMPT
        printed += self.type_all(lines)
        self.guest.send("numbers stop\r")
        self.guest.terminal.expect(r"(\d+) numbers\n")
        printed += self.guest.terminal.before
        count = int(self.guest.terminal.match[1])
        self.guest.expect("[1] done: numbers status 0\n")
        self.guest.expect(PROMPT)
        return printed, count

    def check_the_rest(self, printed, lines):
        """Without the numbers, which come anywhere, it is what each line prints, in order."""
        rest = re.sub(r"<\d+>\n", "", printed)
        rest = re.sub(r" in \d+ instr", " in # instr", rest[rest.index(PROMPT):]).splitlines()
        for got, expected in zip(rest, [text for typed in lines for text in typed.expected]):
            self.assertEqual(got, expected)
        self.assertEqual(rest[3 * len(lines)], PROMPT + "numbers stop")

    def test_nothing_is_lost(self):
        lines = lines_to_type()
        printed, count = self.run_all(lines)
        numbers = [int(number) for number in re.findall(r"<(\d+)>\n", printed)]
        self.assertEqual(numbers, list(range(count)))
        self.check_the_rest(printed, lines)
        rows = json.loads(self.guest.run("cells --json"))
        cells = {cell["name"]: cell["version"] for cell in rows if "zombie" not in cell}
        self.assertEqual([cells[cell] for cell in CELLS], ["1.0"] * len(CELLS))
        # Who is in the old cell gets time to leave it: it is not stopped thousands of times instead.
        self.assertLess(max(swap["tries"] for swap in json.loads(self.guest.run("swaps --json"))), 30)
        self.assertEqual(self.guest.run("load hello; hello again"), "loaded hello\nHello, again.")
        self.assertIn("12 busy tasks ended", self.guest.run("busy stop"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
