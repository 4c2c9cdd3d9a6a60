/* SPDX-License-Identifier: Apache-2.0 */
/* key.h - keys of objects that are no strings.
 *
 * json-c's keys are C strings. A key that is a string without a NUL is its own text, as in any JSON
 * tree. Any other value is a mark byte with which no UTF-8 text begins, its type, and its text in
 * the form of opa_value_dump: the number 1 is "\xff" "21". Whoever only hands keys on need not
 * know; whoever shows, sorts, compares or looks one up asks here.
 *
 * Accounts may be NULL.
 */
#ifndef CHIMERA_REGO_KEY_H
#define CHIMERA_REGO_KEY_H

#include "runtime/rego/value.h"

#define CHIMERA_REGO_KEY_MARK 0xFFu
#define CHIMERA_REGO_KEY_TEXT_AT 2 /* behind the mark and the type */

static inline bool chimera_rego_key_is_text(const char *key)
{
    return (unsigned char)key[0] != CHIMERA_REGO_KEY_MARK;
}

static inline const char *chimera_rego_entry_key(const struct lh_entry *entry)
{
    return (const char *)lh_entry_k(entry);
}

static inline struct json_object *chimera_rego_entry_value(const struct lh_entry *entry)
{
    return (struct json_object *)lh_entry_v(entry);
}

enum chimera_rego_type chimera_rego_key_type(const char *key);

/* A key as a value, which the caller owns; null is a NULL pointer. 0, the account's code or
 * CHIMERA_ENOMEM. */
int chimera_rego_key_value(const char *key, struct chimera_account *account,
                           struct json_object **ret_value);

/* Appends `value` as a key, and a NUL. Uses the account of `out`. */
void chimera_rego_put_key(struct json_object *value, struct chimera_buffer *out);
void chimera_rego_put_text_key(struct chimera_slice text, struct chimera_buffer *out);

/* OPA's total order; anything once the account has failed. */
int chimera_rego_order_keys(const char *a, const char *b, struct chimera_account *account);

/* May a key also be written with other digits, as 1.0 may? Where no key may, equal ones are the
 * same text. The second asks that of all keys in a value, as deep as it is. */
bool chimera_rego_key_has_spellings(const char *key);
bool chimera_rego_has_spellings(struct json_object *value, struct chimera_account *account);

/* The member whose key equals `key`, as 1 and 1.0 do; NULL when there is none. A key that is no
 * text and not there costs a look at all members. */
struct lh_entry *chimera_rego_find_member(struct json_object *object, const char *key,
                                          struct chimera_account *account);
/* The same for a value that serves as key. CHIMERA_OK when there is none, too. */
int chimera_rego_find_value(struct json_object *object, struct json_object *key,
                            struct chimera_account *account, struct lh_entry **ret_entry);

/* Adds a member, or replaces one with an equal key, which may be written otherwise. Takes `value`;
 * codes as of chimera_node_add().
 */
int chimera_rego_set_member(struct json_object *object, const char *key, struct json_object *value,
                            struct chimera_account *account);
int chimera_rego_set_value(struct json_object *object, struct json_object *key,
                           struct json_object *value, struct chimera_account *account);

#endif
