"""What clang sees in a part of a lab that must not be there: labs.cq over what GCC's preprocessor makes of a file.

GCC's, as that is what gets compiled; clang would see another side of each macro that asks for the compiler. In it,
every line of a header of abi/ must read as it does without the part's macros, or the part has changed a header.
Each finding is (file, line, message), as the files call themselves in the preprocessor's line markers.
"""
import itertools
import pathlib
import re
import subprocess

RULES = pathlib.Path(__file__).with_name("labs.cq")
MARKER = re.compile(r'# (\d+) "((?:[^"\\]|\\.)*)"')
TOKEN = re.compile(r"""\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|[A-Za-z_$][\w$]*|\.?[0-9](?:[eEpP][+-]|[\w.])*|\S""")
NOTE = re.compile(r'(.*?):(\d+):(\d+): note: "(.*)" binds here$')
ERROR = re.compile(r"(.*?):(\d+):\d+: (?:fatal )?error: (.*)$")
# GCC's attribute has arguments here, of which clang 14 does not know.
FREED_BY = re.compile(r"__attribute__\(\(malloc, malloc\([a-z_]+, [0-9]\)\)\)")


def lines_of(preprocessed):
    """{(file, line): text} of all lines that are not empty."""
    found, name, number = {}, "", 0
    for text in preprocessed.split("\n"):
        if match := MARKER.match(text):
            number, name = int(match[1]), match[2].removeprefix("./")
            continue
        if text.strip():
            found[name, number] = found.get((name, number), "") + " ".join(text.split())
        number += 1
    return found


def changed_headers(preprocessed, pristine):
    """Findings: lines of headers, which @p pristine has all of, that read otherwise here."""
    as_it_is = lines_of(pristine)
    headers = {name for name, _ in as_it_is}
    for (name, line), text in lines_of(preprocessed).items():
        if name in headers and as_it_is.get((name, line)) != text:
            return [(name, line, "a macro of the part changes what this header says: put #include first, and choose "
                                 "another name for the macro [lint:lab-header-changed]")]
    return []


def tokens_of(preprocessed, own):
    """[(token, file, line)] of the part's files, without attributes, and with numbers by their value."""
    name, number, depth = "", 0, None
    for text in preprocessed.split("\n"):
        if match := MARKER.match(text):
            number, name = int(match[1]), match[2].removeprefix("./")
            continue
        for token in TOKEN.findall(text) if name in own else ():
            if token == "__attribute__":
                depth = 0
            elif depth is None:
                yield value_of(token), name, number
            else:
                depth += {"(": 1, ")": -1}.get(token, 0)
                depth = depth or None
        number += 1


def value_of(token):
    try:
        return str(int(token.rstrip("uUlL"), 0))
    except ValueError:
        return token


def read_otherwise(preprocessed, by_clang, own):
    """Findings: where clang has other code than GCC, which macros of abi/ can tell apart. Attributes may differ."""
    for mine, other in itertools.zip_longest(tokens_of(preprocessed, own), tokens_of(by_clang, own)):
        if not mine or not other or mine[0] != other[0]:
            _, name, line = mine or other
            yield name, line, ("GCC, which compiles this, and clang, which checks it, do not read the same here: use "
                               "the macros of abi/ only as its headers show [lint:lab-two-readings]")
            return


def goto_and_brackets(preprocessed, own):
    """What only the text of the statements shows."""
    for (name, line), text in lines_of(preprocessed).items():
        if name in own and re.search(r"\bgoto\s*\*", text):
            yield name, line, "goto to a computed place: use switch [lint:lab-label-address]"
        if name in own and re.search(r"\[\s*\[", text):
            yield name, line, "[[...]]: write __attribute__((...)) [lint:lab-attribute]"


class Unreadable(Exception):
    """clang cannot read it: the arguments are findings."""


