/*
 * What the clients do, counted for INFO and /metrics. Written with relaxed additions by the
 * clients, once a round; the only memory that processes of the casino share.
 */
#ifndef CASINO_STATS_H
#define CASINO_STATS_H

#include <stdatomic.h>
#include <stdint.h>

struct stats {
    _Atomic uint64_t resp_clients, http_clients; /* accepted so far */
    _Atomic uint64_t commands, requests;         /* of RESP, of HTTP */
    _Atomic uint64_t protocol_errors, stalled,
        failed; /* clients closed for what they sent, for not taking replies;
                                                          rounds that failed */
};

extern struct stats stats;

static inline void stats_add(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static inline uint64_t stats_read(_Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

#endif
