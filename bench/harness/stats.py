"""What samples say: medians, bootstrap intervals, and verdicts that are held to them. Knows no benchmark.

One seed for all: the same samples give the same interval, on any machine.
"""
import math
import random
from statistics import NormalDist

CONFIDENCE = 0.95
FEWEST = 5  # samples; of fewer, even their whole range covers the median in less than nine of ten cases
RESAMPLES = 4000


def median(values):
    """As statistics.median, which takes three times as long, and most of an interval's time."""
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2


def t_quantile(p, freedom):
    """Student's t by the expansion of Cornish and Fisher: right to a hundredth from four degrees of freedom on."""
    z = NormalDist().inv_cdf(p)
    terms = (z ** 3 + z) / 4, (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96, (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384
    return z + sum(term / freedom ** (i + 1) for i, term in enumerate(terms))


def tail(confidence, n):
    """Which part of the resamples lies below the interval (and above it).

    The plain percentile interval is too narrow for few samples: it lacks n/(n-1) of the variance, and what makes Student's t
    wider than the normal. This is Hesterberg's expanded percentile, which puts both back.
    """
    expanded = math.sqrt(n / (n - 1)) * t_quantile((1 + confidence) / 2, n - 1)
    return NormalDist().cdf(-expanded)


def quantiles(resampled, part):
    resampled.sort()
    i = int(part * len(resampled))
    return resampled[i], resampled[-1 - i]


def interval(values, confidence=CONFIDENCE):
    """(low, high): a bootstrap interval of the median. None for fewer than FEWEST values."""
    return interval_of_quotient(values, None, confidence)


def interval_of_quotient(above, below, confidence=CONFIDENCE):
    """As interval(), of the quotient of two medians whose samples are not pairs: each side is drawn by itself."""
    n = min(len(above), len(below or above))
    if n < FEWEST:
        return None
    chance = random.Random(n)
    drawn = lambda values: median(chance.choices(values, k=len(values))) if values else 1
    return quantiles([drawn(above) / drawn(below) for _ in range(RESAMPLES)], tail(confidence, n))


def verdict(values, bound, at_most):
    """"reached" or "missed" where the interval lies on one side of the bound, else "?"."""
    found = interval(values)
    if found is None or found[0] < bound < found[1]:
        return "?"
    good = found[1] <= bound if at_most else found[0] >= bound
    return "reached" if good else "missed"


def plain(values, bound):
    """So far from the bound that no more samples are needed: outside of their whole range, by half of that range's width.

    Who looks after every few samples and stops at the first interval that pleases errs more often than the interval says.
    This is stricter (five samples of a normal distribution are so far from their own median in 7 of 1,000 cases, more samples
    hardly ever), so a row which stops early by this rule and is judged by the interval at the end errs as often as it says.
    """
    low, high = min(values), max(values)
    margin = (high - low) / 2
    return len(values) >= FEWEST and not low - margin < bound < high + margin


def shift(typical, found, least):
    """-1, 0 or 1: whether a ratio is below or above 1 by at least `least`, and so is not by chance.

    typical: its median. found: its interval, whose confidence says how rare chance may be; None: too few samples.
    """
    if found is None or abs(typical - 1) < least or found[0] <= 1 <= found[1]:
        return 0
    return 1 if typical > 1 else -1
