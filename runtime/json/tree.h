/* SPDX-License-Identifier: Apache-2.0 */
/* tree.h - json-c with our rules, for everything that is not per request.
 *
 * Input is strict JSON (RFC 8259, UTF-8, at most 127 levels, nothing behind the value), read by
 * scan.h, not by json-c's own parser, which would bend it: an integer that fits into neither 64-bit
 * type becomes a double, the last of equal keys wins. Output is compact, keys sorted bytewise, no
 * escaped slashes, floats in the shortest form that reads back (serde_json's).
 */
#ifndef CHIMERA_JSON_TREE_H
#define CHIMERA_JSON_TREE_H

#include <json-c/json.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

/* The caller owns *ret_tree and ends it with json_object_put(). JSON null is a NULL pointer. On
 * failure err->text is serde_json's message with "at line L column C". */
int chimera_json_parse(struct chimera_slice text, struct json_object **ret_tree,
                       struct chimera_error *err);

/* The same for a text that a guest or caller chose: what is made is taken from the account first,
 * and stays taken whether it fails or not, until the caller restores a mark (account.h). The
 * account's code when it failed. */
int chimera_json_parse_within(struct chimera_slice text, struct chimera_account *account,
                              struct json_object **ret_tree, struct chimera_error *err);

/* These spend from and take from the account of `out`, if it has one. */

void chimera_json_write(struct json_object *tree, struct chimera_buffer *out);

/* The same with members in the order that the tree has; `indent` 0 is compact, else lines are
 * indented by so many spaces a level, as serde_json's pretty form is. The tree is at most 160 deep:
 * below that the failure is the buffer's. */
void chimera_json_write_ordered(struct json_object *tree, unsigned indent,
                                struct chimera_buffer *out);

/* A JSON string literal, quotes included; control characters escaped as serde_json does. */
void chimera_json_write_string(struct chimera_slice text, struct chimera_buffer *out);

/* serde_json's form of a finite double: 1.0, 0.1, 1e300, -0.0, 1e-7. */
void chimera_json_write_double(double number, struct chimera_buffer *out);

/* RFC 6902 difference as the reference makes it (policy-server.md §4.6), compact. Returns true when
 * there is any, with the JSON array in `out`. */
bool chimera_json_diff(struct json_object *from, struct json_object *to,
                       struct chimera_buffer *out);

/* The same of two texts, without trees of them: for documents that are mostly equal. False when it
 * cannot tell (a text is wrong, or not one for the quick pass, or there is no room in the arena):
 * then nothing in `out` counts, and the trees can. `of_to`: what the pass has written down of `to`
 * already; NULL, or that of another text, is fine. */
struct chimera_arena;
struct chimera_pass_index;
bool chimera_json_diff_text(struct chimera_slice from, struct chimera_slice to,
                            const struct chimera_pass_index *of_to, struct chimera_arena *arena,
                            struct chimera_buffer *out, bool *ret_differs);

/* Is it a list of strings, and of nothing else? */
bool chimera_json_are_texts(struct json_object *value);

/* Borrowed; NULL where the value is no object, has no such member, or that is null. */
static inline struct json_object *chimera_json_member(struct json_object *value, const char *key)
{
    struct json_object *member = NULL;
    if (json_object_is_type(value, json_type_object))
        json_object_object_get_ex(value, key, &member);
    return member;
}

/* RAII for a tree in a local. */
static inline void chimera_cleanup_json(struct json_object **tree)
{
    json_object_put(*tree);
}
#define CHIMERA_JSON __attribute__((cleanup(chimera_cleanup_json)))

#endif
