/*
 * Options of a node from flags, in the manner of the BEAM's: +S 4 -name x ...
 */
#ifndef PIT_RUNTIME_OPTIONS_H
#define PIT_RUNTIME_OPTIONS_H

#include <pit/node.h>

/* Flags from text (PITBOSS_FLAGS), split at blanks into storage, which the options then point into.
   0 or -EINVAL, logged. */
int pit__options_text(pit_node_opts *o, const char *text, char *storage, size_t size);

/*
 * Flags from argv[1..argc): those that begin with + up to "--" or "-extra", and all after "--pit".
 * What is left stays in argv, in its order and with a NULL at its end; "-extra" and "--pit" go,
 * "--" stays. The number of what is left, or -EINVAL, logged; argv is then as it was.
 */
int pit__options_args(pit_node_opts *o, int argc, char **argv);

/* The values that zero stands for, and the limits of all. 0 or -EINVAL, logged. */
int pit__options_complete(pit_node_opts *o);

#endif
