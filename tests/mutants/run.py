#!/usr/bin/env python3
"""Breaks the code on purpose, one patch at a time, and sees that a named test of the guest notices.

    run.py prepare WORK ROOT CMAKE-OPTION...   copies the tree ROOT as it is, and builds the copy
    run.py try WORK PATCH                      applies the patch to the copy, builds, runs its tests

`try` ends with status 0 when each of the patch's tests passes without the patch and fails with it, in one
of the ways that the patch names. In the folder WORK:

    source/   the tree as `prepare` found it
    tree/     source/, with at most one patch; each `try` begins by making it equal to source/ again
    build/    of tree/
    whole/    what was built without a patch; passed/ notes the tests that passed there
    lock      is held while one of the two commands runs, also by what they started
"""

import fcntl
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
LISTING = HERE.parent / "tools" / "tree_files.sh"
BOOTED = ("mitos.elf", "mitos.cpio")
TARGETS = ("mitos.elf", "archive")
MUTABLE = ("nucleus/", "sbi/", "cells/", "abi/")
NAME_MOST = 63  # characters of the name of a test (cells/commands/tests.c)
LIMIT = 60  # seconds for one run of the guest

# How a test can fail.
REPORT, FAULT, TIMEOUT = "by report", "by fault", "by timeout"
# What else can become of it.
PASSED, SKIPPED, NOT_RUN, AFTER = "passed", "was skipped", "did not run", "passed, but the run failed"


class Refusal(Exception):
    """Why a mutant does not count as noticed, for a person."""


def say(text):
    print(text, flush=True)


def indented(lines):
    return "".join(f"\n    {line}" for line in lines)


# --- Patches ---------------------------------------------------------------------------------------


class BasePatch:
    """A unified diff, under a header: a sentence that says what is broken, and lines `Key: value`. What is in
    the header is known to KEYS, take() and wrong()."""

    KEYS = ()

    def __init__(self, path):
        self.path = Path(path).resolve()
        self.name = self.path.stem
        header, self.files = self.split(self.path.read_text(encoding="utf-8"))
        fields = {key: [] for key in self.KEYS}
        sentence = []
        for line in header:
            key, colon, value = line.partition(": ")
            if colon and key in fields:
                fields[key].append(value.strip())
            elif re.match(r"[A-Z][a-z]+:( |$)", line):
                raise Refusal(f"BROKEN: {self.path.name}: '{line}': a header has {', '.join(self.KEYS)} only")
            else:
                sentence.append(line.strip())
        self.what = " ".join(filter(None, sentence))
        self.take(fields)
        self.check()

    @staticmethod
    def split(text):
        """The lines of the header, and the files that the diff changes."""
        lines = text.splitlines()
        starts = [i for i, line in enumerate(lines) if line.startswith(("--- ", "diff "))]
        header = lines[: starts[0]] if starts else lines
        names = re.findall(r"^(?:--- a|\+\+\+ b)/(\S+)", text, re.MULTILINE)
        return header, sorted(set(names))

    def check(self):
        bad = self.wrong()
        if not self.what:
            bad = "does not say what it breaks"
        elif not bad and not self.files:
            bad = "has no diff from a/FILE to b/FILE"
        elif not bad and not all(name.startswith(MUTABLE) for name in self.files):
            bad = f"changes more than {' '.join(MUTABLE)}: what it says of the tests would be worth nothing"
        if bad:
            raise Refusal(f"BROKEN: {self.path.name} {bad}")


