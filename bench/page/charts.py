"""The report's four kinds of charts: bars with their spread, ratios with their intervals, latency curves, scaling curves.

Each takes plain values and returns an SVG text; `colour` maps a contestant to its CSS class.
"""
import math

from page import svg

BAR, GAP, TOP = 11, 32, 6
LABEL = 29  # letters: the longest row of the suite and its peer


def interval(r, scale, middle):
    """The box of the interval; nothing where the rounds were too few for one."""
    if r["low"] is None:
        return ""
    return svg.element("rect", x=scale(r["low"]), y=middle - 2.5, width=max(scale(r["high"]) - scale(r["low"]), 1.5), height=5,
                       class_="interval")


def bars(series, unit, colour, title):
    """series: [(label, contestant, metric record, is the better setting)]. From 0; the line is the range, the box on it the interval."""
    right = svg.WIDTH - 8
    scale = svg.Scale(0, max(r["max"] for _, _, r, _ in series) or 1, 4, right)
    parts = []
    for i, (label, who, r, best) in enumerate(series):
        y, weight = TOP + i * GAP, "" if best else " other"
        parts.append(svg.text(4, y + 10, label, class_="name" if best else "quiet"))
        parts.append(svg.text(right, y + 10, f"{svg.short(r['median'])} {unit}".strip(), "end", "number" if best else "quiet"))
        parts.append(svg.element("rect", x=4, y=y + 14, width=max(scale(r["median"]) - 4, 1.0), height=BAR, rx=2,
                                 class_=colour(who) + weight))
        middle = y + 14 + BAR / 2
        parts.append(svg.line(scale(r["min"]), middle, scale(r["max"]), middle, "range"))
        parts.append(interval(r, scale, middle))
    return svg.drawing(TOP + len(series) * GAP, parts, title)


def ratios(comparisons, colour, title):
    """comparisons: [(row, peer, ratio record)]. Log scale; 1 is equal; the mark below the line is the floor."""
    label = max(len(f"{row} / {peer}") for row, peer, _ in comparisons)
    left = min(label, LABEL) * svg.LETTER + 8
    values = [v for _, _, r in comparisons for v in (r["min"], r["max"], r["floor"] or 1, 1)]
    marks = svg.log_ticks(max(min(values), 1e-3), max(values), 6)
    scale, step = svg.Scale(marks[0], marks[-1], left, svg.WIDTH - 14, log=True), 19
    bottom = 14 + step * len(comparisons)
    parts = [svg.line(scale(t), 8, scale(t), bottom, "one" if abs(t - 1) < 1e-9 else "grid") for t in marks]
    parts += [svg.text(scale(t), bottom + 13, svg.short(t), "middle", "quiet") for t in marks]
    for i, (row, peer, r) in enumerate(comparisons):
        y = 14 + step * (i + 0.5)
        parts.append(svg.text(left - 8, y + 4, svg.cut(f"{row} / {peer}", LABEL), "end"))
        parts.append(svg.line(scale(r["min"]), y, scale(r["max"]), y, "range"))
        parts.append(interval(r, scale, y))
        if r["floor"] is not None:
            parts.append(svg.element("path", d=f"M{scale(r['floor']):.1f} {y - 8:.1f}v16", class_="floor"))
        shape = dict(cx=scale(r["median"]), cy=y, r=4)
        parts.append(svg.element("circle", **shape, class_=colour(peer) + (" hollow" if r["at_most"] else "")))
    return svg.drawing(bottom + 18, parts, title)


def frame(xs, ys, x, y, x_text, bottom):
    """Grid lines and numbers of both axes."""
    parts = [svg.line(x.start, y(v), x.end, y(v), "grid") + svg.text(x.start - 5, y(v) + 4, svg.short(v), "end", "quiet") for v in ys]
    end = -math.inf  # of the last number: one that would touch it is left out, its line stays
    for v, label in zip(xs, x_text):
        half = len(label) * svg.LETTER / 2
        parts.append(svg.line(x(v), y.end, x(v), y.start, "grid"))
        if x(v) - half > end:
            parts.append(svg.text(x(v), bottom, label, "middle", "quiet"))
            end = x(v) + half
    return parts


