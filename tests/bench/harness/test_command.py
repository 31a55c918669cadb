"""bench/run as a command: what it refuses, and that nothing of it goes on when it is told to end."""
import json
import os
import pty
import select
import signal
import subprocess
import tempfile
import time
import unittest
from unittest import mock

import rows as table
from harness import revision
from test_measure import ends

RUN = os.path.join(table.BENCH, "run")
PATIENCE = 300  # seconds; nothing here takes one


class Command(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.place, self.started = place.name, os.path.join(place.name, "started")
        self.program = self.file("pitboss-bench", f"#!/bin/sh\necho $$ >> {self.started}\nexec sleep {10 * PATIENCE}\n")
        os.chmod(self.program, 0o755)
        self.environment = {**os.environ, "PITBOSS_BENCH": self.program}
        self.out = os.path.join(self.place, "out.jsonl")

    def file(self, name, text):
        path = os.path.join(self.place, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def refused(self, *words):
        done = subprocess.run([RUN, *words], env=self.environment, capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        return done.stderr

    def pid_of_program(self):
        """Of the benchmark, when it runs."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if os.path.exists(self.started) and open(self.started).read().endswith("\n"):
                return int(open(self.started).read())
            time.sleep(0.01)
        self.fail("the benchmark was not started")

    def test_what_cannot_be_written_is_refused_before_anything_is_measured(self):
        self.assertIn("Is a directory", self.refused("spawn", "--ours", "--out", self.place))
        below = os.path.join(self.program, "page.html")
        self.assertIn("File exists", self.refused("spawn", "--ours", "--out", self.out, "--html", below))
        self.assertFalse(os.path.exists(self.started))

    def test_rounds_below_nought(self):
        for words in (("-n", "-3"), ("--most", "-1"), ("--compare", "HEAD", "--least", "-5")):
            self.assertIn("above 0", self.refused(*words, "spawn"))

    def test_a_name_that_is_no_row_leaves_the_last_results(self):
        self.file("out.jsonl", "kept\n")
        self.assertIn("no such row: spwan", self.refused("spwan", "--out", self.out))
        with open(self.out, encoding="utf-8") as f:
            self.assertEqual(f.read(), "kept\n")

    def test_exactly(self):
        self.file("pitboss-bench", "#!/bin/sh\necho msgs_per_s 5e6; echo round_trip_ns 700\n")
        for more, rows in (((), ["ping_pong", "ping_pong_apart"]), (("--exactly",), ["ping_pong"])):
            done = subprocess.run([RUN, "ping_pong", "--ours", "-n", "1", "--most", "1", "--out", self.out, *more], env=self.environment,
                                  capture_output=True, text=True, timeout=PATIENCE)
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(self.out, encoding="utf-8") as f:
                self.assertEqual([name for name in json.loads(f.readline())["rows"] if name.startswith("ping_pong")], rows)
        self.assertIn("no such row: spaw", self.refused("spaw", "--exactly", "--out", self.out))

    def test_a_broken_baseline(self):
        broken = self.file("baseline.jsonl", '{"record": "machine", "schema": 1}\n{"record": "met')
        self.assertIn("baseline.jsonl, line 2: not a record", self.refused("--against", broken, "--out", self.out))

    def test_a_baseline_of_too_few_rounds_is_nothing_to_compare_with(self):
        self.file("pitboss-bench", "#!/bin/sh\necho msgs_per_s 5e6\n")
        kept = os.path.join(self.place, "baseline.jsonl")
        run = lambda *words: subprocess.run([RUN, "big", *words], env=self.environment, capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(run("--ours", "-n", "1", "--most", "1", "--out", kept).returncode, 0)
        self.file("pitboss-bench", "#!/bin/sh\necho msgs_per_s 1e6\n")
        done = run("--against", kept, "--out", self.out)
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn("fewer than 5 rounds, so no change could be told: big\n", done.stderr)

    def test_a_full_disk_is_said(self):
        self.file("pitboss-bench", "#!/bin/sh\necho msgs_per_s 5e6\n")
        words = ("big", "--ours", "-n", "1", "--most", "1")
        self.assertIn("No space left on device: '/dev/full'", self.refused(*words, "--out", "/dev/full"))
        self.assertIn("/dev/full: No space left on device", self.refused(*words, "--out", self.out, "--html", "/dev/full"))
        with open("/dev/full", "w") as full:
            for more in ((), ("--json",)):
                done = subprocess.run([RUN, *words, "--out", self.out, *more], env=self.environment, stdout=full, stderr=subprocess.PIPE,
                                      text=True, timeout=PATIENCE)
                self.assertEqual((done.returncode, done.stderr.count("Traceback")), (2, 0), done.stderr)
                self.assertIn("No space left on device", done.stderr)

    def test_told_to_end_it_ends_what_it_started(self):
        for number, status in ((signal.SIGTERM, 143), (signal.SIGHUP, 129)):
            with open(os.devnull, "w") as null:
                run = subprocess.Popen([RUN, "spawn", "--ours", "--out", self.out], env=self.environment, stderr=null, stdout=null)
            program = self.pid_of_program()
            run.send_signal(number)
            self.assertEqual(run.wait(PATIENCE), status)
            self.assertTrue(ends(program))
            os.remove(self.started)

    def test_killed_it_leaves_nothing_running(self):
        with open(os.devnull, "w") as null:
            run = subprocess.Popen([RUN, "spawn", "--ours", "--out", self.out], env=self.environment, stderr=null, stdout=null)
        program = self.pid_of_program()
        run.kill()
        run.wait(PATIENCE)
        self.assertTrue(ends(program))

    def test_ctrl_c_reaches_it_through_a_script(self):
        bash, terminal = pty.fork()
        if bash == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored where the tests run in the background of a script
            os.execvpe("bash", ["bash", "-c", f"{RUN} spawn --ours --out {self.out}; echo status $?"], self.environment)
        self.addCleanup(os.close, terminal)
        program, said, end = self.pid_of_program(), b"", time.monotonic() + PATIENCE
        os.write(terminal, b"\x03")
        while b"status" not in said and time.monotonic() < end and select.select([terminal], [], [], PATIENCE)[0]:
            try:
                said += os.read(terminal, 4096)
            except OSError:  # bash has ended
                break
        gone = b"status" in said and ends(program)
        if not gone:
            os.kill(program, signal.SIGKILL)
            os.kill(bash, signal.SIGKILL)
        os.waitpid(bash, 0)
        self.assertTrue(gone, said)
        self.assertIn(b"interrupted", said)


class Checkout(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        for name, value in (("PLACE", os.path.join(place.name, "build", "compare")), ("table", mock.Mock(ROOT=place.name))):
            patch = mock.patch.object(revision, name, value)
            patch.start()
            self.addCleanup(patch.stop)
        for name in [n for n in os.environ if n.startswith("GIT_")]:  # of a hook that runs the tests
            patch = mock.patch.dict(os.environ)
            patch.start()
            self.addCleanup(patch.stop)
            del os.environ[name]
        revision.git("init", "-q")
        for name in ("a", "b"):
            with open(os.path.join(place.name, name), "w", encoding="utf-8") as f:
                f.write(name)
        revision.git("add", "a", "b")
        revision.git("-c", "user.name=n", "-c", "user.email=e", "commit", "-q", "-m", "both")

    def files(self):
        commit, folder = revision.checkout("HEAD")
        self.assertTrue(revision.whole(folder, commit))
        found = {}
        for name in ("a", "b"):
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                found[name] = f.read()
        return folder, found

    def test_a_checkout_is_kept(self):
        folder, found = self.files()
        self.assertEqual(found, {"a": "a", "b": "b"})
        with open(os.path.join(folder, "built"), "w", encoding="utf-8"):
            pass
        self.files()
        self.assertTrue(os.path.exists(os.path.join(folder, "built")))

    def test_one_that_was_cut_short_or_changed_is_made_anew(self):
        for remove in ("a", ".git"):
            folder, _ = self.files()
            os.remove(os.path.join(folder, remove))
            self.assertEqual(self.files()[1], {"a": "a", "b": "b"})
        with open(os.path.join(folder, "b"), "w", encoding="utf-8") as f:
            f.write("another")
        self.assertEqual(self.files()[1], {"a": "a", "b": "b"})

    def test_a_revision_that_is_none(self):
        with self.assertRaisesRegex(revision.Unknown, "no such revision: nowhere"):
            revision.checkout("nowhere")
