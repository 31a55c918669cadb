/*
 * Goal: a reserved region faults until it is committed, keeps its place, costs memory only where
 *   it is touched, and is given back; a refused policy changes nothing but the place of pages.
 * Method: read into it from a pipe, a system call that answers EFAULT where a store would fault;
 *   /proc/self/statm says what is backed. That pages come from the wanted NUMA node is checked
 *   where there are two; on one, that the preference is set and a wrong one harmless.
 */
#include "numa/memory.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <linux/filter.h>
#include <numa.h>
#include <numaif.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pit/log.h>

#include "numa/topology.h"

#include "tests/harness/test.h"

#define MIB ((size_t)1 << 20)

/* May one byte be written there? Asked of the kernel, which answers instead of faulting. */
static bool writable(void *at)
{
    int fd[2];
    char c = 1;

    CHECK_EQ(pipe(fd), 0);
    CHECK_EQ(write(fd[1], &c, 1), 1);
    ssize_t n = read(fd[0], at, 1);
    CHECK(n == 1 || errno == EFAULT);
    close(fd[0]);
    close(fd[1]);
    return n == 1;
}

static bool all_zero(const unsigned char *p, size_t size)
{
    return p[0] == 0 && memcmp(p, p + 1, size - 1) == 0;
}

/* A field of /proc/self/statm, in bytes: 0 address space, 1 resident. */
static size_t statm(int field)
{
    size_t v[2];
    FILE *f = fopen("/proc/self/statm", "re");

    CHECK(f);
    CHECK_EQ(fscanf(f, "%zu %zu", &v[0], &v[1]), 2);
    fclose(f);
    return v[field] * (size_t)sysconf(_SC_PAGESIZE);
}

PIT_TEST(a_reserved_region_is_aligned_and_faults_until_committed)
{
    void *p;
    char *c;

    CHECK_EQ(pit__numa_reserve(10 * MIB, &p), 0);
    c = p;
    CHECK_EQ((uintptr_t)p % PIT__NUMA_GRAIN, 0);
    CHECK(!writable(c));
    CHECK(!writable(c + 10 * MIB - 1));

    CHECK_EQ(pit__numa_commit(c + 2 * MIB, 4 * MIB, 0, PIT__NUMA_HUGE), 0);
    CHECK(!writable(c + 2 * MIB - 1));
    CHECK(writable(c + 2 * MIB));
    CHECK(writable(c + 6 * MIB - 1));
    CHECK(!writable(c + 6 * MIB));
    pit__numa_release(p, 10 * MIB);
    CHECK(!writable(c + 2 * MIB));
}

PIT_TEST(a_large_reservation_costs_address_space_only)
{
    if (pit_test_sanitized())
        pit_test_skip("a sanitizer's own tables hide what is resident");

    size_t size = (size_t)48 << 30; /* the slots of 128 million processes */
    size_t space = statm(0), resident = statm(1);
    void *p;

    CHECK_EQ(pit__numa_reserve(size, &p), 0);
    CHECK_EQ(statm(0) - space, size); /* what was taken for alignment was given back */
    CHECK_EQ(pit__numa_commit(p, 64 * MIB, 0, PIT__NUMA_SMALL), 0);
    memset(p, 1, 8 * MIB);
    CHECK(statm(1) - resident >= 8 * MIB);
    CHECK(statm(1) - resident < 10 * MIB);

    pit__numa_release(p, size);
    CHECK(statm(1) < resident + MIB);
    CHECK_EQ(statm(0), space);
}

PIT_TEST(any_numa_node_number_is_accepted)
{
    static const int nodes[] = {PIT__NUMA_ANY, 0, 1, 7, 63, 64, 1023, 1024, 1 << 30, -99};

    for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++) {
        char *p = pit__numa_alloc(nodes[i], 3 * MIB + 1);

        CHECK(p);
        CHECK(all_zero((unsigned char *)p, 3 * MIB + 1));
        memset(p, 1, 3 * MIB + 1);
        pit__numa_free(p, 3 * MIB + 1);
        CHECK(!writable(p));
    }
    pit__numa_free(NULL, 5);
}

