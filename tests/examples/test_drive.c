/*
 * Goal: a self-drive ends with a status that is not zero, and says why, when a write is lost, when a
 * restart does not come and when a client sees an error that it did not cause; no answer at all is
 * one too.
 * Method: the casino with a fault planted behind its back, by the linker: where its parts call one
 * of the functions below, they come here first (meson.build: --wrap). It is driven for a second,
 * with the real redis-benchmark and wrk.
 */
#include "tests/harness/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pit/node.h>
#include <pit/supervisor.h>

#include "examples/casino/drive.h"
#include "examples/casino/drive_peer.h"
#include "examples/casino/journal.h"
#include "examples/casino/round.h"

static enum plant {
    NOTHING,
    NO_RESTART,
    EMPTY_COPIES,
    ERROR_NOW_AND_THEN,
    ERROR_FOR_A_NEW_KEY,
    HTTP_ERROR_NOW_AND_THEN,
    HTTP_SILENCE,
    CONNECTION_BREAKS,
} plant;

/* The nth time of these. Any thread of the server. */
static bool every(unsigned n)
{
    static unsigned times;

    return __atomic_add_fetch(&times, 1, __ATOMIC_RELAXED) % n == 0;
}

/* The only children that are added are the tables. */
pit_pid __real_pit_supervisor_add_child(pit_pid supervisor, pit_child child);
pit_pid __wrap_pit_supervisor_add_child(pit_pid supervisor, pit_child child);
pit_pid __wrap_pit_supervisor_add_child(pit_pid supervisor, pit_child child)
{
    if (plant == NO_RESTART)
        child.restart = PIT_TEMPORARY;
    return __real_pit_supervisor_add_child(supervisor, child);
}

int __real_journal_apply(struct bytes journal, struct store *copy);
int __wrap_journal_apply(struct bytes journal, struct store *copy);
int __wrap_journal_apply(struct bytes journal, struct store *copy)
{
    return plant == EMPTY_COPIES ? 0 : __real_journal_apply(journal, copy);
}

void __real_execute(struct work *w, const struct command *c, const struct bytes *words,
                    size_t count);
void __wrap_execute(struct work *w, const struct command *c, const struct bytes *words,
                    size_t count);
void __wrap_execute(struct work *w, const struct command *c, const struct bytes *words,
                    size_t count)
{
    size_t before = w->reply->len;

    __real_execute(w, c, words, count);
    if (c->id != COMMAND_get)
        return;
    bool new_key = words[1].len > 6 && !memcmp(words[1].at, "check:", 6) &&
                   w->reply->len - before == 5 && !memcmp(w->reply->data + before, "$-1\r\n", 5);
    if ((plant == ERROR_FOR_A_NEW_KEY && new_key) || (plant == ERROR_NOW_AND_THEN && every(1000))) {
        w->reply->len = before;
        resp_error(w->reply, "ERR planted");
    }
}

void __real_http_respond(struct out *o, const struct http_response *r);
void __wrap_http_respond(struct out *o, const struct http_response *r);
void __wrap_http_respond(struct out *o, const struct http_response *r)
{
    struct http_response changed = *r;

    if (plant == HTTP_SILENCE)
        return;
    if (plant == HTTP_ERROR_NOW_AND_THEN && every(100))
        changed.status = 500;
    __real_http_respond(o, &changed);
}

struct bytes __real_round_reply(struct round *r, struct out *assembled);
struct bytes __wrap_round_reply(struct round *r, struct out *assembled);
struct bytes __wrap_round_reply(struct round *r, struct out *assembled)
{
    if (plant == CONNECTION_BREAKS && every(500))
        pit_exit(pit_build("planted"));
    return __real_round_reply(r, assembled);
}

/* Drive it; what it prints goes into report. */
static int driven(enum plant planted, char report[], size_t size)
{
    char casino[] = "casino", self_drive[] = "--self-drive", second[] = "1";
    char *words[] = {casino, self_drive, second, NULL};
    static const pit_node_opts node;
    struct options o;
    FILE *printed = tmpfile();
    int out = dup(STDOUT_FILENO), status;

    CHECK(printed && out >= 0);
    CHECK_EQ(options_parse(3, words, &o), OPTIONS_RUN);
    o.node = &node; /* this, the seed and the signal are main's to do */
    o.seed = pit_test_seed();
    (void)signal(SIGPIPE, SIG_IGN);
    plant = planted;
    (void)fflush(stdout);
    CHECK_EQ(dup2(fileno(printed), STDOUT_FILENO), STDOUT_FILENO);
    status = drive(&o);
    (void)fflush(stdout);
    CHECK_EQ(dup2(out, STDOUT_FILENO), STDOUT_FILENO);
    rewind(printed);
    report[fread(report, 1, size - 1, printed)] = '\0';
    (void)fclose(printed);
    (void)close(out);
    printf("%s    status %d\n", report, status);
    (void)fflush(stdout);
    return status;
}

/* It fails, and says this, or does not. */
static void expect_found(enum plant planted, const char *words, bool said)
{
    char report[8192];

    CHECK_EQ(driven(planted, report, sizeof(report)), 1);
    CHECK(strstr(report, "\nFAILED\n"));
    if ((strstr(report, words) != NULL) != said)
        pit_test_fail(__FILE__, __LINE__, "it says %s: %s", said ? "nowhere" : "wrongly", words);
}

PIT_TEST(a_drive_without_a_fault_is_well)
{
    char report[8192];

    CHECK_EQ(driven(NOTHING, report, sizeof(report)), 0);
    CHECK(strstr(report, "lost: 0; errors clients saw: 0\n"));
}

/* Everybody waits then, INFO too for some of its numbers: who crashes tables complains of the
   restart, or of that on a slow machine. */
PIT_TEST(a_restart_that_does_not_come_is_found_and_holds_nothing_up)
{
    drive_patience = 3;
    expect_found(NO_RESTART, "\n  crasher: ", true);
}

PIT_TEST(a_lost_write_is_found) { expect_found(EMPTY_COPIES, "lost: 0;", false); }

PIT_TEST(an_error_now_and_then_is_found) { expect_found(ERROR_NOW_AND_THEN, "ERR planted", true); }

PIT_TEST(an_error_instead_of_no_value_is_found)
{
    expect_found(ERROR_FOR_A_NEW_KEY, "GET: -ERR planted", true);
}

PIT_TEST(an_error_of_http_is_found) { expect_found(HTTP_ERROR_NOW_AND_THEN, "Non-2xx", true); }

PIT_TEST(http_that_does_not_answer_is_found)
{
    drive_patience = 3;
    expect_found(HTTP_SILENCE, "no answer came", true);
}

PIT_TEST(a_connection_that_breaks_is_found)
{
    expect_found(CONNECTION_BREAKS, "errors clients saw: 0\n", false);
}
