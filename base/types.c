/*
 * The register of messages. A module is a range of entries; there are as many as shared objects
 * that declare messages, so few. Readers walk the list of modules without a lock: a module is
 * complete before it is published (R1, A1) and stays.
 *
 * Two entries of one name are the same message if their declarations read the same and their
 * structs have the same size. The text is compared after macro expansion, where C says _Bool for
 * what C++ calls bool.
 */
#include "base/types.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <pit/log.h>
#include <pit/registry.h>

struct module {
    const struct pit__type_entry *first, *end;
    struct module *next;
};

static _Atomic(struct module *) modules;

static bool known(const struct pit__type_entry *first)
{
    for (struct module *m = atomic_load_explicit(&modules, memory_order_acquire); m;
         m = m->next) /* A1 */
        if (m->first == first)
            return true;
    return false;
}

/* Constructors and dlopen run one at a time, so there is one writer. Every file of a module calls;
   the first one counts. */
void pit__types_add(const struct pit__type_entry *first, const struct pit__type_entry *end)
{
    struct module *m;

    if (first == end || known(first))
        return;
    m = malloc(sizeof *m);
    if (!m)
        abort(); /* before main: there is nobody to tell */
    *m = (struct module){first, end, atomic_load_explicit(&modules, memory_order_relaxed)};
    atomic_store_explicit(&modules, m, memory_order_release); /* R1 */
}

/* A linear walk, a pointer and a few bytes an entry: for tools and other nodes, not for the path of
   a message. */
const pit_type *pit_type_find(const char *name)
{
    for (struct module *m = atomic_load_explicit(&modules, memory_order_acquire); m;
         m = m->next) /* A1 */
        for (const struct pit__type_entry *e = m->first; e < m->end; e++)
            if (strcmp(e->type->name, name) == 0)
                return e->type;
    return NULL;
}

/* The next character of a declaration that counts: no blanks, and _Bool reads as bool. */
static char next_char(const char **text)
{
    while (**text == ' ')
        ++*text;
    if (strncmp(*text, "_Bool", 5) == 0) {
        *text += 2;
        return 'b';
    }
    return **text ? *(*text)++ : '\0';
}

static bool same_declaration(const char *a, const char *b)
{
    char c;

    do {
        c = next_char(&a);
        if (c != next_char(&b))
            return false;
    } while (c);
    return true;
}

static bool same_message(const struct pit__type_entry *a, const struct pit__type_entry *b)
{
    return a->size == b->size && same_declaration(a->definition, b->definition);
}

static int by_name(const void *a, const void *b)
{
    const struct pit__type_entry *x = *(const struct pit__type_entry *const *)a;
    const struct pit__type_entry *y = *(const struct pit__type_entry *const *)b;

    return strcmp(x->type->name, y->type->name);
}

static size_t entries(const struct pit__type_entry **ret)
{
    size_t n = 0;

    for (struct module *m = atomic_load_explicit(&modules, memory_order_acquire); m;
         m = m->next) /* A1 */
        for (const struct pit__type_entry *e = m->first; e < m->end; e++, n++)
            if (ret)
                ret[n] = e;
    return n;
}

int pit__types_check(void)
{
    size_t n = entries(NULL);
    const struct pit__type_entry **sorted =
        calloc(n ? n : 1, sizeof(const struct pit__type_entry *));
    int result = 0;

    if (!sorted)
        return -ENOMEM;
    entries(sorted);
    qsort(sorted, n, sizeof(const struct pit__type_entry *), by_name);
    for (size_t i = 1; i < n; i++) {
        const struct pit__type_entry *a = sorted[i - 1], *b = sorted[i];

        if (by_name(&a, &b) != 0 || same_message(a, b))
            continue;
        pit_log(PIT_LOG_ERROR,
                "two different messages are called %s: %s:%u and %s:%u; rename one of them",
                a->type->name, a->file, (unsigned)a->line, b->file, (unsigned)b->line);
        result = -EEXIST;
    }
    free(sorted);
    return result;
}
