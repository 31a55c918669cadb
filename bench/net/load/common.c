/* pitboss-load: what all of its files stand on. See load.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/net/load/load.h"
#include "bench/net/pattern.h"

struct options options = {
    .connections = 100, .depth = 1, .warm = NS / 2, .timeout = 5 * NS, .seed = 1};
const uint8_t *pattern;

void fail(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("pitboss-load: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * NS + t.tv_nsec;
}

void pattern_make(void)
{
    uint8_t *one = pattern_new(), *twice = malloc(2 * PATTERN_SIZE);

    if (!one || !twice)
        fail("no memory");
    memcpy(twice, one, PATTERN_SIZE);
    memcpy(twice + PATTERN_SIZE, one, PATTERN_SIZE);
    free(one);
    pattern = twice;
}
