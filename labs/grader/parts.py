#!/usr/bin/env python3
"""parts.py CONFIG LAB.json PART SOURCES OUT.cell [--depfile FILE]

Builds one part of a lab, a cell that a student writes, the way the build does it (abi/cmake/MitosCell.cmake), and by
the rules of docs/lab-rules.md. CMake calls it for the tree, the grader for a submission. Of SOURCES only the files
that the lab's manifest names are taken; all else comes from the tree. Problems are told one to a line, with names
relative to SOURCES, on standard error: status 1. CONFIG is what CMake has written: build/PRESET/labs/config.json.
"""
import json
import os
import pathlib
import re
import shutil
import stat
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "abi" / "cmake" / "lints")]
import lab_text  # noqa: E402
import lab_tree  # noqa: E402
import labfile  # noqa: E402
import limits  # noqa: E402

FILE_BYTES = 256 << 10
MOST_PROBLEMS = 20
# Headers whose macros and inline functions every cell needs.
FOR_EVERYBODY = {"cell.h", "own.h", "status.h"}
# What a part calls is bound to another function, so that the console shows whose output it is.
BOUND = {"console_write_step": "lab_console_write_step"}
# GCC calls these by itself, beside those of nucleus/runtime.h.
FROM_GCC = ("memcpy", "memmove", "memset", "memcmp")
# What compilers say of a place, without the lines that show it.
COMPILERS = re.compile(r"[^\s:]+:\d+:(?:\d+:)? (?:fatal error|error|note): ")
NOTE = re.compile(r"note: disable pass [a-z]*-nothrow for functions")


class Refused(Exception):
    """What is wrong with a part: str() of each argument is one problem."""


def load_config(path):
    return json.loads(pathlib.Path(path).read_text(encoding="utf-8"))


def load_lab(path):
    try:
        return labfile.load(path)
    except labfile.LabError as error:
        raise SystemExit(f"{path}: {error}") from None


def cell_name(part):
    return part["name"].rpartition("/")[2]


def find_part(lab, name):
    for part in lab["parts"]:
        if part["name"] == name:
            return part
    raise SystemExit(f"{lab['folder']}/lab.json: no part \"{name}\"")


# --- What a submission brings ---------------------------------------------------------------------


def take_file(folder, name):
    """The bytes of a regular file of the submission."""
    try:
        handle = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Refused(f"{name}: there is no such file; this part needs it") from None
    except OSError as error:
        raise Refused(f"{name}: cannot be read ({os.strerror(error.errno)}); it must be a plain file, "
                      "no link") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise Refused(f"{name}: is no plain file")
    with open(handle, "rb") as file:
        data = file.read(FILE_BYTES + 1)
    if len(data) > FILE_BYTES:
        raise Refused(f"{name}: has more than {FILE_BYTES >> 10} KiB")
    if b"\0" in data:
        raise Refused(f"{name}: has a byte 0 at {data.index(0)}, so it is no text")
    return data


def take_files(part, source_folder, clean):
    """Copies the part's files, and them only, into the folder @p clean, which is made anew."""
    shutil.rmtree(clean, ignore_errors=True)
    clean.mkdir(parents=True)
    problems = []
    for name in part["files"]:
        try:
            (clean / name).write_bytes(take_file(pathlib.Path(source_folder), name))
        except Refused as refused:
            problems += refused.args
    if problems:
        raise Refused(*problems)


# --- What a part may do ---------------------------------------------------------------------------


class Rules:
    """A part's permissions, from the lab's manifest and the lists of what headers declare."""

    def __init__(self, config, lab, part):
        self.abi = pathlib.Path(config["root"]) / "abi"
        self.interfaces = pathlib.Path(lab["folder"]) / "interfaces"
        self.lists = list(config["declared"])
        if self.interfaces.is_dir():
            self.lists.append(f"{config['folder']}/{pathlib.Path(lab['folder']).name}.txt")
        self.declared = {}
        for path in self.lists:
            for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
                function, header = line.split(" ")
                self.declared[function] = header
        self.paths = {}
        for folder in (self.abi, self.interfaces):
            for path in (*folder.glob("*.h"), *folder.glob("nucleus/*.h")):
                self.paths[str(path.relative_to(folder))] = str(path)
        self.part = part
        self.imports = self.expand("imports")
        self.exports = self.expand("provides")

    def expand(self, key):
        """The functions that an entry stands for: all of a header, or one."""
        found = set()
        for entry in self.part.get(key, []):
            if entry.endswith(".h"):
                if entry not in self.paths:
                    raise SystemExit(f"lab.json: part {self.part['name']}: {key}: no header {entry}")
                found |= {name for name, header in self.declared.items() if header == entry}
            elif entry not in self.declared and key == "provides":
                raise SystemExit(f"lab.json: part {self.part['name']}: {key}: no header declares {entry}")
            else:
                found.add(entry)
        return found

    def lines(self, inlined):
        """For pack cell --only (abi/pack/check_part.c); @p inlined comes with what the part may call."""
        own = [name for name, header in self.declared.items() if header == "nucleus/runtime.h"]
        for name in sorted(self.imports | inlined | set(own) | set(FROM_GCC)):
            yield f"import {name} {BOUND[name]}" if name in BOUND else f"import {name}"
        for name in sorted(self.exports):
            yield f"export {name}"
        for name in self.part.get("sets", ["command"]):
            yield f"set {name}"
        for name in self.part.get("commands", [cell_name(self.part)]):
            yield f"command {name}"

    def use(self):
        entries = FOR_EVERYBODY | {entry for key in ("imports", "provides") for entry in self.part.get(key, [])}
        headers = {self.paths[entry] for entry in entries if entry in self.paths}
        return lab_tree.Use(headers, self.imports, self.declared, {path: name for name, path in self.paths.items()})


