"""pack cell --only: what a part of a lab may import, export and contribute to, and what is bound in an import's place."""
import unittest

from pack_case import MANIFEST, PackCase

CODE = MANIFEST + """
#include "command.h"
#include "console.h"
#include "hello.h"
EXPORT uint64_t hello_add(uint64_t a, uint64_t b) { return a + strlen("x") + b; }
static int run(int argc, char **argv)
{
    size_t done = 0;
    return (int)console_write_step(0, argv[0], (size_t)argc, &done);
}
COMMAND(first, .run = run, .usage = "x");
COMMAND(second, .run = run);
"""
DECLARED = "console_write_step console.h\nstrlen nucleus/string.h\nhello_add hello.h\nlab_console_write_step lab.h\n"
ALL = ["import strlen", "import console_write_step lab_console_write_step", "export hello_add", "set command",
       "command first", "command second"]


class Only(PackCase):

    def setUp(self):
        super().setUp()
        (self.folder / "declared.txt").write_text(DECLARED)
        self.object = self.compile({"a.c": CODE})

    def pack_only(self, lines):
        (self.folder / "only.txt").write_text("".join(f"{line}\n" for line in lines))
        return self.pack("cell", "-o", "sample.cell", "--only", "only.txt", "--declared", "declared.txt", self.object)

    def refused(self, lines, expected):
        done = self.pack_only(lines)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.splitlines(), [expected, f"pack: {self.object} is refused: 1 finding"])
        self.assertFalse((self.folder / "sample.cell").exists())

    def without(self, line):
        return [other for other in ALL if other != line]

    def test_all_that_is_permitted_passes_and_the_other_function_is_bound(self):
        done = self.pack_only(ALL)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        symbols = self.tool("nm", self.folder / "sample.cell")
        self.assertIn("U lab_console_write_step", symbols)
        self.assertNotIn("U console_write_step", symbols)
        imports = self.tool("readelf", "-p", ".mitos.imports", self.folder / "sample.cell")
        self.assertIn("lab_console_write_step lab.h", imports)

    def test_an_import(self):
        self.refused(self.without("import strlen"),
                     "a.c: strlen: used, but this part may not use it: what it may use stands in the lab's "
                     "lab.json, `imports`")

    def test_the_student_is_told_the_name_that_stands_in_the_source(self):
        self.refused(self.without(ALL[1]),
                     "a.c: console_write_step: used, but this part may not use it: what it may use stands in the "
                     "lab's lab.json, `imports`")

    def test_a_hook_is_not_permitted_by_any_list(self):
        self.object = self.compile({"a.c": CODE + '#include "sched.h"\nstatic struct task *call(void) '
                                    '{ return sched_pick(); }\nstruct task *(*const use)(void) = call;\n'})
        (self.folder / "declared.txt").write_text(DECLARED + "sched_pick sched.h\n")
        self.refused(ALL + ["import sched_pick"],
                     "a.c: sched_pick: called, but only the nucleus calls it: a part of a lab leaves it alone")

    def test_an_export(self):
        self.refused(self.without("export hello_add") + ["export a", "export b"],
                     "a.c: hello_add: exported, but this part exports only these: a, b; make it static, or leave "
                     "EXPORT out")

    def test_a_set(self):
        self.refused(self.without("set command"), "a.c: command: this part may not contribute to this set, only to: none")

    def test_a_command_by_its_name_whatever_the_symbol(self):
        self.refused(self.without("command second"),
                     "a.c: second: a command of this name is not this part's; it may have these: first")

    def test_a_command_without_a_name_or_with_one_that_is_no_text(self):
        for entry, expected in ((".name = 0", "a.c: COMMAND: a command without a name; write COMMAND(NAME, ...)"),
                                (".name = (const char *)&state", "a.c: COMMAND: a command of this name is not this "
                                 "part's; it may have these: first, second")):
            self.object = self.compile({"a.c": CODE + "struct one { char more[8]; };\nCELL_STATE(struct one);\n"
                                        "CELL_SET_ENTRY(command, struct command, x) = {" + entry + "};\n"})
            self.refused(ALL, expected)

    def test_what_is_bound_must_be_declared(self):
        self.refused(self.without(ALL[1]) + ["import console_write_step other"],
                     f"{self.object}: console_write_step: other is bound in its place, but no header of abi/ declares "
                     "that")

    def test_a_malformed_list(self):
        for line in ("import", "import a b c", "export a b", "allow a", "import  a", "set ", " import a", "import a "):
            done = self.pack_only(ALL + [line])
            self.assertEqual((done.returncode, done.stderr),
                             (1, 'only.txt:7: not a line "import|export|set|command NAME"\n'), line)
        self.assertEqual(self.pack("cell", "-o", "sample.cell", "--only", "none.txt", self.object).returncode, 1)

    def test_only_is_for_cells_that_are_made(self):
        self.assertEqual(self.pack("check", "--only", "only.txt", self.object).returncode, 2)


if __name__ == "__main__":
    unittest.main()
