/* The commands at the desk. What clients and tools ask on connecting (redis-cli, redis-benchmark)
   is answered. */
#include "examples/casino/desk.h"

#include <stdio.h>

#include "examples/casino/glob.h"
#include "examples/casino/number.h"
#include "examples/casino/resp.h"

static void unknown_subcommand(const struct command *c, struct bytes word, struct out *reply)
{
    char upper[sizeof(c->name)];

    for (size_t i = 0; i < sizeof(upper); i++)
        upper[i] =
            (char)(c->name[i] >= 'a' && c->name[i] <= 'z' ? c->name[i] - 'a' + 'A' : c->name[i]);
    resp_error(reply, "ERR unknown subcommand '%.*s'. Try %s HELP.",
               (int)strnlen(word.at, word.len < 128 ? word.len : 128), word.at, upper);
}

/* Is it this subcommand? If it is but has the wrong number of words, *wrong is set and the reply
   written. */
static bool subcommand(const struct command *c, const struct bytes *words, size_t count,
                       const char *name, int arity, struct out *reply, bool *wrong)
{
    if (!bytes_is(words[1], name))
        return false;
    if (arity > 0 ? count == (size_t)arity : count >= (size_t)-arity)
        return true;
    char full[40];
    struct out text = out_new(NULL);

    text.data = full;
    text.room = sizeof(full);
    out_text(&text, c->name);
    out_text(&text, "|");
    out_text(&text, name);
    out_add(&text, "", 1);
    command_wrong_arity(reply, full);
    *wrong = true;
    return false;
}

/* <COMMAND> HELP: a head, then these; or the error for any other subcommand, which points to it. */
static void help_or_unknown(const struct command *c, const struct bytes *words, size_t count,
                            const char *const *lines, struct out *reply)
{
    bool wrong = false;
    char head[80];
    size_t n = 0;

    if (!subcommand(c, words, count, "help", 2, reply, &wrong)) {
        if (!wrong)
            unknown_subcommand(c, words[1], reply);
        return;
    }
    while (lines[n])
        n++;
    (void)snprintf(head, sizeof(head),
                   "%s <subcommand> [<arg> [value] [opt] ...]. Subcommands are:", c->name);
    for (char *l = head; *l != ' '; l++)
        *l = (char)(*l - 'a' + 'A');
    resp_array(reply, n + 3);
    resp_status(reply, head);
    for (size_t i = 0; i < n; i++)
        resp_status(reply, lines[i]);
    resp_status(reply, "HELP");
    resp_status(reply, "    Prints this help.");
}

static void ping(const struct bytes *words, size_t count, struct out *reply)
{
    if (count > 2)
        command_wrong_arity(reply, "ping");
    else if (count == 2)
        resp_bulk(reply, words[1]);
    else
        resp_status(reply, "PONG");
}

/* There is one database, as in a redis cluster. */
static void select_database(struct bytes word, struct out *reply)
{
    int64_t n;

    if (!number_parse(word, &n))
        resp_error(reply, "ERR value is not an integer or out of range");
    else if (n > INT32_MAX || n < INT32_MIN)
        resp_error(reply, "ERR value is out of range, value must between %d and %d", INT32_MIN,
                   INT32_MAX);
    else if (n != 0)
        resp_error(reply, "ERR DB index is out of range");
    else
        resp_status(reply, "OK");
}

static void describe(const struct command *c, struct out *reply)
{
    static const struct {
        unsigned flag;
        const char *name;
    } flags[] = {{READS, "readonly"}, {WRITES, "write"}, {GROWS, "denyoom"}, {FAST, "fast"}};
    size_t count = 0;

    for (size_t i = 0; i < 4; i++)
        count += (c->flags & flags[i].flag) != 0;
    resp_array(reply, 6);
    resp_bulk(reply, bytes_text(c->name));
    resp_integer(reply, c->arity);
    resp_array(reply, count);
    for (size_t i = 0; i < 4; i++)
        if (c->flags & flags[i].flag)
            resp_status(reply, flags[i].name);
    resp_integer(reply, c->first);
    resp_integer(reply, c->last);
    resp_integer(reply, c->step);
}

