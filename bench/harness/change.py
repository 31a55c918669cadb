"""Has a figure changed beyond noise? Two stages, so that what is reported is rare by chance, and what is real is seen.

Stage one looks at every figure, and suspects those whose interval leaves 1 out; where the interval is so wide that a change
may hide in it, it takes as many rounds more, up to three times. Of forty figures of two equal builds some are always
suspected. So each suspect is measured again, in fresh rounds, twice as many (and twice as many more where they do not
settle it), and only what shifts the same way once more, now by a stricter interval, is a change. By chance that happens to
one figure in some ten thousand, if rounds are alike; they are not quite, so a shift must also be of a least size.
"""
import dataclasses
from dataclasses import dataclass

from harness import rounds, stats

SUSPECTED, CONFIRMED = 0.90, 0.999
FINE = 0.04  # half of an interval's width: of what is finer, a change of a tenth is found in nearly every run
LEAST = 0.03  # two builds of the same source may differ so much by where their code and data lie


@dataclass
class Contrast:
    """This build's figure over the other's, so turned that above 1 is better."""
    typical: float
    values: list  # what is drawn from: quotients of pairs, or this build's samples
    others: list  # None, or the other's samples

    def ratios(self):
        """A ratio each round; where there are no pairs, of a sample over the other's median."""
        return self.values if self.others is None else [v / stats.median(self.others) for v in self.values]

    def interval(self, confidence):
        return stats.interval_of_quotient(self.values, self.others, confidence)

    def shift(self, confidence, least):
        return stats.shift(self.typical, self.interval(confidence), least)

    def settled(self, least):
        """Suspected, or seen so finely that there is nothing to suspect."""
        found = self.interval(SUSPECTED)
        return found is None or found[1] - found[0] <= 2 * FINE or self.shift(SUSPECTED, least) != 0


def paired(this, base, at_most):
    """this, base: {round: value}. Of the rounds that both have. None if there is none."""
    values = [base[n] / this[n] if at_most else this[n] / base[n] for n in this if this[n] and base.get(n)]
    return Contrast(stats.median(values), values, None) if values else None


def unpaired(this, base, at_most):
    """this, base: lists of samples of other times. None if one is empty, or has a zero, which no ratio can be held against."""
    if not this or not base or not all(this) or not all(base):
        return None
    above, below = ([1 / v for v in this], [1 / v for v in base]) if at_most else (list(this), list(base))
    return Contrast(stats.median(above) / stats.median(below), above, below)


@dataclass
class Change:
    metric: str
    verdict: str  # "slower", "faster", "same"; of --against also "?"
    first: Contrast
    again: Contrast  # None: nobody suspected it
    measurements: tuple


def in_blocks(cases, plan, blocks, done, once):
    """Measure plan.rounds rounds, and as many again while not done(measurement), up to so many blocks."""
    m = rounds.Measurement(cases(), plan, once)
    while m.series and m.rounds < blocks * plan.rounds:
        for _ in range(plan.rounds):
            m.round(m.series)
        if done(m):
            break
    return m


def examined(cases, plan, metrics, contrast, least=LEAST, once=rounds.measure.once):
    """([Change], [Failure]) of some series.

    cases(): fresh Series, without runs. metrics: their names. contrast(measurement, metric): a Contrast, or None if there
    is nothing to compare.
    """
    seen = lambda m, names: {name: c for name in names if (c := contrast(m, name))}
    first = in_blocks(cases, plan, 3, lambda m: all(c.settled(least) for c in seen(m, metrics).values()), once)
    found = seen(first, metrics)
    suspects = {name: direction for name, c in found.items() if (direction := c.shift(SUSPECTED, least))}
    twice = dataclasses.replace(plan, rounds=2 * plan.rounds)
    sure = lambda c: c.shift(CONFIRMED, least) or not c.shift(SUSPECTED, least)
    second = in_blocks(cases, twice, 2, lambda m: all(map(sure, seen(m, suspects).values())), once) if suspects else None
    changes = []
    for name, c in found.items():
        again = contrast(second, name) if name in suspects else None
        direction = suspects[name] if again and again.shift(CONFIRMED, least) == suspects[name] else 0
        changes.append(Change(name, {-1: "slower", 0: "same", 1: "faster"}[direction], c, again,
                              tuple(m for m in (first, second) if m)))
    return changes, first.failures + (second.failures if second else [])
