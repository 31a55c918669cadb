/*
 * What there is to tell about the running casino: INFO, CONFIG GET, /metrics, /tree.json. Asked by
 * client processes, which wait while supervisors and servers answer; nobody else does.
 */
#ifndef CASINO_REPORT_H
#define CASINO_REPORT_H

#include "examples/casino/desk.h"
#include "examples/casino/out.h"

/* For desk.h; the context of report_info is a const struct options. */
extern const struct desk_setting report_settings[];
void report_info(void *context, const char *section, struct out *text);

void report_metrics(struct out *text);
/* The supervision tree as JSON, for the page. */
void report_tree(struct out *json);

#endif
