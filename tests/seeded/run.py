#!/usr/bin/env python3
"""Seeds an error into a real cell, one patch at a time, and sees which of the build's checks catches it.

    run.py prepare WORK                 copies the tree
    run.py try WORK BUILD PACK PATCH    applies PATCH to the copy, and checks the file that it changes
    run.py table [--write]              compares the table in README.md with the patches' headers, or writes it

The file goes the way of every file of a cell, with the flags of the build BUILD: gcc, clang, the lints; if gcc
passes it, it is joined with the other objects of its cell, searched for gaps of unwinding, and packed. What
complains must be what the patch's header says, no more and no less:

    Kind: leak on a path                      for the table
    Caught: gcc -Wuse-after-free, pack        or: nothing

Names of what catches: `clang thread-safety`, `clang -WNAME`, `gcc -WNAME`, `clang error`, `gcc error` (a plain
one), `lint NAME`, `gaps`, `pack`. The copy is that of tests/mutants/run.py, in WORK.
"""
import pathlib
import re
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE.parent / "mutants"), str(HERE.parent / "must_not_compile")]
import run as mutants  # noqa: E402
import try_snippet as checks  # noqa: E402

SEEDED, FOUND_LEAST = 30, 25
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"


class Seeded(mutants.BasePatch):
    """A seeded error: its header says of which kind it is, and what catches it."""

    KEYS = ("Kind", "Caught")

    def take(self, fields):
        self.kind = " ".join(fields["Kind"])
        self.caught = " ".join(fields["Caught"])

    def wrong(self):
        if not self.kind or not self.caught:
            return "needs a line Kind: and a line Caught:"
        if len(self.files) != 1 or not re.fullmatch(r"cells/\w+/\w+\.c", self.files[0]):
            return "changes something else than one C file of a cell"
        return None


def of_compiler(tool, text):
    found = set()
    for line in re.findall(r"error: .*", text):
        option = re.search(r"\[-Werror,?=?(?:-W)?([a-z0-9-]+)(?:=\d+)?\]$", line)
        option = option and re.sub(r"=.*", "", option[1])
        if option and option.startswith("thread-safety"):
            found.add(f"{tool} thread-safety")
        else:
            found.add(f"{tool} -W{option}" if option else f"{tool} error")
    return found


def of_lints(text):
    return {f"lint {name}" for name in re.findall(r"\[lint:([a-z-]+)\]", text)}


def join(build, patched, name, target, folder):
    """The patched object, with those of the cell's other files as the build has them."""
    objects = build / "cells" / name / "CMakeFiles" / f"cell_{name}.dir"
    others = [path for path in objects.glob("*.obj") if path.name != f"{target.name}.obj"]
    linker = re.sub(r"gcc(-\d+)?$", "ld", checks.cell_command(build)[0])
    return checks.run(linker, "-r", "-o", folder / "joined.o", patched, *others)


def what_catches(build, pack, tree, file):
    """What complains about @p file of @p tree, and all that was said."""
    command = [word.replace(f"{ROOT}/", f"{tree}/") if word.startswith("-I") else word
               for word in checks.cell_command(build, file)]
    name = pathlib.Path(file).parts[1]
    with tempfile.TemporaryDirectory() as path:
        folder = pathlib.Path(path)
        status, said = checks.run(*command, "-c", tree / file, "-o", folder / "patched.o")
        found = of_compiler("gcc", said) if status else set()
        results = checks.check_source(build, command, tree / file, folder, [], tree)
        found |= of_compiler("clang", results["clang"][1]) | of_lints(results["lint"][1])
        said += results["clang"][1] + results["lint"][1]
        if status == 0:
            joined, text = join(build, folder / "patched.o", name, pathlib.Path(file), folder)
            if joined:
                raise mutants.Refusal(f"BROKEN: {file} cannot be joined with the rest of its cell:\n{text}")
            gaps, gap_text = checks.find_gaps(command, folder, [])
            packed, pack_text = checks.pack_cell(build, pack, folder, name=name)
            found |= ({"gaps"} if gaps else set()) | ({"pack"} if packed else set())
            said += gap_text + pack_text
    return found, said


def prepare(work):
    mutants.copy_tree(work, ROOT)
    shutil.rmtree(work.path / "clean", ignore_errors=True)
    (work.path / "clean").mkdir()


def check_clean(work, build, pack, file):
    """Nothing complains about the file as it is; looked at once for all patches that change it."""
    note = work.path / "clean" / file.replace("/", " ")
    if note.exists():
        return
    found, said = what_catches(build, pack, work.tree, file)
    if found:
        raise mutants.Refusal(f"BROKEN: {file} is complained about without the patch, too:\n{said}")
    note.touch()


def try_patch(work, build, pack, patch):
    mutants.say(f"{patch.name}: {patch.what}")
    if not (work.path / "clean").is_dir():
        raise mutants.Refusal(f"{work.path} is not prepared; the ctest entry seeded.prepare does that")
    work.restore()
    check_clean(work, build, pack, patch.files[0])
    try:
        mutants.apply(work, patch)
        found, said = what_catches(build, pack, work.tree, patch.files[0])
    finally:
        work.restore()
    caught = ", ".join(sorted(found)) or "nothing"
    if caught != ", ".join(sorted(re.split(r", *", patch.caught))):
        raise mutants.Refusal(f"CHANGED: caught by {caught}, and the patch says {patch.caught}:\n{said}")
    mutants.say(f"caught: {caught}\n{said}")


def table(patches):
    rows = [f"| {patch.path.stem} | {patch.kind} | {patch.what} | {patch.caught} |" for patch in patches]
    found = sum(patch.caught != "nothing" for patch in patches)
    return "\n".join(["| patch | kind | what is wrong | caught by |", "|---|---|---|---|", *rows, "",
                      f"{found} of {len(patches)} are found when the cell is built.", ""])


def check_table(write):
    patches = [Seeded(path) for path in sorted(HERE.glob("*.patch"))]
    found = sum(patch.caught != "nothing" for patch in patches)
    if len(patches) < SEEDED or found < FOUND_LEAST:
        raise mutants.Refusal(f"{found} of {len(patches)} errors are found; it must be {FOUND_LEAST} of {SEEDED}")
    readme = HERE / "README.md"
    text = readme.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    wanted = before + BEGIN + table(patches) + END + after
    if write:
        readme.write_text(wanted, encoding="utf-8")
    elif text != wanted:
        raise mutants.Refusal(f"{readme}: the table is not that of the patches; run.py table --write makes it")
    mutants.say(f"{found} of {len(patches)} errors are found when the cell is built")


def main(arguments):
    try:
        if arguments[:1] == ["prepare"] and len(arguments) == 2:
            prepare(mutants.Work(arguments[1]))
        elif arguments[:1] == ["try"] and len(arguments) == 5:
            build, pack = (pathlib.Path(word).resolve() for word in arguments[2:4])
            try_patch(mutants.Work(arguments[1]), build, pack, Seeded(arguments[4]))
        elif arguments[:1] == ["table"] and arguments[1:] in ([], ["--write"]):
            check_table(bool(arguments[1:]))
        else:
            sys.exit(__doc__)
    except mutants.Refusal as refusal:
        sys.exit(f"{refusal}")


if __name__ == "__main__":
    main(sys.argv[1:])
