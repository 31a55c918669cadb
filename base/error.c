#include <string.h>

#include <pit/base.h>

static const char *own(int e)
{
    switch (e) {
    case PIT_ENOPROC:
        return "no such process";
    case PIT_EBADCALL:
        return "the server does not know this call";
    case PIT_ESYSTEMLIMIT:
        return "a limit of the node is reached";
    case PIT_ENOTPROCESS:
        return "this thread runs no process";
    case PIT_ENOCONNECTION:
        return "no connection to that node";
    case PIT_EEXITED:
        return "the server ended while it was asked";
    case PIT_ENAMETAKEN:
        return "the name is taken";
    case PIT_EOVERLOAD:
        return "its mailbox is full";
    case PIT_EIGNORE:
        return "the start function said ignore";
    default:
        return NULL;
    }
}

const char *pit_strerror(int error)
{
    static _Thread_local char text[96];
    int e = error < 0 ? -error : error;
    const char *s = own(e);

    return s ? s : strerror_r(e, text, sizeof text);
}
