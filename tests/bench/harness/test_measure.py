"""One run of a server: what is done before the load, and that a wrong answer is no figure."""
import os
import tempfile
import unittest
from unittest import mock

from harness import measure
from net import rows as net
from row import Case


def noting(path, word, then="true"):
    return ["sh", "-c", f"echo {word} >> {path}; {then}"]


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

    def test_a_load_that_looks_at_no_answer_has_a_check_before_it(self):
        blind = ("redis-benchmark", "wrk")
        cases = [(row.name, c) for row in net.network_rows(1) + net.more_network_rows(1) for settings in row.contestants.values()
                 for c in settings.values() if any(word in blind for word in c.load)]
        self.assertTrue(cases)
        self.assertEqual([name for name, c in cases if not c.check], [])
