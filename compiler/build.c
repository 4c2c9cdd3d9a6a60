/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/build_internal.h"
#include "compiler/mode.h"
#include "compiler/native/audit.h"
#include "compiler/native/compile.h"
#include "compiler/native/link.h"
#include "compiler/native/names_write.h"
#include "compiler/tool/confine.h"
#include "compiler/tool/scratch.h"
#include "compiler/translate/image_write.h"
#include "compiler/wasm/import_rules.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/file.h"
#include "runtime/plugin/manifest.h"

#define WASM_MAX ((size_t)256 << 20)
#define WABT_WITH_VECTORS 33
#define QUICK_PARAMS_MAX 240 /* tcc has room for 256 values at once */

/* --- The steps of one build. --- */

static int make_scratch(struct build_work *work, struct chimera_error *err)
{
    struct chimera_builder *builder = work->builder;
    if (builder->cache)
        return chimera_cache_scratch(builder->cache, &work->folder, err);
    return chimera_scratch_make(builder->temporary, "build", &work->folder, err);
}

/* Of the prelude, and module.h; owned by the caller, ends with NULL. Each is owned too. */
static char **list_headers(const struct build_work *work)
{
    char **headers = calloc(CHIMERA_PRELUDE_HEADERS + 2, sizeof(*headers));
    if (!headers)
        return NULL;
    headers[0] = chimera_path_join(work->folder, "module.h");
    for (size_t i = 0; headers[i] && i < CHIMERA_PRELUDE_HEADERS; i++)
        headers[i + 1] = chimera_path_join(work->builder->prelude, chimera_prelude_files[i]);
    return headers;
}

static int compile(const struct build_work *work, const struct chimera_part *parts, size_t count,
                   struct chimera_error *err)
{
    struct chimera_builder *builder = work->builder;
    const char *includes[] = {".", builder->prelude, NULL};
    char **headers = list_headers(work);
    struct chimera_compile_job job = {.tools = &builder->tools,
                                      .tier = work->tier,
                                      .folder = work->folder,
                                      .includes = includes,
                                      .headers = (const char *const *)headers,
                                      .cache =
                                          work->tier == CHIMERA_TIER_QUICK ? NULL : builder->cache,
                                      .progress = builder->options.progress,
                                      .jobs = builder->options.jobs};
    int code = headers && headers[CHIMERA_PRELUDE_HEADERS]
                   ? chimera_compile(&job, parts, count, NULL, err)
                   : chimera_fail(err, CHIMERA_ENOMEM, "out of memory");
    for (size_t i = 0; headers && headers[i]; i++)
        free(headers[i]);
    free(headers);
    return code;
}

/* The parts, the glue and the freestanding helpers; names of objects follow the sources'. */
static int compile_and_link(struct build_work *work, const char *so, struct chimera_error *err)
{
    struct chimera_builder *builder = work->builder;
    size_t count = work->part_count + 2;
    CHIMERA_FREE struct chimera_part *parts = calloc(count, sizeof(*parts));
    CHIMERA_FREE const char **objects = calloc(count, sizeof(*objects));
    CHIMERA_FREE char *names = calloc(count, 32);
    CHIMERA_FREE char *freestanding =
        chimera_path_join(builder->prelude, chimera_prelude_files[CHIMERA_PRELUDE_HEADERS]);
    if (!parts || !objects || !names || !freestanding)
        return chimera_fail(err, CHIMERA_ENOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        snprintf(names + 32 * i, 32, "part-%04zu.o", i);
        parts[i].object = objects[i] = names + 32 * i;
        if (i < work->part_count)
            parts[i] =
                (struct chimera_part){work->parts[i].name, objects[i], work->parts[i].is_giant};
    }
    parts[count - 2].source = "glue.c";
    parts[count - 1].source = freestanding;
    int code = compile(work, parts, count, err);
    if (code == 0)
        code = chimera_link(&builder->tools, work->tier, work->folder, objects, count, so, err);
    chimera_progress_show(builder->options.progress, "audit", 0, 0);
    return code < 0 ? code : chimera_audit(&builder->tools, work->tier, so, err);
}

