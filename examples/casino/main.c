/* casino: read the options, then run the server, or drive one. */
#include <signal.h>
#include <stdio.h>
#include <sys/random.h>

#include <pit/node.h>

#include "examples/casino/casino.h"
#include "examples/casino/drive.h"

int main(int argc, char **argv)
{
    pit_node_opts node = {0};
    struct options o;

    /* What is printed may have lost its reader. The node ignores that itself, but the last words are
       written when it has ended, and the drive has none. */
    (void)signal(SIGPIPE, SIG_IGN);
    if (pit_node_flags(&node, &argc, argv) < 0)
        return 2; /* it has said why */
    switch (options_parse(argc, argv, &o)) {
    case OPTIONS_DONE:
        return 0;
    case OPTIONS_WRONG:
        return 2;
    case OPTIONS_RUN:
        break;
    }
    o.node = &node;
    /* A secret: whoever knows it can choose keys that all live in one bucket. */
    if (getrandom(&o.seed, sizeof(o.seed), 0) != (ssize_t)sizeof(o.seed)) {
        perror("casino: no secret for the hash of keys: getrandom");
        return 1;
    }
    return o.self_drive ? drive(&o) : casino_run(&o, -1);
}
