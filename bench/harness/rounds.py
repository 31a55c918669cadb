"""Measure a row: rounds of one run of each case, interleaved, the noisy runs repeated, more rounds while a floor is undecided.

What makes the runner repeat a run is its weather, never its result. What makes it go on is the result, so that rule is kept
honest: at most Plan.most rounds, an early stop only by stats.plain(), and the verdict is that of all rounds at the end.
"""
import math
import time
from dataclasses import dataclass, field, replace

from harness import measure, weather

TRIES = 3  # runs of one case in one round: the first, and two more if it was noisy


@dataclass
class Plan:
    rounds: int  # at first; as many runs of each case may be repeated
    most: int  # rounds in the end
    repeats: bool = True
    until: float = math.inf  # by time.monotonic(): no round begins after it, but for the first

    def of(self, row):
        """The plan of a row whose runs are parts of what a round is elsewhere."""
        return replace(self, rounds=self.rounds * row.parts, most=self.most * row.parts)


@dataclass
class Run:
    """One run of one case. kept: it counts; the others were noisy, and a quieter one of the same round took their place."""
    round: int
    metrics: dict
    noise: dict
    noisy: list  # weather.complaints()
    kept: bool = True


@dataclass
class Series:
    """All runs of one case: one of the settings of one contestant of a row."""
    who: str
    setting: str
    case: object
    runs: list = field(default_factory=list)
    needs: tuple = ()  # metrics without which a run is a failure

    def kept(self):
        return [r for r in self.runs if r.kept]

    def samples(self, metric):
        """{round: value} of the runs that count."""
        return {r.round: r.metrics[metric] for r in self.kept() if metric in r.metrics}

    def values(self, metric):
        return list(self.samples(metric).values())


@dataclass
class Failure:
    who: str
    setting: str
    kind: str  # "failed", or "not yet": this build says that it cannot do it
    text: str


class Measurement:
    """A row's series and failures, as far as they have come."""

    def __init__(self, cases, plan, once=measure.once):
        """cases: Series without runs. once(case): (metrics, noise), as measure.once."""
        self.series, self.plan, self.once = list(cases), plan, once
        self.failures, self.extra, self.rounds = [], plan.rounds * len(self.series) if plan.repeats else 0, 0

    def attempt(self, series):
        """One run more of a series; False if it gave none, and the series is given up."""
        try:
            metrics, noise = self.once(series.case)
            if lacking := [m for m in series.needs if m not in metrics]:
                raise measure.Failed(f"printed no {', '.join(lacking)}")
        except (measure.NotYet, measure.Failed) as e:
            kind = "not yet" if isinstance(e, measure.NotYet) else "failed"
            self.failures.append(Failure(series.who, series.setting, kind, str(e)))
            self.series.remove(series)
            return False
        first = series.runs[0].noise if series.runs else None
        series.runs.append(Run(self.rounds, metrics, noise, weather.complaints(noise, first)))
        return True

    def run_of_round(self, series):
        """Run a series once in this round, and again while it is noisy; the quietest counts."""
        begin = len(series.runs)
        if not self.attempt(series):
            return
        while series.runs[-1].noisy and len(series.runs) - begin < TRIES and self.extra:
            self.extra -= 1
            if not self.attempt(series):
                return
        tried = series.runs[begin:]
        quietest = min(tried, key=lambda r: (bool(r.noisy), weather.loudness(r.noise)))
        for r in tried:
            r.kept = r is quietest

    def round(self, series):
        """A B A B would let a slow drift favour A, so every other round goes backwards."""
        for s in list(series if self.rounds % 2 == 0 else reversed(series)):
            if s in self.series:
                self.run_of_round(s)
        self.rounds += 1

    def noisy(self, series):
        """How many rounds of these series stayed noisy, and the worst complaints: (count, [text])."""
        runs = [r for s in series for r in s.kept() if r.noisy]
        worst = max(runs, key=lambda r: weather.loudness(r.noise), default=None)
        return len({r.round for r in runs}), worst.noisy if worst else []

    def noise_text(self, series):
        """That in words, or of runs so short that none of them can be judged by itself what they say together; None: quiet."""
        count, worst = self.noisy(series)
        if count:
            return f"{count} of {self.rounds} rounds stayed noisy, the worst: {', '.join(worst)}"
        found = weather.complaints(weather.together([r.noise for s in series for r in s.kept()]))
        return f"of all runs together {', '.join(found)}" if found else None


def measured(cases, plan, narrowed=lambda m: m.series, undecided=lambda m: False, once=measure.once):
    """The Measurement of a row. narrowed(m): the series that matter for what is still undecided; only they go on."""
    m = Measurement(cases, plan, once)
    while m.series and m.rounds < plan.rounds and (m.rounds == 0 or time.monotonic() < plan.until):
        m.round(m.series)
    while m.series and m.rounds < plan.most and time.monotonic() < plan.until and undecided(m):
        m.round(narrowed(m))
    return m