static void command_info(const struct bytes *words, size_t count, struct out *reply)
{
    resp_array(reply, count - 2);
    for (size_t i = 2; i < count; i++) {
        const struct command *c = command_find(words[i]);

        if (c)
            describe(c, reply);
        else
            resp_null(reply);
    }
}

static void describe_all(struct out *reply)
{
    resp_array(reply, COMMAND_COUNT);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        describe(&commands[i], reply);
}

/* Whether a name, of small letters, matches one of these, in letters of any size. */
static bool wanted(const char *name, const struct bytes *patterns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char lower[64];
        size_t len = patterns[i].len < sizeof(lower) ? patterns[i].len : sizeof(lower);

        for (size_t n = 0; n < len; n++)
            lower[n] = bytes_lower(patterns[i].at[n]);
        if (glob_match(bytes_of(lower, len), bytes_text(name)))
            return true;
    }
    return false;
}

/* Of redis's filters the one by pattern: there are no modules, and no categories of access. */
static void command_list(const struct bytes *words, size_t count, struct out *reply)
{
    static const struct bytes all = {"*", 1};
    bool filtered = count == 5 && bytes_is(words[2], "filterby") && bytes_is(words[3], "pattern");
    const struct bytes *pattern = filtered ? &words[4] : &all;
    const char *found[COMMAND_COUNT];
    size_t n = 0;

    if (count > 2 && !filtered) {
        resp_error(reply, "ERR syntax error");
        return;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (wanted(commands[i].name, pattern, 1))
            found[n++] = commands[i].name;
    resp_array(reply, n);
    for (size_t i = 0; i < n; i++)
        resp_bulk(reply, bytes_text(found[i]));
}

static void answer_command(const struct command *c, const struct bytes *words, size_t count,
                           struct out *reply)
{
    static const char *const help[] = {"(no subcommand)",
                                       "    Return details about all commands.",
                                       "COUNT",
                                       "    Return the total number of commands in this server.",
                                       "LIST",
                                       "    Return a list of all commands in this server.",
                                       "LIST FILTERBY PATTERN <pattern>",
                                       "    Return a list of those that match.",
                                       "INFO [<command-name> ...]",
                                       "    Return details about these commands, or about all.",
                                       "DOCS [<command-name> ...]",
                                       "    Return nothing: there is no documentation here.",
                                       NULL};
    bool wrong = false;

    if (count == 1) {
        describe_all(reply);
    } else if (subcommand(c, words, count, "count", 2, reply, &wrong)) {
        resp_integer(reply, COMMAND_COUNT);
    } else if (subcommand(c, words, count, "info", -2, reply, &wrong)) {
        if (count == 2)
            describe_all(reply);
        else
            command_info(words, count, reply);
    } else if (subcommand(c, words, count, "docs", -2, reply, &wrong)) {
        resp_array(reply, 0); /* redis-cli asks for them to show hints; none is a valid answer */
    } else if (subcommand(c, words, count, "list", -2, reply, &wrong)) {
        command_list(words, count, reply);
    } else if (!wrong) {
        help_or_unknown(c, words, count, help, reply);
    }
}

static void config_get(const struct desk_house *house, const struct bytes *patterns, size_t count,
                       struct out *reply)
{
    const struct desk_setting *found[DESK_SETTINGS_MOST];
    size_t n = 0;

    for (const struct desk_setting *s = house->settings; s->name && n < DESK_SETTINGS_MOST; s++)
        if (wanted(s->name, patterns, count))
            found[n++] = s;
    resp_array(reply, n * 2);
    for (size_t i = 0; i < n; i++) {
        resp_bulk(reply, bytes_text(found[i]->name));
        resp_bulk(reply, bytes_text(found[i]->value));
    }
}

static void answer_config(const struct desk *d, const struct command *c, const struct bytes *words,
                          size_t count, struct out *reply)
{
    static const char *const help[] = {
        "GET <pattern> [<pattern> ...]",
        "    Return settings matching the glob-like <pattern> and their values.", "RESETSTAT",
        "    Does nothing: statistics count from the start.", NULL};
    bool wrong = false;

    if (subcommand(c, words, count, "get", -3, reply, &wrong))
        config_get(d->house, words + 2, count - 2, reply);
    else if (subcommand(c, words, count, "set", -4, reply, &wrong))
        resp_error(reply, "ERR settings are options of the command line (--help)");
    else if (subcommand(c, words, count, "resetstat", 2, reply, &wrong))
        resp_status(reply, "OK");
    else if (!wrong)
        help_or_unknown(c, words, count, help, reply);
}

static void set_name(struct desk *d, struct bytes name, struct out *reply)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.at[i] < '!' || name.at[i] > '~') {
            resp_error(reply,
                       "ERR Client names cannot contain spaces, newlines or special characters.");
            return;
        }
    }
    if (name.len >= sizeof(d->name)) {
        resp_error(reply, "ERR Client names have at most %zu bytes", sizeof(d->name) - 1);
        return;
    }
    memset(d->name, 0, sizeof(d->name));
    memcpy(d->name, name.at, name.len);
    resp_status(reply, "OK");
}

