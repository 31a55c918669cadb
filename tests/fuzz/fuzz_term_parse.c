/*
 * Goal: no bytes make parse or what follows it do anything but answer.
 * Method: each input is parsed (its first byte chooses the flags); what is a term must print, read
 * back as itself, hash and compare equal, and survive a seal.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "term/atom.h"
#include "term/heap.h"
#include "term/sealed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_term(pit_term t)
{
    const char *text = pit_term_text(t);
    pit_term back;
    int r = pit_term_parse(text, strlen(text), &back);

    PIT_ASSERT(r == 0);
    PIT_ASSERT(pit_term_equal(t, back));
    PIT_ASSERT(pit_term_compare(t, back) == 0);
    PIT_ASSERT(pit_term_hash(t) == pit_term_hash(back));

    struct pit__sealed *s = pit__seal(t);
    PIT_ASSERT(s != NULL);
    PIT_ASSERT(pit_term_equal(pit__sealed_root(s), back));
    pit__sealed_release(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pit_parse_error e = {0, NULL};
    pit_term t;

    if (size == 0)
        return 0;
    /* of its own, so that a byte read past the end is seen */
    char *text = malloc(size - 1 ? size - 1 : 1);
    PIT_ASSERT(text != NULL);
    memcpy(text, data + 1, size - 1);

    unsigned flags = data[0] & 1 ? PIT_PARSE_KNOWN_ATOMS : 0;
    int r = pit_term_parse_with(text, size - 1, flags, &t, &e);
    if (r == 0) {
        check_term(t);
    } else {
        PIT_ASSERT(r == -EINVAL || r == -ENOENT || r == -PIT_ESYSTEMLIMIT);
        PIT_ASSERT(e.what != NULL);
        PIT_ASSERT(e.offset <= size - 1);
    }
    free(text);
    pit__heap_reset(pit__heap());
    return 0;
}
