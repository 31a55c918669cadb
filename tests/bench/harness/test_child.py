"""Nothing that a program of ours started goes on when it ends, whatever ends it: told to, interrupted, or killed."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import rows as table
from test_measure import ends

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL)
PATIENCE = 300  # seconds; nothing here takes one
LONG = 10 * PATIENCE


class Ends(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.place, self.started = place.name, os.path.join(place.name, "started")

    def file(self, name, text):
        path = os.path.join(self.place, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, 0o755)
        return path

    def pid(self):
        """What the program that was started last wrote."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if os.path.exists(self.started):
                with open(self.started, encoding="utf-8") as f:
                    return int(f.read())
            time.sleep(0.01)
        self.fail("it was not started")

    def noted(self, pid):
        """Words of a shell that tell a pid, all of it at once."""
        return f"echo {pid} > {self.started}.new; mv {self.started}.new {self.started}"

    def check(self, *command):
        """Each signal in turn to the command; what it started must end."""
        for number in SIGNALS:
            with self.subTest(number.name):
                run = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
                pid = self.pid()
                run.send_signal(number)
                run.wait(PATIENCE)
                os.remove(self.started)
                gone = ends(pid)
                if not gone:
                    os.kill(pid, signal.SIGKILL)
                self.assertTrue(gone)


class Plant(Ends):
    """tests/bench/plant, with other programs for those that it starts."""

    def setUp(self):
        super().setUp()
        os.makedirs(os.path.join(self.place, "bench"))
        os.symlink(os.path.join(table.BENCH, "harness"), os.path.join(self.place, "bench", "harness"))
        os.makedirs(os.path.join(self.place, "tests", "bench"))
        self.plant = shutil.copy(os.path.join(table.ROOT, "tests", "bench", "plant"), os.path.join(self.place, "tests", "bench"))

    def test_while_it_compares(self):
        self.file("scripts/build", "#!/bin/sh\n")
        self.file("bench/run", f"#!/bin/sh\n{self.noted('$$')}; exec sleep {LONG}\n")
        self.check(sys.executable, self.plant, "--runs", "1")

    def test_while_it_builds(self):
        self.file("scripts/build", f"#!/bin/sh\nsleep {LONG} & {self.noted('$!')}; wait\n")
        self.check(sys.executable, self.plant, "--runs", "1")


class Builds(Ends):
    """What bench/run has built: a script or a compiler, which leaves behind what it started."""

    def test_what_is_built(self):
        build = f"sleep {LONG} & {self.noted('$!')}; wait"
        self.check(sys.executable, "-c", "import signal, sys; sys.path.insert(0, sys.argv[1]); from harness.child import finished_group; "
                   "signal.signal(signal.SIGTERM, lambda *_: sys.exit(143)); finished_group(['sh', '-c', sys.argv[2]])",
                   table.BENCH, build)

    def test_what_ends_by_itself_has_its_own_status(self):
        from harness.child import finished_group
        done = finished_group(["sh", "-c", "echo said; echo complained >&2; exit 7"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (7, "said\n", "complained\n"))
