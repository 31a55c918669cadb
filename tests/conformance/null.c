/*
 * Goal: NULL where none may be, an address where nothing is, or a term whose memory is gone, given
 *   to any public function of processes, messages, names, timers and terms, ends who gave it, with
 *   an error that says so, and nobody else: in the library as programs link it, where its code is
 *   told from the program's (the other cases are linked from the layers' archives, where it is not).
 * Method: each call is made by a process of its own, and the node is asked afterwards whether all
 *   is as before.
 */
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <pit/address.h>
#include <pit/pit.h>

#include "tests/harness/test.h"

PIT_MESSAGE(number, (int64_t, n));

static const struct number one = {1};
static struct number answer;

/* Answers what number asks. */
static void serves(void *state, const pit_msg *m)
{
    if (pit_is(m, number))
        (void)pit_answer(m, &pit_type_number, pit_payload(m));
}
static pit_pid server;

#define TYPE ((const pit_type *)NULL)
#define IS(name, ...) \
    static void name(const void *arg) { __VA_ARGS__; }

IS(send, pit_send_copy(pit_self(), TYPE, &one))
IS(send_elsewhere, pit_send_copy(server, TYPE, &one))
IS(send_to_nobody, pit_send_copy((pit_pid){12345}, TYPE, &one))
IS(send_payload, pit_send_copy(server, &pit_type_number, NULL))
IS(try_send, (void)pit_try_send_copy(server, TYPE, &one))
IS(send_name, (void)pit_send_name("server", TYPE, &one))
IS(send_alias, pit_send_alias_copy(pit_alias(), TYPE, &one))
IS(send_priority, pit_send_priority_copy(pit_alias(), TYPE, &one))
IS(make, (void)pit_message_make(TYPE, 8))
IS(send_made, pit_message_send(server, NULL))
IS(send_after, (void)pit_send_after_copy(1, server, TYPE, &one))
IS(send_at_name, (void)pit_send_at_name(0, "server", TYPE, &one))
IS(receive_type, (void)pit_receive_type(NULL, A_WHILE))
IS(receive_match, pit_send(pit_self(), number, .n = 1); (void)pit_receive_match(NULL, NULL, 0))
IS(call, (void)pit_try_call(server, TYPE, &one, A_WHILE, &pit_type_number, &answer))
IS(call_request,
   (void)pit_try_call(server, &pit_type_number, NULL, A_WHILE, &pit_type_number, &answer))
IS(call_reply_type, (void)pit_try_call(server, &pit_type_number, &one, A_WHILE, TYPE, &answer))
IS(call_reply, (void)pit_try_call(server, &pit_type_number, &one, A_WHILE, &pit_type_number, NULL))
IS(size, (void)pit_message_size(NULL))
IS(unexpected, pit_unexpected(NULL))
IS(text_of_message, (void)pit_message_text(NULL, (char[8]){0}, 8))
IS(text_of_payload, (void)pit_payload_text(TYPE, &one, (char[8]){0}, 8))
IS(answer_to, (void)pit_answer(NULL, &pit_type_number, &one))
IS(defer, (void)pit_defer_message(NULL))
IS(info, (void)pit_process_info_of(server, NULL))
IS(processes, (void)pit_processes(NULL, 5))
IS(node, pit_node_info_get(NULL))
IS(item, (void)pit_process_item(pit_self(), PIT_INFO_STATUS, NULL))
IS(items, (void)pit_process_items(pit_self(), NULL, 1, &(pit_term){0}))
IS(system_item, (void)pit_system_info(PIT_SYSTEM_UPTIME, NULL))
IS(spawn_argument, (void)pit_spawn(send, NULL, 10))
IS(request_argument, (void)pit_spawn_request(send, NULL, 10))
IS(atom, (void)pit_atom_of(NULL))
IS(atom_known, (void)pit_atom_known("normal", NULL))
IS(tuple, (void)pit_tuple_of(NULL, 3))
IS(list, (void)pit_list_of(NULL, 3))
IS(string, (void)pit_string(NULL))
IS(bytes, (void)pit_bytes(NULL, 100))
IS(binary, (void)pit_binary_new(NULL, 100))
IS(map, (void)pit_map_of(NULL, NULL, 2))
IS(parse, (void)pit_term_parse(NULL, 5, &(pit_term){0}))
IS(parse_into, (void)pit_term_parse("[]", 2, NULL))
IS(print, (void)pit_term_print(NULL, 8, pit_nil()))

