"""A lab's manifest, lab.json: read, and checked so that what is wrong in it is said by name."""

import json
import re
from pathlib import Path

# A part's name is its cell's; of another version of a cell the lab has already, FOLDER/CELL.
PART_NAME = re.compile(r"([a-z][a-z0-9_]{0,30}/)?[a-z][a-z0-9_]{0,30}")
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\.[ch]")
CHECK = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
LIMIT_DEFAULT = 200_000_000  # instructions of one check

FIELDS = {
    "lab": {"number": int, "name": str, "title": str, "goal": str, "parts": list, "steps": list, "checks": list, "folder": str},
    "part": {"name": str, "files": list},
    "step": {"title": str, "text": str, "hints": list},
    "check": {"name": str, "step": int, "points": int, "needs": list, "title": str},
}
OPTIONAL = {"check": {"limit": int}, "part": {"provides": list, "imports": list, "commands": list, "sets": list}}


class LabError(Exception):
    """The manifest is wrong; the text says where and what."""


def _fields(what, thing, place):
    if not isinstance(thing, dict):
        raise LabError(f"{place}: it is no object")
    known = FIELDS[what] | OPTIONAL.get(what, {})
    for name, kind in FIELDS[what].items():
        if name not in thing:
            raise LabError(f'{place}: "{name}" is missing')
    for name, value in thing.items():
        if name not in known:
            raise LabError(f'{place}: "{name}" is not known')
        if not isinstance(value, known[name]) or isinstance(value, bool):
            raise LabError(f'{place}: "{name}" is no {known[name].__name__}')


def _texts(values, place):
    for value in values:
        if not isinstance(value, str) or not value:
            raise LabError(f"{place}: {value!r} is no text")


def _unique(names, place):
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise LabError(f"{place}: {sorted(twice)[0]} is there twice")


def _check_part(part, place):
    _fields("part", part, place)
    if not PART_NAME.fullmatch(part["name"]):
        raise LabError(f'{place}: "{part["name"]}" is no name of a cell, or FOLDER/CELL')
    for key in set(part) - {"name"}:
        _texts(part[key], f"{place}, {key}")
    for file in part["files"]:
        if not FILE_NAME.fullmatch(file):
            raise LabError(f'{place}: "{file}" is no name of a C file or header')
    if not any(file.endswith(".c") for file in part["files"]):
        raise LabError(f"{place}: it has no C file")


def _check_check(check, lab, place):
    _fields("check", check, place)
    if not CHECK.fullmatch(check["name"]):
        raise LabError(f'{place}: "{check["name"]}" is no name such as tally.counts')
    if not 1 <= check["step"] <= len(lab["steps"]):
        raise LabError(f"{place}: there is no step {check['step']}")
    if check["points"] < 1 or check.get("limit", 1) < 1:
        raise LabError(f"{place}: points and limit are at least 1")
    parts = [part["name"] for part in lab["parts"]]
    for need in check["needs"]:
        if need not in parts:
            raise LabError(f"{place}: it needs {need}, which is no part")


def load(path):
    """The manifest at @path as it is, with "folder" added, and its parts checked: names that cannot lead elsewhere."""
    path = Path(path).resolve()
    try:
        lab = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LabError(f"{path.name}: {error}") from error
    if not isinstance(lab, dict) or not isinstance(lab.get("parts"), list):
        raise LabError(f'{path.name}: "parts" is missing')
    for number, part in enumerate(lab["parts"], 1):
        _check_part(part, f"{path.name}, parts number {number}")
    return lab | {"folder": str(path.parent)}


def read(folder):
    """The manifest of the lab in @folder, all of it checked, each check with a "limit"."""
    lab = load(Path(folder) / "lab.json")
    _fields("lab", lab, "lab.json")
    for key in ("parts", "steps", "checks"):
        if not lab[key]:
            raise LabError(f'lab.json: "{key}" is empty')
    _unique([part["name"] for part in lab["parts"]], "lab.json, parts")
    for number, step in enumerate(lab["steps"], 1):
        place = f"lab.json, steps number {number}"
        _fields("step", step, place)
        _texts(step["hints"], place)
        if len(step["hints"]) > 3:
            raise LabError(f"{place}: more than 3 hints")
    for number, check in enumerate(lab["checks"], 1):
        _check_check(check, lab, f"lab.json, checks number {number}")
        check.setdefault("limit", LIMIT_DEFAULT)
    _unique([check["name"] for check in lab["checks"]], "lab.json, checks")
    return lab


def find(root, word):
    """The folder of the lab that @word, a number or a name, means. LabError: there is none; it lists all."""
    labs = {}
    for path in sorted(Path(root).glob("labs/*/lab.json")):
        lab = read(path.parent)
        labs[str(lab["number"])] = labs[lab["name"]] = labs[path.parent.name] = path.parent
    if word in labs:
        return labs[word]
    names = ", ".join(sorted({folder.name for folder in labs.values()})) or "none"
    raise LabError(f"there is no lab {word}; there are: {names}")
