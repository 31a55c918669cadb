"""--compare and --against find a planted slow-down, and nothing between equal builds. The same with the real programs, and
for minutes, is tests/bench/plant."""
import io
import json
import os
import sys
import tempfile
import unittest
from unittest import mock

import rows as table
from harness import against, change, compare, machine, records, rounds
from synthetic import Case, Machine

FIGURES = 8 if os.environ.get("PIT_TEST_LONG") == "1" else 4
PLAN = rounds.Plan(10, 10)


def both(seed, slowness):
    """The changes of a run of --compare on FIGURES rows of a synthetic machine, where this build takes so much longer."""
    host, metrics = Machine(seed), {"ops_per_s": False}
    cases = lambda: [rounds.Series("this", "", Case(1e6 / (1 + slowness))), rounds.Series("base", "", Case(1e6))]
    return [c for _ in range(FIGURES)
            for c in change.examined(cases, PLAN, metrics, compare.contrast_of(metrics), once=host.once)[0]]


class Compare(unittest.TestCase):
    def test_two_equal_builds_differ_in_none_of_20_runs(self):
        self.assertEqual([c for seed in range(20) for c in both(seed, 0) if c.verdict != "same"], [])

    def test_a_slow_down_of_a_tenth_is_found_and_so_is_a_gain(self):
        """In every figure but one in fifty, where one run of seven is disturbed by as much as a tenth and more."""
        for slowness, verdict in ((0.1, "slower"), (-0.1, "faster")):
            found = [c.verdict for seed in range(3) for c in both(seed, slowness)]
            self.assertGreaterEqual(found.count(verdict), 0.95 * len(found))
            self.assertLessEqual(set(found), {verdict, "same"})

    def test_where_less_is_better(self):
        c = change.paired({0: 110.0, 1: 110.0}, {0: 100.0, 1: 100.0}, at_most=True)
        self.assertLess(c.typical, 1)

    def test_what_changed_by_less_than_the_least_is_the_same(self):
        quiet = lambda case: ({"ops_per_s": case.rate}, dict(Machine(0).once(case)[1]))
        metrics = {"ops_per_s": False}
        cases = lambda: [rounds.Series("this", "", Case(0.98)), rounds.Series("base", "", Case(1.0))]
        found = lambda least: change.examined(cases, PLAN, metrics, compare.contrast_of(metrics), least, quiet)[0][0].verdict
        self.assertEqual((found(0.03), found(0.01)), ("same", "slower"))


FAKE = """#!{python} -IS
import time
begin = time.process_time()
while time.process_time() - begin < {seconds}:
    pass
print("ops_per_s", 1 / (time.process_time() - begin))
"""


class Programs(unittest.TestCase):
    """compare() from the rows to the last line, with programs that are run: they spin, and read the clock of
    their own CPU time, which others' load does not move."""

    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.place = place.name
        for name, seconds in (("fast", 0.002), ("late", 0.02)):
            os.mkdir(os.path.join(self.place, name))
            with open(self.program(name), "w", encoding="utf-8") as f:
                f.write(FAKE.format(python=sys.executable, seconds=seconds))
            os.chmod(self.program(name), 0o755)

    def program(self, name):
        return os.path.join(self.place, name, "pitboss-bench")

    def compare(self, this, base):
        """(status, last line, records) of two of the programs."""
        out, kept = io.StringIO(), io.StringIO()
        with mock.patch.object(table, "PROGRAM", self.program(this)):
            row = table.Row("fake", "ops_per_s", {"pitboss": {"S1": table.Case([self.program(this), "fake"])}})
            status = compare.compare([row], "0123456789abcdef", os.path.join(self.place, base), rounds.Plan(5, 5, repeats=False),
                                     0.03, records.Sink(stream=kept), out)
        return status, out.getvalue().splitlines(), [json.loads(line) for line in kept.getvalue().splitlines()]

    def test_a_planted_delay_is_found(self):
        status, lines, kept = self.compare("late", "fast")
        self.assertEqual((status, lines[-1]), (1, "1 of 1 figures changed beyond noise against 0123456789ab, 1 for the worse"))
        self.assertIn("SLOWER by", lines[0])
        self.assertEqual([r["verdict"] for r in kept if r["record"] == "change"], ["slower"])
        self.assertEqual(sum(len(r["runs"]) for r in kept if r["record"] == "runs"), 2 * (5 + 10))

    def test_equal_programs_do_not_differ(self):
        status, lines, _ = self.compare("fast", "fast")
        self.assertEqual((status, lines[-1]), (0, "0 of 1 figures changed beyond noise against 0123456789ab, 0 for the worse"))

    def test_a_base_that_cannot_run_it_is_told(self):
        with open(self.program("late"), "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\necho no such benchmark >&2; exit 2\n")
        status, lines, _ = self.compare("fast", "late")
        self.assertEqual((status, lines[0]), (compare.NOTHING, "no base: fake S1: status 2: no such benchmark"))


