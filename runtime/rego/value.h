/* SPDX-License-Identifier: Apache-2.0 */
/* value.h - Rego values as json-c trees.
 *
 * Guest and host exchange values as text in the form of opa_value_dump and opa_value_parse: JSON,
 * and sets as {1, 2} or set(). A set is an array with a mark, its elements sorted and without
 * repeats. Numbers that are no int64 keep their text. Keys that are no strings: key.h.
 * Trees are never changed once made, but for the order of an object's members, which means nothing:
 * who needs them sorted sorts them once. Builtins share parts of their arguments with
 * json_object_get().
 *
 * What has an account spends from it and takes what it makes (node.h). It may be NULL.
 */
#ifndef CHIMERA_REGO_VALUE_H
#define CHIMERA_REGO_VALUE_H

#include <json-c/json.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

/* Collections nested deeper than this are refused. */
#define CHIMERA_REGO_DEPTH_MAX 160

enum chimera_rego_type { /* in the order in which OPA sorts them */
                         CHIMERA_REGO_NULL,
                         CHIMERA_REGO_BOOLEAN,
                         CHIMERA_REGO_NUMBER,
                         CHIMERA_REGO_STRING,
                         CHIMERA_REGO_ARRAY,
                         CHIMERA_REGO_OBJECT,
                         CHIMERA_REGO_SET,
};

enum chimera_rego_type chimera_rego_type_of(struct json_object *value);
const char *chimera_rego_type_name(enum chimera_rego_type type);

/* The caller owns *ret_value; null is a NULL pointer. The account's code when that failed; what was
 * taken stays taken until the caller restores a mark (account.h). */
int chimera_rego_parse_within(struct chimera_slice text, struct chimera_account *account,
                              struct json_object **ret_value, struct chimera_error *err);
int chimera_rego_parse(struct chimera_slice text, struct json_object **ret_value,
                       struct chimera_error *err);

/* These two use the account of `out`, if it has one. */

/* As opa_value_parse reads it. */
void chimera_rego_write(struct json_object *value, struct chimera_buffer *out);

/* As OPA shows it in messages: `{"a": [1, 2.50], "b": {"x"}}`. */
void chimera_rego_print(struct json_object *value, struct chimera_buffer *out);

/* Turns an array, which the caller owns alone, into a set; or one that is in order and has no
 * repeats already. */
int chimera_rego_make_set(struct json_object *array, struct chimera_account *account);
void chimera_rego_mark_set(struct json_object *array);

/* Where `value` is in a set, or where it would be. */
bool chimera_rego_set_find(struct json_object *set, struct json_object *value,
                           struct chimera_account *account, size_t *ret_index);

/* OPA's total order; numbers by value. Once the account has failed any answer comes. */
int chimera_rego_compare(struct json_object *a, struct json_object *b,
                         struct chimera_account *account);

/* Puts an object's members in the order of their keys, unless they are. */
int chimera_rego_order_members(struct json_object *object, struct chimera_account *account);

/* --- Strings and numbers. --- */

static inline struct chimera_slice chimera_rego_string(struct json_object *value)
{
    return (struct chimera_slice){json_object_get_string(value),
                                  (size_t)json_object_get_string_len(value)};
}

/* From a JSON number's text: an int64 where it is one. NULL is a failure (node.h). */
struct json_object *chimera_rego_new_number(struct chimera_slice text,
                                            struct chimera_account *account);

/* A number's text as it came; `scratch` is room for the texts that must be made. */
#define CHIMERA_REGO_NUMBER_TEXT 48
struct chimera_slice chimera_rego_number_text(struct json_object *number,
                                              char scratch[CHIMERA_REGO_NUMBER_TEXT]);

/* False unless the number is a whole one that fits and has no exponent, as OPA wants it where it
 * wants an integer ("1.0" is whole). */
bool chimera_rego_int64(struct json_object *number, int64_t *ret_value);
/* The same of a text, which may be no number at all. */
bool chimera_rego_read_int64(struct chimera_slice text, int64_t *ret_value);

#endif