static int digest_file(const char *path, struct chimera_digest *ret_digest,
                       struct chimera_error *err)
{
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot open %s: %s", path, strerror(errno));
    return chimera_digest_of_fd(fd, ret_digest, err);
}

static int write_manifest(const struct build_work *work, const char *so, const char *image,
                          const char *path, struct chimera_error *err)
{
    struct chimera_manifest manifest = {.wasm = work->wasm, .mode = work->mode, .tier = work->tier};
    int code = digest_file(so, &manifest.so, err);
    if (code == 0 && work->image_size > 0)
        code = digest_file(image, &manifest.image, err);
    if (code < 0)
        return code;
    struct chimera_slice metadata = work->module->metadata;
    CHIMERA_FREE char *toolchain =
        strdup(chimera_tools_identity(&work->builder->tools, work->tier));
    manifest.toolchain = toolchain;
    CHIMERA_FREE char *text = metadata.data ? strndup(metadata.data, metadata.size) : NULL;
    manifest.metadata = text;
    if (!toolchain || (metadata.data && !text))
        return chimera_fail(err, CHIMERA_ENOMEM, "out of memory");
    return chimera_manifest_write(path, &manifest, err);
}

static int write_names(const struct build_work *work, const char *so, const char *path,
                       struct chimera_error *err)
{
    CHIMERA_FREE char *map = chimera_path_join(work->folder, CHIMERA_LINK_MAP);
    struct chimera_names_source source = {.module = work->module,
                                          .wasm = work->bytes,
                                          .prefix = split_prefix(work->builder->tools.wabt_minor),
                                          .map = map};
    if (!map)
        return chimera_fail(err, CHIMERA_ENOMEM, "out of memory");
    int code = digest_file(so, &source.object, err);
    return code < 0 ? code : chimera_names_write(&source, path, err);
}

static char *output_name(const struct build_work *work, const char *folder, const char *suffix)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s%s", folder, work->stem, suffix) < 0 ? NULL : path;
}

/* FOLDER/out/STEM.{so,image,json,names} of the scratch folder. */
static int make_plugin(struct build_work *work, const char *out, struct chimera_error *err)
{
    CHIMERA_FREE char *so = output_name(work, out, ".so");
    CHIMERA_FREE char *image = output_name(work, out, ".image");
    CHIMERA_FREE char *manifest = output_name(work, out, ".json");
    CHIMERA_FREE char *names = output_name(work, out, ".names");
    if (!so || !image || !manifest || !names)
        return chimera_fail(err, CHIMERA_ENOMEM, "out of memory");
    int code = chimera_folder_make(out, 0700, err);
    if (code == 0)
        code = chimera_image_write(work->module, image, &work->image_size, err);
    if (code == 0)
        code = build_translate(work, err);
    if (code == 0)
        code = compile_and_link(work, so, err);
    if (code == 0)
        code = write_names(work, so, names, err);
    return code < 0 ? code : write_manifest(work, so, image, manifest, err);
}

/* Copies STEM.* from the folder of `so` to `folder`; the .so last, so that it never stands alone.
 */
static int copy_plugin(const struct build_work *work, const char *so, const char *folder,
                       char **ret_path, struct chimera_error *err)
{
    static const char *const suffixes[] = {".image", ".names", ".json", ".so"};
    const char *slash = strrchr(so, '/');
    CHIMERA_FREE char *from = strndup(so, (size_t)(slash - so));
    int code = from ? chimera_folder_make(folder, 0755, err) : CHIMERA_ENOMEM;
    for (size_t i = 0; i < 4 && code == 0; i++) {
        CHIMERA_FREE char *source = output_name(work, from, suffixes[i]);
        CHIMERA_FREE char *target = output_name(work, folder, suffixes[i]);
        if (!source || !target)
            return chimera_fail(err, CHIMERA_ENOMEM, "out of memory");
        if (access(source, F_OK) == 0)
            code = chimera_file_copy(source, target, i == 3 ? 0755 : 0644, err);
    }
    if (code == 0 && !(*ret_path = output_name(work, folder, ".so")))
        code = chimera_fail(err, CHIMERA_ENOMEM, "out of memory");
    return code;
}