class Against(unittest.TestCase):
    def run_against(self, samples, seed=0, rate=1e6, noise=()):
        row = table.Row("fake", "ops_per_s", {"pitboss": {"": Case(rate)}})
        kept, out = {("fake", "", "ops_per_s"): samples}, io.StringIO()
        host = Machine(seed)

        def once(case):
            metrics, quiet = host.once(case)
            return metrics, dict(quiet, **dict(noise))

        with mock.patch.object(change.examined, "__defaults__", (change.LEAST, once)):
            self.records = io.StringIO()
            status = against.against([row], kept, "baseline.jsonl", PLAN, 0.05, records.Sink(stream=self.records), out)
        return status, out.getvalue().splitlines()[-1]

    def samples(self, seed):
        host = Machine(seed)
        return [host.once(Case(1e6))[0]["ops_per_s"] for _ in range(20)]

    def test_a_slow_down_gives_status_1(self):
        self.assertEqual(self.run_against(self.samples(7), rate=0.85e6),
                         (1, "1 of 1 figures changed beyond noise against baseline.jsonl, 1 for the worse"))

    def test_its_records_are_of_ratios(self):
        self.run_against(self.samples(7), rate=0.5e6)
        found = [r for r in map(json.loads, self.records.getvalue().splitlines()) if r["record"] == "change"]
        self.assertEqual(len(found), 1)
        for r in (found[0], found[0]["again"]):
            self.assertTrue(all(0.05 < ratio < 0.95 for ratio in [r["median"], r["low"], r["high"], *r["samples"]]), r)
        self.assertLessEqual(found[0]["min"], found[0]["median"])
        self.assertLessEqual(found[0]["median"], found[0]["max"])

    def test_a_slow_down_while_others_work_is_no_verdict(self):
        self.assertEqual(self.run_against(self.samples(7), rate=0.85e6, noise={"foreign_cpu": 90.0}),
                         (0, "0 of 1 figures changed beyond noise against baseline.jsonl, 0 for the worse"))

    def test_the_same_speed_gives_status_0(self):
        for seed in range(5):
            self.assertEqual(self.run_against(self.samples(seed + 20), seed)[0], 0, seed)

    def test_a_baseline_of_zeroes_is_not_compared(self):
        self.assertEqual(self.run_against([0.0] * 5),
                         (compare.NOTHING, "0 of 0 figures changed beyond noise against baseline.jsonl, 0 for the worse"))

    def test_machines(self):
        here = {"cpu": "A", "cores": 2, "kernel": "1", "libraries": {"libc": "1"}}
        with mock.patch("sys.stderr", io.StringIO()) as said:
            self.assertFalse(against.differences(here, dict(here)))
            self.assertFalse(against.differences(here, dict(here, kernel="2", libraries={"libc": "2"})))
            self.assertTrue(against.differences(here, dict(here, cores=4)))
        self.assertIn("the baseline's kernel is 1, this machine's 2", said.getvalue())

    def test_the_description_has_what_is_held_against_it(self):
        with mock.patch.dict(machine.PEERS, clear=True):  # to ask them takes a second
            found = machine.describe("/nonexistent", ["x"])
        self.assertEqual([k for k in machine.IDENTITY if k not in found], [])
        self.assertEqual(machine.differences(found, json.loads(json.dumps(found))), [])
