"""Runs a tool over what a student wrote: with a limit on time, memory and output, and nothing of the caller's
environment but the path."""
import os
import signal
import subprocess
import tempfile

SECONDS = 60
MEMORY_BYTES = 2 << 30
FILE_BYTES = 16 << 20  # of any file that the tool writes
SAID_BYTES = 64 << 10  # of what the tool says


class Limit(Exception):
    """A limit was reached; str() says which."""


# ulimit counts KiB, blocks of 512 bytes, blocks.
CONFINED = ("/bin/sh", "-c", f'ulimit -v {MEMORY_BYTES >> 10} && ulimit -f {FILE_BYTES >> 9} && ulimit -c 0 && '
                             'exec "$@"', "sh")


def run(command, folder, seconds=SECONDS, output=None):
    """(status, what it says) of @p command in @p folder; standard output goes to the file @p output, if given."""
    environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TMPDIR": str(folder),
                   "PYTHONDONTWRITEBYTECODE": "1"}
    with tempfile.TemporaryFile() as said, open(output or os.devnull, "wb") as out:
        process = subprocess.Popen([*CONFINED, *(str(word) for word in command)], cwd=folder, env=environment,
                                   stdin=subprocess.DEVNULL, stdout=out if output else said, stderr=said,
                                   start_new_session=True)
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Limit(f"takes more than {seconds} seconds") from None
        finally:
            # The compiler's driver has children.
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
        said.seek(0)
        text = said.read(SAID_BYTES).decode("utf-8", "replace")
    if output and os.path.getsize(output) >= FILE_BYTES or status == -signal.SIGXFSZ:
        raise Limit(f"grows to more than {FILE_BYTES >> 20} MiB")
    return status, text
