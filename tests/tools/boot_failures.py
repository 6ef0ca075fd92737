"""What a person sees on the host when a load fails, at boot or from the command line: one clear line and a
failing status, never a hang. Boots QEMU with archives that are damaged, or made of the wrong cells.

    boot_failures.py ROOT BUILD PACK
"""

import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import unittest

ROOT, BUILD, PACK = (pathlib.Path(argument) for argument in sys.argv[1:4])
FAILED = 99  # QEMU's status when the nucleus stops the machine
LIMIT = 30  # seconds, for a guest that hangs
BOOT = "vm sched_rr task clock plic uart inspect commands shell"
ACTOR_MAGIC = struct.pack("<Q", 0x6E616C7020666F20)  # tests/guest/interfaces/load_cells.h
INIT_FAULTS, START_FAILS = 2, 16
MACHINE = 18  # offset of e_machine in an ELF file


def read_members(archive):
    """[(name, bytes)] of a cpio archive (newc)."""
    members, at = [], 0
    while True:
        size, name_size = (int(archive[at + 6 + 8 * i : at + 14 + 8 * i], 16) for i in (6, 11))
        name = archive[at + 110 : at + 110 + name_size].split(b"\0")[0].decode()  # pack aligns with NULs
        data = (at + 110 + name_size + 3) // 4 * 4
        if name == "TRAILER!!!":
            return members
        members.append((name, archive[data : data + size]))
        at = (data + size + 3) // 4 * 4


def write_members(members):
    archive = b""
    for name, data in [*members, ("TRAILER!!!", b"")]:
        fields = [0, 0o100644 if data else 0, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
        archive += b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
        archive += bytes(-len(archive) % 4) + data
        archive += bytes(-len(archive) % 4)
    return archive


def boot(archive, harts=2):
    """Boots with that archive (None: none). Returns QEMU's status and what the nucleus printed."""
    with tempfile.NamedTemporaryFile() as file:
        command = ["qemu-system-riscv64", "-machine", "virt", "-m", "128M", "-smp", str(harts),
                   "-display", "none", "-monitor", "none", "-serial", "stdio", "-no-reboot",
                   "-kernel", BUILD / "mitos.elf", "-append", "run=echo it booted"]
        if archive is not None:
            file.write(archive)
            file.flush()
            command += ["-initrd", file.name]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=LIMIT, check=False)
    lines = done.stdout.decode(errors="replace").replace("\r", "").splitlines()
    return done.returncode, [line.split("] ", 1)[1] for line in lines if line.startswith("[ ")]


