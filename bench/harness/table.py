"""The table that people read: one line a comparison, from the same records that --json prints."""


def short(x):
    for bound, divisor, unit in ((1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if abs(x) >= bound:
            return f"{x / divisor:.2f}{unit}"
    return f"{x:.4g}"


def ranged(record):
    """median [min..max], and the interval (low..high) where there are rounds enough for one."""
    text = f"{short(record['median'])} [{short(record['min'])}..{short(record['max'])}]"
    return text if record["low"] is None else f"{text} ({short(record['low'])}..{short(record['high'])})"


def plain(record):
    return f"{short(record['median'])} [{short(record['min'])}..{short(record['max'])}]"


def name_of(record):
    return record["contestant"] + (f"/{record['setting']}" if record["setting"] else "")


def lines(records):
    """The text of one row, from its records (records.of_row)."""
    row = next(r for r in records if r["record"] == "row")
    metrics = {(r["contestant"], r["metric"]): r for r in records if r["record"] == "metric" and r["chosen"]}
    comparisons = [r for r in records if r["record"] in ("ratio", "value")]
    for c in comparisons:
        mine, theirs = metrics[("pitboss", c["of"])], metrics.get((c["peer"], c["of"]))
        text = f"{row['bench']:18} {c['of']:21} {name_of(mine) + ' ' + plain(mine):37} "
        text += f"{name_of(theirs) + ' ' + plain(theirs) if theirs else '':46} {'x ' + ranged(c) if c['peer'] else '':40}"
        if c["floor"] is not None:
            text += f" {'<=' if c['at_most'] else '>='} {c['floor']:<6g} {'MISSED' if c['verdict'] == 'missed' else c['verdict']}"
        yield text.rstrip()
    shown = {(who, c["of"]) for c in comparisons for who in ("pitboss", c["peer"])}
    for who in dict.fromkeys(w for w, _ in metrics):
        rest = [r for (w, m), r in metrics.items() if w == who and (w, m) not in shown]
        if rest:
            yield f"{'':18} {name_of(rest[0])}: " + ", ".join(f"{r['metric']} {plain(r)}" for r in rest)
    if row["rounds"] > row["asked"]:
        yield f"{'':18} {row['rounds']} rounds, since {row['asked']} did not settle it"
    if row["noise"]:
        yield f"{'':18} noisy: {row['noise']}"
