#!/usr/bin/env python3
"""What scripts/test runs: every build, every test program and script, one sum at the end.

A stage is a build and the tests that run in it, or a group of scripts or fuzzers. A test is a program or script
whose last line says `N passed, N failed[, N skipped]`; one that ends without such a line, or with another status
than that line promises, is one failure by its name. So is a build that fails.

Scripts are found, not listed: executable files tests/*/run, tests/*/run_* and tests/*/aarch64, but for those that
meson has by the same name. Programs come from meson (tests/meson.build). All are given PIT_BUILD, the directory of
the build that they shall use. A script runs with the debug build; one that drives the product names the builds that
it is for in a line `builds: KIND...` at its top.
"""
import argparse
import fnmatch
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SUM = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)
BUILDS = re.compile(r"^(?:# *)?builds: *(.+)$", re.M)
SCRIPT_SECONDS = 600

SANITIZERS = {
    "asan": {"ASAN_OPTIONS": "detect_stack_use_after_return=0:abort_on_error=0:handle_abort=0",
             "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"},
    # The runtime of TSan sleeps at the end of each OS process, a second unless told, for races with what still runs.
    "tsan": {"TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1:atexit_sleep_ms=50"},
}


class Suite:
    def __init__(self, options):
        self.options = options
        self.passed = self.failed = self.skipped = 0
        self.registered = set()
        self.started = time.monotonic()

    def say(self, text):
        print(text, flush=True)

    def heading(self, what):
        self.say(f"-- {what} [{time.monotonic() - self.started:.0f} s]")

    def wanted(self, name):
        pattern = self.options.only
        return pattern is None or pattern in name or fnmatch.fnmatch(name, pattern)

    def fail(self, name, why, output=""):
        self.failed += 1
        self.say(f"FAILED {name}: {why}")
        if output.strip():
            self.say("\n".join("    " + line for line in output.strip().splitlines()[-60:]))

    def took(self, name, output, status, seconds):
        """Count one program's outcome, and show of its output what matters."""
        for line in output.splitlines():
            if line.startswith("skipped "):
                self.say(line)
        sums = SUM.findall(output)
        if not sums:
            self.fail(name, f"ended with {describe(status)} and no count of its tests", output)
            return
        passed, failed, skipped = (int(n or 0) for n in sums[-1])
        self.passed += passed
        self.skipped += skipped
        if failed:
            self.fail(name, f"{failed} of {passed + failed}", shortened(output))
            self.failed += failed - 1
        elif status != 0:
            self.fail(name, f"all passed, and yet it ended with {describe(status)}", output)
        else:
            self.say(f"ok {name}: {passed} in {seconds:.1f} s")

    def command(self, name, argv, variables=None, seconds=SCRIPT_SECONDS):
        """Run a program in a process group of its own and count what it prints."""
        begin = time.monotonic()
        status, output = run(argv, variables, seconds * (12 if self.options.long else 1))
        self.took(name, output, status, time.monotonic() - begin)

    def single(self, name, argv, seconds=SCRIPT_SECONDS):
        """A program that is one test: its exit status is the outcome."""
        if not self.wanted(name):
            return
        begin = time.monotonic()
        status, output = run(argv, None, seconds)
        if status != 0:
            self.fail(name, f"ended with {describe(status)}", output)
        else:
            self.passed += 1
            self.say(f"ok {name} in {time.monotonic() - begin:.1f} s")

    def build(self, kind):
        self.heading(f"build {kind}")
        status, output = run(["scripts/build", kind], None, 3600)
        if status != 0:
            self.fail(f"{kind}/build", "does not build", output)
        return status == 0

    def programs(self, kind, suites):
        """All of meson's tests of one build, two at a time, each printed when all are done."""
        directory = f"build/{kind}"
        status, listing = run(["meson", "introspect", "--tests", directory], None, 60)
        if status != 0:
            self.fail(f"{kind}/list", "meson does not list the tests", listing)
            return
        tests = json.loads(listing)
        self.registered.update(t["name"] for t in tests)
        chosen = [t["name"] for t in tests
                  if self.wanted(t["name"]) and any(s.split(":")[-1] in suites for s in t["suite"])]
        if not chosen:
            return
        self.heading(f"tests {kind}")
        logs = f"{directory}/meson-logs/testlog*.json"  # a wrapper's name becomes a part of the log's
        for old in glob.glob(logs):
            os.remove(old)
        argv = ["meson", "test", "-C", directory, "--no-rebuild", "--num-processes", "2"]
        if wrapper(kind):
            argv += ["--wrapper", " ".join(wrapper(kind))]
        status, output = run(argv + chosen, environment(kind), 4 * 3600)
        results = []
        for log in glob.glob(logs):
            with open(log, encoding="utf-8") as f:
                results += [json.loads(line) for line in f]
        for r in sorted(results, key=lambda r: r["name"]):
            text = r.get("stdout", "") + r.get("stderr", "")
            self.took(f"{kind} {bare(r['name'])}", text, r["returncode"], r["duration"])
        if len(results) < len(chosen):
            self.fail(f"{kind}/tests", f"{len(chosen) - len(results)} of {len(chosen)} were not run", output)

    def scripts(self, kind):
        found = sorted(p for pattern in ("run", "run_*", "aarch64") for p in glob.glob(f"tests/*/{pattern}")
                       if os.access(p, os.X_OK) and os.path.isfile(p))
        for path in found:
            name = path[len("tests/"):]
            if self.wanted(name) and name not in self.registered and kind in builds(path):
                self.heading(f"{kind} {name}")
                self.command(f"{kind} {name}", [*wrapper(kind), path], environment(kind))

    def fuzzers(self):
        seconds = 600 if self.options.long else 7  # four of them: half a minute
        self.heading(f"fuzzing, {seconds} s each")
        for path in sorted(glob.glob("build/fuzz/tests/fuzz/fuzz_*")):
            if not os.path.isfile(path) or not os.access(path, os.X_OK):
                continue
            name = os.path.basename(path)[len("fuzz_"):]
            with tempfile.TemporaryDirectory() as scratch:
                found = os.path.join(scratch, "found")
                os.mkdir(found)
                argv = [os.path.abspath(path), f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048",
                        "-print_final_stats=0", f"-artifact_prefix={scratch}/", found, *corpora(name)]
                self.single(f"fuzz/{name}", argv, seconds + 120)
                crashes = [n for n in os.listdir(scratch) if n != "found"]
                for crash in crashes:
                    kept = os.path.join("build/fuzz", f"{name}-{crash}")
                    shutil.copy(os.path.join(scratch, crash), kept)
                    self.say(f"    replay: build/fuzz/tests/fuzz/fuzz_{name} {kept}")

    def run(self):
        self.heading("layers and format")
        self.single("check/layers", ["scripts/check-layers"])
        self.single("check/format", ["scripts/lint", "--format"])
        self.single("check/conformance", ["scripts/conformance", "--check"])
        if self.build("debug"):
            self.programs("debug", {"unit", "system", "whole"})
            if not self.options.quick:
                self.scripts("debug")
        if self.options.quick:
            return
        for kind in ("release", "clang", "asan", "tsan"):
            if self.build(kind):
                self.programs(kind, {"unit"} if kind == "clang" else {"unit", "whole"})
                self.scripts(kind)
        if glob.glob("tests/fuzz/fuzz_*") and self.build("fuzz"):
            self.fuzzers()


