"""Which peers are installed, and their programs, built as far as they are older than their sources."""
import os
import shutil
import subprocess
import sys

import rows as table

# What must be in the path for a peer to take part. A peer that a row names and that is not here needs nothing.
NEEDS = {"erlang": ["erl", "erlc"], "go": ["go"], "redis": ["redis-server", "redis-benchmark"], "c_epoll": ["cc"], "caf": ["c++"]}
LIBRARIES = {"caf": ["-lcaf_core", "-lpthread"]}
SOURCES = os.path.join(table.BENCH, "peers")


def jobs():
    """(peer, or "" for what puts load on servers; source; product; command before the source)"""
    out = lambda product: os.path.join(table.PEERS, product)
    found = [(peer, f"{name}.c", name, ["cc", "-O2", "-o", out(name)]) for peer, name in (("c_epoll", "echo_epoll"), ("", "echo_load"))]
    found += [("erlang", f"{name}.erl", f"{os.path.basename(name)}.beam", ["erlc", "-o", table.PEERS])
              for name in ("peer_server", "peer_sup", "peer_bench", "savina/peer_savina")]
    found += [("go", source, product, ["go", "build", "-o", out(product)])
              for source, product in (("peer_bench.go", "peer_go"), ("savina/peer_savina.go", "peer_savina_go"))]
    return found + [("caf", "savina/peer_savina.cpp", "peer_savina_caf",
                     ["c++", "-O2", "-DNDEBUG", "-std=c++17", "-o", out("peer_savina_caf")])]


def older(product, source):
    return not os.path.exists(product) or os.path.getmtime(product) < os.path.getmtime(source)


def ready(wanted):
    """Of the peers in `wanted`, those that can be run; their programs are built, and what puts load on servers."""
    os.makedirs(table.PEERS, exist_ok=True)
    have = {peer for peer in wanted if all(map(shutil.which, NEEDS.get(peer, [])))}
    for peer, source, product, command in jobs():
        source, product = os.path.join(SOURCES, source), os.path.join(table.PEERS, product)
        if peer not in have | {""} or not older(product, source):
            continue
        done = subprocess.run(command + [source] + LIBRARIES.get(peer, []), capture_output=True, text=True)
        if done.returncode:
            print(f"bench/run: cannot build {source}, so {peer or 'its load'} is left out:\n{done.stderr[-2000:]}", file=sys.stderr)
            have.discard(peer)
    return have
