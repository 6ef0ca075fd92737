"""pack refuses a damaged object and never crashes: pack_mangle does the damage."""
import os
import unittest

from pack_case import MANIFEST, PackCase, run

SOURCE = MANIFEST + """
#include "evolve.h"
#include "nucleus/log.h"
struct counter { int n; };
CELL_STATE(struct counter);
struct link { struct link *next; struct counter counter; };
struct link_v1 { struct link_v1 *next; };
KIND(link, "link", struct link);
static enum status grow(const void *from, void *to, void *body) { return from && to && !body; }
MIGRATE(link, struct link_v1, grow, NULL);
static const char *const names[] = {"a", "b"};
EXPORT void use(int x);
EXPORT void use(int x) { log_write("%s %d", names[x & 1], state.n++); }
"""


class Damage(PackCase):

    def test_cut_and_changed(self):
        joined = self.compile({"a.c": SOURCE}, ["-g0", "-gbtf"])
        done = run(os.environ.get("PACK_MANGLE", "pack_mangle"), joined, self.folder)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertIn("cuts refused", done.stdout)

    def test_cut_archive(self):
        self.make_cell()
        self.assertEqual(self.pack("archive", "-o", "a.cpio", "sample.cell").returncode, 0)
        whole = (self.folder / "a.cpio").read_bytes()
        used = whole.index(b"TRAILER!!!") + len(b"TRAILER!!!") + 1
        for cut in list(range(0, 300)) + list(range(300, used, 97)) + list(range(used - 130,
                                                                                 used)):
            (self.folder / "cut.cpio").write_bytes(whole[:cut])
            done = self.pack("list", "cut.cpio")
            self.assertEqual(done.returncode, 1, f"cut to {cut} bytes: {done.stdout}")


if __name__ == "__main__":
    unittest.main()
