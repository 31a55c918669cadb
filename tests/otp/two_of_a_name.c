/*
 * A program in which two different messages have one name: its node must not start, and the log
 * must name both places.
 */
#include <pit/pit.h>

PIT_MESSAGE(twice, (int32_t, x));

static int first(int argc, char **argv) { return 0; }

int main(int argc, char **argv)
{
    pit_node_opts opts = {.schedulers = 1};

    return pit_run(&opts, first, argc, argv) == 0 ? 0 : 1;
}