/* Where the finished plugin goes: the cache, or a folder that lives as long as the builder. */
static int keep_plugin(struct build_work *work, const char *out, char **ret_path,
                       struct chimera_error *err)
{
    struct chimera_builder *builder = work->builder;
    if (builder->cache)
        return chimera_cache_put_plugin(builder->cache, out, work->stem, ret_path, err);
    CHIMERA_FREE char *so = output_name(work, out, ".so");
    CHIMERA_FREE char *folder = chimera_path_join(builder->temporary, "plugins");
    if (!so || !folder)
        return chimera_fail(err, CHIMERA_ENOMEM, "out of memory");
    return copy_plugin(work, so, folder, ret_path, err);
}

static int check_confinement(const struct build_work *work, struct chimera_error *err)
{
    const char *lacks = chimera_confine_lacks();
    if (!lacks || !work->builder->options.must_confine)
        return CHIMERA_OK;
    return chimera_fail(
        err, CHIMERA_EREFUSED,
        "%s: the compilers cannot be confined here (%s): build the policy elsewhere, or allow "
        "unconfined builds",
        work->path, lacks);
}

/* "clang on part-0001.c failed" says little where many are built. */
static int name_module(const struct build_work *work, int code, struct chimera_error *err)
{
    struct chimera_error why = {0};
    size_t size = strlen(work->path);
    if (!err || (strncmp(err->text, work->path, size) == 0 && err->text[size] == ':'))
        return code;
    why = *err;
    return chimera_fail(err, code, "%.400s: %s", work->path, why.text);
}

static int build_new(struct build_work *work, char **ret_path, struct chimera_error *err)
{
    int code = check_confinement(work, err);
    if (code == 0)
        code = make_scratch(work, err);
    CHIMERA_FREE char *out = code == 0 ? chimera_path_join(work->folder, "out") : NULL;
    if (code == 0)
        code =
            out ? make_plugin(work, out, err) : chimera_fail(err, CHIMERA_ENOMEM, "out of memory");
    if (code == 0)
        code = keep_plugin(work, out, ret_path, err);
    if (work->folder)
        chimera_folder_remove(work->folder, NULL);
    free(work->folder);
    free(work->parts);
    work->folder = NULL;
    work->parts = NULL;
    return code < 0 ? name_module(work, code, err) : code;
}

static int name_stem(struct build_work *work, struct chimera_error *err)
{
    char stem[CHIMERA_STEM_MAX];
    int code = chimera_tools_stem(&work->builder->tools, work->tier, &work->wasm, stem);
    if (code < 0)
        return chimera_fail(err, code, "%s: cannot name its plugin", work->path);
    /* The mode is part of what is built: the same module may be tried in two. */
    snprintf(work->stem, sizeof(work->stem), "%s-%d%s", stem, (int)work->mode,
             work->tier == CHIMERA_TIER_QUICK ? "-quick" : "");
    return CHIMERA_OK;
}

static int finish(struct build_work *work, char *path, struct chimera_built *built,
                  struct chimera_error *err)
{
    const char *output = work->builder->options.output;
    if (!output) {
        built->plugin = path;
        return CHIMERA_OK;
    }
    CHIMERA_FREE char *folder = chimera_path_join(output, "plugins");
    int code = folder ? copy_plugin(work, path, folder, &built->plugin, err)
                      : chimera_fail(err, CHIMERA_ENOMEM, "out of memory");
    free(path);
    return code;
}

