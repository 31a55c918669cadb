"""The result records: what bench/run --json prints and --out keeps, one JSON object a line. bench/README.md describes them."""
import json
import os
import stat

import rows as table

from harness import machine, stats


# What is read, by --against, of a file that somebody kept.
NEEDED = {"machine": ("schema",), "row": ("bench", "noise"),
          "metric": ("bench", "contestant", "setting", "metric", "samples")}


def label(who, setting):
    return who + (f"_{setting}" if setting else "")


def better(row, series):
    """Of one contestant's series, the one whose median of the row's metric is the better."""
    return (min if row.at_most else max)(series, key=lambda s: stats.median(s.values(row.metric)))


def chosen(row, measurement):
    """{contestant: its better series}"""
    found = {}
    for s in measurement.series:
        if s.values(row.metric):
            found.setdefault(s.who, []).append(s)
    return {who: better(row, series) for who, series in found.items()}


def floors(row, best):
    """Every comparison that the row can make: its floors, and the plain ratio of its metric to each contestant without one."""
    held = [f for f in row.floors if f.peer is None or f.peer in best]
    named = {(f.peer, f.metric) for f in held}
    return held + [table.Floor(row.metric, who, None, row.at_most) for who in best
                   if who != "pitboss" and (who, row.metric) not in named]


def values_of(floor, best):
    """{round: value} that a floor is about: ours, or the quotient of ours and the peer's, of the rounds that both have."""
    ours = best["pitboss"].samples(floor.metric)
    if floor.peer is None:
        return ours
    theirs = best[floor.peer].samples(floor.metric)
    return {n: ours[n] / theirs[n] for n in ours if theirs.get(n)}


def summary(values):
    found = stats.interval(values)
    return {"median": stats.median(values), "min": min(values), "max": max(values),
            "low": found[0] if found else None, "high": found[1] if found else None}


def names_of(row, s):
    return {"bench": row.name, "peer": label(s.who, s.setting), "contestant": s.who, "setting": s.setting}


def runs_of(row, s, is_chosen):
    return {"record": "runs", **names_of(row, s), "command": s.case.command, "load": s.case.load, "chosen": is_chosen,
            "runs": [{"round": r.round, "kept": r.kept, "metrics": r.metrics, "noise": r.noise, "noisy": r.noisy} for r in s.runs]}


def failure_of(row, f):
    return {"record": "failure", **names_of(row, f), "kind": f.kind, "text": f.text}


def of_series(row, s, is_chosen):
    """The runs of one case, and a line for each of its metrics."""
    yield runs_of(row, s, is_chosen)
    for metric in s.kept()[0].metrics:
        values = s.values(metric)
        if len(values) == len(s.kept()):
            yield {"record": "metric", **names_of(row, s), "metric": metric, **summary(values), "samples": values, "chosen": is_chosen}


def of_floor(row, floor, best, measurement):
    by_round = values_of(floor, best)
    values = list(by_round.values())
    series = [best["pitboss"]] + ([best[floor.peer]] if floor.peer else [])
    return {"record": "ratio" if floor.peer else "value", "bench": row.name, "peer": floor.peer,
            "metric": ("ratio_" if floor.peer else "") + floor.metric, "of": floor.metric,
            "settings": [s.setting for s in series], **summary(values), "samples": values, "rounds": list(by_round),
            "confidence": stats.CONFIDENCE, "floor": floor.bound, "at_most": floor.at_most,
            "verdict": stats.verdict(values, floor.bound, floor.at_most) if floor.bound is not None else None,
            "noise": measurement.noise_text(series)}


def of_row(row, measurement, seconds):
    """All records of a measured row, the row's own first."""
    best = chosen(row, measurement)
    repeated = sum(not r.kept for s in measurement.series for r in s.runs)
    yield {"record": "row", "bench": row.name, "metric": row.metric, "at_most": row.at_most, "rounds": measurement.rounds,
           "asked": min(measurement.plan.rounds, measurement.rounds), "most": measurement.plan.most, "repeated": repeated, "seconds": round(seconds, 2),
           "noise": measurement.noise_text(best.values())}
    for f in measurement.failures:
        yield failure_of(row, f)
    for s in measurement.series:
        yield from of_series(row, s, best.get(s.who) is s)
    if "pitboss" in best:
        for floor in floors(row, best):
            if values_of(floor, best):
                yield of_floor(row, floor, best, measurement)


class Sink:
    """Where records go: a file, standard output, both or none; each is written out at once.

    The first record makes the file anew: a command that comes to nothing leaves the last results as they are."""

    def __init__(self, path=None, stream=None):
        self.path, self.streams = path, [stream] if stream else []

    def put(self, record):
        if self.path:
            self.streams.append(open(self.path, "w", encoding="utf-8"))
            self.path = None
        for stream in self.streams:
            try:
                print(json.dumps(record), file=stream, flush=True)
            except OSError as e:  # which says no name, since it is of a descriptor
                raise OSError(e.errno, e.strerror, stream.name) from None


def record_in(line, where):
    """The record that a line is; ValueError if it is none, or lacks a key that a reader here goes by."""
    try:
        record = json.loads(line)
        lacking = [key for key in NEEDED.get(record["record"], ()) if key not in record]
    except (json.JSONDecodeError, KeyError, TypeError):
        raise ValueError(f"{where}: not a record") from None
    if lacking:
        raise ValueError(f"{where}: a record \"{record['record']}\" without {', '.join(lacking)}")
    return record


def read(path):
    """The records of a file, in order. ValueError if they are no results of this schema."""
    found = []
    if stat.S_ISCHR(os.stat(path).st_mode):  # some of them never end
        raise ValueError(f"{path}: a device, not a file of results")
    with open(path, encoding="utf-8", errors="replace") as f:
        for number, line in enumerate(f, 1):
            if line.strip():
                found.append(record_in(line, f"{path}, line {number}"))
    if not found or found[0]["record"] != "machine" or found[0].get("schema") != machine.SCHEMA:
        raise ValueError(f"{path}: its first record is not a machine description of schema {machine.SCHEMA}")
    return found
