/* SPDX-License-Identifier: Apache-2.0 */
/* shape.h - reading JSON objects whose members have known names and types, by a table.
 *
 * Behaves like a struct that derives serde's Deserialize, in what it accepts and in its messages:
 * unknown members are skipped, a known one twice is refused, null stands for an optional member
 * that is not there, and an array is taken as the members in their order. Shapes are static tables;
 * they nest by design a few levels deep, which bounds the recursion.
 */
#ifndef CHIMERA_JSON_SHAPE_H
#define CHIMERA_JSON_SHAPE_H

#include "runtime/json/scan.h"

enum chimera_shape_kind {
    CHIMERA_SHAPE_ANY,
    CHIMERA_SHAPE_STRING,
    CHIMERA_SHAPE_BOOL,
    CHIMERA_SHAPE_U16,
    CHIMERA_SHAPE_U32,
    CHIMERA_SHAPE_STRUCT,      /* `shape` */
    CHIMERA_SHAPE_STRUCTS,     /* an array of `shape` */
    CHIMERA_SHAPE_STRINGS,     /* an array of strings */
    CHIMERA_SHAPE_STRING_MAP,  /* an object of strings */
    CHIMERA_SHAPE_STRINGS_MAP, /* an object of arrays of strings */
    CHIMERA_SHAPE_VARIANT,     /* one of the strings in `variants` */
    CHIMERA_SHAPE_BYTES,       /* an array of numbers below 256 */
    CHIMERA_SHAPE_BYTES_LIST,  /* an array of those */
};

struct chimera_shape;

struct chimera_shape_field {
    struct chimera_slice name;
    enum chimera_shape_kind kind;
    bool is_optional;
    const struct chimera_shape *shape;
    const char *const *variants; /* ends with NULL */
    /* STRUCT only: where in ret_values its own members go, counted from the first field of the
     * struct that this field is in; 0: they are only checked. */
    unsigned at;
    bool is_never_null; /* optional, but null does not stand for it: in YAML (typed.h) alone */
    struct chimera_slice alias; /* another name, in JSON alone; .data NULL: it has none */
};

#define CHIMERA_SHAPE_FIELDS_MAX 16

struct chimera_shape {
    const char *name; /* as in "expected struct AdmissionRequest" */
    const struct chimera_shape_field *field;
    unsigned count;
    bool is_lenient; /* a known member twice is fine, and an array is not */
    /* Its text is handed on. Then scan->is_odd says that it has not the form in which it would be
     * written: there is a member that is null, unknown, there twice or spelled with escapes, or an
     * array in place of the object; or, in a map of lists, a key that is there twice or spelled
     * with escapes, or more of them than are compared. */
    bool is_handed_on;
};

/* Reads one value of this shape. ret_values[i] becomes the JSON text of field[i] and stays
 * untouched when that is absent, or null and optional; so it should begin as zeroes. */
bool chimera_shape_read(struct chimera_scan *scan, const struct chimera_shape *shape,
                        struct chimera_slice *ret_values);

/* The same for a whole text: nothing but white space may follow. */
bool chimera_shape_read_all(struct chimera_scan *scan, struct chimera_slice text,
                            const struct chimera_shape *shape, struct chimera_slice *ret_values);

/* One string, where that is all there shall be. */
bool chimera_shape_read_string(struct chimera_scan *scan);

/* Fails with "invalid type", of the value that comes next; it is read, but for an array or object.
 */
bool chimera_shape_fail_type(struct chimera_scan *scan, const char *expected);

/* Of values that chimera_shape_read() gave: */

/* Decoded, in the arena if need be. .data is NULL when the value's is, or when the arena is full.
 */
struct chimera_slice chimera_shape_text(struct chimera_slice value, struct chimera_arena *arena);

/* Reads a nested struct again, this time for its members. */
void chimera_shape_members(struct chimera_slice value, const struct chimera_shape *shape,
                           struct chimera_slice *ret_values);

#endif
