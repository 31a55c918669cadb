"""Machines to order: rates with the noise that real ones have, from a seed."""
import random
from dataclasses import dataclass, field

QUIET = {"seconds": 1.0, "cpu_s": 1.0, "steal": 0.0, "foreign_cpu": 1.0, "involuntary": 3, "mhz": None}


@dataclass
class Case:
    """Stands for a command: what it would measure, and what the machine does to it."""
    rate: float
    command: list = field(default_factory=list)
    load: list = field(default_factory=list)


class Machine:
    """once() of a shared host: a spread of a few percent, a slow drift, and in one of seven runs somebody else's load."""

    def __init__(self, seed, spread=0.04):
        self.chance, self.spread, self.drift = random.Random(seed), spread, 1.0

    def once(self, case):
        self.drift *= self.chance.lognormvariate(0, 0.003)
        rate = case.rate * self.drift * self.chance.lognormvariate(0, self.spread)
        if self.chance.random() < 1 / 7:
            rate *= 1 - min(abs(self.chance.gauss(0, 0.15)), 0.8)
        return {"ops_per_s": rate}, dict(QUIET)
