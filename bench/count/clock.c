/*
 * Loaded before libc into a program on several schedulers that valgrind runs: a time that fits it.
 * Valgrind runs one thread at a time, thousands of times slower, and a scheduler whose answer comes
 * after a millisecond, where it would come after a microsecond, stops to spin for it and sleeps;
 * what is counted would be another road than the one that is taken. So the monotonic clock goes by
 * how often it is read, nearly: nearly, so that timers end. And no interval timer ends the program:
 * whoever counts has a limit of his own.
 */
#include <semaphore.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SHARED __attribute__((visibility("default")))
#define READING 100 /* nanoseconds */
#define SLOWER 10000

static int64_t ns_of(const struct timespec *t)
{
    return t->tv_sec * INT64_C(1000000000) + t->tv_nsec;
}

SHARED int clock_gettime(clockid_t clock, struct timespec *ret)
{
    static _Atomic(int64_t) begin;         /* relaxed would do: a race sets it to nearly the same */
    static _Thread_local int64_t readings; /* shared, it would itself be a line that moves */
    int status = (int)syscall(SYS_clock_gettime, clock, ret);

    if (status == 0 && clock == CLOCK_MONOTONIC) {
        int64_t now = ns_of(ret), first = begin;

        if (!first)
            begin = first = now;
        now = first + (now - first) / SLOWER + READING * readings++;
        *ret = (struct timespec){.tv_sec = now / 1000000000, .tv_nsec = now % 1000000000};
    }
    return status;
}

/* Until a moment of that clock; by another one, which goes as time does. */
SHARED int sem_clockwait(sem_t *sem, clockid_t clock, const struct timespec *until)
{
    struct timespec now, wall;
    int64_t ns;

    clock_gettime(clock, &now);
    clock_gettime(CLOCK_REALTIME, &wall);
    ns = ns_of(until) - ns_of(&now) + ns_of(&wall);
    wall = (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    return sem_timedwait(sem, &wall);
}

SHARED int setitimer(__itimer_which_t which, const struct itimerval *new, struct itimerval *ret_old)
{
    (void)which, (void)new, (void)ret_old;
    return 0;
}
