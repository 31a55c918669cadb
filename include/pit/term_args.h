/*
 * How pit_build and pit_match take typed arguments: one tagged value each, chosen by the C type
 * through _Generic and in C++ by overloads. So there are no varargs: a type that no term is made of
 * does not compile, and the format and the argument never disagree silently. Not for programs; see
 * <pit/term.h>.
 */
#ifndef PIT_TERM_ARGS_H
#define PIT_TERM_ARGS_H

#ifndef PIT_BUILDING
#pragma GCC system_header
#endif

PIT_BEGIN_DECLS

enum pit__arg_kind {
    PIT__ARG_INT, /* values, for pit_build */
    PIT__ARG_UINT,
    PIT__ARG_FLOAT,
    PIT__ARG_BOOL,
    PIT__ARG_TEXT,
    PIT__ARG_PID,
    PIT__ARG_REF,
    PIT__ARG_BINARY,
    PIT__ARG_TERM,
    PIT__TARGET_INT, /* targets, for pit_match; an integer's or a float's size is beside it */
    PIT__TARGET_UINT,
    PIT__TARGET_FLOAT,
    PIT__TARGET_BOOL,
    PIT__TARGET_TEXT,
    PIT__TARGET_PID,
    PIT__TARGET_REF,
    PIT__TARGET_BINARY,
    PIT__TARGET_TERM,
};

struct pit__arg {
    enum pit__arg_kind kind;
    unsigned size;
    union {
        int64_t i;
        uint64_t u;
        double d;
        const char *text;
        pit_pid pid;
        pit_ref ref;
        pit_binary binary;
        pit_term term;
        void *target;
    } as;
};

/* Where a format stands in the program. */
typedef struct pit__place {
    const char *format;
    const char *file;
    int line;
} pit__place;

pit_term pit__build(struct pit__place place, const struct pit__arg *args, unsigned count);
bool pit__match(pit_term t, struct pit__place place, const struct pit__arg *targets,
                unsigned count);
pit_term pit__term_of(struct pit__arg arg);
bool pit__term_to(pit_term t, struct pit__arg target);
pit_term pit__tuple_of_args(const struct pit__arg *args, unsigned count);
pit_term pit__list_of_args(const struct pit__arg *args, unsigned count);

#define PIT__ARG_MAKER(name, T, kind_, field) \
    static inline struct pit__arg name(T x)   \
    {                                         \
        struct pit__arg arg;                  \
        arg.kind = kind_;                     \
        arg.size = sizeof(T);                 \
        arg.as.field = x;                     \
        return arg;                           \
    }
PIT__ARG_MAKER(pit__arg_int, long long, PIT__ARG_INT, i)
PIT__ARG_MAKER(pit__arg_uint, unsigned long long, PIT__ARG_UINT, u)
PIT__ARG_MAKER(pit__arg_float, double, PIT__ARG_FLOAT, d)
PIT__ARG_MAKER(pit__arg_bool, bool, PIT__ARG_BOOL, u)
PIT__ARG_MAKER(pit__arg_text, const char *, PIT__ARG_TEXT, text)
PIT__ARG_MAKER(pit__arg_pid, pit_pid, PIT__ARG_PID, pid)
PIT__ARG_MAKER(pit__arg_ref, pit_ref, PIT__ARG_REF, ref)
PIT__ARG_MAKER(pit__arg_binary, pit_binary, PIT__ARG_BINARY, binary)
PIT__ARG_MAKER(pit__arg_term, pit_term, PIT__ARG_TERM, term)

#define PIT__TARGET_MAKER(name, T, kind_)    \
    static inline struct pit__arg name(T *x) \
    {                                        \
        struct pit__arg arg;                 \
        arg.kind = kind_;                    \
        arg.size = sizeof(T);                \
        arg.as.target = x;                   \
        return arg;                          \
    }
PIT__TARGET_MAKER(pit__target_schar, signed char, PIT__TARGET_INT)
PIT__TARGET_MAKER(pit__target_short, short, PIT__TARGET_INT)
PIT__TARGET_MAKER(pit__target_int, int, PIT__TARGET_INT)
PIT__TARGET_MAKER(pit__target_long, long, PIT__TARGET_INT)
PIT__TARGET_MAKER(pit__target_llong, long long, PIT__TARGET_INT)
PIT__TARGET_MAKER(pit__target_uchar, unsigned char, PIT__TARGET_UINT)
PIT__TARGET_MAKER(pit__target_ushort, unsigned short, PIT__TARGET_UINT)
PIT__TARGET_MAKER(pit__target_uint, unsigned, PIT__TARGET_UINT)
PIT__TARGET_MAKER(pit__target_ulong, unsigned long, PIT__TARGET_UINT)
PIT__TARGET_MAKER(pit__target_ullong, unsigned long long, PIT__TARGET_UINT)
PIT__TARGET_MAKER(pit__target_float, float, PIT__TARGET_FLOAT)
PIT__TARGET_MAKER(pit__target_double, double, PIT__TARGET_FLOAT)
PIT__TARGET_MAKER(pit__target_bool, bool, PIT__TARGET_BOOL)
PIT__TARGET_MAKER(pit__target_text, const char *, PIT__TARGET_TEXT)
PIT__TARGET_MAKER(pit__target_pid, pit_pid, PIT__TARGET_PID)
PIT__TARGET_MAKER(pit__target_ref, pit_ref, PIT__TARGET_REF)
PIT__TARGET_MAKER(pit__target_binary, pit_binary, PIT__TARGET_BINARY)
PIT__TARGET_MAKER(pit__target_term, pit_term, PIT__TARGET_TERM)

