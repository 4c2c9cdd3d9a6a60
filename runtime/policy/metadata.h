/* SPDX-License-Identifier: Apache-2.0 */
/* metadata.h - what a policy says about itself: the custom section `io.kubewarden.metadata`.
 *
 * guest-abis.md §1.4. Parsed once when a policy is built, run, inspected or loaded; immutable
 * after.
 */
#ifndef CHIMERA_METADATA_H
#define CHIMERA_METADATA_H

#include <json-c/json.h>

#include "plugins/policy/plugin.h"
#include "runtime/base/error.h"
#include "runtime/base/slice.h"

#define CHIMERA_METADATA_SECTION "io.kubewarden.metadata"

enum chimera_protocol { CHIMERA_PROTOCOL_NONE, CHIMERA_PROTOCOL_UNKNOWN, CHIMERA_PROTOCOL_V1 };

/* All zero, as chimera_metadata_done() leaves it, is a policy without the section. */
struct chimera_metadata {
    bool is_annotated;
    enum chimera_protocol protocol;
    enum chimera_mode mode; /* CHIMERA_MODE_WAPC unless stated; NONE without the section */
    bool is_mutating, has_background_audit, is_raw;
    /* The document with its defaults, in the order and with the sorting that the reference writes;
     * owned. NULL without the section. Its strings stay valid as long as it does. */
    struct json_object *tree;
};

/* Refuses a section that is not the metadata of a policy, with the reference's text. On success the
 * caller ends *ret_metadata with chimera_metadata_done(). */
int chimera_metadata_parse(struct chimera_slice section, struct chimera_metadata *ret_metadata,
                           struct chimera_error *err);
void chimera_metadata_done(struct chimera_metadata *metadata);

/* The same of the file that an author writes, in YAML (cli-and-distribution.md §6.2): unquoted
 * numbers and truth values are texts where a text is wanted. The error is in serde_yaml's words. */
int chimera_metadata_parse_yaml(struct chimera_slice text, struct chimera_metadata *ret_metadata,
                                struct chimera_error *err);

/* What `annotate` changes in it, and writes: the section's payload, compact JSON, keys in the order
 * of cli-and-distribution.md §6.2. CHIMERA_ENOMEM: the metadata are as before. */
int chimera_metadata_set_protocol(struct chimera_metadata *metadata,
                                  enum chimera_protocol protocol);
int chimera_metadata_set_annotation(struct chimera_metadata *metadata, const char *key,
                                    struct chimera_slice value);
struct chimera_buffer;
void chimera_metadata_write(const struct chimera_metadata *metadata, struct chimera_buffer *out);

/* What must hold besides the types (§6.3): refuses empty lists, misplaced wildcards, a protocol
 * that is not there. err->text names the place, and has the reference's words for the rest. */
int chimera_metadata_check(const struct chimera_metadata *metadata, struct chimera_error *err);

/* NULL when there is none. Borrowed. */
const char *chimera_metadata_annotation(const struct chimera_metadata *metadata, const char *key);

/* Who asks: the server and the command differ in words and in what they insist on. */
enum chimera_metadata_reader { CHIMERA_READER_SERVER, CHIMERA_READER_COMMAND };

/* Refuses a policy that wants a newer Kubewarden than CHIMERA_KUBEWARDEN_VERSION (major and minor).
 */
int chimera_metadata_check_version(const struct chimera_metadata *metadata,
                                   enum chimera_metadata_reader reader, struct chimera_error *err);

/* How a server speaks to the policy: refuses waPC policies whose protocol is not v1. */
int chimera_metadata_server_mode(const struct chimera_metadata *metadata,
                                 enum chimera_mode *ret_mode, struct chimera_error *err);

/* How the command does (cli-and-distribution.md §1.5). `asked` is --execution-mode or
 * CHIMERA_MODE_NONE; `is_rego`: an export begins with `opa_`. */
int chimera_metadata_command_mode(const struct chimera_metadata *metadata, enum chimera_mode asked,
                                  bool is_rego, enum chimera_mode *ret_mode,
                                  struct chimera_error *err);

#endif
