/* SPDX-License-Identifier: Apache-2.0 */
/* builtin_list.h - the builtins: X(name, arity, function). Each is in the file of
 * runtime/rego/builtins/ that stands above it. Private to rego/.
 */
#ifndef CHIMERA_REGO_BUILTIN_LIST_H
#define CHIMERA_REGO_BUILTIN_LIST_H

#include "runtime/rego/call.h"

/* Pure ones: what they give follows from their arguments alone. */
#define CHIMERA_REGO_PURE_MAP(X)                                                       \
    /* format.c */                                                                     \
    X("sprintf", 2, chimera_rego_sprintf)                                              \
    /* text.c */                                                                       \
    X("trace", 1, chimera_rego_trace)                                                  \
    X("internal.print", 1, chimera_rego_internal_print)                                \
    X("internal.template_string", 1, chimera_rego_template_string)                     \
    /* strings.c */                                                                    \
    X("strings.any_prefix_match", 2, chimera_rego_any_prefix_match)                    \
    X("strings.any_suffix_match", 2, chimera_rego_any_suffix_match)                    \
    X("strings.count", 2, chimera_rego_strings_count)                                  \
    X("strings.split_n", 3, chimera_rego_split_n)                                      \
    X("strings.reverse", 1, chimera_rego_strings_reverse)                              \
    X("indexof_n", 2, chimera_rego_indexof_n)                                          \
    X("glob.quote_meta", 1, chimera_rego_glob_quote_meta)                              \
    /* render.c */                                                                     \
    X("strings.render_template", 2, chimera_rego_render_template)                      \
    /* collection.c */                                                                 \
    X("cast_array", 1, chimera_rego_cast_array)                                        \
    X("cast_set", 1, chimera_rego_cast_set)                                            \
    X("cast_boolean", 1, chimera_rego_cast_boolean)                                    \
    X("cast_null", 1, chimera_rego_cast_null)                                          \
    X("cast_object", 1, chimera_rego_cast_object)                                      \
    X("cast_string", 1, chimera_rego_cast_string)                                      \
    X("array.flatten", 1, chimera_rego_array_flatten)                                  \
    X("array.reverse", 1, chimera_rego_array_reverse)                                  \
    X("numbers.range_step", 3, chimera_rego_range_step)                                \
    X("object.keys", 1, chimera_rego_object_keys)                                      \
    X("object.subset", 2, chimera_rego_object_subset)                                  \
    X("object.union_n", 1, chimera_rego_union_n)                                       \
    /* encoding.c */                                                                   \
    X("hex.encode", 1, chimera_rego_hex_encode)                                        \
    X("hex.decode", 1, chimera_rego_hex_decode)                                        \
    X("base64url.encode_no_pad", 1, chimera_rego_base64url_encode_no_pad)              \
    X("json.is_valid", 1, chimera_rego_json_is_valid)                                  \
    X("yaml.is_valid", 1, chimera_rego_yaml_is_valid)                                  \
    X("yaml.unmarshal", 1, chimera_rego_yaml_unmarshal)                                \
    X("uuid.parse", 1, chimera_rego_uuid_parse)                                        \
    /* marshal.c */                                                                    \
    X("yaml.marshal", 1, chimera_rego_yaml_marshal)                                    \
    X("json.marshal_with_options", 2, chimera_rego_marshal_with_options)               \
    /* url.c */                                                                        \
    X("urlquery.encode", 1, chimera_rego_urlquery_encode)                              \
    X("urlquery.decode", 1, chimera_rego_urlquery_decode)                              \
    X("urlquery.encode_object", 1, chimera_rego_urlquery_encode_object)                \
    X("urlquery.decode_object", 1, chimera_rego_urlquery_decode_object)                \
    /* uri.c */                                                                        \
    X("uri.is_valid", 1, chimera_rego_uri_is_valid)                                    \
    X("uri.parse", 1, chimera_rego_uri_parse)                                          \
    /* graph.c */                                                                      \
    X("graph.reachable_paths", 2, chimera_rego_reachable_paths)                        \
    /* patch.c */                                                                      \
    X("json.patch", 2, chimera_rego_json_patch)                                        \
    /* json_schema.c */                                                                \
    X("json.match_schema", 2, chimera_rego_match_schema)                               \
    X("json.verify_schema", 1, chimera_rego_verify_schema)                             \
    /* crypto.c */                                                                     \
    X("crypto.md5", 1, chimera_rego_md5)                                               \
    X("crypto.sha1", 1, chimera_rego_sha1)                                             \
    X("crypto.sha256", 1, chimera_rego_sha256)                                         \
    X("crypto.hmac.md5", 2, chimera_rego_hmac_md5)                                     \
    X("crypto.hmac.sha1", 2, chimera_rego_hmac_sha1)                                   \
    X("crypto.hmac.sha256", 2, chimera_rego_hmac_sha256)                               \
    X("crypto.hmac.sha512", 2, chimera_rego_hmac_sha512)                               \
    X("crypto.hmac.equal", 2, chimera_rego_hmac_equal)                                 \
    /* random.c */                                                                     \
    /* jwt.c */                                                                        \
    X("io.jwt.decode", 1, chimera_rego_jwt_decode)                                     \
    X("io.jwt.verify_rs256", 2, chimera_rego_jwt_verify_rs256)                         \
    X("io.jwt.verify_rs384", 2, chimera_rego_jwt_verify_rs384)                         \
    X("io.jwt.verify_rs512", 2, chimera_rego_jwt_verify_rs512)                         \
    X("io.jwt.verify_ps256", 2, chimera_rego_jwt_verify_ps256)                         \
    X("io.jwt.verify_ps384", 2, chimera_rego_jwt_verify_ps384)                         \
    X("io.jwt.verify_ps512", 2, chimera_rego_jwt_verify_ps512)                         \
    X("io.jwt.verify_es256", 2, chimera_rego_jwt_verify_es256)                         \
    X("io.jwt.verify_es384", 2, chimera_rego_jwt_verify_es384)                         \
    X("io.jwt.verify_es512", 2, chimera_rego_jwt_verify_es512)                         \
    X("io.jwt.verify_eddsa", 2, chimera_rego_jwt_verify_eddsa)                         \
    X("io.jwt.verify_hs256", 2, chimera_rego_jwt_verify_hs256)                         \
    X("io.jwt.verify_hs384", 2, chimera_rego_jwt_verify_hs384)                         \
    X("io.jwt.verify_hs512", 2, chimera_rego_jwt_verify_hs512)                         \
    /* jwt_check.c */                                                                  \
    /* jwt_sign.c */                                                                   \
    /* certificates.c */                                                               \
    X("crypto.x509.parse_certificates", 1, chimera_rego_x509_parse)                    \
    /* request.c */                                                                    \
    X("crypto.x509.parse_certificate_request", 1, chimera_rego_x509_parse_request)     \
    /* private_keys.c */                                                               \
    X("crypto.parse_private_keys", 1, chimera_rego_parse_private_keys)                 \
    X("crypto.x509.parse_rsa_private_key", 1, chimera_rego_x509_parse_rsa_private_key) \
    X("crypto.x509.parse_keypair", 2, chimera_rego_x509_parse_keypair)                 \
    /* aws.c */                                                                        \
    X("providers.aws.sign_req", 3, chimera_rego_aws_sign_req)                          \
    /* semver.c */                                                                     \
    X("semver.is_valid", 1, chimera_rego_semver_is_valid)                              \
    X("semver.compare", 2, chimera_rego_semver_compare)                                \
    /* regex.c */                                                                      \
    X("regex.is_valid", 1, chimera_rego_regex_is_valid)                                \
    X("regex.match", 2, chimera_rego_regex_match)                                      \
    X("regex.split", 2, chimera_rego_regex_split)                                      \
    X("regex.find_n", 3, chimera_rego_regex_find_n)                                    \
    X("regex.replace", 3, chimera_rego_regex_replace)                                  \
    X("regex.template_match", 4, chimera_rego_regex_template_match)                    \
    /* globs.c */                                                                      \
    X("regex.globs_match", 2, chimera_rego_globs_match)                                \
    /* time.c */                                                                       \
    X("time.parse_rfc3339_ns", 1, chimera_rego_parse_rfc3339_ns)                       \
    X("time.parse_ns", 2, chimera_rego_parse_ns)                                       \
    X("time.parse_duration_ns", 1, chimera_rego_parse_duration_ns)                     \
    X("time.date", 1, chimera_rego_date)                                               \
    X("time.clock", 1, chimera_rego_clock)                                             \
    X("time.weekday", 1, chimera_rego_weekday)                                         \
    X("time.add_date", 4, chimera_rego_add_date)                                       \
    X("time.diff", 2, chimera_rego_time_diff)                                          \
    X("time.format", 1, chimera_rego_time_format)                                      \
    /* units.c */                                                                      \
    X("units.parse", 1, chimera_rego_units_parse)                                      \
    X("units.parse_bytes", 1, chimera_rego_units_parse_bytes)                          \
    /* outside.c */                                                                    \
    /* cidr.c */                                                                       \
    X("net.cidr_is_valid", 1, chimera_rego_cidr_is_valid)                              \
    X("net.cidr_expand", 1, chimera_rego_cidr_expand)                                  \
    X("net.cidr_merge", 1, chimera_rego_cidr_merge)                                    \
    X("net.cidr_contains_matches", 2, chimera_rego_cidr_contains_matches)              \
    /* graphql.c */                                                                    \
    X("graphql.is_valid", 2, chimera_rego_graphql_is_valid)                            \
    X("graphql.parse", 2, chimera_rego_graphql_parse)                                  \
    X("graphql.parse_and_verify", 2, chimera_rego_graphql_parse_and_verify)            \
    X("graphql.parse_query", 1, chimera_rego_graphql_parse_query)                      \
    X("graphql.parse_schema", 1, chimera_rego_graphql_parse_schema)                    \
    X("graphql.schema_is_valid", 1, chimera_rego_graphql_schema_is_valid)

