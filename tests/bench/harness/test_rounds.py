"""Rounds are interleaved; noisy runs are repeated by their weather alone, within a bound; what stays noisy is marked."""
import time
import unittest

import rows as table
from harness import measure, rounds, session, weather
from synthetic import QUIET, Case

LOUD = dict(QUIET, steal=12.0)


def series(*names):
    return [rounds.Series(name, "", Case(1.0, [name])) for name in names]


class Scripted:
    """once() that gives each command's noises in turn (the last for ever) and remembers who was called."""

    def __init__(self, **noises):
        self.noises, self.calls = {name: list(found) for name, found in noises.items()}, []

    def once(self, case):
        name = case.command[0]
        self.calls.append(name)
        noises = self.noises.get(name, [QUIET])
        noise = noises.pop(0) if len(noises) > 1 else noises[0]
        if isinstance(noise, Exception):
            raise noise
        return {"ops_per_s": 1.0}, dict(noise)


class Rounds(unittest.TestCase):
    def test_every_other_round_goes_backwards(self):
        script = Scripted()
        rounds.measured(series("a", "b", "c"), rounds.Plan(3, 3), once=script.once)
        self.assertEqual("".join(script.calls), "abccbaabc")

    def test_a_noisy_run_is_repeated_and_the_quiet_one_counts(self):
        script = Scripted(a=[LOUD, QUIET])
        m = rounds.measured(series("a", "b"), rounds.Plan(2, 2), once=script.once)
        self.assertEqual("".join(script.calls), "aabba")
        a = m.series[0]
        self.assertEqual([(r.round, r.kept, bool(r.noisy)) for r in a.runs], [(0, False, True), (0, True, False), (1, True, False)])
        self.assertEqual(m.noisy([a]), (0, []))

    def test_the_quietest_of_noisy_runs_counts_and_is_marked(self):
        script = Scripted(a=[dict(LOUD, steal=30.0), dict(LOUD, steal=7.0), dict(LOUD, steal=20.0), QUIET])
        m = rounds.measured(series("a"), rounds.Plan(5, 5), once=script.once)
        self.assertEqual([r.noise["steal"] for r in m.series[0].kept()], [7.0, 0, 0, 0, 0])
        self.assertEqual(m.noisy(m.series), (1, ["7 % of a core stolen by the host"]))

    def test_repetitions_are_bounded(self):
        script = Scripted(a=[LOUD], b=[LOUD])
        m = rounds.measured(series("a", "b"), rounds.Plan(5, 5), once=script.once)
        self.assertEqual(len(script.calls), 20)
        self.assertEqual(m.noisy(m.series)[0], 5)
        self.assertEqual([len(s.kept()) for s in m.series], [5, 5])

    def test_without_repeats_noise_is_only_marked(self):
        script = Scripted(a=[LOUD])
        m = rounds.measured(series("a"), rounds.Plan(3, 3, repeats=False), once=script.once)
        self.assertEqual((len(script.calls), m.noisy(m.series)[0]), (3, 3))

    def test_goes_on_with_what_matters_while_undecided(self):
        script = Scripted()
        rounds.measured(series("a", "b"), rounds.Plan(2, 6), narrowed=lambda m: m.series[:1],
                        undecided=lambda m: m.rounds < 4, once=script.once)
        self.assertEqual("".join(script.calls), "abbaaa")

    def test_ends_at_most_though_undecided(self):
        script = Scripted()
        rounds.measured(series("a"), rounds.Plan(2, 6), undecided=lambda m: True, once=script.once)
        self.assertEqual(len(script.calls), 6)

    def test_a_row_of_short_runs_has_as_many_more_rounds(self):
        plan = rounds.Plan(3, 5, repeats=False, until=7.0).of(table.Row("row", "ops_per_s", {}, parts=4))
        self.assertEqual((plan.rounds, plan.most, plan.repeats, plan.until), (12, 20, False, 7.0))

    def test_no_round_begins_when_the_time_is_over_but_the_first(self):
        script = Scripted()
        m = rounds.measured(series("a"), rounds.Plan(5, 9, until=0.0), undecided=lambda m: True, once=script.once)
        self.assertEqual((len(script.calls), m.rounds), (1, 1))

    def test_rows_share_the_time_and_leave_what_they_do_not_need(self):
        begin = time.monotonic()
        shares = session.shares("abcd", begin + 40)
        untils = [until - begin for _, until in shares]  # no row takes any
        for until, share in zip(untils, (10, 40 / 3, 20, 40)):
            self.assertAlmostEqual(until, share, delta=2)

    def test_a_failure_is_told_and_ends_that_case_alone(self):
        script = Scripted(a=[QUIET, measure.Failed("lost a message")], b=[measure.NotYet("later")])
        m = rounds.measured(series("a", "b", "c"), rounds.Plan(3, 3), once=script.once)
        self.assertEqual([(f.who, f.kind, f.text) for f in m.failures],
                         [("b", "not yet", "later"), ("a", "failed", "lost a message")])
        self.assertEqual([s.who for s in m.series], ["c"])


class Needs(unittest.TestCase):
    def test_a_run_without_its_row_s_metric_is_a_failure(self):
        case = rounds.Series("go", "", None, needs=("spawns_per_s", "rss"))
        m = rounds.measured([case], rounds.Plan(5, 5), once=lambda case: ({"rss": 5.0}, dict(QUIET)))
        self.assertEqual([(f.who, f.kind, f.text) for f in m.failures], [("go", "failed", "printed no spawns_per_s")])

    def test_what_a_row_needs(self):
        row = table.Row("row", "rate", {}, [table.Floor("rss", None, 480, at_most=True), table.Floor("rate", "go", 2),
                                            table.Floor("req_per_cpu_s", "go", 2)])
        self.assertEqual((session.needs(row, "pitboss"), session.needs(row, "go")), (("rate", "rss"), ("rate",)))


class Complaints(unittest.TestCase):
    def test_limits(self):
        self.assertEqual(weather.complaints(QUIET), [])
        self.assertEqual(len(weather.complaints(dict(QUIET, steal=6.0, foreign_cpu=11.0))), 2)

    def test_of_a_short_run_a_few_ticks_are_chance(self):
        self.assertEqual(weather.complaints(dict(QUIET, seconds=0.05, steal=40.0)), [])

    def test_short_runs_are_judged_together(self):
        runs = [rounds.Run(n, {}, dict(QUIET, seconds=0.05, steal=40.0), []) for n in range(5)]
        m = rounds.Measurement([rounds.Series("pitboss", "", None, runs)], rounds.Plan(5, 5))
        m.rounds = 5
        self.assertEqual(m.noise_text(m.series), "of all runs together 40 % of a core stolen by the host")
        for r in runs[1:]:
            r.noise["steal"] = 0.0
        self.assertEqual(m.noise_text(m.series), None)

    def test_a_frequency_that_changed(self):
        self.assertEqual(weather.complaints(dict(QUIET, mhz=3000.0), dict(QUIET, mhz=3100.0)), [])
        self.assertEqual(len(weather.complaints(dict(QUIET, mhz=2000.0), dict(QUIET, mhz=3100.0))), 1)

    def test_own_children_are_not_others(self):
        before = weather.Weather()
        measure.run_command(["python3", "-ISc", "import time\nwhile time.process_time() < 0.1: pass"])
        self.assertGreaterEqual(before.since()["cpu_s"], 0.1)
