/*
 * Terms: Erlang's values, for what has no type of its own: exit reasons, configuration, what
 * crosses to other nodes, what is printed.
 *
 * A pit_term is one word, passed by value. An atom, a small integer, a pid and [] are the word
 * itself; all else lies in the memory of the process that built it and lives until its next receive
 * (pit_keep() keeps it longer). Terms never change: a "changed" tuple or map is a new one. The zero
 * pit_term is the atom undefined.
 *
 * Text. pit_build and pit_match take a format in Erlang's own syntax with ~ for what comes from C:
 *
 *     pit_build("{deposit, ~, #{currency => ~a, memo => ~}}", 100, "EUR", "rent")
 *     pit_match(t, "{deposit, ~, #{currency := ~a}}", &amount, &currency)
 *
 *     build          ~      an integer, float, bool (the atoms true and false), pid, ref, binary or
 *                           term, as its C type says; a C text becomes a binary, <<"...">>
 *                    ~a     a C text becomes an atom
 *                    ~s     a C text (UTF-8) becomes a string: a list of its characters
 *     match          ~      takes what the target's C type says: an integer that fits, a float
 *                           (double), true or false (bool), a pid, a ref, a binary, any term; const
 *                           char *: a binary without zero bytes, as a C text
 *                    ~a     an atom's text, which lives for ever; with a pit_term: an atom
 *                    ~s     a string, as C text in UTF-8
 *                    _      anything; it takes no target
 *                    #{k := ~}   a map that has the key k, and perhaps others
 *
 * In C17 true and false are the ints 1 and 0: (bool)true, or a bool variable, gives the atom.
 *
 * The format is a literal. A wrong type does not compile; nor, with optimisation, does a wrong
 * number of arguments, which otherwise ends the caller with badarg. Inside quotes ~ is a character
 * like any other.
 *
 * "badarg" below: the caller's process ends with reason badarg and a text that says what was wrong.
 * Without memory, or past the process's bound for terms, it ends with reason system_limit.
 * Nothing here blocks or yields. A thread that runs no process may use all of it: its terms live
 * until it calls pit_term_release_all() or ends.
 */
#ifndef PIT_TERM_H
#define PIT_TERM_H

#ifndef PIT_BUILDING
#pragma GCC system_header
#endif

#include <pit/base.h>
#include <pit/binary.h>
#include <pit/term_macros.h>

PIT_BEGIN_DECLS

typedef struct pit_term {
    uint64_t word;
} pit_term;

/* ---- What a term is -------------------------------------------------------------------------- */

/* In Erlang's order of types. There are no funs and no ports; a bitstring is always whole bytes. */
enum pit_term_kind {
    PIT_TERM_INTEGER,
    PIT_TERM_FLOAT,
    PIT_TERM_ATOM,
    PIT_TERM_REF,
    PIT_TERM_PID,
    PIT_TERM_TUPLE,
    PIT_TERM_MAP,
    PIT_TERM_NIL,  /* [] */
    PIT_TERM_CONS, /* a list that is not empty */
    PIT_TERM_BINARY,
};

enum pit_term_kind pit_term_kind(pit_term t);

static inline bool pit_is_integer(pit_term t) { return pit_term_kind(t) == PIT_TERM_INTEGER; }
static inline bool pit_is_float(pit_term t) { return pit_term_kind(t) == PIT_TERM_FLOAT; }
static inline bool pit_is_number(pit_term t) { return pit_term_kind(t) <= PIT_TERM_FLOAT; }
static inline bool pit_is_atom(pit_term t) { return pit_term_kind(t) == PIT_TERM_ATOM; }
static inline bool pit_is_ref(pit_term t) { return pit_term_kind(t) == PIT_TERM_REF; }
static inline bool pit_is_pid(pit_term t) { return pit_term_kind(t) == PIT_TERM_PID; }
static inline bool pit_is_tuple(pit_term t) { return pit_term_kind(t) == PIT_TERM_TUPLE; }
static inline bool pit_is_map(pit_term t) { return pit_term_kind(t) == PIT_TERM_MAP; }
static inline bool pit_is_nil(pit_term t) { return pit_term_kind(t) == PIT_TERM_NIL; }
static inline bool pit_is_cons(pit_term t) { return pit_term_kind(t) == PIT_TERM_CONS; }
static inline bool pit_is_list(pit_term t) { return pit_is_nil(t) || pit_is_cons(t); }
static inline bool pit_is_binary(pit_term t) { return pit_term_kind(t) == PIT_TERM_BINARY; }

/* ---- Build and match ------------------------------------------------------------------------- */

