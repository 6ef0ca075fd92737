"""A packed cell: an ELF object for every tool, bytes unchanged, the unwinder's data read-only."""
import json
import os
import re
import unittest

from pack_case import MANIFEST, PackCase

# Two files, a cleanup (so that GCC refers to its personality routine), strings, state, an export.
FILES = {
    "a.c":
    MANIFEST + """
#include "nucleus/log.h"
struct counter { int n; };
CELL_STATE(struct counter);
static const char *const names[] = {"a", "b"};
int helper(int x);
EXPORT int use(int x);
EXPORT int use(int x) { log_write("%s %d", names[x & 1], state.n++); return helper(x); }
""",
    "b.c":
    """
#include "task.h"
int helper(int x);
int helper(int x)
{
    OWN(wait_op) op = {0};
    wait_begin(&op);
    task_cancelled();
    wait_end(&op);
    return x + 1;
}
""",
}
REFERENCE = "DW.ref.__gcc_personality_v0"


def sections(text):
    """{name: (type, flags)} of `readelf -SW`."""
    found = re.findall(
        r"^ +\[ *\d+\] (\S+) +(\S+) +[0-9a-f]{16} \S+ \S+ \S+ +([A-Zop]*) +\d+ +\d+ +\d+$", text,
        re.MULTILINE)
    return {name: (kind, flags) for name, kind, flags in found}


