"""A lab's manifest, lab.json: read, and checked so that what is wrong in it is said by name."""

import json
import re
from pathlib import Path

NAME = re.compile(r"[a-z][a-z0-9_]*(/[a-z][a-z0-9_]*)?")
CHECK = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
LIMIT_DEFAULT = 200_000_000  # instructions of one check

FIELDS = {
    "lab": {"number": int, "name": str, "title": str, "goal": str, "parts": list, "steps": list, "checks": list},
    "part": {"name": str, "files": list, "provides": list, "imports": list},
    "step": {"title": str, "text": str, "hints": list},
    "check": {"name": str, "step": int, "points": int, "needs": list, "title": str},
}
OPTIONAL = {"check": {"limit": int}}


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
    if not NAME.fullmatch(part["name"]):
        raise LabError(f'{place}: "{part["name"]}" is no name of a cell, or FOLDER/NAME')
    for key in ("files", "provides", "imports"):
        _texts(part[key], f"{place}, {key}")
    for file in part["files"]:
        if file.startswith("/") or ".." in file.split("/") or not file.endswith((".c", ".h")):
            raise LabError(f"{place}: {file} is no C file of the lab")
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


def read(folder):
    """The manifest of the lab in @folder, as a dictionary, each check with a "limit"."""
    path = Path(folder) / "lab.json"
    try:
        lab = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LabError(f"{path.name}: {error}") from error
    _fields("lab", lab, path.name)
    for key, what in (("parts", _check_part), ("checks", None), ("steps", None)):
        if not lab[key]:
            raise LabError(f'{path.name}: "{key}" is empty')
        for number, thing in enumerate(lab[key], 1):
            place = f"{path.name}, {key} number {number}"
            if key == "steps":
                _fields("step", thing, place)
                _texts(thing["hints"], place)
                if len(thing["hints"]) > 3:
                    raise LabError(f"{place}: more than 3 hints")
            elif key == "checks":
                _check_check(thing, lab, place)
                thing.setdefault("limit", LIMIT_DEFAULT)
            else:
                what(thing, place)
        if key != "steps":
            _unique([thing["name"] for thing in lab[key]], f"{path.name}, {key}")
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
