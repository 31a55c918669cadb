/*
 * Persistent terms: what the node's end needs of them. The rest is public.
 */
#ifndef PIT_RUNTIME_PERSISTENT_H
#define PIT_RUNTIME_PERSISTENT_H

/* Everything is erased; no thread reads any more. */
void pit__persistent_close(void);

#endif
