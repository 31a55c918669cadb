/* The growing buffer of out.h. It doubles, so that writing n bytes costs O(n) copies in all. */
#include "examples/casino/out.h"

#include <stdarg.h>
#include <stdio.h>

#define FIRST_ROOM 128 /* a reply to one command is nearly always shorter */

char *out_grow(struct out *o, size_t n)
{
    size_t room = o->room ? o->room * 2 : FIRST_ROOM;
    char *data;

    if (o->failed)
        return NULL;
    if (o->room - o->len >= n)
        return o->data + o->len;
    if (room - o->len < n)
        room = o->len + n;
    data = o->memory->resize(o->data, room);
    if (!data) {
        o->failed = true;
        return NULL;
    }
    o->data = data;
    o->room = room;
    return data + o->len;
}

void out_free(struct out *o)
{
    if (o->data)
        o->memory->release(o->data);
    *o = out_new(o->memory);
}

void out_format(struct out *o, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *to = out_space(o, (size_t)n + 1);
    if (!to)
        return;
    va_start(args, format);
    vsnprintf(to, (size_t)n + 1, format, args);
    va_end(args);
    o->len += (size_t)n;
}
