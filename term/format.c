/* What ~, ~a and ~s mean; see format.h. */
#include "term/format.h"

#include <string.h>

#include "term/cell.h"
#include "term/text.h"

const char *pit__format_value(struct pit__arg arg, char letter, pit_term *ret)
{
    if (letter != 0 && letter != 'a' && letter != 's')
        return "~ is followed by nothing, a or s";
    if (letter != 0 && arg.kind == PIT__ARG_TEXT && !arg.as.text)
        return "a C text that is NULL";
    if (letter == 0)
        *ret = pit__term_of(arg);
    else if (arg.kind == PIT__ARG_TERM)
        *ret = arg.as.term;
    else if (arg.kind == PIT__ARG_TEXT)
        *ret = letter == 'a' ? pit_atom_of(arg.as.text) : pit_string(arg.as.text);
    else
        return "~a and ~s take a C text";
    if (letter == 'a' && !pit_is_atom(*ret))
        return "~a takes an atom";
    return letter == 's' && !pit_is_list(*ret) ? "~s takes a list" : NULL;
}

/* The bytes of a string in UTF-8; false: not a list of characters, or one is zero and C cannot hold
   it. */
static bool string_size(pit_term list, size_t *ret)
{
    uint8_t encoded[4];
    size_t size = 0;

    for (; pit__tag(list) == PIT__TAG_PAIR; list = pit__at(pit__cells(list) + 1)) {
        pit_term c = pit__at(pit__cells(list));
        if (pit__tag(c) != PIT__TAG_SMALL || pit__small_value(c) <= 0 ||
            !pit__utf8_is_character((uint64_t)pit__small_value(c)))
            return false;
        size += pit__utf8_encode((uint32_t)pit__small_value(c), encoded);
    }
    *ret = size;
    return pit__tag(list) == PIT__TAG_NIL;
}

static const char *string_text(pit_term list, size_t size)
{
    uint8_t *text = (uint8_t *)pit__heap_cells(size / 8 + 1), *at = text;

    for (; pit__tag(list) == PIT__TAG_PAIR; list = pit__at(pit__cells(list) + 1))
        at += pit__utf8_encode((uint32_t)pit__small_value(pit__at(pit__cells(list))), at);
    *at = '\0';
    return (const char *)text;
}

bool pit__format_take(pit_term t, struct pit__arg target, char letter, const char **ret_what)
{
    size_t size;

    if (letter == 0)
        return pit__term_to(t, target);
    if (letter != 'a' && letter != 's') {
        *ret_what = "~ is followed by nothing, a or s";
        return false;
    }
    if (target.kind != PIT__TARGET_TEXT && target.kind != PIT__TARGET_TERM) {
        *ret_what = "~a and ~s set a const char * or a pit_term";
        return false;
    }
    if (letter == 'a' ? !pit_is_atom(t) : !string_size(t, &size))
        return false;
    if (target.kind == PIT__TARGET_TERM)
        *(pit_term *)target.as.target = t;
    else
        *(const char **)target.as.target = letter == 'a' ? pit_atom_text(t) : string_text(t, size);
    return true;
}

_Noreturn void pit__format_refuse(const char *who, struct pit__place place, size_t offset,
                                  const char *what)
{
    pit__badarg("%s(\"%s\"): %s, at character %zu of the format, %s:%d", who, place.format, what,
                offset + 1, place.file, place.line);
}
