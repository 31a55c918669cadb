/* The load of a self-drive: redis-benchmark and wrk, run as they are, and what they report. */
#ifndef CASINO_DRIVE_LOAD_H
#define CASINO_DRIVE_LOAD_H

#include <stdbool.h>

struct load {
    const char *address;
    int port, http_port, seconds;
    char report[4096]; /* lines to print */
    unsigned errors;   /* that a client saw */
    bool missing;      /* a program is not installed */
};

/* Threads' bodies; arg is a struct load. */
void *load_redis(void *arg);
void *load_http(void *arg);

#endif
