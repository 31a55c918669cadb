"""Result records as the report wants them: one Row a benchmark, with its series, comparisons and failures. Draws nothing."""
import re
from dataclasses import dataclass, field

PERCENTILE = re.compile(r"(.*)_p(\d+)$")
FAMILY = re.compile(r"(.*?)_(\d+)([kM]?)$")
ONE = re.compile(r"[A-Za-z]*1$")  # a setting with one scheduler: S1, procs1, threads1


@dataclass
class Row:
    name: str
    record: dict
    metrics: list = field(default_factory=list)
    runs: list = field(default_factory=list)
    comparisons: list = field(default_factory=list)
    failures: list = field(default_factory=list)

    def series(self, metric):
        """The metric's records of all contestants and settings, the better setting of each contestant first."""
        found = [m for m in self.metrics if m["metric"] == metric]
        order = list(dict.fromkeys(m["contestant"] for m in found))
        return sorted(found, key=lambda m: (order.index(m["contestant"]), not m["chosen"]))

    def chosen(self, metric):
        return [m for m in self.series(metric) if m["chosen"]]

    def curves(self):
        """{prefix: {contestant: [(share, median, low, high)]}}: latencies of the better settings by percentile.

        A maximum stands at the share of its rank where the count is known, else one decade behind the last percentile."""
        found = {}
        for m in (m for m in self.metrics if m["chosen"]):
            if match := PERCENTILE.match(m["metric"]):
                share = int(match[2]) / 10 ** len(match[2])
                found.setdefault(match[1], {}).setdefault(m["contestant"], []).append((share, m["median"], m["min"], m["max"]))
        for prefix, contestants in found.items():
            for m in self.chosen(prefix + "_max"):
                if points := contestants.get(m["contestant"]):
                    points.append((1 - self.rest(prefix, m["contestant"], points), m["median"], m["min"], m["max"]))
        return {p: {who: sorted(points) for who, points in c.items()} for p, c in found.items()
                if any(len(points) > 2 for points in c.values())}

    def rest(self, prefix, contestant, points):
        count = [m["median"] for m in self.chosen(prefix + "_n") if m["contestant"] == contestant]
        last = 1 - max(p[0] for p in points)
        return min(1 / count[0] if count and count[0] > 1 else last / 10, last / 2)

    def scaling(self):
        """{contestant: {1: metric record, cores: metric record}} of those that ran on one scheduler and on all."""
        found = {}
        for m in self.series(self.record["metric"]):
            if m["setting"] == "":
                found.setdefault(m["contestant"], {})["all"] = m
            elif ONE.match(m["setting"]):
                found.setdefault(m["contestant"], {})["one"] = m
        return {who: both for who, both in found.items() if len(both) == 2}


class Results:
    """A file's records: machine, rows in order, what changed (--compare), the budget's records, and how it ended."""

    def __init__(self, records):
        self.machine, self.rows, self.budget, self.floors, self.end = records[0], {}, [], [], None
        self.changes, self.instructions, self.beside = [], [], []  # beside: runs and failures of a comparison, which has no rows
        places = {"metric": "metrics", "runs": "runs", "ratio": "comparisons", "value": "comparisons", "failure": "failures"}
        for r in records[1:]:
            kind = r.get("record")
            if kind == "row":
                self.rows[r["bench"]] = Row(r["bench"], r)
            elif kind in places and r["bench"] in self.rows:
                getattr(self.rows[r["bench"]], places[kind]).append(r)
            elif kind in ("runs", "failure"):
                self.beside.append(r)
            elif kind == "change":
                self.changes.append(r)
            elif kind == "instructions":
                self.instructions.append(r)
            elif kind == "budget":
                self.budget.append(r)
            elif kind == "floor":
                self.floors.append(r)
            elif kind == "end":
                self.end = r

    def failures(self):
        return [f for row in self.rows.values() for f in row.failures] + [r for r in self.beside if r["record"] == "failure"]

    def cores_of(self, bench):
        """What a setting without a name is, in words: servers have a core, and their load another."""
        runs = (self.rows[bench].runs if bench in self.rows else []) + [r for r in self.beside if r["bench"] == bench]
        return "one core" if any(r.get("load") for r in runs) else "all cores"

    def changes_worst_first(self):
        return sorted(self.changes, key=lambda c: {"slower": 0, "faster": 1}.get(c["verdict"], 2))

    def noisy_beside(self):
        """(noisy ones, all) of a comparison's runs that count."""
        kept = [run for r in self.beside if r["record"] == "runs" for run in r["runs"] if run["kept"]]
        return sum(bool(run["noisy"]) for run in kept), len(kept)

    def families(self):
        """[(name, [(size, Row)])]: rows that differ only in a number at the end (tcp_echo_100, tcp_echo_1000)."""
        found = {}
        for row in self.rows.values():
            if match := FAMILY.match(row.name):
                size = int(match[2]) * {"": 1, "k": 1000, "M": 1000000}[match[3]]
                found.setdefault((match[1], row.record["metric"]), []).append((size, row))
        return [(name, sorted(members, key=lambda m: m[0])) for (name, _), members in found.items() if len(members) > 1]

    def contestants(self):
        """All, pitboss first, in the order in which they come: so that each has one colour on the whole page."""
        seen = dict.fromkeys(m["contestant"] for row in self.rows.values() for m in row.metrics)
        return ["pitboss"] + [who for who in seen if who != "pitboss"]
