"""What the machine did while a command ran: time that the host stole, other programs, frequency, involuntary switches.

A run is noisy beyond the limits below. That is found without a look at its result, so repeating it favours nobody.
"""
import glob
import os
import resource
import time

TICK = os.sysconf("SC_CLK_TCK")

# Percent of one core. An idle machine with its few daemons stays below; what is above moves a median by as much as a floor
# may be away.
STEAL_LIMIT, OTHERS_LIMIT = 5, 10
# Seconds. The kernel counts both by its clock's ticks, so of a short run a few are chance.
LEAST = 4 / TICK
FREQUENCY_LIMIT = 10  # percent away from what the same machine had in the row's first run


def counted():
    """(busy, stolen) seconds of all cores. Interrupts are left out: those of our own sockets are among them."""
    with open("/proc/stat") as f:
        user, nice, system, _idle, _wait, _irq, _softirq, steal = map(int, f.readline().split()[1:9])
    return (user + nice + system) / TICK, steal / TICK


def own():
    """(seconds of CPU, involuntary switches) of this program and of all that it started and has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used), used[1].ru_nivcsw


def megahertz():
    """The mean of the cores' present frequencies; None where the kernel does not say."""
    found = []
    for path in glob.glob("/sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_cur_freq"):
        try:
            with open(path) as f:
                found.append(int(f.read()) / 1000)
        except (OSError, ValueError):
            pass
    return sum(found) / len(found) if found else None


class Weather:
    """From its making to since(). What is measured between must have been waited for: its CPU time is known then."""

    def __init__(self):
        self.start, (self.busy, self.stolen), (self.cpu, self.switches) = time.monotonic(), counted(), own()

    def since(self):
        """{"seconds", "cpu_s", "steal", "foreign_cpu" (both in percent of one core), "involuntary" (switches), "mhz" or None}"""
        elapsed, (busy, stolen), (cpu, switches) = time.monotonic() - self.start, counted(), own()
        mine = cpu - self.cpu
        return {"seconds": round(elapsed, 4), "cpu_s": round(mine, 4),
                "steal": round(100 * (stolen - self.stolen) / elapsed, 2),
                "foreign_cpu": round(100 * max(busy - self.busy - mine, 0) / elapsed, 2),
                "involuntary": switches - self.switches, "mhz": megahertz()}


def complaints(noise, first=None):
    """What is beyond a limit, in words; [] for a quiet run. first: the noise of the same command's first run."""
    found = []
    for key, limit, what in (("steal", STEAL_LIMIT, "stolen by the host"), ("foreign_cpu", OTHERS_LIMIT, "used by others")):
        if noise[key] > limit and noise[key] * noise["seconds"] / 100 > LEAST:
            found.append(f"{noise[key]:.0f} % of a core {what}")
    if first and first["mhz"] and noise["mhz"] and abs(noise["mhz"] / first["mhz"] - 1) * 100 > FREQUENCY_LIMIT:
        found.append(f"{noise['mhz']:.0f} MHz, before {first['mhz']:.0f}")
    return found


def together(noises):
    """As one run of all of them: what the ticks of each are too few to say, those of all may. Frequency is each run's own."""
    seconds = sum(n["seconds"] for n in noises)
    share = lambda key: sum(n[key] * n["seconds"] for n in noises) / seconds if seconds else 0
    return {"seconds": seconds, "steal": share("steal"), "foreign_cpu": share("foreign_cpu"), "mhz": None}


def loudness(noise):
    """To choose the quietest of several noisy runs."""
    return noise["steal"] + noise["foreign_cpu"]
