/* SPDX-License-Identifier: Apache-2.0 */
/* maker.h - large results made member by member, as Go's encoding/json shows its structs. The first
 * failure sticks, and what is made later is NULL. Private to builtins/crypto.
 */
#ifndef CHIMERA_REGO_MAKER_H
#define CHIMERA_REGO_MAKER_H

#include "runtime/rego/arguments.h"

struct chimera_maker {
    const struct chimera_rego_call *call;
    int code; /* 0, or of the first failure */
};

/* These give NULL when they fail. */

struct json_object *chimera_make_object(struct chimera_maker *maker);
struct json_object *chimera_make_array(struct chimera_maker *maker);
struct json_object *chimera_make_int(struct chimera_maker *maker, int64_t number);
struct json_object *chimera_make_bool(struct chimera_maker *maker, bool value);
/* Any bytes: what is not UTF-8 becomes U+FFFD. */
struct json_object *chimera_make_text(struct chimera_maker *maker, struct chimera_slice text);
/* As base64. */
struct json_object *chimera_make_bytes(struct chimera_maker *maker, struct chimera_slice bytes);
/* As base64url without padding. */
struct json_object *chimera_make_base64url(struct chimera_maker *maker, struct chimera_slice bytes);
/* A big-endian number, in decimal. */
struct json_object *chimera_make_number(struct chimera_maker *maker, struct chimera_slice number);
/* An object identifier as an array of numbers. */
struct json_object *chimera_make_oid(struct chimera_maker *maker, struct chimera_slice oid);
/* One as a text, "1.2.840", of numbers of any size; what is cut off is left out. */
struct json_object *chimera_make_oid_text(struct chimera_maker *maker, struct chimera_slice oid);
/* "10.0.0.0", "fe80::1" */
struct json_object *chimera_make_ip(struct chimera_maker *maker, struct chimera_slice address);

/* These take `value`. NULL is null. */
void chimera_make_member(struct chimera_maker *maker, struct json_object *object, const char *key,
                         struct json_object *value);
void chimera_make_element(struct chimera_maker *maker, struct json_object *array,
                          struct json_object *value);

/* Ends a builtin: takes the value, which is the result unless something failed. */
int chimera_make_finish(struct chimera_maker *maker, struct json_object *value,
                        struct json_object **ret_result);

/* Whether a key of an argument is a text: others begin with a byte that no text begins with. */
static inline bool chimera_rego_is_text_key(const char *key)
{
    return (unsigned char)*key != 0xFF;
}

#endif