#ifndef __cplusplus
#define PIT__ARG(x) \
    _Generic((x),                                                                                              \
        bool: pit__arg_bool,                                                                                   \
        char: pit__arg_int,                                                                                    \
        signed char: pit__arg_int,                                                                             \
        short: pit__arg_int,                                                                                   \
        int: pit__arg_int,                                                                                     \
        long: pit__arg_int,                                                                                    \
        long long: pit__arg_int,                                                                               \
        unsigned char: pit__arg_uint,                                                                          \
        unsigned short: pit__arg_uint,                                                                         \
        unsigned: pit__arg_uint,                                                                               \
        unsigned long: pit__arg_uint,                                                                          \
        unsigned long long: pit__arg_uint,                                                                     \
        float: pit__arg_float,                                                                                 \
        double: pit__arg_float,                                                                                \
        char *: pit__arg_text,                                                                                 \
        const char *: pit__arg_text,                                                                           \
        pit_pid: pit__arg_pid,                                                                                 \
        pit_ref: pit__arg_ref,                                                                                 \
        pit_binary: pit__arg_binary,                                                                           \
        pit_term: pit__arg_term)(x)
#define PIT__TARGET(x) \
    _Generic((x),                                                                                              \
        bool *: pit__target_bool,                                                                              \
        signed char *: pit__target_schar,                                                                      \
        short *: pit__target_short,                                                                            \
        int *: pit__target_int,                                                                                \
        long *: pit__target_long,                                                                              \
        long long *: pit__target_llong,                                                                        \
        unsigned char *: pit__target_uchar,                                                                    \
        unsigned short *: pit__target_ushort,                                                                  \
        unsigned *: pit__target_uint,                                                                          \
        unsigned long *: pit__target_ulong,                                                                    \
        unsigned long long *: pit__target_ullong,                                                              \
        float *: pit__target_float,                                                                            \
        double *: pit__target_double,                                                                          \
        const char **: pit__target_text,                                                                       \
        pit_pid *: pit__target_pid,                                                                            \
        pit_ref *: pit__target_ref,                                                                            \
        pit_binary *: pit__target_binary,                                                                      \
        pit_term *: pit__target_term)(x)
#endif

/* ---- The number of ~ against the number of arguments, while compiling ------------------------ */

/*
 * Known only to the optimiser, and only where it needs to be: a call that stays is a program that
 * is wrong.
 */
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
void pit__term_wrong_count(void)
    __attribute__((error("the number of ~ in the format is not the number of arguments")));

#define PIT__TERM_NEXT(p) ((p) ? __builtin_strchr((p) + 1, '~') : (const char *)0)
__attribute__((always_inline)) static inline void pit__term_check(const char *format,
                                                                  unsigned given)
{
    const char *p1 = __builtin_strchr(format, '~'), *p2 = PIT__TERM_NEXT(p1),
               *p3 = PIT__TERM_NEXT(p2);
    const char *p4 = PIT__TERM_NEXT(p3), *p5 = PIT__TERM_NEXT(p4), *p6 = PIT__TERM_NEXT(p5);
    const char *p7 = PIT__TERM_NEXT(p6), *p8 = PIT__TERM_NEXT(p7), *p9 = PIT__TERM_NEXT(p8);
    const char *p10 = PIT__TERM_NEXT(p9), *p11 = PIT__TERM_NEXT(p10), *p12 = PIT__TERM_NEXT(p11);
    const char *p13 = PIT__TERM_NEXT(p12), *p14 = PIT__TERM_NEXT(p13), *p15 = PIT__TERM_NEXT(p14);
    const char *p16 = PIT__TERM_NEXT(p15), *p17 = PIT__TERM_NEXT(p16);
    unsigned n = !!p1 + !!p2 + !!p3 + !!p4 + !!p5 + !!p6 + !!p7 + !!p8 + !!p9 + !!p10 + !!p11 +
                 !!p12 + !!p13 + !!p14 + !!p15 + !!p16 + !!p17;
    /* Inside quotes ~ is a character: then only the run-time check can tell. */
    bool quotes = __builtin_strchr(format, '\'') || __builtin_strchr(format, '"') ||
                  __builtin_strchr(format, '$') || __builtin_strchr(format, '%');

    if (__builtin_constant_p(n) && __builtin_constant_p(quotes) && !quotes && n != given)
        pit__term_wrong_count();
}
#else
static inline void pit__term_check(const char *format, unsigned given)
{
    (void)format;
    (void)given;
}
#endif

