"""Signatures: `pack signatures` and what `pack cell` makes of them (docs/evolution.md)."""
import struct
import unittest

from pack_case import CROSS, MANIFEST, ProbeCase, run

HEADER = """
#include <stdint.h>
#include "status.h"
struct task;
struct list { struct list *next; };
enum mode { FAST, SLOW };
struct inner { int x; };
struct order { struct list link; enum mode mode; struct inner *inner; };
typedef struct { uint64_t value; } place;
enum status use(struct order *order, unsigned count);
void call(void (*back)(struct order *), place at);
struct order *give(struct task *task);
"""
NAMES = ("use", "call", "give")
USER = """
#include "sample.h"
EXPORT void go(void);
void go(void) { if (use(0, 1) == OK) call(0, (place){1}); }
"""
KINDS = """
#include "evolve.h"
struct counter_v1 { struct counter_v1 *next; int hits; };
struct counter { struct counter *next; long hits; };
struct totals { long sum; };
CELL_STATE(struct totals);
KIND(counter, "a counter", struct counter, .room = 16);
KIND_OF_BUFFERS(bytes, "bytes");
static enum status step(const void *from, void *to, void *body) { return from && to && !body; }
MIGRATE(counter, struct counter_v1, step, step);
MIGRATE_STATE(struct totals, step, NULL);
"""


class Functions(ProbeCase):

    def changed(self, old, new):
        """The functions whose signatures another header changes."""
        self.assertIn(old, HEADER)
        before, after = self.functions(HEADER, NAMES), self.functions(HEADER.replace(old, new), NAMES)
        return {name for name in before if before[name] != after.get(name)}

    def test_what_changes_a_signature(self):
        for old, new, names in (
            ("unsigned count", "unsigned long count", {"use"}),
            ("enum status use", "int use", {"use"}),
            ("struct inner { int x; }", "struct inner { long x; }", {"use", "call", "give"}),
            ("struct inner { int x; }", "struct inner { int y; }", {"use", "call", "give"}),
            ("FAST, SLOW", "SLOW, FAST", {"use", "call", "give"}),
            ("FAST, SLOW", "FAST, SLOW, IDLE", {"use", "call", "give"}),
            ("struct inner *inner;", "const struct inner *inner;", {"use", "call", "give"}),
            ("{ uint64_t value; } place", "{ uint64_t v; } place", {"call"}),
            ("place at", "uint64_t at", {"call"}),
            ("struct list *next;", "struct list *next, *last;", {"use", "call", "give"}),
            ("struct task;", "struct task { int n; };", {"give"}),
            ("struct task", "struct thread", {"give"}),
        ):
            with self.subTest(new=new):
                self.assertEqual(self.changed(old, new), names)

    def test_what_does_not(self):
        for old, new in (
            ("unsigned count", "unsigned number"),
            ("unsigned count", "unsigned"),
            ("struct task;", "struct task; struct more { int m; }; void also(struct more *more);"),
            ("enum status use", "__attribute__((warn_unused_result)) enum status use"),
        ):
            with self.subTest(new=new):
                self.assertEqual(self.changed(old, new), set())

    def test_version_stated_by_hand(self):
        plain = self.functions(HEADER, NAMES)
        stated = self.functions(HEADER + "\n#define MITOS_SAMPLE_H_VERSION 2\n", NAMES)
        self.assertEqual({name for name in plain if plain[name] != stated[name]}, set(plain))

    def test_recursion_ends(self):
        knot = """struct b; struct a { struct b *b; struct a *self; void (*f)(struct a *); };
            struct b { struct a *a; struct { struct b *deep[2][3]; } in; }; void knot(struct a *a);"""
        first = self.functions(knot, ["knot"])
        self.assertNotEqual(first, self.functions(knot.replace("deep[2]", "deep[4]"), ["knot"]))
        self.assertEqual((self.folder / "sample.types").read_text().count("\nstruct "), 3)

    def test_enum_of_64_bits_is_refused_by_name(self):
        done = self.probe("enum wide { BIG = 0x100000000 }; struct s { enum wide *w; }; void f(struct s *s);", ["f"])
        self.assertEqual(done.returncode, 1)
        self.assertIn("f: enum wide has a value that does not fit in 32 bits", done.stderr)

    def btf_is_malformed(self, functions):
        """functions: the type, by number, that each of them takes twice; the first one has number 3."""
        strings = b"\0probe_f\0"
        types = struct.pack("<3I", 0, 2 << 24, 3)  # 1: a pointer to 3
        types += struct.pack("<4I", 1, 14 << 24, 1, 1)  # 2: the variable probe_f
        for taken in functions:
            types += struct.pack("<7I", 0, 13 << 24 | 2, 0, 0, taken, 0, taken)
        btf = struct.pack("<HBB5I", 0xeb9f, 1, 0, 24, 0, len(types), len(types), len(strings)) + types + strings
        (self.folder / "a.s").write_text(".section .BTF\n.byte " + ",".join(map(str, btf)) + "\n")
        self.tool("gcc", "-mabi=lp64", "-march=rv64imac", "-c", self.folder / "a.s", "-o", self.folder / "a.o")
        done = self.pack("signatures", "-o", "x", "a.o")
        self.assertEqual((done.returncode, done.stderr), (1, "a.o: f: the BTF is malformed\n"))

    def test_btf_that_leads_in_a_circle(self):
        self.btf_is_malformed([3])

    def test_btf_that_would_take_for_ever(self):
        self.btf_is_malformed([*range(4, 44), 1])

    def test_wrong_use(self):
        self.functions(HEADER, NAMES)
        self.assertEqual(self.pack("signatures", "probe.o").returncode, 2)
        self.assertEqual(self.pack("signatures", "-o", "x").returncode, 2)
        (self.folder / "more.o").write_bytes((self.folder / "probe.o").read_bytes())
        done = self.pack("signatures", "-o", "x", "probe.o", "more.o")
        self.assertEqual(done.returncode, 1)
        self.assertIn("probed in probe.o, too", done.stderr)

    def test_file_that_would_not_change_is_left_alone(self):
        self.functions(HEADER, NAMES)
        written = (self.folder / "sample.types").stat().st_mtime_ns
        self.functions(HEADER, NAMES)
        self.assertEqual((self.folder / "sample.types").stat().st_mtime_ns, written)


