"""The commands fault and faults, and file and line in what ./mitos prints of faults."""

import json
import os
import re
import subprocess
import tempfile
import unittest

from guest import BUILD, MITOS, ROOT, Guest, headless

KINDS = {
    "null": "load_null",
    "load": "load_unmapped",
    "store": "store_read_only",
    "jump": "jump_wild",
    "nx": "jump_to_data",
    "illegal": "execute_zeroes",
    "stack": "recurse",
    "software": "free_twice",
    "assert": "assert_wrongly",
}


def source_line(path, text):
    """The number of the one line of a source file in which the text stands."""
    with open(os.path.join(ROOT, path), encoding="utf-8") as source:
        (number,) = [number for number, line in enumerate(source, 1) if text in line]
    return number


class Fault(unittest.TestCase):
    def test_each_kind_ends_the_command_and_is_listed(self):
        status, lines = headless("; ".join(f"fault {kind}; echo {kind} $?" for kind in KINDS) + "; faults")
        self.assertEqual(status, 126)
        for kind in KINDS:
            self.assertIn(f"{kind} 126", lines)
        rows = lines[lines.index(f"{list(KINDS)[-1]} 126") + 1 : -1]
        self.assertRegex(rows[0], "^NUMBER +TIME +TASK +NAME +CELL +CAUSE$")
        self.assertEqual([int(row.split()[0]) for row in rows[1:]], list(range(1, len(KINDS) + 1)))
        for row in rows[1:]:
            self.assertEqual(row.split()[3:5], ["fault", "commands"])
            self.assertLessEqual(len(row), 80)

    def test_loop_is_ended_by_a_kill(self):
        guest = Guest()
        self.addCleanup(guest.close)
        self.assertIn("runs as task ", started := guest.run("fault loop &"))
        number = re.search(r"as task (\d+)", started)[1]
        guest.send(f"kill {number}\r")
        guest.expect("[1] done: fault")
        guest.prompt()
        self.assertIn("no faults since boot", guest.run("faults"))

    def test_unknown_words_are_refused_and_the_known_named(self):
        _, lines = headless("fault zz; echo $?; fault null zz; echo $?; fault; echo $?; faults")
        self.assertEqual(lines[0], "fault: there is no kind zz, only " + " ".join([*KINDS, "loop"]))
        self.assertRegex(lines[2], "^fault: zz is no place")
        self.assertEqual([lines[1], lines[3], lines[5]], ["2"] * 3)
        self.assertEqual(lines[4], "usage: fault KIND [PLACE] | fault off")
        self.assertEqual(lines[6], "no faults since boot")


class Restarts(unittest.TestCase):
    def test_cell_whose_task_waits_for_its_restart_cannot_be_unloaded(self):
        for kind in ("", " service"):
            with self.subTest(kind=kind):
                status, lines = headless(f"load faulter; faulter{kind}; unload faulter; tasks")
                self.assertEqual(status, 1)
                self.assertIn("task faulty runs in it", "\n".join(lines))
                self.assertRegex("\n".join(lines), r"faulty +waiting .*faulter:fault.*, 5 restarts")


class Shell(unittest.TestCase):
    """The shell's own task faults: looking up a command, it meets one whose name is at address 8."""

    def restarts(self, guest):
        rows = json.loads(guest.run("tasks --json"))
        return [(row["restarts"], row["number"]) for row in rows if row["name"] == "shell"]

    def test_prompt_comes_again(self):
        guest = Guest()
        self.addCleanup(guest.close)
        self.assertEqual([count for count, _ in self.restarts(guest)], [0])
        number = self.restarts(guest)[0][1]
        guest.run("load shell_breaker")
        guest.send("zz; echo never\r")
        guest.expect("starts again in 100 ms")
        guest.expect("the shell faulted")
        self.assertNotIn("never", guest.prompt())
        self.assertEqual(guest.status(), 126)
        self.assertEqual(self.restarts(guest), [(1, number)])
        self.assertRegex(guest.run("tasks"), r"shell +\w+ +\d +\d+ +shell:step, 1 restart\n")
        guest.send("zz\r")
        guest.expect("starts again in 200 ms")
        guest.prompt()
        guest.run("unload shell_breaker")
        self.assertIn("zz: no such command", guest.run("zz"))

    def test_commands_that_run_and_what_is_typed_go_on(self):
        guest = Guest("--smp", "2")
        self.addCleanup(guest.close)
        guest.run("load shell_breaker")
        self.assertIn("runs as task ", started := guest.run("fault loop &"))
        number = re.search(r"as task (\d+)", started)[1]
        guest.send("zz\recho typed ahead\r")
        guest.expect("the shell faulted")
        guest.expect("typed ahead\n")
        guest.send(f"kill {number}\r")
        guest.expect("[1] done: fault status 126")
        guest.prompt()
        self.assertEqual(guest.power_off(), 0)

    def test_planted_in_its_step(self):
        for harts in ("1", "4"):
            with self.subTest(harts=harts):
                guest = Guest("--smp", harts)
                self.addCleanup(guest.close)
                guest.send("fault null shell:step\r")
                guest.expect("starts again in 100 ms")
                guest.expect("the shell faulted")
                guest.prompt()
                self.assertEqual(guest.run("echo it goes on"), "it goes on")
                self.assertEqual(guest.power_off(), 0)

    def test_headless_run_ends_with_its_status(self):
        status, lines = headless("load shell_breaker; zz; echo never")
        self.assertEqual(status, 126)
        self.assertNotIn("never", lines)


