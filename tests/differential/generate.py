#!/usr/bin/env python3
"""Random programs of process steps, from a seed. README.md has the language.

usage: generate.py [--programs N] [--seed S] [--first I]     prints them, one a line
"""
import argparse
import random

REASONS = ["normal", "kill", "killed", "boom", "shutdown", "noproc", "tuple"]

# Steps and how often they come, in thousandths; those that end processes come more often towards a program's end.
WEIGHTS = {
    "send": 110, "link": 90, "trylink": 30, "unlink": 45, "trap": 70, "mon": 90, "demon": 70, "kill": 60, "exit": 12,
    "return": 8, "alive": 40, "reg": 35, "unreg": 15, "where": 25, "nsend": 30, "nmon": 25, "recv": 70, "recvk": 25,
    "recvx": 20, "recvr": 25, "waitk": 6, "spawn": 40, "timer": 12, "after": 12, "cancel": 15, "read": 8, "info": 40,
    "yield": 12, "alias": 30, "amon": 40, "asend": 60, "unalias": 25, "susp": 20, "spawnreq": 20, "abandon": 4,
    "acancel": 10, "aread": 8,
}


class Maker:
    """One program. What it names (references, notes, names) is counted here, so that steps speak of the same things."""

    def __init__(self, seed, number):
        self.random = random.Random(f"{seed}/{number}")
        self.number = number
        self.count = self.random.choice([2, 2, 3, 3, 3, 4, 4, 5])
        self.deferred = [p for p in range(2, self.count + 1) if self.random.random() < 0.2]
        self.monitors, self.timers, self.notes = [], [], []  # (owner, reference); notes: (receiver, number)
        self.aliases, self.requests = [], []
        self.suspender = None  # the one script of this phase that may suspend others: two could wait for each other
        self.spawners = {}  # child: the one script of this phase that may spawn it: two at once would make two of it
        self.refs = self.numbers = 0
        self.racing = False
        self.ended = set()  # those that have certainly ended: steps for them would be idle

    def process(self, me=None):
        """Whom a step is about: sometimes oneself."""
        others = [p for p in range(1, self.count + 1) if p != me]
        return self.random.choice(others) if others and self.random.random() < 0.9 else me or 1

    def ref(self):
        self.refs += 1
        return self.refs

    def note(self, receiver):
        self.numbers += 1
        self.notes.append((receiver, self.numbers))
        return self.numbers

    def known(self, kept, me):
        """A reference that was made before, of one's own more often than another's; None: there is none."""
        own = [r for p, r in kept if p == me]
        every = own if own and self.random.random() < 0.85 else [r for _, r in kept]
        return self.random.choice(every) if every else None

    def step(self, me, late):
        names = list(WEIGHTS)
        weights = [WEIGHTS[n] * (1 + 3 * late if n in ("exit", "return", "kill") else 1) for n in names]
        while True:
            step = getattr(self, "step_" + self.random.choices(names, weights)[0])(me)
            if step:
                return step

    def step_send(self, me):
        to = self.process(me)
        return f"send {to} {self.note(to)}"

    def step_nsend(self, me):
        return f"nsend {self.name()} {self.note(me)}"

    def step_link(self, me):
        return f"link {self.process(me)}"

    def step_trylink(self, me):
        return f"trylink {self.process(me)}"

    def step_unlink(self, me):
        return f"unlink {self.process(me)}"

    def step_trap(self, me):
        return f"trap {int(self.random.random() < 0.7)}"

    def step_exit(self, me):
        self.ended.add(me)
        return f"exit {self.random.choice(REASONS)}"

    def step_return(self, me):
        self.ended.add(me)
        return "return"

    def step_kill(self, me):
        return f"kill {self.process(me)} {self.random.choice(REASONS)}"

    def step_mon(self, me):
        r = self.ref()
        self.monitors.append((me, r))
        return f"mon {self.process(me)} {r}"

    def step_nmon(self, me):
        r = self.ref()
        self.monitors.append((me, r))
        return f"nmon {self.name()} {r}"

    def step_demon(self, me):
        r = self.known(self.monitors + self.aliases, me)
        return r and f"demon {r} {self.random.choice([0, 1, 2, 3, 3])}"

    def step_alive(self, me):
        return f"alive {self.process(me)}"

    def name(self):
        return self.random.choice([1, 1, 2])

    def step_reg(self, me):
        who = me if self.random.random() < 0.5 else self.process(me)
        return f"reg {self.name()} {who}"

    def step_unreg(self, me):
        return f"unreg {self.name()}"

    def step_where(self, me):
        return f"where {self.name()}"

    def step_recv(self, me):
        return "recv"

    def step_recvk(self, me):
        mine = [k for p, k in self.notes if p == me]
        return mine and f"recvk {self.random.choice(mine)}"

    def step_waitk(self, me):
        mine = [k for p, k in self.notes if p == me]
        return mine and f"waitk {self.random.choice(mine)}"

    def step_recvx(self, me):
        return "recvx"

    def step_recvr(self, me):
        r = self.known(self.monitors + self.timers, me)
        return r and f"recvr {r}"

    def step_spawn(self, me, step="spawn"):
        waiting = [p for p in self.deferred if p != me and self.spawners.get(p, me) == me]
        if not waiting:
            return None
        child, how = self.random.choice(waiting), self.random.choice([0, 1, 2, 3, 3])
        self.spawners[child] = me
        r = self.ref()
        if how & 2:
            self.monitors.append((me, r))
        elif step == "spawnreq":
            self.requests.append((me, r))
        return f"{step} {child} {how} {r}"

    def step_spawnreq(self, me):
        return self.step_spawn(me, "spawnreq")

    def step_abandon(self, me):
        r = self.known(self.requests + self.monitors, me)
        return r and f"abandon {r}"

    def step_alias(self, me):
        r = self.ref()
        self.aliases.append((me, r))
        return f"alias {r} {self.random.choice([0, 1])}"

    def step_amon(self, me):
        r = self.ref()
        self.aliases.append((me, r))
        return f"amon {self.process(me)} {r} {self.random.choice([0, 1, 2])}"

    def step_asend(self, me):
        """By any reference, an alias for the most part; to oneself as well."""
        every = self.aliases if self.random.random() < 0.9 else self.aliases + self.monitors + self.timers
        if not every:
            return None
        owner, r = self.random.choice(every)
        return f"asend {r} {self.note(owner)}"

    def step_unalias(self, me):
        r = self.known(self.aliases if self.random.random() < 0.9 else self.monitors, me)
        return r and f"unalias {r}"

    def step_susp(self, me):
        """With what is done meanwhile, and let go in the same script: who waits for its script to run must not wait for ever."""
        if self.suspender not in (None, me):
            return None
        self.suspender = me
        whom = self.process(me)
        between = [self.step_on(me, whom) for _ in range(self.random.choice([0, 1, 1, 2]))]
        first = f"susp {whom} {self.random.choice([0, 0, 0, 1, 2])}"
        return " , ".join([first, *between, f"resume {whom}"])

    def step_on(self, me, whom):
        """A step about a process that is suspended."""
        return self.random.choice([f"send {whom} {self.note(whom)}", f"info {whom} {int(not self.racing)}", f"alive {whom}",
                                   f"kill {whom} {self.random.choice(REASONS)}", f"link {whom}", f"resume {whom}", f"susp {whom} 2"])

    def time(self):
        return self.random.choice([0, 2, 60000, 60000, 60000])

    def step_timer(self, me):
        r = self.ref()
        self.timers.append((me, r))
        return f"timer {self.time()} {self.process(me)} {r}"

    def step_after(self, me):
        to, r = self.process(me), self.ref()
        self.timers.append((me, r))
        return f"after {self.time()} {to} {self.note(to)} {r}"

    def step_cancel(self, me):
        r = self.known(self.timers, me)
        return r and f"cancel {r}"

    def step_acancel(self, me):
        r = self.known(self.timers, me)
        return r and f"acancel {r} {self.random.choice([0, 1, 1])}"

    def step_aread(self, me):
        r = self.known(self.timers, me)
        return r and f"aread {r}"

    def step_read(self, me):
        r = self.known(self.timers, me)
        return r and f"read {r}"

    def step_info(self, me):
        # In a race the queue may hold the coordinator's own message, so its length is left out.
        return f"info {self.process(me)} {int(not self.racing)}"

    def step_yield(self, me):
        return "yield"

    def program(self):
        """Phases: one process and one step, one process and some, or several processes at once."""
        kind = self.random.choices(["single", "some", "race"], [40, 25, 35])[0]
        races = self.random.choice([1, 1, 2, 3]) if kind == "race" else 0  # more would have more outcomes than runs
        phases, steps, wanted = [], 0, self.random.randint(3, 8) * self.count
        for p in self.deferred:  # most are there early
            if self.random.random() < 0.7:
                r = self.ref()
                how = self.random.choice([0, 1, 2, 3])
                if how & 2:
                    self.monitors.append((1, r))
                phases.append([(1, [f"spawn {p} {how} {r}"])])
        while steps < wanted and self.refs < 56 and len(self.ended) < self.count and len(phases) < 60:
            living = [p for p in range(1, self.count + 1) if p not in self.ended]
            racing = races and len(living) > 1 and self.random.random() < 0.3
            races -= bool(racing)
            self.racing = bool(racing)
            self.suspender = None
            self.spawners = {}
            at_once = self.random.choice([2, 2, min(3, len(living))]) if racing else 1
            phase = []
            for p in sorted(self.random.sample(living, at_once)):
                n = 1 if kind == "single" else self.random.choice([1, 1, 2, 2, 3]) if racing else self.random.randint(1, 4)
                script = []
                while len(script) < n and p not in self.ended:
                    script += self.step(p, steps / wanted).split(" , ")
                steps += len(script)
                phase.append((p, script))
            phases.append(phase)
        return Program(self.number, self.count, self.deferred, phases)


