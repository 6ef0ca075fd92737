"""What the text of a lab part's files must not contain: before a compiler sees it, and in all branches of #if.

A part is checked by clang, but compiled by GCC. So nothing may stand in it by which only one of the two sees some
code, and nothing that builds, in a macro, a word that is refused here. docs/lab-rules.md says why for each rule.
Each finding is (line, message), the message ending with the name of its rule.
"""
import re

TOKEN = re.compile(r"""
    (?P<comment>//[^\n]*|/\*.*?\*/)|(?P<open_comment>/\*)
    |(?P<raw>(?:u8|u|U|L)?R")
    |(?P<string>(?:u8|u|U|L)?"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
    |(?P<word>[A-Za-z_$][A-Za-z_$0-9]*)
    |(?P<number>\.?[0-9](?:[eEpP][+-]|[A-Za-z_0-9.])*)
    |(?P<newline>\n)|(?P<space>[ \t\f\v\r]+)
    |(?P<digraph>%:|<:|:>|<%|%>)
    |(?P<punct>\#\#|\.\.\.|.)""", re.VERBOSE | re.DOTALL)
SPLICE = re.compile(r"\\[ \t\f\v]*\r?\n")
# Escape sequences may name any byte in a text, but the file itself holds none of these.
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]|\r(?!\n)")

DIRECTIVES = {"include", "define", "undef", "if", "ifdef", "ifndef", "elif", "else", "endif", "error"}
CONDITIONS = {"if", "ifdef", "ifndef", "elif"}
SYSTEM_HEADERS = {"limits.h", "stdarg.h", "stdbool.h", "stddef.h", "stdint.h"}
HEADER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:/[A-Za-z0-9][A-Za-z0-9_-]*)*\.h")
# Names that begin with __ or _X belong to the compiler (ISO C 7.1.3); these are for everybody.
COMPILERS = {"__attribute__", "__func__", "__FILE__", "__LINE__", "__VA_ARGS__", "_Alignas", "_Alignof", "_Bool", "_Generic",
             "_Noreturn", "_Static_assert"}
ATTRIBUTES = {"aligned", "const", "fallthrough", "format", "noinline", "packed", "pure", "unused",
              "warn_unused_result"}
FORBIDDEN = {
    "asm": "inline assembly: the nucleus has what needs it [lint:lab-assembly]",
    "UNCHECKED": "UNCHECKED switches the analysis of ownership off: a part of a lab is checked [lint:lab-unchecked]",
    "TSA": "TSA is for own.h: write MAKES, TAKES, BORROWS or REQUIRES [lint:lab-unchecked]",
    "_Pragma": "_Pragma changes how the compiler checks: leave it out [lint:lab-pragma]",
    "va_arg": "va_arg() makes a pointer of whatever was passed: give the va_list to format_list() "
              "(nucleus/format.h) [lint:lab-va-arg]",
}


class Text:
    """A file's tokens, comments left out, each (kind, text, line)."""

    def __init__(self, source):
        self.findings = []
        self.splices = []
        pieces, at, length = [], 0, 0
        for splice in SPLICE.finditer(source):
            pieces.append(source[at:splice.start()])
            length += splice.start() - at
            self.splices.append(length)
            at = splice.end()
        pieces.append(source[at:])
        self.tokens = list(self.scan("".join(pieces)))

    def find(self, line, message):
        self.findings.append((line, message))

    def scan(self, text):
        line, splice = 1, 0
        for match in TOKEN.finditer(text):
            while splice < len(self.splices) and self.splices[splice] <= match.start():
                splice += 1
            kind, here = match.lastgroup, line + splice
            line += match.group().count("\n")
            if kind == "raw":
                self.find(here, 'R"..." is not read alike by all tools: write "..." [lint:lab-raw-string]')
                return
            if kind == "open_comment":
                self.find(here, "a comment without an end [lint:lab-comment]")
                return
            if kind == "digraph":
                self.find(here, f"{match.group()} is another spelling of [ ] {{ }} or #: write that "
                                "[lint:lab-digraph]")
            elif kind == "punct" and (match.group() in "\\`@\"'" or not match.group().isascii()):
                self.find(here, f"{match.group()!a} outside of a text, or a quote without its partner [lint:lab-character]")
            elif kind not in ("comment", "space"):
                yield kind, match.group(), here


def split_lines(tokens):
    row = []
    for token in tokens:
        if token[0] == "newline":
            yield row
            row = []
        else:
            row.append(token)
    yield row