# --- Building -------------------------------------------------------------------------------------


class Build:
    """One part on its way. @p without: lints, and texts of pack's findings, left out for the tests of the rules."""

    def __init__(self, config, lab, part, source_folder, work_folder, without=()):
        self.config, self.part = config, part
        self.without = {name for name in without if re.fullmatch("[a-z-]+", name)}
        self.accepted = [text for text in without if text not in self.without]
        self.rules = Rules(config, lab, part)
        self.source = pathlib.Path(source_folder).resolve()
        self.work = pathlib.Path(work_folder).resolve() / part["name"]
        self.clean = self.work / "files"
        self.until = time.monotonic() + limits.SECONDS
        self.sources = [name for name in part["files"] if name.endswith(".c")]

    def run(self, what, command, output=None):
        try:
            status, said = limits.run(command, self.clean, max(1, int(self.until - time.monotonic())), output)
        except limits.Limit as limit:
            raise Refused(f"{what}: {limit}") from None
        return status, [line for line in said.splitlines() if not NOTE.search(line)]

    def must(self, what, command, output=None):
        status, said = self.run(what, command, output)
        if status != 0:
            raise Refused(*(self.told(said) or [f"{what}: the tool ends with status {status} and says nothing: it ran "
                                                "out of memory, or broke"]))

    def told(self, said):
        """What a tool says, for the student: no path of this machine."""
        found = []
        said = [line for line in said if COMPILERS.match(line)] or said
        for line in said:
            found.append(re.sub(r"(?<![\w.])/(?:[\w.+-]+/)+", "", self.relative(line)))
        return found

    def relative(self, line):
        for path in (self.clean, self.work, self.rules.interfaces, self.config["root"]):
            line = line.replace(f"{path}/", "")
        return line

    def report(self, findings):
        """Raises what is found in the part's files, [(file, line, message)]."""
        lines = [f"{file}:{line}: {message}" for file, line, message in findings
                 if re.search(r"\[lint:([a-z-]+)\]$", message)[1] not in self.without]
        if lines:
            raise Refused(*map(self.relative, lines))

    def check_text(self):
        known = set(self.rules.paths) | {name for name in self.part["files"] if name.endswith(".h")}
        self.report([(name, line, message) for name in self.part["files"]
                     for line, message in lab_text.check_text((self.clean / name).read_bytes(), known)])

    def flags(self):
        """As a cell's, and the folders of headers; the file's name in the tables for gdb is that in the sources."""
        folders = [f"-I{self.rules.abi}"]
        if self.rules.interfaces.is_dir():
            folders.append(f"-I{self.rules.interfaces}")
        return [*self.config["defines"], *folders]

    def compile(self, name):
        self.must(name, [self.config["gcc"], *self.flags(), *self.config["gcc_flags"],
                         f"-fdebug-prefix-map={self.clean}={self.source_name()}", "-fno-diagnostics-show-caret",
                         "-c", name, "-o", self.work / f"{name}.o"])

    def source_name(self):
        root = self.config["root"]
        return str(self.source) if f"{self.source}/".startswith(f"{root}/") else "submission"

    def check_source(self, name):
        """What is checked of every cell: abi/cmake/check_source.sh."""
        allowed = ":".join([str(self.clean), str(self.rules.abi), *self.config["compiler_includes"],
                            *([str(self.rules.interfaces)] if self.rules.interfaces.is_dir() else [])])
        self.must(name, [self.config["check_source"], name, self.work / f"{name}.checked", allowed,
                         self.config["gcc"], self.config["clang"], self.config["flags_folder"], *self.flags(),
                         *(f"-DWITHOUT_LINT_{lint.replace('-', '_')}" for lint in self.without)])

    def preprocess(self, name, to):
        self.must(name, [self.config["gcc"], *self.flags(), *self.config["gcc_flags"], "-E", name, "-o", to])
        return to.read_text(encoding="utf-8", errors="replace")

    def query(self):
        """clang-query, and the flags for it."""
        flags = (pathlib.Path(self.config["flags_folder"]) / "clang.flags").read_text(encoding="utf-8")
        return re.sub(r"clang(-\d+)?$", r"clang-query\1", self.config["clang"]), flags.replace('"', "").split()

    def check_tree(self, name, pristine):
        text = self.preprocess(name, self.work / f"{name}.i")
        clang_query, flags = self.query()
        by_clang = self.work / f"{name}.clang.i"
        self.must(name, [self.config["clang"], *self.flags(), *flags, "-w", "-Wno-unused-command-line-argument",
                         "-E", name, "-o", by_clang])
        self.report(lab_tree.check_tree(clang_query, flags, text, by_clang.read_text(encoding="utf-8"), pristine,
                                        set(self.part["files"]), self.rules.use(), self.work))

    def pristine(self):
        """All headers as they are without the part."""
        includes = "".join(f'#include "{name}"\n' for name in sorted(self.rules.paths))
        (self.work / "pristine.c").write_text(includes, encoding="utf-8")
        return self.preprocess(str(self.work / "pristine.c"), self.work / "pristine.i")

    def join(self):
        joined = self.work / f"{cell_name(self.part)}.o"
        self.must("ld", [self.config["ld"], "-r", "-o", joined, *(self.work / f"{name}.o" for name in self.sources)])
        self.must("the search for gaps", [*self.config["find_gaps"], joined])
        return joined

    def pack(self, joined, pristine):
        only = self.work / "only.txt"
        inlined = lab_tree.calls_of_inlines(*self.query(), pristine, self.rules.use(), self.work)
        only.write_text("".join(f"{line}\n" for line in self.rules.lines(inlined)), encoding="utf-8")
        cell = self.work / f"{cell_name(self.part)}.cell"
        declared = [word for path in self.rules.lists for word in ("--declared", path)]
        types = [word for path in self.rules.lists for word in ("--signatures", pathlib.Path(path).with_suffix(".types"))]
        accepted = [word for text in self.accepted for word in ("--accept", text)]
        self.must("pack", [self.config["pack"], "cell", "-o", cell, "--only", only, *declared, *types, *accepted,
                           joined])
        return cell

    def each(self, step, *arguments):
        """Does a step for each file, and raises what all have."""
        problems = []
        for name in self.sources:
            try:
                step(name, *arguments)
            except Refused as refused:
                problems += refused.args
        if problems:
            raise Refused(*problems)

    def make(self):
        take_files(self.part, self.source, self.clean)
        self.check_text()
        self.each(self.compile)
        pristine = self.pristine()
        self.each(self.check_tree, pristine)
        self.each(self.check_source)
        return self.pack(self.join(), pristine)


