/* SPDX-License-Identifier: Apache-2.0 */
/* scalar.h - what a plain YAML scalar means: the core schema as serde_yaml 0.9 reads it. */
#ifndef CHIMERA_YAML_SCALAR_H
#define CHIMERA_YAML_SCALAR_H

#include <stdint.h>

#include "runtime/base/slice.h"

enum chimera_scalar_kind {
    CHIMERA_SCALAR_NULL,
    CHIMERA_SCALAR_BOOLEAN,
    CHIMERA_SCALAR_UNSIGNED,
    CHIMERA_SCALAR_SIGNED, /* negative */
    CHIMERA_SCALAR_HUGE,   /* an integer of up to 128 bits that fits in neither */
    CHIMERA_SCALAR_DOUBLE, /* may be infinite or not a number */
    CHIMERA_SCALAR_STRING,
};

struct chimera_scalar {
    enum chimera_scalar_kind kind;
    union {
        bool boolean;
        uint64_t u64;
        int64_t i64;
        double f64;
    } as;
};

struct chimera_scalar chimera_scalar_resolve(struct chimera_slice text);

/* The single kinds, for tagged scalars; false when `text` is none. */
bool chimera_scalar_null(struct chimera_slice text);
bool chimera_scalar_boolean(struct chimera_slice text, bool *ret_value);
bool chimera_scalar_integer(struct chimera_slice text, struct chimera_scalar *ret_scalar);
bool chimera_scalar_double(struct chimera_slice text, double *ret_value);

/* "0123": digits that YAML 1.2 takes for a string. */
bool chimera_scalar_looks_octal(struct chimera_slice text);
/* A string for serde_yaml, and something else for readers of YAML 1.1, kubectl among them: "yes",
 * "1_000", "12:30", "2001-01-01". May be true for a few that are strings for them, too. */
bool chimera_scalar_is_older(struct chimera_slice text);

#endif
