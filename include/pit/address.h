/*
 * Network addresses: an IP address and a port, and their text.
 */
#ifndef PIT_ADDRESS_H
#define PIT_ADDRESS_H

#ifndef PIT_BUILDING
#pragma GCC system_header
#endif

#include <pit/base.h>

PIT_BEGIN_DECLS

typedef struct pit_address {
    uint8_t family; /* 4 or 6; 0: none */
    uint16_t port;
    uint32_t scope; /* of a link-local IPv6 address: the interface's index; else 0 */
    uint8_t ip[16]; /* in network order; IPv4: the first 4 */
} pit_address;

/* Room for any address as text, its zero included: "[....%scope]:65535". */
#define PIT_ADDRESS_TEXT 64

/*
 * An address from its text: "127.0.0.1:7000", "[::1]:7000", "[fe80::1%2]:80", "*:80" (every address
 * of this machine, IPv4 and IPv6: the IPv6 address ::). No names are looked up. 0, or -EINVAL. Does
 * not wait. Any thread. Erlang: inet:parse_address/1.
 */
int pit_address_parse(const char *text, pit_address *ret);

/*
 * The text of an address, in buffer, which it returns; cut to size bytes, its zero included:
 * PIT_ADDRESS_TEXT is enough. Does not wait. Any thread. Erlang: inet:ntoa/1.
 */
const char *pit_address_text(const pit_address *a, char *buffer, size_t size);

PIT_END_DECLS

#endif
