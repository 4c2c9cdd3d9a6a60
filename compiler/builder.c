/* SPDX-License-Identifier: Apache-2.0 */
/* The builder: tools, prelude, cache, found once for any number of builds. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/build_internal.h"
#include "compiler/count/count.h"
#include "compiler/native/identity.h"
#include "compiler/tool/process.h"
#include "compiler/translate/glue.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"

const char *const chimera_prelude_files[CHIMERA_PRELUDE_FILES] = {
    "plugin.h", "prelude.h", "full.h", "simd.h", "quick.h", "freestanding.c"};

const char *const build_purposes[] = {[CHIMERA_BUILD_TO_SERVE] = "",
                                      [CHIMERA_BUILD_TO_COUNT] = "-count" COUNT_VERSION,
                                      [CHIMERA_BUILD_TO_PROFILE] = "-profile" COUNT_VERSION};

char *build_toolchain(const struct build_run *run)
{
    const char *identity = chimera_tools_identity(&run->builder->tools, run->tier);
    const char *purpose = build_purposes[run->builder->options.purpose];
    char *text = NULL;
    return asprintf(&text, "%s%s%s", identity, *purpose ? " " : "", *purpose ? purpose + 1 : "") < 0
               ? NULL
               : text;
}

/* Beside the program, in the build tree too, or at the installed place. */
static int find_prelude(char **ret_folder, struct chimera_error *err)
{
    char program[4096];
    ssize_t size = readlink("/proc/self/exe", program, sizeof(program) - 1);
    char *slash = NULL;
    if (size > 0) {
        program[size] = '\0';
        slash = strrchr(program, '/');
    }
    CHIMERA_FREE char *beside = NULL;
    if (slash && asprintf(&beside, "%.*s/../share/chimera/plugins/policy", (int)(slash - program),
                          program) < 0)
        beside = NULL;
    const char *told = getenv("CHIMERA_PRELUDE");
    bool is_told = told && *told;
    const char *candidates[] = {is_told ? told : beside, is_told ? NULL : CHIMERA_PRELUDE_DIR};
    for (size_t i = 0; i < sizeof(candidates) / sizeof(*candidates); i++) {
        CHIMERA_FREE char *path =
            candidates[i] ? chimera_path_join(candidates[i], "prelude.h") : NULL;
        if (path && access(path, R_OK) == 0) {
            *ret_folder = realpath(candidates[i], NULL); /* tools run in other folders */
            return *ret_folder ? CHIMERA_OK : chimera_fail_memory(err);
        }
    }
    if (is_told)
        return chimera_fail(err, CHIMERA_EIO,
                            "CHIMERA_PRELUDE=%s: there is no prelude.h that can be read", told);
    return chimera_fail(
        err, CHIMERA_EIO, "cannot find the plugins' prelude (prelude.h): %s",
        size > 0 ? "install Chimera whole, or set CHIMERA_PRELUDE to its folder plugins/policy"
                 : "/proc is not mounted, so nobody knows where this program lies");
}

static int digest_prelude(const char *folder, struct chimera_digest *ret_digest,
                          struct chimera_error *err)
{
    struct chimera_buffer all;
    chimera_buffer_init(&all, (size_t)4 << 20);
    int code = CHIMERA_OK;
    for (size_t i = 0; i < CHIMERA_PRELUDE_FILES && code == 0; i++) {
        CHIMERA_FREE char *path = chimera_path_join(folder, chimera_prelude_files[i]);
        code = path ? chimera_file_read(path, &all, err) : chimera_fail_memory(err);
    }
    chimera_buffer_text(&all, GLUE_VERSION);
    if (code == 0)
        code = chimera_digest_of(chimera_buffer_slice(&all), ret_digest);
    chimera_buffer_free(&all);
    return code;
}

