/* SPDX-License-Identifier: Apache-2.0 */
/* schema_number.h - JSON numbers compared and divided exactly, as schemas want it: by their digits,
 * so that a number of a thousand digits or 1e300 costs no more than its text. Private to this
 * folder.
 */
#ifndef CHIMERA_REGO_BUILTINS_SCHEMA_NUMBER_H
#define CHIMERA_REGO_BUILTINS_SCHEMA_NUMBER_H

#include <stdint.h>

#include "runtime/base/buffer.h"
#include "runtime/rego/value.h"

/* 0.DIGITS times ten to the power of `point`. Neither the first nor the last digit is 0; there is
 * none of zero. */
struct chimera_schema_number {
    struct chimera_slice text; /* from the first digit to the last; a '.' may be between them */
    uint64_t digits;
    int64_t point;
    bool is_negative;
    char scratch[CHIMERA_REGO_NUMBER_TEXT]; /* of a number that has no text of its own */
};

/* Borrows the number's text. */
void chimera_schema_number_read(struct json_object *number,
                                struct chimera_schema_number *ret_decimal);

int chimera_schema_number_compare(const struct chimera_schema_number *a,
                                  const struct chimera_schema_number *b);
bool chimera_schema_number_is_whole(const struct chimera_schema_number *decimal);

/* Is `a` so many times `b`, which is not zero? CHIMERA_ELIMIT when `b` has too many digits. */
int chimera_schema_number_is_multiple(const struct chimera_schema_number *a,
                                      const struct chimera_schema_number *b,
                                      struct chimera_account *account, bool *ret_is_multiple);

/* As Go prints a big.Float: few digits plain, others as 1e+06. */
void chimera_schema_number_print(const struct chimera_schema_number *decimal,
                                 struct chimera_buffer *out);

#endif
