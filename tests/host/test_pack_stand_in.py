"""pack stand-in: what becomes of each sort of export, and that the stand-ins of the build fit their cells."""
import os
import pathlib
import re
import unittest

from pack_case import CELL_FLAGS, GUEST, ROOT, PackCase

HEADER = """
#ifndef SAMPLE_H
#define SAMPLE_H
#include "cell.h"
#include "own.h"
struct thing;
/** bool not_this(int x) TRY_MAKES(x); is in a comment. */
#define NOT_THAT \\
    enum status not_that(void);
MUST_CHECK enum status sample_status(int x)
    BORROWS_MUT(x);
bool sample_try(struct thing *t) TRY_MAKES(*t);
bool sample_bool(struct thing *t);
static inline bool sample_wrapper(struct thing *t)
{
    return sample_bool(t) && sample_status(1) == OK;
}
void sample_unwind(struct thing *t) UNCHECKED;
void sample_drop(struct thing *t) TAKES(*t);
void sample_hint(void) OR_NOTHING;
const struct thing *sample_pointer(void);
void (*sample_function(int x))(void);
void task_ended(struct task *task);
#endif
"""
A = """
#include <stdbool.h>
struct task;
#include "sample.h"
struct kept { char bytes[100]; };
CELL_STATE(struct kept);
CELL(.name = "sample", .version = "1.0", .summary = "A sample.", .provides = "sample");
void (*b(void))(void) __attribute__((visibility("hidden")));
EXPORT enum status sample_status(int x) { return x ? OK : ERR_BUSY; }
EXPORT bool sample_try(struct thing *t) { return t; }
EXPORT bool sample_bool(struct thing *t) { return t; }
EXPORT void sample_unwind(struct thing *t) { (void)t; }
EXPORT void sample_drop(struct thing *t) { (void)t; }
EXPORT void sample_hint(void) { state.bytes[0]++; b(); }
EXPORT const struct thing *sample_pointer(void) { return 0; }
static void same(void) { state.bytes[1]++; }
EXPORT void (*sample_function(int x))(void) { return same; }
EXPORT void task_ended(struct task *task) { (void)task; }
"""
B = """
static void same(void) { *(volatile char *)64 = 1; }
static __attribute__((noinline)) void called(void) { *(volatile char *)65 = 1; }
void (*b(void))(void);
__attribute__((visibility("hidden"))) void (*b(void))(void) { called(); return same; }
"""
FUNCTIONS = ("sample_status", "sample_try", "sample_bool", "sample_unwind", "sample_drop", "sample_hint",
             "sample_pointer", "sample_function", "task_ended")


def functions_of(source):
    """{name: (its declaration, its body)} of a stand-in's source."""
    return {name: (before, body.strip())
            for before, name, body in re.findall(r"^((?:EXPORT|static).*?)(\w+)\(void\)\n\{\n(.*?)\}$", source, re.M | re.S)}


