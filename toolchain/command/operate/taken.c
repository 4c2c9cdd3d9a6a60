/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/operate/taken.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/plugin/manifest.h"

#define SUFFIX ".so"

/* `folder` NULL: beside the plugin itself. */
static char *name_file(const char *plugin, const char *folder, const char *suffix)
{
    char *path = NULL;
    const char *slash = strrchr(plugin, '/');
    const char *name = folder && slash ? slash + 1 : plugin;
    int size = (int)(strlen(name) - strlen(SUFFIX));
    return asprintf(&path, "%s%s%.*s%s", folder ? folder : "", folder ? "/" : "", size, name,
                    suffix) < 0
               ? NULL
               : path;
}

static int check_manifest(const struct taken_wanted *wanted, enum chimera_tier *ret_tier,
                          struct chimera_error *err)
{
    CHIMERA_FREE char *path = name_file(wanted->plugin, NULL, ".json");
    struct chimera_manifest manifest = {0};
    if (!path)
        return chimera_fail_memory(err);
    int code = chimera_manifest_read(path, &manifest, err);
    if (code < 0)
        return code;
    *ret_tier = manifest.tier;
    if (wanted->mode != CHIMERA_MODE_NONE && manifest.mode != wanted->mode)
        code = chimera_fail(err, CHIMERA_EINVAL, "it was built for another execution mode");
    else if (wanted->tier != CHIMERA_TIER_ANY && manifest.tier != wanted->tier)
        code = chimera_fail(err, CHIMERA_EINVAL, "it is of the %s tier",
                            chimera_tier_name(manifest.tier));
    chimera_manifest_done(&manifest);
    return code;
}

/* The .so last, so that it never stands alone. */
static int copy_files(const struct taken_wanted *wanted, char **ret_plugin,
                      struct chimera_error *err)
{
    static const char *const suffixes[] = {".image", ".names", ".json", SUFFIX};
    CHIMERA_FREE char *folder = chimera_path_join(wanted->output, "plugins");
    int code =
        folder ? chimera_folder_make(folder, CHIMERA_FOLDER_CODE, err) : chimera_fail_memory(err);
    for (size_t i = 0; i < 4 && code == CHIMERA_OK; i++) {
        CHIMERA_FREE char *source = name_file(wanted->plugin, NULL, suffixes[i]);
        CHIMERA_FREE char *target = name_file(wanted->plugin, folder, suffixes[i]);
        if (!source || !target)
            return chimera_fail_memory(err);
        if (access(source, F_OK) == 0)
            code = chimera_file_copy(source, target, CHIMERA_FILE_CODE, err);
    }
    if (code == CHIMERA_OK && !(*ret_plugin = name_file(wanted->plugin, folder, SUFFIX)))
        code = chimera_fail_memory(err);
    return code;
}

int taken_plugin(const struct taken_wanted *wanted, struct chimera_built *ret_built,
                 struct chimera_error *err)
{
    struct chimera_built built = {.was_cached = true};
    int code = check_manifest(wanted, &built.tier, err);
    if (code == CHIMERA_OK && wanted->output)
        code = copy_files(wanted, &built.plugin, err);
    else if (code == CHIMERA_OK && !(built.plugin = strdup(wanted->plugin)))
        code = chimera_fail_memory(err);
    if (code == CHIMERA_OK)
        *ret_built = built;
    return code;
}
