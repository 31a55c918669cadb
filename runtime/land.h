/*
 * Where a contained fault lands: what fault.c asks of the runtime, and how the process that faulted
 * ends.
 */
#ifndef PIT_RUNTIME_LAND_H
#define PIT_RUNTIME_LAND_H

int pit__land_begin(void); /* the node starts: handlers are installed. 0 or a negative errno */
void pit__land_end(void);
void pit__land_thread_begin(void); /* on each scheduler's thread */
void pit__land_thread_end(void);

#endif
