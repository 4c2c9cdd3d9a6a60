/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bundle/copied_plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/plugin/bundle.h"
#include "runtime/plugin/manifest.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/operate/taken.h"

#define STEM_LETTERS "0123456789abcdefghijklmnopqrstuvwxyz-" /* as of bundle.c */

/* PLACE.SUFFIX for PLACE.so. */
static char *name_beside(const char *so, const char *suffix)
{
    char *path = NULL;
    int size = (int)(strlen(so) - strlen(".so"));
    return asprintf(&path, "%.*s%s", size, so, suffix) < 0 ? NULL : path;
}

static bool is_empty(const struct chimera_digest *digest)
{
    static const struct chimera_digest none;
    return memcmp(digest, &none, sizeof(none)) == 0;
}

/* The copies are looked at, so that they are what is there for good. */
static int check_part(const char *so, const char *suffix, const struct chimera_digest *wanted,
                      struct chimera_error *err)
{
    CHIMERA_FREE char *path = name_beside(so, suffix);
    struct chimera_digest found;
    if (!path)
        return chimera_fail_memory(err);
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot open %s: %s", path, strerror(errno));
    int code = chimera_digest_of_fd(fd, &found, err);
    if (code == CHIMERA_OK && memcmp(&found, wanted, sizeof(found)) != 0)
        code = chimera_fail(err, CHIMERA_EREFUSED,
                            "the file %s beside the plugin is not what its manifest says: build it "
                            "again",
                            suffix);
    return code;
}

static int check_copy(const char *so, struct chimera_error *err)
{
    struct chimera_manifest manifest = {0};
    CHIMERA_FREE char *path = name_beside(so, ".json");
    if (!path)
        return chimera_fail_memory(err);
    int code = chimera_manifest_read(path, &manifest, err);
    if (code == CHIMERA_OK)
        code = check_part(so, ".so", &manifest.so, err);
    if (code == CHIMERA_OK && !is_empty(&manifest.image))
        code = check_part(so, ".image", &manifest.image, err);
    if (code == CHIMERA_OK && manifest.tier == CHIMERA_TIER_QUICK)
        say_warning("%s is of the quick tier, which takes longer for each request: build it with "
                    "`chimera build --tier full`, or name the module",
                    so);
    chimera_manifest_done(&manifest);
    return code;
}

static bool take_manifest(const char *so, struct chimera_digest *ret_digest)
{
    CHIMERA_FREE char *path = name_beside(so, ".json");
    CHIMERA_CLOSE int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    return fd >= 0 && chimera_digest_of_fd(fd, ret_digest, NULL) == CHIMERA_OK;
}

/* Two references may lead to one plugin, and a module may be built to one that is named, too. */
static bool are_same(const char *one, const char *other)
{
    struct chimera_digest a, b;
    return take_manifest(one, &a) && take_manifest(other, &b) && memcmp(&a, &b, sizeof(a)) == 0;
}

int bundle_copy_plugin(const char *so, const char *folder, struct chimera_built *ret_built,
                       struct chimera_error *err)
{
    const char *slash = strrchr(so, '/'), *name = slash ? slash + 1 : so;
    const struct taken_wanted wanted = {.plugin = so, .output = folder};
    CHIMERA_FREE char *copy = NULL;
    if (strspn(name, STEM_LETTERS) != strlen(name) - strlen(".so"))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "%s: the name of a plugin in a bundle has digits, small letters and - "
                            "only, as `chimera build` makes it: name all of its files so, or name "
                            "the module",
                            name);
    if (asprintf(&copy, "%s/" CHIMERA_BUNDLE_PLUGINS "/%s", folder, name) < 0) {
        copy = NULL;
        return chimera_fail_memory(err);
    }
    if (access(copy, F_OK) == 0 && !are_same(so, copy))
        return chimera_fail(err, CHIMERA_EINVAL, "%s: two plugins of this set are called so", name);
    int code = taken_plugin(&wanted, ret_built, err);
    if (code == CHIMERA_OK && (code = check_copy(copy, err)) < 0)
        chimera_built_done(ret_built);
    return code;
}
