/*
 * Tokens of Erlang's term syntax. Whatever is no bracket comes out as a finished term: an atom, a
 * number, a string as its list, a binary, a pid, a reference.
 *
 * Any bytes are safe. Numbers and texts are bounded by what they become, never by a buffer that
 * they could leave.
 */
#ifndef PIT_TERM_SCAN_H
#define PIT_TERM_SCAN_H

#include "term/atom.h"
#include "term/heap.h"

enum pit__token {
    PIT__TOKEN_END,
    PIT__TOKEN_ERROR, /* error and what say why, at where */
    PIT__TOKEN_TERM,  /* in value */
    PIT__TOKEN_PLACE, /* ~, its letter in letter or 0 */
    PIT__TOKEN_ANY,   /* _ */
    PIT__TOKEN_MAP,   /* #{ */
    PIT__TOKEN_ARROW, /* => */
    PIT__TOKEN_HAS,   /* := */
    PIT__TOKEN_STOP,  /* a full stop */
    PIT__TOKEN_OPEN_TUPLE = '{',
    PIT__TOKEN_CLOSE_BRACE = '}',
    PIT__TOKEN_OPEN_LIST = '[',
    PIT__TOKEN_CLOSE_LIST = ']',
    PIT__TOKEN_COMMA = ',',
    PIT__TOKEN_BAR = '|',
};

struct pit__scanner {
    const uint8_t *begin;
    const uint8_t *at;
    const uint8_t *end;
    struct pit__heap *heap; /* where values are made */
    enum pit__atom_how atoms;
    pit_term value;
    char letter;
    int error; /* negative errno, once something went wrong */
    const char *what;
    const uint8_t *where; /* where the last token began, or where it went wrong */
};

void pit__scan_init(struct pit__scanner *s, const char *text, size_t size, struct pit__heap *h,
                    enum pit__atom_how atoms);

enum pit__token pit__scan(struct pit__scanner *s);

/* Over white space and comments. */
void pit__scan_blanks(struct pit__scanner *s);

/* Note an error at the last token; the first one stays. Answers PIT__TOKEN_ERROR. */
enum pit__token pit__scan_fail(struct pit__scanner *s, int error, const char *what);

#endif