static void client_info(const struct desk *d, struct out *reply)
{
    struct out text = out_new(reply->memory);

    out_format(&text, "id=%lld name=%s db=0 resp=2\n", (long long)d->id, d->name);
    resp_bulk(reply, out_content(&text));
    reply->failed |= text.failed;
    out_free(&text);
}

static void answer_client(struct desk *d, const struct command *c, const struct bytes *words,
                          size_t count, struct out *reply)
{
    static const char *const help[] = {
        "GETNAME",
        "    Return the name of the current connection.",
        "ID",
        "    Return the ID of the current connection.",
        "INFO",
        "    Return information about the current client connection.",
        "SETNAME <name>",
        "    Assign the name <name> to the current connection.",
        NULL};
    bool wrong = false;

    if (subcommand(c, words, count, "id", 2, reply, &wrong))
        resp_integer(reply, d->id);
    else if (subcommand(c, words, count, "setname", 3, reply, &wrong))
        set_name(d, words[2], reply);
    else if (subcommand(c, words, count, "setinfo", 4, reply, &wrong))
        resp_status(reply, "OK"); /* libraries announce themselves with it on every connection */
    else if (subcommand(c, words, count, "info", 2, reply, &wrong))
        client_info(d, reply);
    else if (!subcommand(c, words, count, "getname", 2, reply, &wrong)) {
        if (!wrong)
            help_or_unknown(c, words, count, help, reply);
    } else if (d->name[0])
        resp_bulk(reply, bytes_text(d->name));
    else
        resp_null(reply);
}

static void answer_info(const struct desk *d, const struct bytes *words, size_t count,
                        struct out *reply)
{
    struct out text = out_new(reply->memory);
    char section[32] = "all";

    for (size_t i = 1; i < (count > 1 ? count : 2); i++) {
        if (count > 1) {
            size_t len = words[i].len < sizeof(section) - 1 ? words[i].len : sizeof(section) - 1;

            for (size_t n = 0; n < len; n++)
                section[n] = bytes_lower(words[i].at[n]);
            section[len] = '\0';
        }
        d->house->info(d->house->context, section, &text);
    }
    resp_bulk(reply, out_content(&text));
    reply->failed |= text.failed;
    out_free(&text);
}

enum desk_result desk_answer(struct desk *d, const struct command *c, const struct bytes *words,
                             size_t count, int64_t now_us, struct out *reply)
{
    switch (c->id) {
    case COMMAND_ping:
        ping(words, count, reply);
        break;
    case COMMAND_echo:
        resp_bulk(reply, words[1]);
        break;
    case COMMAND_select:
        select_database(words[1], reply);
        break;
    case COMMAND_command:
        answer_command(c, words, count, reply);
        break;
    case COMMAND_config:
        answer_config(d, c, words, count, reply);
        break;
    case COMMAND_client:
        answer_client(d, c, words, count, reply);
        break;
    case COMMAND_info:
        answer_info(d, words, count, reply);
        break;
    case COMMAND_time:
        resp_array(reply, 2);
        resp_bulk_number(reply, now_us / 1000000);
        resp_bulk_number(reply, now_us % 1000000);
        break;
    case COMMAND_quit:
        resp_status(reply, "OK");
        return DESK_QUIT;
    default:
        resp_error(reply, "ERR '%s' is not answered here", c->name);
        break;
    }
    return DESK_GO_ON;
}
