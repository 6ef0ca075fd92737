"""The command explain: a loaded cell beside its second version in the archive, as lines and as JSON."""

import json
import os
import unittest

from guest import BUILD, headless

ARCHIVE = ("--build", os.path.join(BUILD, "rebuilt"))
NEW = "rebuilt/changing.cell"
LINES = [
    "kind a tally: enum mode: enumerator FAST: 0 -> 1",
    "kind a tally: enum mode: enumerator SLOW: 1 -> 0",
    "kind a tally: enum mode: enumerator IDLE: nothing -> 2",
    "state: enum mode: as told above",
    "state: typedef count: type: uint32_t -> uint64_t",
    "function changing_sum: export: exported -> nothing",
]


class Explain(unittest.TestCase):
    def explain(self, words, status):
        got, printed = headless(f"load explain changing; explain {words}", *ARCHIVE)
        self.assertEqual(got, status, printed)
        self.assertEqual(printed[:2], ["loaded explain", "loaded changing"])
        return printed[2:-1]

    def test_versions(self):
        self.assertEqual(sorted(self.explain(f"changing {NEW}", 1)), sorted(LINES))

    def test_same_version(self):
        self.assertEqual(self.explain("changing", 0), [])

    def test_json(self):
        told = json.loads("\n".join(self.explain(f"changing {NEW} --json", 1)))
        self.assertEqual(len(told), len(LINES))
        self.assertIn({"item": "kind a tally", "type": "enum mode", "part": "enumerator FAST", "from": "0", "to": "1"},
                      told)
        self.assertEqual(json.loads("\n".join(self.explain("--json changing", 0))), [])

    def test_what_differs_is_what_is_migrated(self):
        got, printed = headless(f"load changing; swap changing {NEW}", *ARCHIVE)
        self.assertEqual(got, 0, printed)

    def test_what_cannot_be_told(self):
        self.assertEqual(self.explain("nobody", 3), ["explain: no cell is loaded that is called nobody"])
        self.assertEqual(self.explain("changing nobody", 3),
                         ["explain: the boot archive has no cell that tells of its types and is called nobody"])
        self.assertEqual(self.explain("", 2), ["usage: explain OLD [NEW] [--json]"])
        self.assertEqual(self.explain("a b c", 2), ["usage: explain OLD [NEW] [--json]"])


if __name__ == "__main__":
    unittest.main()
