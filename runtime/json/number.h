/* SPDX-License-Identifier: Apache-2.0 */
/* number.h - JSON numbers as serde_json reads and writes them. */
#ifndef CHIMERA_JSON_NUMBER_H
#define CHIMERA_JSON_NUMBER_H

#include <stdint.h>

#include "runtime/base/slice.h"

enum chimera_number_kind { CHIMERA_NUMBER_U64, CHIMERA_NUMBER_I64, CHIMERA_NUMBER_F64 };

struct chimera_number { /* I64 is only for what is below zero */
    enum chimera_number_kind kind;
    union {
        uint64_t u64;
        int64_t i64;
        double f64;
    };
};

/* `text` must have a JSON number's grammar. An integer that fits into neither 64-bit type is a
 * double, and so is -0. A number too big for a double is infinite. */
struct chimera_number chimera_number_read(struct chimera_slice text);

#define CHIMERA_NUMBER_TEXT 40 /* room for any of them */

/* The shortest text that reads back as the same double: 1.0, 0.1, 1e300, -0.0. Returns its size. */
size_t chimera_number_format(double number, char ret_text[CHIMERA_NUMBER_TEXT]);

/* As serde_json's messages show a number: integer `5`, floating point `1.5`. */
size_t chimera_number_describe(struct chimera_number number, char *text, size_t size);

#endif
