/*
 * What the macros of <pit/message.h> and <pit/must.h> call when they do not simply succeed. Called
 * from processes; each ends the caller or returns at once, but for the receive.
 */
#include <stdio.h>
#include <string.h>

#include <pit/message.h>
#include <pit/must.h>

#include "runtime/park.h"

/* Long enough for any expression or message that helps; the reason says so by its end if it was
   cut. */
enum { TEXT_ROOM = 512 };

void pit__text_fill(char *to, size_t room, const char *from, const char *file, int line)
{
    size_t length = from ? strnlen(from, room) : room;

    if (length == room) {
        char what[96];

        if (!from)
            snprintf(what, sizeof what, "pit_text%zu(NULL)", room);
        else
            snprintf(what, sizeof what, "a text of more than %zu bytes for pit_text%zu", room - 1,
                     room);
        pit__exit_text("badarg", what, file, line);
    }
    memcpy(to, from, length);
    memset(to + length, 0, room - length); /* all of it: payloads are sent as bytes */
}

void pit__must_failed(int64_t error, const char *what, const char *file, int line)
{
    char text[TEXT_ROOM];

    snprintf(text, sizeof text, "%.400s: %s", what, pit_strerror((int)error));
    pit__exit_text("badmatch", text, file, line);
}

void pit__as_failed(const pit_msg *m, const pit_type *wanted, const char *file, int line)
{
    char text[TEXT_ROOM];

    snprintf(text, sizeof text, "pit_as(m, %s): it is %s%s", wanted->name, m ? "a " : "no message",
             m ? m->type->name : "");
    pit__exit_text("badmatch", text, file, line);
}

const void *pit__receive_only(const pit_type *type, int64_t ms, const char *file, int line)
{
    const pit_msg *m = pit_receive_type(type, ms);

    if (!m) {
        char text[TEXT_ROOM];

        snprintf(text, sizeof text, "no %s within %lld ms", type->name, (long long)ms);
        pit__exit_text("timeout", text, file, line);
    }
    return pit_payload(m);
}
