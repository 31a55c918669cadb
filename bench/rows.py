"""The rows of the table: what is run for each, and the floor that the result is held against.

Add a row to one of the lists, and it appears in the table, in --json and in the list of names. Those of sockets are in
net/rows.py, those of real time in rt/rows.py, those of single operations in micro/rows.py.
"""
import os

from micro.rows import micro_rows
from net.rows import more_network_rows, network_rows
from row import BENCH, Case, Floor, M, PEERS, PROGRAM, ROOT, Row, both, erl, erl_both, go, go_both, ours, ratio
from rt.rows import real_time_rows


def runtime_rows(scale):
    n = M // scale
    rows = [
        Row("spawn", "spawns_per_s",
            {"pitboss": both("spawn", n), "erlang": {"": erl("spawn", n)}, "go": go_both("spawn", n)},
            ratio("spawns_per_s", erlang=20, go=2.5)),
        Row("spawn_idle", "spawns_per_s",
            {"pitboss": both("spawn_idle", "callback", n),
             "erlang": {"plain": erl("spawn_idle", "plain", n), "hibernate": erl("spawn_idle", "hibernate", n)},
             "go": {"": go("spawn_idle", n)}},
            [Floor("rss_bytes_per_process", None, 480, at_most=True)] + ratio("spawns_per_s", erlang=5)),
        Row("spawn_idle_stack", "spawns_per_s", {"pitboss": both("spawn_idle", "stack", n)},
            [Floor("rss_bytes_per_process", None, 4.8 * 1024, at_most=True)]),
        Row("ping_pong", "msgs_per_s",
            {"pitboss": both("ping_pong", 2 * n), "erlang": erl_both("ping_pong", 2 * n), "go": go_both("ping_pong", 2 * n)},
            ratio("msgs_per_s", erlang=9, go=3.5)),
    ]
    for size, name, bounds in ((1000, "thread_ring_1k", {"erlang": 8, "go": 3}), (100000, "thread_ring_100k", {"erlang": 3, "go": 3})):
        words = ("thread_ring", max(size // scale, 100), 5 * n)
        rows.append(Row(name, "hops_per_s", {"pitboss": both(*words), "erlang": erl_both(*words), "go": go_both(*words)},
                        ratio("hops_per_s", **bounds)))
    rows.append(Row("counting", "msgs_per_s",
                    {"pitboss": both("counting", 8, n), "erlang": {"off_heap": erl("counting", "off_heap", 8, n)},
                     "go": go_both("counting", 8, n, 1024)},
                    ratio("msgs_per_s", erlang=2.5, go=1.5)))
    rows.append(Row("ping_pong_apart", "round_trip_ns",
                    {"pitboss": {"S2": ours("ping_pong_apart", 2 * n, schedulers=2)}, "bounce": {"": ours("bounce", 10 * n)}},
                    [Floor("round_trip_ns", "bounce", 4, at_most=True)], at_most=True))
    for clients in (1, 64):
        words = ("call", clients, n)
        rows.append(Row(f"call_{clients}", "calls_per_s",
                        {"pitboss": both(*words), "erlang": erl_both(*words), "go": go_both(*words)},
                        ratio("calls_per_s", erlang=8, go=1.5)))
    rows.append(Row("trace_off", "msgs_per_s",
                    {"pitboss": both("trace", "off", 2 * n), "untraced": both("ping_pong", 2 * n)},
                    ratio("msgs_per_s", untraced=0.95)))
    rows.append(Row("trace_limited", "msgs_per_s",
                    {"pitboss": both("trace", "limited", n), "untraced": both("ping_pong", 2 * n)}))
    rows.append(Row("trace_on", "msgs_per_s",
                    {"pitboss": both("trace", "on", n // 2), "untraced": both("ping_pong", 2 * n)}))
    words = ("call_backlog", n, n)
    rows.append(Row("call_backlog_1M", "calls_per_s", {"pitboss": both(*words)},
                    [Floor("slowdown", None, 1.5, at_most=True)]))
    restarts = 10000 // scale
    rows.append(Row("supervisor_restart", "restarts_per_s",
                    {"pitboss": both("supervisor_restart", restarts), "erlang": {"": erl("supervisor_restart", restarts)}},
                    ratio("restarts_per_s", erlang=20) + [Floor("restart_us_p99", None, 20, at_most=True)]))
    return rows


# Savina: the metric, the suite's parameters, and which of them carry the work (an exponent stands for 2^-k of it).
SAVINA = {
    "pingpong": ("msgs_per_s", (40000,), (0,)),
    "count": ("msgs_per_s", (M,), (0,)),
    "fjthroughput": ("msgs_per_s", (60, 10000), (1,)),
    "fjcreate": ("actors_per_s", (40000,), (0,)),
    "threadring": ("hops_per_s", (100, 100000), (1,)),
    "chameneos": ("meetings_per_s", (100, 200000), (1,)),
    "big": ("msgs_per_s", (120, 20000), (1,)),
    "concdict": ("requests_per_s", (20, 10000, 10), (1,)),
    "boundedbuffer": ("items_per_s", (50, 40, 40, 1000, 25, 25), (3,)),
    "philosophers": ("meals_per_s", (20, 10000), (1,)),
    "barber": ("haircuts_per_s", (5000, 1000, 1000, 1000), (0, 1)),
    "cigsmok": ("rounds_per_s", (1000, 200), (0,)),
    "logisticmap": ("terms_per_s", (25000, 10), (0,)),
    "banking": ("transactions_per_s", (1000, 50000), (1,)),
    "quicksort": ("numbers_per_s", (M,), (0,)),
    "sieve": ("candidates_per_s", (100000, 1000), (0, 1)),
    "nqueens": ("solutions_per_s", (12, 20, 4), ()),
    "fib": ("actors_per_s", (25,), ()),
    "uct": ("nodes_per_s", (200000, 500, 100, 50), (0,)),
}
# Those that have no peer's version: ours with the suite's parameters.
SAVINA_ALONE = {
    "concsll": "requests_per_s", "radix": "msgs_per_s", "bitonic": "msgs_per_s", "apsp": "cells_per_s",
    "recmatmul": "products_per_s", "astar": "nodes_per_s", "trapezoid": "pieces_per_s", "filterbank": "inputs_per_s",
    "facloc": "customers_per_s", "piprecision": "terms_per_s", "sor": "updates_per_s",
}
SAVINA_PROGRAM = os.path.join(os.path.dirname(PROGRAM), "pitboss-savina")


def savina_rows(scale):
    """Rows of the suite: one scheduler or all, and the better one counts, for all alike. The floor: no slower than a peer."""
    rows = []
    for name, (metric, standard, work) in SAVINA.items():
        words = [name] + [str(max(p // scale, 1)) if i in work else str(p) for i, p in enumerate(standard)]
        erlang = ["-noinput", "+P", "4000000", "-kernel", "logger_level", "none", "-pa", PEERS,
                  "-run", "peer_savina", "main", *words]
        go_words = [os.path.join(PEERS, "peer_savina_go"), *words]
        rows.append(Row(f"savina_{name}", metric, {
            "pitboss": {"": Case([SAVINA_PROGRAM, *words]), "S1": Case([SAVINA_PROGRAM, *words, "--schedulers", "1"])},
            "erlang": {"": Case(["erl", *erlang]), "S1": Case(["erl", "+S", "1:1", *erlang])},
            "go": {"": Case(go_words), "procs1": Case(["env", "GOMAXPROCS=1", *go_words])},
            "caf": {setting: Case([os.path.join(PEERS, "peer_savina_caf"), threads, *words])
                    for setting, threads in (("", "0"), ("threads1", "1"))},
        }, ratio(metric, erlang=1, go=1, caf=1)))
    for name, metric in SAVINA_ALONE.items():
        words = [SAVINA_PROGRAM, name, "--scale", str(scale)]
        rows.append(Row(f"savina_{name}", metric, {"pitboss": {"": Case(words), "S1": Case([*words, "--schedulers", "1"])}}))
    return rows


def more_rows(scale):
    """Rows without a floor: ours alone, to compare one build with another; and those of net/, rt/ and micro/rows.py."""
    n = M // scale
    return [
        Row("spawn_idle_gen_server", "spawns_per_s", {"pitboss": both("spawn_idle", "gen_server", 3 * n // 10)}),
        Row("big", "msgs_per_s", {"pitboss": both("big", 200, 20000 // scale)}),
        Row("fork_join_create", "actors_per_s", {"pitboss": both("fork_join_create", n)}),
        Row("fork_join_throughput", "msgs_per_s", {"pitboss": both("fork_join_throughput", 60, 40000 // scale)}),
        Row("chameneos", "meetings_per_s", {"pitboss": both("chameneos", 100, n)}),
        Row("links_monitors", "spawn_monitor_down_per_s", {"pitboss": both("links_monitors", n // 2)}),
        Row("supervisor_children_static", "start_s", {"pitboss": both("supervisor_children", "static", n // 10)}, at_most=True),
        Row("supervisor_children_dynamic", "start_s", {"pitboss": both("supervisor_children", "dynamic", n // 10)}, at_most=True),
        Row("supervisor_children_simple", "start_s", {"pitboss": both("supervisor_children", "simple", n // 10)}, at_most=True),
    ] + more_network_rows(scale) + real_time_rows(scale) + micro_rows(scale)