class Patch(BasePatch):
    """A mutant: its header says which tests must notice, and how."""

    KEYS = ("Test", "Load", "Run", "Fails", "Limit")

    def take(self, fields):
        self.tests = fields["Test"]
        self.cells = " ".join(fields["Load"]).split()
        self.options = shlex.split(" ".join(fields["Run"]))
        self.fails = [way.strip() for line in fields["Fails"] for way in line.split(",")] or [REPORT]
        self.limit = (fields["Limit"] or [str(LIMIT)])[-1]

    def wrong(self):
        bad = None
        if not self.tests:
            bad = "names no test (Test: AREA.NAME)"
        elif not all(re.fullmatch(r"\w+\.\w+", test) for test in self.tests):
            bad = "a test is named AREA.NAME, in full"
        elif max(map(len, self.tests)) > NAME_MOST:
            bad = f"names a test by more than {NAME_MOST} characters, and the guest cuts off the rest"
        elif not set(self.fails) <= {REPORT, FAULT, TIMEOUT}:
            bad = f"Fails: takes {REPORT}, {FAULT}, {TIMEOUT}"
        elif not self.limit.isdigit():
            bad = "Limit: takes seconds"
        return bad


# --- The copy --------------------------------------------------------------------------------------


class Work:
    """The folder that all mutants of a build share, and the right to use it."""

    def __init__(self, path):
        self.path = Path(path).resolve()
        self.path.mkdir(parents=True, exist_ok=True)
        self.source, self.tree = self.path / "source", self.path / "tree"
        self.build, self.whole = self.path / "build", self.path / "whole"
        self.lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another run that uses {self.path}")
            fcntl.flock(self.lock, fcntl.LOCK_EX)

    def run(self, *command):
        """Returns status and output. What we start holds the lock, too, and may outlive us."""
        done = subprocess.run(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            encoding="utf-8", errors="replace", pass_fds=[self.lock], check=False,
        )
        return done.returncode, done.stdout.replace("\r", "")

    def restore(self):
        mirror(self.source, self.tree)

    def compile(self):
        """Returns what went wrong, or None. An unchanged file is not compiled again."""
        status, output = self.run("cmake", "--build", self.build, "--target", *TARGETS)
        return output if status else None


def files_below(folder):
    """Relative names. `mitos` makes build/ in its tree, for a lock."""
    found = set()
    for path, folders, names in os.walk(folder):
        if Path(path) == folder and "build" in folders:
            folders.remove("build")
        found.update(os.path.relpath(os.path.join(path, name), folder) for name in names)
    return found


def same(one, other):
    return other.is_file() and one.read_bytes() == other.read_bytes()


def mirror(source, target, names=None):
    """Makes the files of @p target those of @p source. A file that changes gets a new time stamp, so that it
    is compiled again; others keep theirs."""
    names = files_below(source) if names is None else names
    for name in names:
        if not same(source / name, target / name):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, target / name)
            shutil.copymode(source / name, target / name)
    for name in files_below(target) - set(names):
        (target / name).unlink()


def copy_tree(work, root):
    status, listing = work.run(LISTING, root)
    if status:
        raise Refusal(f"the files of {root} cannot be listed:\n{listing}")
    mirror(Path(root), work.source, listing.splitlines())
    work.restore()


def prepare(work, root, options):
    copy_tree(work, root)
    shutil.rmtree(work.build / "run", ignore_errors=True)
    shutil.rmtree(work.whole, ignore_errors=True)
    configure = ("cmake", "-S", work.tree, "-B", work.build, "-G", "Ninja",
                 "--toolchain", work.tree / "abi/cmake/riscv64.cmake", *options)
    if work.run(*configure)[0]:
        shutil.rmtree(work.build, ignore_errors=True)  # of another place or compiler
        status, output = work.run(*configure)
        if status:
            raise Refusal(f"cmake cannot configure the copy:\n{output}")
    wrong = work.compile()
    if wrong:
        raise Refusal(f"the copy does not build, even without a patch:\n{wrong}")
    (work.whole / "passed").mkdir(parents=True)
    for name in BOOTED:
        shutil.copyfile(work.build / name, work.whole / name)


# --- Runs of the guest -----------------------------------------------------------------------------


