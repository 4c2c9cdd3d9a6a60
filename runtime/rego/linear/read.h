/* SPDX-License-Identifier: Apache-2.0 */
/* read.h - values in linear memory, read by the host.
 *
 * The memory is a hostile guest's: every address and size is checked, in 64 bits, each time; what
 * is nested, large or tangled beyond measure is left to the guest's own functions. Nothing is kept
 * of it while guest code runs, and nothing recurses.
 */
#ifndef CHIMERA_REGO_LINEAR_READ_H
#define CHIMERA_REGO_LINEAR_READ_H

#include "runtime/base/buffer.h"
#include "runtime/rego/linear/layout.h"

struct chimera_linear_memory {
    const uint8_t *data;
    uint64_t size;
};

/* The `size` bytes at an address; NULL when any is outside. */
static inline const uint8_t *chimera_linear_at(struct chimera_linear_memory memory, uint32_t at,
                                               uint64_t size)
{
    return size > memory.size || at > memory.size - size ? NULL : memory.data + at;
}

enum chimera_linear_form {
    CHIMERA_LINEAR_JSON, /* as opa_json_dump writes it, byte for byte: sets are lists */
    CHIMERA_LINEAR_REGO, /* as opa_value_dump does, but for spaces: with sets and keys of any type
                          */
};

/* Appends the value in that form. False when it is none of this layout
 * or too much, and when `out` has failed: then `out` has a part of it, and the guest is to be
 * asked.
 */
bool chimera_linear_dump(struct chimera_linear_memory memory, uint32_t value,
                         enum chimera_linear_form form, struct chimera_buffer *out);

#endif