class Cell(PackCase):

    def setUp(self):
        super().setUp()
        self.joined = self.compile(FILES)
        done = self.pack("cell", "-o", "sample.cell", self.joined)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.cell = self.folder / "sample.cell"

    def test_binutils_read_it_without_warnings(self):
        self.tool("readelf", "-aW", self.cell)
        self.tool("readelf", "--debug-dump=info,decodedline,frames", "-W", self.cell)
        self.assertIn("R_RISCV_CALL_PLT\tlog_write", self.tool("objdump", "-dr", self.cell))

    def test_ld_still_links_it(self):
        """ld takes the cell as it takes the object; text is as long (addresses may differ)."""
        for name in ("sample.o", "sample.cell"):
            self.tool("ld", "-e", "0", "--unresolved-symbols=ignore-all", "--no-relax",
                      "-Ttext=0x10000", "-Tdata=0x40000", "--section-start=.cell.state=0x50000",
                      "--no-gc-sections", "-o", self.folder / f"{name}.linked", self.folder / name)
            self.tool("objcopy", "-O", "binary", "-j", ".text", self.folder / f"{name}.linked",
                      self.folder / f"{name}.text")
        self.assertGreater((self.folder / "sample.o.text").stat().st_size, 50)
        self.assertEqual((self.folder / "sample.o.text").stat().st_size,
                         (self.folder / "sample.cell.text").stat().st_size)

    def test_bytes_of_sections_are_unchanged(self):
        names = [
            name for name, (kind, _) in sections(self.tool("readelf", "-SW", self.joined)).items()
            if kind == "PROGBITS" and REFERENCE not in name and name != ".BTF"
        ]
        self.assertIn(".text", names)
        self.assertIn(".debug_info", names)
        for name in names:
            dumps = []
            for file in (self.joined, self.cell):
                dump = self.folder / "dump"
                self.tool("objcopy", "-O", "binary", "--set-section-flags", f"{name}=alloc", "-j",
                          name, file, dump)
                dumps.append(dump.read_bytes())
            self.assertEqual(dumps[0], dumps[1], name)

    def test_relocations_are_unchanged_but_for_numbers(self):

        def relocations(file):
            text = self.tool("readelf", "-rW", file).replace(".sdata.DW", ".rodata.DW")
            text = re.sub(r" at offset 0x[0-9a-f]+", "", text)
            return re.sub(r"^([0-9a-f]{16})  [0-9a-f]{8}", r"\1  ", text, flags=re.MULTILINE)

        self.assertEqual(relocations(self.joined), relocations(self.cell))

    def test_unwind_data_is_read_only_and_groups_are_gone(self):
        before = sections(self.tool("readelf", "-SW", self.joined))
        after = sections(self.tool("readelf", "-SW", self.cell))
        self.assertEqual(before[".sdata." + REFERENCE][1], "WAG")
        self.assertEqual(before[".gcc_except_table"][1], "WA")
        self.assertEqual(after[".rodata." + REFERENCE][1], "A")
        self.assertEqual(after[".gcc_except_table"][1], "A")
        self.assertNotIn(".group", after)
        self.assertNotIn("G", "".join(flags for _, flags in after.values()))
        symbol = [
            line.split()[3:7] for line in self.tool("readelf", "-sW", self.cell).splitlines()
            if line.endswith(" " + REFERENCE)
        ]
        self.assertEqual([words[:3] for words in symbol], [["OBJECT", "LOCAL", "HIDDEN"]])

    def test_gdb_files_and_lines_survive(self):
        """addr2line finds the line of helper() in the second file."""
        address = [
            line.split()[1] for line in self.tool("readelf", "-sW", self.cell).splitlines()
            if line.endswith(" helper")
        ][0]
        self.assertIn("b.c:", self.tool("addr2line", "-j", ".text", "-e", self.cell, address))

    def test_imports_are_listed_with_their_headers(self):
        (self.folder / "list").write_text("\n".join(
            f"{name} {header}"
            for name, header in [("log_write", "nucleus/log.h"), (
                "wait_begin", "task.h"), ("wait_end", "task.h"), (
                    "wait_op_unwind", "task.h"), ("task_cancelled", "task.h"), (
                        "use",
                        "sample.h"), ("__gcc_personality_v0",
                                      "nucleus/runtime.h"), ("_Unwind_Resume",
                                                             "nucleus/runtime.h")]))
        done = self.pack("cell", "--declared", "list", self.joined, "-o", "sample.cell")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        dump = self.tool("readelf", "-p", ".mitos.imports", "-p", ".mitos.note", self.cell)
        self.assertIn("log_write nucleus/log.h", dump)
        self.assertIn("wait_end task.h", dump)
        self.assertIn("pack 1", dump)

    def test_report(self):
        done = self.pack("report", "--json", "sample.cell")
        report = json.loads(done.stdout)
        self.assertEqual(report["name"], "sample")
        self.assertEqual([item["name"] for item in report["exports"]], ["use"])
        self.assertEqual(report["state"], [{"name": "state", "bytes": 4}])
        sites = {item["name"]: item["sites"] for item in report["imports"]}
        self.assertEqual(sites["log_write"], 1)
        text = [item for item in report["sections"] if item["name"] == ".text"]
        self.assertEqual(text[0]["access"], "rx")
        lines = self.tool("readelf", "-rW", self.cell).split("Relocation section '.rela.debug")[0]
        self.assertEqual(report["relocations"]["R_RISCV_CALL_PLT"],
                         lines.count("R_RISCV_CALL_PLT"))
        self.assertIn("export  use", self.pack("report", "sample.cell").stdout)

    KINDS = """
#include "nucleus/heap.h"
struct kinds { struct kind *one, *two, *three; };
CELL_STATE(struct kinds);
struct one { uint64_t words[3]; };
KIND(one, "first kind", struct one, .room = 8);
KIND_OF_BUFFERS(two, "another");
enum status make(void);
enum status make(void)
{
    enum status status = kind_create(&state.one, &kind_one);
    return status == OK ? kind_create(&state.two, &kind_two) : status;
}
"""

    def test_report_lists_kinds_with_names_that_are_constants(self):
        self.make_cell("kinds", self.KINDS)
        for words in (("report", "--json"), ("--report", "--json")):
            report = json.loads(self.pack(*words, "kinds.cell").stdout)
            self.assertEqual(report["kinds"], [{"name": "first kind", "bytes": 24, "room": 8},
                                               {"name": "another", "bytes": 0, "room": 0}])
            self.assertEqual(report["state"], [{"name": "state", "bytes": 24}])
        lines = self.pack("--report", "kinds.cell").stdout.splitlines()
        self.assertEqual([line.split(None, 1)[1] for line in lines if line.startswith("  kind ")],
                         ["first kind                       24 bytes, room for 8 more",
                          "another                          buffers"])

    def test_report_of_several_cells_is_a_list(self):
        self.make_cell("kinds", self.KINDS)
        reports = json.loads(self.pack("report", "--json", "kinds.cell", "sample.cell").stdout)
        self.assertEqual([report["name"] for report in reports], ["kinds", "sample"])
        self.assertEqual([report["kinds"] == [] for report in reports], [False, True])
        text = self.pack("report", "kinds.cell", "sample.cell").stdout
        self.assertEqual(text.count("provides no interface"), 2)
        done = self.pack("report", "kinds.cell", "none.cell")
        self.assertEqual(done.returncode, 1)
        self.assertIn("none.cell", done.stderr)

    def test_packing_is_repeatable(self):
        first = self.cell.read_bytes()
        self.assertEqual(self.pack("cell", "-o", "sample.cell", self.joined).returncode, 0)
        self.assertEqual(first, self.cell.read_bytes())
        self.assertEqual(self.pack("check", "sample.cell").returncode, 0)
        (self.folder / "again").mkdir()
        self.assertEqual(self.pack("cell", "-o", "again/sample.cell", "sample.cell").returncode, 0)

    def test_failure_leaves_the_old_file_alone(self):
        (self.folder / "bad.o").write_bytes(b"\x7fELF")
        before = self.cell.read_bytes()
        files = sorted(os.listdir(self.folder))
        self.assertEqual(self.pack("cell", "-o", "sample.cell", "bad.o").returncode, 1)
        self.assertEqual(self.cell.read_bytes(), before)
        (self.folder / "taken").mkdir()
        self.assertEqual(self.pack("cell", "-o", "no/such/sample.cell", self.joined).returncode, 1)
        (self.folder / "taken" / "sample.cell").mkdir()
        done = self.pack("cell", "-o", "taken/sample.cell", self.joined)
        self.assertEqual(done.returncode, 1)
        self.assertIn("taken/sample.cell: cannot write: ", done.stderr)
        self.assertEqual(sorted(os.listdir(self.folder)), sorted(files + ["taken"]))
        self.assertEqual(os.listdir(self.folder / "taken"), ["sample.cell"])

    def test_wrong_use_is_one_line_and_status_2(self):
        for words in ([], ["fly"], ["cell"], ["cell", "-o"], ["cell", "--fast", "x"], ["check"],
                      ["list"], ["report"], ["report", "--json"], ["report", "sample.cell", "-b"],
                      ["archive"], ["archive", "-o",
                                                     "x"], ["help",
                                                            "fly"], ["check", "-o", "x", "y"]):
            done = self.pack(*words)
            self.assertEqual((done.returncode, done.stdout, len(done.stderr.splitlines())),
                             (2, "", 1), words)

    def test_help_names_every_command(self):
        done = self.pack("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for name in ("cell", "check", "report", "archive", "list"):
            self.assertIn(f"pack {name} ", done.stdout)
            self.assertIn(f"usage: pack {name}", self.pack("help", name).stdout)
        self.assertEqual(self.pack("--version").stdout, "pack 1\n")


if __name__ == "__main__":
    unittest.main()
