#!/usr/bin/env python3
"""documents.py ROOT: pictures of the documents can be read by everybody, in every language: each has a text in its place
(alt), and of what stands in a drawn one each word is a number, or a name that the page beside it explains.

And code that a page shows as an excerpt of a file is in it: a block behind `<!-- excerpt of FILE -->`, in which a line of
three points stands for what is left out."""

import re
import subprocess
import sys
from pathlib import Path

WORDS_LEAST = 8  # of a text in the place of a picture


def words_in(picture):
    """What is written in it, as a reader sees it, keywords of C apart."""
    svg = subprocess.run(['dot', '-Tsvg', picture], check=True, capture_output=True, text=True).stdout
    return {word for text in re.findall(r'<text [^>]*>([^<]*)</text>', svg)
            for word in text.replace('&#160;', ' ').split()}


def picture_findings(root, pages):
    shown = set()
    for page in pages:
        text = page.read_text()
        names = ' '.join(re.findall(r'`([^`]+)`', re.sub(r'```.*?```', '', text, flags=re.S))).split()
        for alt, target in re.findall(r'!\[([^\]]*)\]\(([^)]*)\)', text):
            if len(alt.split()) < WORDS_LEAST:
                yield f'{page}: {target} needs a text in its place that says what it shows'
            picture = (page.parent / target).with_suffix('.dot').resolve()
            if not picture.exists():
                continue
            shown.add(picture)
            for word in sorted(words_in(picture)):
                if not word.isdigit() and word not in names:
                    yield f'{picture}: "{word}" is neither a number nor a name that {page.name} explains (as `{word}`)'
    for picture in sorted(root.glob('docs/pictures/*.dot')):
        if picture.resolve() not in shown:
            yield f'{picture}: no page shows it'
    if not shown:
        yield f'{root}: no page shows a drawn picture'


def excerpt_findings(root, pages):
    count = 0
    for page in pages:
        for name, code in re.findall(r'<!-- excerpt of (\S+) -->\n+```\w*\n(.*?)```', page.read_text(), flags=re.S):
            count += 1
            source = root / name
            whole = source.read_text() if source.exists() else ''
            for piece in re.split(r'^\.\.\.\n', code, flags=re.M):
                if piece.strip('\n') not in whole:
                    yield f'{page}: {name} does not have these lines (any more):\n{piece}'
    if count == 0:
        yield f'{root}: no page shows an excerpt'


def findings(root):
    pages = [page for pattern in ('*.md', 'docs/*.md', 'labs/*/README.md') for page in sorted(root.glob(pattern))]
    yield from picture_findings(root, pages)
    yield from excerpt_findings(root, pages)


def main():
    said = list(findings(Path(sys.argv[1]).resolve()))
    print(*said, sep='\n')
    return 1 if said else 0


if __name__ == '__main__':
    sys.exit(main())
