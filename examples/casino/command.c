/*
 * Finding a command by its name: binary search over names padded to 16 bytes, so that a comparison
 * is two words.
 */
#include "examples/casino/command.h"

#include <stdint.h>

#include "examples/casino/resp.h"

const struct command commands[COMMAND_COUNT] = {
#define COMMAND_ENTRY(name, arity, first, last, step, place, flags) \
    {#name, COMMAND_##name, arity, first, last, step, place, flags},
    COMMAND_LIST(COMMAND_ENTRY)
#undef COMMAND_ENTRY
};

const struct command *command_find(struct bytes name)
{
    char lower[sizeof(commands[0].name)] = {0};
    size_t low = 0, high = COMMAND_COUNT;

    if (name.len >= sizeof(lower))
        return NULL;
    for (size_t i = 0; i < name.len; i++)
        lower[i] = bytes_lower(name.at[i]);
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = memcmp(lower, commands[middle].name, sizeof(lower));

        if (order == 0)
            return &commands[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

void command_wrong_arity(struct out *reply, const char *name)
{
    resp_error(reply, "ERR wrong number of arguments for '%s' command", name);
}

/* So much of an unknown command is quoted, of its name and of its arguments: redis's own figure. */
#define QUOTED 128

static int until_zero(struct bytes b, size_t most)
{
    return (int)strnlen(b.at, b.len < most ? b.len : most);
}

static void unknown(const struct bytes *words, size_t count, struct out *reply)
{
    char args[QUOTED + 8];
    size_t len = 0;

    for (size_t i = 1; i < count && len < QUOTED; i++) {
        int part = until_zero(words[i], QUOTED - len);

        args[len++] = '\'';
        memcpy(args + len, words[i].at, (size_t)part);
        len += (size_t)part;
        memcpy(args + len, "' ", 2);
        len += 2;
    }
    resp_error(reply, "ERR unknown command '%.*s', with args beginning with: %.*s",
               until_zero(words[0], QUOTED), words[0].at, (int)len, args);
}

const struct command *command_check(const struct bytes *words, size_t count, struct out *reply)
{
    const struct command *c = command_find(words[0]);

    if (!c) {
        unknown(words, count, reply);
        return NULL;
    }
    if (!command_has_arity(c, count)) {
        command_wrong_arity(reply, c->name);
        return NULL;
    }
    return c;
}
