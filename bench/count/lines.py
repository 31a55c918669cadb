"""Cache lines that move between cores: counted in a trace of all memory accesses of all threads (valgrind's lackey).

Each thread is taken for a core, and each line for one that a core reads from whoever wrote it last. A transfer is an access to
a line that another thread has written since this one had it; a claim is a write to a line of one's own copy that others hold a
copy of, which takes a message but no data. Valgrind's threads take turns, so who spins reads a line a little more or less often
than on a real machine; what data must travel is the same.
"""
import os
import re
import subprocess
import tempfile
import threading
from dataclasses import dataclass

from count import callgrind
from harness.child import bound

LINE = 6  # log2 of a line's bytes
TURN = re.compile(r"SCHED\[(\d+)\]:\s+acquired lock")


@dataclass
class Moves:
    transfers: int = 0
    claims: int = 0


def simulate(lines):
    """The Moves in a trace: lackey's " L address,size" (S, M, I) and valgrind's marks of which thread runs."""
    moves, thread, writer, holders = Moves(), 1, {}, {}
    for text in lines:
        kind = text[1:2]
        if text[:1] != " " or kind not in "LSM":
            if text[:2] == "--" and (turn := TURN.search(text)):
                thread = int(turn[1])
            continue
        address, _, size = text[3:].partition(",")
        try:
            first, last = int(address, 16), int(address, 16) + int(size) - 1
        except ValueError:
            continue  # a line of the program's own
        for at in range(first >> LINE, (last >> LINE) + 1):
            holding, missed = holders.setdefault(at, {thread}), False
            if thread not in holding:
                missed = writer.get(at, thread) != thread
                moves.transfers += missed
                holding.add(thread)
            if kind != "L":
                if len(holding) > 1:
                    moves.claims += not missed
                    holders[at] = {thread}
                writer[at] = thread
    return moves


def run(command, environment=None):
    trace, theirs = os.pipe()  # not a file: a trace is a gigabyte
    words = ["valgrind", "--tool=lackey", "--trace-mem=yes", "--trace-sched=yes", "--fair-sched=yes", f"--log-fd={theirs}", *command]
    with open(trace, encoding="utf-8", errors="replace") as f, tempfile.TemporaryFile("w+") as said:
        with subprocess.Popen(words, stdout=said, stderr=said, pass_fds=[theirs], preexec_fn=bound(), env={**os.environ, **(environment or {})}) as process:
            os.close(theirs)
            limit = threading.Timer(callgrind.TIME_LIMIT, process.kill)  # the trace ends with it
            limit.start()
            try:
                moves = simulate(f)
                status = process.wait(callgrind.TIME_LIMIT)
            finally:
                limit.cancel()
                process.kill()
        if status:
            said.seek(0)
            raise callgrind.Failed(f"{' '.join(command)}: status {status} under lackey (-9: no end after {callgrind.TIME_LIMIT} s): {said.read()[-400:]}")
        return moves


def count(command_of, length, **more):
    """(transfers, claims) of one operation."""
    short, long = run(command_of(length), **more), run(command_of(2 * length), **more)
    return (long.transfers - short.transfers) / length, (long.claims - short.claims) / length
