/* SPDX-License-Identifier: Apache-2.0 */
/* arguments.h - what the families of builtins share, and the list of them. Private to this folder.
 *
 * CHIMERA_REGO_BUILTIN_MAP(X) lists X(name, arity, function).
 */
#ifndef CHIMERA_REGO_ARGUMENTS_H
#define CHIMERA_REGO_ARGUMENTS_H

#include "runtime/json/node.h"
#include "runtime/rego/builtin.h"

#define CHIMERA_REGO_BUILTIN_MAP(X)                                       \
    /* format.c */                                                        \
    X("sprintf", 2, chimera_rego_sprintf)                                 \
    /* text.c */                                                          \
    X("trace", 1, chimera_rego_trace)                                     \
    X("internal.print", 1, chimera_rego_internal_print)                   \
    X("internal.template_string", 1, chimera_rego_template_string)        \
    /* strings.c */                                                       \
    X("strings.any_prefix_match", 2, chimera_rego_any_prefix_match)       \
    X("strings.any_suffix_match", 2, chimera_rego_any_suffix_match)       \
    X("strings.count", 2, chimera_rego_strings_count)                     \
    X("strings.split_n", 3, chimera_rego_split_n)                         \
    X("strings.reverse", 1, chimera_rego_strings_reverse)                 \
    X("indexof_n", 2, chimera_rego_indexof_n)                             \
    X("glob.quote_meta", 1, chimera_rego_glob_quote_meta)                 \
    /* collection.c */                                                    \
    X("cast_array", 1, chimera_rego_cast_array)                           \
    X("cast_set", 1, chimera_rego_cast_set)                               \
    X("cast_boolean", 1, chimera_rego_cast_boolean)                       \
    X("cast_null", 1, chimera_rego_cast_null)                             \
    X("cast_object", 1, chimera_rego_cast_object)                         \
    X("cast_string", 1, chimera_rego_cast_string)                         \
    X("array.flatten", 1, chimera_rego_array_flatten)                     \
    X("array.reverse", 1, chimera_rego_array_reverse)                     \
    X("numbers.range_step", 3, chimera_rego_range_step)                   \
    X("object.keys", 1, chimera_rego_object_keys)                         \
    X("object.subset", 2, chimera_rego_object_subset)                     \
    X("object.union_n", 1, chimera_rego_union_n)                          \
    /* encoding.c */                                                      \
    X("hex.encode", 1, chimera_rego_hex_encode)                           \
    X("hex.decode", 1, chimera_rego_hex_decode)                           \
    X("base64url.encode_no_pad", 1, chimera_rego_base64url_encode_no_pad) \
    X("json.is_valid", 1, chimera_rego_json_is_valid)                     \
    X("yaml.is_valid", 1, chimera_rego_yaml_is_valid)                     \
    X("yaml.unmarshal", 1, chimera_rego_yaml_unmarshal)                   \
    X("uuid.parse", 1, chimera_rego_uuid_parse)                           \
    /* marshal.c */                                                       \
    X("yaml.marshal", 1, chimera_rego_yaml_marshal)                       \
    X("json.marshal_with_options", 2, chimera_rego_marshal_with_options)  \
    /* url.c */                                                           \
    X("urlquery.encode", 1, chimera_rego_urlquery_encode)                 \
    X("urlquery.decode", 1, chimera_rego_urlquery_decode)                 \
    X("urlquery.encode_object", 1, chimera_rego_urlquery_encode_object)   \
    X("urlquery.decode_object", 1, chimera_rego_urlquery_decode_object)   \
    /* patch.c */                                                         \
    X("json.patch", 2, chimera_rego_json_patch)                           \
    /* crypto.c */                                                        \
    X("crypto.md5", 1, chimera_rego_md5)                                  \
    X("crypto.sha1", 1, chimera_rego_sha1)                                \
    X("crypto.sha256", 1, chimera_rego_sha256)                            \
    X("crypto.hmac.md5", 2, chimera_rego_hmac_md5)                        \
    X("crypto.hmac.sha1", 2, chimera_rego_hmac_sha1)                      \
    X("crypto.hmac.sha256", 2, chimera_rego_hmac_sha256)                  \
    X("crypto.hmac.sha512", 2, chimera_rego_hmac_sha512)                  \
    X("crypto.hmac.equal", 2, chimera_rego_hmac_equal)                    \
    /* semver.c */                                                        \
    X("semver.is_valid", 1, chimera_rego_semver_is_valid)                 \
    X("semver.compare", 2, chimera_rego_semver_compare)                   \
    /* regex.c */                                                         \
    X("regex.is_valid", 1, chimera_rego_regex_is_valid)                   \
    X("regex.match", 2, chimera_rego_regex_match)                         \
    X("regex.split", 2, chimera_rego_regex_split)                         \
    X("regex.find_n", 3, chimera_rego_regex_find_n)                       \
    X("regex.replace", 3, chimera_rego_regex_replace)                     \
    X("regex.template_match", 4, chimera_rego_regex_template_match)       \
    /* time.c */                                                          \
    X("time.now_ns", 0, chimera_rego_now_ns)                              \
    X("time.parse_rfc3339_ns", 1, chimera_rego_parse_rfc3339_ns)          \
    X("time.parse_ns", 2, chimera_rego_parse_ns)                          \
    X("time.parse_duration_ns", 1, chimera_rego_parse_duration_ns)        \
    X("time.date", 1, chimera_rego_date)                                  \
    X("time.clock", 1, chimera_rego_clock)                                \
    X("time.weekday", 1, chimera_rego_weekday)                            \
    X("time.add_date", 4, chimera_rego_add_date)                          \
    X("time.diff", 2, chimera_rego_time_diff)                             \
    X("time.format", 1, chimera_rego_time_format)                         \
    /* units.c */                                                         \
    X("units.parse", 1, chimera_rego_units_parse)                         \
    X("units.parse_bytes", 1, chimera_rego_units_parse_bytes)             \
    /* cidr.c */                                                          \
    X("net.cidr_is_valid", 1, chimera_rego_cidr_is_valid)                 \
    X("net.cidr_expand", 1, chimera_rego_cidr_expand)                     \
    X("net.cidr_merge", 1, chimera_rego_cidr_merge)                       \
    X("net.cidr_contains_matches", 2, chimera_rego_cidr_contains_matches)

#define X(name, arity, function) chimera_rego_function function;
CHIMERA_REGO_BUILTIN_MAP(X)
#undef X

/* Argument `index` as a string; CHIMERA_EINVAL in OPA's words when it is none. */
int chimera_rego_want_string(const struct chimera_rego_call *call, unsigned index,
                             struct chimera_slice *ret_text);
/* The same for the type alone. */
int chimera_rego_want(const struct chimera_rego_call *call, unsigned index,
                      enum chimera_rego_type type);
/* A set or an array of strings. */
int chimera_rego_want_strings(const struct chimera_rego_call *call, unsigned index);
int chimera_rego_want_int64(const struct chimera_rego_call *call, unsigned index,
                            int64_t *ret_value);

/* An empty buffer for at most CHIMERA_REGO_RESULT_MAX bytes, on the call's account. Loops that fill
 * one go on only while it has not failed. */
void chimera_rego_buffer(const struct chimera_rego_call *call, struct chimera_buffer *ret_buffer);

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

/* In lower case. */
void chimera_rego_put_hex(struct chimera_slice bytes, struct chimera_buffer *out);

#endif
