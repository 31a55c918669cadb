/*
 * Numbers to and from text.
 */
#ifndef PIT_TERM_NUMBER_H
#define PIT_TERM_NUMBER_H

#include "term/scan.h"

/* An integer or a float, with or without a sign, in any of Erlang's forms. */
enum pit__token pit__scan_number(struct pit__scanner *s);

/* The shortest text that reads back as this float, as Erlang writes it: 1.0, 1.0e10, 0.001. Its
   length. */
#define PIT__FLOAT_TEXT 40
size_t pit__float_text(double d, char text[PIT__FLOAT_TEXT]);

#endif
