"""What samples say: medians, bootstrap intervals, and verdicts that are held to them. Knows no benchmark.

One seed for all: the same samples give the same interval, on any machine.
"""
import math
import random
import statistics

CONFIDENCE = 0.95
FEWEST = 5  # samples; of fewer, even their whole range covers the median in less than nine of ten cases
RESAMPLES = 4000

median = statistics.median


def t_quantile(p, freedom):
    """Student's t by the expansion of Cornish and Fisher: right to a hundredth from four degrees of freedom on."""
    z = statistics.NormalDist().inv_cdf(p)
    terms = (z ** 3 + z) / 4, (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96, (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384
    return z + sum(term / freedom ** (i + 1) for i, term in enumerate(terms))


def tail(confidence, n):
    """Which part of the resamples lies below the interval (and above it).

    The plain percentile interval is too narrow for few samples: it lacks n/(n-1) of the variance, and what makes Student's t
    wider than the normal. This is Hesterberg's expanded percentile, which puts both back.
    """
    expanded = math.sqrt(n / (n - 1)) * t_quantile((1 + confidence) / 2, n - 1)
    return statistics.NormalDist().cdf(-expanded)


def quantiles(resampled, part):
    resampled.sort()
    i = int(part * len(resampled))
    return resampled[i], resampled[-1 - i]


def interval(values, confidence=CONFIDENCE):
    """(low, high): a bootstrap interval of the median. None for fewer than FEWEST values."""
    n = len(values)
    if n < FEWEST:
        return None
    chance = random.Random(n)
    return quantiles([median(chance.choices(values, k=n)) for _ in range(RESAMPLES)], tail(confidence, n))


def interval_of_quotient(above, below, confidence=CONFIDENCE):
    """As interval(), of the quotient of two medians whose samples are not pairs: each side is drawn by itself."""
    n = min(len(above), len(below))
    if n < FEWEST:
        return None
    chance = random.Random(n)
    drawn = [median(chance.choices(above, k=len(above))) / median(chance.choices(below, k=len(below))) for _ in range(RESAMPLES)]
    return quantiles(drawn, tail(confidence, n))


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
