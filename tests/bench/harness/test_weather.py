"""A host that steals 5 to 15 % for minutes at a time: rows settle all the same, and say what they were measured in."""
import random
import unittest
from unittest import mock

import rows as table
from harness import rounds, session
from synthetic import QUIET, Case


class StealingHost:
    """Fair and foul weather take turns, each for some twenty runs; every run has a spread of 3 % besides."""

    def __init__(self, seed):
        self.chance, self.stolen = random.Random(seed), 0.0

    def once(self, case):
        if self.chance.random() < 1 / 20:
            self.stolen = 0.0 if self.stolen else self.chance.uniform(0.05, 0.15)
        rate = case.rate * (1 - self.stolen * self.chance.uniform(0.5, 1.5)) * self.chance.lognormvariate(0, 0.03)
        return {"ops_per_s": rate}, dict(QUIET, steal=100 * self.stolen, seconds=2.0)


class Settles(unittest.TestCase):
    def verdicts(self, ratio, runs=12):
        row = table.Row("row", "ops_per_s", {"pitboss": {"": Case(ratio)}, "peer": {"": Case(1.0)}},
                        [table.Floor("ops_per_s", "peer", 1.0)])
        found = []
        for seed in range(runs):
            host = StealingHost(seed)
            with mock.patch.object(rounds.measured, "__defaults__", (*rounds.measured.__defaults__[:-1], host.once)):
                found += [r for r in session.measure_row(row, {"peer"}, rounds.Plan(5, 20)) if r["record"] == "ratio"]
        return found

    def test_a_ratio_that_is_a_twentieth_from_its_floor(self):
        self.assertGreaterEqual([r["verdict"] for r in self.verdicts(1.05)].count("reached"), 11)
        self.assertGreaterEqual([r["verdict"] for r in self.verdicts(1 / 1.05)].count("missed"), 11)

    def test_a_ratio_that_is_its_floor_is_no_result(self):
        self.assertGreaterEqual([r["verdict"] for r in self.verdicts(1.0)].count("?"), 10)

    def test_what_stayed_noisy_is_told(self):
        found = self.verdicts(1.05)
        self.assertTrue(any(r["noise"] and "stolen by the host" in r["noise"] for r in found))
        self.assertTrue(any(r["noise"] is None for r in found))

    def test_what_is_far_from_its_floor_needs_no_more_rounds(self):
        self.assertEqual({len(r["samples"]) for r in self.verdicts(2.0)}, {5})
