/*
 * Goal: a message owns the binaries and terms in its payload, nested and in arrays: they live as
 * long as it does and no longer.
 * Method: messages without a node, on a thread whose terms are all released meanwhile; counts are
 * read where they are kept, and the leak checker of an asan build watches.
 */
#include "tests/harness/test.h"

#include <string.h>

#include <pit/message.h>

#include "runtime/message.h"
#include "term/heap.h"

PIT_MESSAGE(inner, (pit_term, t), (int32_t, n), (pit_binary, b));
PIT_MESSAGE(outer, (pit_text16, text), (pit_term, t, 2), (struct inner, one), (pit_binary, b),
            (struct inner, more, 3), (pit_pid, p));
PIT_MESSAGE(plain, (int32_t, n), (pit_text16, text));

/* As a send makes one. */
static struct pit__message *copy_of(const pit_type *type, const void *payload)
{
    struct pit__message *m = pit__message_alloc(
        NULL, PIT__MESSAGE, type->size + 8 + pit__owned_terms(type) * sizeof(void *));

    CHECK(m);
    m->block.size = type->size;
    m->public.type = type;
    memcpy(pit__message_payload(m), payload, type->size);
    CHECK_EQ(pit__owned_adopt(m), 0);
    return m;
}

static const char *text_of(pit_term t)
{
    static char text[500];

    (void)pit_term_print(text, sizeof text, t);
    return text;
}

PIT_TEST(terms_are_counted_wherever_they_stand)
{
    CHECK_EQ(pit__owned_terms(&pit_type_plain), 0);
    CHECK_EQ(pit__owned_terms(&pit_type_inner), 1);
    CHECK_EQ(pit__owned_terms(&pit_type_outer), 2 + 1 + 3);
}

static struct outer filled(pit_binary b)
{
    struct outer o = {.b = b, .p = {5}};

    strcpy(o.text.s, "text");
    for (int i = 0; i < 2; i++)
        o.t[i] = pit_build("{list, [~, 2.5, <<\"a binary that is not short, so that it is a block "
                           "of its own: 0123456789\">>]}",
                           i);
    o.one = (struct inner){.t = pit_build("#{a => ~}", 1), .n = 7, .b = pit_binary_slice(b, 10, 5)};
    for (int i = 0; i < 3; i++)
        o.more[i] = (struct inner){.t = pit_build("~", i), .n = i, .b = b};
    return o;
}

static pit_binary some_bytes(void)
{
    uint8_t *bytes;
    pit_binary b = pit_binary_make(1000, &bytes);

    memset(bytes, 'x', 1000);
    return b;
}

static void check(const struct outer *o, const uint8_t *data)
{
    CHECK_STR(o->text.s, "text");
    CHECK(strstr(text_of(o->t[1]), "{list,[1,2.5,<<\"a binary that is not short"));
    CHECK_STR(text_of(o->one.t), "#{a => 1}");
    CHECK_EQ(o->one.n, 7);
    CHECK(o->one.b.data == data + 10); /* shared, not copied */
    CHECK_STR(text_of(o->more[2].t), "2");
    CHECK(o->b.data == data && o->b.size == 1000 && o->b.data[999] == 'x');
    CHECK(o->more[2].b.data == data);
}

PIT_TEST(what_a_message_owns_lives_as_long_as_it)
{
    struct outer o = filled(some_bytes());
    const uint8_t *data = o.b.data;
    struct pit__message *a = copy_of(&pit_type_outer, &o),
                        *b = copy_of(&pit_type_outer, pit__message_payload(a));

    pit_term_release_all(); /* the sender's are gone */
    check(pit__message_payload(a), data);
    pit__message_free(NULL, a);
    check(pit__message_payload(b), data);
    pit__message_free(NULL, b);
}

PIT_TEST(what_is_copied_out_outlives_the_message)
{
    struct outer o = filled(some_bytes()), out;
    const uint8_t *data = o.b.data;
    struct pit__message *m = copy_of(&pit_type_outer, &o);

    pit_term_release_all();
    memcpy(&out, pit__message_payload(m), sizeof out);
    CHECK_EQ(pit__owned_copy_out(m, &out, pit__heap()), 0);
    pit__message_free(NULL, m);
    check(&out, data);
    CHECK_EQ(pit__owned_copy_out(NULL, &out, NULL), -ENOMEM);
    pit_term_release_all();
}

PIT_TEST(empty_binaries_and_simple_terms_cost_nothing)
{
    struct inner i = {0}; /* the term undefined, and no bytes */
    struct pit__message *m = copy_of(&pit_type_inner, &i);

    CHECK_STR(text_of(((struct inner *)pit__message_payload(m))->t), "undefined");
    pit__message_free(NULL, m);
}
