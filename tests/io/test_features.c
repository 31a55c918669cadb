/*
 * Goal: a machine on which the driver cannot work is told so at start, by name and with what to
 * change, and costs nothing.
 * Method: the kernel's answers are made by seccomp filters and limits, each in the test's own OS
 * process; the log is kept.
 */
#include <pit/log.h>
#include <pit/pit.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/uring_probe.h"
#include "tests/harness/test.h"

static char logged[4096];

static void keep(enum pit_log_level level, const char *text, size_t length)
{
    size_t have = strlen(logged);

    if (have + length + 2 < sizeof logged)
        memcpy(logged + have, text, length);
}

static void check_logged(const char *words[], size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strstr(logged, words[i]))
            pit_test_fail(__FILE__, __LINE__, "\"%s\" is not in: %s", words[i], logged);
}
#define CHECK_LOGGED(...)                       \
    check_logged((const char *[]){__VA_ARGS__}, \
                 sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *))

static int unreached(int argc, char **argv)
{
    CHECK(!"the node started");
    return 0;
}

static int run(void)
{
    pit_log_sink_set(keep);
    return pit_run(&(pit_node_opts){.schedulers = 2, .cores = "none"}, unreached, 0,
                   (char *[]){NULL});
}

static unsigned descriptors(void)
{
    unsigned n = 0;

    for (int fd = 0; fd < 1024; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* The limit under which this many more can be opened: a limit is of numbers, and those in use may
   have gaps. */
static rlim_t limit_with_room_for(unsigned room)
{
    int fd = 0;

    for (; room > 0; fd++)
        room -= fcntl(fd, F_GETFD) < 0;
    return (rlim_t)fd;
}

/* From now on this system call fails with that error. */
static void forbid(unsigned call, unsigned error)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        pit_test_skip("this kernel lets no process filter its own system calls: %s",
                      strerror(errno));
}

PIT_TEST(io_uring_forbidden_is_said_with_what_to_allow)
{
    unsigned before = descriptors();

    forbid(__NR_io_uring_setup, EPERM);
    CHECK_EQ(run(), -EPERM);
    CHECK_LOGGED("io_uring", "seccomp", "io_uring_setup");
    CHECK_EQ(descriptors(), before);
}

PIT_TEST(io_uring_missing_is_said_with_the_kernel_that_has_it)
{
    forbid(__NR_io_uring_setup, ENOSYS);
    CHECK_EQ(run(), -ENOSYS);
    CHECK_LOGGED("io_uring", "Linux 6.0");
}

PIT_TEST(an_old_kernel_that_refuses_the_flags_is_told_apart)
{
    forbid(__NR_io_uring_setup, EINVAL);
    CHECK_EQ(run(), -EINVAL);
    CHECK_LOGGED("cooperative", "Linux 6.0");
}

PIT_TEST(locked_memory_is_named)
{
    unsigned before = descriptors();

    forbid(__NR_io_uring_setup, ENOMEM);
    CHECK_EQ(run(), -ENOMEM);
    CHECK_LOGGED("RLIMIT_MEMLOCK", "ulimit -l", "LimitMEMLOCK", "ulimit -v");
    CHECK_EQ(descriptors(), before);
}

PIT_TEST(a_kernel_without_buffer_rings_is_refused)
{
    unsigned before = descriptors();

    forbid(__NR_io_uring_register, EINVAL);
    CHECK(run() < 0);
    CHECK_LOGGED("Linux 6.0");
    CHECK_EQ(descriptors(), before);
}

PIT_TEST(descriptors_that_run_out_are_named)
{
    struct rlimit limit;

    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max = 4; /* room for one more, and a ring and its eventfd are two */
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    CHECK_EQ(run(), -EMFILE);
    CHECK_LOGGED("RLIMIT_NOFILE", "ulimit -n", "LimitNOFILE");
}

/* Where it is met later, in what is tried of the ring, it is the limit too and no want of the
   kernel's. */
PIT_TEST(descriptors_that_run_out_at_any_step_are_named)
{
    unsigned before = descriptors();

    /* A ring, and either a second and a socket pair, or an eventfd. From the most: a hard limit
       only falls. */
    for (unsigned room = 3; room > 0; room--) {
        rlim_t most = limit_with_room_for(room);
        struct rlimit limit = {most, most};

        CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
        memset(logged, 0, sizeof logged);
        CHECK_EQ(run(), -EMFILE);
        CHECK_LOGGED("RLIMIT_NOFILE", "ulimit -n", "LimitNOFILE");
        CHECK(!strstr(logged, "Linux 6.0"));
        CHECK_EQ(descriptors(), before);
    }
}

PIT_TEST(registering_forbidden_is_said_with_what_to_allow)
{
    unsigned before = descriptors();

    forbid(__NR_io_uring_register, EPERM);
    CHECK_EQ(run(), -EPERM);
    CHECK_LOGGED("io_uring", "seccomp", "io_uring_register");
    CHECK(!strstr(logged, "Linux 6.0"));
    CHECK_EQ(descriptors(), before);
}

PIT_TEST(too_many_files_of_the_system_are_named)
{
    forbid(__NR_io_uring_setup, ENFILE);
    CHECK_EQ(run(), -ENFILE);
    CHECK_LOGGED("fs.file-max");
}

/* None of them has to do with io_uring, and the kernel's version is not to be blamed. */
PIT_TEST(another_call_that_is_forbidden_is_named)
{
    static const struct {
        unsigned call;
        const char *name;
    } calls[] = {{__NR_eventfd2, "eventfd2"},
                 {__NR_socketpair, "socketpair"},
                 {__NR_clone3, "clone3"},
                 {__NR_rt_sigaction, "rt_sigaction"},
                 {__NR_sched_getaffinity, "sched_getaffinity"}};
    unsigned before = descriptors();

    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        pid_t child = fork(); /* a filter stays */
        int status;

        if (child == 0) {
            forbid(calls[i].call, EPERM);
            CHECK_EQ(run(), -EPERM);
            CHECK_LOGGED(calls[i].name, "seccomp", "allow");
            CHECK(!strstr(logged, "Linux 6.0"));
            CHECK_EQ(descriptors(), before);
            _exit(0);
        }
        CHECK(child > 0);
        CHECK_EQ(waitpid(child, &status, 0), child);
        CHECK_EQ(status, 0);
    }
}

