/* The supervision tree, and a node that runs it. */
#ifndef CASINO_CASINO_H
#define CASINO_CASINO_H

#include "examples/casino/options.h"

/*
 * Run the casino until it is told to stop; returns its exit status. ready_fd >= 0: when all is
 * open, a line with the two ports is written there instead of the greeting.
 */
int casino_run(const struct options *o, int ready_fd);

#endif
