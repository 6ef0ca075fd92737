"""What the tests of pack share: a folder for each test, the cross compiler, ld -r, and pack itself.

The environment says which ones: PACK, MITOS_CROSS (a prefix), MITOS_GUEST_DIR (the guest's build
folder, for its compiler flags; without one the flags below stand in).
"""
import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACK = os.environ.get("PACK", "pack")
CROSS = os.environ.get("MITOS_CROSS", "riscv64-unknown-elf-")
GUEST = os.environ.get("MITOS_GUEST_DIR", "")

FLAGS = """-march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany -ffreestanding -std=gnu17
    -fexceptions
    -fnon-call-exceptions -fasynchronous-unwind-tables -fno-delete-null-pointer-checks -fno-common
    -fno-stack-protector""".split()
if GUEST and os.path.exists(f"{GUEST}/checks/gcc.flags"):
    FLAGS = [f"@{GUEST}/checks/gcc.flags"]
# Tests of what the compiler lets pass must not be stopped by its warnings.
CELL_FLAGS = FLAGS + ["-O2", "-g", "-gbtf", "-mno-relax", "-fvisibility=hidden", f"-I{ROOT}/abi", "-w"]

MANIFEST = '#include "cell.h"\nCELL(.name = "sample", .version = "1.0", .summary = "A sample.");\n'


def run(*command, **options):
    return subprocess.run([str(word) for word in command],
                          capture_output=True,
                          text=True,
                          **options)


class PackCase(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def tool(self, name, *arguments):
        """Output of a tool of the cross toolchain, which must succeed and warn of nothing."""
        done = run(CROSS + name, *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def compile(self, sources, flags=()):
        """sources: {"a.c": text}. Returns the object that `ld -r` makes of them."""
        objects = []
        for name, text in sources.items():
            source = self.folder / name
            source.write_text(text)
            objects.append(source.with_suffix(".part.o"))
            self.tool("gcc", *CELL_FLAGS, *flags, "-c", source, "-o", objects[-1])
        joined = self.folder / "sample.o"
        self.tool("ld", "-r", "-o", joined, *objects)
        return joined

    def pack(self, *arguments):
        """Runs pack. A sanitizer's report is a failure of the test, whatever the status."""
        done = run(PACK, *arguments, cwd=self.folder)
        self.assertNotIn("Sanitizer", done.stderr)
        self.assertNotIn("runtime error", done.stderr)
        return done

    def make_cell(self, name="sample", text="", **manifest):
        """A packed cell NAME.cell."""
        fields = {"name": name, "version": "1.0", "summary": "A sample.", **manifest}
        values = ", ".join(f'.{key} = "{value}"' for key, value in fields.items())
        joined = self.compile({f"{name}.c": f'#include "cell.h"\nCELL({values});\n{text}'})
        done = self.pack("cell", "-o", f"{name}.cell", joined)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return self.folder / f"{name}.cell"


class ProbeCase(PackCase):
    """Has an interface, sample.h, and what pack signatures says of it, sample.types."""

    def probe(self, header, functions, flags=()):
        """Probes a header as the build does; returns pack's answer."""
        (self.folder / "sample.h").write_text(header)
        (self.folder / "list").write_text("".join(f"{name} sample.h\n" for name in functions))
        done = run(ROOT / "abi/cmake/probe_headers.sh", self.folder / "list", self.folder, "sample.h")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.tool("gcc", *CELL_FLAGS, *flags, f"-I{self.folder}", "-c", self.folder / "sample.h.c",
                  "-o", self.folder / "probe.o")
        return self.pack("signatures", "-o", "sample.types", "probe.o")

    def functions(self, header, names):
        """{name: signature}"""
        done = self.probe(header, names)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return self.listed("sample.types")

    def listed(self, name, what="function"):
        lines = (self.folder / name).read_text().splitlines()
        return {line.split(" ", 2)[2]: line.split(" ")[1] for line in lines if line.startswith(what + " ")}
