#!/usr/bin/python3
"""build_site.py BUILD_DIR [html|gettext]: makes the site, or its catalogues for translators, in BUILD_DIR/docs.

The pages are gathered in BUILD_DIR/docs/source, laid out as the tree is: documents as they are, a page for each
header of abi/ (by Doxygen and Breathe), and the pictures (by Graphviz). So a new document, header, cell or lab
needs no edit of a list. Every warning of Doxygen, Graphviz and Sphinx is an error.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ['*.md', 'docs/*.md', 'cells/*/README.md', 'labs/*/README.md', 'tests/*/README.md']
# Functions that need no words of their own: own.h says what every T_unwind() does, C and GCC what theirs do.
SPEAK_FOR_THEMSELVES = re.compile(r'\w+_unwind\(|__\w+\(|_Unwind_\w+\(|(mem|str)[a-z]+\(')


def fail(*lines):
    print(*lines, sep='\n', file=sys.stderr)
    sys.exit(1)


def write(path, text):
    """Leaves a file alone that is right already: Sphinx reads anew what is newer."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_bytes() != text:
        path.write_bytes(text)
    return path


def headers(root):
    return [str(h.relative_to(root / 'abi'))[:-2] for folder in ('abi', 'abi/nucleus')
            for h in sorted((root / folder).glob('*.h'))]


def table_of_contents(entries):
    return '\n```{toctree}\n:maxdepth: 1\n\n' + ''.join(entry + '\n' for entry in entries) + '```\n'


def page_of_header(name, text):
    title = f'{name}.h'
    # In C a struct and a function may share a name (sched_stats), as tags have a name space of their own. Sphinx
    # is told so.
    parts = [('tags', 'briefdescription detaileddescription innerclass public-attrib enum'), ('NULL', 'define typedef func var')]
    directives = ''.join(f'.. c:namespace:: {space}\n\n.. doxygenfile:: abi/{name}.h\n   :sections: {part}\n\n'
                         for space, part in parts)
    code = ''.join(f'   {line}'.rstrip() + '\n' for line in text.splitlines())
    return (f'{title}\n{"=" * len(title)}\n\n{directives}'
            f'.. rubric:: ``abi/{name}.h``\n\n.. code-block:: c\n\n{code}')


def draw(picture):
    done = subprocess.run(['dot', '-Tsvg', picture], capture_output=True)
    if done.returncode != 0 or done.stderr:
        fail(f'{picture}: dot says', done.stderr.decode())
    return done.stdout


def as_source(text):
    """A page as the site has it: a link to a header leads to its page, and a picture's text stands in one line, because
    MyST 0.18 takes the end of a line in it for nothing."""
    text = re.sub(rb'\]\(((?:\.\./)*)abi/([\w/]+)\.h\)', rb'](\1api/\2.rst)', text)
    return re.sub(rb'!\[[^\]]*\]', lambda alt: alt[0].replace(b'\n', b' '), text)


def gather(root, source):
    """Fills the folder SOURCE, and takes out what the tree has no more."""
    kept = set()
    for pattern in PAGES:
        for page in sorted(root.glob(pattern)):
            kept.add(write(source / page.relative_to(root), as_source(page.read_bytes())))
            for target in re.findall(r'\]\(([^):#]+)\)', page.read_text()):
                file = (page.parent / target).resolve()  # what is no page is taken along as it is
                if file.is_file() and file.suffix != '.md' and not file.is_relative_to(root / 'abi'):
                    kept.add(write(source / file.relative_to(root), file.read_bytes()))
    for picture in sorted(root.glob('docs/pictures/*.dot')):
        place = source / picture.relative_to(root).with_suffix('.svg')
        if not place.exists() or place.stat().st_mtime < picture.stat().st_mtime:
            write(place, draw(picture))
        kept.add(place)
    for name in headers(root):
        text = (root / 'abi' / f'{name}.h').read_text()
        kept.add(write(source / 'api' / f'{name}.rst', page_of_header(name, text).encode()))
    # Two pages end with a list of pages which depends on what the tree has.
    labs = sorted(f'../labs/{lab.parent.name}/README' for lab in root.glob('labs/*/README.md'))
    for page, entries in ('api', [f'../api/{name}' for name in headers(root)]), ('labs', labs):
        if entries:
            text = (root / 'docs' / f'{page}.md').read_text() + table_of_contents(entries)
            write(source / 'docs' / f'{page}.md', text.encode())
    for file in source.rglob('*'):
        if file.is_file() and file not in kept:
            file.unlink()


def run_doxygen(root, out):
    """Writes XML below OUT. Functions without a comment are refused, as is all else that Doxygen warns of but
    things that are no functions without one."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    settings = (root / 'docs/Doxyfile.in').read_text()
    for name, value in ('OUTPUT', out), ('ROOT', root):
        settings = settings.replace(f'@{name}@', str(value))
    (out / 'Doxyfile').write_text(settings)
    done = subprocess.run(['doxygen', out / 'Doxyfile'])
    findings = []
    for line in (out / 'doxygen.log').read_text().splitlines():
        undocumented = re.search(r'warning: (Compound|Member) (.*) is not documented', line)
        if not undocumented or ('(function)' in undocumented[2] and
                                not SPEAK_FOR_THEMSELVES.match(undocumented[2])):
            findings.append(line)
    if done.returncode != 0 or findings:
        fail(*findings, 'doxygen: see above (a function of abi/ needs a comment /** ... */ of its own)')


def run_sphinx(root, out, builder):
    doctrees = out / f'doctrees-{builder}'
    done = subprocess.run(
        ['/usr/bin/python3', '-m', 'sphinx', '-q', '-W', '--keep-going', '-b', builder, '-c', root / 'docs',
         '-d', doctrees, out / 'source', out / builder],
        env={**os.environ, 'MITOS_DOXYGEN_XML': str(out / 'doxygen/xml'), 'PYTHONDONTWRITEBYTECODE': '1'})
    if done.returncode != 0:
        shutil.rmtree(doctrees, ignore_errors=True)  # or the next run would not read, nor warn of, these pages
        fail(f'sphinx could not make {out / builder} (see above)')


def check_catalogues(source, out):
    """Each page has a catalogue, with what stands in the place of its pictures, too."""
    missing = []
    for page in sorted(source.rglob('*.md')):
        catalogue = (out / page.relative_to(source)).with_suffix('.pot')
        texts = catalogue.read_text().replace('"\n"', '').replace('\\"', '"') if catalogue.exists() else ''
        for text in [''] + re.findall(r'!\[[^\]]*\]', page.read_text()):
            if f'msgid "{text}' not in texts:
                missing.append(f'{page}: for translators there is no {text or "catalogue"!r}')
    if missing:
        fail(*missing)


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ['html'], ['gettext']):
        sys.exit(__doc__)
    out = Path(sys.argv[1]).resolve() / 'docs'
    builder = (sys.argv[2:] or ['html'])[0]
    gather(ROOT, out / 'source')
    run_doxygen(ROOT, out / 'doxygen')
    run_sphinx(ROOT, out, builder)
    if builder == 'gettext':
        check_catalogues(out / 'source', out / 'gettext')
    else:
        write(out / 'html/index.html', b'<meta http-equiv="refresh" content="0; url=docs/index.html">\n')


if __name__ == '__main__':
    main()
