#!/usr/bin/env python3
"""check_outputs.py check|update [--build DIR] [--root DIR] [PAGE...]: whether what documents say that a command
prints is what it prints. docs/testing.md ("Outputs in documents") says how a page shows them, and what is compared.

check prints what differs, and ends with status 1. update writes what is printed now into the pages.
"""

import argparse
import difflib
import re
import shlex
import subprocess
import sys
from pathlib import Path

PAGES = ['*.md', 'docs/*.md', 'cells/*/README.md', 'labs/*/README.md', 'tests/*/README.md']
# What a page may type on the host, and what is put behind it here. BUILD: the build that is tested.
HOST_COMMANDS = {
    './mitos help': [],
    './mitos run': ['--build', 'BUILD', '--timeout', '60'],
    './mitos where': ['--build', 'BUILD'],
    'build/dev/host/pack': [],
}
LIMIT = 90  # seconds, for one command of the host: a backstop
# Typed in the guest before each command, and what comes of it: no task, so those of the page have the numbers that a
# reader sees.
MARK, MARKED = 'mark-{}', 'mark-{}: no such command'
LEFT_OUT = '...'
GUEST, HOST = 'mitos> ', '$ '
# Lines that only a guest prints: outside of a session nobody would notice when they are no longer true.
LOOKS_LIKE_OUTPUT = re.compile(r'(mitos> |\[ *\d+\.\d{6}\] |fault: |not ok \d|ok \d+ )')

# What another build, or compiler, may change: offsets in functions, and numbers of three digits or more, or with three
# behind the point. Their digits are not compared; all else is, but for the width of columns.
CHANGING = re.compile(r'\+0x[0-9a-f]+|(?<![\w.])(?:0x[0-9a-f]{3,}|\d+\.\d{3,}|\d{1,3}(?:,\d{3})+|\d{3,})(?![\w])(?!\.\d)')
# What `./mitos run --headless` puts behind a frame of a report. At a prompt it comes when the machine has ended.
LINES_OF_FRAME = re.compile(r'^((?:\[[ \d.]+\] fault:|) +#\d+ .*?) at [\w./-]+\.[chS]:\d+(?:, inlined at .*)?$')


class Wrong(Exception):
    """Something that a person must mend in a page."""


class Command:
    """A line that is typed, and the lines that follow in the page."""

    def __init__(self, page, number, typed):
        self.page, self.number = page, number  # of the line, from 1
        self.typed = typed
        self.shown = []  # lines
        self.printed = None


def is_guest(command):
    return command.typed.startswith(GUEST)


def as_compared(line):
    line = CHANGING.sub(lambda m: re.sub(r'(?<=x)[0-9a-f]+|\d[\d,]*(?!x)', '#', m[0]), line)
    return re.sub(r'\s+', ' ', line.rstrip())


def agree(shown, printed):
    """Whether SHOWN, in which "..." stands for any lines, is what was PRINTED."""
    reached = {0}  # how many lines of PRINTED can stand for the lines of SHOWN so far
    for line in shown:
        if line == LEFT_OUT:
            reached = set(range(min(reached), len(printed) + 1)) if reached else set()
        else:
            reached = {at + 1 for at in reached if at < len(printed) and as_compared(line) == as_compared(printed[at])}
    return len(printed) in reached


# --- Pages -----------------------------------------------------------------------------------------


def fences(lines):
    """(first, end, indent, kind) of each fenced block: the line numbers, from 0, of what is within."""
    opened = None
    for at, line in enumerate(lines):
        fence = re.match(r'( *)(`{3,})([^`]*)$', line)
        if not fence:
            continue
        if opened is None:
            opened = at + 1, fence[1], fence[2], fence[3].strip()
        elif line.strip() == opened[2]:
            yield opened[0], at, opened[1], opened[3]
            opened = None
    if opened is not None:
        raise Wrong(f'line {opened[0]}: this block has no end')


def session(page, lines, first, end, indent):
    """The commands of one block."""
    commands = []
    for at in range(first, end):
        line = lines[at][len(indent):]
        if line.startswith((GUEST, HOST)):
            commands.append(Command(page, at + 1, line))
        elif not commands:
            raise Wrong(f'line {at + 1}: a session begins with "{GUEST}COMMAND" or "{HOST}COMMAND"')
        else:
            commands[-1].shown.append(line)
    if not commands:
        raise Wrong(f'line {first}: a session without a command')
    return commands


def commands_of(page, text):
    """The commands of a page's sessions, in order."""
    lines = text.splitlines()
    commands = []
    elsewhere = {at for at, line in enumerate(lines) if line.startswith('    ')}
    for first, end, indent, kind in fences(lines):
        if kind == 'console':
            commands += session(page, lines, first, end, indent)
            elsewhere.difference_update(range(first, end))
        else:
            elsewhere.update(range(first, end))
    for at in sorted(elsewhere):
        if LOOKS_LIKE_OUTPUT.match(lines[at].lstrip()):
            raise Wrong(f'line {at + 1}: output of a command that no test looks at: put it into a session '
                        '(```console), with the command that prints it')
    return commands


# --- Running ---------------------------------------------------------------------------------------


def run(arguments, root):
    done = subprocess.run(arguments, cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=LIMIT)
    return done.returncode, done.stdout.decode(errors='replace').replace('\r', '').splitlines()


def script_of(commands):
    """One line for the shell of the guest, with a mark before each command."""
    words = ''
    for number, command in enumerate(commands):
        typed = command.typed[len(GUEST):].strip()
        words += f'{MARK.format(number)}; {typed}' + (' ' if typed.endswith('&') else '; ')
    return words + MARK.format(len(commands))


