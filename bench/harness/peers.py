"""Which peers are installed, and their programs, built as far as they are older than their sources or than this.

What is C or C++ is optimised as ours is, by -O3."""
import os
import shutil
import subprocess
import sys

import rows as table

from harness.child import finished_group

# What must be in the path for a peer to take part. A peer that a row names and that is not here needs nothing.
NEEDS = {"erlang": ["erl", "erlc"], "go": ["go"], "redis": ["redis-server", "redis-benchmark"], "c_epoll": ["cc"], "caf": ["c++"],
         "nginx": ["nginx"], "gorilla": ["go"]}
GOPATH = "/usr/share/gocode"  # where Debian's packages of Go libraries are
LIBRARIES = {"caf": ["-lcaf_core", "-lpthread"]}
SOURCES = os.path.join(table.BENCH, "peers")


def jobs():
    """(peer, source, product, command before the source); several sources stand with blanks between them."""
    out = lambda product: os.path.join(table.PEERS, product)
    found = [("c_epoll", "net_epoll.c", "net_epoll", ["cc", "-O3", "-I", table.ROOT, "-o", out("net_epoll")])]
    found += [("erlang", f"{name}.erl", f"{os.path.basename(name)}.beam", ["erlc", "-o", table.PEERS])
              for name in ("peer_server", "peer_sup", "peer_bench", "peer_rt", "peer_net", "savina/peer_savina")]
    found += [("go", source, product, ["go", "build", "-o", out(product)])
              for source, product in (("peer_bench.go peer_rt.go", "peer_go"), ("peer_net.go", "peer_net_go"),
                                        ("savina/peer_savina.go", "peer_savina_go"))]
    found.append(("gorilla", "peer_ws.go", "peer_ws_go",
                  ["env", "GO111MODULE=off", f"GOPATH={GOPATH}", "go", "build", "-o", out("peer_ws_go")]))
    return found + [("caf", "savina/peer_savina.cpp", "peer_savina_caf",
                     ["c++", "-O3", "-DNDEBUG", "-std=c++17", "-o", out("peer_savina_caf")])]


def older(product, sources):
    return not os.path.exists(product) or os.path.getmtime(product) < max(map(os.path.getmtime, [*sources, __file__]))


def ready(wanted):
    """Of the peers in `wanted`, those that can be run; their programs are built."""
    os.makedirs(table.PEERS, exist_ok=True)
    have = {peer for peer in wanted if all(map(shutil.which, NEEDS.get(peer, [])))}
    for peer, source, product, command in jobs():
        sources, product = [os.path.join(SOURCES, name) for name in source.split()], os.path.join(table.PEERS, product)
        if peer not in have or not older(product, sources):
            continue
        done = finished_group(command + sources + LIBRARIES.get(peer, []), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            print(f"bench/run: cannot build {source}, so {peer} is left out:\n{done.stderr[-2000:]}", file=sys.stderr)
            have.discard(peer)
    return have
