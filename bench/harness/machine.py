"""The machine description: what a figure depends on besides our code. Nothing in it names a host or a person."""
import datetime
import glob
import json
import os
import re
import subprocess

SCHEMA = 1
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Where these differ, two results are of different machines, and no figure of one says anything of the other.
IDENTITY = ("cpu", "cores", "threads_per_core", "sockets", "numa_nodes", "hypervisor", "governor")

LIBRARIES = {"liburing": ("liburing", "liburing-dev"), "libnuma": ("numa", "libnuma-dev"),
             "google-benchmark": ("benchmark", "libbenchmark-dev")}
PEERS = {"go": ["go", "version"], "redis": ["redis-server", "--version"], "redis-benchmark": ["redis-benchmark", "--version"],
         "nginx": ["nginx", "-v"], "wrk": ["wrk", "-v"], "gcc": ["gcc", "--version"],
         "erlang": ["erl", "-noinput", "-eval",
                    'io:put_chars(erlang:system_info(system_version)), halt().']}
PEER_PACKAGES = {"caf": "libcaf-dev", "erlang": "erlang-base", "gorilla": "golang-github-gorilla-websocket-dev"}


def first_line(path):
    try:
        with open(path) as f:
            return f.readline().strip()
    except OSError:
        return None


def output(command):
    """The first line that the command prints, or None."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL, cwd=ROOT)
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = (done.stdout.strip() or done.stderr.strip()).splitlines()
    return said[0] if said and (done.returncode == 0 or command[-1] == "-v") else None


def package(name):
    return output(["dpkg-query", "-W", "-f", "${Version}", name])


def processor():
    """{"model name": ..., "flags": ...} of the first core; the keys are other ones on other architectures."""
    fields = {}
    with open("/proc/cpuinfo") as f:
        for line in f:
            if not line.strip():
                break
            key, _, value = line.partition(":")
            fields[key.strip()] = value.strip()
    return fields


def siblings():
    """Threads of one core."""
    said = first_line("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list") or "0"
    return sum(int(b or a) - int(a) + 1 for a, _, b in (part.partition("-") for part in said.split(",")))


def sockets():
    found = {first_line(p) for p in glob.glob("/sys/devices/system/cpu/cpu[0-9]*/topology/physical_package_id")}
    return max(len(found), 1)


def hypervisor(fields):
    said = output(["systemd-detect-virt", "--vm"])
    if said and said != "none":
        return said
    return "unknown" if "hypervisor" in fields.get("flags", "").split() else "none"


def huge_pages():
    said = re.search(r"\[(\w+)\]", first_line("/sys/kernel/mm/transparent_hugepage/enabled") or "")
    return said[1] if said else None


def mitigations():
    folder = "/sys/devices/system/cpu/vulnerabilities"
    return {name: first_line(os.path.join(folder, name)) for name in sorted(os.listdir(folder))} if os.path.isdir(folder) else {}


def compilation(build):
    """{"compiler", "flags"} of the library in a build directory, as ninja was told."""
    try:
        with open(os.path.join(build, "compile_commands.json")) as f:
            command = next(e["command"] for e in json.load(f) if e["file"].endswith("runtime/send.c"))
    except (OSError, StopIteration):
        return {"compiler": None, "flags": None}
    words = command.split()
    compiler = next(w for w in words if not w.endswith("ccache"))
    keep = [w for w in words if re.match(r"-(O|f|m|g|std|D)", w) and not re.match(r"-fdiagnostics|-D_FILE_OFFSET", w)]
    return {"compiler": output([compiler, "--version"]), "flags": " ".join(keep)}


def revision(folder=ROOT):
    """{"revision", "dirty"}; both None outside of a git checkout."""
    said = output(["git", "-C", folder, "rev-parse", "HEAD"])
    dirty = subprocess.run(["git", "-C", folder, "status", "--porcelain", "--untracked-files=no"], capture_output=True,
                           text=True).stdout.strip() if said else None
    return {"revision": said, "dirty": bool(dirty) if said else None}


def libraries():
    found = {name: output(["pkg-config", "--modversion", module]) or package(debian)
             for name, (module, debian) in LIBRARIES.items()}
    return {"libc": os.confstr("CS_GNU_LIBC_VERSION"), **found}


def peers():
    found = {name: output(command) for name, command in PEERS.items()}
    for name, debian in PEER_PACKAGES.items():
        version = package(debian)
        found[name] = f"{found.get(name) or name} (package {version})" if version else found.get(name)
    return {name: text for name, text in found.items() if text}


def describe(build, command):
    """The record of this machine, and of how `command` (a list of words) measures on it."""
    fields = processor()
    os_release = re.search(r'PRETTY_NAME="([^"]*)"', open("/etc/os-release").read()) if os.path.exists("/etc/os-release") else None
    return {
        "record": "machine", "schema": SCHEMA,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "command": command,
        "cpu": fields.get("model name") or fields.get("CPU part") or os.uname().machine,
        "cpu_stepping": " ".join(filter(None, map(fields.get, ("cpu family", "model", "stepping", "microcode")))),
        "cores": os.cpu_count(), "cores_allowed": len(os.sched_getaffinity(0)),
        "threads_per_core": siblings(), "sockets": sockets(),
        "numa_nodes": max(len(glob.glob("/sys/devices/system/node/node[0-9]*")), 1),
        "cache": {f"L{first_line(c + '/level')}{(first_line(c + '/type') or ' ')[0].lower()}": first_line(c + "/size")
                  for c in sorted(glob.glob("/sys/devices/system/cpu/cpu0/cache/index*"))},
        "memory_kib": int(re.search(r"MemTotal:\s+(\d+)", open("/proc/meminfo").read())[1]),
        "kernel": f"{os.uname().sysname} {os.uname().release} {os.uname().machine}",
        "system": os_release[1] if os_release else None,
        "mitigations": mitigations(),
        "governor": first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") or "not readable",
        "hypervisor": hypervisor(fields), "thp": huge_pages(),
        **compilation(build), "libraries": libraries(), "peers": peers(), "git": revision(),
    }


def differences(a, b):
    """What tells two machines apart: [(key, its value in a, in b)]; identity first."""
    keys = [*IDENTITY, "memory_kib", "kernel", "thp", "mitigations", "compiler", "flags", "libraries"]
    return [(key, a.get(key), b.get(key)) for key in keys if a.get(key) != b.get(key)]