def run_guest(commands, root, build):
    """All commands of a page in one boot: one hart and counted instructions, so each boot prints the same."""
    arguments = ['./mitos', 'run', '--headless', '--icount', '--quiet', '--build', build, '--timeout', '60',
                 '-c', script_of(commands)]
    status, lines = run(arguments, root)
    lines = [LINES_OF_FRAME.sub(r'\1', line) for line in lines]
    places = {line.split(' (')[0]: at for at, line in enumerate(lines)}
    for number, command in enumerate(commands):
        begin, end = (places.get(MARKED.format(n)) for n in (number, number + 1))
        if begin is None or (end is None and not command.typed.startswith(f'{GUEST}poweroff')):
            raise Wrong(f'line {command.number}: the guest did not come to the end of this command (status {status}):\n' +
                        '\n'.join(lines[-20:]))
        command.printed = lines[begin + 1:end]


def run_host(command, root, build):
    typed = command.typed[len(HOST):]
    added = [HOST_COMMANDS[known] for known in HOST_COMMANDS if f'{typed} '.startswith(f'{known} ')]
    if not added:
        raise Wrong(f'line {command.number}: only these commands are run here: ' + ', '.join(HOST_COMMANDS))
    words = [re.sub(r'^build/dev\b', build, word) for word in shlex.split(typed)]
    words[2:2] = [build if word == 'BUILD' else word for word in added[0]]
    # Other tests may have the tree's lock just then.
    command.printed = [line.replace(build, 'build/dev') for line in run(words, root)[1]
                       if not line.startswith('mitos: waiting for another command')]


def run_page(page, root, build):
    commands = commands_of(page, (root / page).read_text())
    guest = [command for command in commands if is_guest(command)]
    if guest:
        run_guest(guest, root, build)
    for command in commands:
        if not is_guest(command):
            run_host(command, root, build)
        while command.printed and not command.printed[-1].strip():
            command.printed.pop()
    return commands


# --- What to say, what to write --------------------------------------------------------------------


def difference(command):
    """The lines of both, as diff shows them; those that a "..." stands for are not shown."""
    shown, printed = command.shown, command.printed
    matcher = difflib.SequenceMatcher(None, [as_compared(s) for s in shown], [as_compared(p) for p in printed], False)
    lines = []
    for tag, a, b, c, d in matcher.get_opcodes():
        left_out = tag != 'equal' and LEFT_OUT in shown[max(a - 1, 0):b + 1]
        lines += [('    ' if tag == 'equal' or line == LEFT_OUT else '  - ') + line for line in shown[a:b]]
        if tag != 'equal' and not (left_out and all(line == LEFT_OUT for line in shown[a:b])):
            lines += [f'  + {line}' for line in printed[c:d][:20]]
    return lines


def shorten(shown, printed):
    """PRINTED, with those lines left out for which "..." stands in SHOWN, as well as can be told."""
    if LEFT_OUT not in shown:
        return list(printed)
    pieces = [[]]
    for line in shown:
        if line == LEFT_OUT:
            pieces.append([])
        else:
            pieces[-1].append(line)
    result, at = [], 0
    for number, piece in enumerate(pieces):
        places = range(at, max(at, len(printed) - len(piece)) + 1)
        if number == 0:
            place = 0
        elif number == len(pieces) - 1:
            place = places[-1]
        else:
            likeness = [sum(difflib.SequenceMatcher(None, *map(as_compared, pair)).ratio()
                            for pair in zip(piece, printed[p:])) for p in places]
            place = places[likeness.index(max(likeness))]
        if number > 0:
            result.append(LEFT_OUT)
        result += printed[place:place + len(piece)]
        at = place + len(piece)
    return result


def rewrite(root, page, commands):
    """Puts what was printed behind those commands whose output has changed."""
    lines = (root / page).read_text().splitlines()
    for command in reversed(commands):
        if agree(command.shown, command.printed):
            continue
        typed = lines[command.number - 1]
        indent = typed[:typed.index(command.typed)]
        output = shorten(command.shown, command.printed)
        lines[command.number:command.number + len(command.shown)] = [(indent + line).rstrip() for line in output]
    (root / page).write_text('\n'.join(lines) + '\n')


def check_page(page, root, build):
    """@return what is wrong, as lines, and the commands."""
    try:
        commands = run_page(page, root, build)
    except (Wrong, subprocess.TimeoutExpired) as wrong:
        return [f'{page}: {wrong}'], []
    said = []
    for command in commands:
        if not agree(command.shown, command.printed):
            said += [f'{page}:{command.number}: `{command.typed}` prints something else (-: the page, +: now):']
            said += difference(command)
    return said, commands


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('what', choices=['check', 'update'])
    parser.add_argument('--root', type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument('--build', default='build/dev')
    parser.add_argument('pages', nargs='*')
    options = parser.parse_intermixed_args()
    root = options.root.resolve()
    build = str((root / options.build).resolve())
    pages = options.pages or sorted(str(page.relative_to(root)) for pattern in PAGES for page in root.glob(pattern))
    wrong = count = 0
    for page in pages:
        said, commands = check_page(page, root, build)
        count += len(commands)
        if said and commands and options.what == 'update':
            rewrite(root, page, commands)
            print(f'{page}: written anew; read what has changed (git diff), the text around it may need a change, too')
        elif said:
            print(*said, '', sep='\n')
            wrong += 1
    print(f'{len(pages)} pages, {count} commands, {wrong} pages with something wrong')
    if not count:
        print('There must be a session in one of them.')
    if wrong and options.what == 'check':
        print('When the new output is right: docs/check_outputs.py update, and see that the text still fits it.')
    return 1 if wrong or not count else 0


if __name__ == '__main__':
    sys.exit(main())
