"""What a row of the table is made of: commands, settings, floors.

A contestant has settings (one scheduler or all, and so on), each a command; the better one counts, for ours and for the
peers alike.
"""
import os
from dataclasses import dataclass, field

BENCH = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(BENCH)
PEERS = os.path.join(ROOT, "build", "peers")
PROGRAM = os.environ.get("PITBOSS_BENCH", os.path.join(ROOT, "build", "release", "bench", "pitboss-bench"))
LOAD = os.path.join(os.path.dirname(PROGRAM), "pitboss-load")
SERVER_CORE, LOAD_CORE = ["taskset", "-c", "0"], ["taskset", "-c", "1"]
M = 1000000


@dataclass
class Case:
    """One command, or a server (on a port) and the load that is put on it."""
    command: list
    port: int = 0
    load: list = field(default_factory=list)
    prepare: list = field(default_factory=list)  # runs before the load, not measured
    check: list = field(default_factory=list)  # runs before that: a load that looks at each answer, for one that does not


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
    parts: int = 1  # a run is a part of what one round is elsewhere, and there are as many times more rounds


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
