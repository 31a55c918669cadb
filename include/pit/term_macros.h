/*
 * How pit_build and pit_match take typed arguments: the preprocessor's half. Not for programs; see
 * <pit/term.h>.
 *
 * PIT__TERM_EACH(W, fmt, a, b) is , W(a), W(b): the first argument, the format, is left out. The
 * spare empty argument at each end keeps ISO C's rule that "..." is never empty.
 */
#ifndef PIT_TERM_MACROS_H
#define PIT_TERM_MACROS_H

#ifndef PIT_BUILDING
#pragma GCC system_header
#endif

/*
 * How many arguments follow the first: 0 to 16. A 17th names what is wrong by what it fails to
 * expand to.
 */
#define PIT__TERM_COUNT(...)                                                                     \
    PIT__TERM_COUNT_(__VA_ARGS__, a_term_takes_at_most_16_arguments, 16, 15, 14, 13, 12, 11, 10, \
                     9, 8, 7, 6, 5, 4, 3, 2, 1, 0, )
#define PIT__TERM_COUNT_(f, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, \
                         a17, n, ...)                                                              \
    n

#define PIT__TERM_PASTE(a, b) PIT__TERM_PASTE_(a, b)
#define PIT__TERM_PASTE_(a, b) a##b

#define PIT__TERM_FIRST(...) PIT__TERM_FIRST_(__VA_ARGS__, )
#define PIT__TERM_FIRST_(f, ...) f

#define PIT__TERM_EACH(W, ...) \
    PIT__TERM_PASTE(PIT__TERM_EACH_, PIT__TERM_COUNT(__VA_ARGS__))(W, __VA_ARGS__, )
#define PIT__TERM_EACH_0(W, f, ...)
#define PIT__TERM_EACH_1(W, f, a, ...) , W(a)
#define PIT__TERM_EACH_2(W, f, a, ...) , W(a) PIT__TERM_EACH_1(W, f, __VA_ARGS__)
#define PIT__TERM_EACH_3(W, f, a, ...) , W(a) PIT__TERM_EACH_2(W, f, __VA_ARGS__)
#define PIT__TERM_EACH_4(W, f, a, ...) , W(a) PIT__TERM_EACH_3(W, f, __VA_ARGS__)
#define PIT__TERM_EACH_5(W, f, a, ...) , W(a) PIT__TERM_EACH_4(W, f, __VA_ARGS__)
#define PIT__TERM_EACH_6(W, f, a, ...) , W(a) PIT__TERM_EACH_5(W, f, __VA_ARGS__)
#define PIT__TERM_EACH_7(W, f, a, ...) , W(a) PIT__TERM_EACH_6(W, f, __VA_ARGS__)
#define PIT__TERM_EACH_8(W, f, a, ...) , W(a) PIT__TERM_EACH_7(W, f, __VA_ARGS__)
#define PIT__TERM_EACH_9(W, f, a, ...) , W(a) PIT__TERM_EACH_8(W, f, __VA_ARGS__)
#define PIT__TERM_EACH_10(W, f, a, ...) , W(a) PIT__TERM_EACH_9(W, f, __VA_ARGS__)
#define PIT__TERM_EACH_11(W, f, a, ...) , W(a) PIT__TERM_EACH_10(W, f, __VA_ARGS__)
#define PIT__TERM_EACH_12(W, f, a, ...) , W(a) PIT__TERM_EACH_11(W, f, __VA_ARGS__)
#define PIT__TERM_EACH_13(W, f, a, ...) , W(a) PIT__TERM_EACH_12(W, f, __VA_ARGS__)
#define PIT__TERM_EACH_14(W, f, a, ...) , W(a) PIT__TERM_EACH_13(W, f, __VA_ARGS__)
#define PIT__TERM_EACH_15(W, f, a, ...) , W(a) PIT__TERM_EACH_14(W, f, __VA_ARGS__)
#define PIT__TERM_EACH_16(W, f, a, ...) , W(a) PIT__TERM_EACH_15(W, f, __VA_ARGS__)

/* A format that is a literal, and its place in the program for the text of a badarg. */
#define PIT__TERM_FORMAT(...) ("" PIT__TERM_FIRST(__VA_ARGS__))
#define PIT__TERM_PLACE(...) \
    PIT__LITERAL(pit__place) { PIT__TERM_FORMAT(__VA_ARGS__), __FILE__, __LINE__ }
#define PIT__TERM_CHECK(...) \
    pit__term_check(PIT__TERM_FORMAT(__VA_ARGS__), PIT__TERM_COUNT(__VA_ARGS__))

/* The array begins with one argument that is none: an array of zero elements is not C. */
#define PIT__C_ARGS(W, ...) \
    (__extension__(const struct pit__arg[]){{0} PIT__TERM_EACH(W, __VA_ARGS__)}) + 1
#define PIT__C_BUILD(...)                                                         \
    (PIT__TERM_CHECK(__VA_ARGS__),                                                \
     pit__build(PIT__TERM_PLACE(__VA_ARGS__), PIT__C_ARGS(PIT__ARG, __VA_ARGS__), \
                PIT__TERM_COUNT(__VA_ARGS__)))
#define PIT__C_MATCH(term, ...)                                                            \
    (PIT__TERM_CHECK(__VA_ARGS__),                                                         \
     pit__match(term, PIT__TERM_PLACE(__VA_ARGS__), PIT__C_ARGS(PIT__TARGET, __VA_ARGS__), \
                PIT__TERM_COUNT(__VA_ARGS__)))
#define PIT__C_SEQUENCE(make, ...) \
    make(PIT__C_ARGS(PIT__ARG, ~, __VA_ARGS__), PIT__TERM_COUNT(~, __VA_ARGS__))

#define PIT__CXX_BUILD(...)        \
    (PIT__TERM_CHECK(__VA_ARGS__), \
     pit__cxx_build(PIT__TERM_PLACE(__VA_ARGS__) PIT__TERM_EACH(, __VA_ARGS__)))
#define PIT__CXX_MATCH(term, ...)  \
    (PIT__TERM_CHECK(__VA_ARGS__), \
     pit__cxx_match(term, PIT__TERM_PLACE(__VA_ARGS__) PIT__TERM_EACH(, __VA_ARGS__)))

#endif