/* Where nothing may be read or written, far from all else; and 16 bytes that end where such a place
   begins. */
static char *nowhere;
static const pit_term *two;

static void find_nowhere(void)
{
    char *pages = mmap(NULL, 12288, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK_EQ(mprotect(pages + 4096, 8192, PROT_NONE), 0);
    nowhere = pages + 8192;
    two = (const pit_term *)(const void *)(pages + 4096 - 16);
}
PIT_MESSAGE(holder, (pit_term, term));

IS(w_send, pit_send_copy(server, (const pit_type *)nowhere, &one))
IS(w_payload, pit_send_copy(server, &pit_type_number, nowhere))
IS(w_size, (void)pit_message_size((const pit_msg *)nowhere))
IS(w_unexpected, pit_unexpected((const pit_msg *)nowhere))
IS(w_text_of_message, (void)pit_message_text((const pit_msg *)nowhere, (char[8]){0}, 8))
IS(w_text_of_payload, (void)pit_payload_text((const pit_type *)nowhere, &one, (char[8]){0}, 8))
IS(w_info, (void)pit_process_info_of(server, (pit_process_info *)nowhere))
IS(w_processes, (void)pit_processes((pit_pid *)nowhere, 5))
IS(w_node, pit_node_info_get((pit_node_info *)nowhere))
IS(w_spawn_argument, (void)pit_spawn(send, nowhere, 10))
IS(w_label, (void)pit_spawn_with(send, NULL, 0, .label = nowhere))
IS(w_label_asked, (void)pit_spawn_request_opt(send, NULL, 0, (pit_spawn_opts){.label = nowhere}))
IS(w_label_of_handler, (void)pit_spawn_handler_with(serves, NULL, 0, .label = nowhere))
IS(w_name, (void)pit_spawn_with(send, NULL, 0, .name = nowhere))
IS(w_set_label, pit_set_label(nowhere))
IS(w_free, pit_free(nowhere))
IS(w_realloc, (void)pit_realloc(nowhere, 8))
IS(w_atom_known, (void)pit_atom_known("normal", (pit_term *)nowhere))
IS(w_tuple, (void)pit_tuple_of((const pit_term *)nowhere, 3))
IS(w_list, (void)pit_list_of((const pit_term *)nowhere, 3))
IS(w_list_count, (void)pit_list_of(two, 3))
IS(w_map, (void)pit_map_of(two, (const pit_term *)nowhere, 2))
IS(w_string, (void)pit_string(nowhere))
IS(w_bytes, (void)pit_bytes(nowhere, 100))
IS(w_parse, (void)pit_term_parse(nowhere, 5, &(pit_term){0}))
IS(w_parse_into, (void)pit_term_parse("[]", 2, (pit_term *)nowhere))
IS(w_print, (void)pit_term_print(nowhere, 8, pit_nil()))
IS(w_address, (void)pit_address_text((const pit_address *)nowhere, (char[8]){0}, 8))
IS(w_address_into, (void)pit_address_parse("127.0.0.1:1", (pit_address *)nowhere))
IS(w_address_of, (void)pit_address_parse(nowhere, &(pit_address){0}))
IS(w_server, (void)pit_server_start((const pit_server *)nowhere, NULL, 0))
IS(w_match, (void)pit_match(pit_string("a"), "~", (pit_term *)nowhere))

/* A term whose memory went back to the kernel, as that of a large one does with the next receive. */
static pit_term gone(void)
{
    static char nothing[32] __attribute__((aligned(16)));
    pit_term t = pit_list(pit_build("{a,~}", pit_bytes(nothing, 8)));

    /* The tag that a list has, on an address where nothing is. */
    return (pit_term){(uint64_t)(uintptr_t)nowhere | (t.word & 7)};
}

IS(g_print, (void)pit_term_print((char[8]){0}, 8, gone()))
IS(g_length, (void)pit_list_length(gone()))
IS(g_compare, (void)pit_term_compare(gone(), pit_list(1)))
IS(g_build, pit_term t = pit_build("{~}", gone()); pit_exit(t))
IS(g_exit, pit_exit(gone()))
IS(g_put, (void)pit_put(pit_atom("a"), gone()))
IS(g_send, pit_send(server, holder, .term = gone()))
IS(n_exit, pit_exit((pit_term){6}))
IS(n_exit_atom, pit_exit((pit_term){UINT64_C(0x7f1234567890)}))
IS(n_put, (void)pit_put(pit_atom("a"), (pit_term){7}))
IS(n_print, (void)pit_term_print((char[8]){0}, 8, (pit_term){UINT64_C(0x7f1234567890)}))
IS(g_monitor, (void)pit_monitor_with(server, .tag = gone()))
IS(g_monitor_name, (void)pit_monitor_name_opt("server", (pit_monitor_opts){.tag = gone()}))
IS(g_spawn_tag, pit_ref r;
   (void)pit_spawn_with(send, NULL, 0, .monitor = true, .ret_ref = &r, .tag = gone()))
IS(g_request_tag, (void)pit_spawn_request(send, NULL, 0, .monitor = true, .tag = gone()))
IS(g_reply_tag, (void)pit_spawn_request(send, NULL, 0, .reply_tag = gone()))
IS(g_persistent, (void)pit_persistent_put(pit_atom("a"), gone()))
IS(g_persistent_key, (void)pit_persistent_put(gone(), pit_atom("a")))
IS(g_persistent_get, (void)pit_persistent_get(gone()))
IS(g_persistent_erase, (void)pit_persistent_erase(gone()))
IS(g_dictionary, (void)pit_process_dictionary(server, gone(), &(pit_term){0}))
IS(g_keep, (void)pit_keep(gone()))
IS(g_stop, (void)pit_server_stop(server, gone(), 100))
IS(g_call, (void)pit_try_call(server, &pit_type_holder, &(struct holder){gone()}, A_WHILE,
                              &pit_type_number, &answer))
IS(g_send_after, (void)pit_send_after(1, server, holder, .term = gone()))
IS(n_monitor, (void)pit_monitor_with(server, .tag = (pit_term){7}))
IS(n_reply_tag, (void)pit_spawn_request(send, NULL, 0, .reply_tag = (pit_term){7}))
IS(n_persistent, (void)pit_persistent_put(pit_atom("a"), (pit_term){7}))
IS(g_exit_process, (void)pit_exit_process(server, gone()))

static const struct {
    const char *name;
    pit_body *body;
} bodies[] = {
#define B(name)     \
    {               \
#name, name \
    }
    B(send),
    B(send_elsewhere),
    B(send_to_nobody),
    B(send_payload),
    B(try_send),
    B(send_name),
    B(send_alias),
    B(send_priority),
    B(make),
    B(send_made),
    B(send_after),
    B(send_at_name),
    B(receive_type),
    B(receive_match),
    B(call),
    B(call_request),
    B(call_reply_type),
    B(call_reply),
    B(size),
    B(unexpected),
    B(text_of_message),
    B(text_of_payload),
    B(answer_to),
    B(defer),
    B(info),
    B(processes),
    B(node),
    B(item),
    B(items),
    B(system_item),
    B(spawn_argument),
    B(request_argument),
    B(atom),
    B(atom_known),
    B(tuple),
    B(list),
    B(string),
    B(bytes),
    B(binary),
    B(map),
    B(parse),
    B(parse_into),
    B(print),
    B(w_send),
    B(w_payload),
    B(w_size),
    B(w_unexpected),
    B(w_text_of_message),
    B(w_text_of_payload),
    B(w_info),
    B(w_processes),
    B(w_node),
    B(w_spawn_argument),
    B(w_label),
    B(w_label_asked),
    B(w_label_of_handler),
    B(w_name),
    B(w_set_label),
    B(w_free),
    B(w_realloc),
    B(w_atom_known),
    B(w_tuple),
    B(w_list),
    B(w_list_count),
    B(w_map),
    B(w_string),
    B(w_bytes),
    B(w_parse),
    B(w_parse_into),
    B(w_print),
    B(w_address),
    B(w_address_into),
    B(w_address_of),
    B(w_server),
    B(w_match),
    B(g_print),
    B(g_length),
    B(g_compare),
    B(g_build),
    B(g_exit),
    B(g_put),
    B(g_send),
    B(n_exit),
    B(n_exit_atom),
    B(n_put),
    B(n_print),
    B(g_monitor),
    B(g_monitor_name),
    B(g_spawn_tag),
    B(g_request_tag),
    B(g_reply_tag),
    B(g_persistent),
    B(g_persistent_key),
    B(g_persistent_get),
    B(g_persistent_erase),
    B(g_dictionary),
    B(g_keep),
    B(g_stop),
    B(g_call),
    B(g_send_after),
    B(n_monitor),
    B(n_reply_tag),
    B(n_persistent),
    B(g_exit_process),
#undef B
};

/* By a process of this scheduler or another, as a body or in a handler. */
static void in_handler(void *state, const pit_msg *m)
{
    if (pit_is(m, pit_start))
        bodies[*(const size_t *)state].body(NULL);
}

static void expect_its_own_end(size_t i, bool handler)
{
    pit_ref r;
    pit_spawn_opts o = {.monitor = true, .ret_ref = &r, .scheduler = PIT_ANYWHERE};
    pit_pid p = handler ? pit_try_spawn_handler(in_handler, &i, sizeof i, o)
                        : pit_try_spawn(bodies[i].body, NULL, 0, o);
    const pit_msg *down;
    char text[200];

    if (getenv("PIT_TEST_LOG"))
        fprintf(stderr, "%s\n", bodies[i].name);
    CHECK(p.id > 0);
    down = pit_receive_ref(r, A_WHILE);
    CHECK(down);
    pit_term_print(text, sizeof text, pit_as(down, pit_down)->reason);
    if (strncmp(text, "{fault,'SIGSEGV',", 17) != 0 && strncmp(text, "{badarg,<<\"", 11) != 0)
        pit_test_fail(__FILE__, __LINE__, "%s: %s", bodies[i].name, text);
}

static int first(int argc, char **argv)
{
    find_nowhere();
    server = pit_spawn_handler_with(serves, NULL, 0, .name = "server");
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        for (int handler = 0; handler < 2; handler++)
            expect_its_own_end(i, handler);
    CHECK_EQ(pit_try_call(server, &pit_type_number, &one, A_WHILE, &pit_type_number, &answer), 0);
    CHECK_EQ(answer.n, 1);
    CHECK_EQ(pit_processes(NULL, 0), 2);
    return 42;
}

static void silent(enum pit_log_level level, const char *text, size_t length) {}

static void run(int schedulers)
{
    if (pit_test_sanitized())
        pit_test_skip("a sanitizer ends the program at such an access");
    if (!getenv("PIT_TEST_LOG"))
        pit_log_sink_set(silent);
    CHECK_EQ(pit_run(&(pit_node_opts){.schedulers = schedulers,
                                      .crash_dump = "-",
                                      .no_signals = true,
                                      .seed = pit_test_seed() >> 1 | 1},
                     first, 0, NULL),
             42);
}

/* LIFE-6: on one, two and four schedulers. */
PIT_TEST(null_ends_who_gave_it_on_1) { run(1); }
PIT_TEST(null_ends_who_gave_it_on_2) { run(2); }
PIT_TEST(null_ends_who_gave_it_on_4) { run(4); }
