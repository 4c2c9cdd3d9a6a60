#include "server/bundle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buffer.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/plugin/bundle.h"

#define FILE_MAX ((size_t)64 << 20)

/* The bundle's own policies.yml, the bytes of which must be those that the manifest states. */
static int read_own(const char *folder, const struct chimera_bundle *bundle,
                    struct policies *ret_policies, struct chimera_error *err)
{
    CHIMERA_FREE char *path = chimera_path_join(folder, CHIMERA_BUNDLE_POLICIES);
    struct chimera_digest digest;
    struct chimera_buffer text;
    if (!path)
        return chimera_fail(err, CHIMERA_ENOMEM, "%s", chimera_code_text(CHIMERA_ENOMEM));
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
        code = policies_parse(chimera_buffer_slice(&text), path, ret_policies, err);
    chimera_buffer_free(&text);
    return code;
}

static int take_plugin(const char *folder, const struct chimera_bundle *bundle,
                       struct policy_spec *policy, struct chimera_error *err)
{
    const struct chimera_bundle_plugin *plugin = chimera_bundle_find(bundle, policy->module);
    if (!plugin)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "the bundle %s has no plugin for %s, which policy %s names: make the "
                            "bundle again from a file that names it",
                            folder, policy->module, policy->id);
    policy->lock = plugin->manifest;
    if (asprintf(&policy->plugin, "%s/" CHIMERA_BUNDLE_PLUGINS "/%s.so", folder, plugin->stem) >= 0)
        return CHIMERA_OK;
    policy->plugin = NULL;
    return chimera_fail(err, CHIMERA_ENOMEM, "%s", chimera_code_text(CHIMERA_ENOMEM));
}

int bundle_policies(const struct options *options, struct policies *ret_policies,
                    struct chimera_error *err)
{
    struct chimera_bundle bundle = {0};
    struct policies policies = {0};
    if (!options->bundle)
        return policies_read(options->policies, ret_policies, err);
    /* A link to the folder may be pointed to another bundle at any time; one load is of one. */
    CHIMERA_FREE char *folder = realpath(options->bundle, NULL);
    if (!folder)
        return chimera_fail(err, CHIMERA_EIO, "cannot open the bundle %s: %s", options->bundle,
                            strerror(errno));
    int code = chimera_bundle_read(folder, &bundle, err);
    if (code == CHIMERA_OK)
        code = options->are_policies_given ? policies_read(options->policies, &policies, err)
                                           : read_own(folder, &bundle, &policies, err);
    for (size_t i = 0; i < policies.policy_count && code == CHIMERA_OK; i++)
        code = take_plugin(folder, &bundle, &policies.policy[i], err);
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