def judge(test, status, output):
    """What became of @p test, by the TAP that the guest printed and by how its run ended."""
    lines = output.splitlines()
    results = [line for line in lines if re.match(rf"(not )?ok 1 - {re.escape(test)}( # |$)", line)]
    if "1..1" not in lines:
        return NOT_RUN
    if results and results[0].startswith("not ok"):
        return FAULT if "# ended by a fault; the log says:" in lines else REPORT
    if results:
        return SKIPPED if "# SKIP" in results[0] else PASSED if status == 0 else AFTER
    return TIMEOUT if status == 124 else FAULT


def excerpt(output):
    """The lines that tell why: what the test reports, or else what the nucleus and `mitos` say last."""
    lines = output.splitlines()
    for first, line in enumerate(lines):
        if line.startswith("not ok"):
            return indented(line for line in lines[first : first + 6] if line.startswith(("not ok", "#")))
    return indented([line for line in lines if line.startswith(("#", "[ ", "mitos: "))][-8:])


def run_test(work, build, test, patch):
    """Returns what became of the test, the lines that tell why, and the seconds that it took."""
    since = time.monotonic()
    loads = [f"load {cell}" for cell in patch.cells]
    status, output = work.run(work.source / "mitos", "run", "--headless", "--build", build, "--timeout",
                              patch.limit, *patch.options, "-c", "; ".join([*loads, f"test {test}"]))
    return judge(test, status, output), excerpt(output), time.monotonic() - since


def check_whole(work, patch):
    """Each test of the patch passes without it; tried once for all patches that name it."""
    for test in patch.tests:
        note = work.whole / "passed" / " ".join([test, *patch.cells, *patch.options]).replace("/", "_")
        if note.exists():
            continue
        outcome, why, _ = run_test(work, work.whole, test, patch)
        if outcome != PASSED:
            raise Refusal(f"BROKEN: without the patch, {test}: {outcome}:{why}")
        note.touch()


def check_noticed(work, patch, test):
    outcome, why, seconds = run_test(work, work.build, test, patch)
    if outcome in (PASSED, AFTER):
        raise Refusal(f"SURVIVED: {test} {outcome}, with the patch:{why}")
    if outcome not in patch.fails:
        raise Refusal(f"BROKEN: {test}: {outcome}, and the patch says {', '.join(patch.fails)}:{why}")
    say(f"{test} failed, {outcome}, after {seconds:.1f} s:{why}")


def apply(work, patch):
    status, output = work.run("patch", "-p1", "--fuzz=0", "--forward", "--batch", "--no-backup-if-mismatch",
                              "--reject-file=-", "-d", work.tree, "-i", patch.path)
    if status:
        raise Refusal(f"STALE: {patch.path.name} does not apply to {' '.join(patch.files)} any more. Break the "
                      f"code by hand again, put the output of `git diff -U2` under the patch's header, and take "
                      f"the change back.{indented(output.splitlines())}")


def try_patch(work, patch):
    since = time.monotonic()
    say(f"{patch.name}: {patch.what}")
    if not (work.whole / "passed").is_dir():
        raise Refusal(f"{work.path} is not prepared; the ctest entry mutant.prepare does that")
    check_whole(work, patch)
    work.restore()
    try:
        apply(work, patch)
        built = time.monotonic()
        wrong = work.compile()
        if wrong:
            raise Refusal(f"BROKEN: {patch.path.name} does not build, which no test can notice:\n{wrong}")
        say(f"changes {' '.join(patch.files)}; built in {time.monotonic() - built:.1f} s")
        for test in patch.tests:
            check_noticed(work, patch, test)
    finally:
        work.restore()
    say(f"noticed; {time.monotonic() - since:.1f} s in all")


def main(arguments):
    try:
        if arguments[:1] == ["prepare"] and len(arguments) >= 3:
            prepare(Work(arguments[1]), arguments[2], arguments[3:])
        elif arguments[:1] == ["try"] and len(arguments) == 3:
            try_patch(Work(arguments[1]), Patch(arguments[2]))
        else:
            sys.exit(__doc__)
    except Refusal as refusal:
        sys.exit(f"{refusal}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main(sys.argv[1:])
