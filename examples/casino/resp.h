/*
 * RESP2, the protocol of redis: commands in, replies out.
 *
 * In:  resp_next() looks at the input that has not been used yet and says whether a whole command is there. The
 *      words of a command are slices of that input: nothing is copied. It remembers how far it got,
 *      so input that comes a byte at a time costs no more than input in one piece; between two
 *      calls the input may move and grow, but what is there keeps its distance from the start.
 * Out: the writers append to a struct out.
 *
 * Errors are worded as redis words them. After RESP_BROKEN nothing can be read any more: the reply
 * is sent and the connection closes. Lengths are bounded by struct resp_limits and checked when
 * they are announced, before anything of that length has been buffered.
 */
#ifndef CASINO_RESP_H
#define CASINO_RESP_H

#include <stddef.h>
#include <stdint.h>

#include "examples/casino/bytes.h"
#include "examples/casino/memory.h"
#include "examples/casino/out.h"

struct resp_limits {
    size_t bulk;    /* one word of a command */
    size_t words;   /* words of one command */
    size_t line;    /* an inline command, or a line that announces a length */
    size_t command; /* a whole command: what one connection may have buffered */
};

/* 64 KiB lines are redis's own limit; 1 Mi words its limit until version 7. */
#define RESP_LIMITS ((struct resp_limits){512 << 10, 1 << 20, 64 << 10, 1 << 20})

enum resp_result {
    RESP_MORE,    /* not all there yet */
    RESP_COMMAND, /* words[0..count); count 0: an empty line, which gets no answer */
    RESP_BROKEN,  /* error says why */
};

/* words that need no memory of their own: most commands, and every idle connection */
#define RESP_FEW 8

struct resp {
    struct resp_limits limits;
    const struct memory *memory;
    const char *error; /* after RESP_BROKEN: "ERR Protocol error: ..." */
    struct bytes *words;
    size_t count;

    /* How far the command at hand has been read; offsets, since the input may move. */
    size_t at;    /* everything before this is understood */
    size_t seen;  /* of the line that starts at `at`, this many bytes hold no line end */
    int64_t left; /* words still to come; 0: not inside an array */
    int64_t bulk; /* length of the word that starts at `at`; -1: not announced yet */
    size_t room;  /* of words and spans */
    struct resp_span {
        size_t at, len;
    } * spans, few_spans[RESP_FEW];
    struct bytes few_words[RESP_FEW];
    char text[64]; /* an error that quotes the input */
};

/* The parser points into itself: it is set up where it stays. */
void resp_init(struct resp *p, const struct resp_limits *limits, const struct memory *memory);
void resp_free(struct resp *p);

/*
 * Read one command from input, which is writable: quotes of inline commands are undone in place.
 * *used is set on RESP_COMMAND: the caller takes so many bytes off the input before it calls again.
 */
enum resp_result resp_next(struct resp *p, char *input, size_t len, size_t *used);

/* How large the input's buffer should be for resp_next() to make progress: a few bytes more than
   must come. */
size_t resp_wanted(const struct resp *p);

void resp_status(struct out *o, const char *text); /* +text */
void resp_error(struct out *o, const char *format, ...) __attribute__((format(printf, 2, 3)));
void resp_integer(struct out *o, int64_t n);   /* :n */
void resp_bulk(struct out *o, struct bytes b); /* $len bytes */
void resp_bulk_number(struct out *o, int64_t n);
void resp_null(struct out *o);                /* $-1 */
void resp_array(struct out *o, size_t count); /* *count; the elements follow */

/* Length of the whole reply that starts at b; 0 if b holds only a part of one. For replies made by
   the above. */
size_t resp_reply_length(struct bytes b);

#endif
