#!/usr/bin/env python3
"""figures.py ROOT BUILD: whether the figures of swaps in docs/swap.md, of messages in docs/channels.md, and of objects that
change their layout in docs/evolution.md, are those of this build. They are counted anew (tests/bench) and may differ by
a tenth, as another compiler's would; numbers below 100 are not compared."""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

NUMBER = re.compile(r'\d[\d,]*(?:\.\d+)?')
TENTH = 0.1
# A page, what else is made with it, and by what: `./mitos bench NAME`.
PAGES = [('swap', 'swap.md', ['swap-pause.svg'], ['swap.json']), ('channel', 'channels.md', [], []),
         ('evolve', 'evolution.md', [], [])]


def difference(shown, counted):
    """What is wrong with a line, or nothing."""
    if NUMBER.sub('#', shown) != NUMBER.sub('#', counted):
        return True
    pairs = [[float(number.replace(',', '')) for number in pair]
             for pair in zip(NUMBER.findall(shown), NUMBER.findall(counted))]
    return any(max(pair) >= 100 and abs(pair[0] - pair[1]) > TENTH * pair[1] for pair in pairs)


def check(root, build, name, page, others, results):
    """@return whether the page is as it would be made now; else it is said what is not."""
    with tempfile.TemporaryDirectory() as folder:
        for file in [page, *others]:
            shutil.copy(root / 'docs' / file, folder)
        bench = subprocess.run(
            [root / f'tests/bench/{name}.py', build, *(f'{folder}/{result}' for result in results), '--docs', folder],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding='utf-8')
        shown = (root / 'docs' / page).read_text().splitlines()
        counted = (Path(folder) / page).read_text().splitlines()
    if bench.returncode != 0:  # also when a goal is missed
        print(f'tests/bench/{name}.py ends with status {bench.returncode}:', bench.stdout, sep='\n')
    wrong = [f'- {old}\n+ {new}' for old, new in zip(shown, counted) if difference(old, new)]
    if wrong or len(shown) != len(counted):
        print(f'docs/{page} is out of date; `./mitos bench {name}` makes it anew (-: the page, +: now)', *wrong, sep='\n')
        return False
    return bench.returncode == 0


def main():
    root, build = map(Path, sys.argv[1:])
    return 0 if all([check(root, build, *page) for page in PAGES]) else 1


if __name__ == '__main__':
    sys.exit(main())
