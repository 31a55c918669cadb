/*
 * The probes' semaphores: how many tools watch each probe, counted by the kernel. See probes.h.
 *
 * They stand in a section of their own because the tools write them through the file's notes, so
 * nothing else may share it; the linker keeps them in every program that fires one.
 */
#include "base/probes.h"

#define PIT__PROBE_DEFINE(name) volatile unsigned short pitboss_##name##_semaphore = 0;
PIT__PROBES(PIT__PROBE_DEFINE)