PIT_END_DECLS

#ifdef __cplusplus

static inline pit__arg pit__arg_of(bool x) { return pit__arg_bool(x); }
static inline pit__arg pit__arg_of(char x) { return pit__arg_int(x); }
static inline pit__arg pit__arg_of(signed char x) { return pit__arg_int(x); }
static inline pit__arg pit__arg_of(short x) { return pit__arg_int(x); }
static inline pit__arg pit__arg_of(int x) { return pit__arg_int(x); }
static inline pit__arg pit__arg_of(long x) { return pit__arg_int(x); }
static inline pit__arg pit__arg_of(long long x) { return pit__arg_int(x); }
static inline pit__arg pit__arg_of(unsigned char x) { return pit__arg_uint(x); }
static inline pit__arg pit__arg_of(unsigned short x) { return pit__arg_uint(x); }
static inline pit__arg pit__arg_of(unsigned x) { return pit__arg_uint(x); }
static inline pit__arg pit__arg_of(unsigned long x) { return pit__arg_uint(x); }
static inline pit__arg pit__arg_of(unsigned long long x) { return pit__arg_uint(x); }
static inline pit__arg pit__arg_of(float x) { return pit__arg_float(x); }
static inline pit__arg pit__arg_of(double x) { return pit__arg_float(x); }
static inline pit__arg pit__arg_of(char *x) { return pit__arg_text(x); }
static inline pit__arg pit__arg_of(const char *x) { return pit__arg_text(x); }
static inline pit__arg pit__arg_of(pit_pid x) { return pit__arg_pid(x); }
static inline pit__arg pit__arg_of(pit_ref x) { return pit__arg_ref(x); }
static inline pit__arg pit__arg_of(pit_binary x) { return pit__arg_binary(x); }
static inline pit__arg pit__arg_of(pit_term x) { return pit__arg_term(x); }
template <class T> pit__arg pit__arg_of(T *x) = delete; /* else a pointer would become a bool */

static inline pit__arg pit__target_of(bool *x) { return pit__target_bool(x); }
static inline pit__arg pit__target_of(signed char *x) { return pit__target_schar(x); }
static inline pit__arg pit__target_of(short *x) { return pit__target_short(x); }
static inline pit__arg pit__target_of(int *x) { return pit__target_int(x); }
static inline pit__arg pit__target_of(long *x) { return pit__target_long(x); }
static inline pit__arg pit__target_of(long long *x) { return pit__target_llong(x); }
static inline pit__arg pit__target_of(unsigned char *x) { return pit__target_uchar(x); }
static inline pit__arg pit__target_of(unsigned short *x) { return pit__target_ushort(x); }
static inline pit__arg pit__target_of(unsigned *x) { return pit__target_uint(x); }
static inline pit__arg pit__target_of(unsigned long *x) { return pit__target_ulong(x); }
static inline pit__arg pit__target_of(unsigned long long *x) { return pit__target_ullong(x); }
static inline pit__arg pit__target_of(float *x) { return pit__target_float(x); }
static inline pit__arg pit__target_of(double *x) { return pit__target_double(x); }
static inline pit__arg pit__target_of(const char **x) { return pit__target_text(x); }
static inline pit__arg pit__target_of(pit_pid *x) { return pit__target_pid(x); }
static inline pit__arg pit__target_of(pit_ref *x) { return pit__target_ref(x); }
static inline pit__arg pit__target_of(pit_binary *x) { return pit__target_binary(x); }
static inline pit__arg pit__target_of(pit_term *x) { return pit__target_term(x); }

template <class... A> inline pit_term pit__cxx_build(pit__place place, A... a)
{
    const pit__arg args[] = {pit__arg(), pit__arg_of(a)...};
    return pit__build(place, args + 1, sizeof...(A));
}
template <class... A> inline bool pit__cxx_match(pit_term t, pit__place place, A... a)
{
    const pit__arg targets[] = {pit__arg(), pit__target_of(a)...};
    return pit__match(t, place, targets + 1, sizeof...(A));
}
template <class... A>
inline pit_term pit__cxx_sequence(pit_term (*make)(const pit__arg *, unsigned), A... a)
{
    const pit__arg args[] = {pit__arg(), pit__arg_of(a)...};
    return make(args + 1, sizeof...(A));
}
#endif

#endif
