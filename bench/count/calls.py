"""System calls of one operation, of all threads, counted by strace as the difference of two run lengths."""
import os
import subprocess
import tempfile
from collections import Counter

from count import callgrind


def parse(lines):
    """{name: calls} of strace -c's table: "% time  seconds  usecs/call  calls  [errors]  syscall"."""
    found = Counter()
    for text in lines:
        words = text.split()
        if len(words) >= 5 and words[3].isdigit() and words[-1] not in ("total", "syscall"):
            found[words[-1]] += int(words[3])
    return found


def run(command, beside=None):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "calls")
        with subprocess.Popen(["strace", "-f", "-c", "-o", out, *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            try:
                if beside:
                    beside(process)
                said = process.communicate(timeout=callgrind.TIME_LIMIT)[1]
            finally:
                process.kill()
        if process.returncode:
            raise callgrind.Failed(f"{' '.join(command)}: status {process.returncode} under strace: {said[-300:]}")
        with open(out) as f:
            return parse(f)


def count(command_of, length, **more):
    """(calls of one operation, [(name, calls)])"""
    calls = run(command_of(2 * length), **more)
    calls.subtract(run(command_of(length), **more))
    return sum(calls.values()) / length, [(name, n / length) for name, n in calls.most_common() if abs(n) > length / 1000]
