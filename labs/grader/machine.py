"""One check in one machine: boots QEMU, and takes the verdict from the port that only the cell `grade` has.

Time is counted in guest instructions (-icount), on one hart: so the host's load changes nothing. Each check has a
machine of its own: what a check breaks, it breaks for itself. The limit in seconds is a backstop only, for a
machine that neither speaks nor ends.
"""

import os
import re
import secrets
import selectors
import signal
import socket
import subprocess
import time

BACKSTOP_S = 120
VERDICT_BYTES = 64 << 10
BOOTED = "mitos: running "  # what the guest prints before it runs the command
CONSOLE_KEPT = 8192  # of the last of it, which explains why a machine has stopped
OUTCOMES = {"passed", "partly", "failed", "faulted", "timeout", "cancelled"}


def command(qemu, folder, run, port):
    """QEMU's command line. @port: the number of the open socket that becomes the guest's port."""
    return [qemu, "-machine", "virt", "-m", "128M", "-smp", "1", "-icount", "shift=0,sleep=off", "-display", "none",
            "-no-reboot", "-seed", "1", "-monitor", "none", "-serial", "stdio",
            "-kernel", str(folder / "mitos.elf"), "-initrd", str(folder / "mitos.cpio"), "-append", f"run={run}",
            "-global", "virtio-mmio.force-legacy=false", "-device", "virtio-serial-device",
            "-chardev", f"socket,id=verdict,fd={port}",
            "-device", "virtserialport,chardev=verdict,nr=1,name=verdict"]


def printable(text):
    """@text, with what a terminal might take for a command written as \\x1b."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def parse(data, word):
    """The verdict in what came over the port: {"check", "outcome", "points", "printed", "messages"}; None: there is none.
    A line that does not begin with the word, or comes after the end, makes it none."""
    found = {"messages": []}
    lines = data.decode("utf-8", "replace").split("\n")
    if len(data) >= VERDICT_BYTES or lines.pop() != "":
        return None
    for number, line in enumerate(lines):
        head, _, rest = line.partition(" ")
        key, _, value = rest.partition(" ")
        if head != word:
            return None
        if key == "message":
            found["messages"].append(printable(value))
        elif key in ("points", "printed") and re.fullmatch(r"[0-9]{1,18}", value) and key not in found:
            found[key] = int(value)
        elif key in ("check", "outcome") and key not in found:
            found[key] = value
        elif key == "end" and number == len(lines) - 1 and found.keys() >= {"check", "outcome", "points", "printed"}:
            return found if found["outcome"] in OUTCOMES and value == found["check"] else None
        else:
            return None
    return None


def _listen(process, port, limit):
    """What comes over the port, and the last of what the machine prints, until it ends or @limit seconds have passed."""
    verdict, console = b"", b""
    end = time.monotonic() + limit
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout.fileno(), selectors.EVENT_READ)
        selector.register(port.fileno(), selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(end - time.monotonic()) if time.monotonic() < end else []
            if not ready:
                return verdict, console + b"\n(the machine was stopped from outside)"
            for key, _ in ready:
                try:
                    data = os.read(key.fd, 65536)
                except ConnectionResetError:
                    data = b""
                if not data:
                    selector.unregister(key.fd)
                elif key.fd == port.fileno():
                    verdict = (verdict + data)[:VERDICT_BYTES]
                else:
                    console = (console + data)[-CONSOLE_KEPT:]
    return verdict, console


def run_check(qemu, folder, lab, check):
    """Runs @check (its name) of lab number @lab in a machine of its own. @return (verdict or None, last of the console)."""
    word = secrets.token_hex(16)
    ours, guests = socket.socketpair()
    with ours, subprocess.Popen(command(qemu, folder, f"run grade {lab} {check}", guests.fileno()),
                                pass_fds=[guests.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, start_new_session=True) as process:
        guests.close()
        try:
            ours.sendall(f"{word}\n".encode("ascii"))
            data, console = _listen(process, ours, BACKSTOP_S)
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
    verdict = parse(data, word)
    if verdict and verdict["check"] != check:
        verdict = None
    return verdict, console.decode("utf-8", "replace")
