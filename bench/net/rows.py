"""The rows of sockets: our servers and their peers, each on one core, under a load that runs on another."""
import os

from row import BENCH, Case, LOAD, LOAD_CORE, PEERS, Row, SERVER_CORE, ours, ratio

KEYS = 100000
# How many runs take the place of one where ours and a peer's are nearly equal: what the host does changes within seconds, and
# two short runs, one right after the other, meet the same of it.
PARTS = 4
REDIS = ["redis-server", "--port", "18130", "--save", "", "--appendonly", "no"]


def checked(protocol, port, depth=1):
    """What redis-benchmark and wrk do not do: some thousands of requests whose answers are compared, each byte."""
    return LOAD_CORE + [LOAD, protocol, str(port), "--connections=50", f"--depth={depth}", "--requests=5000", "--warm=0"]


def kv_row(kind, depth, requests, parts=1):
    """RESP under redis-benchmark, redis's own load."""
    def fill(port, what, n, pipeline):
        return LOAD_CORE + ["redis-benchmark", "-p", str(port), "-t", what, "-n", str(n), "-c", "50", "-P", str(pipeline),
                            "-r", str(KEYS), "--csv"]

    def case(command, port):  # the keys are there before: a GET finds what it asks for, a SET replaces
        return Case(SERVER_CORE + command, port, fill(port, kind, requests // parts, depth), fill(port, "set", 5 * KEYS, 16),
                    checked("resp", port, depth))

    return Row(f"kv_{kind}_P{depth}", "req_per_s",
               {"pitboss": {"": case(ours("kv", 18131, schedulers=1).command, 18131)}, "redis": {"": case(REDIS, 18130)}},
               ratio("req_per_s", redis=1.0) + ratio("req_per_cpu_s", redis=1.0), parts=parts)


def server_of(who, protocol):
    """(command, port) of a contestant's server."""
    if who == "pitboss":
        return ours({"resp": "kv"}.get(protocol, protocol), 18133, schedulers=1).command, 18133
    if who == "c_epoll":
        return [os.path.join(PEERS, "net_epoll"), protocol, "18132"], 18132
    if who == "go":
        return [os.path.join(PEERS, "peer_net_go"), protocol, "18134"], 18134
    if who == "gorilla":
        return [os.path.join(PEERS, "peer_ws_go"), "18136"], 18136
    if who == "erlang":
        return ["erl", "-noinput", "+S", "1:1", "-pa", PEERS, "-run", "peer_net", "main", protocol, "18135"], 18135
    if who == "nginx":
        return ["nginx", "-e", "stderr", "-p", PEERS, "-c", os.path.join(BENCH, "peers", "net_nginx.conf")], 18142
    return REDIS, 18130


def loaded(name, metric, protocol, peers, floors=(), seconds=3, at_most=False, parts=1, **options):
    """A row under pitboss-load with these options."""
    def case(who):
        command, port = server_of(who, protocol)
        words = [f"--{k}={v}" for k, v in {"seconds": seconds / parts, **options}.items()]
        return Case(SERVER_CORE + command, port, LOAD_CORE + [LOAD, protocol, str(port), *words])

    return Row(name, metric, {who: {"": case(who)} for who in ("pitboss", *peers)}, list(floors), at_most, parts)


def wrk_row(seconds):
    """HTTP under wrk, a load that others know."""
    def case(who):
        command, port = server_of(who, "http")
        return Case(SERVER_CORE + command, port,
                    LOAD_CORE + ["wrk", "-t1", "-c100", f"-d{seconds}s", "--latency", f"http://127.0.0.1:{port}/"],
                    check=checked("http", port))

    return Row("net_http_wrk", "req_per_s", {who: {"": case(who)} for who in ("pitboss", "nginx", "go", "erlang")})


def network_rows(scale):
    """With floors."""
    parts, seconds = (PARTS, 3) if scale == 1 else (1, 1)
    rows = [kv_row(kind, 1, 300000 // scale, parts) for kind in ("set", "get")]
    rows += [kv_row(kind, 16, 3000000 // scale) for kind in ("set", "get")]
    floors = ratio("req_per_s", c_epoll=0.95) + ratio("req_per_cpu_s", c_epoll=0.95)
    return rows + [loaded(f"tcp_echo_{c}", "req_per_s", "echo", ["c_epoll"], floors, seconds, parts=parts, connections=c)
                   for c in (100, 1000)]


def more_network_rows(scale):
    """Without. The rates of the open loops are a fraction of what any of them can do on the slowest machine that was tried."""
    seconds = 3 if scale == 1 else 1
    all_three = ["c_epoll", "go", "erlang"]

    def row(name, metric, protocol, peers, at_most=False, **options):
        return loaded(f"net_{name}", metric, protocol, peers, seconds=seconds, at_most=at_most, **options)

    return [
        row("echo_1", "lat_us_p50", "echo", all_three, at_most=True, connections=1),
        row("echo_16k", "bytes_per_s", "echo", all_three, size=16384),
        row("echo_10000", "req_per_s", "echo", all_three, connections=10000, warm=1),
        row("echo_open", "lat_us_p99", "echo", all_three, at_most=True, connections=1000, rate=10000),
        row("echo_overload", "req_per_s", "echo", all_three, depth=16, share=2, warm=1),
        row("stream", "bytes_per_s", "stream", all_three, connections=8, depth=2),
        row("http_100", "req_per_s", "http", ["nginx", *all_three]),
        row("http_P16", "req_per_s", "http", ["nginx", *all_three], depth=16),
        wrk_row(seconds),
        row("http_open", "lat_us_p99", "http", ["nginx", *all_three], at_most=True, connections=1000, rate=5000),
        row("resp_P1", "req_per_s", "resp", ["redis"], connections=50),
        row("resp_P16", "req_per_s", "resp", ["redis"], connections=50, depth=16),
        row("resp_open", "lat_us_p99", "resp", ["redis"], at_most=True, connections=1000, rate=10000),
        row("ws_100", "req_per_s", "ws", ["gorilla"]),
        row("ws_P16", "req_per_s", "ws", ["gorilla"], depth=16),
    ]
