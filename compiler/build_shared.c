/* SPDX-License-Identifier: Apache-2.0 */
/* The shared cache, as a build sees it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/build_internal.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/plugin/elf_audit.h"
#include "runtime/plugin/manifest.h"

static const struct chimera_shared_cache *place_of(const struct build_run *run)
{
    const struct chimera_builder *builder = run->builder;
    const struct chimera_shared_cache *shared = builder->options.shared;
    bool is_asked = shared && shared->get && builder->cache && !builder->is_shared_lost;
    return is_asked ? shared : NULL;
}

bool build_has_shared(const struct build_run *run)
{
    return place_of(run) != NULL;
}

/* Where it cannot be asked once it cannot be a moment later, and each try may take a minute. */
static void note_trouble(struct build_run *run, const struct chimera_error *why)
{
    struct chimera_builder *builder = run->builder;
    bool is_lost = why->code != CHIMERA_EREFUSED && why->code != CHIMERA_EUNSIGNED;
    chimera_fail(&run->trouble, why->code, "the shared cache %.200s: %.700s%s",
                 builder->options.shared->name, why->text,
                 is_lost ? " (it is not asked again)" : "; it was built here");
    builder->is_shared_lost = is_lost;
}

static int check_code(const struct build_run *run, const char *out,
                      const struct chimera_manifest *manifest, struct chimera_error *err)
{
    CHIMERA_FREE char *path = NULL;
    struct chimera_digest digest;
    struct stat status;
    if (asprintf(&path, "%s/%s.so", out, run->stem) < 0) {
        path = NULL;
        return chimera_fail_memory(err);
    }
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &status) < 0)
        return chimera_fail(err, CHIMERA_EREFUSED, "it has no code");
    int code = chimera_digest_of_fd(fd, &digest, err);
    if (code == CHIMERA_OK && memcmp(&digest, &manifest->so, sizeof(digest)) != 0)
        code = chimera_fail(err, CHIMERA_EREFUSED, "its code is not what its manifest says");
    return code < 0 ? code : chimera_elf_audit_fd(fd, status.st_size, path, run->mode, err);
}

/* Whoever filled the place may have named one plugin as another. */
static int check_plugin(const struct build_run *run, const char *out, struct chimera_error *err)
{
    CHIMERA_FREE char *path = NULL;
    struct chimera_manifest manifest = {0};
    CHIMERA_FREE char *toolchain = build_toolchain(run);
    if (asprintf(&path, "%s/%s.json", out, run->stem) < 0)
        path = NULL;
    if (!path || !toolchain)
        return chimera_fail_memory(err);
    int code = chimera_manifest_read(path, &manifest, err);
    if (code < 0)
        return code;
    bool is_asked_for = memcmp(&manifest.wasm, &run->wasm, sizeof(run->wasm)) == 0 &&
                        manifest.mode == run->mode && manifest.tier == run->tier &&
                        strcmp(manifest.toolchain, toolchain) == 0;
    code = is_asked_for
               ? check_code(run, out, &manifest, err)
               : chimera_fail(err, CHIMERA_EREFUSED,
                              "%s there is the plugin of another module, mode or toolchain",
                              run->stem);
    chimera_manifest_done(&manifest);
    return code;
}

static int get_into(struct build_run *run, const char *scratch, char **ret_path,
                    struct chimera_error *err)
{
    const struct chimera_shared_cache *shared = run->builder->options.shared;
    CHIMERA_FREE char *out = chimera_path_join(scratch, "out");
    bool is_found = false;
    if (!out || mkdir(out, CHIMERA_FOLDER_PRIVATE) < 0)
        return chimera_fail_errno(err, "cannot make a scratch folder");
    int code = shared->get(shared->context, run->stem, out, &is_found, err);
    if (code < 0 || !is_found)
        return code;
    code = check_plugin(run, out, err);
    if (code < 0 && err->code != CHIMERA_EREFUSED) /* damage is no want of an answer */
        code = err->code = CHIMERA_EREFUSED;
    return code < 0 ? code
                    : chimera_cache_put_plugin(run->builder->cache, out, run->stem, ret_path, err);
}

char *build_get_shared(struct build_run *run)
{
    struct chimera_error why = {0};
    CHIMERA_FREE char *scratch = NULL;
    char *path = NULL;
    if (!place_of(run))
        return NULL;
    int code = chimera_cache_scratch(run->builder->cache, &scratch, &why);
    if (code == CHIMERA_OK)
        code = get_into(run, scratch, &path, &why);
    if (code < 0)
        note_trouble(run, &why);
    if (scratch)
        chimera_folder_remove(scratch, NULL);
    run->is_shared = path != NULL;
    return path;
}

void build_put_shared(struct build_run *run, const char *plugin)
{
    const struct chimera_shared_cache *shared = place_of(run);
    struct chimera_error why = {0};
    if (shared && shared->put && shared->put(shared->context, plugin, &why) < 0)
        note_trouble(run, &why);
}
