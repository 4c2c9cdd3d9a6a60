/* SPDX-License-Identifier: Apache-2.0 */
/* fields.h - fields of protobuf's JSON form, in which Sigstore writes bundles and trust roots
 * (cli-and-distribution.md §5.8): bytes are base64, 64-bit numbers are texts or numbers, what is
 * zero or empty is absent. Unknown fields are stepped over.
 *
 * Every function may be given NULL as the object, and then finds nothing. The first field of a
 * wrong kind sticks in `code`; whoever reads asks once, at the end. One thread.
 */
#ifndef CHIMERA_COMPILER_FETCH_SIGNATURE_TRUST_FIELDS_H
#define CHIMERA_COMPILER_FETCH_SIGNATURE_TRUST_FIELDS_H

#include <json-c/json.h>
#include <stdint.h>

#include "runtime/base/arena.h"
#include "runtime/base/error.h"

struct chimera_fields {
    struct chimera_arena *arena; /* where decoded bytes live */
    struct chimera_error *err;   /* filled with the first failure */
    const char *what;            /* for messages: "bundle" */
    int code;
};

/* The object in the field; NULL when there is none. */
struct json_object *chimera_fields_object(struct chimera_fields *fields, struct json_object *in,
                                          const char *name);
/* The array in the field, and its size; NULL and 0 when there is none. More than `limit` elements,
 * or one that is no object, is a failure. */
struct json_object *chimera_fields_list(struct chimera_fields *fields, struct json_object *in,
                                        const char *name, size_t limit, size_t *ret_count);
/* Borrowed from the tree; empty when there is none. */
struct chimera_slice chimera_fields_text(struct chimera_fields *fields, struct json_object *in,
                                         const char *name);
/* Decoded base64. */
struct chimera_slice chimera_fields_bytes(struct chimera_fields *fields, struct json_object *in,
                                          const char *name);
/* The same of a value, or a text, which is in the field `name`. */
struct chimera_slice chimera_fields_bytes_of(struct chimera_fields *fields,
                                             struct json_object *value, const char *name);
struct chimera_slice chimera_fields_decode(struct chimera_fields *fields, struct chimera_slice text,
                                           const char *name);
/* Decoded hexadecimal digits. */
struct chimera_slice chimera_fields_hex(struct chimera_fields *fields, struct json_object *in,
                                        const char *name);
/* Of 0 to 2^63 - 1. */
uint64_t chimera_fields_number(struct chimera_fields *fields, struct json_object *in,
                               const char *name);
/* RFC 3339, in seconds since 1970, fractions dropped; 0 when there is none. */
int64_t chimera_fields_time(struct chimera_fields *fields, struct json_object *in,
                            const char *name);

/* Decimal digits without a sign or a zero before them. */
bool chimera_digits_read(struct chimera_slice text, uint64_t *ret_number);

#endif
