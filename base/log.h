/*
 * For those to whom preparing a log event costs: is it worth it?
 */
#ifndef PIT_BASE_LOG_H
#define PIT_BASE_LOG_H

#include <pit/log.h>

/* false: an event of this level would be dropped. */
bool pit__log_on(enum pit_log_level level);

/* 0, or -EINVAL: PITBOSS_LOG holds no level. That is logged, with those that there are. */
int pit__log_environment(void);

#endif
