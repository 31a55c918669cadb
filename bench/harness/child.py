"""Programs that do not outlive the one that started them, however that ends. Knows no benchmark."""
import ctypes
import os
import signal
import subprocess

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)

# Told to end, it hands that on to its whole process group and waits: a script's compilers are not the script's to end. ninja
# gives each of them a group of its own, and ends them when it is told to; so the signal is one that it hears.
GROUP = 'trap "trap \'\' TERM; kill 0; wait; exit 143" TERM; "$@" & wait $!'


def bound(number=signal.SIGKILL):
    """A preexec_fn: the kernel sends the program this signal when the thread that starts it ends, by SIGKILL too. What runs in its
    place by exec (taskset, env) is bound as well, what it forks is not. For programs that the main thread starts."""
    parent = os.getpid()

    def in_the_child():
        LIBC.prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # it ended before that
            os.kill(os.getpid(), signal.SIGKILL)
    return in_the_child


def finished(command, **options):
    """As subprocess.run, for what ends by itself what it started when SIGTERM tells it to: it is told when this ends by whatever,
    and waited for where this can still wait."""
    with subprocess.Popen(command, preexec_fn=bound(signal.SIGTERM), **options) as process:
        try:
            said, complaint = process.communicate()
        except BaseException:
            process.terminate()
            process.wait()
            raise
    return subprocess.CompletedProcess(command, process.returncode, said, complaint)


def finished_group(command, **options):
    """finished(), of a command that leaves behind what it started: a script, a compiler. It cannot ask a terminal for anything."""
    return finished(["sh", "-c", GROUP, "sh", *command], process_group=0, stdin=subprocess.DEVNULL, **options)
