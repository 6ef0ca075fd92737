#!/usr/bin/env python3
"""The rules on the text of a lab part (abi/cmake/lints/lab_text.py): the ways round them that a compiler allows."""
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "abi/cmake/lints"))
import lab_text  # noqa: E402


def lints(text):
    data = text if isinstance(text, bytes) else text.encode()
    return [(line, message.rpartition("[lint:")[2][:-1]) for line, message in lab_text.check_text(data, {"own.h"})]


class Refused(unittest.TestCase):

    def check(self, text, *expected):
        self.assertEqual(lints(text), list(expected), text)

    def test_a_word_cut_by_a_splice(self):
        self.check("int a;\na\\\nsm(\"nop\");\n", (2, "lab-assembly"))
        self.check("as\\  \t\r\nm(\"nop\");\n", (1, "lab-assembly"))

    def test_a_directive_cut_by_splices_and_comments(self):
        self.check("/* */ # /* */ pra\\\ngma GCC optimize\n", (1, "lab-pragma"))

    def test_what_looks_like_a_comment_in_a_text_is_none(self):
        self.check('const char *a = "/*"; asm("*/");\n', (1, "lab-assembly"))
        self.check("int a = '\"'; asm(\"x\");\n", (1, "lab-assembly"))
        self.check('const char *a = "\\"/*"; asm("*/");\n', (1, "lab-assembly"))

    def test_what_looks_like_a_text_in_a_comment_is_none(self):
        self.check('/* " */ asm("x"); /* " */\n', (1, "lab-assembly"))
        self.check('// " \nasm("x"); // "\n', (2, "lab-assembly"))

    def test_lines_are_counted_through_comments_and_splices(self):
        self.check("/* \n \n */ int a; \\\n\nasm(\"x\");\n", (5, "lab-assembly"))

    def test_each_branch_of_a_condition(self):
        self.check("#if 0\nasm(\"x\");\n#endif\n", (2, "lab-assembly"))

    def test_conditions_on_compilers(self):
        for text in ("#if __GNUC__ > 3", "#if defined __clang__", "#if defined(__OPTIMIZE__)", "#ifdef __VERSION__",
                     "#if 0\n#elif __has_include(<a.h>)", "#if __has_builtin(x)", "#ifndef _GNU_SOURCE"):
            self.assertIn("lab-condition", [lint for _, lint in lints(text + "\n#endif\n")], text)

    def test_attributes(self):
        for name in ("section(\"x\")", "alias(\"x\")", "constructor", "naked", "weak", "cleanup(f)", "__weak__",
                     "no_thread_safety_analysis", "visibility(\"default\")", "unused, weak", "unused weak unused",
                     "ifunc",
                     "optimize(0)", "target(\"x\")", "error(\"x\")", "", "(unused)", "aligned(8), naked"):
            self.assertIn((1, "lab-attribute"), lints(f"__attribute__(({name})) int a;\n"), name)
        for hidden in ("X", "X X unused))"):
            self.assertIn((2, "lab-attribute"), lints(f"#define X (\n__attribute__ {hidden} int a;\n"))

    def test_names_of_the_compiler(self):
        for name in ("__builtin_return_address", "__builtin_longjmp", "__builtin_setjmp", "__builtin_eh_return",
                     "__builtin_unwind_init", "__COUNTER__", "__extension__", "__auto_type", "__typeof__", "_Atomic",
                     "__atomic_load_n", "__sync_synchronize", "__thread", "_Thread_local"):
            self.check(f"int a = {name};\n", (1, "lab-compiler-name"))

    def test_spellings_of_assembly(self):
        for name in ("asm", "__asm", "__asm__"):
            self.check(f"int f(void) {name}(\"g\");\n", (1, "lab-assembly"))

    def test_directives(self):
        for text in ("include_next \"own.h\"", "import \"own.h\"", "line 3", "3 \"own.h\"", "ident \"x\"",
                     "warning x", "assert a(b)", "unassert a"):
            self.check(f"#{text}\n", (1, "lab-directive"))

    def test_characters(self):
        for text in (b"int a;\0\n", b"int a; // \xe2\x80\xae\n", b"int \xff;\n", b"int a;\rint b;\n",
                     "int ä;\n".encode(), b"int a = @;\n", b"int a = ';\n", b"char *a = \";\n"):
            self.check(text, (1, "lab-character"))

    def test_pasting(self):
        for text in ("#define A(b) #b", "#define A(b, c) b##c", "#define A(b, c) b %:%: c", "#define A #"):
            self.assertTrue(lints(text + "\n"), text)


class Passed(unittest.TestCase):

    def test_plain_code(self):
        self.assertEqual(lints(r'''
#ifndef A_H
#define A_H
#pragma once
#include "own.h"
#include <stdint.h> // asm
#if defined(A_TALKS) && A_LEVEL > 1
#error "don't"
#endif
#define NAME(a, ...) call(a, __VA_ARGS__)
/* __attribute__((weak)), asm, ü, "don't */
static const char text[] = "asm(\"#pragma\") ü \u00fc R", c = '"', d = '\'';
static int R, L, u8, use(void) __attribute__((noinline, aligned(8))) __attribute__((unused));
static _Bool b = 0x1.8p-3 < 1e+5 && 'a' % 2 > sizeof(__func__);
_Static_assert(sizeof(int) == 4, "int");
#undef NAME
#endif
'''), [])

    def test_lines_that_end_as_on_windows(self):
        self.assertEqual(lints("int a;\r\n#define A \\\r\n 3\r\n"), [])


if __name__ == "__main__":
    sys.argv[1:] = []
    unittest.main()
