/*
 * The C side of test_cxx.cc: the same messages and protocol from the same header, in C.
 */
#include "tests/otp/cxx_peer.h"

struct adder {
    int64_t total;
};

static void on_add(struct adder *self, const struct adder_add *m, struct adder_add_reply *r)
{
    r->total = self->total += m->n + (m->twice ? m->n : 0);
}
static void on_reset(struct adder *self, const struct adder_reset *m) { self->total = 0; }

PIT_SERVER(adder, struct adder);

pit_pid adder_start(void) { return pit_server_start(&adder_server, 0, 0); }

const pit_type *c_type_of_mixed(void) { return &pit_type_mixed; }
