"""Intervals cover what they should, verdicts follow them, and looking again and again does not make them err more."""
import math
import random
import statistics
import unittest

from harness import stats


def student_below(t, freedom):
    """The probability of less than t, by Simpson's rule over the density: the definition, no table."""
    density = lambda x: (1 + x * x / freedom) ** (-(freedom + 1) / 2)
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(freedom * math.pi)
    steps, h = 2000, t / 2000
    inner = sum(density(i * h) * (4 if i % 2 else 2) for i in range(1, steps))
    return 0.5 + scale * h / 3 * (density(0) + inner + density(t))


def lognormal(chance):
    return chance.lognormvariate(0, 0.05)


def skewed(chance):
    """Of the median 1, with a long tail on one side, as latencies have it."""
    return chance.lognormvariate(0, 0.5) if chance.random() < 0.2 else chance.lognormvariate(0, 0.03)


class Quantiles(unittest.TestCase):
    def test_t_is_that_of_its_definition(self):
        for freedom in (4, 6, 9, 19, 39):
            for p in (0.95, 0.975):
                self.assertAlmostEqual(student_below(stats.t_quantile(p, freedom), freedom), p, delta=0.0005)

    def test_median_is_that_of_the_library(self):
        chance = random.Random(1)
        for n in range(1, 12):
            values = [chance.random() for _ in range(n)]
            self.assertEqual(stats.median(values), statistics.median(values))


class Coverage(unittest.TestCase):
    """Of 95 % intervals, about that many hold the truth. 100 of each kind: 90 would be three deviations too few."""

    def cover(self, draw, n, interval, truth):
        chance, held = random.Random(n), 0
        for _ in range(100):
            low, high = interval(*([draw(chance) for _ in range(n)] for _ in range(2)))
            held += low <= truth <= high
        return held

    def test_of_a_median(self):
        for draw in (lognormal, skewed):
            for n in (5, 16):
                self.assertGreaterEqual(self.cover(draw, n, lambda a, _: stats.interval(a), 1), 90, (draw.__name__, n))

    def test_of_a_quotient_without_pairs(self):
        self.assertGreaterEqual(self.cover(lognormal, 10, stats.interval_of_quotient, 1), 90)

    def test_a_higher_confidence_is_wider(self):
        chance = random.Random(2)
        values = [lognormal(chance) for _ in range(20)]
        low, high = stats.interval(values, 0.9)
        lower, higher = stats.interval(values, 0.999)
        self.assertTrue(lower < low < high < higher)


class Verdicts(unittest.TestCase):
    def test_few_samples_have_no_interval_and_no_verdict(self):
        self.assertIsNone(stats.interval([2, 2, 2, 2]))
        self.assertEqual(stats.verdict([2, 2, 2, 2], 1, False), "?")
        self.assertFalse(stats.plain([2, 2, 2, 2], 1))

    def test_the_same_samples_give_the_same_interval(self):
        values = [1.0, 1.1, 0.9, 1.05, 0.97, 1.2, 1.3]
        self.assertEqual(stats.interval(values), stats.interval(values))

    def test_sides_of_a_bound(self):
        values = [1.9, 2.0, 2.1, 2.0, 1.95]
        self.assertEqual(stats.verdict(values, 1.5, False), "reached")
        self.assertEqual(stats.verdict(values, 1.5, True), "missed")
        self.assertEqual(stats.verdict(values, 2.0, False), "?")
        self.assertEqual(stats.verdict(values, 2.5, False), "missed")
        self.assertEqual(stats.verdict(values, 2.5, True), "reached")
        self.assertEqual(stats.verdict([480.0] * 5, 480, True), "reached")

    def test_plain_is_away_from_the_bound_by_half_the_range(self):
        values = [1.9, 2.0, 2.1, 2.0, 1.95]
        self.assertTrue(stats.plain(values, 1.79))
        self.assertFalse(stats.plain(values, 1.81))
        self.assertFalse(stats.plain(values, 2.19))
        self.assertTrue(stats.plain(values, 2.21))

    def test_a_row_that_goes_on_while_undecided_errs_no_more_often(self):
        """The bound is the very median, so every verdict but "?" is wrong: 5 % may be, of 150 some 8, and 16 is 3 deviations."""
        chance, wrong = random.Random(3), 0
        for _ in range(150):
            values = [lognormal(chance) for _ in range(5)]
            while len(values) < 20 and not stats.plain(values, 1):
                values.append(lognormal(chance))
            wrong += stats.verdict(values, 1, False) != "?"
        self.assertLess(wrong, 16)

    def test_a_shift_needs_size_and_certainty(self):
        self.assertEqual(stats.shift(0.9, (0.88, 0.92), 0.03), -1)
        self.assertEqual(stats.shift(1.1, (1.05, 1.2), 0.03), 1)
        self.assertEqual(stats.shift(0.98, (0.97, 0.99), 0.03), 0)
        self.assertEqual(stats.shift(0.9, (0.8, 1.01), 0.03), 0)
        self.assertEqual(stats.shift(0.5, None, 0.03), 0)
