"""bench/run --against FILE: hold this build to a result that was kept before, on the same machine. For a user's CI."""
import dataclasses
import sys

from harness import change, compare, machine, rounds, stats

OTHER_MACHINE = 3  # exit status: nothing was compared


def baseline(found):
    """{(bench, setting, metric): samples} of ours in some records. ValueError if they are of no run of rows."""
    if "scale" not in found[0]:
        raise ValueError("the baseline does not say how much work was done: it is not of bench/run")
    kept = {}
    for r in found:
        if r["record"] == "metric" and r["contestant"] == "pitboss":
            kept[r["bench"], r["setting"], r["metric"]] = r["samples"]
    return kept


def too_few(kept):
    """The rows whose samples (of baseline()) are so few that no change could be told: they would pass whatever came."""
    return sorted({bench for (bench, _, _), samples in kept.items() if len(samples) < stats.FEWEST})


def noisy(found):
    """The rows of ours that were noisy when the baseline was kept: what they are held to is less sure."""
    return [r["bench"] for r in found if r["record"] == "row" and r["noise"]]


def differences(then, now):
    """Says what tells the machines apart; True if no figure of one holds for the other."""
    found = machine.differences(then, now)
    for key, a, b in found:
        if isinstance(a, dict) and isinstance(b, dict):
            a, b = ({k: d.get(k) for k in sorted({*a, *b}) if a.get(k) != b.get(k)} for d in (a, b))
        print(f"bench/run: the baseline's {key} is {a}, this machine's {b}", file=sys.stderr)
    return any(key in machine.IDENTITY for key, _, _ in found)


def contrast_of(row, setting, kept, metrics):
    def contrast(measurement, metric):
        values = measurement.series[0].values(metric) if measurement.series else []
        return change.unpaired(values, kept.get((row.name, setting, metric)), metrics[metric])
    return contrast


def decided(found):
    """The Change, or without a verdict where most rounds of this build stayed noisy. The baseline's samples are of another hour, so what
    others do now slows one side alone; --compare measures both sides in it."""
    last = found.measurements[-1]
    if found.verdict == "same" or 2 * last.noisy(last.series)[0] <= last.rounds:
        return found
    return dataclasses.replace(found, verdict="?")


def against(chosen, kept, name, plan, least, sink, out):
    """Measure what the baseline has of the rows; the exit status."""
    counts = []
    for row in chosen:
        metrics = compare.metrics_of(row)
        for setting, case in row.contestants["pitboss"].items():
            if not any((row.name, setting, metric) in kept for metric in metrics):
                continue
            cases = lambda: [rounds.Series("pitboss", setting, case, needs=(row.metric,))]
            changes, failures = change.examined(cases, plan.of(row), metrics, contrast_of(row, setting, kept, metrics), least)
            counts.append(compare.report(row, setting, list(map(decided, changes)), failures, name, sink, out))
    return compare.summary(counts, name, out)
