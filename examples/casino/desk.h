/*
 * The front desk: commands that a connection answers by itself, without any table.
 *
 * What the desk cannot know (how many clients there are, how much memory is used) comes through the
 * functions in struct desk_house; in tests they are simple ones.
 */
#ifndef CASINO_DESK_H
#define CASINO_DESK_H

#include <stdbool.h>
#include <stdint.h>

#include "examples/casino/bytes.h"
#include "examples/casino/command.h"
#include "examples/casino/out.h"

#define DESK_NAME 64 /* of a client's name: the longest, and a terminator */

#define DESK_SETTINGS_MOST 16 /* that CONFIG GET shows */

struct desk_setting {
    const char *name;
    const char *value;
};

struct desk_house {
    const struct desk_setting *settings; /* what CONFIG GET shows; ends with a NULL name */
    /* The text of INFO, of one section (lower case) or of all ("all"); lines end in \r\n. */
    void (*info)(void *context, const char *section, struct out *text);
    void *context;
};

struct desk {
    const struct desk_house *house;
    int64_t id; /* CLIENT ID */
    char name[DESK_NAME];
};

enum desk_result {
    DESK_GO_ON,
    DESK_QUIT, /* send what is written, then close */
};

/* One command whose place is AT_DESK, but for CRASH, which is not a matter of replies. now_us:
   since 1970. */
enum desk_result desk_answer(struct desk *d, const struct command *c, const struct bytes *words,
                             size_t count, int64_t now_us, struct out *reply);

#endif
