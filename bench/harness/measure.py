"""Run one case once: its metrics, and what else the machine did meanwhile."""
import csv
import io
import math
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from harness.child import bound
from harness.weather import Weather

TICK = os.sysconf("SC_CLK_TCK")
TIME_LIMIT = 180


class Failed(Exception):
    """The case gave no result; the text says why."""


class NotYet(Exception):
    """It cannot be done here yet: this build says so (exit status 3), or its load is not installed. The text says what."""


def process_cpu(pid):
    """Seconds of CPU of a process, its threads included."""
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def process_memory(pid):
    """Bytes that were resident at most."""
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("VmHWM:"))


def metrics_of(text, load):
    if load and "redis-benchmark" in load:
        return {**redis_benchmark(text), "lat_us_n": float(load[load.index("-n") + 1])}
    if load and "wrk" in load:
        return wrk(text)
    return dict(filter(None, map(metric_in, text.splitlines())))


def metric_in(line):
    """(name, value) of a line `metric value`; None for any other, which a program may print besides."""
    words = line.split()
    try:
        name, value = words[0], float(words[1]) if len(words) == 2 else None
    except (IndexError, ValueError):
        return None
    if value is not None and not math.isfinite(value):
        raise Failed(f"{name} is {value}")
    return None if value is None else (name, value)


def redis_benchmark(text):
    rows = [r for r in csv.reader(io.StringIO(text)) if r and r[0] in ("SET", "GET")]
    if len(rows) != 1:
        raise Failed("redis-benchmark printed no result: " + text[-300:])
    r = rows[0]
    return {"req_per_s": float(r[1]), "lat_us_p50": float(r[4]) * 1000, "lat_us_p95": float(r[5]) * 1000, "lat_us_p99": float(r[6]) * 1000,
            "lat_us_max": float(r[7]) * 1000}


def wrk(text):
    """A closed loop: its percentiles say nothing of what a stall keeps from being asked."""
    rate = re.search(r"^Requests/sec:\s+([\d.]+)$", text, re.M)
    if not rate or "Socket errors" in text or "Non-2xx" in text:
        raise Failed("wrk: errors, or no result: " + text[-300:])
    unit = {"us": 1, "ms": 1e3, "s": 1e6}
    found = re.findall(r"^\s+(50|90|99)%\s+([\d.]+)(us|ms|s)$", text, re.M)
    return {"req_per_s": float(rate[1]), **{f"lat_us_p{share}": float(value) * unit[u] for share, value, u in found}}


def launch(command, stdout, stderr):
    """The first of a process group of its own, so that nothing that it starts is left behind: end_group()."""
    try:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, text=True, errors="replace",
                                process_group=0, preexec_fn=bound())
    except OSError as e:
        raise Failed(str(e)) from None


def end_group(process):
    """Of a process that nobody has waited for: its number is nobody else's."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def run_command(command):
    process = launch(command, subprocess.PIPE, subprocess.PIPE)
    with process.stdout, process.stderr:
        try:
            said, complaint = process.communicate(timeout=TIME_LIMIT)
        except BaseException as e:
            if process.returncode is None:
                end_group(process)
            if isinstance(e, subprocess.TimeoutExpired):
                raise Failed(f"took more than {TIME_LIMIT} s") from None
            raise
    if process.returncode == 3:
        raise NotYet(complaint.strip())
    if process.returncode:
        raise Failed(f"status {process.returncode}: {complaint.strip()[-300:]}")
    return said


def installed(command):
    """NotYet if the program that `taskset` starts is not here. Loads of others are installed with the peers."""
    program = command[3] if command[0] == "taskset" else command[0]
    if not shutil.which(program):
        raise NotYet(f"{program} is not installed (--peers installs it)")


def nobody_listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return
    raise Failed(f"port {port} is in use: is another benchmark running?")


def last_words(complaints):
    """The end of what a server wrote into a file."""
    complaints.seek(max(complaints.seek(0, os.SEEK_END) - 300, 0))
    return complaints.read().decode(errors="replace").strip()


def wait_for_port(port, server, complaints):
    for _ in range(200):
        if server.poll() is not None:
            raise Failed(f"the server ended with status {server.returncode}: {last_words(complaints)}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise Failed(f"nobody listens on port {port}")


def run_server(case):
    with tempfile.TemporaryFile() as complaints:  # not a pipe: nobody reads while it serves, and it would wait for who does
        return run_beside(case, complaints)


def run_beside(case, complaints):
    installed(case.load)
    nobody_listens(case.port)
    server = launch(case.command, subprocess.DEVNULL, complaints)
    try:
        wait_for_port(case.port, server, complaints)
        for command in (case.check, case.prepare):
            if command:
                run_command(command)
        time.sleep(0.2)
        cpu, start = process_cpu(server.pid), time.monotonic()
        metrics = metrics_of(run_command(case.load), case.load)
        elapsed, cpu = time.monotonic() - start, process_cpu(server.pid) - cpu
        if server.poll() is not None:
            raise Failed(f"the server ended under the load with status {server.returncode}: {last_words(complaints)}")
        metrics["server_memory_bytes"] = process_memory(server.pid)
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            end_group(server)
    # pitboss-load says how many were served in all; of others: it served the same rate before the measured time.
    served = metrics.pop("served", metrics["req_per_s"] * elapsed)
    if cpu > 0:
        metrics["req_per_cpu_s"] = served / cpu
    metrics["server_cpu"] = cpu / elapsed  # of one core, over the whole load, warm-up included
    return metrics


def once(case):
    """(metrics, noise): what one run printed, and the weather meanwhile (Weather.since)."""
    weather = Weather()
    metrics = run_server(case) if case.port else metrics_of(run_command(case.command), None)
    if not metrics:
        raise Failed("printed no result")
    return metrics, weather.since()
