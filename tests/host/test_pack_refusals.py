"""Every rule of pack: what breaks it is refused with the expected line, its correct twin passes."""
import unittest

from pack_case import MANIFEST, PackCase

STATE = "struct counter { int n; };\nCELL_STATE(struct counter);\n"
# name: (what is wrong, what is right, the expected finding)
RULES = {
    "data":
    ("static int counter = 1;\nEXPORT int use(void) { return counter++; }\n",
     STATE + "EXPORT int use(void) { return state.n++; }\n",
     "a.c: counter: writable data in .sdata (4 bytes); a cell's only writable storage is CELL_STATE"
     ),
    "large_data":
    ("int table[100] = {1};\nEXPORT int *use(void) { return table; }\n",
     "static const int table[100] = {1};\nEXPORT const int *use(void) { return table; }\n",
     "a.c: table: writable data in .data (400 bytes); a cell's only writable storage is "
     "CELL_STATE"),
    "bss":
    ("static int counter;\nEXPORT int use(void) { return counter++; }\n",
     STATE + "EXPORT int use(void) { return state.n++; }\n",
     "a.c: counter: writable data in .sbss (4 bytes); a cell's only writable storage is CELL_STATE"
     ),
    "static_local":
    ("EXPORT int use(void) { static int calls; return calls++; }\n",
     STATE + "EXPORT int use(void) { return state.n++; }\n",
     "a.c: calls.0: static local in .sbss (4 bytes); a cell's only writable storage is "
     "CELL_STATE"),
    "common":
    ("__attribute__((common)) int shared;\nEXPORT int use(void) { return shared; }\n",
     STATE + "EXPORT int use(void) { return state.n; }\n",
     "a.c: shared: common symbol, that is writable data; a cell's only writable storage is "
     "CELL_STATE"),
    "state_value":
    ("struct counter { int n; };\nCELL_STATE(struct counter) = {5};\n", STATE,
     "a.c: state: has an initial value at byte 0; state is zeroed at load: set it in init()"),
    "state_address":
    ("struct counter { const char *p; };\nCELL_STATE(struct counter) = {\"x\"};\n", STATE,
     "a.c: state: has an initial value that is an address; state is zeroed at load: set it "
     "in init()"),
    "tls": ("static _Thread_local int mine;\nEXPORT int use(void) { return mine++; }\n",
            STATE + "EXPORT int use(void) { return state.n++; }\n",
            "a.c: mine: thread-local variable; a cell has none"),
    "constructor":
    ("__attribute__((constructor)) static void setup(void) { __asm__(\"nop\"); }\n",
     "static void setup(void) {}\nEXPORT void use(void) { setup(); }\n",
     "a.c: setup: constructor or destructor (.init_array); use init(), start() and stop() of "
     "CELL()"),
    "destructor":
    ("__attribute__((destructor)) static void leave(void) { __asm__(\"nop\"); }\n",
     "static void leave(void) {}\nEXPORT void use(void) { leave(); }\n",
     "a.c: leave: constructor or destructor (.fini_array); use init(), start() and stop() of "
     "CELL()"),
    "write_and_execute": ('__asm__(".section .hot,\\"awx\\",@progbits\\n nop\\n");\n',
                          '__asm__(".section .hot,\\"ax\\",@progbits\\n nop\\n");\n',
                          "a.c: .hot: both writable and executable"),
    "hole": ('__asm__(".section .hole,\\"a\\",@nobits\\n .zero 8\\n");\n',
             '__asm__(".section .hole,\\"a\\",@progbits\\n .zero 8\\n");\n',
             "a.c: .hole: data without content that is not writable"),
    "not_loaded":
    ('__asm__(".section .x\\nlost: .dword 0\\n.section .y,\\"a\\"\\n.dword lost\\n");\n',
     '__asm__(".section .x,\\"a\\"\\nlost: .dword 0\\n.section .y,\\"a\\"\\n.dword lost\\n");\n',
     'a.c: refers to "lost", which is in no loaded section, at .y+0x0'),
    "exported_data": ("EXPORT const int answer = 42;\n",
                      "static const int answer = 42;\nEXPORT int use(void) { return answer; }\n",
                      "a.c: answer: exported data; a cell exports functions only"),
    "exported_label":
    ('__asm__(".globl entry\\nentry: nop\\n");\n',
     '__asm__(".globl entry\\n.type entry,@function\\nentry: nop\\n.size entry,.-entry\\n");\n',
     "a.c: entry: exported, but not a function"),
    "weak_import":
    ("void other(void) __attribute__((weak));\nEXPORT void use(void) { other(); }\n",
     "void other(void);\nEXPORT void use(void) { other(); }\n",
     "a.c: other: weak and undefined; a cell cannot test for a function"),
    "weak_export": ("EXPORT __attribute__((weak)) void use(void) {}\n",
                    "EXPORT void use(void) {}\n",
                    "a.c: use: weak or unique definition; a cell's exports are strong"),
    "hidden_import": ('__attribute__((visibility("hidden"))) void gone(void);\n'
                      "EXPORT void use(void) { gone(); }\n",
                      "void gone(void);\nEXPORT void use(void) { gone(); }\n",
                      "a.c: gone: hidden, but no file of the cell defines it"),
}
# name: (source, flags that are wrong, the expected finding)
RELOCATIONS = {
    "align": ("__attribute__((aligned(64))) EXPORT int use(int x) { return x + 1; }\n",
              ["-mrelax"], "R_RISCV_ALIGN at .text+"),
    "medlow":
    ("static const int table[] = {1, 2, 3};\nEXPORT int use(int x) { return table[x]; }\n",
     ["-mcmodel=medlow"], "R_RISCV_HI20 at .text+"),
    "got": ("extern int far(void);\nEXPORT void *use(void) { return far; }\n", ["-fPIC"],
            "R_RISCV_GOT_HI20 at .text+"),
    "absolute_in_text": ('__asm__(".text\\n.dword use\\n");\nEXPORT void use(void) {}\n', [],
                         "R_RISCV_64 at .text+0x0 (an absolute address in text)"),
}
# name: (manifest, the expected finding)
MANIFESTS = {
    "none": ("", "sample.o: CELL: no manifest; a cell has one CELL(...)"),
    "no_version": ('CELL(.name = "sample", .summary = "s");', "a.c: CELL: .version is missing"),
    "no_name": ('CELL(.version = "1", .summary = "s");', "a.c: CELL: .name is missing"),
    "upper_case":
    ('CELL(.name = "Sample", .version = "1", .summary = "s");',
     'a.c: CELL: the name "Sample" is not a letter and up to 30 letters, digits and _ (lower '
     'case)'),
    "long_name": ('CELL(.name = "a%s", .version = "1", .summary = "s");' % ("b" * 31),
                  "a.c: CELL: .name is longer than 31 bytes"),
    "newline": ('CELL(.name = "sample", .version = "1", .summary = "a\\nb");',
                "a.c: CELL: .summary holds a control character"),
    "interface":
    ('CELL(.name = "sample", .version = "1", .summary = "s", .provides = "vm Sched");',
     'a.c: CELL: .provides: "Sched" is not the name of an interface'),
    "abi_version": ('CELL(.abi_version = 9, .name = "sample", .version = "1", .summary = "s");',
                    "a.c: CELL: built for version 9 of abi/cell.h, not 1"),
    "foreign_init": ("enum status far(enum cell_reason);\n"
                     'CELL(.name = "sample", .version = "1", .summary = "s", .init = far);',
                     "a.c: CELL: .init is not a function of this cell"),
    "inside_init":
    ("static enum status init(enum cell_reason r) { return (int)r; }\n"
     'CELL(.name = "sample", .version = "1", .summary = "s", .init = (void *)init + 2);',
     "a.c: CELL: .init is not a function of this cell"),
    "other_file": ('CELL(.name = "other", .version = "1", .summary = "s");',
                   'sample.o: CELL: the name is "other", but the file sample.cell'),
}


