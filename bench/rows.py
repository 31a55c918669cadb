"""The rows of the table: what is run for each, and the floor that the result is held against.

A contestant has settings (one scheduler or all, and so on), each a command; the better one counts, for ours and for the
peers alike. Add a row here, and it appears in the table, in --json and in the list of names.
"""
import os
from dataclasses import dataclass, field

BENCH = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(BENCH)
PEERS = os.path.join(ROOT, "build", "peers")
PROGRAM = os.environ.get("PITBOSS_BENCH", os.path.join(ROOT, "build", "release", "bench", "pitboss-bench"))
SERVER_CORE, LOAD_CORE = ["taskset", "-c", "0"], ["taskset", "-c", "1"]
M = 1000000


@dataclass
class Case:
    """One command, or a server (on a port) and the load that is put on it."""
    command: list
    port: int = 0
    load: list = field(default_factory=list)
    prepare: list = field(default_factory=list)  # runs before the load, not measured


@dataclass
class Floor:
    """metric is at least (or at most) `bound` times the peer's, or `bound` itself where peer is None."""
    metric: str
    peer: str
    bound: float
    at_most: bool = False


@dataclass
class Row:
    name: str
    metric: str  # decides which setting is the better one
    contestants: dict  # "pitboss", "erlang", ...: {setting: Case}
    floors: list = field(default_factory=list)
    at_most: bool = False  # a smaller metric is the better one


def ours(*words, schedulers=0):
    return Case([PROGRAM] + (["--schedulers", str(schedulers)] if schedulers else []) + [str(w) for w in words])


def both(*words):
    return {"": ours(*words), "S1": ours(*words, schedulers=1)}


def erl(*words, flags=()):
    return Case(["erl", "-noinput", "+P", "4000000", *flags, "-kernel", "logger_level", "none", "-pa", PEERS,
                 "-run", "peer_bench", "main", *map(str, words)])


def erl_both(*words):
    return {"": erl(*words), "S1": erl(*words, flags=("+S", "1:1"))}


def go(*words):
    return Case([os.path.join(PEERS, "peer_go"), *map(str, words)])


def go_both(*words):
    return {"": go(*words), "procs1": Case(["env", "GOMAXPROCS=1"] + go(*words).command)}


def ratio(metric, **bounds):
    return [Floor(metric, peer, bound) for peer, bound in bounds.items()]


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



KEYS = 100000


def kv_row(kind, depth, requests):
    def fill(port, what, n, pipeline):
        return LOAD_CORE + ["redis-benchmark", "-p", str(port), "-t", what, "-n", str(n), "-c", "50", "-P", str(pipeline),
                            "-r", str(KEYS), "--csv"]

    def case(command, port):  # the keys are there before: a GET finds what it asks for, a SET replaces
        return Case(SERVER_CORE + command, port, fill(port, kind, requests, depth), fill(port, "set", 5 * KEYS, 16))

    redis = ["redis-server", "--port", "18130", "--save", "", "--appendonly", "no"]
    return Row(f"kv_{kind}_P{depth}", "req_per_s",
               {"pitboss": {"": case(ours("kv", 18131, schedulers=1).command, 18131)}, "redis": {"": case(redis, 18130)}},
               ratio("req_per_s", redis=1.0) + ratio("req_per_cpu_s", redis=1.0))


def echo_row(connections, seconds):
    def case(command, port):
        return Case(SERVER_CORE + command, port,
                    LOAD_CORE + [os.path.join(PEERS, "echo_load"), str(port), str(connections), "64", "0.5", str(seconds)])
    return Row(f"tcp_echo_{connections}", "req_per_s",
               {"pitboss": {"": case(ours("echo", 18133, schedulers=1).command, 18133)},
                "c_epoll": {"": case([os.path.join(PEERS, "echo_epoll"), "18132"], 18132)}},
               ratio("req_per_s", c_epoll=0.95) + ratio("req_per_cpu_s", c_epoll=0.95))


def network_rows(scale):
    rows = [kv_row(kind, depth, n // scale) for depth, n in ((1, 300000), (16, 3000000)) for kind in ("set", "get")]
    return rows + [echo_row(c, 3 if scale == 1 else 1) for c in (100, 1000)]


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
    """Ours alone: rows without a floor, to compare one build with another."""
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
        Row("timers", "fired_per_s", {"pitboss": both("timers", n, 1000)}),
        Row("timers_100k", "fired_per_s", {"pitboss": both("timers", n // 10, 1000)}),
        Row("timers_cancel", "start_cancel_per_s", {"pitboss": both("timers_cancel", n)}),
        Row("fairness", "response_us_p99", {"pitboss": {"": ours("fairness", "normal", 0, 10 if scale == 1 else 1)}}, at_most=True),
        Row("spike_1M", "requests_per_s", {"pitboss": both("spike", n)}),
        Row("flat_1k", "msgs_per_s", {"pitboss": both("flat", 1000, 5 * n)}),
        Row("flat_1M", "msgs_per_s", {"pitboss": both("flat", n, 5 * n)}),
    ]
