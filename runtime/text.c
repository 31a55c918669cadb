/* Text: the table of executable ranges. The contract is in text.h. */
#include "runtime/text.h"

#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* The bounds of the static library's code, made by the linker; without that section, NULL. */
extern const char __start_pit_text[] __attribute__((weak, visibility("hidden")));
extern const char __stop_pit_text[] __attribute__((weak, visibility("hidden")));

struct table {
    struct table *older;               /* kept, and found by leak checkers */
    unsigned long long loads, unloads; /* dl_iterate_phdr's counts when it was made */
    bool knows_runtime;
    size_t count;
    size_t room;
    struct pit__text_range ranges[];
};

static _Atomic(struct table *) current;
static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;

/* --- collecting ------------------------------------------------------------------------------ */

struct counting {
    size_t segments;
    unsigned long long loads, unloads;
};

static int count_segments(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct counting *c = (struct counting *)arg;

    (void)size;
    for (unsigned i = 0; i < info->dlpi_phnum; i++)
        c->segments += info->dlpi_phdr[i].p_type == PT_LOAD && (info->dlpi_phdr[i].p_flags & PF_X);
    c->loads = info->dlpi_adds;
    c->unloads = info->dlpi_subs;
    return 0;
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static enum pit__text_kind kind_of(const char *path, bool first)
{
    static const char *const libc[] = {"libc.so",    "libc-", "libm.so",     "libm-",
                                       "ld-linux",   "ld-2",  "libgcc_s.so", "libpthread",
                                       "linux-vdso", "libdl", "libstdc++.so"};
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;

    if (first)
        return PIT__TEXT_PROGRAM;
    for (size_t i = 0; i < sizeof(libc) / sizeof(*libc); i++)
        if (starts_with(name, libc[i]))
            return PIT__TEXT_LIBC;
    return PIT__TEXT_LIBRARY;
}

static bool add(struct table *t, struct pit__text_range r)
{
    if (r.begin >= r.end)
        return true;
    if (t->count == t->room)
        return false;
    t->ranges[t->count++] = r;
    return true;
}

/* The program's segment with the static library in it: before, the runtime, after. */
static bool add_divided(struct table *t, struct pit__text_range whole)
{
    struct pit__text_range part = whole;
    bool ok;

    part.end = (uintptr_t)__start_pit_text;
    ok = add(t, part);
    part.begin = (uintptr_t)__start_pit_text;
    part.end = (uintptr_t)__stop_pit_text;
    part.kind = PIT__TEXT_RUNTIME;
    ok = ok && add(t, part);
    part = whole;
    part.begin = (uintptr_t)__stop_pit_text;
    t->knows_runtime = true;
    return ok && add(t, part);
}

static bool add_segment(struct table *t, struct pit__text_range r)
{
    uintptr_t own = (uintptr_t)pit__text_refresh;
    bool ours = own >= r.begin && own < r.end;

    if (__start_pit_text && (uintptr_t)__start_pit_text >= r.begin &&
        (uintptr_t)__start_pit_text < r.end)
        return add_divided(t, r);
    if (ours && r.kind != PIT__TEXT_PROGRAM) {
        r.kind = PIT__TEXT_RUNTIME;
        t->knows_runtime = true;
    }
    return add(t, r);
}

struct collecting {
    struct table *table;
    bool first;
    bool ok;
};

/* The ranges of one module, which share one name. */
static bool add_module(struct table *t, const struct dl_phdr_info *info, const char *path,
                       enum pit__text_kind kind)
{
    size_t before = t->count;
    char *name = strdup(path);
    bool ok = name;

    for (unsigned i = 0; i < info->dlpi_phnum && ok; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        uintptr_t begin = info->dlpi_addr + p->p_vaddr;

        if (p->p_type == PT_LOAD && (p->p_flags & PF_X))
            ok = add_segment(t, (struct pit__text_range){
                                    .begin = begin,
                                    .end = begin + p->p_memsz,
                                    .base = info->dlpi_addr,
                                    .name = name,
                                    .kind = kind,
                                });
    }
    if (t->count == before)
        free(name); /* it has no code */
    return ok;
}

static int collect_module(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct collecting *c = (struct collecting *)arg;
    const char *path = info->dlpi_name && *info->dlpi_name ? info->dlpi_name
                       : c->first                          ? "program"
                                                           : "unnamed";

    (void)size;
    c->ok = add_module(c->table, info, path, kind_of(path, c->first));
    c->first = false;
    return !c->ok;
}

/* A table that was not finished: not sorted yet, so the ranges that share a name are neighbours. */
static void discard(struct table *t)
{
    for (size_t i = 0; i < t->count; i++)
        if (i == 0 || t->ranges[i].name != t->ranges[i - 1].name)
            free((char *)t->ranges[i].name);
    free(t);
}

static int by_begin(const void *a, const void *b)
{
    uintptr_t x = ((const struct pit__text_range *)a)->begin;
    uintptr_t y = ((const struct pit__text_range *)b)->begin;

    return (x > y) - (x < y);
}

/* --- the interface --------------------------------------------------------------------------- */

static int make_table(void)
{
    struct counting now = {0};
    struct table *old = atomic_load_explicit(&current, memory_order_relaxed), *t;
    struct collecting c = {.first = true, .ok = true};

    dl_iterate_phdr(count_segments, &now);
    if (old && old->loads == now.loads && old->unloads == now.unloads)
        return 0;
    now.segments += 2 + 8; /* the program's is divided; room for a module loaded meanwhile */
    t = (struct table *)calloc(1, sizeof(*t) + now.segments * sizeof(t->ranges[0]));
    if (!t)
        return -ENOMEM;
    t->room = now.segments;
    t->loads = now.loads;
    t->unloads = now.unloads;
    t->older = old;
    c.table = t;
    dl_iterate_phdr(collect_module, &c);
    if (!c.ok) {
        discard(t);
        return -ENOMEM;
    }
    qsort(t->ranges, t->count, sizeof(t->ranges[0]), by_begin);
    atomic_store_explicit(&current, t, memory_order_release); /* find's acquire sees it complete */
    return 0;
}

int pit__text_refresh(void)
{
    int r;

    pthread_mutex_lock(&making);
    r = make_table();
    pthread_mutex_unlock(&making);
    return r;
}

const struct pit__text_range *pit__text_find(uintptr_t address)
{
    const struct table *t = atomic_load_explicit(&current, memory_order_acquire);
    size_t low = 0, high = t ? t->count : 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (address >= t->ranges[middle].end)
            low = middle + 1;
        else if (address < t->ranges[middle].begin)
            high = middle;
        else
            return &t->ranges[middle];
    }
    return NULL;
}

bool pit__text_knows_runtime(void)
{
    const struct table *t = atomic_load_explicit(&current, memory_order_acquire);

    return t && t->knows_runtime;
}