class Refusals(PackCase):

    def pack_cell(self, joined, *options):
        return self.pack("cell", "-o", "sample.cell", *options, joined)

    def assert_refused(self, done, expected):
        lines = [line.replace(f"{self.folder}/", "") for line in done.stderr.splitlines()]
        self.assertEqual(done.returncode, 1, lines)
        self.assertTrue(any(expected in line for line in lines), f"{expected!r} not in {lines}")
        self.assertFalse((self.folder / "sample.cell").exists(), "a refused cell was written")

    def assert_passes(self, done):
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_rules(self):
        for name, (wrong, right, expected) in RULES.items():
            with self.subTest(name):
                done = self.pack_cell(self.compile({"a.c": MANIFEST + wrong}))
                self.assert_refused(done, expected)
                if name != "tls":  # which has unsupported relocations, too
                    self.assertEqual(len(done.stderr.splitlines()), 2, done.stderr)
                self.assert_passes(self.pack_cell(self.compile({"a.c": MANIFEST + right})))
                (self.folder / "sample.cell").unlink()

    def test_relocations(self):
        for name, (source, flags, expected) in RELOCATIONS.items():
            with self.subTest(name):
                done = self.pack_cell(self.compile({"a.c": MANIFEST + source}, flags))
                self.assert_refused(done, f"unsupported relocation {expected}")
                if flags:
                    self.assert_passes(self.pack_cell(self.compile({"a.c": MANIFEST + source})))
                    (self.folder / "sample.cell").unlink()

    def test_manifests(self):
        for name, (manifest, expected) in MANIFESTS.items():
            with self.subTest(name):
                source = f'#include "cell.h"\n{manifest}\nEXPORT void use(void) {{}}\n'
                self.assert_refused(self.pack_cell(self.compile({"a.c": source})), expected)

    def test_several_manifests_name_each_file(self):
        done = self.pack_cell(self.compile({"a.c": MANIFEST, "b.c": MANIFEST}))
        self.assert_refused(done, "a.c: CELL: one of several manifests; a cell has one CELL(...)")
        self.assert_refused(done, "b.c: CELL: one of several manifests; a cell has one CELL(...)")

    def test_all_findings_are_listed_with_their_files(self):
        done = self.pack_cell(
            self.compile({
                "a.c":
                MANIFEST + "static int one;\nEXPORT int use(void) { return one++; }\n",
                "b.c":
                "int two = 2;\n__attribute__((constructor)) static void three(void) "
                "{ __asm__(\"nop\"); }\n",
                "c.c":
                "void four(void) __attribute__((weak));\nvoid five(void) { four(); }\n"
            }))
        for expected in ("a.c: one: ", ": two: ", "b.c: three: ", "c.c: four: "):
            self.assert_refused(done, expected)
        self.assertIn("is refused: 4 findings", done.stderr)

    def test_undeclared_import_and_export(self):
        (self.folder / "list").write_text("known a.h\nuse b.h\n")
        wrong = MANIFEST + "void known(void), other(void);\n" \
            "EXPORT void use(void) { known(); other(); }\n" \
            "EXPORT void extra(void) {}\n"
        right = MANIFEST + "void known(void);\nEXPORT void use(void) { known(); }\n"
        done = self.pack_cell(self.compile({"a.c": wrong}), "--declared", "list")
        self.assert_refused(done, "a.c: other: imported, but no header of abi/ declares it")
        self.assert_refused(done, "a.c: extra: exported, but no header of abi/ declares it")
        self.assert_passes(self.pack_cell(self.compile({"a.c": right}), "--declared", "list"))

    def test_what_the_compiler_calls_by_itself(self):
        source = MANIFEST + "EXPORT __int128 use(__int128 a, __int128 b) { return a / b; }\n"
        (self.folder / "list").write_text("use b.h\n")
        done = self.pack_cell(self.compile({"a.c": source}), "--declared", "list")
        self.assert_refused(done, "a.c: __divti3: called by the compiler itself")

    def test_thread_local_section(self):
        source = MANIFEST + '__asm__(".section .tdata,\\"awT\\",@progbits\\n .dword 1\\n");\n'
        self.assert_refused(self.pack_cell(self.compile({"a.c": source})),
                            "a.c: .tdata: thread-local data; a cell has none")

    def test_provider_must_be_complete(self):
        (self.folder / "list").write_text("sample_one sample.h\nsample_two sample.h\n")
        manifest = MANIFEST.replace(");", ', .provides = "sample");')
        one = "EXPORT void sample_one(void) {}\n"
        done = self.pack_cell(self.compile({"a.c": manifest + one}), "--declared", "list")
        self.assert_refused(
            done, "sample_two: not exported, but the cell provides `sample`, and "
            "abi/sample.h declares it")
        self.assert_passes(
            self.pack_cell(
                self.compile({"a.c": manifest + one + "EXPORT void sample_two(void) {}\n"}),
                "--declared", "list"))

    def test_other_machines_and_kinds_of_file(self):
        program = self.folder / "program"
        self.tool("ld", "-e", "0", "-o", program, self.compile({"a.c": MANIFEST}))
        self.assert_refused(self.pack_cell(program),
                            "not a relocatable object (the output of ld -r)")
        (self.folder / "text").write_text("hello\n" * 100)
        self.assert_refused(self.pack_cell("text"), "text: malformed: not an ELF file")
        self.assert_refused(self.pack_cell("missing"),
                            "missing: cannot open: No such file or directory")
        hard_float = self.compile({"a.c": MANIFEST}, ["-march=rv64imafdc", "-mabi=lp64d"])
        self.assert_refused(self.pack_cell(hard_float), "not built for the lp64 ABI (-mabi=lp64)")

    def test_quiet_and_check(self):
        joined = self.compile({"a.c": MANIFEST + "int x;\n"})
        done = self.pack_cell(joined, "--quiet")
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assert_refused(self.pack("check", joined), "x: writable data in .sbss")


if __name__ == "__main__":
    unittest.main()
