"""System calls of one operation, of all threads, counted by strace as the difference of two run lengths.

That is sound only where a call's share of an operation is alike in both. A server answers as many requests with one call as are
there when it looks, so what the longer run needs more says little: such a thing is counted one request at a time."""
import os
import subprocess
import tempfile
from collections import Counter

from count import callgrind
from harness.child import bound


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
        words = ["strace", "-f", "-c", "-o", out, "setpriv", "--pdeathsig", "KILL", *command]  # what is traced outlives strace else
        with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=bound()) as process:
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


def difference(short, long, operations):
    """(calls of one of `operations` by which the long run is longer, [(name, calls)], the most first)"""
    calls = Counter(long)
    calls.subtract(short)
    return sum(calls.values()) / operations, [(name, n / operations) for name, n in calls.most_common() if abs(n) * 1000 > operations]


def count(command_of, length, **more):
    return difference(run(command_of(length), **more), run(command_of(2 * length), **more), length)
