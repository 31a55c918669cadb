/*
 * Addresses and their text. See <pit/address.h>.
 */
#include "io/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "runtime/park.h"

/* Digits only, at most max. -EINVAL. */
static int parse_number(const char *s, const char *end, uint64_t max, uint64_t *ret)
{
    uint64_t n = 0;

    if (s == end)
        return -EINVAL;
    for (; s < end; s++) {
        if (*s < '0' || *s > '9')
            return -EINVAL;
        n = n * 10 + (uint64_t)(*s - '0');
        if (n > max)
            return -EINVAL;
    }
    *ret = n;
    return 0;
}

/* [begin, end) as a text of its own for inet_pton. */
static int parse_ip(int family, const char *begin, const char *end, uint8_t *ret)
{
    char text[INET6_ADDRSTRLEN];
    size_t n = (size_t)(end - begin);

    if (n >= sizeof text)
        return -EINVAL;
    memcpy(text, begin, n);
    text[n] = 0;
    return inet_pton(family, text, ret) == 1 ? 0 : -EINVAL;
}

/* What is inside the brackets: "::1" or "fe80::1%2". */
static int parse_v6(const char *begin, const char *end, pit_address *a)
{
    const char *percent = memchr(begin, '%', (size_t)(end - begin));
    uint64_t scope = 0;

    if (percent && parse_number(percent + 1, end, UINT32_MAX, &scope) < 0)
        return -EINVAL;
    a->family = 6;
    a->scope = (uint32_t)scope;
    return parse_ip(AF_INET6, begin, percent ? percent : end, a->ip);
}

int pit_address_parse(const char *text, pit_address *ret)
{
    pit_address a = {0};
    const char *colon = text ? strrchr(text, ':') : NULL;
    uint64_t port;
    int r = 0;

    if (!colon || parse_number(colon + 1, colon + strlen(colon), UINT16_MAX, &port) < 0)
        return -EINVAL;
    a.port = (uint16_t)port;
    if (colon == text + 1 && *text == '*')
        a.family = 6; /* ::, which takes IPv4 too */
    else if (*text == '[' && colon > text + 1 && colon[-1] == ']')
        r = parse_v6(text + 1, colon - 1, &a);
    else {
        a.family = 4;
        r = parse_ip(AF_INET, text, colon, a.ip);
    }
    if (r < 0)
        return r;
    *ret = a;
    return 0;
}

const char *pit_address_text(const pit_address *a, char *buffer, size_t size)
{
    char ip[INET6_ADDRSTRLEN] = "?";

    if (a->family == 4 || a->family == 6)
        (void)inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->ip, ip, sizeof ip); /* both fit */
    if (a->family == 4)
        (void)snprintf(buffer, size, "%s:%u", ip, a->port);
    else if (a->family == 6 && a->scope)
        (void)snprintf(buffer, size, "[%s%%%u]:%u", ip, a->scope, a->port);
    else if (a->family == 6)
        (void)snprintf(buffer, size, "[%s]:%u", ip, a->port);
    else
        (void)snprintf(buffer, size, "none");
    return buffer;
}

socklen_t pit__address_to_kernel(const pit_address *a, union pit__sockaddr *ret)
{
    *ret = (union pit__sockaddr){.any = {0}};
    if (a->family == 4) {
        ret->v4.sin_family = AF_INET;
        ret->v4.sin_port = htons(a->port);
        memcpy(&ret->v4.sin_addr, a->ip, 4);
        return sizeof ret->v4;
    }
    memset(&ret->v6, 0, sizeof ret->v6);
    ret->v6.sin6_family = AF_INET6;
    ret->v6.sin6_port = htons(a->port);
    ret->v6.sin6_scope_id = a->scope;
    memcpy(&ret->v6.sin6_addr, a->ip, 16);
    return sizeof ret->v6;
}

void pit__address_from_kernel(const union pit__sockaddr *from, pit_address *ret)
{
    *ret = (pit_address){0};
    if (from->any.sa_family == AF_INET) {
        ret->family = 4;
        ret->port = ntohs(from->v4.sin_port);
        memcpy(ret->ip, &from->v4.sin_addr, 4);
    } else if (from->any.sa_family == AF_INET6) {
        ret->family = 6;
        ret->port = ntohs(from->v6.sin6_port);
        ret->scope = from->v6.sin6_scope_id;
        memcpy(ret->ip, &from->v6.sin6_addr, 16);
    }
}

int pit__address_taken(const char *text, pit_address *ret)
{
    int r;

    pit__touching_begin();
    r = pit_address_parse(text, ret);
    pit__touching_end();
    return r;
}

void pit__address_given(const pit_address *a, pit_address *ret)
{
    pit__touching_begin();
    *ret = *a;
    pit__touching_end();
}
