/*
 * Servers: a process that holds a state and serves a protocol, one message after the other.
 * Erlang: gen_server.
 *
 * The protocol is declared once, as a macro called NAME_protocol, and everything comes from it:
 *
 *     #define counter_protocol(CALL, CAST)              \
 *         CALL(add, ((int64_t, n)), ((int64_t, total))) \
 *         CAST(reset, ())
 *     PIT_PROTOCOL(counter);
 *
 * makes the messages struct counter_add, counter_add_reply and counter_reset (fields as in
 * PIT_MESSAGE), and
 *
 *     struct counter_add_reply counter_add(pit_pid server, int64_t n);
 *     int counter_try_add(pit_pid server, int64_t ms, struct counter_add_reply *reply, int64_t n);
 *     void counter_reset(pit_pid server);
 *
 * counter_add waits 5 seconds at most and ends the caller, with the reason {Why, {call,
 * counter_add, Server}}, if there is no answer: Why is timeout, noproc, calling_self, badcall (the
 * server does not know this call) or the exit reason of the server. The try form returns the error
 * instead, as pit_try_call does. An array is passed as a pointer to its elements. counter_reset
 * does not wait and never fails.
 *
 * In the one file of the server, PIT_SERVER(counter, struct counter, .init = ...) defines
 * counter_server, which pit_server_start takes, and finds the handlers by name: one for each
 * message, on_NAME, without which it does not compile:
 *
 *     static void on_add(struct counter *self, const struct counter_add *m,
 *                        struct counter_add_reply *r);
 *     static void on_reset(struct counter *self, const struct counter_reset *m);
 *
 * r is zeroed; it is the answer when the handler returns, unless the handler deferred it. A handler
 * may block; only its own process waits. A server is a callback process: while it waits for
 * messages it holds no stack.
 *
 * The other callbacks, all optional, in this order:
 *     int init(struct counter *self, const void *arg)     in the new process, before anything else;
 *                                                         self is zeroed. 0, or a negative error
 *                                                         that the starter gets: no server then.
 *     void info(struct counter *self, const pit_msg *m)   what the protocol does not name; left
 *                                                         out: logged and dropped
 *     void timeout(struct counter *self)                  nothing came for as long as
 *                                                         pit_server_timeout said
 *     void resume(struct counter *self)                   what pit_server_resume asked for
 *     void terminate(struct counter *self, pit_term reason)  the server ends, in the cases below
 *
 * terminate is called when the server ends by pit_server_finish or pit_server_stop, and when it
 * traps exits and its parent ends. It is not called when init failed, when an exit signal that is
 * not trapped ends the server (that of a supervisor, too: trap exits in init to be told), and when
 * a handler ends the process: by a fault, an error of a pit_ function or pit_exit. C cannot promise
 * that the state is whole then; what must be given back belongs to the process, which does it in
 * any case.
 */
#ifndef PIT_SERVER_H
#define PIT_SERVER_H

#ifndef PIT_BUILDING
#pragma GCC system_header
#endif

#include <pit/message.h>

PIT_BEGIN_DECLS

/* ---- declaring ------------------------------------------------------------------------------- */

