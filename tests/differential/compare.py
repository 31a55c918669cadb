#!/usr/bin/env python3
"""Hold pitboss against Erlang: the same random programs on both, and what was seen compared.

Each program is run many times on both sides; each side gives the set of outcomes that it has seen. What pitboss shows
Erlang must be able to show. A program of which it has not yet is run there again, more and more often, before it is a
difference; a difference is made as small as it gets and printed with both sets.
"""
import argparse
import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
from generate import generate, parse  # noqa: E402

WORKERS = 16  # programs beside each other: most of the time is waiting for timers
BATCH = 2000
MORE = (40, 400, 4000)  # runs on Erlang before an outcome counts as one that it does not have
SECONDS = 900           # that a batch may take; a program that hangs takes 5 of them


class Sides:
    def __init__(self, build, scratch, schedulers):
        self.scratch, self.schedulers = scratch, schedulers
        self.pitboss = os.path.join(build, "tests", "differential", "interpret")
        subprocess.run(["erlc", "-o", scratch, os.path.join(HERE, "interpret.erl")], check=True)
        self.turn = 0

    def start(self, command, programs, tag):
        """A child that interprets them; and where it writes."""
        self.turn += 1
        into, out = (os.path.join(self.scratch, f"{tag}{self.turn}.{e}") for e in ("in", "out"))
        with open(into, "w", encoding="utf-8") as f:
            f.writelines(p.line(i) + "\n" for i, p in enumerate(programs, 1))
        environment = dict(os.environ, ERL_CRASH_DUMP="/dev/null")
        return subprocess.Popen(["timeout", str(SECONDS), *command(into, out)], env=environment, stdin=subprocess.DEVNULL), into, out

    def finish(self, started, programs, ret):
        child, into, out = started
        if child.wait() != 0:
            raise SystemExit(f"an interpreter ended with status {child.returncode}: {' '.join(child.args)}")
        with open(out, encoding="utf-8") as f:
            for line in f:
                number, count, outcome = line.rstrip("\n").split("\t")
                ret[int(number) - 1][outcome] += int(count)
        os.unlink(into)
        os.unlink(out)

    def run_pitboss(self, programs, runs, seed):
        """Per program: a counter of outcomes. Runs are divided among the numbers of schedulers."""
        ret = [collections.Counter() for _ in programs]
        for s in self.schedulers:
            self.finish(self.start_pitboss(programs, runs, seed, s), programs, ret)
        return ret

    def start_pitboss(self, programs, runs, seed, s):
        share = max(1, -(-runs // len(self.schedulers)))
        return self.start(lambda i, o: [self.pitboss, i, o, str(share), str(seed), str(WORKERS), "--pit", "+S", str(s)], programs, "pit")

    def run_erlang(self, programs, runs, seed):
        ret = [collections.Counter() for _ in programs]
        for s in (1, 2):
            self.finish(self.start_erlang(programs, runs, seed, s), programs, ret)
        return ret

    def start_erlang(self, programs, runs, seed, s):
        return self.start(lambda i, o: ["erl", "+S", str(s), "-noshell", "-pa", self.scratch, "-run", "interpret", "main", i, o,
                                        str(max(1, runs // 2)), str(seed), str(WORKERS)], programs, "erl")


def pattern(outcome):
    """Where the coordinator was too late to learn how a process ended, any end will do."""
    parts = re.split(r"\]\?(?= |$)", outcome)
    return re.compile(r"\]\S*".join(re.escape(p) for p in parts) + "$") if len(parts) > 1 else None


# Rule TEARDOWN (README.md): who links to one that is gone is answered from the table of processes, LINK-2; what its teardown
# still sends to its watchers comes later, LIFE-7 steps 5 and 8. So the order of the two says nothing.
NOPROC_FIRST = re.compile(r"(q:exit\((p\d),noproc\)) (q:down\(r\d+,\2,[^ \]]*)")


def settled(outcome):
    """The same with the DOWN first, where the rule leaves the order open."""
    while NOPROC_FIRST.search(outcome):
        outcome = NOPROC_FIRST.sub(r"\3 \1", outcome)
    return outcome


def unexplained(pit, erl):
    """The outcomes of pitboss that are none of Erlang's."""
    erl = {settled(e) for e in erl}

    def known(outcome):
        outcome = settled(outcome)
        if outcome in erl:
            return True
        mine = pattern(outcome)
        return any(mine and mine.match(e) or (theirs := pattern(e)) and theirs.match(outcome) for e in erl)
    return [o for o in pit if not known(o)]


def sender(event):
    """Whose message it is, as far as its text tells."""
    found = re.search(r"\b(p\d|name)\b", event)
    return found.group(1) if found else event.split("(")[0]


def part(text):
    """One process of an outcome: its log, what was left in its queue by sender (SIG-1 knows no other order), its end."""
    log, _, end = text.partition("[")[2].rpartition("]")
    events = log.split(" ")
    done = tuple(e for e in events if not e.startswith("q:"))
    return (done, tuple(sorted((e for e in events if e.startswith("q:")), key=sender))), end


def combination(outcome, erl):
    """Has Erlang shown the part of each process, if not all parts at once?"""
    mine = [part(p) for p in re.split(r" (?=\d+\[)", outcome)]
    theirs = [[part(p) for p in re.split(r" (?=\d+\[)", e)] for e in erl]
    return all(any(len(t) == len(mine) and t[i][0] == log and (end == t[i][1] or "?" in (end, t[i][1])) for t in theirs)
               for i, (log, end) in enumerate(mine))


def disagree(sides, programs, runs, seed, more):
    """[(index, program, pitboss' outcomes, Erlang's)] of those that no number of runs brings together."""
    pit = sides.run_pitboss(programs, runs, seed)
    erl = sides.run_erlang(programs, runs, seed)
    suspects = [i for i in range(len(programs)) if unexplained(pit[i], erl[i])]
    for n, again in enumerate(more):
        if not suspects:
            break
        new = sides.run_erlang([programs[i] for i in suspects], again, seed + 1 + n)
        for i, seen in zip(suspects, new):
            erl[i] += seen
        suspects = [i for i in suspects if unexplained(pit[i], erl[i])]
    return [(i, programs[i], pit[i], erl[i]) for i in suspects]


def shrink(sides, program, seed, more):
    """The smallest program that still differs, of those that lack one thing after the other."""
    found = None
    while True:
        candidates = list(program.smaller())
        if not candidates:
            return found
        differ = disagree(sides, candidates, 40 * len(sides.schedulers), seed, more)
        if not differ:
            return found
        found = min(differ, key=lambda d: len(d[1].line()))
        program = found[1]


def show(program, pit, erl, seed=None):
    if seed is not None:
        print(f"DIFFERENCE: seed {seed}, program {program.number}")
    print(f"    {program.line(program.number)}")
    for who, seen, other in (("pitboss", pit, erl), ("Erlang", erl, pit)):
        print(f"  {who}: {sum(seen.values())} runs, {len(seen)} outcomes")
        for outcome, count in sorted(seen.items(), key=lambda o: (o[0] in other, -o[1]))[:8]:
            print(f"    {' ' if outcome in other else '!'} {count:6} {outcome}")
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(prog="scripts/test-against-erlang", description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=int, default=10000, help="how many (10000)")
    parser.add_argument("--seed", type=int, default=1, help="of the generator and of the runs (1)")
    parser.add_argument("--first", type=int, default=1, help="the number of the first program, to replay one (1)")
    parser.add_argument("--runs", type=int, default=12, help="of each program on either side, at first (12)")
    parser.add_argument("--schedulers", default="1,2,4", help="numbers of schedulers of pitboss (1,2,4)")
    parser.add_argument("--build", default=os.environ.get("PIT_BUILD", os.path.join(ROOT, "build", "release")),
                        help="the build directory (build/release)")
    parser.add_argument("--shrink", action="store_true", help="make each difference as small as it gets")
    parser.add_argument("--most", type=int, default=20, help="stop shrinking after so many differences (20)")
    parser.add_argument("--program", action="append", help="a program's line, instead of random ones")
    o = parser.parse_args()

    if not shutil.which("erl") or not shutil.which("erlc"):
        print("skipped differential: no erl in PATH: the Debian package erlang-base has it\n0 passed, 0 failed, 1 skipped")
        return 0
    begin, differences, rare = time.monotonic(), 0, 0
    with tempfile.TemporaryDirectory() as scratch:
        sides = Sides(os.path.abspath(o.build), scratch, [int(s) for s in o.schedulers.split(",")])
        programs = ([parse(p) for p in o.program] if o.program else
                    [generate(o.seed, i) for i in range(o.first, o.first + o.programs)])
        for at in range(0, len(programs), BATCH):
            for _, program, pit, erl in disagree(sides, programs[at:at + BATCH], o.runs, o.seed, MORE):
                if all(combination(outcome, erl) for outcome in unexplained(pit, erl)):
                    rare += 1
                    print(f"rare, seed {o.seed}:  {program.line()}", flush=True)
                    continue
                differences += 1
                show(program, pit, erl, o.seed)
                small = o.shrink and differences <= o.most and shrink(sides, program, o.seed, MORE)
                if small:
                    print("  made smaller:")
                    show(*small[1:])
            print(f"-- {min(at + BATCH, len(programs))} programs, {differences} differ, {rare} rare [{time.monotonic() - begin:.0f} s]", flush=True)
    print(f"{len(programs) - differences} passed, {differences} failed")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
