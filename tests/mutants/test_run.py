"""Tests of run.py, with a tree of five small files: its "nucleus" is the TAP that its `mitos` then prints."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

RUN = Path(__file__).resolve().parent / "run.py"

CMAKE = """\
cmake_minimum_required(VERSION 3.25)
project(fake LANGUAGES NONE)
add_custom_command(OUTPUT mitos.elf COMMAND sh ${CMAKE_SOURCE_DIR}/nucleus/compile.sh
                   ${CMAKE_SOURCE_DIR}/nucleus/code DEPENDS ${CMAKE_SOURCE_DIR}/nucleus/code)
add_custom_command(OUTPUT mitos.cpio COMMAND ${CMAKE_COMMAND} -E touch mitos.cpio)
add_custom_target(archive DEPENDS mitos.cpio mitos.elf)
"""
COMPILE = '! grep -q "syntax error" "$1" && cp "$1" mitos.elf\n'
# run --headless --build DIR --timeout LIMIT OPTION... -c "test AREA.NAME"
MITOS = """\
#!/bin/bash
mkdir -p "$(dirname "$0")/build"
echo "1..1"
for last; do :; done
. "$4/mitos.elf"
"""
CODE = """\
# first
say() { echo "$1ok 1 - ${last#*test }"; [[ -z $1 ]]; exit; }
# second
say ""
# third
"""


def patch_text(header, new, old='say ""', name="nucleus/code"):
    return (f"{header}\n\n--- a/{name}\n+++ b/{name}\n"
            f"@@ -3,3 +3,3 @@\n # second\n-{old}\n+{new}\n # third\n")


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.root, self.work = self.folder / "root", self.folder / "work"
        for name, text in {"CMakeLists.txt": CMAKE, "nucleus/compile.sh": COMPILE, "nucleus/code": CODE,
                           "mitos": MITOS, "abi/cmake/riscv64.cmake": ""}.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text, encoding="utf-8")
        (self.root / "mitos").chmod(0o755)
        self.run_it("prepare", self.work, self.root, "-DIGNORED=1")

    def run_it(self, *arguments, status=0):
        done = subprocess.run([sys.executable, RUN, *arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, encoding="utf-8", timeout=60, check=False)
        self.assertEqual(done.returncode, status, done.stdout)
        return done.stdout

    def patch(self, *arguments, **options):
        path = self.folder / "one.patch"
        path.write_text(patch_text(*arguments, **options), encoding="utf-8")
        return path

    def try_it(self, new, status, *expected, header="It is broken.\n\nTest: a.b", **options):
        output = self.run_it("try", self.work, self.patch(header, new, **options), status=status)
        for text in expected:
            self.assertIn(text, output)
        for name in ("nucleus/code", "mitos"):
            self.assertEqual((self.work / "tree" / name).read_bytes(), (self.root / name).read_bytes())
        return output


class Noticed(Case):
    def test_by_a_report(self):
        self.try_it('say "not "', 0, "It is broken.", "a.b failed, by report", "not ok 1 - a.b", "noticed")

    def test_by_each_of_several_tests(self):
        header = "It is\nbroken.\n\nTest: a.b\nTest: a.c\nLoad: d\nRun: --smp 4\nLimit: 7"
        new = 'echo "not ok 1 - ${last#*test }"; echo "# got $*"; exit 1'
        self.try_it(new, 0, "It is broken.", "a.b failed", "a.c failed",
                    "--timeout 7 --smp 4 -c load d; test a.c", header=header)

    def test_by_a_fault_of_its_task(self):
        new = 'echo "not ok 1 - a.b"; echo "# ended by a fault; the log says:"; exit 1'
        self.try_it(new, 0, "failed, by fault", header="Broken.\nTest: a.b\nFails: by report, by fault")
        self.try_it(new, 1, "BROKEN: a.b: by fault, and the patch says by report")

    def test_by_the_end_of_the_machine(self):
        self.try_it("exit 3", 0, "failed, by fault", header="Broken.\nTest: a.b\nFails: by fault")

    def test_by_a_guest_that_hangs(self):
        self.try_it("exit 124", 0, "failed, by timeout", header="Broken.\nTest: a.b\nFails: by timeout")


class NotNoticed(Case):
    def test_change_without_effect(self):
        self.try_it('say  ""', 1, "SURVIVED: a.b passed")

    def test_failure_after_the_test(self):
        self.try_it('say "" & wait; exit 3', 1, "SURVIVED: a.b passed, but the run failed")

    def test_one_of_two_tests(self):
        new = '[[ $last == *c ]] || say "not "; say ""'
        self.try_it(new, 1, "a.b failed", "SURVIVED: a.c", header="Broken.\nTest: a.b\nTest: a.c")

    def test_failure_of_another_test(self):
        self.try_it('echo "not ok 1 - a.bc"; exit 1', 1, "BROKEN: a.b: by fault")

    def test_skip(self):
        self.try_it('echo "ok 1 - a.b # SKIP no"; exit 0', 1, "BROKEN: a.b: was skipped")

    def test_guest_that_does_not_reach_the_test(self):
        self.try_it("exit 124", 1, "BROKEN: without the patch, a.b: did not run",
                    header="Broken.\nTest: a.b\nRun: --none\nFails: by timeout",
                    **self.without("1..1"))

    def test_code_that_does_not_build(self):
        self.try_it("syntax error", 1, "BROKEN: one.patch does not build")

    def test_test_that_always_fails(self):
        self.try_it('say ""', 1, "BROKEN: without the patch, a.b: by report", **self.with_code('say "not "'))

    def without(self, text):
        (self.root / "mitos").write_text(MITOS.replace(text, "0..0"), encoding="utf-8")
        self.run_it("prepare", self.work, self.root)
        return {}

    def with_code(self, line):
        (self.root / "nucleus/code").write_text(CODE.replace('say ""', line), encoding="utf-8")
        self.run_it("prepare", self.work, self.root)
        return {"old": line}


class Patches(Case):
    def test_stale(self):
        self.try_it('say "not "', 1, "STALE: one.patch does not apply to nucleus/code", "git diff",
                    old="say it")

    def test_applied_already(self):
        self.try_it('say ""', 1, "STALE", old='say "not "')

    def test_headers(self):
        for header, message in {
            "Broken.": "names no test",
            "Test: a.b": "does not say what it breaks",
            "Broken.\nTest: a.*": "in full",
            "Broken.\nTest: a." + 62 * "b": "more than 63 characters",
            "Broken.\nTest: a.b\nTests: a.c": "a header has Test, Load, Run, Fails, Limit only",
            "Broken.\nTest: a.b\nFails: somehow": "Fails: takes by report",
            "Broken.\nTest: a.b\nLimit: long": "Limit: takes seconds",
        }.items():
            self.try_it('say "not "', 1, "BROKEN: one.patch", message, header=header)

    def test_change_of_a_test(self):
        self.try_it("exit 3", 1, "changes more than nucleus/", name="tests/a.c")


class Interruptions(Case):
    """Nothing that stays behind after the end of a run at any point makes the next one say something else."""

    def start(self, *arguments):
        return subprocess.Popen([sys.executable, RUN, *arguments], stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, encoding="utf-8")

    def test_killed_amid_a_run_of_the_guest(self):
        mark, end = self.folder / "mark", self.folder / "end"
        path = self.patch("Broken.\nTest: a.b", f"touch {mark}; until [ -e {end} ] || [ ! -e {mark} ]; do sleep 0.01; done; exit 1")
        self.addCleanup(end.touch)
        runner = self.start("try", self.work, path)
        while not mark.exists():
            self.assertIsNone(runner.poll())
            time.sleep(0.01)
        runner.send_signal(signal.SIGKILL)
        runner.communicate()
        self.assertNotEqual((self.work / "tree/nucleus/code").read_text(encoding="utf-8"), CODE)
        second = self.start("try", self.work, self.patch("Broken.\nTest: a.b", 'say  ""'))
        self.assertIn("waiting for another run", second.stdout.readline())  # for its guest, which goes on
        end.touch()
        self.assertIn("SURVIVED", second.communicate()[0])
        self.assertEqual(second.returncode, 1)
        self.try_it('say "not "', 0, "noticed")

    def test_killed_amid_prepare(self):
        shutil.rmtree(self.work / "whole")
        self.try_it('say "not "', 1, "is not prepared")
        (self.work / "tree/nucleus/code").write_text("exit 3\n", encoding="utf-8")
        (self.work / "tree/nucleus/left_over").write_text("", encoding="utf-8")
        (self.work / "build/CMakeCache.txt").write_text("CMAKE_HOME_DIRECTORY:INTERNAL=/none\n", encoding="utf-8")
        self.run_it("prepare", self.work, self.root)
        self.assertFalse((self.work / "tree/nucleus/left_over").exists())
        self.try_it('say "not "', 0, "noticed")

    def test_edits_count_after_prepare(self):
        (self.root / "nucleus/code").write_text(CODE.replace("# second", "# second, edited"), encoding="utf-8")
        path = self.patch("Broken.\nTest: a.b", 'say "not "')
        self.run_it("try", self.work, path)
        self.run_it("prepare", self.work, self.root)
        self.assertIn("STALE", self.run_it("try", self.work, path, status=1))


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C"
    unittest.main()