def check_include(text, row, known):
    name = "".join(token[1] for token in row[2:])
    line = row[0][2]
    if name.startswith("<"):
        if name[1:-1] not in SYSTEM_HEADERS:
            text.find(line, f"#include {name}: there is no such header here, only "
                            f"<{'>, <'.join(sorted(SYSTEM_HEADERS))}> [lint:lab-include]")
    elif not re.fullmatch(r'".*"', name):
        text.find(line, '#include takes a name in quotes, "NAME.h", not a macro [lint:lab-include]')
    elif not HEADER_NAME.fullmatch(name[1:-1]):
        text.find(line, f"#include {name}: only headers, by their name in abi/, in the lab's interfaces or among "
                        "the part's own files [lint:lab-include]")
    elif name[1:-1] not in known:
        text.find(line, f"#include {name}: there is no such header in abi/, in the lab's interfaces or among the "
                        "part's own files [lint:lab-include]")


def check_define(text, row):
    words = [token[1] for token in row]
    if "#" in words[1:] or "##" in words:
        text.find(row[0][2], "a macro with # or ## builds words that no check sees: write them out [lint:lab-paste]")
    if words[2:3] and words[2] in ATTRIBUTES | {"__attribute__"}:
        text.find(row[0][2], f"{words[2]} is an attribute's name: choose another one for the macro "
                             "[lint:lab-attribute]")


def check_directive(text, row, known):
    name = row[1][1] if len(row) > 1 else ""
    line = row[0][2]
    if not name:
        return
    if name == "pragma":
        if [token[1] for token in row[2:]] != ["once"]:
            text.find(line, "#pragma changes how the compiler checks: leave it out [lint:lab-pragma]")
    elif name not in DIRECTIVES:
        text.find(line, f"#{name}: a part of a lab uses only #include, #define, #undef, #if and its like, and #error "
                        "[lint:lab-directive]")
    elif name == "include":
        check_include(text, row, known)
    elif name == "define":
        check_define(text, row)
    elif name in CONDITIONS:
        for _, word, _ in row[2:]:
            if word.startswith("_"):
                text.find(line, f"#{name} {word}: what depends on the compiler is checked by one and compiled by "
                                "another; use only names of your own, without _ in front [lint:lab-condition]")


def attribute_names(tokens, at):
    """The names in __attribute__((a, b(1))), whose keyword is tokens[at]; what has no such form has a name "?"."""
    words = [token[1] for token in tokens[at + 1:]]
    if words[:2] != ["(", "("]:
        return ["?"]
    names, depth, first = [], 2, True
    for word in words[2:]:
        if first:
            names.append(word)
            first = False
        elif word == "(":
            depth += 1
        elif word == ")":
            depth -= 1
            if depth == 1:
                return names
        elif depth == 2:
            first = True
            if word != ",":
                return names + ["?"]
    return names + ["?"]


def check_words(text):
    tokens = [token for token in text.tokens if token[0] != "newline"]
    for at, (kind, word, line) in enumerate(tokens):
        if kind != "word":
            continue
        if word in FORBIDDEN:
            text.find(line, FORBIDDEN[word])
        elif word in ("__asm", "__asm__"):
            text.find(line, FORBIDDEN["asm"])
        elif word == "__attribute__":
            bad = [name for name in attribute_names(tokens, at) if name not in ATTRIBUTES]
            if bad:
                text.find(line, f"__attribute__(({', '.join(bad)})): a part of a lab uses only these: "
                                f"{', '.join(sorted(ATTRIBUTES))}; EXPORT, OWN and the like are macros of abi/ "
                                "[lint:lab-attribute]")
        elif re.match(r"__|_[A-Z]", word) and word not in COMPILERS:
            text.find(line, f"{word}: names that begin with __ or with _ and a capital are the compiler's own: choose "
                            "another one [lint:lab-compiler-name]")


def check_text(data, known):
    """Findings in a file's bytes; @p known are the names that it may #include."""
    try:
        source = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return [(data.count(b"\n", 0, error.start) + 1, "this is no text in UTF-8 [lint:lab-character]")]
    if control := CONTROL.search(source):
        return [(source.count("\n", 0, control.start()) + 1,
                 f"the character {control.group()!a} in the file: write text only [lint:lab-character]")]
    text = Text(source)
    for row in split_lines(text.tokens):
        if row and row[0][1] == "#":
            check_directive(text, row, known)
    # The name that #pragma, #if and the like have is checked there.
    check_words(text)
    return sorted(set(text.findings))
