"""One run of a server: what is done before the load, and that a wrong answer is no figure."""
import os
import tempfile
import time
import unittest
from unittest import mock

from harness import measure
from net import rows as net
from row import Case


def noting(path, word, then="true"):
    return ["sh", "-c", f"echo {word} >> {path}; {then}"]


class Printed(unittest.TestCase):
    def test_what_is_no_metric_is_passed_over(self):
        said = "spawns_per_s 5e6\n\nhello world\nsome more words\nalone\ntime_ms 0\n"
        self.assertEqual(measure.metrics_of(said, None), {"spawns_per_s": 5e6, "time_ms": 0})

    def test_a_metric_that_is_no_number_is_a_failure(self):
        for value in ("nan", "inf", "-inf"):
            with self.assertRaisesRegex(measure.Failed, "spawns_per_s is"):
                measure.metrics_of(f"spawns_per_s {value}\n", None)

    def test_redis_benchmark_says_how_late_and_its_command_how_many(self):
        said = '"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"\n' \
               '"GET","90000.00","0.3","0.1","0.2","0.4","0.5","2.5"\n'
        self.assertEqual(measure.metrics_of(said, ["taskset", "redis-benchmark", "-n", "5000"]),
                         {"req_per_s": 90000, "lat_us_p50": 200, "lat_us_p95": 400, "lat_us_p99": 500, "lat_us_max": 2500, "lat_us_n": 5000})

    def test_bytes_that_are_no_text(self):
        self.assertIn("a 5\n", measure.run_command(["printf", "a 5\\n\\377 x\\n"]))


class Hanging(unittest.TestCase):
    def test_what_takes_too_long_is_ended_with_all_that_it_started(self):
        limit = 1
        with tempfile.TemporaryDirectory() as place:
            path = os.path.join(place, "pid")
            while not os.path.exists(path):  # a busy machine may take the first seconds for itself
                # `wait` hangs until the limit; the sleep is what must not outlive it.
                with mock.patch.object(measure, "TIME_LIMIT", limit), self.assertRaisesRegex(measure.Failed, f"more than {limit} s"):
                    measure.run_command(["sh", "-c", f"sleep 600 & echo $! > {path}.new; mv {path}.new {path}; wait"])
                limit *= 2
            with open(path) as f:
                self.assertTrue(ends(int(f.read())))


def ends(pid):
    """It was told to; soon nobody has that number, or a process that only nobody has waited for."""
    end = time.monotonic() + 300
    while time.monotonic() < end:
        try:
            with open(f"/proc/{pid}/stat") as f:
                if f.read().rsplit(")", 1)[1].split()[0] in "ZX":
                    return True
        except OSError:
            return True
        time.sleep(0.01)
    return False


class Measure(unittest.TestCase):
    def setUp(self):
        for name in ("nobody_listens", "wait_for_port"):  # the server of these cases is none
            patch = mock.patch.object(measure, name)
            patch.start()
            self.addCleanup(patch.stop)
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.notes = os.path.join(self.folder.name, "notes")

    def case(self, check="true"):
        return Case(["sleep", "60"], 1, noting(self.notes, "load", "echo req_per_s 5"), noting(self.notes, "prepare"),
                    noting(self.notes, "check", check))

    def noted(self):
        with open(self.notes) as f:
            return f.read().split()

    def test_answers_are_looked_at_before_the_load(self):
        self.assertEqual(measure.run_server(self.case())["req_per_s"], 5)
        self.assertEqual(self.noted(), ["check", "prepare", "load"])

    def test_a_wrong_answer_is_a_failure_and_no_figure(self):
        with self.assertRaisesRegex(measure.Failed, "a wrong answer"):
            measure.run_server(self.case("echo a wrong answer >&2; exit 1"))
        self.assertEqual(self.noted(), ["check"])

    def test_a_server_that_ends_under_the_load_is_a_failure(self):
        # The load must see the server's end, whatever it is slower than; should that never come, run_command's limit ends the load,
        # and the text below is another.
        case, ended = self.case(), f"grep -qs '^State:.Z' /proc/$(cat {self.notes}.pid)/status"
        case.command = ["sh", "-c", f"echo $$ > {self.notes}.pid; echo wrong >&2; exit 7"]
        case.load = noting(self.notes, "load", f"echo req_per_s 5; until {ended}; do sleep 0.01; done")
        with self.assertRaisesRegex(measure.Failed, "status 7: wrong"):
            measure.run_server(case)

    def test_a_server_that_complains_at_length_serves_on(self):
        case, said = self.case(), f"{self.notes}.said"
        case.command = ["sh", "-c", f"head -c 300000 /dev/zero >&2; touch {said}; exec sleep 60"]
        case.load = noting(self.notes, "load", f"echo req_per_s 5; until [ -e {said} ]; do sleep 0.01; done")
        self.assertEqual(measure.run_server(case)["req_per_s"], 5)

    def test_a_load_that_is_not_installed_is_no_failure(self):
        case = self.case()
        case.load = ["taskset", "-c", "0", "no-such-load"]
        with self.assertRaisesRegex(measure.NotYet, "no-such-load is not installed"):
            measure.run_server(case)
        self.assertFalse(os.path.exists(self.notes))

    def test_a_load_that_looks_at_no_answer_has_a_check_before_it(self):
        blind = ("redis-benchmark", "wrk")
        cases = [(row.name, c) for row in net.network_rows(1) + net.more_network_rows(1) for settings in row.contestants.values()
                 for c in settings.values() if any(word in blind for word in c.load)]
        self.assertTrue(cases)
        self.assertEqual([name for name, c in cases if not c.check], [])