/* A sandbox may not know the light ones. */
static int first_of_two(int argc, char **argv)
{
    pit_sleep(1);
    return 7;
}
PIT_TEST(without_madvise_there_are_guards_all_the_same)
{
    forbid(__NR_madvise, EPERM);
    pit_log_sink_set(keep);
    CHECK_EQ(pit_run(&(pit_node_opts){.schedulers = 2, .cores = "none"}, first_of_two, 0,
                     (char *[]){NULL}),
             7);
    CHECK_STR(logged, "");
}

PIT_TEST(address_space_that_is_short_is_named)
{
    struct rlimit limit = {.rlim_cur = (rlim_t)1 << 29, .rlim_max = (rlim_t)1 << 29};
    unsigned before = descriptors();

    if (pit_test_sanitized())
        pit_test_skip("a sanitizer reserves more than this test leaves");
    CHECK_EQ(setrlimit(RLIMIT_AS, &limit), 0);
    CHECK_EQ(run(), -ENOMEM);
    CHECK_LOGGED("address space", "+P", "ulimit -v");
    CHECK_EQ(descriptors(), before);
}

PIT_TEST(the_limits_of_threads_are_named)
{
    unsigned before = descriptors();

    forbid(__NR_clone3, EAGAIN);
    CHECK_EQ(run(), -EAGAIN);
    CHECK_LOGGED("threads", "ulimit -u", "ulimit -v", "pids.max");
    CHECK_EQ(descriptors(), before);
}

PIT_TEST(a_core_that_is_not_there_is_named)
{
    unsigned before = descriptors();

    pit_log_sink_set(keep);
    CHECK_EQ(pit_run(&(pit_node_opts){.cores = "4000"}, unreached, 0, (char *[]){NULL}), -EINVAL);
    CHECK_LOGGED("CPU 4000", "taskset");
    CHECK_EQ(descriptors(), before);
}

PIT_TEST(the_limit_of_descriptors_is_raised_as_far_as_it_goes)
{
    struct rlimit limit;

    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_max < 200)
        pit_test_skip("the hard limit of descriptors is %llu", (unsigned long long)limit.rlim_max);
    limit.rlim_cur = 100;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    pit__uring_raise_limits();
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    CHECK_EQ(limit.rlim_cur, limit.rlim_max);
}
