"""A second witness for --compare: how many instructions of user space a row takes in each build. Needs no quiet machine.

The machine's counters say it (perf stat), or where there are none callgrind. Each is the difference of two amounts of work, so
that starting and stopping a node is not in it. On one scheduler only: what an idle one spins is not work.
"""
import os
import shutil
import subprocess
import tempfile

from count import callgrind
from harness import measure

# Of 1/100 and 1/200 of a row's work: under callgrind a second or two, and still ten times what varies by itself.
SCALES = {"perf": (10, 20), "callgrind": (100, 200)}
LEAST = 0.01


class Unavailable(Exception):
    """Nothing here counts instructions."""


def by_perf(command):
    with tempfile.TemporaryDirectory() as place:
        out = os.path.join(place, "counts")
        measure.run_command(["perf", "stat", "-x,", "-e", "instructions:u", "-o", out, "--", *command])
        return counted(out)


def counted(path):
    """The number in what perf stat -x, wrote; Unavailable if it says that it is not counted."""
    with open(path, encoding="utf-8") as f:
        fields = [line.split(",") for line in f if "instructions" in line]
    if not fields or not fields[0][0].isdigit():
        raise Unavailable("perf stat counts no instructions here")
    return int(fields[0][0])


def by_callgrind(command):
    return callgrind.run(command).total()


def way():
    """"perf" or "callgrind", whichever works here."""
    try:
        if shutil.which("perf") and by_perf(["true"]) > 0:
            return "perf"
    except (Unavailable, measure.Failed, OSError):
        pass
    if not shutil.which("valgrind"):
        raise Unavailable("neither perf's counters nor valgrind are here")
    return "callgrind"


class Witness:
    """rows_at(scale): the rows with that part of their work, {name: Row}."""

    def __init__(self, rows_at):
        self.how = way()
        self.more, self.fewer = map(rows_at, SCALES[self.how])

    def work(self, name, setting, moved):
        """Instructions of the larger amount of work without those of the smaller. moved(case): the case in one of the builds."""
        one = {"perf": by_perf, "callgrind": by_callgrind}[self.how]
        large, small = (one(moved(rows[name].contestants["pitboss"][setting]).command) for rows in (self.more, self.fewer))
        return large - small

    def record(self, name, setting, this, base):
        """What both builds need, or None: several schedulers, a server, or a row that cannot be counted here.

        this, base: moved() of the one and the other.
        """
        if setting != "S1" or self.more[name].contestants["pitboss"][setting].port:
            return None
        try:
            ours, theirs = self.work(name, setting, this), self.work(name, setting, base)
        except (callgrind.Failed, measure.Failed, measure.NotYet, Unavailable):
            return None
        if ours <= 0 or theirs <= 0:
            return None
        return {"record": "instructions", "bench": name, "setting": setting, "how": self.how, "this": ours, "base": theirs,
                "ratio": theirs / ours, "verdict": verdict(theirs / ours)}


def verdict(ratio):
    return "same" if abs(ratio - 1) < LEAST else "fewer" if ratio > 1 else "more"
