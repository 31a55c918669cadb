"""Programs that do not outlive the one that started them, however that ends."""
import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def bound():
    """A preexec_fn: the kernel kills the program when the thread that starts it ends, by SIGKILL too. What runs in its place by
    exec (taskset, env) is bound as well, what it forks is not. For programs that the main thread starts."""
    parent = os.getpid()

    def in_the_child():
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before that
            os.kill(os.getpid(), signal.SIGKILL)
    return in_the_child
