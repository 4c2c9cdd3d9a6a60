/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config/generation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/log/log.h"
#include "runtime/log/log_writer.h"
#include "runtime/text/problems.h"
#include "server/base/freed_memory.h"
#include "server/base/role.h"

#define TARGET "server::generation"

static struct policies_file *all; /* of the supervisor, which is one thread; forks have a copy */

/* The first that reads what the cluster holds; NULL: none does. */
static const struct policy_spec *find_aware(const struct policies *policies)
{
    for (size_t i = 0; i < policies->policy_count; i++)
        if (policies->policy[i].resources[0])
            return &policies->policy[i];
    return NULL;
}

static bool wants_kubernetes(const struct policies *policies)
{
    return find_aware(policies) != NULL;
}

/* The reference does not start without a Kubernetes configuration, whether it will be used or not.
 * Ours insists only when a policy asks for it. */
static int check_kubernetes(const struct config *config, const struct policies *policies,
                            struct chimera_error *err)
{
    if (config->has_kubernetes || config->options.is_without_kubernetes ||
        !wants_kubernetes(policies))
        return CHIMERA_OK;
    chimera_log_say(STDERR_FILENO,
                    "Cannot connect to Kubernetes cluster: neither a kubeconfig nor a "
                    "service account is there\n");
    return chimera_fail(err, CHIMERA_EINVAL,
                        "Cannot connect to Kubernetes, context aware policies would not work "
                        "properly: policy \"%s\" has contextAwareResources",
                        find_aware(policies)->id);
}

static void warn(void *context, const char *line)
{
    (void)context;
    chimera_log(CHIMERA_LOG_WARN, TARGET, chimera_slice_of(line));
}

void policies_file_announce(const struct config *config, const struct policies_file *file)
{
    if (file->policies.warnings)
        chimera_lines_each(chimera_slice_of(file->policies.warnings), warn, NULL);
    if (!config->has_kubernetes && wants_kubernetes(&file->policies))
        chimera_log_say(
            STDERR_FILENO,
            "Cannot connect to Kubernetes, context aware policies will not work properly\n");
    if (config->is_limited) {
        chimera_log_with(CHIMERA_LOG_INFO, TARGET,
                         CHIMERA_SLICE("policy timeout protection is enabled"),
                         CHIMERA_NUMBER("execution_limit_seconds", (int64_t)config->limit_seconds));
        return;
    }
    chimera_log(CHIMERA_LOG_WARN, TARGET, CHIMERA_SLICE("policy timeout protection is disabled"));
    for (size_t i = 0; i < file->policies.policy_count; i++)
        if (file->policies.policy[i].has_limit)
            chimera_log_with(
                CHIMERA_LOG_WARN, TARGET,
                CHIMERA_SLICE("timeoutEvalSeconds is ignored: timeout protection is disabled"),
                CHIMERA_TEXT("policy_id", chimera_slice_of(file->policies.policy[i].id)));
}

struct policy_stamp policy_stamp_now(const struct config *config)
{
    struct policies_files files;
    struct policy_stamp stamp = {0};
    policies_files_find(&config->options, &files);
    for (size_t i = 0; i < files.count; i++)
        stamp.file[i] = stamp_of(files.path[i]);
    policies_files_done(&files);
    return stamp;
}

bool policy_stamp_equal(const struct policy_stamp *a, const struct policy_stamp *b)
{
    for (size_t i = 0; i < POLICIES_FILES_MAX; i++)
        if (!stamp_equal(a->file[i], b->file[i]))
            return false;
    return true;
}

static int read_extras(const char *path, struct policies *policies, struct chimera_error *err)
{
    size_t count = policies->policy_count;
    CHIMERA_FREE const char **ids = (const char **)calloc(count + 1, sizeof(*ids));
    CHIMERA_FREE struct chimera_policy_extras *extras = calloc(count + 1, sizeof(*extras));
    if (!ids || !extras)
        return chimera_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        ids[i] = policies->policy[i].id;
    /* A pipe would make the supervisor wait. */
    struct stat status;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return chimera_fail(err, CHIMERA_EINVAL, "--policy-options: %s is no regular file", path);
    if (access(path, R_OK) < 0)
        return chimera_fail(err, CHIMERA_EIO, "--policy-options: cannot read %s: %s", path,
                            strerror(errno));
    int code = chimera_policy_options_read(path, ids, extras, err);
    for (size_t i = 0; i < count; i++)
        policies->policy[i].extras = extras[i]; /* which end with them */
    return code;
}

static int fill_file(struct policies_file *file, const struct config *config,
                     struct chimera_error *err)
{
    int code = bundle_policies(&config->options, &file->policies, err);
    if (code == CHIMERA_OK && config->options.policy_options)
        code = read_extras(config->options.policy_options, &file->policies, err);
    if (code == CHIMERA_OK)
        code = check_kubernetes(config, &file->policies, err);
    if (code == CHIMERA_OK)
        code = tenant_plan_parse(config->options.isolate, &file->policies, &file->plan, err);
    return code;
}

