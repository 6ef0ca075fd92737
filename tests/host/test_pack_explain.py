"""pack explain: what differs between the types of two cells, by real objects (abi/types_compare.h)."""
import json
import unittest

from pack_case import ProbeCase

HEADER = """
#include "status.h"
enum mode { FAST, SLOW };
struct inner { int x; long y; };
struct order { struct order *next; enum mode mode; struct inner *inner; };
enum status use(struct order *order, unsigned count);
void call(struct order *order);
"""
PROVIDER = """
#include "sample.h"
EXPORT enum status use(struct order *order, unsigned count) { return order && count ? OK : ERR_INVALID; }
EXPORT void call(struct order *order) { (void)order; }
"""
CLIENT = """
#include "sample.h"
EXPORT void go(void);
void go(void) { if (use(0, 1) == OK) call(0); }
"""
LAYOUTS = """
#include "nucleus/heap.h"
struct part { struct part *next; int hits; };
struct totals { long sum; struct part *first; };
CELL_STATE(struct totals);
KIND(part, "a part", struct part);
"""


class Explain(ProbeCase):

    def cell(self, name, source, header=HEADER, cell="sample", **manifest):
        """The cell NAME/CELL.cell."""
        self.functions(header, [name for name in ("use", "call") if f" {name}(" in header])
        fields = {"name": cell, "version": "1.0", "summary": "A sample.", **manifest}
        values = ", ".join(f'.{key} = "{value}"' for key, value in fields.items())
        joined = self.compile({"a.c": f'#include "cell.h"\nCELL({values});\n{source}'}, [f"-I{self.folder}"])
        (self.folder / name).mkdir(exist_ok=True)
        done = self.pack("cell", "-o", f"{name}/{cell}.cell", "--signatures", "sample.types", joined)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return f"{name}/{cell}.cell"

    def explain(self, a, b, *options):
        done = self.pack("explain", a, b, *options)
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.returncode, 1 if done.stdout.strip("[]\n") else 0)
        return done.stdout

    def check(self, old, new, expected):
        """A provider and a client of another header, and two providers."""
        self.assertIn(old, HEADER)
        changed = HEADER.replace(old, new)
        definitions = PROVIDER.replace(old, new).replace("count ?", "1 ?")
        a = self.cell("a", PROVIDER)
        self.assertEqual(self.explain(a, self.cell("b", definitions, changed)), expected)
        self.assertEqual(self.explain(a, self.cell("c", CLIENT, changed, "client")), expected)
        self.assertEqual(self.explain(a, a), "")

    def test_parameter(self):
        self.check("unsigned count", "unsigned long count",
                   "function use: parameter 2: unsigned int -> long unsigned int\n")

    def test_result(self):
        self.check("enum status use", "int use", "function use: result: enum status -> int\n")

    def test_struct_reached_only_through_a_pointer(self):
        self.check("int x;", "long x;", "function use: struct inner: member x: int -> long int\n"
                   "function call: struct inner: as told above\n")

    def test_members_in_another_order(self):
        self.check("int x; long y;", "long y; int x;",
                   "function use: struct inner: place of member x: 0 -> 8\n"
                   "function use: struct inner: place of member y: 8 -> 0\n"
                   "function call: struct inner: as told above\n")

    def test_member_removed(self):
        self.check("int x; long y;", "long y;", "function use: struct inner: member x: int -> nothing\n"
                   "function call: struct inner: as told above\n")

    def test_enumerators_renumbered(self):
        self.check("FAST, SLOW", "SLOW, FAST", "function use: enum mode: enumerator FAST: 0 -> 1\n"
                   "function use: enum mode: enumerator SLOW: 1 -> 0\n"
                   "function call: enum mode: as told above\n")

    def test_complete_type_becomes_incomplete(self):
        self.check("struct inner { int x; long y; };", "struct inner;",
                   "function use: struct order: member inner: struct inner * -> incomplete struct inner *\n"
                   "function call: struct order: as told above\n")

    def test_export_removed(self):
        header = HEADER.replace("void call(struct order *order);", "")
        a = self.cell("a", PROVIDER, provides="sample")
        source = PROVIDER.replace("EXPORT void call", "static __attribute__((used)) void call")
        self.assertEqual(self.explain(a, self.cell("b", source, header)),
                         "function call: export: exported -> nothing\n")
        # Another provider of the interface is held to its exports, too; a client is not.
        other = self.cell("c", source, header, "other", provides="more sample")
        self.assertEqual(self.explain(a, other), "function call: export: exported -> nothing\n")
        self.assertEqual(self.explain(a, self.cell("d", source, header, "client")), "")

    def test_cell_beside_the_interfaces_of_today(self):
        a = self.cell("a", CLIENT, cell="client")
        self.assertEqual(self.explain(a, "sample.types"), "")
        self.functions(HEADER.replace("unsigned count", "long count"), ["use", "call"])
        self.assertEqual(self.explain(a, "sample.types"), "function use: parameter 2: unsigned int -> long int\n")
        self.assertEqual(self.explain("sample.types", a), "function use: parameter 2: long int -> unsigned int\n")

    def test_state_and_kinds(self):
        a = self.cell("a", LAYOUTS)
        renamed = LAYOUTS.replace("struct part", "struct piece").replace("struct totals", "struct sums")
        self.assertEqual(self.explain(a, self.cell("b", renamed)), "")
        b = self.cell("b", LAYOUTS.replace("int hits;", "long hits; int more;"))
        self.assertEqual(self.explain(a, b), "kind a part: struct part: member hits: int -> long int\n"
                         "kind a part: struct part: member more: nothing -> int\n"
                         "state: struct part: as told above\n")
        b = self.cell("b", LAYOUTS.replace("long sum;", "long total;").replace('"a part"', '"part"'))
        self.assertEqual(self.explain(a, b), "kind a part: declaration: declared -> nothing\n"
                         "state: struct totals: member sum: long int -> nothing\n"
                         "state: struct totals: member total: nothing -> long int\n"
                         "kind part: declaration: nothing -> declared\n")
        # State and kinds of another cell are its own affair.
        self.assertEqual(self.explain(a, self.cell("c", LAYOUTS.replace("int hits", "long hits"), cell="other")), "")

    def test_json(self):
        a, b = self.cell("a", PROVIDER), self.cell("b", CLIENT, HEADER.replace("int x;", "long x;"), "client")
        self.assertEqual(json.loads(self.explain(a, b, "--json")), [
            {"item": "function use", "type": "struct inner", "part": "member x", "from": "int", "to": "long int"},
            {"item": "function call", "type": "struct inner", "part": "as told above", "from": "", "to": ""}])
        self.assertEqual(json.loads(self.explain("--json", a, a)), [])
        self.assertEqual(self.pack("--explain", a, b, "--json").stdout, self.explain(a, b, "--json"))

    def test_wrong_use(self):
        a = self.cell("a", PROVIDER)
        for arguments in ((a,), (a, a, a), (a, a, "--more"), (a, "none.cell"), (a, "a.part.o")):
            done = self.pack("explain", *arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""), arguments)
            self.assertNotEqual(done.stderr, "")


if __name__ == "__main__":
    unittest.main()