def query(clang_query, flags, rules, text, folder):
    """The lines that clang-query prints."""
    source = pathlib.Path(folder) / "preprocessed.c"
    source.write_text(FREED_BY.sub("", text))
    done = subprocess.run([clang_query, "-f", rules, source, "--", *flags, "-w"], capture_output=True, text=True,
                          errors="replace", cwd=folder, check=False)
    output = (done.stdout + done.stderr).splitlines()
    broken = [(match[1], int(match[2]), f"clang, which checks what GCC compiles, says: {match[3]} [lint:lab-clang]")
              for match in map(ERROR.match, output) if match]
    if broken:
        raise Unreadable(*broken)
    if done.returncode != 0 or any(re.match(r"\d+:\d+: Error|error:", line) for line in output):
        raise RuntimeError("\n".join(output))
    return output


class Use:
    """What a part may use beside its own files: headers and single functions, as lab.json lists them."""

    def __init__(self, headers, functions, declared, names):
        self.headers = headers      # paths of headers, all of whose functions it may call
        self.functions = functions  # names
        self.declared = declared    # {function: header} of all interfaces
        self.names = names          # {path: name} of all headers, for people

    def allows(self, path, name):
        return path not in self.names or path in self.headers or name in self.functions


def name_at(lines, place):
    """The function's name in the line of a declaration, else None."""
    text = " ".join(lines.get((place[0], place[1] + further), "") for further in range(3))
    match = re.search(r"([A-Za-z_]\w*)\s*\(", re.sub(r"__attribute__\s*\(\(.*?\)\)", "", text))
    return match[1] if match else None


def calls_of_inlines(clang_query, flags, pristine, use, folder):
    """The functions that come with what a part may call, as inline functions of headers call them."""
    called, lines, caller = {}, lines_of(pristine), None
    for text in query(clang_query, flags, RULES.with_name("lab_inlines.cq"), pristine, folder):
        if not (match := NOTE.match(text)):
            continue
        place = match[1], int(match[2])
        if match[4] == "caller":
            caller = place[0], name_at(lines, place)
        else:
            called.setdefault(caller, set()).add(name_at(lines, place))
    # What ends a block calls T_unwind() for each OWN(T) in it (abi/own.h).
    wanted = {name for name in use.declared if name.endswith("_unwind")}
    reached = {name for path, name in called if use.allows(path, name) or str(name).endswith("_unwind")}
    while reached - wanted:
        wanted |= reached
        reached = {callee for caller, callees in called.items() if caller[1] in wanted for callee in callees}
    return {name for name in wanted if name in use.declared}


def judge(output, own, use, lines):
    """clang-query prints what a match binds by the order of its name: "call" before "callee"."""
    call = None
    for text in output:
        if not (match := NOTE.match(text)):
            continue
        place, what = (match[1], int(match[2])), match[4]
        if what == "call":
            call = place
        elif what == "callee":
            if call[0] in own:
                name = name_at(lines, place)
                if not use.allows(place[0], name):
                    yield (*call, f"{name}() of {use.names[place[0]]}: this part may not use it; what it may use stands "
                                  "in the lab's lab.json, `imports` [lint:lab-import]")
        elif place[0] not in own:
            continue
        elif what != "declaration":
            yield (*place, what)
        elif (name := name_at(lines, place)) in use.declared:
            yield (*place, f"{name}() is declared by hand: #include \"{use.declared[name]}\" instead "
                           "[lint:lab-declared-by-hand]")


def check_tree(clang_query, flags, preprocessed, by_clang, pristine, own, use, folder):
    """Findings in a file that GCC has preprocessed, and clang; @p own: the part's files, as they are called in it."""
    if changed := changed_headers(preprocessed, pristine):
        return changed
    found = [*goto_and_brackets(preprocessed, own), *read_otherwise(preprocessed, by_clang, own)]
    try:
        output = query(clang_query, flags, RULES, preprocessed, folder)
    except Unreadable as unreadable:
        return found or list(unreadable.args)
    return sorted(set(found) | set(judge(output, own, use, lines_of(preprocessed))))
