/*
 * Messages as text, by their descriptors: #greet{name = "Ada", mac = [1,2,3], at = #pos{x = 1, y =
 * 2}}.
 *
 * Reads fields, never the padding between them. Writes like snprintf: no more than fits, but counts
 * everything. Calls no function of the process but the printer of terms; so it may be used where a
 * process has just died.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <pit/message.h>

/* Nested messages are declared before what holds them, so depth is bounded by the program; this
   bounds a wrong descriptor. */
enum { DEPTH_MAX = 32 };

struct out {
    char *buffer;
    size_t size; /* of the buffer; 0: only count */
    size_t length;
};

static char *room_at(struct out *o, size_t *ret_room)
{
    *ret_room = o->length < o->size ? o->size - o->length : 0;
    return *ret_room ? o->buffer + o->length : NULL;
}

__attribute__((format(printf, 2, 3))) static void put(struct out *o, const char *format, ...)
{
    size_t room;
    char *at = room_at(o, &room);
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(at, room, format, args);
    va_end(args);
    if (n > 0)
        o->length += (size_t)n;
}

static void put_char(struct out *o, unsigned char c)
{
    if (c == '"' || c == '\\')
        put(o, "\\%c", c);
    else if (c == '\n')
        put(o, "\\n");
    else if (c < 32 || c == 127)
        put(o, "\\x{%X}", c);
    else
        put(o, "%c", c);
}

static void put_text(struct out *o, const char *s, size_t room)
{
    put(o, "\"");
    for (size_t i = 0; i < room && s[i]; i++)
        put_char(o, (unsigned char)s[i]);
    put(o, "\"");
}

static void put_term(struct out *o, pit_term t)
{
    size_t room;
    char *at = room_at(o, &room);

    o->length += pit_term_print(at, room, t);
}

static int64_t signed_of(const void *p, size_t size)
{
    int8_t a;
    int16_t b;
    int32_t c;
    int64_t d;

    switch (size) {
    case 1:
        memcpy(&a, p, 1);
        return a;
    case 2:
        memcpy(&b, p, 2);
        return b;
    case 4:
        memcpy(&c, p, 4);
        return c;
    default:
        memcpy(&d, p, 8);
        return d;
    }
}

static uint64_t unsigned_of(const void *p, size_t size)
{
    uint64_t bits = (uint64_t)signed_of(p, size);

    return size >= 8 ? bits : bits & ((UINT64_C(1) << (8 * size)) - 1);
}

static void put_float(struct out *o, const void *p, size_t size)
{
    float f;
    double d;

    if (size == sizeof f)
        memcpy(&f, p, sizeof f), d = (double)f;
    else
        memcpy(&d, p, sizeof d);
    put(o, "%.*g", size == sizeof f ? 9 : 17, d);
}

static void put_handle(struct out *o, const void *p)
{
    int64_t id = signed_of(p, 8);

    if (id < 0)
        put(o, "{error,\"%s\"}", pit_strerror((int)(id & INT32_MAX)));
    else
        put(o, "#Handle<%" PRId64 ">", id);
}

/* A handle that holds an error is no term, so it is shown by put_handle. */
static void put_pid(struct out *o, const void *p)
{
    pit_pid pid;

    memcpy(&pid, p, sizeof pid);
    if (pid.id < 0)
        put_handle(o, p);
    else if (pid.id == 0)
        put(o, "undefined");
    else
        put_term(o, pit_term_of(pid));
}

static void put_ref(struct out *o, const void *p)
{
    pit_ref ref;

    memcpy(&ref, p, sizeof ref);
    if (ref.owner.id < 0)
        put_handle(o, p);
    else if (ref.owner.id == 0)
        put(o, "undefined");
    else
        put_term(o, pit_term_of(ref));
}

/* A long binary would drown the rest: its size and first bytes say which one it is. */
static void put_binary(struct out *o, const void *p)
{
    enum { SHOWN = 64 };
    pit_binary b;
    bool text = true;

    memcpy(&b, p, sizeof b);
    for (size_t i = 0; i < b.size && i < SHOWN; i++)
        text = text && b.data[i] >= 32 && b.data[i] < 127;
    put(o, "<<");
    if (text && b.size)
        put_text(o, (const char *)b.data, b.size < SHOWN ? b.size : SHOWN);
    else
        for (size_t i = 0; i < b.size && i < SHOWN; i++)
            put(o, "%s%u", i ? "," : "", b.data[i]);
    if (b.size > SHOWN)
        put(o, ",... %zu bytes", b.size);
    put(o, ">>");
}

static void put_struct(struct out *o, const pit_type *type, const char *payload, int depth);

static void put_value(struct out *o, unsigned kind, const char *p, size_t size,
                      const pit_type *nested, int depth)
{
    pit_term term;

    switch (kind) {
    case PIT_KIND_INT:
        put(o, "%" PRId64, signed_of(p, size));
        break;
    case PIT_KIND_UINT:
        put(o, "%" PRIu64, unsigned_of(p, size));
        break;
    case PIT_KIND_BOOL:
        put(o, "%s", *p ? "true" : "false");
        break;
    case PIT_KIND_CHAR:
        put(o, "$"), put_char(o, (unsigned char)*p);
        break;
    case PIT_KIND_FLOAT:
        put_float(o, p, size);
        break;
    case PIT_KIND_TEXT:
        put_text(o, p, size);
        break;
    case PIT_KIND_PID:
        put_pid(o, p);
        break;
    case PIT_KIND_REF:
        put_ref(o, p);
        break;
    case PIT_KIND_HANDLE:
        put_handle(o, p);
        break;
    case PIT_KIND_BINARY:
        put_binary(o, p);
        break;
    case PIT_KIND_TERM:
        memcpy(&term, p, sizeof term), put_term(o, term);
        break;
    case PIT_KIND_STRUCT:
        put_struct(o, nested, p, depth + 1);
        break;
    default:
        put(o, "?");
        break;
    }
}

static void put_array(struct out *o, const pit_field *f, const char *p, int depth)
{
    size_t each = f->size / f->count;

    if (f->of == PIT_KIND_CHAR) { /* char name[32] is text to whoever wrote it */
        put_text(o, p, f->size);
        return;
    }
    put(o, "[");
    for (unsigned i = 0; i < f->count; i++) {
        put(o, "%s", i ? "," : "");
        put_value(o, f->of, p + i * each, each, f->nested, depth);
    }
    put(o, "]");
}

static void put_struct(struct out *o, const pit_type *type, const char *payload, int depth)
{
    put(o, "#%s{", type->name);
    for (unsigned i = 0; i < type->field_count && depth < DEPTH_MAX; i++) {
        const pit_field *f = &type->fields[i];

        put(o, "%s%s = ", i ? ", " : "", f->name);
        if (f->kind == PIT_KIND_ARRAY)
            put_array(o, f, payload + f->offset, depth);
        else
            put_value(o, f->kind, payload + f->offset, f->size, f->nested, depth);
    }
    put(o, "}");
}

size_t pit_payload_text(const pit_type *type, const void *payload, char *buffer, size_t size)
{
    struct out o = {buffer, size, 0};

    if (size)
        buffer[0] = '\0';
    put_struct(&o, type, payload, 0);
    return o.length;
}

size_t pit_message_text(const pit_msg *m, char *buffer, size_t size)
{
    return pit_payload_text(m->type, pit_payload(m), buffer, size);
}
