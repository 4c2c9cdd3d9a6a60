/* SPDX-License-Identifier: Apache-2.0 */
/* value.h - what a template works with: Go's values, of the types that come from JSON and from
 * constants. Private to this folder.
 */
#ifndef CHIMERA_REGO_BUILTINS_TEMPLATE_VALUE_H
#define CHIMERA_REGO_BUILTINS_TEMPLATE_VALUE_H

#include "runtime/rego/value.h"

enum chimera_value_kind {
    CHIMERA_VALUE_NONE, /* what is not there: a key that an object does not have */
    CHIMERA_VALUE_NULL, /* JSON's null; most take it for NONE */
    CHIMERA_VALUE_BOOL,
    CHIMERA_VALUE_INT,
    CHIMERA_VALUE_BYTE, /* of a string */
    CHIMERA_VALUE_FLOAT,
    CHIMERA_VALUE_STRING,
    CHIMERA_VALUE_NUMBER, /* JSON's, which Go keeps as text: a string in all but its name */
    CHIMERA_VALUE_LIST,
    CHIMERA_VALUE_MAP,
};

struct chimera_value {
    enum chimera_value_kind kind;
    union {
        bool boolean;
        int64_t integer;
        double number;
        struct chimera_slice text; /* of STRING and NUMBER */
        struct {
            struct json_object *node; /* borrowed */
            size_t first, count;      /* of a list: a part of it, which may end behind it */
        };
    };
};

/* Of a value of the data, borrowed; a number's text is put into the region. */
struct chimera_region;
struct chimera_value chimera_value_of(struct json_object *node, struct chimera_region *region);

/* The element of a list; NULL behind its end. */
struct chimera_value chimera_value_element(const struct chimera_value *list, size_t index,
                                           struct chimera_region *region);

/* How far a part of it may reach: Go's lists have room behind their end. */
size_t chimera_value_capacity(const struct chimera_value *list);

static inline bool chimera_value_is_text(const struct chimera_value *value)
{
    return value->kind == CHIMERA_VALUE_STRING || value->kind == CHIMERA_VALUE_NUMBER;
}

/* What Go calls its type. */
const char *chimera_value_type(const struct chimera_value *value);

bool chimera_value_is_true(const struct chimera_value *value);

#endif
