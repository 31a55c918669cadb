/*
 * What the casino's processes say to each other where speed counts; the rest are the protocols in
 * house.h, table.h and monitor.h. Bytes of any length follow some of these structs: message_make()
 * and message_tail().
 *
 *   client --table_work--> table --house_write--> house --table_answer--> client     a write
 *   client --table_work--> table --table_answer--> client                            a read
 *   client --house_find--> house --house_found--> client                             who is table 3 now?
 */
#ifndef CASINO_MESSAGES_H
#define CASINO_MESSAGES_H

#include <pit/pit.h>
#include <pit/tcp.h>

#include "examples/casino/bytes.h"

/* Commands (batch.h) for a table; the answer goes to client, with its ticket. */
PIT_MESSAGE(table_work, (pit_pid, client), (uint64_t, ticket));

/* The replies to them, or to the first of them: those in the first `taken` bytes of the work. A
   table stops when its replies have become long (max-outstanding). From the table itself if nothing
   was written, else from the house. */
PIT_MESSAGE(table_answer, (uint64_t, ticket), (uint32_t, table), (uint32_t, taken));

/* What a table has done, `journal` bytes of it, then the replies, which the house passes on when
   its copy is up to date. client PIT_NO_PID: there are none. */
PIT_MESSAGE(house_write, (pit_pid, client), (uint64_t, ticket), (uint32_t, table),
            (uint32_t, taken), (uint32_t, journal));

/*
 * Who is this table now? Answered when it is somebody else than `gone` (PIT_NO_PID: anybody will
 * do), and when the house has had all that `gone` ever sent, so all its answers have gone out
 * before.
 */
PIT_MESSAGE(house_find, (pit_pid, client), (pit_pid, gone), (uint32_t, table));
PIT_MESSAGE(house_found, (pit_pid, pid), (uint32_t, table));

/* Dereference NULL: now, or (after > 0) when that many more marked places in the table's code have
   been passed. */
PIT_MESSAGE(table_crash, (uint32_t, after));

/* A connection's socket is its own now. */
PIT_MESSAGE(client_socket, (pit_tcp, socket));

/* A message of this type with so many bytes behind it, to be filled in and sent. Ends the caller
   without memory. */
void *message_make(const pit_type *type, size_t more);

/* The bytes behind a struct of this size. */
static inline struct bytes message_tail(const pit_msg *m, size_t size)
{
    return bytes_of((const char *)pit_payload(m) + size, pit_message_size(m) - size);
}

/* Memory of the process that asks (memory.h): gone with it when it crashes. */
struct memory;
extern const struct memory memory_process;

#endif
