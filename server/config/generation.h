/* SPDX-License-Identifier: Apache-2.0 */
/* generation.h - what one set of workers serves: the policies as they were read, and the plugins
 * that were built for them.
 *
 * Immutable and counted: the supervisor has some at once (what is served, what shall be served
 * next, what retired workers and their tenants still need), and each worker has a copy by its fork.
 * A tier swap is another generation of the same file.
 */
#ifndef CHIMERA_SERVER_CONFIG_GENERATION_H
#define CHIMERA_SERVER_CONFIG_GENERATION_H

#include "runtime/source/policies.h"
#include "server/base/file_stamp.h"
#include "server/config/bundle_policies.h"
#include "server/config/config.h"
#include "server/config/plugins.h"
#include "server/config/tenant_plan.h"

struct policy_stamp { /* of each of policies_files_find() */
    struct stamp file[POLICIES_FILES_MAX];
};

struct policies_file {
    unsigned users;
    struct policy_stamp stamp; /* from before it was read */
    struct policies policies;
    struct tenant_plan plan;
    struct policies_file *next; /* in the list of all */
};

struct generation {
    unsigned users;
    struct policies_file *file;
    struct built_plugin *plugins; /* one a policy */
    bool is_settled; /* its full tier is there, or was tried; the only field that changes */
};

struct policy_stamp policy_stamp_now(const struct config *config);
bool policy_stamp_equal(const struct policy_stamp *a, const struct policy_stamp *b);

/* Reads policies.yml, or the bundle, and checks it. The caller has one use of it. err->text is what
 * to print behind "Error: " at the start. */
int policies_file_read(const struct config *config, struct policies_file **ret_file,
                       struct chimera_error *err);
/* Says what is odd about it, and how long its policies may take. */
void policies_file_announce(const struct config *config, const struct policies_file *file);
struct policies_file *policies_file_use(struct policies_file *file);
/* The last one frees it. Does nothing when there is none. */
void policies_file_drop(struct policies_file *file);

/* The settings that a fork needs: those of one tenant's policies in one file, or of the policies
 * that are no tenant's. */
struct kept_settings {
    const struct policies_file *file;
    size_t tenant; /* NO_TENANT: of those that are none's */
};

/* In a fork: overwrites all settings but those to keep, in all files. NULL keeps none. Called by
 * base/role.c, once a file was read. */
void policies_file_forget_settings(const struct kept_settings *kept);

/* Takes over the plugins, in any case, and uses the file. NULL when memory ran out. */
struct generation *generation_new(struct policies_file *file, struct built_plugin *plugins);
struct generation *generation_use(struct generation *generation);
void generation_drop(struct generation *generation);

bool generation_has_quick(const struct generation *generation);

/* Both were built, and of different modules. */
bool generation_has_other_module(const struct built_plugin *kept, const struct built_plugin *made);

/* Completes what was built for the full tier by what is served meanwhile, where something could not
 * be built. The number of policies that change, or a negative code. */
int generation_merge(const struct generation *served, struct built_plugin *made,
                     struct chimera_error *err);

#endif
