"""bench/run --compare REV: two builds of ours, the same rows, run in turns. Prints what changed beyond noise."""
import contextlib
import dataclasses
import functools
import os
import tempfile

import rows as table

from harness import change, records, rounds
from harness.table import short

NOTHING = 2  # exit status: no figure of both sides


@contextlib.contextmanager
def sides(this, base):
    """Two folders with names of one length that lead to the programs: a longer argv[0] moves the stack, and with it the figures."""
    with tempfile.TemporaryDirectory(prefix="pitboss-compare-") as place:
        found = {}
        for name, programs in (("this", this), ("base", base)):
            found[name] = os.path.join(place, name)
            os.symlink(programs, found[name])
        yield found


def moved(case, place):
    """The case, with the programs of another folder."""
    programs = os.path.dirname(table.PROGRAM)
    word = lambda w: os.path.join(place, os.path.relpath(w, programs)) if w.startswith(programs + os.sep) else w
    return dataclasses.replace(case, command=[word(w) for w in case.command])


def metrics_of(row):
    """{metric: a smaller one is better}: what decides the row, and what its floors are about."""
    return {row.metric: row.at_most, **{f.metric: f.at_most for f in row.floors}}


def contrast_of(metrics):
    def contrast(measurement, metric):
        samples = {s.who: s.samples(metric) for s in measurement.series}
        return change.paired(samples["this"], samples["base"], metrics[metric]) if len(samples) == 2 else None
    return contrast


def text_of(row, setting, c):
    """A line of the table."""
    typical, found = c.first.typical, c.first.interval(0.95)
    line = f"{row.name + ('/' + setting if setting else ''):28} {c.metric:24} x {short(typical):6}"
    line += f" [{short(min(c.first.values))}..{short(max(c.first.values))}]" if c.first.others is None else ""
    line += f" ({short(found[0])}..{short(found[1])})" if found else ""
    if c.again:
        low, high = c.again.interval(change.CONFIRMED)
        line += f"; again x {short(c.again.typical)} ({short(low)}..{short(high)} at 99.9 %)"
    verdict = {"same": "", "?": "  ? too noisy to say"}.get(c.verdict)
    return line + (f"  {c.verdict.upper()} by {abs(c.again.typical - 1) * 100:.0f} %" if verdict is None else verdict)


def record_of(row, setting, c, against):
    interval = c.first.interval(0.95) or (None, None)
    again = {"median": c.again.typical, "low": c.again.interval(change.CONFIRMED)[0], "high": c.again.interval(change.CONFIRMED)[1],
             "samples": c.again.ratios()} if c.again else None
    ratios = c.first.ratios()
    return {"record": "change", "bench": row.name, "setting": setting, "metric": c.metric, "against": against,
            "median": c.first.typical, "min": min(ratios), "max": max(ratios), "low": interval[0],
            "high": interval[1], "samples": ratios, "again": again, "verdict": c.verdict}


def report(row, setting, changes, failures, against, sink, out):
    """Puts out what was found of a setting; (figures, changes, slower ones, whether ours failed)."""
    for f in failures:
        print(f"{'FAILED' if f.who != 'base' else 'no base:'} {row.name} {f.setting}: {f.text}", file=out, flush=True)
        sink.put(records.failure_of(row, f))
    for series in (s for m in (changes[0].measurements if changes else ()) for s in m.series):
        sink.put(records.runs_of(row, series, True))
    for c in changes:
        sink.put(record_of(row, setting, c, against))
        print(text_of(row, setting, c), file=out, flush=True)
    for m in changes[0].measurements if changes else ():
        if noise := m.noise_text(m.series):
            print(f"{'':28} noisy: {noise}", file=out, flush=True)
    return (len(changes), sum(c.verdict in ("slower", "faster") for c in changes), sum(c.verdict == "slower" for c in changes),
            any(f.who != "base" and f.kind == "failed" for f in failures))


def summary(counts, against, out):
    """The last line, and the exit status: 1 if something is slower, or failed; NOTHING if nothing could be compared."""
    figures, changed, slower = (sum(c[i] for c in counts) for i in range(3))
    print(f"{changed} of {figures} figures changed beyond noise against {against}, {slower} for the worse", file=out, flush=True)
    return 1 if slower or any(c[3] for c in counts) else 0 if figures else NOTHING


def count(witness, row, setting, places, sink, out):
    """The instructions of both builds, if they can be counted."""
    this, base = (functools.partial(moved, place=places[who]) for who in ("this", "base"))
    found = witness.record(row.name, setting, this, base)
    if found:
        sink.put(found)
        print(f"{row.name + '/' + setting:28} {'instructions':24} x {found['ratio']:.4f} by {found['how']}"
              + (f"  {found['verdict'].upper()}" if found["verdict"] != "same" else ""), file=out, flush=True)


def compare(chosen, commit, programs, plan, least, sink, out, witness=None):
    """Measure the rows' settings of ours in both builds; the exit status. witness: an instructions.Witness, or None."""
    counts = []
    with sides(os.path.dirname(table.PROGRAM), programs) as places:
        for row in chosen:
            metrics = metrics_of(row)
            for setting, case in row.contestants["pitboss"].items():
                cases = lambda: [rounds.Series(who, setting, moved(case, place), needs=(row.metric,)) for who, place in places.items()]
                changes, failures = change.examined(cases, plan.of(row), metrics, contrast_of(metrics), least)
                counts.append(report(row, setting, changes, failures, commit, sink, out))
                if witness:
                    count(witness, row, setting, places, sink, out)
    return summary(counts, commit[:12], out)
