"""A guest to type at, and headless runs: what the tests of the shell share.

Nothing here waits for a fixed time: each wait is for a text. LIMIT is the backstop for a guest that
never prints it.
"""

import os
import re
import subprocess

import pexpect

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("MITOS_BUILD", os.path.join(ROOT, "build", "dev"))
MITOS = os.path.join(ROOT, "mitos")
PROMPT = "mitos> "
LIMIT = int(os.environ.get("MITOS_TEST_LIMIT", "60"))

LEFT, RIGHT, UP, DOWN = "\x1b[D", "\x1b[C", "\x1b[A", "\x1b[B"
HOME, END, DELETE, BACKSPACE = "\x1b[H", "\x1b[F", "\x1b[3~", "\x7f"
CTRL_A = "\x01\x01"  # QEMU keeps a single one for itself
CTRL_C, CTRL_D, CTRL_E, CTRL_K, CTRL_L = "\x03", "\x04", "\x05", "\x0b", "\x0c"
CTRL_U, CTRL_W = "\x15", "\x17"


class Terminal(pexpect.spawn):
    """Without carriage returns: how many stand before a line feed is the host's terminal's affair."""

    def read_nonblocking(self, *arguments, **options):
        return super().read_nonblocking(*arguments, **options).replace("\r", "")


class Guest:
    """A booted guest with a prompt, on a terminal of 80 columns."""

    def __init__(self, *options):
        arguments = ["run", "--build", BUILD, *options]
        self.terminal = Terminal(
            MITOS, arguments, dimensions=(24, 80), timeout=LIMIT, encoding="utf-8", echo=False
        )
        self.terminal.expect_exact(PROMPT)
        self.welcome = self.terminal.before

    def send(self, keys):
        self.terminal.send(keys)

    def expect(self, text):
        """Waits for the exact text; returns what came before it."""
        self.terminal.expect_exact(text)
        return self.terminal.before

    def prompt(self):
        """Waits for a prompt at the start of a row; returns what was printed before it."""
        self.terminal.expect(r"(^|\n)" + re.escape(PROMPT))
        return self.terminal.before

    def run(self, line):
        """Types a line (shorter than a row), and returns its output."""
        self.send(line + "\r")
        self.expect(line + "\n")
        return self.prompt().rstrip("\n")

    def status(self):
        return int(self.run("echo $?"))

    def power_off(self, status=0):
        self.send(f"poweroff {status}\r")
        self.expect(f"mitos: powering off, status {status}")
        self.terminal.expect(pexpect.EOF)
        self.terminal.close()
        return self.terminal.exitstatus

    def close(self):
        self.terminal.close(force=True)


def headless(commands, *options, log=False):
    """Runs commands without a prompt. Returns the exit status and the lines that they printed; with `log` also lines of
    the log, which come in between."""
    process = subprocess.run(
        [MITOS, "run", "--headless", "--build", BUILD, "--timeout", str(LIMIT), *options, "-c", commands],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        timeout=2 * LIMIT,
        encoding="utf-8",
        check=False,
    )
    lines = process.stdout.splitlines()
    for first, line in enumerate(lines):
        if line.startswith("mitos: running "):
            return process.returncode, [line for line in lines[first + 1 :] if log or not line.startswith("[   ")]
    raise AssertionError("the guest did not get to the shell:\n" + process.stdout)
