/*
 * Messages: declare them, send them, look at them.
 *
 *     PIT_MESSAGE(greet, (pit_text16, name), (uint8_t, mac, 6), (struct pos, at));
 *
 * makes struct greet and its descriptor, pit_type_greet. A field is (type, name),
 * (type, name, count) for an array, or (struct other, name) for a message declared before; at most
 * 16. Its type is a number, an enum, a bool, a text (pit_text16 ...), a handle, a pit_binary or a
 * pit_term; a pointer does not compile. A message may have no field.
 *
 * Names are global: two different messages of one name in a program refuse its start, naming both
 * places. The same declaration in several files, through a header, is one message. C17 and C++17;
 * `.field =` needs C++20 there.
 *
 * The payload's padding may hold anything, so never compare or hash a payload as bytes. Nothing
 * here waits unless it says so.
 */
#ifndef PIT_MESSAGE_H
#define PIT_MESSAGE_H

#ifndef PIT_BUILDING
#pragma GCC system_header
#endif

#include <pit/base.h>
#include <pit/binary.h>
#include <pit/keep.h>
#include <pit/macro.h>
#include <pit/mailbox.h>
#include <pit/process.h>
#include <pit/registry.h>
#include <pit/term.h>
#include <pit/timer.h>
#include <pit/type.h>

#ifdef __cplusplus
#include <type_traits>
#else
/*
 * Both are only warnings in gcc 12 and clang 14, and "a wrong type does not compile" would be
 * untrue.
 */
#pragma GCC diagnostic error "-Wint-conversion"
#pragma GCC diagnostic error "-Wincompatible-pointer-types"
#endif

PIT_BEGIN_DECLS

/* ---- texts ----------------------------------------------------------------------------------- */

/* Short texts by value: so many bytes, the last of them zero, so one fewer for the text. */
typedef struct pit_text16 {
    char s[16];
} pit_text16;
typedef struct pit_text32 {
    char s[32];
} pit_text32;
typedef struct pit_text64 {
    char s[64];
} pit_text64;
typedef struct pit_text128 {
    char s[128];
} pit_text128;
typedef struct pit_text256 {
    char s[256];
} pit_text256;

/*
 * pit_text16("Ada"), from any C string. One that is NULL or does not fit ends the caller with
 * badarg: nothing is cut.
 */
#define pit_text16(string) (pit__make_text16((string), __FILE__, __LINE__))
#define pit_text32(string) (pit__make_text32((string), __FILE__, __LINE__))
#define pit_text64(string) (pit__make_text64((string), __FILE__, __LINE__))
#define pit_text128(string) (pit__make_text128((string), __FILE__, __LINE__))
#define pit_text256(string) (pit__make_text256((string), __FILE__, __LINE__))

/* ---- declaring ------------------------------------------------------------------------------- */

#define PIT_MESSAGE(...) PIT__DEFINE_MESSAGE(__VA_ARGS__, )

/*
 * The same for the system lane: no bound on a mailbox refuses, drops or delays it. See
 * <pit/mailbox.h>.
 */
#define PIT_SYSTEM_MESSAGE(...) PIT__DEFINE_MESSAGE_AS(PIT_TYPE_SYSTEM, __VA_ARGS__, )

/* ---- sending --------------------------------------------------------------------------------- */

/*
 * pit_send(to, greet, .name = pit_text16("Ada"), ...): send a copy, as pit_send_copy does; to an
 * alias, as pit_send_alias_copy. A missing field, a field that the message has not and a wrong type
 * do not compile.
 */
#define pit_send(...) PIT__SEND(__VA_ARGS__, )

/*
 * As pit_send, but -EAGAIN where that would wait for room in a mailbox; see <pit/mailbox.h>. Else
 * 0.
 */
#define pit_try_send(...) PIT__TRY_SEND(__VA_ARGS__, )

/*
 * pit_send_priority(alias, greet, .name = ...): the same as a priority message, if the alias takes
 * such; pit_alias_with.
 */
#define pit_send_priority(...) PIT__SEND_PRIORITY(__VA_ARGS__, )

/*
 * pit_send_after(ms, to, greet, .name = ...): the same in ms milliseconds. The reference of the
 * timer; pit_cancel_timer.
 */
#define pit_send_after(...) PIT__SEND_AFTER(__VA_ARGS__, )

/*
 * struct greet *g = pit_new(greet): a message to build in place, zeroed, for
 * pit_message_send(to, g). NULL: no memory.
 */
#define pit_new(name) ((struct name *)pit_message_make(&pit_type_##name, sizeof(struct name)))

