"""bench/run without --compare or --against: the rows beside their peers."""
import dataclasses
import math
import sys
import time

from harness import records, rounds, stats, table


def open_floors(row, measurement):
    """The floors whose verdict more rounds could change."""
    best = records.chosen(row, measurement)
    if "pitboss" not in best:
        return []
    return [f for f in records.floors(row, best) if f.bound is not None
            and not stats.plain(list(records.values_of(f, best).values()), f.bound)]


def needs(row, who):
    """What a contestant must print: what decides the row, and of ours what is held to a floor by itself."""
    return tuple(dict.fromkeys([row.metric] + [f.metric for f in row.floors if who == "pitboss" and f.peer is None]))


def measure_row(row, present, plan):
    """The records of a row."""
    begin = time.monotonic()
    plan = plan.of(row)
    cases = [rounds.Series(who, setting, case, needs=needs(row, who)) for who, settings in row.contestants.items()
             if who == "pitboss" or who in present for setting, case in settings.items()]
    m = rounds.measured(cases, plan, undecided=lambda m: bool(open_floors(row, m)),
                        narrowed=lambda m: list(records.chosen(row, m).values()))
    return list(records.of_row(row, m, time.monotonic() - begin))


def show(found, out):
    """The row's table; True if a run of ours failed."""
    failed = False
    for f in (r for r in found if r["record"] == "failure"):
        print("FAILED" if f["kind"] == "failed" else "not yet:", f["bench"], f["peer"] + ":", f["text"], file=sys.stderr, flush=True)
        failed |= f["contestant"] == "pitboss" and f["kind"] == "failed"
    for line in table.lines(found):
        print(line, file=out, flush=True)
    return failed


def shares(chosen, end):
    """Each row, and until when its rounds may begin, so that all are done by about `end`. What one does not need is the
    others'."""
    for i, row in enumerate(chosen):
        now = time.monotonic()
        yield row, now + (end - now) / (len(chosen) - i)


def measure(chosen, present, plan, sink, out, end=math.inf):
    """Measure the rows, by `end` (time.monotonic()) if they can have a round each until then; the exit status."""
    failed = False
    for row, until in shares(chosen, end):
        found = measure_row(row, present, dataclasses.replace(plan, until=until))
        for record in found:
            sink.put(record)
        failed |= show(found, out)
    return 1 if failed else 0
