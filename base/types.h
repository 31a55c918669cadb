/*
 * The register of messages: every PIT_MESSAGE of the program and of the shared objects it has
 * loaded.
 *
 * Each module hands in the bounds of its section pit_types from a constructor (<pit/message.h>), so
 * before main and one after the other; a module that is loaded later is added under the loader's
 * lock. Nothing is ever removed: a module whose messages may be under way must not be unloaded.
 */
#ifndef PIT_BASE_TYPES_H
#define PIT_BASE_TYPES_H

/* 0; or -EEXIST: two different messages have one name, and both places were logged. pit_run refuses
   to start then. */
int pit__types_check(void);

#endif
