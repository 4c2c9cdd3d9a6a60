/* SPDX-License-Identifier: Apache-2.0 */
/* scaffold.h - the commands of `scaffold`, a file each, and what they share. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_SCAFFOLD_H
#define CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_SCAFFOLD_H

#include <json-c/json.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"
#include "runtime/cli/cli.h"

extern const struct chimera_cli_command command_scaffold_admission_request;
extern const struct chimera_cli_command command_scaffold_artifacthub;
extern const struct chimera_cli_command command_scaffold_budget_schema;
extern const struct chimera_cli_command command_scaffold_manifest;
extern const struct chimera_cli_command command_scaffold_policies_schema;
extern const struct chimera_cli_command command_scaffold_vap;
extern const struct chimera_cli_command command_scaffold_verification_config;

/* The document as YAML. What readers of YAML 1.1 would not take for a string is quoted, but not by
 * kwctl. */
void scaffold_write(const struct chimera_cli_options *options, struct json_object *document,
                    bool is_for_people, struct chimera_buffer *out);
/* Prints it to standard output, behind `header`. On a terminal it is shown as it may be shown.
 * Returns the exit code. */
int scaffold_print(const struct chimera_cli_options *options, const char *header,
                   struct json_object *document);

/* A list of rules with the members in the order in which policies have them; every list is there.
 * Owned by the caller. */
struct json_object *scaffold_rules(struct json_object *rules);

/* apiVersion and kind of one of Kubewarden's policies. Owned by the caller. */
struct json_object *scaffold_policy(const char *kind);

/* Shorter json-c: a member that is a text, or that has another owner and is shared; nothing for
 * NULL. */
void scaffold_put_text(struct json_object *object, const char *key, const char *text);
void scaffold_share(struct json_object *object, const char *key, struct json_object *value);
/* To standard output; the exit code. */
int scaffold_print_schema(struct json_object *schema);

#endif