def build_part(config, lab, part, source_folder, work_folder, without=()):
    """The path of the packed cell, or a list of problems. @p without: lints left out, for the tests of the rules."""
    try:
        return Build(config, lab, part, source_folder, work_folder, without).make()
    except Refused as refused:
        problems = list(dict.fromkeys(str(problem) for problem in refused.args))
        further = len(problems) - MOST_PROBLEMS
        return problems[:MOST_PROBLEMS] + ([f"and {further} more"] if further > 0 else [])


# --- As a command ---------------------------------------------------------------------------------


def write_depfile(path, cell, config, lab, build):
    """What the cell is made of: its files, and every header that it could include."""
    files = [pathlib.Path(build.source) / name for name in build.part["files"]]
    files += [*build.rules.paths.values(), f"{lab['folder']}/lab.json", *build.rules.lists]
    files += [*HERE.glob("*.py"), *(pathlib.Path(config["root"]) / "abi/cmake").glob("**/*.*")]
    names = " ".join(str(file).replace(" ", "\\ ") for file in files)
    pathlib.Path(path).write_text(f"{cell}: {names}\n", encoding="utf-8")


def main(arguments):
    depfile = None
    if arguments[-2:-1] == ["--depfile"]:
        depfile = arguments[-1]
        arguments = arguments[:-2]
    if len(arguments) != 5:
        raise SystemExit(__doc__)
    config, lab = load_config(arguments[0]), load_lab(arguments[1])
    part = find_part(lab, arguments[2])
    out = pathlib.Path(arguments[4])
    work = out.parent.parent / "labs" / "work"
    result = build_part(config, lab, part, arguments[3], work)
    if isinstance(result, list):
        raise SystemExit("\n".join(result))
    shutil.copyfile(result, out)
    if depfile:
        write_depfile(depfile, out, config, lab, Build(config, lab, part, arguments[3], work))


if __name__ == "__main__":
    main(sys.argv[1:])
