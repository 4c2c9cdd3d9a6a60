/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/text/quantity.h"

#include <stddef.h>

static const struct unit {
    const char *suffix;
    uint64_t bytes;
} units[] = {
    {"", 1},
    {"Ki", UINT64_C(1) << 10},
    {"Mi", UINT64_C(1) << 20},
    {"Gi", UINT64_C(1) << 30},
    {"Ti", UINT64_C(1) << 40},
    {"k", 1000},
    {"M", 1000000},
    {"G", 1000000000},
    {"T", UINT64_C(1000000000000)},
};

/* The digits at the start; 0 when there are none, or too many. */
static size_t read_digits(struct chimera_slice text, uint64_t *ret_number)
{
    uint64_t number = 0;
    size_t at = 0;
    for (; at < text.size && text.data[at] >= '0' && text.data[at] <= '9'; at++) {
        uint64_t digit = (uint64_t)(text.data[at] - '0');
        if (number > (UINT64_MAX - digit) / 10)
            return 0;
        number = number * 10 + digit;
    }
    *ret_number = number;
    return at;
}

bool chimera_quantity_parse(struct chimera_slice text, uint64_t *ret_bytes)
{
    uint64_t number = 0;
    size_t digits = read_digits(text, &number);
    struct chimera_slice suffix = {text.data + digits, text.size - digits};
    for (size_t i = 0; digits > 0 && i < sizeof(units) / sizeof(*units); i++) {
        if (!chimera_slice_is(suffix, units[i].suffix))
            continue;
        if (number > UINT64_MAX / units[i].bytes)
            return false;
        *ret_bytes = number * units[i].bytes;
        return true;
    }
    return false;
}