class Faults(unittest.TestCase):
    def test_json_has_the_backtrace(self):
        _, lines = headless("; ".join(f"fault {kind}" for kind in KINDS) + "; echo ==; faults --json")
        records = json.loads("\n".join(lines[lines.index("==") + 1 : -1]))
        for record, (kind, function) in zip(records, KINDS.items(), strict=True):
            with self.subTest(kind=kind):
                frames = [frame["place"] for frame in record["frames"]]
                self.assertEqual(record["cell"], "commands")
                self.assertRegex(record["version"], r"^\d")
                self.assertIn(f"commands:{function}", " ".join(frames))
                self.assertFalse(record["lost"])
                if kind != "stack":
                    self.assertEqual(record["more_frames"], 0)
                    self.assertIn("commands:run_fault", " ".join(frames))
                self.assertEqual([frame["interrupted"] for frame in record["frames"]].count(True), 1)
                self.assertFalse(any(frame["gone"] for frame in record["frames"]))
        self.assertEqual(records[0]["note"], "NULL pointer")
        self.assertIn("stack overflow", records[6]["note"])
        self.assertGreater(records[6]["more_frames"], 0)

    def test_one_is_shown_by_number(self):
        _, lines = headless("fault null; echo ==; faults 1; echo ==; faults 2; echo $?; faults --json 1")
        first = lines[lines.index("==") + 1 :]
        self.assertRegex(first[0], r"^fault 1 at \d+\.\d{6}: load page fault at 0x8: NULL pointer$")
        self.assertRegex(first[1], r"^  task \d+ fault, hart \d, cell commands \d")
        self.assertEqual(first[2], "  outcome: task ended")
        self.assertRegex(first[3], r"^  #0  commands:load_null\+0x")
        after = first[first.index("==") + 1 :]
        self.assertEqual(after[:2], ["faults: fault 2 is not kept, or never was (faults lists them)", "1"])
        self.assertEqual(json.loads("\n".join(after[2:-1]))["number"], 1)

    def test_older_ones_are_counted(self):
        _, lines = headless("; ".join(["fault null"] * 18) + "; echo ==; faults")
        rows = lines[lines.index("==") + 2 : -1]
        self.assertEqual([int(row.split()[0]) for row in rows[:-1]], list(range(3, 19)))
        self.assertEqual(rows[-1], "2 older ones are not kept")

    def test_a_new_version_of_the_cell_that_keeps_them_has_them(self):
        _, lines = headless("fault null; echo ==; faults -v; swap inspect inspect; fault stack; echo ==; faults -v")
        first = lines.index("==") + 1
        end = next(i for i, line in enumerate(lines) if line.startswith("swapped inspect"))
        shown = lines[lines.index("==", first) + 1 :]
        self.assertEqual(shown[: end - first], lines[first:end])
        self.assertRegex(shown[end - first], r"^fault 2 at .*stack overflow")

    def test_frames_whose_cell_has_gone_are_marked(self):
        _, lines = headless("load runner_samples; test sample.faults; unload runner_samples; echo ==; faults -v")
        shown = "\n".join(lines[lines.index("==") :])
        self.assertRegex(shown, r"#0  runner_samples:test_sample_faults\+0x\w+ \(1\.0, 0x\w+ of \d+ B\), gone or replaced since")
        self.assertNotRegex(shown, r"commands:.*gone or replaced")


class Lines(unittest.TestCase):
    """What the host adds."""

    place = f"cells/commands/fault.c:{source_line('cells/commands/fault.c', 'pointer->second;')}"

    def test_headless_runs_have_file_and_line(self):
        result = subprocess.run([MITOS, "run", "--headless", "--build", BUILD, "-c", "fault null"],
                                stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, encoding="utf-8", check=False)
        self.assertEqual(result.returncode, 126)
        self.assertRegex(result.stdout, r"fault: #0 0x\w+ commands:load_null\+0x\w+ \([^)]*\) at " + re.escape(self.place))
        self.assertRegex(result.stdout, r"fault: #\d 0x\w+ nucleus:\S+ at nucleus/trap\.S:\d+")

    def test_a_swapped_in_version_has_its_own_lines(self):
        build = os.path.join(BUILD, "rebuilt")
        result = subprocess.run([MITOS, "run", "--headless", "--build", build, "-c",
                                 "swap commands rebuilt/commands.cell; fault null"],
                                stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, encoding="utf-8", check=False)
        self.assertRegex(result.stdout, r"fault: #0 0x\w+ commands:load_null\+0x\w+ \([^)]*\) at " + re.escape(self.place))

    def test_interactive_runs_have_them_at_their_end_and_on_demand(self):
        folder = tempfile.TemporaryDirectory()  # in BUILD other guests may boot meanwhile
        self.addCleanup(folder.cleanup)
        for name in ("mitos.elf", "mitos.cpio", "cells", "host"):
            os.symlink(os.path.join(os.path.realpath(BUILD), name), os.path.join(folder.name, name))
        guest = Guest("--build", folder.name)
        self.addCleanup(guest.close)
        self.assertIn("fault: #0 ", guest.run("fault null"))
        told = subprocess.run([MITOS, "where", "--build", folder.name], stdout=subprocess.PIPE, encoding="utf-8",
                              check=True)
        self.assertIn(" at " + self.place, told.stdout)
        guest.send("poweroff 0\r")
        guest.expect("mitos: powering off, status 0")
        guest.expect("mitos: there were faults:")
        self.assertIn(" at " + self.place, guest.terminal.read())


if __name__ == "__main__":
    unittest.main(verbosity=2)