/* ---- receiving ------------------------------------------------------------------------------- */

/* Is this message (NULL: none) a greet? */
#define pit_is(m, name) (pit__is((m), &pit_type_##name))

/*
 * pit_as(m, greet)->name: its payload, a const struct greet *. Another message, or NULL, ends the
 * caller with badmatch.
 */
#define pit_as(m, name) ((const struct name *)pit__as((m), &pit_type_##name, __FILE__, __LINE__))

/*
 * Wait for the oldest greet; other messages stay in their order. The payload, which lives as a
 * received message does. After ms milliseconds without one pit_receive_only ends the caller with
 * timeout, pit_try_receive_only is NULL. Waits.
 */
#define pit_receive_only(name, ms) \
    ((const struct name *)pit__receive_only(&pit_type_##name, (ms), __FILE__, __LINE__))
#define pit_try_receive_only(name, ms) \
    ((const struct name *)pit__try_receive_only(&pit_type_##name, (ms)))

/* ---- printing -------------------------------------------------------------------------------- */

/*
 * A message as text by its descriptor, like an Erlang record: #greet{name = "Ada", at = #pos{x = 1,
 * y = 2}}. Writes at most size bytes with a zero at the end; returns how long the whole text is, as
 * snprintf does. Erlang: io_lib:format("~p").
 */
size_t pit_message_text(const pit_msg *m, char *buffer, size_t size);
size_t pit_payload_text(const pit_type *type, const void *payload, char *buffer, size_t size);

/* ---- what the macros stand on; not for programs ---------------------------------------------- */

void pit__text_fill(char *to, size_t room, const char *from, const char *file, int line);
PIT_NORETURN void pit__as_failed(const pit_msg *m, const pit_type *wanted, const char *file,
                                 int line);
const void *pit__receive_only(const pit_type *type, int64_t ms, const char *file, int line);

static inline bool pit__is(const pit_msg *m, const pit_type *type) { return m && m->type == type; }

static inline const void *pit__as(const pit_msg *m, const pit_type *type, const char *file,
                                  int line)
{
    if (__builtin_expect(!pit__is(m, type), 0))
        pit__as_failed(m, type, file, line);
    return pit_payload(m);
}

static inline const void *pit__try_receive_only(const pit_type *type, int64_t ms)
{
    const pit_msg *m = pit_receive_type(type, ms);
    return m ? pit_payload(m) : NULL;
}

#define PIT__MAKE_TEXT(T)                                                             \
    static inline pit_##T pit__make_##T(const char *from, const char *file, int line) \
    {                                                                                 \
        pit_##T text;                                                                 \
        pit__text_fill(text.s, sizeof text.s, from, file, line);                      \
        return text;                                                                  \
    }
PIT__MAKE_TEXT(text16)
PIT__MAKE_TEXT(text32)
PIT__MAKE_TEXT(text64)
PIT__MAKE_TEXT(text128)
PIT__MAKE_TEXT(text256)

/*
 * In each file, since a constructor of the library could not see the bounds of the program:
 * <pit/registry.h>.
 */
static void pit__types_of_this_module(void) __attribute__((constructor, used));
static void pit__types_of_this_module(void) { pit__types_add(__start_pit_types, __stop_pit_types); }

PIT_END_DECLS

/* The messages of the runtime, as PIT_MESSAGE would have counted them. */
enum {
    pit__count_pit_start = 0,
    pit__owns_pit_start = 0,
    pit__count_pit_exited = 2,
    pit__owns_pit_exited = 1,
    pit__count_pit_down = 5,
    pit__owns_pit_down = 1,
    pit__count_pit_timeout = 2,
    pit__owns_pit_timeout = 0,
    pit__count_pit_spawn_reply = 3,
    pit__owns_pit_spawn_reply = 1,
    pit__count_pit_timer_cancelled = 2,
    pit__owns_pit_timer_cancelled = 0,
    pit__count_pit_timer_read = 2,
    pit__owns_pit_timer_read = 0
};

/*
 * A message's payload as a literal. Commas in braces count as fields do, so a check of too few can
 * miss, never cry wolf.
 */
#ifdef __cplusplus
template <class T> using pit__same = T;
template <bool enough> constexpr int pit__enough()
{
    static_assert(enough, "a field of this message is missing");
    return 0;
}
template <class T> static inline void pit__send(pit_pid to, const pit_type *type, const T &payload)
{
    pit_send_copy(to, type, &payload);
}
template <class T> static inline void pit__send(pit_ref to, const pit_type *type, const T &payload)
{
    pit_send_alias_copy(to, type, &payload);
}
template <class T>
static inline int pit__try_send(pit_pid to, const pit_type *type, const T &payload)
{
    return pit_try_send_copy(to, type, &payload);
}
template <class T>
static inline void pit__send_priority(pit_ref to, const pit_type *type, const T &payload)
{
    pit_send_priority_copy(to, type, &payload);
}
template <class T>
static inline pit_ref pit__send_after(int64_t ms, pit_pid to, const pit_type *type,
                                      const T &payload)
{
    return pit_send_after_copy(ms, to, type, &payload);
}
#define PIT__ENOUGH(name, ...) (pit__enough<(PIT__LENGTH(__VA_ARGS__) >= pit__count_##name)>())
#define PIT__PAYLOAD(name, ...) (pit__same<struct name>{__VA_ARGS__})
#else
#define PIT__ENOUGH(name, ...)                                              \
    (0 * sizeof(struct {                                                    \
         _Static_assert(PIT__LENGTH(__VA_ARGS__) >= (int)pit__count_##name, \
                        #name ": a field of this message is missing");      \
         char pit__nothing;                                                 \
     }))
#define PIT__PAYLOAD(name, ...) (&(__extension__(const struct name){__VA_ARGS__}))
#define pit__send(to, type, payload)         \
    (_Generic((to), pit_ref                  \
              : pit_send_alias_copy, default \
              : pit_send_copy)((to), (type), (payload)))
#define pit__try_send pit_try_send_copy
#define pit__send_priority pit_send_priority_copy
#define pit__send_after pit_send_after_copy
#endif

#define PIT__SEND(to, name, ...)                                        \
    (pit__send((to), &pit_type_##name + PIT__ENOUGH(name, __VA_ARGS__), \
               PIT__PAYLOAD(name, __VA_ARGS__)))
#define PIT__TRY_SEND(to, name, ...)                                        \
    (pit__try_send((to), &pit_type_##name + PIT__ENOUGH(name, __VA_ARGS__), \
                   PIT__PAYLOAD(name, __VA_ARGS__)))
#define PIT__SEND_PRIORITY(to, name, ...)                                        \
    (pit__send_priority((to), &pit_type_##name + PIT__ENOUGH(name, __VA_ARGS__), \
                        PIT__PAYLOAD(name, __VA_ARGS__)))
#define PIT__SEND_AFTER(ms, to, name, ...)                                          \
    (pit__send_after((ms), (to), &pit_type_##name + PIT__ENOUGH(name, __VA_ARGS__), \
                     PIT__PAYLOAD(name, __VA_ARGS__)))

/* What kind of field a type is. 255: not one that a message can carry. */
enum { PIT__KIND_REJECTED = 255 };
#ifdef __cplusplus
template <class T> struct pit__kind_of {
    static constexpr int kind =
        std::is_same<T, bool>::value   ? PIT_KIND_BOOL
        : std::is_same<T, char>::value ? PIT_KIND_CHAR
        : std::is_enum<T>::value       ? PIT_KIND_UINT
        : std::is_integral<T>::value && sizeof(T) <= 8
            ? (std::is_signed<T>::value ? PIT_KIND_INT : PIT_KIND_UINT)
        : std::is_same<T, float>::value || std::is_same<T, double>::value ? PIT_KIND_FLOAT
        : std::is_same<T, pit_text16>::value || std::is_same<T, pit_text32>::value ||
                std::is_same<T, pit_text64>::value || std::is_same<T, pit_text128>::value ||
                std::is_same<T, pit_text256>::value
            ? PIT_KIND_TEXT
        : std::is_same<T, pit_pid>::value ? PIT_KIND_PID
        : std::is_same<T, pit_ref>::value ? PIT_KIND_REF
        : std::is_same<T, pit_listener>::value || std::is_same<T, pit_tcp>::value ||
                std::is_same<T, pit_atomics>::value || std::is_same<T, pit_counters>::value
            ? PIT_KIND_HANDLE
        : std::is_same<T, pit_binary>::value ? PIT_KIND_BINARY
        : std::is_same<T, pit_term>::value   ? PIT_KIND_TERM
                                             : (int)PIT__KIND_REJECTED;
};
#define PIT__KIND_PLAIN(T, tag) (pit__kind_of<T>::kind)
#define PIT__EXTERN extern "C"
#define PIT__DEFINE
#else
#define PIT__KIND_PLAIN(T, tag)                  \
    _Generic(*(T *)0, _Bool                      \
             : PIT_KIND_BOOL, char               \
             : PIT_KIND_CHAR, signed char        \
             : PIT_KIND_INT, short               \
             : PIT_KIND_INT, int                 \
             : PIT_KIND_INT, long                \
             : PIT_KIND_INT, long long           \
             : PIT_KIND_INT, unsigned char       \
             : PIT_KIND_UINT, unsigned short     \
             : PIT_KIND_UINT, unsigned int       \
             : PIT_KIND_UINT, unsigned long      \
             : PIT_KIND_UINT, unsigned long long \
             : PIT_KIND_UINT, float              \
             : PIT_KIND_FLOAT, double            \
             : PIT_KIND_FLOAT, pit_text16        \
             : PIT_KIND_TEXT, pit_text32         \
             : PIT_KIND_TEXT, pit_text64         \
             : PIT_KIND_TEXT, pit_text128        \
             : PIT_KIND_TEXT, pit_text256        \
             : PIT_KIND_TEXT, pit_pid            \
             : PIT_KIND_PID, pit_ref             \
             : PIT_KIND_REF, pit_listener        \
             : PIT_KIND_HANDLE, pit_tcp          \
             : PIT_KIND_HANDLE, pit_atomics      \
             : PIT_KIND_HANDLE, pit_counters     \
             : PIT_KIND_HANDLE, pit_binary       \
             : PIT_KIND_BINARY, pit_term         \
             : PIT_KIND_TERM, default            \
             : PIT__KIND_REJECTED)
#define PIT__EXTERN extern
#endif
#define PIT__KIND_STRUCT(T, tag) PIT_KIND_STRUCT
#define PIT__NESTED_PLAIN(T, tag) 0
#define PIT__NESTED_STRUCT(T, tag) &pit_type_##tag
#define PIT__OWNS_PLAIN(T, tag) 0
#define PIT__OWNS_STRUCT(T, tag) (int)pit__owns_##tag

/*
 * PIT__T_##T is two more arguments for `struct tag`: so F##STRUCT(T, tag) for a message,
 * F##PLAIN(T, ~) for other types.
 */
#define PIT__T_struct ~, STRUCT,
#define PIT__BY_TYPE(F, T) PIT__BY_TYPE_(F, T, PIT__T_##T, PLAIN, ~, )
#define PIT__BY_TYPE_(...) PIT__BY_TYPE__(__VA_ARGS__)
#define PIT__BY_TYPE__(F, T, ignored, which, tag, ...) F##which(T, tag)

/*
 * (type, name) has 2 parts, (type, name, count) has 3. The message's name goes first:
 * M2(m, type, name).
 */
#define PIT__PARTS(...) PIT__PARTS_(__VA_ARGS__, 9, 9, 9, 3, 2, 1, )
#define PIT__PARTS_(m, a, b, c, d, e, f, g, n, ...) n
#define PIT__BY_PARTS(M, ...) PIT__CAT(M, PIT__PARTS(__VA_ARGS__, ))(__VA_ARGS__)

/* The members of the struct. */
#define PIT__DECLARE(m, field) PIT__BY_PARTS(PIT__DECLARE_, m, PIT__STRIP field)
#define PIT__DECLARE_NONE(m) char pit__nothing; /* an empty struct has size 0 in C and 1 in C++ */
#define PIT__DECLARE_MANY(m) \
    PIT__STATIC_ASSERT(0, "message " #m " : at most 16 fields; nest a message in it");
#define PIT__DECLARE_2(m, T, name) T name;
#define PIT__DECLARE_3(m, T, name, n) T name[n];
#define PIT__DECLARE_1(m, T) PIT__NOT_A_FIELD(m)
#define PIT__DECLARE_9(m, ...) PIT__NOT_A_FIELD(m)
#define PIT__NOT_A_FIELD(m) \
    PIT__STATIC_ASSERT(0, "message " #m ": a field is (type, name) or (type, name, count)");

/*
 * Its kind as a constant, in an enum of its own: asserting on the expression would have clang print
 * all of it.
 */
#define PIT__CHECK(m, field) PIT__BY_PARTS(PIT__CHECK_, m, PIT__STRIP field)
#define PIT__CHECK_NONE(m)
#define PIT__CHECK_MANY(m)
#define PIT__CHECK_2(m, T, name)                                            \
    enum { pit__kind_##m##_dot_##name = (int)PIT__BY_TYPE(PIT__KIND_, T) }; \
    PIT__STATIC_ASSERT((int)pit__kind_##m##_dot_##name != 255,              \
                       #m "." #name                                         \
                          ": a field is a number, text, handle, binary, term, array or message");
#define PIT__CHECK_3(m, T, name, n) PIT__CHECK_2(m, T, name)
#define PIT__CHECK_1(m, ...)
#define PIT__CHECK_9(m, ...)

#define PIT__OWNS(m, field) PIT__BY_PARTS(PIT__OWNS_, m, PIT__STRIP field)
#define PIT__OWNS_NONE(m)
#define PIT__OWNS_MANY(m)
#define PIT__OWNS_2(m, T, name)                                   \
    | ((int)pit__kind_##m##_dot_##name == (int)PIT_KIND_BINARY || \
       (int)pit__kind_##m##_dot_##name == (int)PIT_KIND_TERM || PIT__BY_TYPE(PIT__OWNS_, T))
#define PIT__OWNS_3(m, T, name, n) PIT__OWNS_2(m, T, name)
#define PIT__OWNS_1(m, ...)
#define PIT__OWNS_9(m, ...)

/* The fields' descriptions. */
#define PIT__DESCRIBE(m, field) PIT__BY_PARTS(PIT__DESCRIBE_, m, PIT__STRIP field)
#define PIT__DESCRIBE_NONE(m)
#define PIT__DESCRIBE_MANY(m)
#define PIT__DESCRIBE_2(m, T, name)           \
    {#name,                                   \
     (uint8_t)pit__kind_##m##_dot_##name,     \
     0,                                       \
     0,                                       \
     (uint32_t)offsetof(struct m, name),      \
     (uint32_t)sizeof(((struct m *)0)->name), \
     PIT__BY_TYPE(PIT__NESTED_, T)},
#define PIT__DESCRIBE_3(m, T, name, n)        \
    {#name,                                   \
     PIT_KIND_ARRAY,                          \
     (uint8_t)pit__kind_##m##_dot_##name,     \
     (n),                                     \
     (uint32_t)offsetof(struct m, name),      \
     (uint32_t)sizeof(((struct m *)0)->name), \
     PIT__BY_TYPE(PIT__NESTED_, T)},
#define PIT__DESCRIBE_1(m, ...)
#define PIT__DESCRIBE_9(m, ...)

/*
 * Visible, so that a message of a library's header is one object in the library and in the program.
 */
#define PIT__SHARED __attribute__((weak, visibility("default")))

/*
 * Weak, so that the same declaration in many files is one object in the program. g++ refuses the
 * attribute on the definition of a const, hence the declaration before it. The list of fields ends
 * with a zero one, so that none is empty.
 */
#define PIT__DEFINE_MESSAGE(...) PIT__DEFINE_MESSAGE_AS(0, __VA_ARGS__)
#define PIT__DEFINE_MESSAGE_AS(flags, name, ...)                                               \
    struct name {                                                                              \
        PIT__FIELDS(PIT__DECLARE, name, __VA_ARGS__)                                           \
    };                                                                                         \
    PIT__STATIC_ASSERT(PIT__ALIGNOF(struct name) <= 16, #name ": payloads are aligned to 16"); \
    PIT__FIELDS(PIT__CHECK, name, __VA_ARGS__)                                                 \
    enum {                                                                                     \
        pit__count_##name = PIT__LENGTH(__VA_ARGS__),                                          \
        pit__owns_##name = 0 PIT__FIELDS(PIT__OWNS, name, __VA_ARGS__)                         \
    };                                                                                         \
    PIT__EXTERN const pit_field pit__fields_##name[PIT__LENGTH(__VA_ARGS__) + 1] PIT__SHARED;  \
    const pit_field pit__fields_##name[PIT__LENGTH(__VA_ARGS__) + 1] = {                       \
        PIT__FIELDS(PIT__DESCRIBE, name, __VA_ARGS__){0, 0, 0, 0, 0, 0, 0}};                   \
    PIT__EXTERN const pit_type pit_type_##name PIT__SHARED;                                    \
    const pit_type pit_type_##name = {#name, (uint32_t)sizeof(struct name),                    \
                                      PIT__LENGTH(__VA_ARGS__), pit__owns_##name | (flags),    \
                                      pit__fields_##name};                                     \
    static const struct pit__type_entry pit__entry_##name                                      \
        __attribute__((used, section("pit_types"), aligned(8))) = {                            \
            &pit_type_##name, PIT__STRING(name, __VA_ARGS__), __FILE__, __LINE__,              \
            (uint32_t)sizeof(struct name)}

#endif
