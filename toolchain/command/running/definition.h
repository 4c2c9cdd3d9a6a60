/* SPDX-License-Identifier: Apache-2.0 */
/* definition.h - the policies that a command is to run: one that its arguments describe, or those
 * of a file of Kubernetes resources (cli-and-distribution.md §1.6).
 *
 * A policy has one member, itself; a group has those that its expression joins. One thread.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_DEFINITION_H
#define CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_DEFINITION_H

#include <stdint.h>

#include <json-c/json.h>

#include "runtime/base/error.h"
#include "runtime/base/slice.h"
#include "runtime/cli/cli.h"
#include "runtime/review/response.h"

struct definition_member {
    char *name;        /* owned; "" where there is no group */
    char *module;      /* owned; as policy_module_open() takes it */
    char *settings;    /* owned; a JSON object */
    char **resources;  /* owned; "apiVersion/kind" that are granted, ends with NULL; or NULL */
    uint32_t limit_ms; /* 0: no word about it */
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
    bool are_resources; /* from a file of them: --raw and --execution-mode do not apply */
};

/* Does the argument name a file of resources? */
bool definitions_is_file(const char *argument);

/* What `run` and `bench` are given. The caller ends *ret_definitions with definitions_done(). */
int definitions_take(const struct chimera_cli_options *options, struct definitions *ret_definitions,
                     struct chimera_error *err);
/* A file of resources. */
int definitions_read(const char *path, struct definitions *ret_definitions,
                     struct chimera_error *err);
/* All documents of a YAML text; `path` is for messages. */
int definitions_parse(struct chimera_slice text, const char *path,
                      struct definitions *ret_definitions, struct chimera_error *err);
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