PIT_TEST(a_committed_part_prefers_its_numa_node)
{
    struct pit__topology *t = NULL;
    int mode = -1;
    unsigned long mask[16] = {0};
    void *p;

    if (numa_available() < 0)
        pit_test_skip("the kernel knows no NUMA policies, or forbids them");
    CHECK_EQ(pit__topology_read(&t), 0);
    int node = t->cpus[0].numa_node;
    pit__topology_free(t);

    CHECK_EQ(pit__numa_reserve(4 * MIB, &p), 0);
    CHECK_EQ(pit__numa_commit(p, 2 * MIB, node, 0), 0);
    if (get_mempolicy(&mode, mask, 1024, p, MPOL_F_ADDR) < 0 || mode == MPOL_DEFAULT)
        pit_test_skip("mbind or get_mempolicy is forbidden");
    CHECK_EQ(mode, MPOL_PREFERRED);
    CHECK_EQ(mask[node / 64], 1ul << (node % 64));
    pit__numa_release(p, 4 * MIB);
}

PIT_TEST(pages_come_from_the_numa_node_that_was_asked_for)
{
    if (numa_available() < 0 || numa_max_node() < 1)
        pit_test_skip("this machine has one NUMA node");

    for (int node = 0; node <= numa_max_node(); node++) {
        int where = -1;
        char *p;

        if (numa_node_size64(node, NULL) < (long long)(256 * MIB))
            continue; /* no memory there, or so little that the kernel may have to look elsewhere */
        p = pit__numa_alloc(node, MIB);
        CHECK(p);
        *p = 1;
        CHECK_EQ(get_mempolicy(&where, NULL, 0, p, MPOL_F_NODE | MPOL_F_ADDR), 0);
        CHECK_EQ(where, node);
        pit__numa_free(p, MIB);
    }
}

/* From now on mbind and get_mempolicy answer with this error, as in a container. */
static void forbid_policies(int error)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), /* the system call's number */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mbind, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_get_mempolicy, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};

    CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        pit_test_skip("seccomp filters are not allowed here: %s", strerror(errno));
}

static char logged[256];

static void keep(enum pit_log_level level, const char *text, size_t length)
{
    (void)level;
    snprintf(logged, sizeof logged, "%.*s", (int)length, text);
}

static void works_without_policies(int error)
{
    void *p;

    forbid_policies(error);
    pit_log_level_set(PIT_LOG_INFO);
    pit_log_sink_set(keep);
    CHECK_EQ(pit__numa_reserve(4 * MIB, &p), 0);
    CHECK_EQ(pit__numa_commit(p, 4 * MIB, 1, PIT__NUMA_HUGE | PIT__NUMA_NO_DUMP), 0);
    CHECK(writable(p));
    CHECK(strstr(logged, strerror(error))); /* said, */
    logged[0] = '\0';
    CHECK_EQ(pit__numa_commit(p, 4 * MIB, 1, 0), 0);
    CHECK_STR(logged, ""); /* and once is enough */
    pit__numa_release(p, 4 * MIB);
}

PIT_TEST(memory_works_where_policies_are_forbidden) { works_without_policies(EPERM); }
PIT_TEST(memory_works_where_policies_are_missing) { works_without_policies(ENOSYS); }

PIT_TEST(too_much_is_an_error_and_takes_nothing)
{
    if (pit_test_sanitized())
        pit_test_skip("a sanitizer needs the address space that this test takes away");

    void *p = &p;
    struct rlimit limit;

    CHECK_EQ(pit__numa_reserve(SIZE_MAX, &p), -ENOMEM);
    CHECK_EQ(pit__numa_reserve(SIZE_MAX / 2, &p), -ENOMEM);
    CHECK(pit__numa_alloc(0, SIZE_MAX) == NULL);

    CHECK_EQ(getrlimit(RLIMIT_AS, &limit), 0);
    limit.rlim_cur = statm(0) + 16 * MIB;
    CHECK_EQ(setrlimit(RLIMIT_AS, &limit), 0);
    size_t space = statm(0);
    CHECK_EQ(pit__numa_reserve(64 * MIB, &p), -ENOMEM);
    CHECK(pit__numa_alloc(0, 64 * MIB) == NULL);
    CHECK_EQ(statm(0), space);
    CHECK(p == &p); /* no result was written */
}

PIT_TEST(a_child_of_fork_does_not_get_what_is_marked_so)
{
    void *kept, *withheld;
    int status;

    CHECK_EQ(pit__numa_reserve(2 * MIB, &kept), 0);
    CHECK_EQ(pit__numa_reserve(2 * MIB, &withheld), 0);
    CHECK_EQ(pit__numa_commit(kept, 2 * MIB, 0, 0), 0);
    CHECK_EQ(pit__numa_commit(withheld, 2 * MIB, 0, PIT__NUMA_NO_FORK), 0);

    pid_t child = fork();
    if (child == 0)
        _exit(writable(kept) && !writable(withheld) ? 0 : 1);
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), 0);
    pit__numa_release(kept, 2 * MIB);
    pit__numa_release(withheld, 2 * MIB);
}
