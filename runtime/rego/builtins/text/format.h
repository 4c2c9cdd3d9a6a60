/* SPDX-License-Identifier: Apache-2.0 */
/* format.h - sprintf's state, for the two files that make it. Private to this folder. */
#ifndef CHIMERA_REGO_BUILTINS_TEXT_FORMAT_H
#define CHIMERA_REGO_BUILTINS_TEXT_FORMAT_H

#include "runtime/rego/arguments.h"

enum chimera_format_kind {
    CHIMERA_FORMAT_INT,
    CHIMERA_FORMAT_BIG,
    CHIMERA_FORMAT_FLOAT,
    CHIMERA_FORMAT_STRING
};

struct chimera_format_argument {
    enum chimera_format_kind kind;
    int64_t integer;
    double number;
    struct chimera_slice text; /* of strings and big integers */
};

struct chimera_format_flags {
    bool sharp, zero, plus, minus, space, has_width, has_precision, is_go_syntax;
    bool plus_of_v; /* which only big integers look at */
    int width, precision;
};

struct chimera_format {
    const struct chimera_rego_call *call;
    struct chimera_slice format; /* what is left of it */
    struct json_object *args;
    size_t arg, arg_count;
    bool is_reordered, is_good, is_after_index;
    bool has_no_bracket; /* there is none in what is left of the format */
    struct chimera_format_flags flags;
    struct chimera_buffer out, scratch;
};

/* So many zeros or spaces to the output. */
void chimera_format_fill(struct chimera_format *printer, size_t count, bool zeros);
/* Hands the scratch buffer's text over to the output. */
void chimera_format_pad_scratch(struct chimera_format *printer, bool zeros);

/* A number by a verb; false when it is none for it. A big integer has its digits as they came. */
bool chimera_format_integer(struct chimera_format *printer, int64_t value, uint32_t verb);
bool chimera_format_big(struct chimera_format *printer, struct chimera_slice digits, uint32_t verb);
bool chimera_format_float(struct chimera_format *printer, double value, uint32_t verb);

#endif
