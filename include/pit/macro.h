/*
 * Lists in the preprocessor: what the macros of <pit/message.h> and <pit/server.h> are made of.
 * Nothing here is for programs.
 *
 * A list is passed with a spare comma at its end: `a, b, ` has two elements, an empty argument
 * none. So `...` is never left out, and neither __VA_OPT__ nor , ##__VA_ARGS__ is needed (both are
 * extensions in C17 and C++17). A macro is not expanded inside itself; so fields, and the entries
 * of a protocol, which hold fields, have helpers of their own.
 */
#ifndef PIT_MACRO_H
#define PIT_MACRO_H

#ifndef PIT_BUILDING
#pragma GCC system_header
#endif

#define PIT__CAT(a, b) PIT__CAT_(a, b)
#define PIT__CAT_(a, b) a##b
#define PIT__STRING(...) PIT__STRING_(__VA_ARGS__)
#define PIT__STRING_(...) #__VA_ARGS__
#define PIT__STRIP(...) __VA_ARGS__

/* How many elements a list has, 0 to 63. Commas inside braces count too. */
#define PIT__LENGTH(...)                                                                          \
    PIT__LENGTH_(__VA_ARGS__, 63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, \
                 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27,  \
                 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6,  \
                 5, 4, 3, 2, 1, 0, )
#define PIT__LENGTH_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, \
                     a18, a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32,  \
                     a33, a34, a35, a36, a37, a38, a39, a40, a41, a42, a43, a44, a45, a46, a47,  \
                     a48, a49, a50, a51, a52, a53, a54, a55, a56, a57, a58, a59, a60, a61, a62,  \
                     a63, a64, n, ...)                                                           \
    n

/* Is the first thing in these parentheses a parenthesis? 1 for ((int, a), ...), 0 for (). */
#define PIT__HAS_TUPLE(...) PIT__SECOND(PIT__HAS_TUPLE_ __VA_ARGS__, 0, )
#define PIT__HAS_TUPLE_(...) ~, 1
#define PIT__SECOND(...) PIT__SECOND_(__VA_ARGS__)
#define PIT__SECOND_(a, b, ...) b

/* A tuple of tuples as a list: nothing of (), `(int, a), ` of ((int, a)). */
#define PIT__LIST(tuple) PIT__CAT(PIT__LIST_, PIT__HAS_TUPLE tuple) tuple
#define PIT__LIST_0(...)
#define PIT__LIST_1(...) __VA_ARGS__,

/*
 * M(c, field) for each field of a list; M_NONE(c) if there is none, M_MANY(c) if there are more
 * than 16.
 */
#define PIT__FIELDS(M, c, ...) PIT__CAT(PIT__FOR_, PIT__LENGTH(__VA_ARGS__))(M, c, __VA_ARGS__)
#define PIT__FOR_0(M, c, ...) M##_NONE(c)
#define PIT__FOR_1(M, c, x, ...) M(c, x)
#define PIT__FOR_2(M, c, x, ...) M(c, x) PIT__FOR_1(M, c, __VA_ARGS__)
#define PIT__FOR_3(M, c, x, ...) M(c, x) PIT__FOR_2(M, c, __VA_ARGS__)
#define PIT__FOR_4(M, c, x, ...) M(c, x) PIT__FOR_3(M, c, __VA_ARGS__)
#define PIT__FOR_5(M, c, x, ...) M(c, x) PIT__FOR_4(M, c, __VA_ARGS__)
#define PIT__FOR_6(M, c, x, ...) M(c, x) PIT__FOR_5(M, c, __VA_ARGS__)
#define PIT__FOR_7(M, c, x, ...) M(c, x) PIT__FOR_6(M, c, __VA_ARGS__)
#define PIT__FOR_8(M, c, x, ...) M(c, x) PIT__FOR_7(M, c, __VA_ARGS__)
#define PIT__FOR_9(M, c, x, ...) M(c, x) PIT__FOR_8(M, c, __VA_ARGS__)
#define PIT__FOR_10(M, c, x, ...) M(c, x) PIT__FOR_9(M, c, __VA_ARGS__)
#define PIT__FOR_11(M, c, x, ...) M(c, x) PIT__FOR_10(M, c, __VA_ARGS__)
#define PIT__FOR_12(M, c, x, ...) M(c, x) PIT__FOR_11(M, c, __VA_ARGS__)
#define PIT__FOR_13(M, c, x, ...) M(c, x) PIT__FOR_12(M, c, __VA_ARGS__)
#define PIT__FOR_14(M, c, x, ...) M(c, x) PIT__FOR_13(M, c, __VA_ARGS__)
#define PIT__FOR_15(M, c, x, ...) M(c, x) PIT__FOR_14(M, c, __VA_ARGS__)
#define PIT__FOR_16(M, c, x, ...) M(c, x) PIT__FOR_15(M, c, __VA_ARGS__)
#define PIT__FOR_17(M, c, ...) M##_MANY(c)
#define PIT__FOR_18(M, c, ...) M##_MANY(c)
#define PIT__FOR_19(M, c, ...) M##_MANY(c)
#define PIT__FOR_20(M, c, ...) M##_MANY(c)
#define PIT__FOR_21(M, c, ...) M##_MANY(c)
#define PIT__FOR_22(M, c, ...) M##_MANY(c)
#define PIT__FOR_23(M, c, ...) M##_MANY(c)
#define PIT__FOR_24(M, c, ...) M##_MANY(c)
#define PIT__FOR_25(M, c, ...) M##_MANY(c)
#define PIT__FOR_26(M, c, ...) M##_MANY(c)
#define PIT__FOR_27(M, c, ...) M##_MANY(c)
#define PIT__FOR_28(M, c, ...) M##_MANY(c)
#define PIT__FOR_29(M, c, ...) M##_MANY(c)
#define PIT__FOR_30(M, c, ...) M##_MANY(c)
#define PIT__FOR_31(M, c, ...) M##_MANY(c)
#define PIT__FOR_32(M, c, ...) M##_MANY(c)

