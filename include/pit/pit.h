/*
 * The umbrella: everything up to the behaviours. <pit/tcp.h> and others are for what not every
 * program needs.
 */
#ifndef PIT_PIT_H
#define PIT_PIT_H

#include <pit/base.h>
#include <pit/type.h>
#include <pit/binary.h>
#include <pit/term.h>
#include <pit/process.h>
#include <pit/timer.h>
#include <pit/trace.h>
#include <pit/mailbox.h>
#include <pit/dictionary.h>
#include <pit/info.h>
#include <pit/atomics.h>
#include <pit/persistent.h>
#include <pit/message.h>
#include <pit/must.h>
#include <pit/node.h>
#include <pit/log.h>
#include <pit/server.h>
#include <pit/supervisor.h>
#include <pit/errno.h>

#endif
