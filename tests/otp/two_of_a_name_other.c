/*
 * The other file of two_of_a_name.c.
 */
#include <pit/message.h>

PIT_MESSAGE(twice, (int32_t, y));
