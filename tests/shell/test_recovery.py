"""What the cell recovery does about faults in hooks and in service cells, on 1 and 4 harts."""

import json
import os
import re
import subprocess
import unittest

from guest import BUILD, LIMIT, MITOS

CROSS = os.environ.get("MITOS_CROSS", "riscv64-unknown-elf-")
HARTS = ("1", "4")
LOAD = r"^\s*([0-9a-f]+):\s+\S+\s+(?:{})\s+\w+,-?\d+\((?!sp)"


def tool(name, *arguments):
    return subprocess.run([CROSS + name, *arguments], stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout


def load_in(cell, function, kind="lbu|lw|ld"):
    """The place of the first load in a function that is none from its stack."""
    path = os.path.join(BUILD, "cells", cell + ".cell")
    symbol = re.search(rf"^([0-9a-f]+) ([0-9a-f]+) [tT] {function}$", tool("nm", "-S", path), re.M)
    start, size = int(symbol[1], 16), int(symbol[2], 16)
    for line in tool("objdump", "-d", "-j", ".text", path).splitlines():
        found = re.match(LOAD.format(kind), line)
        if found and start <= int(found[1], 16) < start + size:
            return f"{cell}:{function}+{int(found[1], 16) - start}"
    raise AssertionError(f"{cell}:{function} has no load")


def run(commands, *options, expected=0):
    """Runs commands, which must end with the status expected; @return all that was printed from the first of them on."""
    done = subprocess.run([MITOS, "run", "--headless", "--build", BUILD, "--timeout", str(LIMIT), *options, "-c",
                           "load recovery_tests busy; " + commands],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                          encoding="utf-8", check=False)
    if done.returncode != expected:
        raise AssertionError(f"status {done.returncode}:\n{done.stdout}")
    return done.stdout[done.stdout.index("mitos: running ") :]


class Recovery(unittest.TestCase):
    def run_faults(self, commands, harts, expected=0):
        """@return the output, the fault records, the lines of the log that recovery wrote."""
        text = run(commands + "; echo ==; faults --json; echo ==; log", "--smp", harts, expected=expected)
        output, faults, log = text.split("\n==\n")
        return output, json.loads(faults), re.findall(r"\] (recovery: .*)", log)

    def check_hook(self, place, hook, trigger, harts):
        """One fault in a hook: the cell is reloaded, and serves."""
        cell = place.split(":", maxsplit=1)[0]
        output, faults, said = self.run_faults(
            f"fault null {place}; {trigger}; recovered {cell}; {trigger}; log", harts)
        self.assertEqual([f"recovery: {cell}: fault 1 in {hook}: reloaded, version 1.0"], said)
        (fault,) = faults
        self.assertEqual((fault["cell"], fault["hook"]), (cell, hook))
        self.assertIn(hook + " cut short: ", fault["outcome"])
        return output

    def test_fault_in_the_scheduler(self):
        for harts in HARTS:
            for place in ("sched_rr:sched_pick", load_in("sched_rr", "sched_pick")):
                with self.subTest(harts=harts, place=place):
                    self.check_hook(place, "sched_pick", "busy yield 4 1", harts)

    def test_fault_in_the_handler_of_the_uart(self):
        for harts in HARTS:
            for place in ("uart:uart_interrupt", load_in("uart", "uart_interrupt", "lbu")):
                with self.subTest(harts=harts, place=place):
                    output = self.check_hook(place, "irq_interrupt", "echo prints", harts)
                    self.assertIn("plic: source 10 is turned off: its handler faulted", output)

    def test_fault_in_the_interrupts_of_plic_and_clock(self):
        for harts in HARTS:
            with self.subTest(harts=harts):
                self.check_hook("plic:irq_interrupt", "irq_interrupt", "echo prints", harts)
                self.check_hook(load_in("clock", "clock_interrupt"), "clock_interrupt", "busy sleep 4 1", harts)

    def test_fault_in_a_mapping_function(self):
        for harts in HARTS:
            # The first call is for the stack of the task that busy starts, so the command faults; the second not.
            for place, status in (("vm:mapping_map", 126), (load_in("vm", "mapping_drop"), 0)):
                with self.subTest(harts=harts, place=place):
                    output, faults, said = self.run_faults(
                        f"fault null {place}; busy map 1 1; recovered vm; busy map 1 1", harts, status)
                    self.assertIn("vm: its check() finds nothing", output)
                    self.assertIn("recovery: vm: fault 1: its check() finds nothing", said)
                    self.assertEqual([(fault["cell"], fault["hook"]) for fault in faults], [("vm", "")])

    def test_fault_in_the_page_fault_hook(self):
        for harts in HARTS:
            with self.subTest(harts=harts):
                _, faults, said = self.run_faults(
                    "fault null vm:vm_page_fault; busy map 1 1; recovered vm; busy map 1 1", harts)
                self.assertIn("recovery: vm: fault 1 in vm_page_fault: reloaded, version 1.0", said)
                self.assertEqual(faults[0]["hook"], "vm_page_fault")

    def test_second_fault_of_a_driver_ends_in_quarantine_until_it_is_replaced(self):
        for harts in HARTS:
            with self.subTest(harts=harts):
                _, faults, said = self.run_faults(
                    "fault null uart:uart_interrupt; echo prints; recovered uart;"
                    "fault null uart:uart_interrupt; echo prints; recovered uart 1; echo lost;"
                    "swap uart uart; echo prints", harts)
                self.assertEqual(said[:2], [
                    "recovery: uart: fault 1 in irq_interrupt: reloaded, version 1.0",
                    "recovery: uart: fault 2 in irq_interrupt: again after a reload; in quarantine, "
                    "until another one is swapped in"])
                self.assertEqual([fault["action"] for fault in faults], [line.split(": ", 3)[3] for line in said[:2]])

    def test_second_fault_of_a_scheduler_binds_the_default(self):
        for harts in HARTS:
            with self.subTest(harts=harts):
                output, faults, said = self.run_faults(
                    "swap --final sched_rr sched_mlfq; fault null sched_mlfq:sched_pick; recovered sched_mlfq;"
                    "fault null sched_mlfq:sched_pick; recovered sched_mlfq 1; cells;"
                    "fault null sched_rr:sched_pick; recovered sched_rr;"
                    "fault null sched_rr:sched_pick; recovered sched_rr 3; busy yield 4 1; swap sched_rr sched_rr", harts)
                self.assertIn("again after a reload; sched_rr 1.0 serves instead", said[1])
                self.assertRegex(output, r"(?m)^sched_rr +1\.0 .* sched$")
                self.assertIn("fault 3 in sched_pick: reloaded, version 1.0", said[2])
                self.assertIn("again after a reload; there is no stand-in for it, so it stays", said[3])
                self.assertEqual(len(faults), 4)

    def test_each_stand_in_keeps_the_state_for_who_comes_next(self):
        for harts in HARTS:
            for cell in ("vm", "clock", "plic", "uart", "devicetree"):
                with self.subTest(harts=harts, cell=cell):
                    output, faults, said = self.run_faults(
                        f"rest 2 &; swap {cell} stand_in/{cell}.cell; echo in quarantine;"
                        f"swap {cell} {cell}; cells; busy mix 4 1; rest 1", harts)
                    self.assertEqual((faults, said), ([], []))
                    self.assertEqual("in quarantine" in output.split("\n"), cell != "uart")
                    self.assertRegex(output, rf"swapped {cell} 1\.0 stand-in for {cell} 1\.0"
                                     if cell == "uart" else rf"swapped {cell} 1\.0 for {cell} 1\.0 stand-in")

    def test_a_probation_waits_for_a_clock_in_quarantine(self):
        output, faults, said = self.run_faults(
            "swap clock stand_in/clock.cell; swap uart uart; swap clock clock; rest 1; rollback uart", "1", 1)
        self.assertEqual((faults, said), ([], []))
        self.assertIn("swapped uart 1.0 for uart 1.0", output)
        self.assertIn("rollback: no older version of uart is kept", output)

    def test_a_reload_is_forgotten_after_ten_seconds(self):
        commands = "fault null uart:uart_interrupt; echo prints; recovered uart; {}" \
                   "fault null uart:uart_interrupt; echo prints; recovered uart 1; swap uart uart"
        for wait, expected in (("", "again after a reload"), ("rest 11; ", "reloaded, version 1.0")):
            with self.subTest(wait=wait):
                text = run(commands.format(wait) + "; echo ==; log", "--icount")
                said = re.findall(r"\] recovery: uart: fault 2 in irq_interrupt: (.*)", text.split("\n==\n")[1])
                self.assertTrue(said[0].startswith(expected), said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
