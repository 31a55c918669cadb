"""The rows of real time: how late, and what is left when more comes than can be done. None has a floor yet."""
import os

from row import Case, M, PEERS, Row, both, go, go_both, ours

CORES = os.cpu_count()


def erl(*words, flags=()):
    return Case(["erl", "-noinput", "+P", "4000000", *flags, "-kernel", "logger_level", "none", "-pa", PEERS,
                 "-run", "peer_rt", "main", *map(str, words)])


def fairness_rows(seconds):
    """Beside K endless loops, which today keep their scheduler for ever: "not yet" but for K = 0."""
    rows = []
    for hogs in (0, 2 * CORES, 16 * CORES):
        for priority in ("normal", "high") if hogs else ("normal",):
            peers = {"erlang": {"": erl("fairness", priority, hogs, seconds)}}
            if priority == "normal":
                peers["go"] = {"": go("fairness", hogs, seconds)}
            rows.append(Row(f"rt_fairness_K{hogs}" + ("_high" if priority == "high" else ""), "response_us_p99",
                            {"pitboss": {"": ours("fairness", priority, hogs, seconds)}, **peers}, at_most=True))
    return rows


def overload_rows(milliseconds):
    """Twice what the server can do. Erlang has no bound, Go's channels have one; a sender waits or does without."""
    def row(policy, **peers):
        words = ("overload", policy, 200, milliseconds)
        cases = {who: {"": make(*words)} for who, make in peers.items()}
        return Row(f"rt_overload_{policy}", "latency_us_p99",
                   {"pitboss": {"S2": ours(*words, schedulers=2)}, **cases}, at_most=True)
    return [row("none", erlang=erl), row("block", go=go), row("drop_newest", go=go), row("drop_oldest")]


def real_time_rows(scale):
    n = M // scale
    rows = fairness_rows(10 if scale == 1 else 1)
    for size, count in (("100k", n // 10), ("1M", n)):
        rows.append(Row(f"rt_timers_{size}", "late_us_p99",
                        {"pitboss": both("timers", count, 1000), "erlang": {"": erl("timers", count, 1000)},
                         "go": {"": go("timers", count, 1000)}}, at_most=True))
    rows.append(Row("rt_timers_cancel", "start_cancel_per_s",
                    {"pitboss": both("timers_cancel", n), "erlang": {"": erl("timers_cancel", n)}, "go": {"": go("timers_cancel", n)}}))
    rows.append(Row("rt_spike_1M", "requests_per_s",
                    {"pitboss": both("spike", n), "erlang": {"": erl("spike", n)}, "go": go_both("spike", n)}))
    for size, count in (("1k", 1000), ("100k", 100000), ("1M", M)):
        words = ("flat", max(count // scale, 1000), 5 * n)
        rows.append(Row(f"rt_flat_{size}", "msgs_per_s",
                        {"pitboss": both(*words), "erlang": {"": erl(*words)}, "go": go_both(*words)}))
    return rows + overload_rows(2000 // scale)
