"""where.py tells file and line of places in fault reports, or why it does not: never a wrong line.

A build folder is made here, of objects with known lines, and with a tool `pack` that knows their versions.
"""

import os
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WHERE = os.path.join(ROOT, ".ci", "where.py")
CROSS = os.environ.get("MITOS_CROSS", "riscv64-unknown-elf-")

SOURCE = """int other(volatile int *p);
static __attribute__((noinline)) int inner(volatile int *p)
{
    *p = 1;
    return 2;
}
int outer(volatile int *p)
{
    return inner(p) + other(p);
}
"""
TWIN = """
static __attribute__((noinline)) int inner(volatile int *p)
{
    p[7] = p[8] * p[9];
    return 3;
}
int twin(volatile int *p)
{
    return inner(p) + 1;
}
"""
PACK = """#!/bin/sh
for path; do :; done
printf '{"version": "%s"}' "$(cat "$path.version")"
"""


class Where(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = os.path.realpath(folder.name)
        self.build = os.path.join(self.root, "build")
        for name in ("build/host", "build/cells/new", "build/run", "sub"):
            os.makedirs(os.path.join(self.root, name))
        self.write("build/host/pack", PACK)
        os.chmod(os.path.join(self.build, "host", "pack"), 0o755)
        self.make("cells/box.cell", "1.0", SOURCE)

    def write(self, name, text):
        with open(os.path.join(self.root, name), "w", encoding="utf-8") as file:
            file.write(text)

    def make(self, name, version, *sources):
        """Compiles and joins sources into build/NAME; the first is sub/NAME0.c and so on."""
        objects = []
        for number, text in enumerate(sources):
            source = f"sub/{os.path.basename(name)}{version}{number}.c"
            self.write(source, text)
            objects.append(os.path.join(self.root, source + ".o"))
            subprocess.run([CROSS + "gcc", "-g", "-O1", "-march=rv64imac", "-mabi=lp64", "-mno-relax", "-c", "-o",
                            objects[-1], os.path.join(self.root, source)], check=True)
        path = os.path.join(self.build, name)
        subprocess.run([CROSS + "ld", "-r", "-o", path, *objects], check=True)
        self.write(f"build/{name}.version", version)

    def offset(self, name, function, source_line):
        """The offset of the first instruction of that line in the function, as objdump has it."""
        text = subprocess.run([CROSS + "objdump", "-dl", f"--disassemble={function}", os.path.join(self.build, name)],
                              stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout
        start, line = None, None
        for row in text.splitlines():
            if row.endswith(f"<{function}>:"):
                start = int(row.split()[0], 16)
            elif ".c:" in row:
                line = int(row.split(".c:")[1].split()[0])
            elif start is not None and line == source_line and row.startswith(" "):
                return int(row.split(":")[0], 16) - start
        raise AssertionError(f"line {source_line} of {function} is nowhere in {text}")

    def address(self, name, function, number=0):
        """Of the function of that name, number `number` by its address."""
        text = subprocess.run([CROSS + "nm", "-n", os.path.join(self.build, name)], stdout=subprocess.PIPE,
                              encoding="utf-8", check=True).stdout
        return [int(row.split()[0], 16) for row in text.splitlines() if row.split()[1:] == ["t", function]
                or row.split()[1:] == ["T", function]][number]

    def size_of_text(self, name):
        text = subprocess.run([CROSS + "size", "-A", os.path.join(self.build, name)], stdout=subprocess.PIPE,
                              encoding="utf-8", check=True).stdout
        return sum(int(row.split()[1]) for row in text.splitlines() if row.startswith(".text"))

    def run_where(self, *arguments, standard_input=""):
        result = subprocess.run([sys.executable, WHERE, "--build", self.build, "--root", self.root, "--tools", CROSS,
                                 *arguments], input=standard_input, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                encoding="utf-8", check=False)
        return result.returncode, result.stdout.rstrip("\n")

    def frame(self, text_bytes, version="1.0", function="inner", line=4):
        offset = self.offset("cells/box.cell", function, line)
        at = self.address("cells/box.cell", function) + offset
        return (f"[   0.1] fault: #1 0xffffffc087c09488 box:{function}+{offset:#x} "
                f"({version}, {at:#x} of {text_bytes} B)")

    def complete(self, text, *arguments):
        return self.run_where("--filter", *arguments, standard_input=text + "\n")[1]

    def test_place_on_the_command_line(self):
        for function, line in (("inner", 4), ("outer", 9)):
            place = f"box:{function}+{self.offset('cells/box.cell', function, line):#x}"
            self.assertEqual(self.run_where(place), (0, f"{place} at sub/box.cell1.00.c:{line}"))

    def test_what_is_no_place_is_told_so(self):
        self.assertEqual(self.run_where("box"), (1, "box: it is no CELL:FUNCTION+0x12"))
        status, text = self.run_where("none:f+0x2")
        self.assertEqual(status, 1)
        self.assertIn("has no none.cell", text)
        for place in ("box:nothing+0x2", "box:inner+0x1000"):
            status, text = self.run_where(place)
            self.assertEqual(status, 1)
            self.assertIn("has nothing at", text)

    def test_only_frames_are_completed(self):
        frame = self.frame(self.size_of_text("cells/box.cell"))
        plain = ["box:inner+0x2", "[   0.1] fault: task 5 box hart 0 pc 0x8 (box:inner+0x2)", "# 1 of 1 passed", ""]
        self.assertEqual(self.complete("\n".join([*plain, frame, *plain])).splitlines(),
                         [*plain, frame + " at sub/box.cell1.00.c:4", *plain[:-1]])

    def test_bytes_that_are_no_text_pass(self):
        result = subprocess.run([sys.executable, WHERE, "--build", self.build, "--root", self.root, "--filter"],
                                input=b"\xff\xfe #1 \x00\r\nend", stdout=subprocess.PIPE, check=True)
        self.assertEqual(result.stdout, b"\xff\xfe #1 \x00\r\nend")

    def test_another_version_or_size_has_no_line(self):
        size = self.size_of_text("cells/box.cell")
        for version, text_bytes in (("1.1", size), ("1.0", size + 64), ("1.0", size - 2)):
            text = self.complete(self.frame(text_bytes, version))
            self.assertTrue(text.endswith(f"is version {version} with {text_bytes} bytes of text)"), text)
            self.assertNotIn(".c:", text)

    def test_build_in_a_folder_is_found_by_its_version(self):
        self.make("cells/new/box.cell", "2.0", "\n\n" + SOURCE)
        size = self.size_of_text("cells/new/box.cell")
        self.assertTrue(self.complete(self.frame(size, "2.0")).endswith("at sub/box.cell2.00.c:6"))
        self.assertTrue(self.complete(self.frame(size, "1.0")).endswith("at sub/box.cell1.00.c:4"))

    def test_builds_that_disagree_are_both_named(self):
        self.make("cells/new/box.cell", "2.0", "\n\n" + SOURCE)
        self.write("build/cells/new/box.cell.version", "1.0")
        text = self.complete(self.frame(self.size_of_text("cells/box.cell")))
        self.assertTrue(text.endswith("(no line: it may be sub/box.cell1.00.c:4 or sub/box.cell2.00.c:6)"), text)

    def test_two_functions_of_one_name_are_both_named(self):
        self.make("cells/pair.cell", "1.0", SOURCE, TWIN)
        status, text = self.run_where("pair:inner+0x0")
        self.assertEqual(status, 1)
        self.assertRegex(text, r"it may be sub/pair\.cell1\.00\.c:\d+ or sub/pair\.cell1\.01\.c:\d+")

    def test_two_functions_of_one_name_are_told_apart_by_their_place(self):
        self.make("cells/pair.cell", "1.0", SOURCE, TWIN)
        size = self.size_of_text("cells/pair.cell")
        for number in (0, 1):
            at = self.address("cells/pair.cell", "inner", number)
            status, text = self.run_where(f"pair:inner+0x0 (1.0, {at:#x} of {size} B)")
            self.assertEqual(status, 0, text)
            self.assertIn(f" at sub/pair.cell1.0{number}.c:", text)

    def test_what_was_built_after_the_boot_has_no_line(self):
        booted = os.path.join(self.build, "run")
        self.write("build/run/booted", "")
        frame = self.frame(self.size_of_text("cells/box.cell"))
        self.assertIn(" at sub/", self.complete(frame, "--booted", booted))
        later = time.time() + 60
        os.utime(os.path.join(self.build, "cells", "box.cell"), (later, later))
        self.assertIn("was built after the guest had booted", self.complete(frame, "--booted", booted))

    def test_log_gives_the_frames(self):
        frame = self.frame(self.size_of_text("cells/box.cell"))
        self.write("build/run/console.log", f"mitos> \x1b[K\r\n{frame}\r\nmitos> ")
        status, text = self.run_where("--log", os.path.join(self.build, "run", "console.log"))
        self.assertEqual((status, text), (0, frame + " at sub/box.cell1.00.c:4"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