class Cells(ProbeCase):

    def cell(self, sources, status=0):
        self.functions(HEADER, NAMES)
        self.known = self.listed("sample.types")
        joined = self.compile({"a.c": MANIFEST + sources}, [f"-I{self.folder}"])
        done = self.pack("cell", "-o", "sample.cell", "--signatures", "sample.types", joined)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stderr if status else self.folder / "sample.cell"

    def section(self, cell, name):
        out = self.folder / "section"
        done = run(CROSS + "objcopy", "-O", "binary", "--dump-section", f"{name}={out}",
                   self.folder / cell, self.folder / "rest")
        self.assertEqual(done.returncode, 0, done.stderr)
        return out.read_bytes()

    def globals_of(self, cell):
        lines = [line.split() for line in self.tool("readelf", "-sW", cell).splitlines()]
        return [line[7] for line in lines if len(line) > 7 and line[4] in ("GLOBAL", "WEAK")]

    def check_table(self, cell, state):
        table = [number for number, in struct.iter_unpack("<Q", self.section(cell, ".mitos.signatures"))]
        names = self.globals_of(cell)
        self.assertEqual(len(table), 1 + len(names))
        self.assertIn("use", names)
        self.assertIn("go", names)
        self.assertEqual(table[0], int(state, 16))
        for name, signature in zip(names, table[1:]):
            self.assertEqual(signature, int(self.known.get(name, "0"), 16), name)

    def test_one_entry_for_each_global_symbol_in_their_order(self):
        cell = self.cell(USER + "struct mine { int n; }; CELL_STATE(struct mine); "
                         "EXPORT int state_of(void); int state_of(void) { return state.n; }")
        text = self.folder / "text"
        text.write_bytes(self.section(cell, ".mitos.types"))
        state = self.listed("text", "state")["state"]
        self.assertEqual(self.listed("text", "import")["use"], self.known["use"])
        self.check_table(cell, state)
        self.assertEqual(self.pack("archive", "-o", "a.cpio", "sample.cell").returncode, 0)
        unpacked = self.folder / "unpacked"
        unpacked.mkdir()
        run("cpio", "-i", "-I", self.folder / "a.cpio", cwd=unpacked)
        self.check_table(unpacked / "sample.cell", state)

    def test_no_state_is_0(self):
        table = self.section(self.cell(USER), ".mitos.signatures")
        self.assertEqual(table[:8], bytes(8))

    def test_kinds_and_migrations_are_filled_in(self):
        cell = self.cell(KINDS)
        text = self.folder / "text"
        text.write_bytes(self.section(cell, ".mitos.types"))
        kinds = self.section(cell, ".cell.kinds")
        signatures = {struct.unpack_from("<Q", kinds, at + 32)[0] for at in (0, 48)}
        self.assertEqual(signatures, {0, int(self.listed("text", "kind")["a counter"], 16)})
        migrations = self.section(cell, ".cell.migrations")
        self.assertEqual({struct.unpack_from("<Q", migrations, at + 8)[0] for at in (0, 48)},
                         {int(self.listed("text", "migrates_kind")["a counter"], 16),
                          int(self.listed("text", "migrates_state")["state"], 16)})
        self.assertEqual(self.listed("text", "migrates_state"), self.listed("text", "state"))
        sections = self.tool("readelf", "-SW", cell)
        self.assertNotIn(".mitos.type_of", sections)
        self.assertNotIn(".BTF", sections)
        self.assertEqual(self.pack("check", "sample.cell").returncode, 0)

    def test_tags_of_complete_structs_do_not_count_in_layouts(self):
        signatures = []
        for name in ("counter", "counter_v1"):
            self.cell(f"""#include "evolve.h"
                struct {name}; struct part {{ struct {name} *up; }};
                struct {name} {{ struct {name} *next; struct part part; struct unknown *other; int hits; }};
                KIND(counter, "counter", struct {name});""".replace("struct part", f"struct part_of_{name}"))
            signatures.append(self.section("sample.cell", ".cell.kinds")[32:40])
        self.assertEqual(*signatures)

    def test_names_of_earlier_versions(self):
        kind = """#include "evolve.h"
            typedef unsigned count; enum mode { FAST, SLOW }; typedef struct place place;
            struct place { count x; enum mode mode; place *next; };
            KIND(place, "place", struct place);"""
        signatures = []
        for text in (kind, kind.replace("count", "count_v1").replace("mode ", "mode_v1 ").replace("FAST", "FAST_V1")
                     .replace("SLOW", "SLOW_v12").replace(" place;", " place_v3;").replace("; place ", "; place_v3 "),
                     kind.replace("count", "count_v"), kind.replace("count", "countv1"), kind.replace("FAST", "QUICK")):
            self.cell(text)
            signatures.append(self.section("sample.cell", ".cell.kinds")[32:40])
        self.assertEqual(signatures[0], signatures[1])
        self.assertEqual(len(set(signatures)), 4)
        before = self.functions(HEADER, NAMES)
        self.assertNotEqual(before, self.functions(HEADER.replace("place", "place_v1"), NAMES))

    def test_type_that_is_not_found_is_refused(self):
        joined = self.compile({"a.c": MANIFEST + KINDS}, ["-g0"])
        for command in (("cell", "-o", "sample.cell"), ("check",)):
            done = self.pack(*command, joined)
            self.assertEqual(done.returncode, 1)
            for name in ("kind_counter", "from_counter_0", "from_state_1", "state"):
                self.assertIn(f"a.c: {name}: its type is not found in the object's BTF", done.stderr)

    def test_kind_of_one_tag_in_two_files_is_refused(self):
        kind = '#include "nucleus/heap.h"\nstruct x { int a; };\nKIND(x, "x", struct x);\n'
        joined = self.compile({"a.c": MANIFEST + kind, "b.c": kind})
        done = self.pack("cell", "-o", "sample.cell", joined)
        self.assertEqual(done.returncode, 1)
        self.assertIn("kind_x: declared in two files of the cell", done.stderr)

    def test_what_no_macro_makes_is_refused(self):
        joined = self.compile({"a.c": MANIFEST + '\nstatic const long odd '
                                                 '__attribute__((section(".cell.kinds"), used)) = 3;'})
        done = self.pack("cell", "-o", "sample.cell", joined)
        self.assertEqual(done.returncode, 1)
        self.assertIn(".cell.kinds: has something else than KIND() makes", done.stderr)

    def test_state_with_an_enum_of_64_bits_is_refused(self):
        said = self.cell("enum wide { BIG = -0x100000000 }; struct s { enum wide w; }; CELL_STATE(struct s);", 1)
        self.assertIn("a.c: state: enum wide has a value that does not fit in 32 bits", said)

    def test_state_that_is_kept(self):
        self.cell(KINDS)
        (self.folder / "old").mkdir()
        (self.folder / "sample.cell").rename(self.folder / "old" / "sample.cell")
        joined = self.compile({"a.c": MANIFEST + "struct k { char bytes[8]; }; CELL_STATE(struct k);"})
        for arguments, same in ((("--state-of", "old/sample.cell"), True), ((), False)):
            self.assertEqual(self.pack("cell", "-o", "sample.cell", *arguments, joined).returncode, 0)
            table = [self.section(cell, ".mitos.signatures")[:8] for cell in ("sample.cell", "old/sample.cell")]
            self.assertEqual(table[0] == table[1], same)


if __name__ == "__main__":
    unittest.main()
