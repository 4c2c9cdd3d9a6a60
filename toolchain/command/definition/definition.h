/* SPDX-License-Identifier: Apache-2.0 */
/* definition.h - the policies that a command is to run: one that its arguments describe, those of a
 * file of Kubernetes resources (cli-and-distribution.md §1.6), or those that a server is given:
 * policies.yml, a bundle.
 *
 *   POLICY               one, as policy_argument.h has it, or a built plugin (.so)
 *   FILE.yml, FILE.yaml  resources, or a policies.yml; all of them
 *   DIR                  a bundle; all of it
 *   FILE.yml#ID, DIR#ID  one of them
 *
 * A policy has one member, itself; a group has those that its expression joins. One thread.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_DEFINITION_DEFINITION_H
#define CHIMERA_TOOLCHAIN_COMMAND_DEFINITION_DEFINITION_H

#include <stdint.h>

#include <json-c/json.h>

#include "runtime/base/digest.h"
#include "runtime/base/error.h"
#include "runtime/base/slice.h"
#include "runtime/cli/cli.h"
#include "runtime/review/response.h"

#define DEFINITION_OWN_ID "policy-from-cli" /* of a policy that has no other */

struct definition_member {
    char *name;     /* owned; "" where there is no group */
    char *module;   /* owned; as policy_module_open() takes it */
    bool is_locked; /* a plugin of a bundle, whose manifest has the digest `lock` */
    struct chimera_digest lock;
    char *settings;      /* owned; a JSON object */
    char **resources;    /* owned; "apiVersion/kind" that are granted, ends with NULL; or NULL */
    char **capabilities; /* owned; patterns of host calls, likewise; NULL: no word about it */
    uint32_t limit_ms;   /* 0: no word about it */
};

struct definition {
    char *id;         /* owned */
    char *message;    /* owned; NULL: none */
    char *expression; /* owned; NULL: no group */
    enum chimera_policy_mode mode;
    bool allowed_to_mutate;
    bool trusts_metadata;             /* the resources that the module asks for are granted */
    struct definition_member *member; /* owned */
    size_t count;
};

struct definitions {
    struct definition *list; /* owned */
    size_t count;
    bool are_set; /* from a file or a bundle: --raw, --execution-mode and settings do not apply */
};

/* Does the argument name more than one policy, or one of several? */
bool definitions_is_set(const char *argument);

/* What `run` and `bench` are given. The caller ends *ret_definitions with definitions_done(). */
int definitions_take(const struct chimera_cli_options *options, struct definitions *ret_definitions,
                     struct chimera_error *err);
/* An argument of which definitions_is_set() is true. */
int definitions_read(const char *argument, struct definitions *ret_definitions,
                     struct chimera_error *err);
/* All documents of a YAML text; `path` is for messages. */
int definitions_parse(struct chimera_slice text, const char *path,
                      struct definitions *ret_definitions, struct chimera_error *err);
/* A policies.yml; the folder of a bundle. */
int definitions_read_policies(const char *path, struct definitions *ret_definitions,
                              struct chimera_error *err);
int definitions_read_bundle(const char *folder, struct definitions *ret_definitions,
                            struct chimera_error *err);
void definitions_done(struct definitions *definitions);

/* The "apiVersion/kind" of a tree's `contextAwareResources`, which ends with NULL; NULL where there
 * are none. Its types were checked. Owned by the caller. */
int definition_resources(struct json_object *tree, char ***ret_resources,
                         struct chimera_error *err);
void definition_resources_free(char **resources); /* NULL is allowed */

/* "Policy ID (MODULE)" or "Policy Group ID", for messages; in static memory, until the next call.
 * `uri` is the module's, or NULL: as it was named. */
const char *definition_shown(const struct definition *definition, const char *uri);

#endif
