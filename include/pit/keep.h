/*
 * Keeping: what lives until the next receive, or until the handler returns, kept for longer.
 *
 *     self->last = pit_keep(m);                        a message
 *     self->bytes = pit_keep(pit_as(m, chunk)->bytes); a binary: the same bytes, counted once more
 *     self->config = pit_keep(t);                      a term: a copy, of which every part is kept
 *
 * pit_keep(x) is x, or for a term its copy, and lives until pit_drop of it or the end of the
 * process. What is kept twice is dropped twice. pit_drop of what is not kept has no effect. What is
 * sent, or put into a message or a term, needs no keeping: that holds it by itself. Neither waits;
 * without memory the caller ends with system_limit. Only a process keeps: <pit/process.h> says what
 * becomes of another thread that tries.
 */
#ifndef PIT_KEEP_H
#define PIT_KEEP_H

#ifndef PIT_BUILDING
#pragma GCC system_header
#endif

#include <pit/binary.h>
#include <pit/process.h>
#include <pit/term.h>

PIT_BEGIN_DECLS

pit_binary pit__keep_binary(pit_binary b);
void pit__drop_binary(pit_binary b);
pit_term pit__keep_term(pit_term t);
void pit__drop_term(pit_term t);

PIT_END_DECLS

#ifdef __cplusplus
static inline pit_binary pit_keep(pit_binary b) { return pit__keep_binary(b); }
static inline pit_term pit_keep(pit_term t) { return pit__keep_term(t); }
static inline void pit_drop(pit_binary b) { pit__drop_binary(b); }
static inline void pit_drop(pit_term t) { pit__drop_term(t); }
#else
#define pit_keep(x) \
    (_Generic((x), pit_binary : pit__keep_binary, pit_term : pit__keep_term, default : pit_keep)(x))
#define pit_drop(x) \
    (_Generic((x), pit_binary : pit__drop_binary, pit_term : pit__drop_term, default : pit_drop)(x))
#endif

#endif
