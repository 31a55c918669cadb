/*
 * --self-drive: start a casino in an OS process of its own, load it with redis-benchmark and wrk,
 * crash tables and connections meanwhile, check every write that was acknowledged, and report.
 */
#ifndef CASINO_DRIVE_H
#define CASINO_DRIVE_H

#include "examples/casino/options.h"

/* The exit status: 0 if no write was lost, every restart came and no client saw an error that it
   did not cause. */
int drive(const struct options *o);

#endif
