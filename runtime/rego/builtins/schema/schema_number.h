/* SPDX-License-Identifier: Apache-2.0 */
/* schema_number.h - JSON numbers divided exactly, as schemas want it: by their digits, so that a
 * number of a thousand digits or 1e300 costs no more than its text. Private to this folder.
 */
#ifndef CHIMERA_REGO_BUILTINS_SCHEMA_NUMBER_H
#define CHIMERA_REGO_BUILTINS_SCHEMA_NUMBER_H

#include <stdint.h>

#include "runtime/base/buffer.h"
#include "runtime/rego/decimal.h"
#include "runtime/rego/value.h"

struct chimera_schema_number {
    struct chimera_decimal decimal;
    char scratch[CHIMERA_REGO_NUMBER_TEXT]; /* of a number that has no text of its own */
};

/* Borrows the number's text. */
void chimera_schema_number_read(struct json_object *number,
                                struct chimera_schema_number *ret_number);

bool chimera_schema_number_is_whole(const struct chimera_schema_number *number);

/* Is it so many times `of`, which is not zero? CHIMERA_ELIMIT when that has too many digits. */
int chimera_schema_number_is_multiple(const struct chimera_schema_number *number,
                                      const struct chimera_schema_number *of,
                                      struct chimera_account *account, bool *ret_is_multiple);

/* As Go prints a big.Float: few digits plain, others as 1e+06. */
void chimera_schema_number_print(const struct chimera_schema_number *number,
                                 struct chimera_buffer *out);

#endif
