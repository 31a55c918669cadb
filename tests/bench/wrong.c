/*
 * Loaded before libpitboss into a benchmark, to make one thing that happens there wrong:
 * tests/bench/wrong. What goes wrong stands in PITBOSS_WRONG as "FAULT TYPE[.FIELD] NTH":
 *
 *   lose TYPE N          the Nth message of this type is not sent, or the Nth call with it not made
 *   twice TYPE N         it is sent twice
 *   change TYPE.FIELD N  this field of it is another one: of a binary 4 bytes in its middle, of an
 *                        array the element there
 *   early TYPE N         a timer's message, which says first when it is due, comes long before that
 *
 * Of functions that send nothing, TYPE is the name: spawn and start (lose, twice), children, link,
 * unlink, register, whereis, cancel_timer, demonitor, atomics_get (lose: the result of having done
 * nothing), match, term_print, term_parse, malloc, syscall, submit (lose: it fails), start_timer
 * (lose, twice), message_send (lose), build (change: another one), alloc (change: not zeroed) and
 * recv (change: the first byte). tcp_send_copy is lost, or its first byte changes.
 *
 * Counts are of the whole program. Only calls from the benchmark come by here, not those within the
 * library.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <pit/pit.h>
#include <pit/tcp.h>

#define SHARED __attribute__((visibility("default")))
#define LARGEST 4096 /* bytes of a message that is changed */

/* The function that this one stands before. */
#define NEXT(name) ((__typeof__(&name))(uintptr_t)dlsym(RTLD_NEXT, #name))

static struct {
    char fault[16], type[64], field[32];
    unsigned long nth;
} plan;
static _Atomic unsigned long seen;

__attribute__((constructor)) static void read_plan(void)
{
    const char *text = getenv("PITBOSS_WRONG");
    char *dot;

    if (!text || sscanf(text, "%15s %63s %lu", plan.fault, plan.type, &plan.nth) != 3) {
        fprintf(stderr, "libwrong: no plan in PITBOSS_WRONG\n");
        _Exit(2);
    }
    dot = strchr(plan.type, '.');
    if (dot) {
        *dot = 0;
        snprintf(plan.field, sizeof plan.field, "%s", dot + 1);
    }
}

/* Is this the thing that goes wrong? */
static bool now_wrong(const char *type)
{
    return plan.nth && !strcmp(type, plan.type) &&
           atomic_fetch_add_explicit(&seen, 1, memory_order_relaxed) + 1 == plan.nth;
}

static bool fault_is(const char *fault) { return !strcmp(plan.fault, fault); }

static void change(const pit_type *type, void *payload)
{
    for (uint16_t i = 0; i < type->field_count; i++) {
        const pit_field *f = &type->fields[i];
        char *at = (char *)payload + f->offset;

        if (strcmp(f->name, plan.field) != 0)
            continue;
        if (f->kind == PIT_KIND_BINARY) {
            const pit_binary *b = (const pit_binary *)(const void *)at;
            uint32_t *word = (uint32_t *)(uintptr_t)(b->data + b->size / 2 / 4 * 4);

            *word = ~*word;
        } else if (f->kind == PIT_KIND_FLOAT) {
            *(double *)(void *)at += 0.5;
        } else if (f->kind == PIT_KIND_ARRAY) {
            at[f->size / f->count * (f->count / 2)] ^= 1;
        } else {
            *at ^= 1;
        }
        return;
    }
    fprintf(stderr, "libwrong: %s has no %s\n", plan.type, plan.field);
    _Exit(2);
}

SHARED void pit_send_copy(pit_pid to, const pit_type *type, const void *payload)
{
    __typeof__(&pit_send_copy) next = NEXT(pit_send_copy);
    _Alignas(16) char copy[LARGEST];

    if (!now_wrong(type->name)) {
        next(to, type, payload);
        return;
    }
    if (fault_is("lose"))
        return;
    memcpy(copy, payload, type->size);
    if (fault_is("twice"))
        next(to, type, payload);
    else
        change(type, copy);
    next(to, type, copy);
}