/* M(c, entry) for each entry of a protocol's list, at most 40. */
#define PIT__ENTRIES(M, c, ...) PIT__CAT(PIT__EACH_, PIT__LENGTH(__VA_ARGS__))(M, c, __VA_ARGS__)
#define PIT__EACH_0(M, c, ...)
#define PIT__EACH_1(M, c, x, ...) M(c, x)
#define PIT__EACH_2(M, c, x, ...) M(c, x) PIT__EACH_1(M, c, __VA_ARGS__)
#define PIT__EACH_3(M, c, x, ...) M(c, x) PIT__EACH_2(M, c, __VA_ARGS__)
#define PIT__EACH_4(M, c, x, ...) M(c, x) PIT__EACH_3(M, c, __VA_ARGS__)
#define PIT__EACH_5(M, c, x, ...) M(c, x) PIT__EACH_4(M, c, __VA_ARGS__)
#define PIT__EACH_6(M, c, x, ...) M(c, x) PIT__EACH_5(M, c, __VA_ARGS__)
#define PIT__EACH_7(M, c, x, ...) M(c, x) PIT__EACH_6(M, c, __VA_ARGS__)
#define PIT__EACH_8(M, c, x, ...) M(c, x) PIT__EACH_7(M, c, __VA_ARGS__)
#define PIT__EACH_9(M, c, x, ...) M(c, x) PIT__EACH_8(M, c, __VA_ARGS__)
#define PIT__EACH_10(M, c, x, ...) M(c, x) PIT__EACH_9(M, c, __VA_ARGS__)
#define PIT__EACH_11(M, c, x, ...) M(c, x) PIT__EACH_10(M, c, __VA_ARGS__)
#define PIT__EACH_12(M, c, x, ...) M(c, x) PIT__EACH_11(M, c, __VA_ARGS__)
#define PIT__EACH_13(M, c, x, ...) M(c, x) PIT__EACH_12(M, c, __VA_ARGS__)
#define PIT__EACH_14(M, c, x, ...) M(c, x) PIT__EACH_13(M, c, __VA_ARGS__)
#define PIT__EACH_15(M, c, x, ...) M(c, x) PIT__EACH_14(M, c, __VA_ARGS__)
#define PIT__EACH_16(M, c, x, ...) M(c, x) PIT__EACH_15(M, c, __VA_ARGS__)
#define PIT__EACH_17(M, c, x, ...) M(c, x) PIT__EACH_16(M, c, __VA_ARGS__)
#define PIT__EACH_18(M, c, x, ...) M(c, x) PIT__EACH_17(M, c, __VA_ARGS__)
#define PIT__EACH_19(M, c, x, ...) M(c, x) PIT__EACH_18(M, c, __VA_ARGS__)
#define PIT__EACH_20(M, c, x, ...) M(c, x) PIT__EACH_19(M, c, __VA_ARGS__)
#define PIT__EACH_21(M, c, x, ...) M(c, x) PIT__EACH_20(M, c, __VA_ARGS__)
#define PIT__EACH_22(M, c, x, ...) M(c, x) PIT__EACH_21(M, c, __VA_ARGS__)
#define PIT__EACH_23(M, c, x, ...) M(c, x) PIT__EACH_22(M, c, __VA_ARGS__)
#define PIT__EACH_24(M, c, x, ...) M(c, x) PIT__EACH_23(M, c, __VA_ARGS__)
#define PIT__EACH_25(M, c, x, ...) M(c, x) PIT__EACH_24(M, c, __VA_ARGS__)
#define PIT__EACH_26(M, c, x, ...) M(c, x) PIT__EACH_25(M, c, __VA_ARGS__)
#define PIT__EACH_27(M, c, x, ...) M(c, x) PIT__EACH_26(M, c, __VA_ARGS__)
#define PIT__EACH_28(M, c, x, ...) M(c, x) PIT__EACH_27(M, c, __VA_ARGS__)
#define PIT__EACH_29(M, c, x, ...) M(c, x) PIT__EACH_28(M, c, __VA_ARGS__)
#define PIT__EACH_30(M, c, x, ...) M(c, x) PIT__EACH_29(M, c, __VA_ARGS__)
#define PIT__EACH_31(M, c, x, ...) M(c, x) PIT__EACH_30(M, c, __VA_ARGS__)
#define PIT__EACH_32(M, c, x, ...) M(c, x) PIT__EACH_31(M, c, __VA_ARGS__)
#define PIT__EACH_33(M, c, x, ...) M(c, x) PIT__EACH_32(M, c, __VA_ARGS__)
#define PIT__EACH_34(M, c, x, ...) M(c, x) PIT__EACH_33(M, c, __VA_ARGS__)
#define PIT__EACH_35(M, c, x, ...) M(c, x) PIT__EACH_34(M, c, __VA_ARGS__)
#define PIT__EACH_36(M, c, x, ...) M(c, x) PIT__EACH_35(M, c, __VA_ARGS__)
#define PIT__EACH_37(M, c, x, ...) M(c, x) PIT__EACH_36(M, c, __VA_ARGS__)
#define PIT__EACH_38(M, c, x, ...) M(c, x) PIT__EACH_37(M, c, __VA_ARGS__)
#define PIT__EACH_39(M, c, x, ...) M(c, x) PIT__EACH_38(M, c, __VA_ARGS__)
#define PIT__EACH_40(M, c, x, ...) M(c, x) PIT__EACH_39(M, c, __VA_ARGS__)
#define PIT__EACH_MANY PIT__STATIC_ASSERT(0, "a protocol has at most 40 calls and casts");
#define PIT__EACH_41(M, c, ...) PIT__EACH_MANY
#define PIT__EACH_42(M, c, ...) PIT__EACH_MANY
#define PIT__EACH_43(M, c, ...) PIT__EACH_MANY
#define PIT__EACH_44(M, c, ...) PIT__EACH_MANY
#define PIT__EACH_45(M, c, ...) PIT__EACH_MANY
#define PIT__EACH_46(M, c, ...) PIT__EACH_MANY
#define PIT__EACH_47(M, c, ...) PIT__EACH_MANY
#define PIT__EACH_48(M, c, ...) PIT__EACH_MANY
#define PIT__EACH_49(M, c, ...) PIT__EACH_MANY
#define PIT__EACH_50(M, c, ...) PIT__EACH_MANY
#define PIT__EACH_51(M, c, ...) PIT__EACH_MANY
#define PIT__EACH_52(M, c, ...) PIT__EACH_MANY
#define PIT__EACH_53(M, c, ...) PIT__EACH_MANY
#define PIT__EACH_54(M, c, ...) PIT__EACH_MANY
#define PIT__EACH_55(M, c, ...) PIT__EACH_MANY
#define PIT__EACH_56(M, c, ...) PIT__EACH_MANY
#define PIT__EACH_57(M, c, ...) PIT__EACH_MANY
#define PIT__EACH_58(M, c, ...) PIT__EACH_MANY
#define PIT__EACH_59(M, c, ...) PIT__EACH_MANY
#define PIT__EACH_60(M, c, ...) PIT__EACH_MANY
#define PIT__EACH_61(M, c, ...) PIT__EACH_MANY
#define PIT__EACH_62(M, c, ...) PIT__EACH_MANY
#define PIT__EACH_63(M, c, ...) PIT__EACH_MANY

#ifdef __cplusplus
#define PIT__STATIC_ASSERT(condition, text) static_assert(condition, text)
#define PIT__DEFAULT = {} /* of an option that is left out, or g++ warns about each one */
#define PIT__ALIGNOF(T) alignof(T)
#else
#define PIT__STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#define PIT__DEFAULT
#define PIT__ALIGNOF(T) _Alignof(T)
#endif

#endif
