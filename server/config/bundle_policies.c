/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config/bundle_policies.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/base/buffer.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/digest.h"
#include "runtime/base/file.h"
#include "runtime/plugin/bundle.h"
#include "runtime/source/reference.h"
#include "runtime/text/problems.h"

#define FILE_MAX ((size_t)64 << 20)
#define SIGNATURE_MAX ((off_t)1 << 20)

/* The bundle's own policies.yml, the bytes of which must be those that the manifest states. */
static int read_own(const char *folder, const struct chimera_bundle *bundle,
                    enum policies_limits limits, struct policies *ret_policies,
                    struct chimera_error *err)
{
    CHIMERA_FREE char *path = chimera_path_join(folder, CHIMERA_BUNDLE_POLICIES);
    struct chimera_digest digest;
    struct chimera_buffer text;
    if (!path)
        return chimera_fail_memory(err);
    chimera_buffer_init(&text, FILE_MAX);
    int code = chimera_file_read(path, &text, err);
    if (code == CHIMERA_OK && chimera_digest_of(chimera_buffer_slice(&text), &digest) < 0)
        code = chimera_fail(err, CHIMERA_EIO, "%s: cannot be hashed", path);
    else if (code == CHIMERA_OK && memcmp(&digest, &bundle->policies, sizeof(digest)) != 0)
        code = chimera_fail(err, CHIMERA_EREFUSED,
                            "%s is not the file that the bundle was made with: the digests differ; "
                            "make the bundle again, or give your own file with --policies",
                            path);
    if (code == CHIMERA_OK)
        code = policies_parse(chimera_buffer_slice(&text), path, limits, ret_policies, err);
    if (text.data) /* as in policies_read() */
        explicit_bzero(text.data, text.capacity);
    chimera_buffer_free(&text);
    return code;
}

static int take_plugin(const char *folder, const struct chimera_bundle *bundle,
                       struct policy_spec *policy, struct chimera_problems *problems)
{
    const struct chimera_bundle_plugin *plugin = chimera_bundle_find(bundle, policy->module);
    if (!plugin) {
        struct chimera_shown_name shown;
        char where[300], text[1000];
        snprintf(where, sizeof(where), "policy \"%.280s\"", policy->id);
        snprintf(
            text, sizeof(text),
            "the bundle %.300s has no plugin for %.300s: make the bundle again from a file that "
            "names it",
            folder, chimera_reference_show(policy->module, &shown));
        chimera_problems_add(problems, 0, 0, where, text);
        return CHIMERA_OK;
    }
    policy->lock = plugin->manifest;
    if (asprintf(&policy->plugin, "%s/" CHIMERA_BUNDLE_PLUGINS "/%s.so", folder, plugin->stem) >= 0)
        return CHIMERA_OK;
    policy->plugin = NULL;
    return CHIMERA_ENOMEM;
}

/* All that the bundle lacks is told at once. */
static int take_plugins(const char *folder, const struct chimera_bundle *bundle,
                        struct policies *policies, struct chimera_error *err)
{
    struct chimera_problems problems = {0};
    int code = CHIMERA_OK;
    for (size_t i = 0; i < policies->policy_count && code == CHIMERA_OK; i++)
        code = take_plugin(folder, bundle, &policies->policy[i], &problems);
    if (code < 0)
        chimera_fail(err, code, "%s", chimera_code_text(code));
    else
        code = chimera_problems_fail(&problems, NULL, CHIMERA_EINVAL, err);
    chimera_problems_done(&problems);
    return code;
}

/* To tell when there is another; `chimera` judges it (supervisor/fetcher.h). */
static int note_signature(const struct options *options, struct bundle_origin *origin,
                          struct chimera_error *err)
{
    if (!options->verification)
        return CHIMERA_OK;
    CHIMERA_FREE char *path = chimera_path_join(origin->folder, CHIMERA_BUNDLE_SIGNATURE);
    if (!path)
        return chimera_fail_memory(err);
    struct stat status;
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
        status.st_size > SIGNATURE_MAX)
        return CHIMERA_OK;
    if (chimera_digest_of_fd(fd, &origin->signature, NULL) < 0)
        origin->signature = (struct chimera_digest){0};
    return CHIMERA_OK;
}

int bundle_policies(const struct options *options, struct policies *ret_policies,
                    struct chimera_error *err)
{
    struct chimera_bundle bundle = {0};
    struct policies policies = {0};
    enum policies_limits limits = options->is_timeout_off || options->is_continue_on_errors
                                      ? POLICIES_LIMITS_ARE_FREE
                                      : POLICIES_LIMITS_COUNT;
    if (!options->bundle)
        return policies_read(options->policies, limits, ret_policies, err);
    /* A link to the folder may be pointed to another bundle at any time; one load is of one. */
    CHIMERA_FREE char *folder = realpath(options->bundle, NULL);
    if (!folder)
        return chimera_fail(err, CHIMERA_EIO, "cannot open the bundle %s: %s", options->bundle,
                            strerror(errno));
    int code = chimera_bundle_read(folder, &bundle, err);
    if (code == CHIMERA_OK)
        code = options->are_policies_given
                   ? policies_read(options->policies, limits, &policies, err)
                   : read_own(folder, &bundle, limits, &policies, err);
    if (code == CHIMERA_OK)
        code = take_plugins(folder, &bundle, &policies, err);
    if (code == CHIMERA_OK) {
        policies.bundle = (struct bundle_origin){.folder = folder, .manifest = bundle.self};
        folder = NULL; /* handed over */
        code = note_signature(options, &policies.bundle, err);
    }
    chimera_bundle_done(&bundle);
    if (code < 0) {
        policies_done(&policies);
        return code;
    }
    *ret_policies = policies;
    return CHIMERA_OK;
}

char *bundle_manifest(const struct options *options)
{
    return options->bundle ? chimera_path_join(options->bundle, CHIMERA_BUNDLE_MANIFEST) : NULL;
}

char *bundle_signature(const struct options *options)
{
    return options->bundle && options->verification
               ? chimera_path_join(options->bundle, CHIMERA_BUNDLE_SIGNATURE)
               : NULL;
}
