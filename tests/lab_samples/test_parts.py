#!/usr/bin/env python3
"""test_parts.py BUILD: labs/grader/parts.py, with real tools, over what a submission may bring."""
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "labs" / "grader"))
import limits  # noqa: E402
import parts  # noqa: E402

BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
SAMPLE = ROOT / "tests/lab_samples/90-sample"
CONFIG = parts.load_config(BUILD / "labs/config.json")
LAB = parts.load_lab(SAMPLE / "lab.json")


class PartsCase(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.start = self.folder / "submission"
        shutil.copytree(SAMPLE / "start", self.start)

    def build(self, name="sample_tally", config=CONFIG, lab=LAB):
        return parts.build_part(config, lab, parts.find_part(lab, name), self.start, self.folder / "work")

    def refused(self, name="sample_tally", **options):
        problems = self.build(name, **options)
        self.assertIsInstance(problems, list)
        text = "\n".join(problems)
        self.assertNotIn(str(self.folder), text)
        self.assertNotIn(str(ROOT), text)
        self.assertNotIn("/usr/", text)
        return problems

    def append(self, text, name="sample_tally.c"):
        with open(self.start / name, "a", encoding="utf-8") as file:
            file.write(text)


class Builds(PartsCase):

    def test_a_part_of_one_file_and_one_of_several(self):
        for name in ("sample_tally", "sample_app"):
            cell = self.build(name)
            self.assertEqual(cell, self.folder / "work" / name / f"{name}.cell")
            self.assertEqual(cell.read_bytes()[:4], b"\x7fELF")

    def test_the_console_is_reached_by_the_function_that_tags(self):
        imports = subprocess.run([CONFIG["pack"], "report", self.build("sample_app")], capture_output=True, text=True,
                                 check=True).stdout
        self.assertIn("lab_console_write_step", imports)
        self.assertNotRegex(imports, r"\bconsole_write_step")

    def test_as_cells_of_the_tree_are_compiled(self):
        entries = json.loads((BUILD / "compile_commands.json").read_text(encoding="utf-8"))
        words = next(shlex.split(entry["command"]) for entry in entries if "/cells/hello/" in entry["file"])
        cells = [word for word in words[words.index(CONFIG["gcc"]):words.index("-o")]]
        mine = [CONFIG["gcc"], *CONFIG["defines"], f"-I{ROOT}/abi", *CONFIG["gcc_flags"]]
        self.assertEqual(sorted(cells), sorted(word for word in mine if word != "-DMITOS_LAB=1"))

    def test_the_same_bytes_twice(self):
        first = self.build().read_bytes()
        self.assertEqual(first, self.build().read_bytes())
        other = self.folder / "elsewhere"
        self.start.rename(other)
        self.start = other
        self.assertEqual(first, self.build().read_bytes())

    def test_two_parts_side_by_side(self):
        results = {}
        threads = [threading.Thread(target=lambda name=name: results.update({name: self.build(name)}))
                   for name in ("sample_tally", "sample_app")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([type(results[name]).__name__ for name in sorted(results)], ["PosixPath", "PosixPath"])

    def test_what_else_a_submission_brings_is_not_read(self):
        for name in ("cell.h", "sample_tally.h", "stdint.h", "own.h", "CMakeLists.txt", "Makefile", ".gdbinit",
                     "lab.json", "extra.c", "specs", "limits.py", "re.py"):
            (self.start / name).write_text("#error it was read\n", encoding="utf-8")
        (self.start / "interfaces").mkdir()
        (self.start / "interfaces/sample_tally.h").write_text("#error it was read\n", encoding="utf-8")
        self.assertIsInstance(self.build(), pathlib.Path)

    def test_the_environment_does_not_matter(self):
        (self.folder / "include").mkdir()
        (self.folder / "include/cell.h").write_text("#error it was read\n", encoding="utf-8")
        os.environ["CPATH"] = os.environ["C_INCLUDE_PATH"] = str(self.folder / "include")
        os.environ["GCC_EXEC_PREFIX"] = str(self.folder)
        self.addCleanup(lambda: [os.environ.pop(name) for name in ("CPATH", "C_INCLUDE_PATH", "GCC_EXEC_PREFIX")])
        self.assertIsInstance(self.build(), pathlib.Path)

    def test_what_an_earlier_submission_left_is_gone(self):
        work = self.folder / "work/sample_app/files"
        work.mkdir(parents=True)
        (work / "console.h").write_text("#error it was read\n", encoding="utf-8")
        self.assertIsInstance(self.build("sample_app"), pathlib.Path)


class Files(PartsCase):

    def test_a_missing_file_is_a_problem_of_its_part_alone(self):
        (self.start / "words.c").unlink()
        self.assertEqual(self.refused("sample_app"), ["words.c: there is no such file; this part needs it"])
        self.assertIsInstance(self.build("sample_tally"), pathlib.Path)

    def test_links_folders_and_pipes_are_refused(self):
        file = self.start / "sample_tally.c"
        for make in (lambda: file.symlink_to(SAMPLE / "start/sample_tally.c"), lambda: file.symlink_to("/etc/passwd"),
                     file.mkdir, lambda: os.mkfifo(file)):
            if file.is_dir():
                file.rmdir()
            else:
                file.unlink()
            make()
            self.assertRegex("\n".join(self.refused()), r"^sample_tally.c: (cannot be read|is no plain file)")

    def test_a_large_file_and_one_that_is_no_text(self):
        self.append("/*" + "x" * parts.FILE_BYTES + "*/")
        self.assertEqual(self.refused(), ["sample_tally.c: has more than 256 KiB"])
        (self.start / "sample_tally.c").write_bytes(b"int a;\0")
        self.assertEqual(self.refused(), ["sample_tally.c: has a byte 0 at 6, so it is no text"])

    def test_names_in_a_manifest_lead_nowhere_else(self):
        for change in ({"files": ["../a.c"]}, {"files": ["/a.c"]}, {"files": ["a/b.c"]}, {"files": ["-o.c"]},
                       {"files": ["@a.c"]}, {"files": ["a.S"]}, {"name": "../a"}, {"name": "A"}):
            manifest = json.loads((SAMPLE / "lab.json").read_text(encoding="utf-8"))
            manifest["parts"][0] |= change
            (self.folder / "lab.json").write_text(json.dumps(manifest), encoding="utf-8")
            with self.assertRaises(SystemExit, msg=change):
                parts.load_lab(self.folder / "lab.json")


class Problems(PartsCase):

    def test_an_error_has_its_place(self):
        self.append("static int broken(void) { return nothing; }\n")
        line = len((SAMPLE / "start/sample_tally.c").read_text(encoding="utf-8").splitlines()) + 1
        self.assertIn(f"sample_tally.c:{line}:34: error: 'nothing' undeclared (first use in this function)",
                      self.refused())

    def test_each_file_is_told_of(self):
        self.append("#pragma x\n", "words.c")
        self.append("int a(void) { asm(\"\"); }\n", "sample_app.c")
        self.append("#pragma x\n", "words.h")
        self.assertEqual(sorted({line.split(":")[0] for line in self.refused("sample_app")}),
                         ["sample_app.c", "words.c", "words.h"])

    def test_many_problems_are_cut(self):
        self.append("#pragma x\n" * 100)
        problems = self.refused()
        self.assertEqual((len(problems), problems[-1]), (parts.MOST_PROBLEMS + 1, "and 80 more"))

    def test_ownership_is_checked_as_in_every_cell(self):
        self.append("""
#include "task.h"
static void leave(struct task *t)
{
    OWN(wait_op) op = {0};
    (void)t;
    wait_begin(&op);
}
static void (*const unused)(struct task *) __attribute__((unused)) = leave;
""")
        self.assertRegex("\n".join(self.refused()), r"wait_begin\(\) of task.h: this part may not use it")

    def test_the_name_of_the_cell_is_that_of_the_part(self):
        text = (self.start / "sample_tally.c").read_text(encoding="utf-8")
        (self.start / "sample_tally.c").write_text(text.replace('.name = "sample_tally"', '.name = "labs"'),
                                                   encoding="utf-8")
        self.assertRegex("\n".join(self.refused()), 'the name is "labs", but the file sample_tally.cell')


class Bombs(PartsCase):
    """What costs a compiler more than it should is a problem of that part, soon."""

    def setUp(self):
        super().setUp()
        self.began = time.monotonic()
        self.addCleanup(setattr, limits, "SECONDS", limits.SECONDS)
        limits.SECONDS = 8

    def tearDown(self):
        self.assertLess(time.monotonic() - self.began, 40)

    def test_a_header_that_includes_itself(self):
        self.append("#undef WORDS_H\n#include \"words.h\"\n#include \"words.h\"\n", "words.h")
        header = (self.start / "words.h").read_text(encoding="utf-8")
        (self.start / "words.h").write_text(re.sub(r"#(ifndef|define) WORDS_H\n|#endif\n", "", header), encoding="utf-8")
        self.assertRegex("\n".join(self.refused("sample_app")), "#include nested depth|takes more than|grows")

    def test_a_macro_that_doubles(self):
        lines = ["#define A0 1,1,1,1,1,1,1,1"] + [f"#define A{n + 1} A{n},A{n},A{n},A{n}" for n in range(20)]
        self.append("\n".join(lines) + "\nstatic const int a[] = {A20};\n")
        self.assertRegex("\n".join(self.refused()), "takes more than|grows|out of memory")

    def test_a_large_array(self):
        for bytes_of_it in ("1ul << 40", "200 << 20"):
            self.append(f"extern const char a[{bytes_of_it}];\nconst char a[{bytes_of_it}] = {{[5] = 1}};\n")
            self.assertTrue(self.refused())
            shutil.copy(SAMPLE / "start/sample_tally.c", self.start)


if __name__ == "__main__":
    unittest.main()
