/*
 * The register of messages: what PIT_MESSAGE leaves behind in each file, so that a name can be
 * looked up at run time.
 */
#ifndef PIT_REGISTRY_H
#define PIT_REGISTRY_H

#ifndef PIT_BUILDING
#pragma GCC system_header
#endif

#include <pit/base.h>
#include <pit/type.h>

PIT_BEGIN_DECLS

/*
 * The descriptor of the message of this name, or NULL. Walks all of them: keep what it returns.
 * Does not wait. Any thread. No counterpart in Erlang.
 */
const pit_type *pit_type_find(const char *name);

/* ---- what PIT_MESSAGE stands on; not for programs -------------------------------------------- */

/*
 * One PIT_MESSAGE in one file, in section pit_types, which pit__types_check (base/types.h) walks at
 * start.
 */
struct pit__type_entry {
    const pit_type *type;
    const char *definition;
    const char *file;
    uint32_t line;
    uint32_t size;
};

/*
 * Each module (program or shared object) has bounds of its own for the section, and only code
 * within it sees them. So every file that can declare messages registers its module's; the second
 * time is free.
 */
void pit__types_add(const struct pit__type_entry *first, const struct pit__type_entry *end);
extern const struct pit__type_entry __start_pit_types[] __attribute__((weak, visibility("hidden")));
extern const struct pit__type_entry __stop_pit_types[] __attribute__((weak, visibility("hidden")));

PIT_END_DECLS

#endif