/*
 * pit_term pit_build(format, ...): the term that the format describes, see the top. A key that
 * comes twice in a map: the later value counts. badarg: the format is wrong (its position is
 * named), a pid or ref that holds an error, a float that is not a number or infinite, text for an
 * atom that is not UTF-8 or longer than 255 characters. At most 16 arguments.
 *
 * bool pit_match(term, format, ...): true if the term has the format's shape; the targets are then
 * set. false: no target was touched. A float matches a float only, an integer an integer that fits
 * its target. badarg: the format is wrong, as far as it was read.
 */
#ifdef __cplusplus
#define pit_build(...) PIT__CXX_BUILD(__VA_ARGS__)
#define pit_match(term, ...) PIT__CXX_MATCH(term, __VA_ARGS__)
#else
#define pit_build(...) PIT__C_BUILD(__VA_ARGS__)
#define pit_match(term, ...) PIT__C_MATCH(term, __VA_ARGS__)
#endif

/*
 * pit_term pit_term_of(x): what ~ builds from x.
 * bool pit_term_to(term, &x): what ~ takes; false: the term is of another type or does not fit, x
 * untouched.
 * pit_term pit_tuple(...), pit_list(...): of 1 to 16 elements, each as pit_term_of takes it.
 */
#ifdef __cplusplus
#define pit_term_of(x) pit__term_of(pit__arg_of(x))
#define pit_term_to(term, target) pit__term_to(term, pit__target_of(target))
#define pit_tuple(...) pit__cxx_sequence(pit__tuple_of_args, __VA_ARGS__)
#define pit_list(...) pit__cxx_sequence(pit__list_of_args, __VA_ARGS__)
#else
#define pit_term_of(x) pit__term_of(PIT__ARG(x))
#define pit_term_to(term, target) pit__term_to(term, PIT__TARGET(target))
#define pit_tuple(...) PIT__C_SEQUENCE(pit__tuple_of_args, __VA_ARGS__)
#define pit_list(...) PIT__C_SEQUENCE(pit__list_of_args, __VA_ARGS__)
#endif

/* ---- Atoms ----------------------------------------------------------------------------------- */

/*
 * pit_term pit_atom("literal"): the atom; looked up once at each place in the program, a load
 * afterwards. Atoms are never freed; a node holds at most 1,048,576 (an option). badarg: not UTF-8,
 * or too long; system_limit: the table is full.
 */
#define pit_atom(literal)                                                                 \
    (__extension__({                                                                      \
        static uint64_t pit__cached_atom_;                                                \
        uint64_t pit__seen_atom_ = __atomic_load_n(&pit__cached_atom_, __ATOMIC_ACQUIRE); \
        pit__seen_atom_ != 0 ? pit__term_word(pit__seen_atom_ - 1)                        \
                             : pit__atom_remember("" literal, &pit__cached_atom_);        \
    }))

/*
 * The atom with this text, known only at run time. Text from outside the program: see
 * pit_atom_known. badarg, system_limit: as pit_atom. Erlang: binary_to_atom/1.
 */
pit_term pit_atom_of(const char *text);

/* true and *ret set if the atom exists already, so that strangers cannot fill the table.
   Erlang: binary_to_existing_atom/1. */
bool pit_atom_known(const char *text, pit_term *ret);

/* An atom's text, UTF-8, which lives for ever. badarg: not an atom. Erlang: atom_to_binary/1. */
const char *pit_atom_text(pit_term atom);

/* Is it this atom? False for what is no atom. Makes no atom. */
bool pit_atom_is(pit_term t, const char *text);

static inline pit_term pit__term_word(uint64_t word)
{
    pit_term t = {word};
    return t;
}
pit_term pit__atom_remember(const char *text, uint64_t *cache);

/* ---- Numbers --------------------------------------------------------------------------------- */

/* Integers are of any size; those beyond 64 bits come from text (pit_term_parse) and go to text. */
pit_term pit_int(int64_t value);
pit_term pit_uint(uint64_t value);
pit_term pit_float(double value); /* badarg: not a number, or infinite; Erlang has neither */
pit_term pit_bool(bool value);

/* ---- Tuples and lists ------------------------------------------------------------------------ */

/* A tuple of these elements; they are copied from the array. Erlang: list_to_tuple/1. */
pit_term pit_tuple_of(const pit_term *elements, size_t count);
/* badarg: not a tuple. Erlang: tuple_size/1. */
size_t pit_tuple_size(pit_term tuple);
/* From 0, unlike Erlang's; badarg: not a tuple, or no such element. Erlang: element/2. */
pit_term pit_tuple_get(pit_term tuple, size_t index);

/* []. */
pit_term pit_nil(void);
/* A list of these elements; they are copied from the array. */
pit_term pit_list_of(const pit_term *elements, size_t count);
/* A tail that is no list makes an improper list. Erlang: [Head | Tail]. */
pit_term pit_list_cons(pit_term head, pit_term tail);
/* badarg: [], or not a list. Erlang: hd/1, tl/1. */
pit_term pit_list_head(pit_term list);
pit_term pit_list_tail(pit_term list);
/* -EINVAL: not a list, or an improper one. O(length). Erlang: length/1. */
int64_t pit_list_length(pit_term list);
/* badarg: not a proper list. Erlang: lists:reverse/1. */
pit_term pit_list_reverse(pit_term list);

