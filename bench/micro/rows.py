"""The rows of single operations: ours alone, to compare builds. pitboss-micro has the same loops under google-benchmark."""
import os

from row import Case, PROGRAM, Row

LOOP = os.path.join(os.path.dirname(PROGRAM), "pitboss-loop")
THOUSAND = 1000
# Loops (loops.c) and how many thousand operations a run is: a tenth of a second, more or less.
ALONE = {
    "send_receive/1": 2000, "send_receive/64": 2000, "send_receive/512": 1000, "send_receive/4096": 500, "send_receive_moved/4096": 500,
    "send_receive_binary/64": 1000, "send_receive_binary/4096": 500,
    "ping_pong/1": 1000, "ping_pong/64": 1000, "ping_pong/4096": 300, "ping_pong_binary/4096": 500,
    "switch": 5000, "spawn_exit": 1000, "spawn_exit_stack": 500, "call": 500, "link_unlink": 500, "monitor_demonitor": 500,
    "spawn_monitor_down": 300, "whereis": 5000, "register_unregister": 1000, "timer_start_cancel": 1000, "timer_fire": 500,
    "term_build": 300, "term_match": 300, "term_print": 300, "term_parse": 200,
    "alloc_free/16": 5000, "alloc_free/256": 2000, "alloc_free/4096": 1000, "tcp_round_trip/64": 10,
}
APART = {"ping_pong_apart/1": 100, "ping_pong_apart/64": 100, "ping_pong_apart/4096": 30, "ping_pong_apart_binary/4096": 100, "wake/1": 5}


def micro_rows(scale):
    def row(setting, loop, thousands):
        words = [LOOP, loop, str(max(THOUSAND * thousands // scale, 1))]
        return Row("micro_" + loop.replace("/", "_"), "ns_per_op", {"pitboss": {setting: Case(words)}}, at_most=True)
    return [row(setting, *loop) for setting, loops in (("S1", ALONE), ("S2", APART)) for loop in loops.items()]
