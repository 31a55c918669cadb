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

/* For the functions of a process: pit_address_parse of the text that a program named, and an
   address written where it wants it. A wrong pointer is the fault of that process, and ends it
   alone; so nothing may be half done here. */
int pit__address_taken(const char *text, pit_address *ret);
void pit__address_given(const pit_address *a, pit_address *ret);

#endif
