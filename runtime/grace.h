/*
 * Grace: when may be freed what others found without a lock. The argument is in grace.c.
 */
#ifndef PIT_RUNTIME_GRACE_H
#define PIT_RUNTIME_GRACE_H

struct pit__thread;

/* Embedded in what is to be freed. */
struct pit__grace {
    struct pit__grace *next;
    void (*over)(struct pit__grace *g);
};

/* over(g) runs, on some thread, when nobody looks any more who began before this call. It may not
   look itself. Any thread. */
void pit__grace_after(struct pit__grace *g);

/* Around a look, on any thread: t is the thread's own, NULL on a foreign one. No switch in
   between. */
void pit__grace_look(struct pit__thread *t);
void pit__grace_looked(struct pit__thread *t);

/* The schedulers have stopped: whatever waits is over. */
void pit__grace_close(void);

#endif
