"""Ports beside the console: every byte arrives, both ways, whoever is slow and whatever is replaced meanwhile.

    test_serial.py [HARTS]

The guest's commands are in tests/guest/serial_tests; what they send is pattern() here as well.
"""

import os
import re
import shutil
import socket
import sys
import tempfile
import threading
import unittest

from guest import BUILD, LIMIT, Guest, headless

HARTS = sys.argv[1] if len(sys.argv) > 1 else "2"
MIB = 1 << 20
SWAPS = 40  # of each cell, under one copy
OPTIONS = ("--build", os.path.join(BUILD, "rebuilt"), "--smp", HARTS)


def pattern(length):
    return bytes((i * 2654435761 & 0xFFFFFFFF) >> 24 for i in range(length))


def read_exactly(end, length):
    received = bytearray()
    while len(received) < length:
        part = end.recv(length - len(received))
        if not part:
            break
        received += part
    return bytes(received)


def other_frames(booted):
    """What frames are used for that are neither slabs nor text nor another use that `mem` names."""
    return re.search(r"\nother +(\d+) +", booted.run("mem")).group(1)


class Ports(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def listen(self):
        """A socket for a port. Returns the option of ./mitos run for it; connected() is the port's end."""
        self.listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(self.listener.close)
        self.listener.settimeout(LIMIT)
        self.listener.bind(self.path("socket"))
        self.listener.listen()
        return ("--port", "test=unix:" + self.path("socket"))

    def connected(self):
        end, _ = self.listener.accept()
        self.addCleanup(end.close)
        end.settimeout(LIMIT)
        return end

    def boot(self, *options):
        booted = Guest(*OPTIONS, *options)
        self.addCleanup(booted.close)
        self.frames = other_frames(booted)
        booted.run("load serial_tests")
        return booted

    def change_qemu(self, rule):
        """From now on QEMU's arguments go through this rule of sed, a line each."""
        real = shutil.which("qemu-system-riscv64")
        with open(self.path("qemu-system-riscv64"), "w", encoding="utf-8") as script:
            script.write("#!/usr/bin/env bash\n"
                         f"mapfile -t words < <(printf '%s\\n' \"$@\" | sed '{rule}')\nexec {real} \"${{words[@]}}\"\n")
        os.chmod(self.path("qemu-system-riscv64"), 0o755)
        path = os.environ["PATH"]
        os.environ["PATH"] = self.folder + ":" + path
        self.addCleanup(os.environ.__setitem__, "PATH", path)

    # To a file, and to whoever reads

    def test_a_file_gets_every_byte(self):
        status, lines = headless(f"load serial_tests; port_send test {MIB}; port_send test 1000", *OPTIONS,
                                 "--port", "test=" + self.path("out"))
        self.assertEqual((status, lines[1:3]), (0, ["port_send: ok", "port_send: ok"]))
        with open(self.path("out"), "rb") as out:
            self.assertEqual(out.read(), pattern(MIB) + pattern(1000))

    def test_several_ports_do_not_mix(self):
        ports = [word for n in range(3) for word in ("--port", f"p{n}={self.path(f'out{n}')}")]
        status, _ = headless("load serial_tests; " + "; ".join(f"port_send p{n} {5000 * n + 1} &" for n in range(3)),
                             *OPTIONS, *ports)
        self.assertEqual(status, 0)
        for n in range(3):
            with open(self.path(f"out{n}"), "rb") as out:
                self.assertEqual(out.read(), pattern(5000 * n + 1))

    def test_the_writer_waits_for_a_slow_reader(self):
        option = self.listen()
        booted = self.boot(*option)
        end = self.connected()
        booted.send(f"port_send test {MIB} &\r")
        booted.prompt()
        for _ in range(3):  # it has the port, and cannot be done while nobody reads
            self.assertIn("port test: in use", booted.run("port_send test 1"))
            self.assertEqual(booted.status(), 1)
        received = bytearray()
        for step in range(16):
            received += read_exactly(end, MIB // 16)
            booted.run(f"echo {step}")
        self.assertEqual(bytes(received), pattern(MIB))
        self.assertNotIn("[1]", booted.run("jobs"))

    def test_serial_stays_until_all_is_sent(self):
        booted = self.boot(*self.listen())
        end = self.connected()
        left = booted.run("port_leave test 1000")
        booted.run("unload serial_tests")
        self.assertIn("serial", booted.run("unload serial"))
        self.assertEqual(booted.status(), 1)
        length = int(left.split()[1])
        self.assertEqual(read_exactly(end, length), bytes(length))
        while True:  # the device has its last interrupt to make
            booted.run("unload serial")
            if booted.status() == 0:
                break

    def test_the_writer_waits_until_the_host_has_connected(self):
        self.change_qemu("s/^socket,id=port1,.*$/&,server=on,wait=off/")
        booted = self.boot("--port", "test=unix:" + self.path("late"))
        booted.send("port_send test 100000 &\r")
        booted.prompt()
        self.assertIn("in use", booted.run("port_send test 1"))
        with socket.socket(socket.AF_UNIX) as end:
            end.settimeout(LIMIT)
            end.connect(self.path("late"))
            self.assertEqual(read_exactly(end, 100000), pattern(100000))

    # From the host, and both ways

    def test_the_guest_reads_every_byte(self):
        booted = self.boot(*self.listen())
        end = self.connected()
        sender = threading.Thread(target=end.sendall, args=(pattern(MIB),))
        sender.start()
        self.assertIn(f"port_receive: {MIB} good bytes, ok", booted.run(f"port_receive test {MIB}"))
        sender.join()
        self.assertEqual(booted.status(), 0)

    def test_what_is_not_read_waits_for_the_next_reader(self):
        booted = self.boot(*self.listen())
        end = self.connected()
        sender = threading.Thread(target=end.sendall, args=(pattern(5) + pattern(50000),))
        sender.start()
        self.assertIn("port_receive: 5 good bytes", booted.run("port_receive test 5"))
        self.assertIn("port_receive: 50000 good bytes", booted.run("port_receive test 50000"))
        sender.join()

    def test_a_copy_goes_on_while_the_cells_are_replaced(self):
        booted = self.boot(*self.listen())
        booted.terminal.delaybeforesend = None
        end = self.connected()
        sent, received, piece = pattern(MIB), bytearray(), MIB // SWAPS
        booted.send(f"port_echo test {piece * SWAPS + 1} &\r")
        booted.prompt()

        def exchange(first):
            writer = threading.Thread(target=end.sendall, args=(sent[first : first + piece],))
            writer.start()
            received.extend(read_exactly(end, piece))
            writer.join()

        for turn in range(SWAPS):
            copy = threading.Thread(target=exchange, args=(turn * piece,))
            copy.start()
            for cell in ("serial", "virtio"):
                new, old = (cell, "1.1") if turn % 2 else (f"rebuilt/{cell}.cell", "1.0")
                self.assertIn(f"swapped {cell} {old} for {cell} ", booted.run(f"swap {cell} {new}"))
            copy.join()
        self.assertEqual(bytes(received), sent[: piece * SWAPS])
        end.sendall(b"!")  # not before, as its end would be printed into a line that is typed
        booted.expect(f"port_echo: {piece * SWAPS + 1} bytes, ok")

    def test_the_device_can_be_given_up_and_taken_again(self):
        booted = self.boot(*self.listen())
        end = self.connected()
        for _ in range(3):
            self.assertIn("port_send: ok", booted.run("port_send test 3000"))
            self.assertEqual(read_exactly(end, 3000), pattern(3000))
            booted.run("unload virtio")  # which serial uses
            self.assertEqual(booted.status(), 1)
            for cell in ("serial_tests", "serial", "virtio"):
                booted.run(f"unload {cell}")
                self.assertEqual(booted.status(), 0, cell)
            self.assertEqual(other_frames(booted), self.frames)  # rings and buffers
            booted.run("load serial_tests")

    def test_in_quarantine_clients_hear_of_it_and_go_on_afterwards(self):
        status, lines = headless("load serial_tests; port_send test 5; "
                                 + "; ".join(f"swap {cell} stand_in/{cell}.cell; port_send test 5; swap {cell} {cell};"
                                             "port_send test 5" for cell in ("serial", "virtio")),
                                 *OPTIONS, "--port", "test=" + self.path("out"))
        self.assertEqual([line for line in lines[1:] if line.startswith("port")],
                         ["port_send: ok", "port test: in quarantine", "port_send: ok",
                          "port_send: in quarantine", "port_send: ok"])
        self.assertEqual(status, 1)
        with open(self.path("out"), "rb") as out:
            self.assertEqual(out.read(), 3 * pattern(5))

    # What cannot be had

    def test_a_port_that_is_not_there(self):
        status, lines = headless("load serial_tests; port_send tes 1", *OPTIONS, "--port", "test=/dev/null")
        self.assertEqual((status, lines[1]), (1, "port tes: not found"))

    def expect_no_device(self, legacy, *options):
        status, lines = headless("load serial_tests; port_send test 1", *OPTIONS, *options)
        self.assertEqual((status, lines[1]), (1, "port test: not supported"))
        booted = self.boot(*options)
        log = booted.run("log")
        self.assertIn("serial: no modern virtio console device", log)
        self.assertEqual("is a legacy one" in log, legacy)

    def test_a_machine_without_the_device(self):
        self.expect_no_device(False)

    def test_a_legacy_device_is_left_alone(self):
        self.change_qemu("s/^virtio-mmio.force-legacy=false$/virtio-mmio.force-legacy=true/")
        self.expect_no_device(True, "--port", "test=/dev/null")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