class StandIn(PackCase):

    def write(self, *options, declared=FUNCTIONS):
        (self.folder / "sample.h").write_text(HEADER)
        (self.folder / "list").write_text("".join(f"{name} sample.h\n" for name in declared))
        joined = self.compile({"a.c": A, "b.c": B}, [f"-I{self.folder}"])
        self.assertEqual(self.pack("cell", "-o", "sample.cell", joined).stderr, "")
        (self.folder / "out").mkdir(exist_ok=True)
        return self.pack("stand-in", "-o", "out", "--declared", "list", "--headers", ROOT / "abi", "--headers",
                         self.folder, *options, "sample.cell")

    def source(self, name="a.c"):
        return (self.folder / "out" / name).read_text()

    def test_each_export_does_what_its_prototype_says(self):
        done = self.write()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        found = functions_of(self.source())
        fault = 'panic("sample is in quarantine, and {}() was called");'
        self.assertEqual({name: body for name, (_, body) in found.items()}, {
            "sample_status": "return ERR_QUARANTINED;",
            "sample_try": "return 0;",
            "sample_unwind": "",
            "sample_hint": "",
            **{name: fault.format(name)
               for name in ("sample_bool", "sample_drop", "sample_pointer", "sample_function", "same")},
        })
        self.assertTrue(found["same"][0].startswith("static"))
        self.assertTrue(found["sample_status"][0].startswith("EXPORT enum status"))

    def test_statics_whose_address_is_taken_are_in_the_file_of_their_name(self):
        self.write()
        self.assertEqual(list(functions_of(self.source("b.c"))), ["same"])

    def test_it_is_a_cell_with_the_same_state_and_without_hooks(self):
        self.write()
        joined = self.compile({"a.c": self.source(), "b.c": self.source("b.c")}, ["-fno-ipa-icf"])
        refused = self.pack("cell", "-o", "sample.cell", "--declared", "list", joined)
        self.assertIn("task_ended: not exported, but the cell provides `sample`", refused.stderr)
        with open(self.folder / "list", "a", encoding="utf-8") as declared:
            declared.write("panic nucleus/machine.h\n")
        done = self.pack("cell", "-o", "sample.cell", "--stand-in", "--declared", "list", joined)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(self.tool("readelf", "-SW", self.folder / "sample.cell"), r"\.cell\.state +\w+ +\w+ \w+ 000064 ")

    def test_what_is_kept_is_left_out(self):
        self.write("--keep", "b.c", "--keep", "sample_drop")
        self.assertNotIn("sample_drop", self.source())
        self.assertFalse((self.folder / "out" / "b.c").exists())

    def test_export_that_no_header_declares_is_refused(self):
        done = self.write(declared=FUNCTIONS[1:])
        self.assertEqual(done.returncode, 1)
        self.assertIn("sample_status: no header that was given declares it", done.stderr)

    def test_wrong_use_is_refused(self):
        for arguments in ([], ["-o", "out"], ["sample.cell"], ["-o", "out", "a.cell", "b.cell"], ["--zz"]):
            self.assertEqual(self.pack("stand-in", *arguments).returncode, 2)


@unittest.skipUnless(GUEST and os.path.exists(f"{GUEST}/cells/stand_in"), "no build of the guest")
class Build(PackCase):
    """The compiler's own list of prototypes is the oracle."""

    def setUp(self):
        super().setUp()
        headers = sorted(pathlib.Path(ROOT, "abi").glob("*.h"))
        probe = self.folder / "probe.c"
        probe.write_text("".join(f'#include "{header.name}"\n' for header in headers))
        self.tool("gcc", *CELL_FLAGS, "-fsyntax-only", "-aux-info", self.folder / "aux", probe)
        self.prototypes = dict(
            (name, kind) for kind, name in re.findall(r"extern (.*?)(\w+) \(", (self.folder / "aux").read_text()))

    def exports(self, path):
        return set(re.findall(r" FUNC +GLOBAL +DEFAULT +\d+ (\w+)$", self.tool("readelf", "-sW", path), re.M))

    def test_the_driver_cells_have_one_that_fits(self):
        hooks = set(re.findall(r"X\((\w+)\)", pathlib.Path(ROOT, "abi/nucleus/hooks.h").read_text()))
        for name in ("vm", "clock", "plic", "uart", "devicetree"):
            with self.subTest(cell=name):
                cell, stand_in = (pathlib.Path(GUEST, "cells", folder, f"{name}.cell") for folder in ("", "stand_in"))
                self.assertEqual(self.exports(stand_in), self.exports(cell) - hooks)
                size = r"\.cell\.state +\w+ +\w+ \w+ (\w+)"
                self.assertEqual(re.findall(size, self.tool("readelf", "-SW", stand_in)),
                                 re.findall(size, self.tool("readelf", "-SW", cell)))

    def test_what_returns_a_status_says_it(self):
        seen = 0
        for source in pathlib.Path(GUEST, "stand_in").glob("*/*.c"):
            for name, (before, body) in functions_of(source.read_text()).items():
                if name in self.prototypes and before.startswith("EXPORT"):
                    seen += 1
                    self.assertEqual(body == "return ERR_QUARANTINED;", self.prototypes[name].strip() == "enum status", name)
        self.assertGreater(seen, 20)


if __name__ == "__main__":
    unittest.main()
