/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/base/slice.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

struct chimera_slice chimera_slice_trim(struct chimera_slice slice)
{
    while (slice.size > 0 && is_blank(slice.data[slice.size - 1]))
        slice.size--;
    while (slice.size > 0 && is_blank(slice.data[0])) {
        slice.data++;
        slice.size--;
    }
    return slice;
}
