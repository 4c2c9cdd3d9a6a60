/* SPDX-License-Identifier: Apache-2.0 */
/* arguments.h - what builtins share: their arguments checked in OPA's words, their results given,
 * what they spend. Private to rego/.
 */
#ifndef CHIMERA_REGO_ARGUMENTS_H
#define CHIMERA_REGO_ARGUMENTS_H

#include "runtime/json/node.h"
#include "runtime/rego/builtin_list.h"
#include "runtime/rego/call.h"

/* Argument `index` as a string; CHIMERA_EINVAL in OPA's words when it is none. */
int chimera_rego_want_string(const struct chimera_rego_call *call, unsigned index,
                             struct chimera_slice *ret_text);
/* Arguments 0 and 1 likewise. */
int chimera_rego_want_two_strings(const struct chimera_rego_call *call, struct chimera_slice *ret_a,
                                  struct chimera_slice *ret_b);
/* Of any type. */
int chimera_rego_want(const struct chimera_rego_call *call, unsigned index,
                      enum chimera_rego_type type);
/* A set or an array of strings. */
int chimera_rego_want_strings(const struct chimera_rego_call *call, unsigned index);
int chimera_rego_want_int64(const struct chimera_rego_call *call, unsigned index,
                            int64_t *ret_value);

/* An empty buffer for at most CHIMERA_REGO_RESULT_MAX bytes, on the call's account. Loops that fill
 * one go on only while it has not failed. */
void chimera_rego_buffer(const struct chimera_rego_call *call, struct chimera_buffer *ret_buffer);

/* How a builtin from text to text starts: argument `index`, and a buffer for the result, which is
 * only there to be freed when this returns 0. */
int chimera_rego_text_builtin(const struct chimera_rego_call *call, unsigned index,
                              struct chimera_slice *ret_text, struct chimera_buffer *ret_out);

/* These take `value`; 0 or a code. */
int chimera_rego_push(const struct chimera_rego_call *call, struct json_object *array,
                      struct json_object *value);
int chimera_rego_push_string(const struct chimera_rego_call *call, struct json_object *array,
                             struct chimera_slice text);

/* Ends a builtin that made `value`, which it takes, unless `code` says that it failed on the way.
 * The second makes it a set first. */
int chimera_rego_finish(const struct chimera_rego_call *call, int code, struct json_object *value,
                        struct json_object **ret_result);
int chimera_rego_finish_set(const struct chimera_rego_call *call, int code,
                            struct json_object *array, struct json_object **ret_result);

/* Ends a builtin: `value` is what it made, NULL when it could not be made (node.h). */
int chimera_rego_give(const struct chimera_rego_call *call, struct json_object *value,
                      struct json_object **ret_result);
int chimera_rego_give_bool(const struct chimera_rego_call *call, bool value,
                           struct json_object **ret_result);
/* Hands over the buffer's text as a string and frees the buffer. */
int chimera_rego_give_text(const struct chimera_rego_call *call, struct chimera_buffer *text,
                           struct json_object **ret_result);
int chimera_rego_give_slice(const struct chimera_rego_call *call, struct chimera_slice text,
                            struct json_object **ret_result);
/* Any JSON number's text. */
int chimera_rego_give_number(const struct chimera_rego_call *call, struct chimera_slice text,
                             struct json_object **ret_result);

/* The same for what may not be UTF-8: each byte that is not becomes U+FFFD. */
int chimera_rego_give_bytes(const struct chimera_rego_call *call, struct chimera_buffer *bytes,
                            struct json_object **ret_result);

/* For loops whose length an attacker may choose: spends `units` (account.h) of the evaluation.
 * CHIMERA_EDEADLINE when the time is up, CHIMERA_ELIMIT when its memory was. */
int chimera_rego_spend(const struct chimera_rego_call *call, uint64_t units);

/* The same for a step that cannot be interrupted and takes about `ns`. */
int chimera_rego_has_time(const struct chimera_rego_call *call, uint64_t ns);

/* What was asked of the account could not be had, or the heap had no room. */
int chimera_rego_no_memory(const struct chimera_rego_call *call);

/* As Go's json.Marshal writes it. */
void chimera_rego_marshal(struct json_object *value, struct chimera_buffer *out);

/* In lower case. */
void chimera_rego_put_hex(struct chimera_slice bytes, struct chimera_buffer *out);

#endif
