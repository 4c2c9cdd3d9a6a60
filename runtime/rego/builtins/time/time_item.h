/* SPDX-License-Identifier: Apache-2.0 */
/* time_item.h - Go's layouts, cut into items: "2006", "Jan", plain text. Private to this folder. */
#ifndef CHIMERA_REGO_BUILTINS_TIME_TIME_ITEM_H
#define CHIMERA_REGO_BUILTINS_TIME_TIME_ITEM_H

#include "runtime/base/slice.h"

enum chimera_layout_item {
    CHIMERA_ITEM_NONE, /* the layout is at its end */
    CHIMERA_ITEM_LONG_MONTH,
    CHIMERA_ITEM_MONTH,
    CHIMERA_ITEM_NUMBER_MONTH,
    CHIMERA_ITEM_ZERO_MONTH,
    CHIMERA_ITEM_LONG_WEEKDAY,
    CHIMERA_ITEM_WEEKDAY,
    CHIMERA_ITEM_DAY,
    CHIMERA_ITEM_SPACE_DAY,
    CHIMERA_ITEM_ZERO_DAY,
    CHIMERA_ITEM_YEAR_DAY,
    CHIMERA_ITEM_SPACE_YEAR_DAY,
    CHIMERA_ITEM_HOUR,
    CHIMERA_ITEM_HOUR_12,
    CHIMERA_ITEM_ZERO_HOUR_12,
    CHIMERA_ITEM_MINUTE,
    CHIMERA_ITEM_ZERO_MINUTE,
    CHIMERA_ITEM_SECOND,
    CHIMERA_ITEM_ZERO_SECOND,
    CHIMERA_ITEM_LONG_YEAR,
    CHIMERA_ITEM_YEAR,
    CHIMERA_ITEM_UPPER_PM,
    CHIMERA_ITEM_LOWER_PM,
    CHIMERA_ITEM_LETTERS,
    CHIMERA_ITEM_OFFSET,
    CHIMERA_ITEM_FRACTION,
};

struct chimera_layout_chunk {
    struct chimera_slice before, text; /* plain text, and then the item's own */
    enum chimera_layout_item item;
};

static inline bool chimera_is_digit_at(struct chimera_slice text, size_t at)
{
    return at < text.size && text.data[at] >= '0' && text.data[at] <= '9';
}

/* Takes what is before the next item, and that, off the layout. */
struct chimera_layout_chunk chimera_layout_take(struct chimera_slice *layout);

/* The layout of that name; what is no name is a layout itself. */
struct chimera_slice chimera_layout_named(struct chimera_slice layout);

#endif