/* A string as Erlang has it: the list of the text's characters. badarg: not UTF-8. */
pit_term pit_string(const char *text);

/*
 * A binary with a copy of these bytes; up to 64 stay in the term itself, more are counted and
 * shared.
 */
pit_term pit_bytes(const void *data, size_t size);

/* ---- Maps ------------------------------------------------------------------------------------ */

/*
 * Kept sorted by key in Erlang's order of map keys (an integer and a float are never the same key).
 * Looking a key up is O(log size), putting and removing O(size): terms are for reading; to collect,
 * build from arrays. badarg: not a map.
 */

/* count keys, each with the value at its place. A key that comes twice: the later value counts. */
pit_term pit_map_of(const pit_term *keys, const pit_term *values, size_t count);
/* Erlang: map_size/1. */
size_t pit_map_size(pit_term map);
/* false: no such key, and *ret_value is untouched. Erlang: maps:find/2. */
bool pit_map_get(pit_term map, pit_term key, pit_term *ret_value);
/* The map with this value under key, new or instead of another. Erlang: maps:put/3. */
pit_term pit_map_put(pit_term map, pit_term key, pit_term value);
/* The map without this key, which need not be there. Erlang: maps:remove/2. */
pit_term pit_map_remove(pit_term map, pit_term key);
/* The entry at index, from 0, in the order of keys. false: past the end. */
bool pit_map_at(pit_term map, size_t index, pit_term *ret_key, pit_term *ret_value);

/* ---- Order ----------------------------------------------------------------------------------- */

/*
 * Below 0, 0 or above, in Erlang's order: number < atom < reference < pid < tuple < map < [] < list
 * < binary. Integers and floats compare by value: 1 and 1.0 are equal. Erlang: <, ==.
 */
int pit_term_compare(pit_term a, pit_term b);

/*
 * The order of map keys: every integer before every float, and -0.0 before 0.0; 0 only for
 * identical terms.
 */
int pit_term_compare_exact(pit_term a, pit_term b);

/* Identical. Erlang: =:= (of OTP 27: 0.0 and -0.0 differ). */
bool pit_term_equal(pit_term a, pit_term b);

/*
 * Equal terms have equal hashes; the same on every node and in every run, as far as pids and refs
 * are.
 */
uint64_t pit_term_hash(pit_term t);

/* ---- Text ------------------------------------------------------------------------------------ */

/*
 * Write the term as Erlang's ~tp would on one line: {ok,[1,<<"x">>],"text",#{a => 1.5}}. Like
 * snprintf: at most size bytes with the terminating zero; the length of the whole text, however
 * much of it fitted, is returned. A list of printable characters is written as a string; pids as
 * <0.Index.Generation>, references as #Ref<0.Index.Generation.Number>. Unlike Erlang's, a binary
 * that is text in Latin-1 but not in UTF-8 is written as its bytes.
 */
size_t pit_term_print(char *buf, size_t size, pit_term t);

/* The same text, in the current process's memory: it lives as long as a term built now. */
const char *pit_term_text(pit_term t);

/* Where and why a text is not a term. */
typedef struct pit_parse_error {
    size_t offset;    /* of the byte at which it went wrong */
    const char *what; /* a sentence without a full stop; static */
} pit_parse_error;

/* Take only atoms that exist: for text from strangers, since atoms are never freed. */
#define PIT_PARSE_KNOWN_ATOMS 1u

/* Nesting that a text may have. */
#define PIT_PARSE_DEPTH 512

/*
 * The inverse of print. Any bytes are safe to give. Takes white space, % comments and a full stop
 * at the end as Erlang does, and all its ways to write a number, atom, string and (of whole bytes)
 * binary.
 *
 * 0: *ret is the term. -EINVAL: not a term, or nested deeper than PIT_PARSE_DEPTH. -ENOENT: an atom
 * that does not exist, with PIT_PARSE_KNOWN_ATOMS. -PIT_ESYSTEMLIMIT: the atom table is full, or an
 * integer has more than 65,536 bits. -ENOMEM: no memory, or past the process's bound. On failure
 * *ret is untouched, and the error says where; error may be NULL. Erlang: erl_parse:parse_term/1.
 */
int pit_term_parse(const char *text, size_t size, pit_term *ret);
int pit_term_parse_with(const char *text, size_t size, unsigned flags, pit_term *ret,
                        pit_parse_error *error);

/* Give back all terms and binaries that the caller has built, in a loop that receives nothing. */
void pit_term_release_all(void);

PIT_END_DECLS

#include <pit/term_args.h>

#endif
