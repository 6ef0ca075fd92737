#!/usr/bin/env python3
"""figures.py ROOT BUILD: whether the figures of swaps in docs/swap.md are those of this build. They are counted anew
(tests/bench/swap.py) and may differ by a tenth, as another compiler's would; numbers below 100 are not compared."""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

NUMBER = re.compile(r'\d[\d,]*(?:\.\d+)?')
TENTH = 0.1


def difference(shown, counted):
    """What is wrong with a line, or nothing."""
    if NUMBER.sub('#', shown) != NUMBER.sub('#', counted):
        return True
    pairs = [[float(number.replace(',', '')) for number in pair]
             for pair in zip(NUMBER.findall(shown), NUMBER.findall(counted))]
    return any(max(pair) >= 100 and abs(pair[0] - pair[1]) > TENTH * pair[1] for pair in pairs)


def main():
    root, build = map(Path, sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        for name in 'swap.md', 'swap-pause.svg':
            shutil.copy(root / 'docs' / name, folder)
        subprocess.run([root / 'tests/bench/swap.py', build, f'{folder}/swap.json', '--docs', folder], check=True,
                       stdout=subprocess.DEVNULL)
        shown = (root / 'docs/swap.md').read_text().splitlines()
        counted = (Path(folder) / 'swap.md').read_text().splitlines()
    wrong = [f'- {old}\n+ {new}' for old, new in zip(shown, counted) if difference(old, new)]
    if wrong or len(shown) != len(counted):
        print('docs/swap.md is out of date; `./mitos bench swap` makes it anew (-: the page, +: now)', *wrong, sep='\n')
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