def spread_labels(wanted, low, high, step=13):
    """Positions as near to the wanted ones as fits, `step` apart."""
    order, placed = sorted(range(len(wanted)), key=wanted.__getitem__), {}
    at = low
    for i in order:
        placed[i] = at = max(wanted[i], at)
        at += step
    over = at - step - high
    if over > 0:
        for i in reversed(order):
            placed[i] = min(placed[i], high)
            high = placed[i] - step
    return [placed[i] for i in range(len(wanted))]


def named_lines(lines, x, y, colour, label):
    """Lines with their points, ranges, and the name at the right end of each. lines: {who: [(x, median, low, high)]}"""
    parts, ends = [], []
    for who, points in lines.items():
        path = "".join(f"{'L' if i else 'M'}{x(p[0]):.1f} {y(p[1]):.1f}" for i, p in enumerate(points))
        parts.append(svg.element("path", d=path, class_=f"line {colour(who)}"))
        for at, median, low, high in points:
            parts.append(svg.line(x(at), y(low), x(at), y(high), "range"))
            parts.append(svg.element("circle", cx=x(at), cy=y(median), r=3, class_=colour(who)))
        ends.append((who, y(points[-1][1]) + 4))
    for (who, _), at in zip(ends, spread_labels([e[1] for e in ends], y.end + 4, y.start)):
        parts.append(svg.text(x.end + 8, at, label(who), class_="name " + colour(who)))
    return parts


def curves(contestants, unit, colour, title):
    """contestants: {who: [(share, median, low, high)]}. x: how rare, by decades; y: the latency, log."""
    rare = {who: [(-math.log10(max(1 - share, 1e-9)), m, max(lo, 1e-9), hi) for share, m, lo, hi in p] for who, p in contestants.items()}
    values = [v for points in rare.values() for p in points for v in p[1:] if v > 0]
    marks = svg.log_ticks(min(values), max(values), 6)
    name = max(map(len, rare)) * svg.LETTER + 14
    last = max(p[0] for points in rare.values() for p in points)
    x = svg.Scale(0.3, max(last, 2), 46, svg.WIDTH - name)
    y = svg.Scale(marks[0], marks[-1], 180, 26, log=True)
    shares = [(0.30103, "50%"), (1, "90%"), (2, "99%"), (3, "99.9%"), (4, "99.99%"), (5, "99.999%")]
    shares = [s for s in shares if s[0] <= x.high + 1e-6]
    parts = frame([s[0] for s in shares], marks, x, y, [s[1] for s in shares], 195)
    parts.append(svg.text(2, 9, unit, class_="quiet"))
    parts += named_lines({who: [(a, max(b, 1e-9), c, d) for a, b, c, d in p] for who, p in rare.items()}, x, y, colour, str)
    return svg.drawing(202, parts, title)


def scaling(contestants, x_name, unit, colour, title, log=False):
    """contestants: {who: [(size, median, low, high)]}. y from 0."""
    sizes = sorted({p[0] for points in contestants.values() for p in points})
    high = svg.ticks(max(p[3] for points in contestants.values() for p in points))
    name = max(map(len, contestants)) * svg.LETTER + 14
    x = svg.Scale(sizes[0], sizes[-1], 58, svg.WIDTH - name - 8, log=log)
    y = svg.Scale(0, high[-1], 162, 28)
    parts = frame(sizes, high, x, y, [svg.short(s) for s in sizes], 177)
    parts += [svg.text(2, 9, unit, class_="quiet"), svg.text((x.start + x.end) / 2, 193, x_name, "middle", "quiet")]
    return svg.drawing(200, parts + named_lines(contestants, x, y, colour, str), title)