static int check_vectors(const struct build_work *work, struct chimera_error *err)
{
    const struct chimera_tools *tools = &work->builder->tools;
    if (!work->module->uses_vectors || tools->wabt_minor >= WABT_WITH_VECTORS)
        return CHIMERA_OK;
    return chimera_fail(
        err, CHIMERA_EFEATURE,
        "%s: the module uses SIMD (v128), which needs WABT 1.0.%d or newer; this is %s: install a "
        "newer "
        "one (Debian 13 has it) or name its wasm2c in CHIMERA_WASM2C, or build the policy without "
        "(for example rustc -C target-feature=-simd128)",
        work->path, WABT_WITH_VECTORS, tools->wabt_version);
}

/* What tcc does not do, before it says so in its own words; with any tier the full one is built
 * then. */
static int check_quick(const struct build_work *work, struct chimera_error *err)
{
    const struct chimera_module *module = work->module;
    if (module->uses_vectors)
        return chimera_fail(
            err, CHIMERA_EFEATURE,
            "%s: the module uses SIMD (v128), which the quick tier does not have: build it with "
            "`--tier full`",
            work->path);
    for (uint32_t i = 0; i < module->signature_count; i++)
        if (module->signatures[i].params.size > QUICK_PARAMS_MAX)
            return chimera_fail(err, CHIMERA_ELIMIT,
                                "%s: the module has a function type of %zu parameters, over the "
                                "quick tier's limit of %d: "
                                "build it with `--tier full`",
                                work->path, module->signatures[i].params.size, QUICK_PARAMS_MAX);
    return CHIMERA_OK;
}

static int read_module(struct build_work *work, struct chimera_error *err)
{
    int code = chimera_module_read(work->path, work->bytes, &work->module, err);
    if (code == 0)
        code = chimera_module_check_imports(work->module, err);
    if (code == 0 && !work->is_bare && work->mode == CHIMERA_MODE_NONE)
        code = chimera_mode_detect(work->module, &work->mode, err);
    if (code == 0 && !work->is_bare)
        code = chimera_mode_check(work->module, work->mode, err);
    if (code == 0 && !work->is_bare)
        code = chimera_module_check_mode_imports(work->module, work->mode, err);
    return code < 0 ? code : check_vectors(work, err);
}

/* NULL when the cache has none. Owned by the caller. */
static char *find_cached(struct build_work *work, enum chimera_tier tier)
{
    work->tier = tier;
    if (!work->builder->cache || !chimera_tools_has(&work->builder->tools, tier) ||
        name_stem(work, NULL) < 0)
        return NULL;
    return chimera_cache_find_plugin(work->builder->cache, work->stem, work->builder->check);
}

static int build_tier(struct build_work *work, enum chimera_tier tier, char **ret_path,
                      struct chimera_error *err)
{
    work->tier = tier;
    int code = chimera_tools_need(&work->builder->tools, tier, err);
    if (code == 0 && tier == CHIMERA_TIER_QUICK)
        code = check_quick(work, err);
    if (code == 0)
        code = name_stem(work, err);
    return code < 0 ? code : build_new(work, ret_path, err);
}

/* What is of no use to the quick tier (a frame that is too large, C that tcc does not take) may
 * still be right for the full one. */
static int build_soonest(struct build_work *work, char **ret_path, struct chimera_error *err)
{
    const struct chimera_tools *tools = &work->builder->tools;
    bool has_full = chimera_tools_has(tools, CHIMERA_TIER_FULL);
    struct chimera_error why = {0};
    int code = CHIMERA_ETOOL;
    if (chimera_tools_has(tools, CHIMERA_TIER_QUICK))
        code = build_tier(work, CHIMERA_TIER_QUICK, ret_path, has_full ? &why : err);
    else if (!has_full)
        return chimera_tools_need(tools, CHIMERA_TIER_FULL, err);
    return code < 0 && has_full ? build_tier(work, CHIMERA_TIER_FULL, ret_path, err) : code;
}

