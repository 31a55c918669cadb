/*
 * Glob patterns of KEYS, SCAN and CONFIG GET: * ? [abc] [^a-z] and backslash, as redis reads them.
 */
#ifndef CASINO_GLOB_H
#define CASINO_GLOB_H

#include <stdbool.h>

#include "examples/casino/bytes.h"

bool glob_match(struct bytes pattern, struct bytes text);

#endif
