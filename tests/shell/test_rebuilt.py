"""Every cell is replaced by a rebuilt copy of itself and back, under load, while lines are typed ahead and a
task in the background prints numbers: nothing that was typed or printed is lost or comes twice.

    test_rebuilt.py [SWAPS [HARTS]]      # SWAPS of each cell in all, an even number
"""

import json
import os
import re
import sys
import unittest

from guest import BUILD, PROMPT, Guest

CELLS = ("vm", "uart", "clock", "task", "plic", "shell", "commands", "busy", "sched_rr")
AHEAD = 12  # lines typed and not answered yet
SWAPS = int(sys.argv[1]) if len(sys.argv) > 1 else 20
HARTS = sys.argv[2] if len(sys.argv) > 2 else "2"


def lines_to_type():
    """First to the rebuilt copy of each cell, then back, and so on. The echo's status is that of the swap."""
    number = 0
    for turn in range(SWAPS):
        for cell in CELLS:
            new = cell if turn % 2 else f"rebuilt/{cell}.cell"
            yield f"swap {cell} {new}; echo {{{number}}}$?"
            number += 1


class Rebuilt(unittest.TestCase):
    def setUp(self):
        self.guest = Guest("--build", os.path.join(BUILD, "rebuilt"), "--smp", HARTS)
        self.guest.run("load busy swap_samples")
        self.guest.run("busy mix 12")

    def tearDown(self):
        self.guest.close()

    def type_ahead(self, lines):
        """Types all, with AHEAD lines on their way. Returns what the guest printed."""
        text = ""
        for number, line in enumerate(lines):
            if number >= AHEAD:
                text += self.guest.expect_number(number - AHEAD)
            self.guest.send(line + "\r")
        for number in range(len(lines) - AHEAD, len(lines)):
            text += self.guest.expect_number(number)
        return text

    def versions(self):
        cells = json.loads(self.guest.run("cells --json"))
        return {cell["name"]: cell["version"] for cell in cells if cell["name"] in CELLS}

    def test_nothing_is_lost(self):
        lines = list(lines_to_type())
        self.guest.send("numbers &\r")
        self.guest.expect("<0>\n")
        text = self.type_ahead(lines)
        self.guest.send("numbers stop\r")
        text += self.guest.expect(" numbers\n")
        print(text[-3000:])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