/* See the top. At file scope; a protocol in a header that others include, a server in one file. */
/* cppcheck's preprocessor does not get to the end of this one, and gives the file up. */
#ifdef __cppcheck__
#define PIT_PROTOCOL(name) struct pit__protocol_##name
#else
#define PIT_PROTOCOL(name)                                                                   \
    PIT__ENTRIES(PIT__PROTOCOL_ENTRY, name, name##_protocol(PIT__ITEM_CALL, PIT__ITEM_CAST)) \
    struct pit__protocol_##name
#endif
#define PIT_SERVER(...) PIT__SERVER(__VA_ARGS__, )

/* What PIT_SERVER makes: how to start, serve and end. Not for programs to fill in. */
typedef struct pit_server {
    const char *name;
    size_t state_size;
    int (*init)(void *self, const void *arg);
    bool (*dispatch)(void *self, const pit_msg *m); /* false: not of the protocol */
    bool (*info)(void *self, const pit_msg *m);     /* these: false: there is no such callback */
    bool (*timeout)(void *self);
    bool (*resume)(void *self);
    bool (*terminate)(void *self, pit_term reason);
} pit_server;

/* ---- starting and stopping ------------------------------------------------------------------- */

/* Zero is the default of each. */
typedef struct pit_server_opts {
    bool link PIT__DEFAULT;        /* to the caller; its end ends the server */
    const char *name PIT__DEFAULT; /* register it before it runs */
    int64_t timeout PIT__DEFAULT;  /* how many ms init may take; 0: as long as it likes */
    uint8_t priority PIT__DEFAULT; /* these as in pit_spawn_opts */
    int16_t scheduler PIT__DEFAULT;
    uint32_t stack PIT__DEFAULT;
    const char *label PIT__DEFAULT; /* left out: the server's name */
} pit_server_opts;

/*
 * Start a server, run its init with a copy of arg[0..size) (size 0: with NULL), and wait until init
 * is done. The copy lives as long as the server does.
 *
 * Holds what init returned if that was an error; -PIT_EEXITED: it ended in init, and
 * pit_last_exit_reason() says why; -PIT_ENAMETAKEN, -PIT_ESYSTEMLIMIT, -ENOMEM, -EINVAL as spawning
 * does; -ETIMEDOUT: init took too long, and was killed. A failed start is over when this returns:
 * the process is gone, its name free, no exit message of it comes.
 * pit_server_start_with(&counter_server, &from, sizeof from, .name = "counter", .link = true) takes
 * options. Waits. Erlang: gen_server:start/3,4, start_link/3,4. Spec: PL-2, GEN-2, GEN-3, GS-1.
 */
pit_pid pit_server_start(const pit_server *server, const void *arg, size_t size);
pit_pid pit_server_start_link(const pit_server *server, const void *arg, size_t size);
pit_pid pit_server_start_opts(const pit_server *server, const void *arg, size_t size,
                              pit_server_opts opts);
#define pit_server_start_with(...) PIT__SERVER_START(__VA_ARGS__, )

/*
 * Ask a server to end with this reason, and wait until it has: 0. -PIT_ENOPROC: there was none.
 * -PIT_EEXITED: it ended, but otherwise (pit_last_exit_reason()). -ETIMEDOUT: it goes on.
 * -PIT_EBADCALL: it is no server. -EDEADLK: it is the caller, whose way is pit_server_finish.
 * -EINVAL: a handle that holds an error. Waits.
 * Erlang: gen_server:stop/3. Spec: PL-6, GEN-10.
 */
int pit_server_stop(pit_pid server, pit_term reason, int64_t timeout);

/* ---- asking ---------------------------------------------------------------------------------- */

/* pit_call(server, counter_add, .n = 5).total: counter_add with its fields by name. Waits.
   Erlang: gen_server:call/2. Spec: GEN-5, GEN-6. */
#define pit_call(...) PIT__CALL_BY_NAME(__VA_ARGS__, )

/* ---- inside a server ------------------------------------------------------------------------- */

/* These are for a server's own callbacks; elsewhere they end the caller with badarg. */

/*
 * In the handler of a call: its answer comes later, by pit_reply(asker, counter_add, .total = 5),
 * from this process. What the handler leaves in r is ignored. Does not wait.
 * Erlang: {noreply, State} and gen_server:reply/2. Spec: GS-16.
 */
pit_asker pit_defer(void);
#define pit_reply(...) PIT__REPLY(__VA_ARGS__, )

/*
 * Call timeout() when no message has come for ms milliseconds; any message cancels it. 0: when the
 * queue is empty. PIT_INFINITY: cancel it. Does not wait.
 * Erlang: {noreply, State, Timeout}. Spec: GS-4.
 */
void pit_server_timeout(int64_t ms);

/*
 * Call resume() right after this callback (and after init's start was reported), before any
 * message. Does not wait. Erlang: {noreply, State, {continue, _}}. Spec: GS-3.
 */
void pit_server_resume(void);

/*
 * End with this reason when this callback returns: terminate() is called, and then the answer of
 * the call in hand is sent. Does not wait. Erlang: {stop, Reason, State}. Spec: GS-2, GS-6, GS-10.
 */
void pit_server_finish(pit_term reason);

/* ---- what the macros stand on; not for programs ---------------------------------------------- */

void pit__call(pit_pid server, const pit_type *request_type, const void *request,
               const pit_type *reply_type, void *reply);
void pit__server_answer(void *self, const pit_msg *m, const pit_type *reply_type,
                        const void *reply);

PIT_END_DECLS

#ifdef __cplusplus
#define PIT__CONST_REF(T) const T &
#define PIT__ADDRESS_OF(x) (&(x))
#define PIT__SAME_FUNCTION(f, ...) (std::is_same<decltype(f), __VA_ARGS__>::value)
template <class T>
static inline void pit__answer_asker(pit_asker asker, const pit_type *type, const T &reply)
{
    pit_answer_asker(asker, type, &reply);
}
#else
#define PIT__CONST_REF(T) const T *
#define PIT__ADDRESS_OF(x) (x)
#define PIT__SAME_FUNCTION(f, ...) __builtin_types_compatible_p(__typeof__(f), __VA_ARGS__)
#define pit__answer_asker pit_answer_asker
#endif

#define PIT__SERVER_START(server, arg, size, ...)   \
    (pit_server_start_opts((server), (arg), (size), \
                           __extension__ PIT__LITERAL(pit_server_opts){__VA_ARGS__}))
#define PIT__REPLY(asker, name, ...)                                                               \
    (pit__answer_asker((asker), &pit_type_##name##_reply + PIT__ENOUGH(name##_reply, __VA_ARGS__), \
                       PIT__PAYLOAD(name##_reply, __VA_ARGS__)))
#define PIT__CALL_BY_NAME(server, name, ...)                         \
    (pit__call_##name((server), (int)PIT__ENOUGH(name, __VA_ARGS__), \
                      PIT__PAYLOAD(name, __VA_ARGS__)))

/* A protocol as a list of (PITCALL, name, fields, reply's fields) and (PITCAST, name, fields). */
#define PIT__ITEM_CALL(name, fields, reply) (PITCALL, name, fields, reply),
#define PIT__ITEM_CAST(name, fields) (PITCAST, name, fields),

/* The parameters of a client function, and how they get into the message. */
#define PIT__PARAMETER(m, field) PIT__BY_PARTS(PIT__PARAMETER_, m, PIT__STRIP field)
#define PIT__PARAMETER_NONE(m)
#define PIT__PARAMETER_MANY(m)
#define PIT__PARAMETER_2(m, T, name) , T name
#define PIT__PARAMETER_3(m, T, name, n) , const T *name
#define PIT__PARAMETER_1(m, ...)
#define PIT__PARAMETER_9(m, ...)
#define PIT__ASSIGN(m, field) PIT__BY_PARTS(PIT__ASSIGN_, m, PIT__STRIP field)
#define PIT__ASSIGN_NONE(m)
#define PIT__ASSIGN_MANY(m)
#define PIT__ASSIGN_2(m, T, name) m.name = name;
#define PIT__ASSIGN_3(m, T, name, n) __builtin_memcpy(m.name, name, sizeof m.name);
#define PIT__ASSIGN_1(m, ...)
#define PIT__ASSIGN_9(m, ...)
#define PIT__FILL(T, fields)                                 \
    struct T pit__request;                                   \
    __builtin_memset(&pit__request, 0, sizeof pit__request); \
    PIT__FIELDS(PIT__ASSIGN, pit__request, PIT__LIST(fields))

/* The messages and client functions of one entry. */
#define PIT__PROTOCOL_ENTRY(p, entry) PIT__PROTOCOL_ENTRY_(p, PIT__STRIP entry)
#define PIT__PROTOCOL_ENTRY_(...) PIT__PROTOCOL_ENTRY__(__VA_ARGS__)
#define PIT__PROTOCOL_ENTRY__(p, kind, ...) PIT__PROTOCOL_##kind(p, __VA_ARGS__)

#define PIT__PROTOCOL_PITCAST(p, name, fields)                                 \
    PIT__DEFINE_MESSAGE(p##_##name, PIT__LIST(fields));                        \
    __attribute__((unused)) static inline void p##_##name(                     \
        pit_pid pit__server PIT__FIELDS(PIT__PARAMETER, ~, PIT__LIST(fields))) \
    {                                                                          \
        PIT__FILL(p##_##name, fields)                                          \
        pit_send_copy(pit__server, &pit_type_##p##_##name, &pit__request);     \
    }

#define PIT__PROTOCOL_PITCALL(p, name, fields, reply)                                            \
    PIT__DEFINE_MESSAGE(p##_##name, PIT__LIST(fields));                                          \
    PIT__DEFINE_MESSAGE(p##_##name##_reply, PIT__LIST(reply));                                   \
    __attribute__((unused)) static inline struct p##_##name##_reply pit__call_##p##_##name(      \
        pit_pid pit__server, int pit__checked, PIT__CONST_REF(struct p##_##name) pit__request)   \
    {                                                                                            \
        struct p##_##name##_reply pit__reply;                                                    \
        (void)pit__checked;                                                                      \
        pit__call(pit__server, &pit_type_##p##_##name, PIT__ADDRESS_OF(pit__request),            \
                  &pit_type_##p##_##name##_reply, &pit__reply);                                  \
        return pit__reply;                                                                       \
    }                                                                                            \
    __attribute__((unused)) static inline struct p##_##name##_reply p##_##name(                  \
        pit_pid pit__server PIT__FIELDS(PIT__PARAMETER, ~, PIT__LIST(fields)))                   \
    {                                                                                            \
        struct p##_##name##_reply pit__reply;                                                    \
        PIT__FILL(p##_##name, fields)                                                            \
        pit__call(pit__server, &pit_type_##p##_##name, &pit__request,                            \
                  &pit_type_##p##_##name##_reply, &pit__reply);                                  \
        return pit__reply;                                                                       \
    }                                                                                            \
    __attribute__((unused)) static inline int p##_try_##name(                                    \
        pit_pid pit__server, int64_t pit__ms,                                                    \
        struct p##_##name##_reply *pit__reply PIT__FIELDS(PIT__PARAMETER, ~, PIT__LIST(fields))) \
    {                                                                                            \
        PIT__FILL(p##_##name, fields)                                                            \
        return pit_try_call(pit__server, &pit_type_##p##_##name, &pit__request, pit__ms,         \
                            &pit_type_##p##_##name##_reply, pit__reply);                         \
    }

/*
 * The server's side of one entry: a thunk that calls the handler by its name, and a line of the
 * dispatcher.
 */
#define PIT__SERVER_ENTRY(c, entry) PIT__SERVER_ENTRY_(PIT__STRIP c, PIT__STRIP entry)
#define PIT__SERVER_ENTRY_(...) PIT__SERVER_ENTRY__(__VA_ARGS__)
#define PIT__SERVER_ENTRY__(p, T, kind, name, ...) PIT__SERVER_##kind(p, T, name)
#define PIT__SERVER_PITCALL(p, T, name)                                                         \
    PIT__STATIC_ASSERT(PIT__SAME_FUNCTION(on_##name, void(T *, const struct p##_##name *,       \
                                                          struct p##_##name##_reply *)),        \
                       "on_" #name " must be: void on_" #name "(" #T " *self, const struct " #p \
                       "_" #name " *m, struct " #p "_" #name "_reply *r)");                     \
    static void pit__serve_##p##_##name(T *self, const pit_msg *m)                              \
    {                                                                                           \
        struct p##_##name##_reply pit__reply;                                                   \
        __builtin_memset(&pit__reply, 0, sizeof pit__reply);                                    \
        on_##name(self, (const struct p##_##name *)pit_payload(m), &pit__reply);                \
        pit__server_answer(self, m, &pit_type_##p##_##name##_reply, &pit__reply);               \
    }
#define PIT__SERVER_PITCAST(p, T, name)                                                         \
    PIT__STATIC_ASSERT(PIT__SAME_FUNCTION(on_##name, void(T *, const struct p##_##name *)),     \
                       "on_" #name " must be: void on_" #name "(" #T " *self, const struct " #p \
                       "_" #name " *m)");                                                       \
    static void pit__serve_##p##_##name(T *self, const pit_msg *m)                              \
    {                                                                                           \
        on_##name(self, (const struct p##_##name *)pit_payload(m));                             \
    }

#define PIT__SERVER_CASE(p, entry) PIT__SERVER_CASE_(p, PIT__STRIP entry)
#define PIT__SERVER_CASE_(...) PIT__SERVER_CASE__(__VA_ARGS__)
#define PIT__SERVER_CASE__(p, kind, name, ...)      \
    if (pit__m->type == &pit_type_##p##_##name) {   \
        pit__serve_##p##_##name(pit__self, pit__m); \
        return true;                                \
    }

/* The table of callbacks begins with a hidden member: empty braces are an extension in C17. */
#define PIT__SERVER(p, T, ...)                                                                  \
    PIT__ENTRIES(PIT__SERVER_ENTRY, (p, T), p##_protocol(PIT__ITEM_CALL, PIT__ITEM_CAST))       \
    struct pit__callbacks_##p {                                                                 \
        char pit__first;                                                                        \
        int (*init)(T * self, const void *arg) PIT__DEFAULT;                                    \
        void (*info)(T * self, const pit_msg *m) PIT__DEFAULT;                                  \
        void (*timeout)(T * self) PIT__DEFAULT;                                                 \
        void (*resume)(T * self) PIT__DEFAULT;                                                  \
        void (*terminate)(T * self, pit_term reason) PIT__DEFAULT;                              \
    };                                                                                          \
    static const struct pit__callbacks_##p pit__callbacks_##p = {.pit__first = 0, __VA_ARGS__}; \
    static int pit__init_##p(void *self, const void *arg)                                       \
    {                                                                                           \
        return pit__callbacks_##p.init ? pit__callbacks_##p.init((T *)self, arg) : 0;           \
    }                                                                                           \
    static bool pit__dispatch_##p(void *self, const pit_msg *pit__m)                            \
    {                                                                                           \
        T *pit__self = (T *)self;                                                               \
        (void)pit__self;                                                                        \
        PIT__ENTRIES(PIT__SERVER_CASE, p, p##_protocol(PIT__ITEM_CALL, PIT__ITEM_CAST))         \
        (void)pit__m;                                                                           \
        return false;                                                                           \
    }                                                                                           \
    static bool pit__info_##p(void *self, const pit_msg *m)                                     \
    {                                                                                           \
        if (pit__callbacks_##p.info)                                                            \
            pit__callbacks_##p.info((T *)self, m);                                              \
        return pit__callbacks_##p.info != 0;                                                    \
    }                                                                                           \
    static bool pit__timeout_##p(void *self)                                                    \
    {                                                                                           \
        if (pit__callbacks_##p.timeout)                                                         \
            pit__callbacks_##p.timeout((T *)self);                                              \
        return pit__callbacks_##p.timeout != 0;                                                 \
    }                                                                                           \
    static bool pit__resume_##p(void *self)                                                     \
    {                                                                                           \
        if (pit__callbacks_##p.resume)                                                          \
            pit__callbacks_##p.resume((T *)self);                                               \
        return pit__callbacks_##p.resume != 0;                                                  \
    }                                                                                           \
    static bool pit__terminate_##p(void *self, pit_term reason)                                 \
    {                                                                                           \
        if (pit__callbacks_##p.terminate)                                                       \
            pit__callbacks_##p.terminate((T *)self, reason);                                    \
        return pit__callbacks_##p.terminate != 0;                                               \
    }                                                                                           \
    PIT__STATIC_ASSERT(PIT__ALIGNOF(T) <= 16, #T ": a server's state is aligned to 16");        \
    __attribute__((unused)) static const pit_server p##_server = {#p,                           \
                                                                  sizeof(T),                    \
                                                                  pit__init_##p,                \
                                                                  pit__dispatch_##p,            \
                                                                  pit__info_##p,                \
                                                                  pit__timeout_##p,             \
                                                                  pit__resume_##p,              \
                                                                  pit__terminate_##p}

#endif
