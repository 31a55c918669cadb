/*
 * Addresses between their public form, pit_address, and the kernel's.
 */
#ifndef PIT_IO_ADDRESS_H
#define PIT_IO_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>

#include <pit/address.h>

union pit__sockaddr {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

socklen_t pit__address_to_kernel(const pit_address *a, union pit__sockaddr *ret);

/* Another family than IPv4 and IPv6: family 0. */
void pit__address_from_kernel(const union pit__sockaddr *from, pit_address *ret);

#endif