int policies_file_read(const struct config *config, struct policies_file **ret_file,
                       struct chimera_error *err)
{
    struct policies_file *file = calloc(1, sizeof(*file));
    if (!file)
        return chimera_fail_memory(err);
    file->users = 1;
    file->stamp = policy_stamp_now(config);
    file->next = all;
    all = file;
    role_forget_by(policies_file_forget_settings);
    freed_memory_guard(); /* settings go through it, and all children are forks of this process */
    int code = fill_file(file, config, err);
    freed_memory_leave();
    if (code < 0) {
        policies_file_drop(file);
        return code;
    }
    *ret_file = file;
    return CHIMERA_OK;
}

struct policies_file *policies_file_use(struct policies_file *file)
{
    file->users++;
    return file;
}

void policies_file_drop(struct policies_file *file)
{
    struct policies_file **link = &all;
    if (!file || --file->users > 0)
        return;
    while (*link != file)
        link = &(*link)->next;
    *link = file->next;
    tenant_plan_done(&file->plan);
    freed_memory_guard();
    policies_done(&file->policies);
    freed_memory_leave();
    free(file);
}

void policies_file_forget_settings(const struct kept_settings *kept)
{
    for (struct policies_file *file = all; file; file = file->next)
        for (size_t i = 0; i < file->policies.policy_count; i++) {
            char *settings = file->policies.policy[i].settings;
            if (!kept || kept->file != file || file->plan.tenant_of[i] != kept->tenant)
                explicit_bzero(settings, strlen(settings));
        }
}

struct generation *generation_new(struct policies_file *file, struct built_plugin *plugins)
{
    struct generation *generation = malloc(sizeof(*generation));
    if (!generation) {
        built_plugins_free(plugins, file->policies.policy_count);
        return NULL;
    }
    *generation =
        (struct generation){.users = 1, .file = policies_file_use(file), .plugins = plugins};
    return generation;
}

struct generation *generation_use(struct generation *generation)
{
    generation->users++;
    return generation;
}

void generation_drop(struct generation *generation)
{
    if (!generation || --generation->users > 0)
        return;
    built_plugins_free(generation->plugins, generation->file->policies.policy_count);
    policies_file_drop(generation->file);
    free(generation);
}

bool generation_has_quick(const struct generation *generation)
{
    for (size_t i = 0; i < generation->file->policies.policy_count; i++)
        if (generation->plugins[i].is_quick)
            return true;
    return false;
}

static void log_kept(const struct policy_spec *policy, const char *why)
{
    chimera_log_with(CHIMERA_LOG_ERROR, TARGET,
                     CHIMERA_SLICE("the full tier of a policy cannot be built; its quick tier goes "
                                   "on serving"),
                     CHIMERA_TEXT("policy_id", chimera_slice_of(policy->id)),
                     CHIMERA_TEXT("error", chimera_slice_of(why)));
}

/* In place of what could not be built, what serves now. */
static int keep_plugin(const struct built_plugin *kept, struct built_plugin *made,
                       struct chimera_error *err)
{
    free(made->failure);
    free(made->path);
    made->path = kept->path ? strdup(kept->path) : NULL;
    made->failure = kept->failure ? strdup(kept->failure) : NULL;
    made->is_quick = kept->is_quick;
    if (made->path || made->failure)
        return CHIMERA_OK;
    return chimera_fail_memory(err);
}

/* The cache names a plugin by the digest of its module first. A file that was replaced meanwhile is
 * another policy, which nobody has verified or asked for. */
bool generation_has_other_module(const struct built_plugin *kept, const struct built_plugin *made)
{
    if (!kept->path || !made->path)
        return false;
    const char *a = strrchr(kept->path, '/'), *b = strrchr(made->path, '/');
    size_t size = CHIMERA_DIGEST_HEX - 1;
    return a && b && strlen(a) > size && strlen(b) > size && strncmp(a, b, size + 1) != 0;
}

int generation_merge(const struct generation *served, struct built_plugin *made,
                     struct chimera_error *err)
{
    const struct policies *policies = &served->file->policies;
    int changed = 0;
    for (size_t i = 0; i < policies->policy_count; i++) {
        const struct built_plugin *kept = &served->plugins[i];
        bool is_other = generation_has_other_module(kept, &made[i]);
        if (made[i].path && !is_other) {
            changed += !kept->path || strcmp(kept->path, made[i].path) != 0;
            continue;
        }
        if (kept->is_quick)
            log_kept(&policies->policy[i],
                     is_other ? "its module was replaced meanwhile: reload to serve the new one"
                              : made[i].failure);
        int code = keep_plugin(kept, &made[i], err);
        if (code < 0)
            return code;
    }
    return changed;
}
