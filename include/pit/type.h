/*
 * Messages as every process sees them, and the descriptors that say what is in them.
 *
 * A message is a header and a payload, which is a C struct. The descriptor is static; its address
 * is the message's type at run time, its name the type across programs. PIT_MESSAGE in
 * <pit/message.h> makes both.
 */
#ifndef PIT_TYPE_H
#define PIT_TYPE_H

#ifndef PIT_BUILDING
#pragma GCC system_header
#endif

#include <pit/base.h>

PIT_BEGIN_DECLS

/* What a field is, so that traces, crash reports and other nodes can show it. */
enum pit_kind {
    PIT_KIND_INT,  /* signed, 1 to 8 bytes */
    PIT_KIND_UINT, /* unsigned, 1 to 8 bytes */
    PIT_KIND_BOOL,
    PIT_KIND_CHAR,
    PIT_KIND_FLOAT, /* float or double, by size */
    PIT_KIND_TEXT,  /* pit_text16 ...: a zero-filled array of char */
    PIT_KIND_PID,
    PIT_KIND_REF,
    PIT_KIND_HANDLE, /* a socket, a listener, a timer: an int64_t id */
    PIT_KIND_BINARY, /* pit_binary: counted, shared when the message is copied, dropped with it */
    PIT_KIND_TERM,   /* pit_term: copied with the message */
    PIT_KIND_ARRAY,  /* count elements of what `of` says */
    PIT_KIND_STRUCT, /* another message's struct, described by nested */
};

typedef struct pit_field {
    const char *name;
    uint8_t kind;
    uint8_t of; /* the kind of an array's elements */
    uint16_t count;
    uint32_t offset;
    uint32_t size; /* of the whole field */
    const struct pit_type *nested;
} pit_field;

/* has a binary or a term somewhere inside: copying and dropping take care of them */
#define PIT_TYPE_OWNS 1u

/* of the system lane: no bound on a mailbox refuses, drops or delays it */
#define PIT_TYPE_SYSTEM 2u

typedef struct pit_type {
    const char *name;
    uint32_t size; /* of the payload struct */
    uint16_t field_count;
    uint16_t flags;
    const pit_field *fields;
} pit_type;

/*
 * A received message. The payload follows the header, aligned to 16. Of the header a program reads
 * type and from. A message lives until the next receive of the same level; one given to a handler
 * until that handler returns.
 */
typedef struct pit_msg {
    const pit_type *type;
    pit_pid from;      /* PIT_NO_PID: a thread that runs no process sent it */
    uint64_t pit__tag; /* which call this asks or answers; 0: an ordinary message */
} pit_msg;

/* The payload. Its type is the caller's claim; pit_as() in <pit/message.h> checks it. */
static inline const void *pit_payload(const pit_msg *m) { return (const void *)(m + 1); }

PIT_END_DECLS

#endif
