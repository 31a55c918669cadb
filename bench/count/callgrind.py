"""Instructions and atomic operations of one operation, counted by valgrind's callgrind: exact, and alike on a noisy machine.

callgrind says how often each instruction was executed, objdump which of them are atomic: those with a lock prefix, exchanges
with memory (locked without one) and full fences. User space only; threads take turns, so a scheduler that spins is seen to
spin far longer than it does: on two schedulers the atomics are right, the instructions are not.
"""
import os
import subprocess
import tempfile
from collections import Counter
from dataclasses import dataclass

from harness.child import bound

TIME_LIMIT = 900  # of one run, on a busy machine too


class Failed(Exception):
    """The program could not be counted; the text says why."""


@dataclass
class Profile:
    """Of one run: how often each instruction was executed, {(object, address): count}, and instructions by function."""
    executed: Counter
    functions: Counter

    def total(self):
        return sum(self.functions.values())


def parse(lines):
    """The Profile that callgrind's output file describes. What a call cost inclusively is no cost of its caller."""
    executed, functions = Counter(), Counter()
    place = function = None
    skip = False
    for text in lines:
        first = text[:1]
        if first == "0":  # address, line, cost
            if skip:
                skip = False
                continue
            address, _, cost = text.split()
            executed[place, int(address, 16)] += int(cost)
            functions[function] += int(cost)
        elif text.startswith("ob="):
            place = text[3:].strip()
        elif text.startswith("fn="):
            function = text[3:].strip()
        elif text.startswith("calls="):
            skip = True
    return Profile(executed, functions)


def run(command, environment=None, beside=None):
    """The Profile of a command. beside(process): works with it while it runs, and must end it (for servers)."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "callgrind.out")
        words = ["valgrind", "--tool=callgrind", "--fair-sched=yes", "--dump-instr=yes", "--compress-strings=no", "--compress-pos=no",
                 f"--callgrind-out-file={out}", *command]
        log = open(os.path.join(folder, "log"), "w+")
        with subprocess.Popen(words, stdout=log, stderr=log, preexec_fn=bound(), env={**os.environ, **(environment or {})}) as process:
            try:
                if beside:
                    beside(process)
                status = process.wait(TIME_LIMIT)
            except subprocess.TimeoutExpired:
                raise Failed(f"{' '.join(command)}: no end after {TIME_LIMIT} s under callgrind") from None
            finally:
                process.kill()  # it is waited for on leaving; nothing of ours stays
        if status:
            log.seek(0)
            raise Failed(f"{' '.join(command)}: status {status}: {log.read()[-400:]}")
        with open(out, encoding="utf-8", errors="replace") as f:
            return parse(f)


def atomic_addresses(path, known={}):
    """The addresses of an object's atomic instructions; each object is disassembled once."""
    if path not in known:
        known[path] = set()
        if path and os.path.exists(path):
            said = subprocess.run(["objdump", "-d", "--no-show-raw-insn", path], capture_output=True, text=True).stdout
            for text in said.splitlines():
                address, _, instruction = text.partition(":\t")
                words = instruction.split()
                if words and ("lock" in words[:2] or words[0] == "mfence" or (words[0].startswith("xchg") and "(" in instruction)):
                    known[path].add(int(address, 16))
    return known[path]


@dataclass
class Cost:
    """Of one operation."""
    instructions: float
    atomics: float
    functions: list  # [(name, instructions)], the largest first
    atomic_places: list  # [(function or address, executions)]


def difference(short, long, operations):
    """The Cost of one of `operations` by which the long run is longer than the short one."""
    functions, atomics = Counter(long.functions), Counter(long.executed)
    functions.subtract(short.functions)
    atomics.subtract(short.executed)
    places = [(f"{os.path.basename(o)}+{a:#x}", n / operations) for (o, a), n in atomics.items() if n and a in atomic_addresses(o)]
    return Cost(sum(functions.values()) / operations, sum(n for _, n in places),
                [(name, n / operations) for name, n in functions.most_common() if n],
                sorted(places, key=lambda p: -p[1]))


def count(command_of, length, **more):
    """The Cost of one operation of command_of(n): n of them, and twice as many."""
    return difference(run(command_of(length), **more), run(command_of(2 * length), **more), length)