class BootFailures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.good = (BUILD / "mitos.cpio").read_bytes()
        cls.members = read_members(cls.good)

    def expect_failure(self, archive, *parts):
        """The machine stops, and one line has all of the parts."""
        status, lines = boot(archive)
        text = "\n".join(lines)
        self.assertEqual(status, FAILED, text)
        said = [line for line in lines if all(part in line for part in parts)]
        self.assertEqual(len(said), 1, f"not one line with {parts}:\n{text}")
        self.assertEqual(said, lines[-1:], f"it is not the last one:\n{text}")

    def change(self, name, change):
        """The good archive with one member changed; None drops it."""
        members = [(n, change(data) if n == name else data) for n, data in self.members]
        return write_members([(n, data) for n, data in members if data is not None])

    def pack(self, boot_set, leave_out=(), changed=None, more=()):
        """An archive of all cells of the build, but for some, and of more, as pack makes it."""
        with tempfile.TemporaryDirectory() as folder:
            files = [BUILD / "cells" / name for name, _ in self.members
                     if name.endswith(".cell") and "/" not in name]
            files = [file for file in files if file.stem not in leave_out]
            files += [BUILD / "cells" / f"{name}.cell" for name in more]
            for name, data in (changed or {}).items():
                path = pathlib.Path(folder) / f"{name}.cell"
                path.write_bytes(data)
                files = [path if file.stem == name else file for file in files]
            archive = pathlib.Path(folder) / "mitos.cpio"
            subprocess.run([PACK, "archive", "-o", archive, "--boot", boot_set,
                            "--default", "sched=sched_rr", "--default", "channel=chan_async", *files], check=True)
            return archive.read_bytes()

    def actor(self, plan):
        """The cell actor with a plan."""
        data = (BUILD / "cells" / "actor.cell").read_bytes()
        self.assertEqual(data.count(ACTOR_MAGIC), 1)
        at = data.index(ACTOR_MAGIC) + 8
        return data[:at] + struct.pack("<Q", plan) + data[at + 8 :]

    def test_these_archives_boot_when_nothing_is_wrong(self):
        for archive in (self.good, write_members(self.members), self.pack(BOOT),
                        self.pack(BOOT + " actor", changed={"actor": self.actor(0)})):
            self.assertEqual(boot(archive)[0], 0)

    def test_no_archive(self):
        self.expect_failure(None, "there is no boot archive", "-initrd")

    def test_archive_cut_short(self):
        for length in (1, 109, 200, 4096, len(self.good) // 2, self.good.rindex(b"TRAILER") - 1):
            with self.subTest(length=length):
                self.expect_failure(self.good[:length], "stops: boot archive: damaged or cut short")

    def test_garbage(self):
        self.expect_failure(bytes(range(256)) * 64, "stops: boot archive: damaged or cut short at byte 0")

    def test_archive_without_index(self):
        self.expect_failure(self.change("mitos.index", lambda _: None),
                            "stops: boot archive: it has no mitos.index")

    def test_index_that_is_malformed(self):
        self.expect_failure(self.change("mitos.index", lambda data: data.replace(b"boot.05 uart", b"boot.05")),
                            "stops: boot archive: line ", "of mitos.index is malformed")

    def test_no_boot_set(self):
        self.expect_failure(self.pack(""), "stops: boot set: ", "names no boot set")

    def test_archive_without_vm(self):
        self.expect_failure(self.change("vm.cell", lambda _: None), "stops: boot set: ",
                            "there is no vm.cell in the boot archive")

    def test_vm_is_in_neither_boot_set_nor_archive(self):
        self.expect_failure(self.pack(BOOT.replace("vm ", ""), leave_out=("vm",)),
                            "stops: boot set: task: needs ", "which no loaded or archived cell provides")

    def test_index_that_lies(self):
        def lie(index):
            return index.replace(b" vm\n", b" hello\n")

        self.expect_failure(self.change("mitos.index", lie), "stops: boot set: task: needs ",
                            "which hello does not provide")

    def test_boot_cell_that_cannot_be_linked(self):
        self.expect_failure(self.pack(BOOT + " deep_a"),
                            "stops: boot set: deep_a: deep_b: deep_c: needs provided_by_nobody()")

    def test_damaged_boot_cell(self):
        for name in ("vm", "shell"):
            with self.subTest(cell=name):
                damaged = self.change(f"{name}.cell", lambda data: data[:MACHINE] + b"\0" + data[MACHINE + 1 :])
                self.expect_failure(damaged, f"{name}: ELF header", "not RISC-V")

    def test_damaged_provider_names_the_chain(self):
        damaged = self.change("dep_e.cell", lambda data: data[:100])
        damaged = write_members([(n, re.sub(rb"(boot\.\d\d) shell", rb"\1 dep_a", data) if n == "mitos.index" else data)
                                 for n, data in read_members(damaged)])
        self.expect_failure(damaged, "stops: boot set: dep_a: dep_b: dep_c: dep_d: dep_e: ELF")

    def test_boot_cell_that_fails(self):
        for plan, text in ((START_FAILS, "its start() failed: device error"),
                           (INIT_FAULTS, "its init() failed: faulted")):
            with self.subTest(plan=plan):
                self.expect_failure(self.pack(BOOT + " actor", changed={"actor": self.actor(plan)}),
                                    f"stops: boot set: actor: {text}")

    def test_report_of_a_fault_before_the_console_was_started(self):
        status, lines = boot(self.pack("early " + BOOT))
        self.assertEqual(status, FAILED)
        self.assertTrue(any(line.startswith("fault: ") and "(early:early_start+" in line for line in lines), lines)
        self.assertIn("stops: boot set: early: its start() failed: faulted", lines[-1])

    def expect_report(self, archive, pattern, why):
        """Lines that say "fault: ", which match the pattern as a whole, then the machine stops."""
        status, lines = boot(archive)
        text = "\n".join(lines)
        self.assertEqual(status, FAILED, text)
        self.assertRegex("\n".join(line for line in lines if line.startswith("fault: ")), pattern)
        self.assertIn(f"stops: {why}", lines[-1])

    def test_report_without_the_cell_that_composes_it_is_of_numbers(self):
        self.expect_report(self.pack("early vm sched_rr task clock"),
                           r"\Afault: cause 15 at 0x8\nfault: task \d+ \S+ hart 0 pc 0x\w+ ra 0x\w+ sp 0x\w+\Z",
                           "boot set: early: its start() failed: faulted")

    def test_report_of_a_fault_in_a_report_is_of_numbers(self):
        archive = self.pack("bad_console vm sched_rr task clock inspect", leave_out=("uart",), more=("bad_console",))
        self.expect_report(archive, r"\Afault: cause 15 at 0x10\nfault: task \d+ \S+ hart 0 pc 0x\w+ ra 0x\w+ sp 0x\w+\n"
                           r"fault: console_emergency cut short: its caller goes on\n"
                           r"fault: task \d+ \S+ hart 0 cell bad_console 1\.0 pc 0x\w+ \(bad_console:bad_console_start\S+\n"
                           r"fault: #0 0x\w+ bad_console:bad_console_start.*(\nfault: #\d 0x\w+ nucleus:\S+)+\Z",
                           "boot set: bad_console: its start() failed: faulted")

    def test_report_of_a_fault_in_a_handler_goes_on_with_what_was_interrupted(self):
        self.expect_report(self.pack("in_handler " + BOOT),
                           r"\Afault: store page fault at 0x8: NULL pointer\n"
                           r"fault: task \d+ idle/1 hart 1 cell in_handler 1\.0 pc 0x\w+ \(in_handler:store_elsewhere\+\w+\)\n"
                           r"fault: #0 0x\w+ in_handler:store_elsewhere.*\n(fault: #\d 0x\w+ nucleus:\S+\n)+"
                           r"(fault: #\d 0x\w+ nucleus:\S+, interrupted)(\nfault: #\d 0x\w+ nucleus:\S+)*\Z",
                           "a fault in a handler, and in no hook")


class CommandLine(unittest.TestCase):
    def expect_run(self, command, status, line):
        done = subprocess.run([ROOT / "mitos", "run", "--headless", "--quiet", "--build", BUILD, "-c", command],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=2 * LIMIT, check=False)
        self.assertEqual(done.returncode, status)
        self.assertEqual(done.stdout.decode().splitlines(), [line])

    def test_load_of_an_unknown_cell(self):
        self.expect_run("load nosuch", 1, "load: there is no nosuch.cell in the boot archive")

    def test_load_that_cannot_be_linked(self):
        self.expect_run("load deep_a", 1, "load: deep_a: deep_b: deep_c: needs provided_by_nobody(), "
                                          "which no loaded or archived cell provides")

    def test_unload_of_an_unknown_cell(self):
        self.expect_run("unload nosuch", 1, "unload: nosuch: no such cell is loaded")

    def test_unload_of_the_cell_that_runs_the_command(self):
        self.expect_run("unload commands", 1, "unload: commands: task unload runs in it")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]], verbosity=2)
