"""Instruction counts as the second witness of --compare: what perf says is read right, and what cannot be counted is left out."""
import os
import tempfile
import unittest
from unittest import mock

import rows as table
from harness import compare, instructions

NOT_HERE = "# started on a day\n\n<not supported>,,instructions:u,0,100.00,,\n"
HERE = "# started on a day\n\n1234567,,instructions:u,1000000,100.00,,\n"


class Perf(unittest.TestCase):
    def counted(self, text):
        with tempfile.TemporaryDirectory() as place:
            path = os.path.join(place, "counts")
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            return instructions.counted(path)

    def test_a_count_is_read(self):
        self.assertEqual(self.counted(HERE), 1234567)

    def test_no_counter_is_told(self):
        self.assertRaises(instructions.Unavailable, self.counted, NOT_HERE)
        self.assertRaises(instructions.Unavailable, self.counted, "")

    def test_callgrind_is_next(self):
        found = lambda name: "/usr/bin/" + name
        with mock.patch.object(instructions.shutil, "which", found):
            with mock.patch.object(instructions, "by_perf", side_effect=instructions.Unavailable):
                self.assertEqual(instructions.way(), "callgrind")
            with mock.patch.object(instructions, "by_perf", return_value=5):
                self.assertEqual(instructions.way(), "perf")
        with mock.patch.object(instructions.shutil, "which", lambda name: None):
            self.assertRaises(instructions.Unavailable, instructions.way)


class Counts(unittest.TestCase):
    """Start and stop are 1,000 instructions; an operation is 5 in this build, 4 in the other."""

    def record(self, setting, port=0, name="row", each=(5, 4)):
        rows_at = lambda scale: {name: table.Row(name, "m", {"pitboss": {setting: table.Case([str(20000 // scale)], port)}})}
        moved = lambda n: lambda case: table.Case([*case.command, str(n)])
        with mock.patch.object(instructions, "way", lambda: "callgrind"), \
             mock.patch.object(instructions, "by_callgrind", lambda command: 1000 + int(command[0]) * int(command[1])):
            return instructions.Witness(rows_at).record(name, setting, *map(moved, each))

    def test_the_difference_of_two_amounts_of_work(self):
        found = self.record("S1")
        self.assertEqual((found["this"], found["base"], found["verdict"]), (500, 400, "more"))
        self.assertEqual(self.record("S1", each=(4, 5))["verdict"], "fewer")
        self.assertEqual(self.record("S1", each=(5, 5))["verdict"], "same")

    def test_several_schedulers_and_servers_are_left_out(self):
        self.assertIsNone(self.record(""))
        self.assertIsNone(self.record("S1", port=18131))

    def test_the_programs_of_a_side_take_the_place_of_ours(self):
        case = table.Case(["taskset", "-c", "0", table.PROGRAM, "kv", "1"], 1, [table.PROGRAM])
        found = compare.moved(case, "/side")
        self.assertEqual((found.command, found.load), (["taskset", "-c", "0", "/side/pitboss-bench", "kv", "1"], [table.PROGRAM]))
