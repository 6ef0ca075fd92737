#!/usr/bin/env python3
"""What docs/check_outputs.py notices, with a tree of one page and a ./mitos that is a script."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CHECKER = Path(__file__).resolve().parent.parent.parent / 'docs/check_outputs.py'

# Answers as `./mitos run --headless -c` does: a line for each command, of what it prints.
MITOS = r'''#!/bin/bash
if [ "$1" = help ]; then echo "mitos can do $2 in 4321 ways"; exit; fi
[[ "$*" == *"--build $PWD/build/dev"* ]] || { echo "called with $*"; exit 1; }
if [ "$1" = where ]; then echo 'mitos: waiting for another command that builds in this tree' >&2; echo "$4 at $PWD/build/dev/x.c:7"; exit; fi
while [ "$1" != -c ]; do shift; done
IFS=';'
for command in $2; do
    command=${command# }
    case $command in
        mark-*) echo "$command: no such command (try help)" ;;
        cells) printf '%s\r\n' 'CELL     TEXT' 'vm      10320' 'task      678' 'clock   21760' ;;
        frames) echo '[   0.014783] fault: #0 0xffffffc0 vm:f+0x6 (1.0, 0x1ec4 of 30720 B) at cells/vm/f.c:14' ;;
        count) echo '7 of 1234 at 0x8, version 1.0' ;;
        quiet) ;;
        dies) exit 3 ;;
        *) echo "$command: what?" ;;
    esac
done
'''


class CheckOutputs(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        (self.root / 'mitos').write_text(MITOS)
        (self.root / 'mitos').chmod(0o755)
        self.addCleanup(self.folder.cleanup)

    def run_checker(self, what, page):
        (self.root / 'README.md').write_text(page)
        done = subprocess.run([sys.executable, CHECKER, what, '--root', self.root], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout

    def good(self, *session):
        status, said = self.run_checker('check', self.page(*session))
        self.assertEqual(0, status, said)

    def bad(self, expected, *session):
        status, said = self.run_checker('check', self.page(*session))
        self.assertEqual(1, status, said)
        for text in [expected] if isinstance(expected, str) else expected:
            self.assertIn(text, said)

    @staticmethod
    def page(*session):
        return '\n'.join(['# Page', '', 'Text.', '', '```console', *session, '```', ''])

    def test_right_output_passes(self):
        self.good('mitos> cells', 'CELL TEXT', 'vm 10320', 'task 678', 'clock 21760', 'mitos> quiet', 'mitos> count',
                  '7 of 1234 at 0x8, version 1.0', '$ ./mitos help run', 'mitos can do run in 4321 ways')

    def test_numbers_of_three_digits_may_change(self):
        self.good('mitos> cells', 'CELL TEXT', 'vm       9999', 'task 123', 'clock 123')
        self.good('mitos> frames', '[   1.500000] fault: #0 0xffffff80 vm:f+0x12 (1.0, 0x999 of 999 B)')

    def test_small_numbers_and_versions_may_not(self):
        for line in ('8 of 1234 at 0x8, version 1.0', '7 of 12 at 0x8, version 1.0', '7 of 1234 at 0x9, version 1.0',
                     '7 of 1234 at 0x8, version 1.1', '7 of many at 0x8, version 1.0'):
            self.bad('`mitos> count` prints something else', 'mitos> count', line)

    def test_changed_output_is_shown_as_a_difference(self):
        self.bad(['README.md:6: `mitos> cells`', '    CELL TEXT\n', '  - vm 1.5\n', '  + vm      10320\n',
                  'check_outputs.py update'], 'mitos> cells', 'CELL TEXT', 'vm 1.5', 'task 678', 'clock 21760')

    def test_missing_and_surplus_lines_are_noticed(self):
        self.bad('  + clock   21760', 'mitos> cells', 'CELL TEXT', 'vm 10320', 'task 678')
        self.bad('  - more', 'mitos> quiet', 'more')
        self.bad('  + 7 of 1234', 'mitos> count')

    def test_dots_stand_for_lines(self):
        self.good('mitos> cells', '...', 'task 678', '...')
        self.good('mitos> cells', 'CELL TEXT', '...')
        self.good('mitos> cells', '...', 'clock 21760', 'mitos> quiet', '...')
        self.bad('  - plic 5', 'mitos> cells', '...', 'plic 5', '...')
        self.bad('prints something else', 'mitos> cells', '...', 'task 678')
        self.bad('prints something else', 'mitos> cells', '...', 'task 678', '...', 'vm 10320', '...')

    def test_unknown_commands_are_noticed(self):
        self.bad('  + frobnicate: what?', 'mitos> frobnicate', 'done')
        self.bad('only these commands are run here', '$ rm -rf /')
        self.bad('only these commands are run here', '$ ./mitos setup')

    def test_a_guest_that_dies_is_noticed(self):
        self.bad('line 7: the guest did not come to the end of this command (status 3)', 'mitos> quiet', 'mitos> dies',
                 'mitos> quiet')

    def test_the_build_that_is_tested_is_used_and_neither_it_nor_waiting_for_it_is_shown(self):
        self.good('$ ./mitos where vm:f', 'vm:f at build/dev/x.c:7')

    def test_outputs_outside_of_sessions_are_noticed(self):
        for text in ('    mitos> cells\n', '```text\nmitos> cells\n```\n', '    [   0.014783] boot: 11 cells\n',
                     '    fault: load page fault at 0x8\n', '    ok 2 - task.join\n'):
            status, said = self.run_checker('check', f'# Page\n\n{text}')
            self.assertEqual(1, status, text)
            self.assertIn('output of a command that no test looks at', said)

    def test_sessions_that_are_none_are_noticed(self):
        self.bad('a session begins with', 'cells', 'CELL TEXT')
        self.bad('a session without a command')
        status, said = self.run_checker('check', '# Page\n\n```console\nmitos> cells\n')
        self.assertEqual(1, status)
        self.assertIn('this block has no end', said)

    def test_pages_without_any_session_are_no_success(self):
        status, said = self.run_checker('check', '# Page\n')
        self.assertEqual(1, status)
        self.assertIn('1 pages, 0 commands', said)

    def test_update_writes_what_is_printed(self):
        page = self.page('mitos> cells', 'CELL TEXT', '...', 'tusk 678', '...', 'mitos> count',
                         '7 of 9999 at 0x8, version 1.0', 'mitos> quiet', 'no')
        status, said = self.run_checker('update', page)
        self.assertEqual(0, status, said)
        # What agrees stays as it was; what does not is left out where it was.
        self.assertEqual(self.page('mitos> cells', 'CELL     TEXT', '...', 'task      678', '...', 'mitos> count',
                                   '7 of 9999 at 0x8, version 1.0', 'mitos> quiet'),
                         (self.root / 'README.md').read_text())
        self.assertEqual(0, self.run_checker('check', (self.root / 'README.md').read_text())[0])

    def test_update_keeps_the_indent_of_a_list(self):
        status, said = self.run_checker('update', '- item\n\n  ```console\n  mitos> count\n  ```\n')
        self.assertEqual(0, status, said)
        self.assertIn('\n  7 of 1234 at 0x8, version 1.0\n', (self.root / 'README.md').read_text())


if __name__ == '__main__':
    unittest.main()