static int build_module(struct build_work *work, struct chimera_built *built,
                        struct chimera_error *err)
{
    enum chimera_tier tier = work->tier;
    int code = CHIMERA_OK;
    char *path = find_cached(work, tier == CHIMERA_TIER_ANY ? CHIMERA_TIER_FULL : tier);
    if (!path && tier == CHIMERA_TIER_ANY)
        path = find_cached(work, CHIMERA_TIER_QUICK);
    built->was_cached = path != NULL;
    if (!path)
        code = work->module ? CHIMERA_OK : read_module(work, err);
    if (!path && code == CHIMERA_OK)
        code = tier == CHIMERA_TIER_ANY ? build_soonest(work, &path, err)
                                        : build_tier(work, tier, &path, err);
    built->tier = work->tier;
    chimera_progress_clear(work->builder->options.progress);
    return code < 0 ? code : finish(work, path, built, err);
}

/* A module whose plugin is in the cache was read and checked when that was built; so it need not be
 * read again unless only it can tell the mode. */
static int build_bytes(struct build_work *work, struct chimera_built *built,
                       struct chimera_error *err)
{
    bool is_mode_known = work->is_bare || work->mode != CHIMERA_MODE_NONE;
    int code = chimera_digest_of(work->bytes, &work->wasm);
    if (code < 0)
        code = chimera_fail(err, code, "%s: cannot be hashed", work->path);
    else if (!is_mode_known)
        code = read_module(work, err);
    if (code == 0)
        code = build_module(work, built, err);
    built->wasm_bytes = work->bytes.size;
    built->code_bytes = work->module ? work->module->section[10].size : 0;
    chimera_module_free(work->module);
    return code;
}

/* Said once for each build, however much was damaged. */
static int tell_damage(struct chimera_builder *builder, struct chimera_built *built, int code,
                       struct chimera_error *err)
{
    struct chimera_error damage = {0}, why = {0};
    if (!builder->cache || !chimera_cache_take_damage(builder->cache, &damage))
        return code;
    if (code < 0 && err) {
        why = *err;
        return chimera_fail(err, code,
                            "%.600s (it has to be built again, for the cache is damaged: %.350s)",
                            why.text, damage.text);
    }
    if (code == 0 &&
        asprintf(&built->warning, "the cache was damaged, and what is missing was built again: %s",
                 damage.text) < 0)
        built->warning = NULL;
    return code;
}

static int build_path(struct chimera_builder *builder, const char *path, enum chimera_mode mode,
                      enum chimera_tier tier, bool is_bare, struct chimera_built *ret_built,
                      struct chimera_error *err)
{
    int64_t start_ms = chimera_clock_ms();
    struct chimera_built built = {0};
    struct build_work work = {
        .builder = builder, .path = path, .mode = mode, .tier = tier, .is_bare = is_bare};
    struct chimera_buffer bytes;
    chimera_buffer_init(&bytes, WASM_MAX);
    int code = chimera_file_read(path, &bytes, err);
    work.bytes = chimera_buffer_slice(&bytes);
    if (code == 0)
        code = build_bytes(&work, &built, err);
    chimera_buffer_free(&bytes);
    code = tell_damage(builder, &built, code, err);
    if (code < 0)
        return code;
    built.milliseconds = (uint64_t)(chimera_clock_ms() - start_ms);
    *ret_built = built;
    return CHIMERA_OK;
}

int chimera_build(struct chimera_builder *builder, const char *path, enum chimera_mode mode,
                  enum chimera_tier tier, struct chimera_built *ret_built,
                  struct chimera_error *err)
{
    return build_path(builder, path, mode, tier, false, ret_built, err);
}

int chimera_build_bare(struct chimera_builder *builder, const char *path, enum chimera_tier tier,
                       struct chimera_built *ret_built, struct chimera_error *err)
{
    return build_path(builder, path, CHIMERA_MODE_NONE, tier, true, ret_built, err);
}

void chimera_built_done(struct chimera_built *built)
{
    free(built->plugin);
    free(built->warning);
    built->plugin = built->warning = NULL;
}
