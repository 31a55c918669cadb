/*
 * Goal: what happens at the edges of a node's life is neither lost nor fatal.
 * Method: whole nodes, some with OS signals that come at the worst moment.
 */
#include <pit/pit.h>

#include <signal.h>
#include <unistd.h>

#include "tests/harness/test.h"

PIT_MESSAGE(node_word, (int, n));

static pit_pid last_first;

static int busy_then_waiting(int argc, char **argv)
{
    int64_t begun = pit_now();

    kill(getpid(), SIGTERM);
    /* the wake of the signal is there before the process waits */
    while (pit_now() - begun < 20000000)
        ;
    (void)pit_receive(PIT_INFINITY);
    return 3;
}

/* The wake was taken by the poll before the sleep, and the scheduler slept on the signal. */
PIT_TEST(a_signal_that_comes_while_a_process_runs_stops_the_node)
{
    for (int n = 1; n <= 2; n++)
        CHECK_EQ(pit_run(&(pit_node_opts){.schedulers = n}, busy_then_waiting, 0, NULL), 0);
}

static int remember(int argc, char **argv)
{
    last_first = pit_self();
    return 5;
}

/* The table of slots is unmapped then; a stale pid must not be looked up in it. */
PIT_TEST(a_message_to_a_process_of_a_node_that_has_ended_is_dropped)
{
    struct node_word w = {.n = 1};

    for (int i = 0; i < 2; i++) {
        CHECK_EQ(pit_run(&(pit_node_opts){.schedulers = 1}, remember, 0, NULL), 5);
        pit_send_copy(last_first, &pit_type_node_word, &w);
    }
}

static void has_a_name(const void *arg)
{
    CHECK_EQ(pit_register("node_late", pit_self()), 0);
    (void)pit_receive(PIT_INFINITY);
}

static int asks_until_it_is_there(int argc, char **argv)
{
    static pit_pid all[1 << 12];

    pit_spawn(has_a_name, NULL, 0);
    while (!pit_whereis("node_late").id)
        ;
    while (pit_processes(all, 1 << 12) > 2)
        ;
    return 6;
}

/* Each function is a scheduling point; these were not, and on one scheduler nobody else ever
   ran. */
PIT_TEST(who_polls_for_a_name_lets_others_run)
{
    CHECK_EQ(pit_run(&(pit_node_opts){.schedulers = 1}, asks_until_it_is_there, 0, NULL), 6);
}
