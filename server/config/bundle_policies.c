/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config/bundle_policies.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/digest.h"
#include "runtime/base/file.h"
#include "runtime/plugin/bundle.h"
#include "runtime/source/policies_bundle.h"

#define SIGNATURE_MAX ((off_t)1 << 20)

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

static bool is_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
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
        return chimera_fail(err, CHIMERA_EIO, "--bundle: cannot open the bundle %s: %s",
                            options->bundle, strerror(errno));
    if (is_file(folder))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "--bundle: %s is a file, and a bundle is a folder that `chimera "
                            "bundle` makes; an archive of one is unpacked first, a "
                            "policies.yml is served by --policies",
                            options->bundle);
    int code = chimera_bundle_read(folder, &bundle, err);
    if (code == CHIMERA_OK)
        code = options->are_policies_given
                   ? policies_read(options->policies, limits, &policies, err)
                   : policies_read_bundle(folder, &bundle, limits, &policies, err);
    if (code == CHIMERA_OK)
        code = policies_take_plugins(folder, &bundle, &policies, err);
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

void policies_files_find(const struct options *options, struct policies_files *ret_files)
{
    struct policies_files files = {0};
    if (options->bundle)
        files.manifest = chimera_path_join(options->bundle, CHIMERA_BUNDLE_MANIFEST);
    if (files.manifest)
        files.path[files.count++] = files.manifest;
    if (options->bundle && options->verification)
        files.signature = chimera_path_join(options->bundle, CHIMERA_BUNDLE_SIGNATURE);
    if (files.signature)
        files.path[files.count++] = files.signature;
    if (!options->bundle || options->are_policies_given)
        files.path[files.count++] = options->policies;
    if (options->policy_options)
        files.path[files.count++] = options->policy_options;
    *ret_files = files;
}

void policies_files_done(struct policies_files *files)
{
    free(files->manifest);
    free(files->signature);
    *files = (struct policies_files){0};
}
