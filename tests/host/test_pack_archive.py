"""The boot archive: members, index, providers, stripped copies; equal input, equal bytes."""
import subprocess
import unittest

from pack_case import PackCase

SCHED = """
EXPORT void sched_ready(void);
EXPORT void sched_pick(void);
EXPORT void sched_ready(void) {}
EXPORT void sched_pick(void) {}
"""


class Archive(PackCase):

    def archive(self, *arguments):
        return self.pack("archive", "-o", "boot.cpio", *arguments)

    def assert_refused(self, done, expected):
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(expected, done.stderr)
        self.assertFalse((self.folder / "boot.cpio").exists())

    def cpio(self, *options, folder=None):
        with open(self.folder / "boot.cpio", "rb") as archive:
            done = subprocess.run(["cpio", "--quiet", *options],
                                  stdin=archive,
                                  capture_output=True,
                                  text=True,
                                  cwd=folder or self.folder,
                                  check=True)
        self.assertEqual(done.stderr, "")
        return done.stdout

    def extract(self):
        folder = self.folder / "extracted"
        folder.mkdir()
        self.cpio("-id", folder=folder)
        return folder

    def test_cpio_lists_and_extracts_it(self):
        self.make_cell("beta", "EXPORT void z_beta(void) {}\nEXPORT void Z_beta(void) {}\n")
        self.make_cell(
            "alpha", "EXPORT void a(void) {}\nEXPORT void a_b(void) {}\nEXPORT void a0(void) {}\n")
        done = self.archive("--boot", "beta alpha", "beta.cell", "alpha.cell")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual(self.cpio("-it").split(), ["mitos.index", "beta.cell", "alpha.cell"])
        folder = self.extract()
        self.assertEqual(
            (folder / "mitos.index").read_text(),
            "mitos-index 2\nZ_beta beta\na alpha\na0 alpha\na_b alpha\nboot.00 beta\n"
            "boot.01 alpha\nz_beta beta\n")
        for name in ("alpha", "beta"):
            self.assertEqual(self.pack("check", folder / f"{name}.cell").returncode, 0)
            self.assertIn((folder / f"{name}.cell").read_bytes(),
                          (self.folder / "boot.cpio").read_bytes())
        self.assertIn("alpha.cell", self.pack("list", "boot.cpio").stdout)

    def test_other_versions_lie_in_folders_and_are_not_in_the_index(self):
        self.make_cell("alpha", "EXPORT void a(void) {}\n")
        (self.folder / "other").mkdir()
        (self.folder / "alpha.cell").rename(self.folder / "other" / "alpha.cell")
        self.make_cell("alpha", "EXPORT void b(void) {}\n")
        done = self.archive("--also", "second=other/alpha.cell", "alpha.cell")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual(self.cpio("-it").split(), ["mitos.index", "alpha.cell", "second/alpha.cell"])
        folder = self.extract()
        self.assertEqual((folder / "mitos.index").read_text(), "mitos-index 2\nb alpha\n")
        self.assertIn(" a\n", self.tool("readelf", "-sW", folder / "second" / "alpha.cell"))
        self.assertEqual(self.pack("check", folder / "second" / "alpha.cell").returncode, 0)

    def test_a_folder_needs_a_name_and_a_cell(self):
        self.make_cell("alpha")
        for word in ("alpha.cell", "=alpha.cell", "../x=alpha.cell", "A=alpha.cell"):
            self.assert_refused(self.archive("--also", word, "alpha.cell"), "not FOLDER=FILE")
        self.assert_refused(self.archive("--also", "x=beta.cell", "alpha.cell"), "beta.cell")

    def test_symbols_are_sorted_bytewise(self):
        names = ["b", "a_", "aZ", "a", "B", "a1", "_a", "ab", "Z9"]
        self.make_cell("alpha", "".join(f"EXPORT void {name}(void) {{}}\n" for name in names))
        self.assertEqual(self.archive("alpha.cell").returncode, 0)
        listed = [
            line.split()[0] for line in (self.extract() / "mitos.index").read_text().splitlines()[1:]
        ]
        self.assertEqual(listed, sorted(names, key=str.encode))

    def test_data_of_members_are_16_byte_aligned(self):
        for name in ("a", "ab", "abc", "abcd", "abcdefghijklmnopqrstuvwxyz01234"):
            self.make_cell(name)
        self.assertEqual(
            self.archive("a.cell", "ab.cell", "abc.cell", "abcd.cell",
                         "abcdefghijklmnopqrstuvwxyz01234.cell").returncode, 0)
        whole = (self.folder / "boot.cpio").read_bytes()
        found = [at for at in range(len(whole)) if whole.startswith(b"\x7fELF", at)]
        self.assertEqual(len(found), 5)
        self.assertEqual([at % 16 for at in found], [0] * 5)
        self.assertEqual(whole.index(b"mitos-index 2") % 16, 0)

    def test_copies_are_stripped_and_sound(self):
        """readelf and ld find no fault with a stripped copy, and what is loaded is equal."""
        whole = self.make_cell(
            "alpha", SCHED + "static const char *const t[] = {\"x\", \"y\"};\n"
            "EXPORT const char *use(int i) { return t[i & 1]; }\n")
        self.assertEqual(self.archive("alpha.cell").returncode, 0)
        copy = self.extract() / "alpha.cell"
        self.assertNotIn(".debug_", self.tool("readelf", "-aW", copy))
        self.assertIn(".debug_info", self.tool("readelf", "-SW", whole))
        self.assertLess(copy.stat().st_size, whole.stat().st_size)
        self.assertIn("FILE    LOCAL  DEFAULT  ABS alpha.c", self.tool("readelf", "-sW", copy))
        linked = []
        for number, file in enumerate((whole, copy)):
            linked.append(self.folder / f"linked{number}")
            self.tool("ld", "--no-relax", "-S", "-e", "0", "-Ttext", "0x100000",
                      "--unresolved-symbols=ignore-all", "-o", linked[-1], file)
        loaded = [
            self.tool("objdump", "-s", "-j.text", "-j.rodata", "-j.cell.manifest", "-j.eh_frame",
                      file).split("\n", 2)[2] for file in linked
        ]
        self.assertIn("Contents of section .text", loaded[0])
        self.assertEqual(loaded[0], loaded[1])

    def test_copies_are_linked_as_far_as_addresses_allow(self):
        """Calls, jumps and differences within a section are done, the labels that served them gone."""
        self.make_cell(
            "alpha", SCHED + "int other(int);\n"
            "__attribute__((noinline)) static int twice(int x) { return other(x) + 2 * x; }\n"
            "EXPORT int use(int x) {\n"
            "    switch (x) { case 1: return twice(3); case 2: return other(5); case 3: return 7;\n"
            "        case 4: return twice(8); case 5: return x * other(1); case 6: return 2;\n"
            "        case 7: return other(9) - 1; default: return x; }\n"
            "}\n")
        self.assertEqual(self.archive("alpha.cell").returncode, 0)
        copy = self.extract() / "alpha.cell"
        relocations = self.tool("readelf", "-rW", copy)
        for kind in ("BRANCH", "JAL", "JUMP", "ADD", "SUB", "SET", "RELAX"):
            self.assertNotIn(kind, relocations)
        self.assertNotIn("twice", relocations)
        for kind in ("CALL_PLT", "32_PCREL", "R_RISCV_64"):
            self.assertIn(kind, relocations)
        symbols = self.tool("readelf", "-sW", copy)
        self.assertIn("twice", symbols)
        self.assertLessEqual(symbols.count(" .L"), relocations.count("R_RISCV_PCREL_HI20"))

    def test_signatures_and_types_are_kept(self):
        self.make_cell("alpha", SCHED)
        self.assertEqual(self.archive("alpha.cell").returncode, 0)
        sections = self.tool("readelf", "-SW", self.extract() / "alpha.cell")
        self.assertIn(".mitos.signatures", sections)
        self.assertIn(".mitos.types", sections)

    def test_same_input_same_archive(self):
        self.make_cell("alpha", SCHED)
        self.assertEqual(self.archive("alpha.cell").returncode, 0)
        first = (self.folder / "boot.cpio").read_bytes()
        (self.folder / "alpha.cell").touch()
        self.assertEqual(self.archive("alpha.cell").returncode, 0)
        self.assertEqual(first, (self.folder / "boot.cpio").read_bytes())

    def test_default_provider_wins(self):
        for name in ("sched_mlfq", "sched_rr"):
            self.make_cell(name, SCHED, provides="sched")
        self.make_cell("uart", "EXPORT void console_write_step(void) {}\n", provides="console")
        cells = ["sched_mlfq.cell", "sched_rr.cell", "uart.cell"]
        self.assert_refused(
            self.archive(*cells), "interface sched is provided by sched_mlfq and sched_rr: "
            "choose with --default sched=CELL")
        for winner in ("sched_mlfq", "sched_rr"):
            self.assertEqual(self.archive("--default", f"sched={winner}", *cells).returncode, 0)
            self.assertIn(
                f"mitos-index 2\nconsole_write_step uart\ndefault.console uart\n"
                f"default.sched {winner}\nsched_pick {winner}\nsched_ready {winner}\n",
                self.pack("list", "boot.cpio").stdout)

    def test_one_symbol_of_unrelated_cells(self):
        self.make_cell("alpha", "EXPORT void same(void) {}\n")
        self.make_cell("beta", "EXPORT void same(void) {}\n")
        self.assert_refused(
            self.archive("alpha.cell", "beta.cell"),
            "same is exported by alpha and beta, which share no interface with a default")

    def test_default_does_not_cover_a_cell_without_the_interface(self):
        self.make_cell("sched_rr", SCHED, provides="sched")
        self.make_cell("thief", "EXPORT void sched_pick(void) {}\n")
        self.assert_refused(
            self.archive("--default", "sched=sched_rr", "sched_rr.cell", "thief.cell"),
            "sched_pick is exported by sched_rr and thief, which share no interface")

    def test_wrong_defaults(self):
        self.make_cell("alpha", SCHED, provides="sched")
        for default, expected in [("sched", "not of the form IFACE=CELL"),
                                  ("sched=beta", 'cell "beta" is not among the files'),
                                  ("vm=alpha", '"alpha" does not provide vm')]:
            self.assert_refused(self.archive("--default", default, "alpha.cell"), expected)
        self.assert_refused(
            self.archive("--default", "sched=alpha", "--default", "sched=alpha", "alpha.cell"),
            "the second default for sched")

    def test_boot_cell_must_be_there(self):
        self.make_cell("alpha")
        self.assert_refused(self.archive("--boot", "alpha vm", "alpha.cell"),
                            'boot cell "vm" is not among the files')

    def test_two_cells_of_one_name(self):
        self.make_cell("alpha")
        (self.folder / "other").mkdir()
        (self.folder / "other" / "alpha.cell").write_bytes(
            (self.folder / "alpha.cell").read_bytes())
        self.assert_refused(self.archive("alpha.cell", "other/alpha.cell"),
                            'two cells have the name "alpha"')

    def test_file_name_must_be_the_cells(self):
        self.make_cell("alpha").rename(self.folder / "beta.cell")
        self.assert_refused(self.archive("beta.cell"),
                            'the name is "alpha", but the file\'s is "beta"')

    def test_objects_that_are_no_cells(self):
        self.make_cell("alpha")
        (self.folder / "sample.o").rename(self.folder / "alpha.cell")
        self.assert_refused(self.archive("alpha.cell"), "not a cell yet: run pack cell on it")


if __name__ == "__main__":
    unittest.main()
