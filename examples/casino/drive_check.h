/*
 * The checkers of a self-drive: clients that write keys which nobody else writes, so that they know
 * what each must hold. For SET, and for PUT by HTTP, the last value that was acknowledged; for INCR
 * exactly as many as were acknowledged (nothing lost, and nothing applied twice).
 */
#ifndef CASINO_DRIVE_CHECK_H
#define CASINO_DRIVE_CHECK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#define CHECKED_KEYS 200 /* of each checker and kind */

struct checker {
    const char *address;
    int port;
    const atomic_bool *stop; /* then it looks at all its keys once more, and ends */
    pthread_t thread;
    unsigned number;
    uint64_t set[CHECKED_KEYS], counted[CHECKED_KEYS]; /* as acknowledged */
    uint64_t writes, lost, errors;
    char first_error[200];
};

/* Threads' bodies; arg is a struct checker. */
void *check_resp(void *arg);
void *check_http(void *arg);

/* One more, and the first of them in words. reply: what came, NULL: nothing did. */
void complain(char first[200], uint64_t *count, const char *what, const char *reply);

uint64_t next_random(uint64_t *state);

#endif