def builds(script):
    """The kinds of build that a script runs with: what its first lines name, or debug."""
    with open(script, encoding="utf-8") as f:
        named = BUILDS.search("".join(f.readlines()[:20]))
    return named[1].split() if named else ["debug"]


def environment(kind):
    return dict(SANITIZERS.get(kind, {}), PIT_BUILD=os.path.abspath(f"build/{kind}"))


def wrapper(kind):
    """gcc 12's TSan does not know the kernel's newer memory layouts: it wants the addresses that are not random."""
    if kind == "tsan" and run(["setarch", "-R", "true"], None, 10)[0] == 0:
        return ["setarch", "-R"]
    return []


def corpora(name):
    """The kept inputs of a fuzzer: tests/fuzz/corpus/NAME, or of the longest first part of it that has some."""
    parts = name.split("_")
    for n in range(len(parts), 0, -1):
        path = "tests/fuzz/corpus/" + "_".join(parts[:n])
        if os.path.isdir(path):
            return [path]
    return []


def run(argv, variables, seconds):
    """Exit status (-N: killed by signal N) and output; what outlives its time is killed with all it started."""
    env = dict(os.environ, **(variables or {}))
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=env,
                                 start_new_session=True)
        late = ""
        try:
            status = child.wait(seconds)
        except subprocess.TimeoutExpired:
            status = 124
            late = f"\nkilled: still running after {seconds} s\n"
        finally:
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            child.wait()
        out.seek(0)
        text = out.read().decode("utf-8", "replace") + late
    return status, text


def describe(status):
    if status < 0:
        status = 128 - status  # as Python and meson say it
    if status == 124:
        return "its time over"
    if 128 < status < 128 + 65:
        return f"signal {signal.Signals(status - 128).name}"
    return f"status {status}"


def shortened(output):
    """Of a failed program: what failed, and the lines around it."""
    return "\n".join(line for line in output.splitlines() if not line.startswith("ok "))


def bare(name):
    return name.split(" / ")[-1].split(":")[-1].strip()


def main():
    parser = argparse.ArgumentParser(prog="scripts/test", description="Build and test everything.")
    parser.add_argument("--quick", action="store_true", help="the debug build and its test programs alone")
    parser.add_argument("--long", action="store_true", help="large scales, and 10 minutes of each fuzzer")
    parser.add_argument("--only", metavar="PATTERN", help="tests whose name contains or matches this, as base/ or "
                        "runtime/mailbox; every build is still made, unless --quick")
    options = parser.parse_args()
    os.chdir(ROOT)
    if options.long:
        os.environ["PIT_TEST_LONG"] = "1"
    suite = Suite(options)
    try:
        suite.run()
    except KeyboardInterrupt:
        suite.fail("suite", "interrupted")
    if suite.passed + suite.failed == 0:
        suite.fail("suite", f"no test matches {options.only}")
    skipped = f", {suite.skipped} skipped" if suite.skipped else ""
    print(f"{suite.passed} passed, {suite.failed} failed{skipped}", flush=True)
    return 1 if suite.failed else 0


if __name__ == "__main__":
    sys.exit(main())
