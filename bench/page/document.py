"""The page: what is said, in which order, about a Results. The drawings are charts.py's; style.css is put into the page.

Every figure names the command that made it; noise, failures and what is missing are said before the figures that they spoil.
"""
import os
import shlex

from page import charts, svg
from page.svg import element, escape, short

STYLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "style.css")
COLOURS = 10
UNITS = [("_per_cpu_s", "/CPU s"), ("_per_s", "/s"), ("_ns", "ns"), ("ns_per_op", "ns"), ("_ms", "ms"), ("bytes_per_process", "B"), ("_s", "s")]


def unit_of(metric):
    if "_us" in metric:
        return "µs"
    return next((unit for end, unit in UNITS if metric.endswith(end)), "")


def row_of(cells, head=False):
    """cells: texts, or (text, class)."""
    pairs = [c if isinstance(c, tuple) else (c, None) for c in cells]
    return element("tr", "".join(element("th" if head else "td", text, class_=class_) for text, class_ in pairs))


def table(head, rows):
    return element("div", element("table", element("thead", row_of(head, head=True)) + element("tbody", "".join(rows))), class_="wide")


def name_of(record):
    return record["contestant"] + (f" {record['setting']}" if record["setting"] else "")


def command_of(run):
    """The command as one types it in the checkout: without the folder that this machine has it in."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))) + os.sep
    return shlex.join(w.replace(root, "") for w in run)


class Page:
    def __init__(self, results):
        self.results, self.order = results, results.contestants()

    def colour(self, who):
        place = self.order.index(who) if who in self.order else len(self.order)
        return f"s{min(place, COLOURS - 1)}"

    def html(self):
        sections = [("changes", "Changes", self.changes()), ("ratios", "Ratios", self.ratios()),
                    ("rows", "Rows", self.rows()), ("latency", "Latency", self.latency()),
                    ("scaling", "Scaling", self.scaling()), ("budget", "Where the time goes", self.budget()),
                    ("noise", "Noise", self.noise()), ("machine", "Machine", self.machine()), ("reading", "How to read this", READING)]
        sections = [s for s in sections if s[2]]
        with open(STYLE, encoding="utf-8") as f:
            style = f.read()
        body = self.top() + element("nav", "".join(element("a", escape(t), href="#" + i) for i, t, _ in sections))
        body += "".join(element("section", element("h2", escape(t)) + content, id=i) for i, t, content in sections)
        head = '<meta charset="utf-8"/><meta name="viewport" content="width=device-width, initial-scale=1"/>'
        head += element("title", "pitboss: benchmarks") + element("style", style.replace("<", ""))
        return "<!DOCTYPE html>\n" + element("html", element("head", head) + element("body", body), lang="en") + "\n"

    # ---- the top

    def top(self):
        m, git = self.results.machine, self.results.machine.get("git") or {}
        made = f"{(m.get('date') or '')[:16].replace('T', ' ')} UTC · revision {(git.get('revision') or 'unknown')[:12]}"
        made += " with changes that are not committed" if git.get("dirty") else ""
        made += f" · {m.get('cpu')}, {m.get('cores')} cores · made by {shlex.join(m.get('command') or [])}"
        key = "".join(element("span", element("i", "", class_=self.colour(who)) + escape(who)) for who in self.order)
        against = self.against()
        title = "pitboss beside its peers" if self.results.rows or not against else f"pitboss beside {against}"
        return element("h1", escape(title)) + element("p", escape(made), class_="quiet") + self.warnings() + \
            element("p", key, class_="key")

    def warnings(self):
        m, said = self.results.machine, []
        if m.get("scale", 1) > 1:
            said.append(("", f"A quick run: 1/{m['scale']} of the work. It shows that everything works; its figures mean little."))
        if not self.results.end:
            said.append(("bad", "The run was cut short: rows are missing."))
        rows = list(self.results.rows.values())
        noisy = [r for r in rows if r.record["noise"]]
        if noisy:
            said.append(("", f"Noisy: in {len(noisy)} of {len(rows)} rows other work took the machine away during rounds that count "
                             f"({', '.join(r.name for r in noisy)}). See Noise. Their intervals are wide, and may be wrong."))
        count, runs = self.results.noisy_beside()
        if count:
            said.append(("", f"Noisy: in {count} of {runs} runs that were compared other work took the machine away."))
        failed = [f for f in self.results.failures() if f["kind"] == "failed"]
        if failed:
            said.append(("bad", "Failed: " + "; ".join(f"{f['bench']} {f['peer']}: {f['text']}" for f in failed)))
        if m.get("left_out"):
            said.append(("", f"Not installed, so not compared: {', '.join(m['left_out'])}. scripts/bench --peers installs them."))
        for with_interval, why in ((True, "the interval spans the floor"), (False, "of fewer than five rounds there is no interval")):
            open_ = [r.name for r in rows if any(c["verdict"] == "?" and (c["low"] is not None) == with_interval for c in r.comparisons)]
            if open_:
                said.append(("", f"Undecided: {why} in {', '.join(open_)}. No result there, not a bad one."))
        return "".join(element("p", escape(text), class_=f"warn {kind}".strip()) for kind, text in said)

    # ---- changes

    def against(self):
        return ", ".join(dict.fromkeys(c["against"] for c in self.results.changes))

    def changes(self):
        """Of --compare and --against: what became slower first, then faster, then what stayed the same."""
        found = self.results.changes_worst_first()
        if not found:
            return ""
        count = lambda verdict: sum(c["verdict"] == verdict for c in found)
        text = (f"This build over {self.against()}: right of 1 it is better. {len(found)} figures: {count('slower')} slower, "
                f"{count('faster')} faster, {count('?')} too noisy to say, the others the same within noise. What a first measurement suspected was measured again; only "
                "what shifts the same way there, by a 99.9 % interval, is called a change. Thin line: all rounds; thick: the 95 % interval.")
        cores = lambda c: c["setting"] or self.results.cores_of(c["bench"])
        drawn = [(c["bench"], cores(c), {**c, "floor": None, "at_most": False}) for c in found]
        charted = "".join(element("figure", charts.ratios(drawn[i:i + 24], lambda _: self.colour("pitboss"), f"this build over {self.against()}"))
                          for i in range(0, len(drawn), 24))
        between = lambda r: f" ({short(r['low'])}–{short(r['high'])})" if r["low"] is not None else ""
        seen = lambda r: (f"{short(r['median'])}{between(r)}" if r else "", "n")
        rows = [row_of([escape(c["bench"]), escape(cores(c)), escape(c["metric"]), seen(c), seen(c["again"]),
                        (escape(c["verdict"]), {"slower": "missed", "faster": "reached", "?": "open"}.get(c["verdict"]))]) for c in found]
        head = ["row", "setting", "metric", ("times (95 %)", "n"), ("again (99.9 %)", "n"), "verdict"]
        return element("p", escape(text), class_="quiet") + element("div", charted, class_="grid") + table(head, rows) + self.counted()

    def counted(self):
        if not self.results.instructions:
            return ""
        rows = [row_of([escape(r["bench"]), escape(r["how"]), (short(r["this"]), "n"), (short(r["base"]), "n"), (short(r["ratio"]), "n"),
                        (escape(r["verdict"]), {"more": "missed", "fewer": "reached"}.get(r["verdict"]))]) for r in self.results.instructions]
        return element("h3", "Instructions, on one scheduler") + \
            table(["row", "counted by", ("this", "n"), ("the other", "n"), ("the other over this", "n"), "verdict"], rows)

    # ---- ratios

    def ratios(self):
        own = [(r.name, c["peer"], c) for r in self.results.rows.values() for c in r.comparisons if c["peer"] and c["of"] == r.record["metric"]]
        if not own:
            return ""
        chart = ""
        for at_once in range(0, len(own), 24):  # one drawing that is longer than a screen cannot be read against its scale
            chart += element("figure", charts.ratios(own[at_once:at_once + 24], self.colour, "pitboss over its peers, log scale"))
        text = element("p", "Our figure over the peer's, of the better setting of each: right of 1 we are ahead. A hollow point: smaller is "
                            "better. Thin line: all rounds; thick: the 95 % interval of the median; red mark: the floor that we hold "
                            "ourselves to.", class_="quiet")
        return text + element("div", chart, class_="grid") + self.verdicts()

    def verdicts(self):
        rows = []
        for r in self.results.rows.values():
            for c in r.comparisons:
                mine = next((m for m in r.chosen(c["of"]) if m["contestant"] == "pitboss"), None)
                theirs = next((m for m in r.chosen(c["of"]) if m["contestant"] == c["peer"]), None)
                figure = lambda m: (f"{short(m['median'])} {unit_of(c['of'])} ({escape(m['setting'] or self.results.cores_of(r.name))})", "nowrap") if m else ""
                low = f" ({short(c['low'])}–{short(c['high'])})" if c["low"] is not None else ""
                floor = "" if c["floor"] is None else f"{'≤' if c['at_most'] else '≥'} {short(c['floor'])}"
                verdict = c["verdict"] or ""
                rows.append(row_of([escape(r.name), escape(c["of"]), figure(mine), escape(c["peer"] or ""), figure(theirs),
                                    (f"{short(c['median'])}{low}", "n"), (floor, "n"),
                                    (escape(verdict), "open" if verdict == "?" else verdict or None)]))
        head = ["row", "metric", "pitboss", "against", "theirs", ("ratio (interval)", "n"), ("floor", "n"), "verdict"]
        return table(head, rows)

    # ---- rows

    def rows(self):
        return "" if not self.results.rows else element("div", "".join(self.card(r) for r in self.results.rows.values()), class_="grid")

    def card(self, r):
        metric = r.record["metric"]
        series = [(name_of(m), m["contestant"], m, m["chosen"]) for m in r.series(metric)]
        better = "smaller" if r.record["at_most"] else "larger"
        content = element("h3", escape(r.name))
        if series:
            caption = f"{metric}, {better} is better; {r.record['rounds']} rounds" + (f"; noisy: {r.record['noise']}" if r.record["noise"] else "")
            content += element("figure", charts.bars(series, unit_of(metric), self.colour, f"{r.name}: {metric}") +
                               element("figcaption", escape(caption)))
        content += "".join(element("p", escape(f"{f['peer']}: {f['kind']}: {f['text']}"), class_="quiet") for f in r.failures)
        return element("div", content + self.all_figures(r) + self.commands(r), class_="card", id="row-" + r.name)

    def all_figures(self, r):
        rest = [m for m in r.metrics if m["chosen"]]
        cells = [row_of([escape(name_of(m)), escape(m["metric"]), (short(m["median"]), "n"), (f"{short(m['min'])}–{short(m['max'])}", "n")])
                 for m in rest]
        return element("details", element("summary", "all figures") + table(["", "metric", ("median", "n"), ("range", "n")], cells))

    def commands(self, r):
        lines = [f"{name_of(run)}: {command_of(run['command'])}" + (f"  ‖ load: {command_of(run['load'])}" if run.get("load") else "")
                 for run in r.runs]
        text = f"scripts/bench {r.name}"
        return element("details", element("summary", "how it was obtained") + element("p", element("code", text)) +
                       "".join(element("p", element("code", escape(line))) for line in lines))

    # ---- latency and scaling

    def latency(self):
        found = ""
        for r in self.results.rows.values():
            for prefix, contestants in r.curves().items():
                title = f"{r.name}: {prefix}"
                unit = "µs, log scale" if "_us" in prefix else "log scale"
                found += element("figure", element("h3", escape(title)) + charts.curves(contestants, unit, self.colour, title) +
                                 element("figcaption", f"Command: <code>scripts/bench {escape(r.name)}</code>"), class_="card")
        text = element("p", "How many answers came no later than that: the median of the rounds, with the smallest and the largest. The "
                            "last point is the maximum. Percentiles are those that the benchmark, or the load generator, counted.", class_="quiet")
        return text + element("div", found, class_="grid") if found else ""

    def scaling(self):
        cores, found = self.results.machine.get("cores_allowed") or self.results.machine.get("cores") or 2, ""
        point = lambda at, m: (at, m["median"], m["min"], m["max"])
        if cores > 1:
            for r in self.results.rows.values():
                both = r.scaling()
                if "pitboss" in both:
                    lines = {who: [point(1, b["one"]), point(cores, b["all"])] for who, b in both.items()}
                    found += self.scaling_card(r.name, lines, "schedulers (cores)", r.record["metric"], f"scripts/bench {r.name}")
        for name, members in self.results.families():
            lines = {}
            for size, r in members:
                for m in r.chosen(r.record["metric"]):
                    lines.setdefault(m["contestant"], []).append(point(size, m))
            lines = {who: points for who, points in lines.items() if len(points) > 1}
            if "pitboss" in lines:
                what = "connections" if name.startswith(("tcp", "http", "ws", "resp", "stream", "echo")) else "size"
                found += self.scaling_card(name, lines, f"{what}, log scale", members[0][1].record["metric"], f"scripts/bench {name}", log=True)
        return element("div", found, class_="grid") if found else ""

    def scaling_card(self, title, lines, x_name, metric, command, log=False):
        chart = charts.scaling(lines, x_name, f"{metric}", self.colour, f"{title}: {metric} by {x_name}", log)
        return element("figure", element("h3", escape(title)) + chart +
                       element("figcaption", f"Command: <code>{escape(command)}</code>"), class_="card")

    # ---- where the time goes

    def budget(self):
        if not self.results.budget:
            return ""
        number = lambda v: ("–" if v is None else short(v), "n")
        rows = [row_of([escape(b["what"]), number(b["ns"]), number(b["instructions"]), number(b["atomics"]), number(b["lines"]),
                        number(b["system_calls"]), escape(b["floor_what"] or ""), number(b["floor_ns"]),
                        (f"{short(b['ratio'])} ×" if b["ratio"] else "–", "n")]) for b in self.results.budget]
        floors = [row_of([escape(f["what"]), (f"{short(f['ns'])} ns", "n"), (f"{short(f['min'])}–{short(f['max'])}", "n"),
                          element("code", escape(f["command"]))]) for f in self.results.floors]
        notes = [element("p", f"<b>{escape(b['what'])}</b>: {escape('; '.join(b['notes']))}", class_="quiet")
                 for b in self.results.budget if b["notes"]]
        commands = [element("p", element("code", escape(line))) for b in self.results.budget for line in b["commands"]]
        first = self.results.budget[0]
        said = lambda what, r: f" {what} {(r.get('date') or '')[:16].replace('T', ' ')}, revision {(r.get('revision') or 'unknown')[:12]}." if r else ""
        made = said("Times:", first if first.get("date") else None) + said("Counts:", first.get("counted"))
        return (element("p", "What one operation costs, beside the least that this machine could do it with. Instructions and atomic operations "
                             "are counted exactly, as the difference of two run lengths under callgrind; cache lines that change cores in a "
                             "trace of all memory accesses; system calls by strace." + escape(made), class_="quiet") +
                table(["operation", ("ns", "n"), ("instructions", "n"), ("atomics", "n"), ("lines between cores", "n"),
                       ("system calls", "n"), "floor", ("floor ns", "n"), ("times the floor", "n")], rows) + "".join(notes) +
                element("h3", "The floors") + table(["what", ("median", "n"), ("range", "n"), "command"], floors) +
                element("details", element("summary", "how it was obtained") + element("p", element("code", "scripts/bench budget")) +
                        "".join(dict.fromkeys(commands))))

    # ---- noise, machine

    def noise(self):
        if not self.results.rows:
            return ""
        rows = []
        for r in self.results.rows.values():
            kept = [run["noise"] for series in r.runs for run in series["runs"] if run["kept"]]
            worst = lambda key: (short(max((n[key] for n in kept if n.get(key) is not None), default=0)), "n")
            rows.append(row_of([escape(r.name), (str(r.record["rounds"]), "n"), (str(r.record["repeated"]), "n"), worst("steal"), worst("foreign_cpu"),
                                worst("involuntary"), escape(r.record["noise"] or "")]))
        text = element("p", "Each run is watched: what the host took (steal) and what other work used, in percent of one core, and how often a "
                            "thread of ours was put off its core. A noisy run is repeated, a bounded number of times; what stayed noisy says "
                            "so. Worst of the runs that count.", class_="quiet")
        return text + table(["row", ("rounds", "n"), ("repeated", "n"), ("steal %", "n"), ("others %", "n"), ("involuntary", "n"), "said"], rows)

    def machine(self):
        skip = {"record", "schema", "left_out"}
        rows = []
        for key, value in self.results.machine.items():
            if key in skip:
                continue
            if isinstance(value, dict):
                value = "\n".join(f"{k}: {v}" for k, v in value.items())
            elif isinstance(value, list):
                value = shlex.join(map(str, value))
            rows.append(row_of([escape(key.replace("_", " ")), escape("not readable" if value is None else value).replace("\n", "<br/>")]))
        return table(["", ""], rows)


READING = """<p>Every command runs in rounds, interleaved with its peers' (A B A B), so that a noisy minute meets all of them. Contestants come in
settings (one scheduler or all; Erlang with and without <code>+S 1:1</code>; Go with one and with all processors); the better one counts, for ours and
for the peers alike, and the paler bars are the others. A ratio is the median of the rounds' ratios, its interval a bootstrap at 95 %. A floor is
reached or missed only where the whole interval lies on one side of it; else the verdict is “?”.</p>
<p>Each benchmark checks its own result: a lost message, a wrong count, order or sum fails it, and there is no figure. What the rows do and what
bounds them is in docs/performance.md; the result records that this page was made of are described in bench/README.md.</p>
<pre>scripts/bench --peers --html report.html    # measure on your machine, and make this page
bench/report.py results.jsonl -o report.html # make it again of stored results</pre>"""