class Program:
    def __init__(self, number, count, deferred, phases):
        self.number, self.count, self.deferred, self.phases = number, count, deferred, phases

    def line(self, number=None):
        """As the interpreters read it, under this number."""
        head = f"{number or self.number} {self.count} {sum(1 << p for p in self.deferred)}"
        return " | ".join([head] + [" / ".join(f"{p} {' , '.join(steps)}" for p, steps in phase) for phase in self.phases])

    def smaller(self):
        """Each program that lacks one phase, one script or one step of this; and one process, if nothing names it."""
        for i, phase in enumerate(self.phases):
            yield self.with_phase(i, [])
            if len(phase) > 1:
                for j in range(len(phase)):
                    yield self.with_phase(i, phase[:j] + phase[j + 1:])
            for j, (p, steps) in enumerate(phase):
                if len(steps) > 1:
                    for k in range(len(steps)):
                        yield self.with_phase(i, phase[:j] + [(p, steps[:k] + steps[k + 1:])] + phase[j + 1:])
        words = [w for phase in self.phases for p, steps in phase for s in steps for w in (str(p), *s.split()[1:])]
        if self.count > 1 and str(self.count) not in words:
            yield Program(self.number, self.count - 1, [p for p in self.deferred if p < self.count], self.phases)

    def with_phase(self, i, phase):
        return Program(self.number, self.count, self.deferred, self.phases[:i] + ([phase] if phase else []) + self.phases[i + 1:])


def parse(line):
    """The inverse of line()."""
    head, *phases = line.split("|")
    number, count, deferred = map(int, head.split())
    scripts = [[s.strip().split(" ", 1) for s in phase.split("/")] for phase in phases]
    return Program(number, count, [p for p in range(1, count + 1) if deferred >> p & 1],
                   [[(int(p), [" ".join(s.split()) for s in steps.split(",")]) for p, steps in phase] for phase in scripts])


def generate(seed, number):
    return Maker(seed, number).program()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=1)
    o = parser.parse_args()
    for i in range(o.first, o.first + o.programs):
        print(generate(o.seed, i).line())


if __name__ == "__main__":
    main()
