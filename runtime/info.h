/*
 * What a process says of itself: what info.c (a struct of it) and item.c (items, as terms) share.
 * Owner only.
 */
#ifndef PIT_RUNTIME_INFO_H
#define PIT_RUNTIME_INFO_H

#include "runtime/process.h"

enum pit_process_status pit__info_status(const struct pit__process *p);

#endif