/* The others: what they give hangs on the time, on lots, or on somebody else's answer. Who is not
 * sure puts a new one here. */
#define CHIMERA_REGO_IMPURE_MAP(X)                                              \
    /* text.c */                                                                \
    X("opa.runtime", 0, chimera_rego_opa_runtime)                               \
    /* random.c */                                                              \
    X("rand.intn", 2, chimera_rego_rand_intn)                                   \
    X("uuid.rfc4122", 1, chimera_rego_uuid_rfc4122)                             \
    /* jwt_check.c */                                                           \
    X("io.jwt.decode_verify", 2, chimera_rego_jwt_decode_verify)                \
    /* jwt_sign.c */                                                            \
    X("io.jwt.encode_sign", 3, chimera_rego_jwt_encode_sign)                    \
    X("io.jwt.encode_sign_raw", 3, chimera_rego_jwt_encode_sign_raw)            \
    /* certificates.c */                                                        \
    X("crypto.x509.parse_and_verify_certificates", 1, chimera_rego_x509_verify) \
    X("crypto.x509.parse_and_verify_certificates_with_options", 2,              \
      chimera_rego_x509_verify_with_options)                                    \
    /* time.c */                                                                \
    X("time.now_ns", 0, chimera_rego_now_ns)                                    \
    /* outside.c */                                                             \
    X("http.send", 1, chimera_rego_http_send)                                   \
    X("net.lookup_ip_addr", 1, chimera_rego_lookup_ip_addr)

#define X(name, arity, function) chimera_rego_function function;
CHIMERA_REGO_PURE_MAP(X)
CHIMERA_REGO_IMPURE_MAP(X)
#undef X

#endif
