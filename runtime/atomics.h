/*
 * Shared integers: what the node's end needs of them. The rest is public.
 */
#ifndef PIT_RUNTIME_ATOMICS_H
#define PIT_RUNTIME_ATOMICS_H

/* All arrays go; no thread uses one any more. */
void pit__atomics_close(void);

#endif
