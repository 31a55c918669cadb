/* Messages with bytes behind them, and the process's own memory. */
#include "examples/casino/messages.h"

#include "examples/casino/memory.h"

void *message_make(const pit_type *type, size_t more)
{
    void *payload = pit_message_make(type, type->size + more);

    if (!payload)
        pit_exit(pit_build("system_limit"));
    return payload;
}

static void *process_resize(void *old, size_t size)
{
    return old ? pit_realloc(old, size) : pit_try_alloc(size);
}
static void process_release(void *block) { pit_free(block); }

const struct memory memory_process = {process_resize, process_release};
