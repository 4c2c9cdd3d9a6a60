/* SPDX-License-Identifier: Apache-2.0 */
/* format.h - Go's fmt.Sprintf over arguments that somebody else describes: OPA's sprintf and the
 * printf of templates. Private to builtins/.
 */
#ifndef CHIMERA_REGO_BUILTINS_TEXT_FORMAT_H
#define CHIMERA_REGO_BUILTINS_TEXT_FORMAT_H

#include "runtime/rego/arguments.h"

enum chimera_format_kind {
    CHIMERA_FORMAT_INT,
    CHIMERA_FORMAT_BIG,
    CHIMERA_FORMAT_FLOAT,
    CHIMERA_FORMAT_STRING,
    CHIMERA_FORMAT_BOOL,
    CHIMERA_FORMAT_NIL,
    CHIMERA_FORMAT_OTHER,
};

struct chimera_format_argument {
    enum chimera_format_kind kind;
    const char *type; /* what Go calls it */
    int64_t integer;  /* of a boolean, too */
    double number;
    struct chimera_slice text; /* of strings and big integers */
    const void *other;         /* whatever `print_other` knows */
};

struct chimera_format_flags {
    bool sharp, zero, plus, minus, space, has_width, has_precision, is_go_syntax;
    bool plus_of_v; /* which only big integers look at */
    int width, precision;
};

struct chimera_format {
    const struct chimera_rego_call *call;
    struct chimera_slice format; /* what is left of it */
    const void *args;            /* what the next two are about */
    /* `made` keeps a text that was made for it; the caller frees it. */
    struct chimera_format_argument (*argument_at)(const struct chimera_format *printer,
                                                  size_t index, struct chimera_buffer *made);
    /* NULL where there is nothing of kind OTHER. */
    void (*print_other)(struct chimera_format *printer,
                        const struct chimera_format_argument *argument, uint32_t verb);
    size_t arg, arg_count;
    bool is_reordered, is_good, is_after_index;
    bool has_no_bracket; /* there is none in what is left of the format */
    struct chimera_format_flags flags;
    struct chimera_buffer out, scratch;
};

/* Prints all arguments by the format, to `out`. */
void chimera_format_run(struct chimera_format *printer);

/* One argument by a verb, with the flags that are set; what does not go together shows. */
void chimera_format_print(struct chimera_format *printer,
                          const struct chimera_format_argument *argument, uint32_t verb);

/* So many zeros or spaces to the output. */
void chimera_format_fill(struct chimera_format *printer, size_t count, bool zeros);
/* Hands the scratch buffer's text over to the output. */
void chimera_format_pad_scratch(struct chimera_format *printer, bool zeros);

/* A number by a verb; false when it is none for it. A big integer has its digits as they came. */
bool chimera_format_integer(struct chimera_format *printer, int64_t value, uint32_t verb);
bool chimera_format_big(struct chimera_format *printer, struct chimera_slice digits, uint32_t verb);
bool chimera_format_float(struct chimera_format *printer, double value, uint32_t verb);

#endif
