/*
 * Goal: PIT_MESSAGE and what goes with it: descriptors say what is in the struct, sending and
 * receiving by type, texts, printing, must. What must not compile is in tests/otp/compile.
 * Method: descriptors are compared with the structs; the rest runs as processes of a node.
 */
#include <errno.h>

#include "tests/otp/node.h"

#include "base/types.h"
#include "term/blob.h"

enum color { RED, GREEN };
PIT_MESSAGE(pos, (int32_t, x), (int32_t, y));
PIT_MESSAGE(all_kinds, (int8_t, a), (uint64_t, b), (bool, c), (char, d), (float, e), (double, f),
            (pit_text16, g), (pit_pid, h), (pit_ref, i), (pit_tcp, j), (pit_binary, k),
            (pit_term, l), (uint8_t, m, 3), (struct pos, n), (struct pos, o, 2), (enum color, p));
PIT_MESSAGE(ping);
PIT_MESSAGE(holds_owner, (struct all_kinds, inner));
PIT_MESSAGE(number, (int, n));
PIT_MESSAGE(named, (pit_text16, name), (char, bytes, 8));

#define CHECK_FIELD(index, field, k)                               \
    do {                                                           \
        const pit_field *f = &pit_type_all_kinds.fields[index];    \
        CHECK_STR(f->name, #field);                                \
        CHECK_EQ(f->kind, k);                                      \
        CHECK_EQ(f->offset, offsetof(struct all_kinds, field));    \
        CHECK_EQ(f->size, sizeof(((struct all_kinds *)0)->field)); \
    } while (0)

PIT_TEST(a_descriptor_says_what_is_in_the_struct)
{
    CHECK_STR(pit_type_all_kinds.name, "all_kinds");
    CHECK_EQ(pit_type_all_kinds.size, sizeof(struct all_kinds));
    CHECK_EQ(pit_type_all_kinds.field_count, 16);
    CHECK_FIELD(0, a, PIT_KIND_INT);
    CHECK_FIELD(1, b, PIT_KIND_UINT);
    CHECK_FIELD(2, c, PIT_KIND_BOOL);
    CHECK_FIELD(3, d, PIT_KIND_CHAR);
    CHECK_FIELD(4, e, PIT_KIND_FLOAT);
    CHECK_FIELD(5, f, PIT_KIND_FLOAT);
    CHECK_FIELD(6, g, PIT_KIND_TEXT);
    CHECK_FIELD(7, h, PIT_KIND_PID);
    CHECK_FIELD(8, i, PIT_KIND_REF);
    CHECK_FIELD(9, j, PIT_KIND_HANDLE);
    CHECK_FIELD(10, k, PIT_KIND_BINARY);
    CHECK_FIELD(11, l, PIT_KIND_TERM);
    CHECK_FIELD(12, m, PIT_KIND_ARRAY);
    CHECK_EQ(pit_type_all_kinds.fields[12].of, PIT_KIND_UINT);
    CHECK_EQ(pit_type_all_kinds.fields[12].count, 3);
    CHECK_FIELD(13, n, PIT_KIND_STRUCT);
    CHECK(pit_type_all_kinds.fields[13].nested == &pit_type_pos);
    CHECK_FIELD(14, o, PIT_KIND_ARRAY);
    CHECK_EQ(pit_type_all_kinds.fields[14].of, PIT_KIND_STRUCT);
    CHECK(pit_type_all_kinds.fields[14].nested == &pit_type_pos);
    CHECK_FIELD(15, p, PIT_KIND_UINT);
}

PIT_TEST(a_message_owns_if_something_in_it_does)
{
    CHECK_EQ(pit_type_all_kinds.flags, PIT_TYPE_OWNS);
    CHECK_EQ(pit_type_holds_owner.flags, PIT_TYPE_OWNS);
    CHECK_EQ(pit_type_pos.flags, 0);
    CHECK_EQ(pit_type_ping.flags, 0);
    CHECK_EQ(pit_type_ping.field_count, 0);
}

PIT_TEST(a_message_is_found_by_its_name)
{
    CHECK(pit_type_find("pos") == &pit_type_pos);
    CHECK(pit_type_find("holds_owner") == &pit_type_holds_owner);
    CHECK(pit_type_find("no_such_message") == NULL);
    CHECK_EQ(pit__types_check(), 0);
}

static void echo(const void *arg)
{
    const pit_msg *m = pit_receive(PIT_INFINITY);

    CHECK(pit_is(m, number));
    CHECK(!pit_is(m, pos));
    CHECK(!pit_is(NULL, pos));
    pit_send(m->from, ping);
    pit_send(m->from, pos, .x = pit_as(m, number)->n, .y = -1);
    pit_send(m->from, pos, 7, 8); /* by position, too */
}

NODE_TEST(sent_by_type_and_received_by_type)
{
    pit_pid p = pit_spawn(echo, NULL, 0);
    const struct pos *at;

    pit_send(p, number, .n = 5);
    at = pit_receive_only(pos, A_WHILE); /* selective: ping came first */
    CHECK_EQ(at->x, 5);
    CHECK_EQ(at->y, -1);
    CHECK_EQ(pit_receive_only(pos, A_WHILE)->y, 8);
    CHECK(pit_try_receive_only(pos, 0) == NULL);
    CHECK(pit_try_receive_only(ping, 0) != NULL);
}

NODE_TEST(a_new_message_is_zeroed_and_moved)
{
    struct pos *at = pit_new(pos);

    CHECK_EQ(at->x, 0);
    at->y = 3;
    pit_message_send(pit_self(), at);
    CHECK_EQ(pit_receive_only(pos, A_WHILE)->y, 3);
}

NODE_TEST(sent_after_a_time)
{
    int64_t before = pit_now();
    pit_ref timer = pit_send_after(20, pit_self(), number, .n = 1);

    CHECK_EQ(pit_error(timer), 0);
    CHECK_EQ(pit_receive_only(number, A_WHILE)->n, 1);
    CHECK(pit_now() - before >= 20 * 1000000);
    timer = pit_send_after(60000, pit_self(), number, .n = 2);
    CHECK(pit_cancel_timer(timer) > 0);
}

NODE_TEST(binaries_and_terms_travel_in_messages)
{
    pit_term t = pit_build("{deposit, ~, [~a]}", 12, "eur");
    pit_binary b =
        pit_binary_text("some bytes that are longer than what a term holds by itself: 0123456789");
    struct all_kinds all = {.k = b, .l = t, .o = {{1, 2}, {3, 4}}};
    const struct holds_owner *got;

    pit_send(pit_self(), holds_owner, .inner = all);
    got = pit_receive_only(holds_owner, A_WHILE);
    CHECK_STR(text_of(got->inner.l), "{deposit,12,[eur]}");
    CHECK(pit_binary_equal(got->inner.k, b) || got->inner.k.size == 71);
    CHECK_EQ(got->inner.o[1].y, 4);
}

/* ---- keeping ---- */

static struct {
    int freed;
} wrapped;

static void free_wrapped(void *arg) { __atomic_add_fetch(&wrapped.freed, 1, __ATOMIC_SEQ_CST); }

PIT_MESSAGE(chunk, (pit_binary, bytes), (pit_term, t));

static void send_chunk(pit_pid to)
{
    pit_binary b = pit__binary_wrap("0123456789", 10, free_wrapped, NULL);

    pit_send(to, chunk, .bytes = b, .t = pit_build("{kept, [~, ~a]}", 1, "x"));
    pit__binary_release(b);
}

static void next_message(void)
{
    pit_send(pit_self(), ping);
    CHECK(pit_receive(A_WHILE));
}

NODE_TEST(what_is_kept_lives_on_until_it_is_dropped)
{
    const struct chunk *c;
    pit_binary b;
    pit_term t;

    send_chunk(pit_self());
    c = pit_receive_only(chunk, A_WHILE);
    b = pit_keep(c->bytes);
    (void)pit_keep(pit_binary_slice(b, 2, 3)); /* the same block: kept twice */
    t = pit_keep(c->t);
    CHECK(pit_keep(t).word == t.word);
    next_message();
    CHECK_EQ(wrapped.freed, 0);
    CHECK(memcmp(b.data, "0123456789", 10) == 0);
    CHECK_STR(text_of(t), "{kept,[1,x]}");
    pit_drop(b);
    pit_drop(t);
    CHECK_EQ(wrapped.freed, 0);
    CHECK_STR(text_of(t), "{kept,[1,x]}");
    pit_drop(b);
    pit_drop(t);
    pit_drop(b); /* not kept any more: no effect */
    CHECK_EQ(wrapped.freed, 1);
    CHECK_EQ(pit_keep(pit_atom("x")).word, pit_atom("x").word);
}

static void keeps_and_ends(const void *arg)
{
    for (int i = 0; i < 100; i++) {
        const struct chunk *c = pit_receive_only(chunk, A_WHILE);

        (void)pit_keep(c->bytes);
        (void)pit_keep(c->t);
    }
    pit_exit(pit_atom("done"));
}

NODE_TEST(what_is_kept_is_let_go_when_its_process_ends)
{
    pit_monitored m = pit_spawn_monitor(keeps_and_ends, NULL, 0);

    for (int i = 0; i < 100; i++)
        send_chunk(m.pid);
    CHECK_STR(text_of(reason_of(m)), "done");
    while (__atomic_load_n(&wrapped.freed, __ATOMIC_SEQ_CST) != 100)
        pit_yield();
}

/* ---- what ends the caller ---- */

static void text_too_long(const void *arg)
{
    pit_text16 t = pit_text16("sixteen bytes!!!");

    CHECK(t.s[0] == 0); /* not reached */
}

static void wrong_type(const void *arg)
{
    pit_send(pit_self(), ping);
    (void)pit_as(pit_receive(A_WHILE), pos);
}

static void nothing_in_time(const void *arg) { (void)pit_receive_only(pos, 5); }

static int failing(int error) { return -error; }
static void must_fails(const void *arg) { (void)pit_must(failing(ENOENT)); }
static void must_fails_on_a_handle(const void *arg)
{
    (void)pit_must(pit_try_spawn(text_too_long, NULL, 0, (pit_spawn_opts){.priority = 99}));
}

static const char *end_of(pit_body *body)
{
    return text_of(reason_of(pit_spawn_monitor(body, NULL, 0)));
}

NODE_TEST(a_wrong_use_ends_the_caller_and_says_why)
{
    CHECK(strstr(end_of(text_too_long),
                 "{badarg,<<\"a text of more than 15 bytes for pit_text16\">>,{"));
    CHECK(strstr(end_of(wrong_type), "pit_as(m, pos): it is a ping"));
    CHECK(strstr(end_of(nothing_in_time), "no pos within 5 ms"));
    CHECK(strstr(end_of(must_fails), "failing(ENOENT): No such file or directory"));
    CHECK(strstr(end_of(must_fails_on_a_handle), "Invalid argument"));
}

NODE_TEST(must_passes_on_what_is_no_error)
{
    pit_pid me = pit_self();

    CHECK_EQ(pit_must(5), 5);
    CHECK_EQ(pit_must((int64_t)1 << 40), (int64_t)1 << 40);
    CHECK(pit_pid_equal(pit_must(me), me));
    CHECK_EQ(pit_error(me), 0);
    CHECK_EQ(pit_error(pit_try_spawn(text_too_long, NULL, 0, (pit_spawn_opts){.priority = 99})),
             -EINVAL);
}

/* ---- texts and printing ---- */

PIT_TEST(texts_are_filled_with_zeros)
{
    pit_text16 t = pit_text16("Ada"), full = pit_text16("fifteen bytes!!");

    for (int i = 3; i < 16; i++)
        CHECK_EQ(t.s[i], 0);
    CHECK_STR(full.s, "fifteen bytes!!");
}

NODE_TEST(messages_print_by_their_descriptor)
{
    char text[400];
    size_t length;
    struct named n = {pit_text16("A\"da\n"), "12345678"};
    struct all_kinds all = {.a = -5,
                            .b = UINT64_MAX,
                            .c = true,
                            .d = 'x',
                            .e = 1.5f,
                            .f = -0.25,
                            .m = {1, 2, 3},
                            .n = {1, -2},
                            .p = GREEN,
                            .h = {0},
                            .l = pit_build("{ok, ~a}", "y"),
                            .k = pit_binary_text("hey"),
                            .j = {7}};

    pit_payload_text(&pit_type_named, &n, text, sizeof text);
    CHECK_STR(text, "#named{name = \"A\\\"da\\n\", bytes = \"12345678\"}");
    length = pit_payload_text(&pit_type_all_kinds, &all, text, sizeof text);
    CHECK_EQ(length, strlen(text));
    CHECK_STR(
        text,
        "#all_kinds{a = -5, b = 18446744073709551615, c = true, d = $x, e = 1.5, f = -0.25, g = "
        "\"\", "
        "h = undefined, i = undefined, j = #Handle<7>, k = <<\"hey\">>, l = {ok,y}, m = [1,2,3], "
        "n = #pos{x = 1, y = -2}, o = [#pos{x = 0, y = 0},#pos{x = 0, y = 0}], p = 1}");
}

PIT_TEST(a_text_that_does_not_fit_is_cut_and_counted)
{
    struct pos p = {1, 2};
    char text[8] = "xxxxxxx";

    CHECK_EQ(pit_payload_text(&pit_type_pos, &p, text, sizeof text), strlen("#pos{x = 1, y = 2}"));
    CHECK_STR(text, "#pos{x ");
    CHECK_EQ(pit_payload_text(&pit_type_ping, &p, NULL, 0), strlen("#ping{}"));
}

NODE_TEST(an_unexpected_message_is_logged)
{
    pit_log_level_set(PIT_LOG_WARNING);
    pit_log_sink_set(node_log_add);
    pit_send(pit_self(), pos, .x = 11, .y = 12);
    pit_unexpected(pit_receive(A_WHILE));
    CHECK(node_logs("#pos{x = 11, y = 12}"));
}

/* ---- errno ---- */

PIT_TEST(errno_is_the_threads_and_its_address_is_not_cached)
{
    errno = 0;
    CHECK_EQ(errno, 0);
    errno = ENOENT;
    CHECK_EQ(*pit__errno_location(), ENOENT);
    errno = EINTR;
    CHECK_EQ(errno, EINTR);
}