SHARED pit_ref pit_send_after_copy(int64_t ms, pit_pid to, const pit_type *type,
                                   const void *payload)
{
    _Alignas(16) char copy[LARGEST];

    if (now_wrong(type->name)) {
        if (fault_is("lose"))
            return (pit_ref){0};
        memcpy(copy, payload, type->size);
        if (fault_is("early"))
            *(int64_t *)(void *)copy += INT64_C(1) << 50;
        else
            NEXT(pit_send_after_copy)(ms, to, type, payload);
        payload = copy;
    }
    return NEXT(pit_send_after_copy)(ms, to, type, payload);
}

SHARED void pit_message_send(pit_pid to, void *payload)
{
    if (!now_wrong("message_send"))
        NEXT(pit_message_send)(to, payload);
}

SHARED int pit_tcp_send_copy(pit_tcp s, const void *data, size_t size)
{
    char copy[LARGEST];

    if (now_wrong("tcp_send_copy")) {
        if (fault_is("lose"))
            return 0;
        memcpy(copy, data, size);
        copy[0] ^= 1;
        data = copy;
    }
    return NEXT(pit_tcp_send_copy)(s, data, size);
}

SHARED void pit__call(pit_pid server, const pit_type *request_type, const void *request,
                      const pit_type *reply_type, void *reply)
{
    __typeof__(&pit__call) next = NEXT(pit__call);
    _Alignas(16) char copy[LARGEST];

    if (!now_wrong(request_type->name)) {
        next(server, request_type, request, reply_type, reply);
        return;
    }
    if (fault_is("lose")) {
        memset(reply, 0, reply_type ? reply_type->size : 0);
        return;
    }
    memcpy(copy, request, request_type->size);
    change(request_type, copy);
    next(server, request_type, copy, reply_type, reply);
}

SHARED void pit__server_answer(void *self, const pit_msg *m, const pit_type *reply_type,
                               const void *reply)
{
    __typeof__(&pit__server_answer) next = NEXT(pit__server_answer);
    _Alignas(16) char copy[LARGEST];

    if (reply_type && now_wrong(reply_type->name)) {
        memcpy(copy, reply, reply_type->size);
        change(reply_type, copy);
        reply = copy;
    }
    next(self, m, reply_type, reply);
}

SHARED pit_pid pit_spawn_handler(pit_handler *handler, const void *state, size_t size)
{
    __typeof__(&pit_spawn_handler) next = NEXT(pit_spawn_handler);

    if (!now_wrong("spawn"))
        return next(handler, state, size);
    if (fault_is("lose"))
        return PIT_NO_PID;
    next(handler, state, size);
    return next(handler, state, size);
}

SHARED pit_pid pit_try_spawn_handler(pit_handler *handler, const void *state, size_t size,
                                     pit_spawn_opts opts)
{
    return now_wrong("try_spawn") ? pit_self()
                                  : NEXT(pit_try_spawn_handler)(handler, state, size, opts);
}

SHARED pit_pid pit_spawn(pit_body *body, const void *arg, size_t size)
{
    __typeof__(&pit_spawn) next = NEXT(pit_spawn);

    if (!now_wrong("spawn"))
        return next(body, arg, size);
    if (fault_is("lose"))
        return PIT_NO_PID;
    next(body, arg, size);
    return next(body, arg, size);
}

SHARED pit_pid pit_server_start(const pit_server *server, const void *arg, size_t size)
{
    __typeof__(&pit_server_start) next = NEXT(pit_server_start);

    if (now_wrong("start"))
        next(server, arg, size);
    return next(server, arg, size);
}

SHARED pit_pid pit_supervisor_add_child(pit_pid supervisor, pit_child child)
{
    return now_wrong("start") ? pit_self() : NEXT(pit_supervisor_add_child)(supervisor, child);
}

