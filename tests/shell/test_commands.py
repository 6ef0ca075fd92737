"""The basic commands: what they print for people fits 80 columns, what they print for tools is JSON."""

import json
import re
import unittest

from guest import headless

HARTS = 2


def sections(commands):
    """Runs commands in one guest. Returns the lines of each."""
    status, lines = headless("; ".join(f"echo ==; {command}" for command in commands), "--smp", str(HARTS))
    parts = "\n".join(lines).split("==\n")[1:]
    parts[-1] = parts[-1].replace(f"mitos: powering off, status {status}", "")
    return dict(zip(commands, (part.splitlines() for part in parts)))


class Json(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        commands = ["help --json", "cells --json", "cell uart --json", "deps --json", "deps uart --json",
                    "symbols --json", "symbols task_* --json", "symbols zz --json", "tasks --json",
                    "mem --json", "mem --drain --json", "heap --json", "heap --drain --json",
                    "heap --held-by --json", "heap --held-by shell --json", "cell task --json", "harts --json",
                    "sbi --json", "log --json", "what vm_stats --json", "what 0 --json", "time --json clear",
                    "swaps --json", "faults --json"]
        cls.output = {command: "\n".join(lines) for command, lines in sections(commands).items()}

    def of(self, command):
        return json.loads(self.output[command])

    def test_every_output_parses(self):
        for command, text in self.output.items():
            with self.subTest(command=command):
                json.loads(text.replace("\x1b[H\x1b[2J", ""))

    def test_help_knows_every_command(self):
        names = {command["name"] for command in self.of("help --json")}
        self.assertLessEqual(
            set("help cells cell load unload deps symbols what tasks mem heap harts sbi log run test "
                "echo time poweroff clear swap swaps fault faults".split()), names)

    def test_cells(self):
        cells = {cell["name"]: cell for cell in self.of("cells --json")}
        self.assertLessEqual({"vm", "task", "uart", "shell", "commands"}, set(cells))
        self.assertEqual(cells["uart"]["provides"], "console")
        self.assertGreaterEqual(cells["uart"]["users"], 2)

    def test_cell_names_who_binds_its_imports(self):
        uart = self.of("cell uart --json")
        providers = {row["symbol"]: row["provider"] for row in uart["imported"]}
        self.assertEqual(providers["irq_attach"], "plic")
        self.assertEqual(providers["dt_reg"], "devicetree")
        self.assertEqual(providers["spin_wait"], "nucleus")
        self.assertIn("console_write_step", [row["name"] for row in uart["exported"]])
        self.assertEqual(len(uart["exported"]), uart["exports"])
        self.assertEqual(len(uart["imported"]), uart["imports"])
        access = {row["name"]: row["access"] for row in uart["sections_in_memory"]}
        self.assertEqual(access[".text"], "rx")
        self.assertEqual(access[".cell.state"], "rw")

    def test_cell_lists_the_kinds_that_it_owns(self):
        task = self.of("cell task --json")
        self.assertEqual([kind["kind"] for kind in task["kinds"]], ["task", "restart"])
        self.assertGreaterEqual(task["kinds"][0]["live"], 2)
        tasks = task["kinds"][0]
        self.assertIn(tasks["live_bytes"], range(tasks["live"] * tasks["object_bytes"],
                                                 tasks["live"] * (tasks["object_bytes"] + 16)))  # aligned
        state = [row["bytes"] for row in task["sections_in_memory"] if row["name"] == ".cell.state"]
        self.assertEqual(state, [task["state_bytes"]])
        self.assertEqual(self.of("cell uart --json")["kinds"], [])

    def test_heap_says_who_holds_what(self):
        rows = {(row["holder_type"], row["holder"], row["kind"]): row for row in self.of("heap --held-by --json")}
        self.assertEqual(rows["state", "plic", "mapping"]["objects"], 3)
        self.assertEqual(rows["state", "plic", "irq lines"]["objects"], 1)
        self.assertEqual(rows["state", "uart", "irq lines"]["owner"], "plic")
        self.assertEqual(rows["state", "shell", "call"]["objects"], 1)
        self.assertEqual(rows["task", "heap", "buffer"]["owner"], "commands")
        of_shell = self.of("heap --held-by shell --json")
        self.assertEqual({row["holder"] for row in of_shell}, {"shell"})
        self.assertLessEqual({"state", "task"}, {row["holder_type"] for row in of_shell})

    def test_deps_agree_with_imports(self):
        edges = {(row["user"], row["provider"]): row for row in self.of("deps --json")}
        uart = self.of("cell uart --json")
        sites = sum(row["sites"] for row in uart["imported"] if row["provider"] == "task")
        self.assertEqual(edges["uart", "task"]["sites"], sites)
        chosen = {(row["user"], row["provider"]) for row in self.of("deps uart --json")}
        self.assertEqual(chosen, {edge for edge in edges if "uart" in edge})

    def test_symbols_match_the_pattern(self):
        names = [row["name"] for row in self.of("symbols task_* --json")]
        self.assertIn("task_spawn", names)
        self.assertTrue(all(name.startswith("task_") for name in names))
        self.assertLess(set(names), {row["name"] for row in self.of("symbols --json")})
        self.assertEqual(self.of("symbols zz --json"), [])

    def test_tasks(self):
        tasks = {row["name"]: row for row in self.of("tasks --json")}
        self.assertEqual(tasks["tasks"]["state"], "running")
        self.assertIn(tasks["shell"]["state"], ("parked", "ready", "running"))
        self.assertEqual(len([name for name in tasks if name.startswith("idle")]), HARTS)

    def test_frames_add_up(self):
        for command in ("mem --json", "mem --drain --json"):
            frames = self.of(command)
            self.assertEqual(frames["free"] + sum(frames["used"].values()), frames["total"])
            self.assertEqual(frames["total"] * frames["frame_bytes"], 128 << 20)

    def test_heap_names_owners(self):
        kinds = {(row["owner"], row["kind"]): row for row in self.of("heap --json")}
        self.assertEqual(kinds["shell", "call"]["live"], 1)
        self.assertEqual(kinds["commands", "buffer"]["object_bytes"], 0)
        for row in kinds.values():
            self.assertLessEqual(row["live_bytes"], row["slab_bytes"], row)

    def test_harts(self):
        self.assertEqual([row["hart"] for row in self.of("harts --json")], list(range(HARTS)))

    def test_sbi(self):
        sbi = self.of("sbi --json")
        self.assertEqual(sbi["implementation"], "OpenSBI")
        self.assertTrue(sbi["extensions"]["HSM"])

    def test_what_agrees_with_symbols(self):
        what = self.of("what vm_stats --json")
        symbol = [row for row in self.of("symbols --json") if row["name"] == "vm_stats"][0]
        self.assertEqual(what["address"], symbol["address"])
        self.assertEqual(what["function"]["cell"], "vm")
        self.assertEqual(what["function"]["offset"], 0)
        self.assertEqual(what["section"]["name"], ".text")
        self.assertEqual(what["frame"]["use"], "text")
        self.assertIn("never mapped", self.of("what 0 --json")["note"])


class Text(unittest.TestCase):
    def test_lines_fit_80_columns(self):
        commands = ["help", "cells", "cell vm", "deps", "symbols", "tasks", "mem", "heap", "heap --held-by",
                    "harts", "sbi", "what vm_stats", "help test", "help swap", "help heap", "help cell",
                    "help kill", "help fault", "help faults"]
        for command, lines in sections(commands).items():
            with self.subTest(command=command):
                self.assertGreater(len(lines), 2)
                self.assertEqual([line for line in lines if len(line) > 80], [])

    def test_wrong_use_gives_the_usage(self):
        commands = ["help a b", "help --what", "cells x", "cell", "cell a b", "load", "unload", "deps a b",
                    "deps --dot --json", "symbols a b", "what", "what a b", "tasks x", "mem x", "heap --x", "heap x",
                    "heap --held-by a b",
                    "harts x", "sbi x", "log -f", "run", "test a b", "time", "poweroff x", "clear x",
                    "swap", "swap a", "swap a b c", "swap -q b", "swap a b --what", "swaps x", "fault", "fault a b c",
                    "kill", "faults x", "faults 1 2", "faults -v 1"]
        outputs = sections([f"{command}; echo status $?" for command in commands])
        for command, lines in outputs.items():
            with self.subTest(command=command):
                self.assertRegex(lines[0], "^usage: " + command.split()[0].rstrip(";"))
                self.assertEqual(lines[1:], ["status 2"])

    def test_wrong_use_of_demo_gives_the_usage(self):
        words = ["", "x", "scheduler 0", "scheduler 10001", "scheduler x", "scheduler 1 2", "scheduler --what",
                 "scheduler 3 --auto 3", "channel 0"]
        _, lines = headless("load demo; " + "; ".join(f"demo {word}; echo status $?" for word in words))
        self.assertEqual(lines[1:-1], ["usage: demo scheduler|channel [SWAPS] [--auto]", "status 2"] * len(words))

    def test_failures_name_the_thing(self):
        outputs = sections(["cell zz", "load zz", "unload zz", "unload vm", "deps zz", "symbols zz", "what zz",
                            "run zz", "time zz", "help zz"])
        for command, lines in outputs.items():
            with self.subTest(command=command):
                self.assertEqual(len(lines), 1)
                self.assertIn(command.split()[1], lines[0])

    def test_heap_held_by_nobody_known_says_so(self):
        outputs = sections(["heap --held-by zz; echo status $?", "heap --held-by clock; echo status $?"])
        unknown, idle = outputs.values()
        self.assertIn("zz is no cell, nor a task", unknown[0])
        self.assertEqual(unknown[1:], ["status 1"])
        self.assertEqual((len(idle), idle[-1]), (2, "status 0"))

    def test_load_and_unload(self):
        outputs = sections(["load hello", "hello a", "unload hello", "hello b", "load hello hello", "run hello c"])
        self.assertEqual(outputs["load hello"], ["loaded hello"])
        self.assertEqual(outputs["hello a"], ["Hello, a."])
        self.assertEqual(outputs["unload hello"], [])
        self.assertIn("no such command", outputs["hello b"][0])
        self.assertIn("hello", outputs["load hello hello"][1])
        self.assertEqual(outputs["run hello c"], ["Hello, c."])

    def test_dot_is_a_graph(self):
        lines = sections(["deps --dot"])["deps --dot"]
        self.assertEqual(lines[0], "digraph cells {")
        self.assertEqual(lines[-1], "}")
        self.assertTrue(all(re.fullmatch(r'    "\w+" -> "\w+" \[label="\d+"\];', line) for line in lines[1:-1]))

    def test_what_knows_stacks_objects_and_state(self):
        tasks = json.loads("\n".join(sections(["tasks --json"])["tasks --json"]))
        shell = [row for row in tasks if row["name"] == "shell"][0]
        low, high = int(shell["stack_low"], 16), int(shell["stack_high"], 16)
        # The same machine boots the same way: addresses are those of the run before.
        outputs = sections([f"what {high - 8:#x}", f"what {low - 8:#x}", f"what {high - 8:#x} --json"])
        inside, below, as_json = ("\n".join(lines) for lines in outputs.values())
        self.assertIn(f"stack     of task {shell['number']} shell", inside)
        self.assertIn("mapping", inside)
        self.assertIn(f"guard     page below the stack of task {shell['number']} shell", below)
        self.assertEqual(json.loads(as_json)["stack"]["name"], "shell")

    def test_time_prints_instructions(self):
        lines = sections(["time echo hi"])["time echo hi"]
        self.assertEqual(lines[0], "hi")
        self.assertRegex(lines[1], r"^time: \d+ instructions, \d+ ns$")


class Tap(unittest.TestCase):
    def test_every_outcome_is_reported(self):
        status, lines = headless("load runner_samples; test sample.*")
        text = "\n".join(lines)
        self.assertEqual(status, 1)
        self.assertEqual(lines[1:3], ["TAP version 13", "1..5"])
        self.assertIn("\nok 1 - sample.passes\n", text)
        self.assertIn("\nnot ok 2 - sample.fails_twice\n"
                      "# samples.c:15: three == 4: three is 3\n"
                      "# samples.c:17: three == 5: and still 3\n", text)
        self.assertIn("\nok 3 - sample.skips # SKIP needs a reason\n", text)
        self.assertRegex(text, r"\nnot ok 4 - sample.faults\n# samples.c:\d+: false: before the fault\n"
                               r"# ended by a fault; the log says:\n(#   .*\n)*#   \[.*runner_samples:test_sample_faults")
        self.assertRegex(text, r"\nnot ok 5 - sample.says_too_much\n(# .*\n)+# and \d+ more failed checks\n")
        self.assertEqual(lines[-2], "# 2 of 5 passed")

    def test_only_what_matches_runs(self):
        status, lines = headless("load runner_samples; test sample.pas*")
        self.assertEqual(status, 0)
        self.assertEqual(lines[1:-1], ["TAP version 13", "1..1", "ok 1 - sample.passes", "# 1 of 1 passed"])

    def test_no_match_is_no_success(self):
        status, lines = headless("test nothing.here")
        self.assertEqual(status, 3)
        self.assertTrue(lines[1].startswith("1..0"))

    def test_test_cells_are_loaded_as_needed(self):
        status, lines = headless("test shell; cell shell_tests")
        self.assertEqual(status, 0, lines)
        self.assertIn("ok 1 - shell.every_command_is_documented", lines)


if __name__ == "__main__":
    unittest.main(verbosity=2)