static int fill_builder(struct chimera_builder *builder, struct chimera_error *err)
{
    const struct chimera_build_options *options = &builder->options;
    int code =
        options->has_no_cache
            ? chimera_folder_make_temporary("chimera", &builder->temporary, err)
            : chimera_cache_open(options->cache_folder, CHIMERA_CACHE_LIMIT, &builder->cache, err);
    if (code == 0 && builder->cache)
        chimera_cache_sweep(builder->cache);
    if (code == 0)
        code = chimera_tools_find(&builder->tools, err);
    if (code == 0 && options->launcher)
        code = chimera_tools_launch(&builder->tools, options->launcher, err);
    if (code == 0)
        code = find_prelude(&builder->prelude, err);
    return code < 0 ? code : digest_prelude(builder->prelude, &builder->prelude_digest, err);
}

int builder_know_tier(struct chimera_builder *builder, enum chimera_tier tier,
                      struct chimera_error *err)
{
    const char *memo = builder->cache ? chimera_cache_path(builder->cache) : NULL;
    if (chimera_tools_identity(&builder->tools, tier)[0])
        return CHIMERA_OK;
    int code = chimera_tools_need(&builder->tools, tier, err);
    if (code == 0)
        code = chimera_tools_learn(&builder->tools, tier, memo, err);
    return code < 0 ? code
                    : chimera_tools_identify(&builder->tools, tier, &builder->prelude_digest, err);
}

int chimera_builder_new(const struct chimera_build_options *options,
                        struct chimera_builder **ret_builder, struct chimera_error *err)
{
    struct chimera_builder *builder = calloc(1, sizeof(*builder));
    if (!builder)
        return chimera_fail_memory(err);
    builder->options = *options;
    builder->check = options->loads_plugins ? CHIMERA_CACHE_SIZES : CHIMERA_CACHE_WHOLE;
    if (builder->options.jobs == 0)
        builder->options.jobs = chimera_process_cpus();
    int code = fill_builder(builder, err);
    if (code < 0) {
        chimera_builder_free(builder);
        return code;
    }
    *ret_builder = builder;
    return CHIMERA_OK;
}

void chimera_builder_free(struct chimera_builder *builder)
{
    if (!builder)
        return;
    if (builder->temporary)
        chimera_folder_remove(builder->temporary, NULL);
    chimera_cache_close(builder->cache);
    chimera_tools_done(&builder->tools);
    free(builder->temporary);
    free(builder->prelude);
    free(builder);
}

void chimera_builder_distrust(struct chimera_builder *builder)
{
    builder->check = CHIMERA_CACHE_WHOLE;
}

const struct chimera_tools *chimera_builder_tools(const struct chimera_builder *builder)
{
    return &builder->tools;
}

struct chimera_cache *chimera_builder_cache(const struct chimera_builder *builder)
{
    return builder ? builder->cache : NULL;
}

const char *chimera_builder_identity(struct chimera_builder *builder, enum chimera_tier tier,
                                     struct chimera_error *err)
{
    return builder_know_tier(builder, tier, err) < 0
               ? NULL
               : chimera_tools_identity(&builder->tools, tier);
}

char *chimera_toolchain_here(enum chimera_tier tier)
{
    struct chimera_builder here = {0};
    CHIMERA_FREE char *folder = NULL;
    struct stat status;
    char *identity = NULL;
    if (chimera_tools_find(&here.tools, NULL) < 0)
        return NULL;
    bool has_memo = chimera_cache_folder(&folder, NULL) == CHIMERA_OK &&
                    stat(folder, &status) == 0 && S_ISDIR(status.st_mode);
    if (chimera_tools_has(&here.tools, tier) && find_prelude(&here.prelude, NULL) == CHIMERA_OK &&
        digest_prelude(here.prelude, &here.prelude_digest, NULL) == CHIMERA_OK &&
        chimera_tools_learn(&here.tools, tier, has_memo ? folder : NULL, NULL) == CHIMERA_OK &&
        chimera_tools_identify(&here.tools, tier, &here.prelude_digest, NULL) == CHIMERA_OK)
        identity = strdup(chimera_tools_identity(&here.tools, tier));
    chimera_tools_done(&here.tools);
    free(here.prelude);
    return identity;
}
