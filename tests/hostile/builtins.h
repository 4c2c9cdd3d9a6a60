/* SPDX-License-Identifier: Apache-2.0 */
/* builtins.h - for every builtin of runtime/rego/builtin_list.h its worst arguments, as texts that
 * a guest hands over (opa_value_dump's), of any size.
 */
#ifndef CHIMERA_HOSTILE_BUILTINS_H
#define CHIMERA_HOSTILE_BUILTINS_H

#include "runtime/base/buffer.h"
#include "runtime/rego/builtin.h"

/* `head`, `part` again and again, `tail`. In the part '#' is the low half of a number that counts
 * on and
 * '@' the upper one, as hexadecimal digits. Without a part the head is all. */
struct hostile_argument {
    const char *head, *part, *tail;
    unsigned share; /* it gets the size divided by this; 0 is 1 */
};

enum hostile_flag {
    HOSTILE_SHORT = 1, /* is over, however large it is, before anybody looks at the clock */
    HOSTILE_LEAN = 2,  /* needs no memory that grows with it */
};

struct hostile_input {
    const char *builtin;
    struct hostile_argument args[CHIMERA_REGO_ARGS_MAX];
    unsigned flags; /* of enum hostile_flag */
};

const struct hostile_input *hostile_inputs(size_t *ret_count);

/* The text of one argument, of about `size` bytes when it has a part, behind what is in `out`. */
void hostile_write(const struct hostile_argument *argument, size_t size,
                   struct chimera_buffer *out);

#endif
