"""A row's records: the better settings, ratios of rounds, the noise in words; and what is written can be read."""
import os
import tempfile
import unittest

import rows as table
from harness import records, rounds
from harness import table as printed
from synthetic import QUIET, Case

ROW = table.Row("row", "ops_per_s", {}, [table.Floor("ops_per_s", "peer", 2), table.Floor("bytes", None, 480, at_most=True)])
VALUES = {("pitboss", ""): 30.0, ("pitboss", "S1"): 40.0, ("peer", "a"): 10.0, ("peer", "b"): 5.0, ("other", ""): 80.0}


def measurement(noise=QUIET):
    cases = [rounds.Series(who, setting, Case(rate)) for (who, setting), rate in VALUES.items()]
    once = lambda case: ({"ops_per_s": case.rate, "bytes": 300.0}, dict(noise))
    return rounds.measured(cases, rounds.Plan(5, 5), once=once)


class Records(unittest.TestCase):
    def found(self, kind, **keys):
        return [r for r in records.of_row(ROW, measurement(), 1.0)
                if r["record"] == kind and all(r[k] == v for k, v in keys.items())]

    def test_the_better_setting_counts(self):
        self.assertEqual([r["peer"] for r in self.found("runs", chosen=True)], ["pitboss_S1", "peer_a", "other"])

    def test_a_ratio_is_of_the_rounds(self):
        ratio = self.found("ratio", peer="peer")[0]
        self.assertEqual((ratio["samples"], ratio["low"], ratio["high"], ratio["verdict"]), ([4.0] * 5, 4.0, 4.0, "reached"))
        self.assertEqual(ratio["settings"], ["S1", "a"])

    def test_a_contestant_without_a_floor_has_a_ratio_without_a_verdict(self):
        self.assertEqual([(r["median"], r["floor"], r["verdict"]) for r in self.found("ratio", peer="other")], [(0.5, None, None)])

    def test_a_floor_of_ours_alone(self):
        self.assertEqual([(r["metric"], r["median"], r["verdict"]) for r in self.found("value")], [("bytes", 300.0, "reached")])

    def test_noise_that_stayed_is_told(self):
        found = list(records.of_row(ROW, measurement(dict(QUIET, foreign_cpu=50.0)), 1.0))
        self.assertEqual(found[0]["noise"], "5 of 5 rounds stayed noisy, the worst: 50 % of a core used by others")
        self.assertEqual(self.found("row")[0]["noise"], None)

    def test_the_table_has_a_line_a_comparison(self):
        lines = list(printed.lines(list(records.of_row(ROW, measurement(), 1.0))))
        self.assertEqual(sum(line.startswith("row") for line in lines), 3)
        self.assertIn(">= 2      reached", lines[0])


class Files(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.path = os.path.join(place.name, "results.jsonl")

    def test_what_is_written_can_be_read(self):
        kept = [{"record": "machine", "schema": 1}, *records.of_row(ROW, measurement(), 1.0)]
        sink = records.Sink(self.path)
        for r in kept:
            sink.put(r)
        self.assertEqual(records.read(self.path), kept)

    def test_another_schema_is_refused(self):
        records.Sink(self.path).put({"record": "machine", "schema": 2})
        self.assertRaises(ValueError, records.read, self.path)

    def test_a_device_that_never_ends_is_not_read(self):
        for path in ("/dev/zero", "/dev/full", "/dev/null"):
            with self.assertRaisesRegex(ValueError, f"{path}: a device"):
                records.read(path)

    def test_so_is_what_is_no_record(self):
        machine = '{"record": "machine", "schema": 1}\n'
        for text in ("", "\n", "ping_pong 12\n", "[]\n", "5\n", '{"schema": 1}\n', '{"record": "machine"}\n', "\udcff\n",
                     machine + '{"record": "metric", "be', machine + '{"record": "metric", "bench": "spawn"}\n'):
            with open(self.path, "w", encoding="utf-8", errors="surrogateescape") as f:
                f.write(text)
            with self.assertRaises(ValueError, msg=text) as said:
                records.read(self.path)
            self.assertIn(self.path, str(said.exception))

    def test_what_is_there_stays_until_there_is_something_new(self):
        records.Sink(self.path).put({"record": "machine", "schema": 1})
        sink = records.Sink(self.path)
        self.assertEqual(len(records.read(self.path)), 1)
        sink.put({"record": "machine", "schema": 1, "scale": 20})
        self.assertEqual(records.read(self.path)[0]["scale"], 20)
