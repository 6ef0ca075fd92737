#!/usr/bin/env python3
"""boot_matrix.py [TIMES]: boots to the prompt and powers off, TIMES (50) times for each machine.

Prints a row for each machine: boots, failures, and the median and longest time from the command to the
prompt, which is for reading and decides nothing. Exits 1 when a boot failed.
"""

import statistics
import sys
import time

import pexpect

from guest import Guest

HARTS = (1, 2, 4, 8)
MEMORY = ("64M", "2G")


def boot(harts, memory):
    """Returns the seconds to the prompt; raises what pexpect raises, or AssertionError."""
    start = time.monotonic()
    guest = Guest("--smp", str(harts), "--mem", memory)
    seconds = time.monotonic() - start
    try:
        status = guest.power_off()
        assert status == 0, f"exit status {status}"
    finally:
        guest.close()
    return seconds


def row(harts, memory, times):
    seconds, failures = [], 0
    for turn in range(times):
        try:
            seconds.append(boot(harts, memory))
        except (pexpect.ExceptionPexpect, AssertionError) as error:
            failures += 1
            print(f"boot {turn} with {harts} harts, {memory}: {error}", file=sys.stderr)
    middle = statistics.median(seconds) if seconds else float("nan")
    longest = max(seconds, default=float("nan"))
    print(f"{harts:5}  {memory:>6}  {times:5}  {failures:8}  {middle:6.2f} s  {longest:7.2f} s", flush=True)
    return failures


def main():
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    print("harts  memory  boots  failures    median    longest")
    failures = sum(row(harts, memory, times) for harts in HARTS for memory in MEMORY)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