SHARED pit_pid pit_supervisor_start_simple(pit_pid supervisor, const void *arg, size_t size)
{
    return now_wrong("start") ? pit_self()
                              : NEXT(pit_supervisor_start_simple)(supervisor, arg, size);
}

SHARED pit_children pit__children(const pit_child *children, size_t count)
{
    return NEXT(pit__children)(children, count - now_wrong("children"));
}

SHARED int pit_demonitor(pit_ref ref, unsigned flags)
{
    return now_wrong("demonitor") ? 0 : NEXT(pit_demonitor)(ref, flags);
}

SHARED pit_ref pit_start_timer(int64_t ms, pit_pid to, uint64_t value)
{
    __typeof__(&pit_start_timer) next = NEXT(pit_start_timer);

    if (now_wrong("start_timer")) {
        if (fault_is("lose"))
            return (pit_ref){0};
        next(ms, to, value);
    }
    return next(ms, to, value);
}

SHARED void pit_link(pit_pid other)
{
    if (!now_wrong("link"))
        NEXT(pit_link)(other);
}

SHARED void pit_unlink(pit_pid other)
{
    if (!now_wrong("unlink"))
        NEXT(pit_unlink)(other);
}

SHARED int pit_register(const char *name, pit_pid pid)
{
    return now_wrong("register") ? 0 : NEXT(pit_register)(name, pid);
}

SHARED pit_pid pit_whereis(const char *name)
{
    return now_wrong("whereis") ? PIT_NO_PID : NEXT(pit_whereis)(name);
}

SHARED void *pit_alloc(size_t size)
{
    char *memory = NEXT(pit_alloc)(size);

    if (now_wrong("alloc"))
        memory[size - 1] = 1;
    return memory;
}

SHARED pit_term pit__build(struct pit__place place, const struct pit__arg *args, unsigned count)
{
    return now_wrong("build") ? pit_nil() : NEXT(pit__build)(place, args, count);
}

SHARED bool pit__match(pit_term t, struct pit__place place, const struct pit__arg *targets,
                       unsigned count)
{
    return !now_wrong("match") && NEXT(pit__match)(t, place, targets, count);
}

SHARED size_t pit_term_print(char *buf, size_t size, pit_term t)
{
    return now_wrong("term_print") ? 0 : NEXT(pit_term_print)(buf, size, t);
}

SHARED int pit_term_parse(const char *text, size_t size, pit_term *ret)
{
    return now_wrong("term_parse") ? -EINVAL : NEXT(pit_term_parse)(text, size, ret);
}

SHARED int64_t pit_cancel_timer(pit_ref timer)
{
    return now_wrong("cancel_timer") ? 0 : NEXT(pit_cancel_timer)(timer);
}

SHARED int64_t pit_atomics_get(pit_atomics atomics, size_t index)
{
    return now_wrong("atomics_get") ? -1 : NEXT(pit_atomics_get)(atomics, index);
}

/* ---- what the floors do by themselves */

extern void *__libc_malloc(size_t size);

SHARED void *malloc(size_t size) /* of floor_malloc's size alone */
{
    return size == 64 && now_wrong("malloc") ? NULL : __libc_malloc(size);
}

SHARED long syscall(long number, ...)
{
    long a[6];
    va_list args;

    va_start(args, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(args,
                      long); /* those that are not there are whatever is there, and not looked at */
    va_end(args);
    return now_wrong("syscall") ? -1 : NEXT(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

struct io_uring;
int io_uring_submit_and_wait(struct io_uring *ring, unsigned wait);

SHARED int io_uring_submit_and_wait(struct io_uring *ring, unsigned wait)
{
    return now_wrong("submit") ? 0 : NEXT(io_uring_submit_and_wait)(ring, wait);
}

SHARED ssize_t recv(int fd, void *to, size_t size, int flags)
{
    ssize_t n = NEXT(recv)(fd, to, size, flags);

    if (n > 0 && now_wrong("recv"))
        *(char *)to ^= 1;
    return n;
}
