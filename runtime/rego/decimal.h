/* SPDX-License-Identifier: Apache-2.0 */
/* decimal.h - JSON numbers by all their digits, whatever a double can tell apart. The texts are
 * numbers. */
#ifndef CHIMERA_REGO_DECIMAL_H
#define CHIMERA_REGO_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/slice.h"

__extension__ typedef __int128 chimera_wide;

/* 0.DIGITS times ten to the power of `power`. Neither the first nor the last digit is 0; there is
 * none of zero, which is not negative. */
struct chimera_decimal {
    struct chimera_slice text; /* borrowed, from the first digit to the last; a '.' may be inside */
    uint64_t digits;
    int64_t power;
    bool is_negative;
};

struct chimera_decimal chimera_decimal_read(struct chimera_slice text);

/* Takes the next digit off `text`; 0 behind the last. */
unsigned chimera_decimal_digit(struct chimera_slice *text);

/* Below, at or above 0 as `a` is below, at or above `b`. */
int chimera_decimal_order(const struct chimera_decimal *a, const struct chimera_decimal *b);
int chimera_decimal_compare(struct chimera_slice a, struct chimera_slice b);

/* A whole number of at most CHIMERA_DECIMAL_WIDE digits, with an exponent or without; CHIMERA_OK,
 * CHIMERA_EINVAL when it is no whole one, CHIMERA_ELIMIT when it is larger. */
#define CHIMERA_DECIMAL_WIDE 37
int chimera_decimal_whole(struct chimera_slice text, chimera_wide *ret_value);

/* False unless it is a whole one of 64 bits. */
bool chimera_decimal_int64(struct chimera_slice text, int64_t *ret_value);

/* With a NUL; returns the size without. */
#define CHIMERA_DECIMAL_TEXT 48
size_t chimera_decimal_print(chimera_wide value, char ret_text[CHIMERA_DECIMAL_TEXT]);

#endif
