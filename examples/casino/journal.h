/*
 * What a command did to a table, as bytes: the table's word to the house.
 *
 * A journal says results, not commands ("a is 5 now", not "add 1"): applied twice in a row, or to
 * an older copy that then gets all that followed, it ends in the same state, and whoever applies it
 * needs no clock. The one exception is an append, which says only what was added, since repeating a
 * long value for each byte would make appending quadratic; the house applies each journal once, in
 * order, so this is sound.
 */
#ifndef CASINO_JOURNAL_H
#define CASINO_JOURNAL_H

#include <stdint.h>

#include "examples/casino/bytes.h"
#include "examples/casino/out.h"
#include "examples/casino/store.h"

void journal_put(struct out *j, struct bytes key, struct bytes value, int64_t ends);
void journal_append(struct out *j, struct bytes key, struct bytes more);
void journal_ends(struct out *j, struct bytes key, int64_t ends);
void journal_remove(struct out *j, struct bytes key);
void journal_clear(struct out *j); /* all keys are gone */

/*
 * Bring a copy up to date. 0; -ENOMEM; -EBADMSG: not a whole journal, or an append to a key the
 * copy does not have. What came before the failure has been applied: the caller's copy is then good
 * for nothing but being thrown away.
 */
int journal_apply(struct bytes journal, struct store *copy);

#endif
