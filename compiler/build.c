/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/build_internal.h"
#include "compiler/lower/read.h"
#include "compiler/mode.h"
#include "compiler/native/audit.h"
#include "compiler/native/compile.h"
#include "compiler/native/link.h"
#include "compiler/native/names_write.h"
#include "compiler/native/recipe.h"
#include "compiler/opa/bundle.h"
#include "compiler/tool/confine.h"
#include "compiler/tool/scratch.h"
#include "compiler/translate/image_write.h"
#include "compiler/wasm/decode.h"
#include "compiler/wasm/import_rules.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/file.h"
#include "runtime/base/file_link.h"
#include "runtime/plugin/manifest.h"
#include "runtime/policy/data.h"

#define WASM_MAX ((size_t)256 << 20)
#define WABT_WITH_VECTORS 33
#define QUICK_PARAMS_MAX 240 /* tcc has room for 256 values at once */

/* --- The steps of one build. --- */

/* Of the prelude, and module.h; owned by the caller, ends with NULL. Each is owned too. */
static char **list_headers(const struct build_run *run)
{
    char **headers = calloc(CHIMERA_PRELUDE_HEADERS + 2, sizeof(*headers));
    if (!headers)
        return NULL;
    headers[0] = chimera_path_join(run->folder, "module.h");
    for (size_t i = 0; headers[i] && i < CHIMERA_PRELUDE_HEADERS; i++)
        headers[i + 1] = chimera_path_join(run->builder->prelude, chimera_prelude_files[i]);
    return headers;
}

static int compile_parts(const struct build_run *run, const struct chimera_part *parts,
                         size_t count, struct chimera_error *err)
{
    struct chimera_builder *builder = run->builder;
    const char *includes[] = {".", builder->prelude, NULL};
    char **headers = list_headers(run);
    struct chimera_compile_job job = {.tools = &builder->tools,
                                      .tier = run->tier,
                                      .folder = run->folder,
                                      .includes = includes,
                                      .headers = (const char *const *)headers,
                                      .cache =
                                          run->tier == CHIMERA_TIER_QUICK ? NULL : builder->cache,
                                      .progress = builder->options.progress,
                                      .jobs = builder->options.jobs};
    int code = headers && headers[CHIMERA_PRELUDE_HEADERS]
                   ? chimera_compile(&job, parts, count, NULL, err)
                   : chimera_fail_memory(err);
    for (size_t i = 0; headers && headers[i]; i++)
        free(headers[i]);
    free(headers);
    return code;
}

#define OBJECT_NAME_MAX 32

struct part_list {
    struct chimera_part *parts;       /* owned */
    char (*objects)[OBJECT_NAME_MAX]; /* their names; owned */
    size_t count;                     /* so far; there is room for all */
};

/* Objects are named by their place: the linker gets them in this order. */
static void add_part(struct part_list *list, const char *source, bool is_giant)
{
    size_t at = list->count++;
    snprintf(list->objects[at], OBJECT_NAME_MAX, "part-%04zu.o", at);
    list->parts[at] = (struct chimera_part){source, list->objects[at], is_giant};
}

static int compile_and_link(struct build_run *run, const char *so, struct chimera_error *err)
{
    struct chimera_builder *builder = run->builder;
    CHIMERA_FREE char *freestanding =
        chimera_path_join(builder->prelude, chimera_prelude_files[CHIMERA_PRELUDE_HEADERS]);
    CHIMERA_FREE struct chimera_part *parts = calloc(run->part_count + 2, sizeof(*parts));
    CHIMERA_FREE void *objects = calloc(run->part_count + 2, OBJECT_NAME_MAX);
    struct part_list list = {parts, objects, 0};
    if (!parts || !objects || !freestanding)
        return chimera_fail_memory(err);
    /* The module's code, then the glue and the freestanding helpers. */
    for (size_t i = 0; i < run->part_count; i++)
        add_part(&list, run->parts[i].name, run->parts[i].is_giant);
    add_part(&list, "glue.c", false);
    add_part(&list, freestanding, false);
    struct chimera_link_job job = {.tools = &builder->tools,
                                   .tier = run->tier,
                                   .folder = run->folder,
                                   .parts = list.parts,
                                   .count = list.count,
                                   .output = so};
    int code = compile_parts(run, list.parts, list.count, err);
    if (code == 0)
        code = chimera_link(&job, err);
    chimera_progress_show(builder->options.progress, "audit", 0, 0);
    return code < 0 ? code : chimera_audit(&builder->tools, run->tier, so, err);
}

static int digest_file(const char *path, struct chimera_digest *ret_digest,
                       struct chimera_error *err)
{
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot open %s: %s", path, strerror(errno));
    return chimera_digest_of_fd(fd, ret_digest, err);
}

static int write_manifest(const struct build_run *run, const char *so, const char *image,
                          const char *path, struct chimera_error *err)
{
    struct chimera_manifest manifest = {.wasm = run->wasm, .mode = run->mode, .tier = run->tier};
    int code = digest_file(so, &manifest.so, err);
    if (code == 0 && run->image_size > 0)
        code = digest_file(image, &manifest.image, err);
    if (code < 0)
        return code;
    struct chimera_slice data = {0};
    struct chimera_error why = {0};
    bool has_data = (run->mode == CHIMERA_MODE_OPA || run->mode == CHIMERA_MODE_GATEKEEPER) &&
                    chimera_module_custom_section(run->bytes, CHIMERA_DATA_SECTION, &data);
    if (has_data && (code = chimera_policy_data_check(data, &why)) < 0)
        return chimera_fail(err, code, "%s: section " CHIMERA_DATA_SECTION ": %s", run->path,
                            why.text);
    CHIMERA_FREE char *kept = has_data ? strndup(data.data, data.size) : NULL;
    manifest.data = kept;
    struct chimera_slice metadata = run->module->metadata;
    CHIMERA_FREE char *toolchain = build_toolchain(run);
    manifest.toolchain = toolchain;
    CHIMERA_FREE char *text = metadata.data ? strndup(metadata.data, metadata.size) : NULL;
    manifest.metadata = text;
    if (!toolchain || (metadata.data && !text) || (has_data && !kept))
        return chimera_fail_memory(err);
    return chimera_manifest_write(path, &manifest, err);
}

static int write_names(const struct build_run *run, const char *so, const char *path,
                       struct chimera_error *err)
{
    CHIMERA_FREE char *map = chimera_path_join(run->folder, CHIMERA_LINK_MAP);
    struct chimera_names_source source = {.module = run->module,
                                          .wasm = run->bytes,
                                          .prefix = split_prefix(run->builder->tools.wabt_minor),
                                          .map = map};
    if (!map)
        return chimera_fail_memory(err);
    int code = digest_file(so, &source.object, err);
    return code < 0 ? code : chimera_names_write(&source, path, err);
}

static char *output_name(const struct build_run *run, const char *folder, const char *suffix)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s%s", folder, run->stem, suffix) < 0 ? NULL : path;
}

/* FOLDER/out/STEM.{so,image,json,names} of the scratch folder. */
static int make_plugin(struct build_run *run, const char *out, struct chimera_error *err)
{
    CHIMERA_FREE char *so = output_name(run, out, ".so");
    CHIMERA_FREE char *image = output_name(run, out, ".image");
    CHIMERA_FREE char *manifest = output_name(run, out, ".json");
    CHIMERA_FREE char *names = output_name(run, out, ".names");
    if (!so || !image || !manifest || !names)
        return chimera_fail_memory(err);
    int code = mkdir(out, CHIMERA_FOLDER_PRIVATE) < 0
                   ? chimera_fail_errno(err, "cannot make a scratch folder")
                   : CHIMERA_OK;
    if (code == 0)
        code = chimera_image_write(run->module, image, &run->image_size, err);
    if (code == 0)
        code = build_translate(run, err);
    if (code == 0)
        code = compile_and_link(run, so, err);
    if (code == 0)
        code = write_names(run, so, names, err);
    return code < 0 ? code : write_manifest(run, so, image, manifest, err);
}

/* What an earlier output has, this one may share with it. */
static bool is_linked(const struct build_run *run, const char *suffix, const char *source,
                      const char *target)
{
    const char *folder = run->builder->options.former;
    CHIMERA_FREE char *former = NULL;
    if (!folder || asprintf(&former, "%s/plugins/%s%s", folder, run->stem, suffix) < 0) {
        former = NULL;
        return false;
    }
    return chimera_file_link_equal(former, source, target, CHIMERA_FILE_CODE);
}

/* Copies STEM.* from the folder of `so` to `folder`; the .so last, so that it never stands alone.
 */
static int copy_plugin(const struct build_run *run, const char *so, const char *folder,
                       char **ret_path, struct chimera_error *err)
{
    static const char *const suffixes[] = {".image", ".names", ".json", ".so"};
    const char *slash = strrchr(so, '/');
    CHIMERA_FREE char *from = strndup(so, (size_t)(slash - so));
    int code = from ? chimera_folder_make(folder, CHIMERA_FOLDER_CODE, err) : CHIMERA_ENOMEM;
    for (size_t i = 0; i < 4 && code == 0; i++) {
        CHIMERA_FREE char *source = output_name(run, from, suffixes[i]);
        CHIMERA_FREE char *target = output_name(run, folder, suffixes[i]);
        if (!source || !target)
            return chimera_fail_memory(err);
        if (access(source, F_OK) < 0)
            continue;
        if (!is_linked(run, suffixes[i], source, target))
            code = run->builder->options.is_draft
                       ? chimera_file_copy_unsynced(source, target, CHIMERA_FILE_CODE, err)
                       : chimera_file_copy(source, target, CHIMERA_FILE_CODE, err);
    }
    if (code == 0 && !(*ret_path = output_name(run, folder, ".so")))
        code = chimera_fail_memory(err);
    return code;
}

/* Where the finished plugin goes: the cache, or a folder that lives as long as the builder. */
static int keep_plugin(struct build_run *run, const char *out, char **ret_path,
                       struct chimera_error *err)
{
    struct chimera_builder *builder = run->builder;
    if (builder->cache)
        return chimera_cache_put_plugin(builder->cache, out, run->stem, ret_path, err);
    CHIMERA_FREE char *so = output_name(run, out, ".so");
    CHIMERA_FREE char *folder = chimera_path_join(builder->temporary, "plugins");
    if (!so || !folder)
        return chimera_fail_memory(err);
    return copy_plugin(run, so, folder, ret_path, err);
}

static int check_confinement(const struct build_run *run, struct chimera_error *err)
{
    const char *lacks = chimera_confine_lacks();
    if (!lacks || !run->builder->options.must_confine)
        return CHIMERA_OK;
    return chimera_fail(
        err, CHIMERA_EREFUSED,
        "%s: the compilers cannot be confined here (%s): build the policy elsewhere, or allow "
        "unconfined builds",
        run->path, lacks);
}

/* "clang on part-0001.c failed" says little where many are built. */
static int name_module(const struct build_run *run, int code, struct chimera_error *err)
{
    struct chimera_error why = {0};
    size_t size = strlen(run->path);
    if (!err || (strncmp(err->text, run->path, size) == 0 && err->text[size] == ':'))
        return code;
    why = *err;
    return chimera_fail(err, code, "%.400s: %s", run->path, why.text);
}

static int build_new(struct build_run *run, char **ret_path, struct chimera_error *err)
{
    int code = check_confinement(run, err);
    if (code == 0) {
        struct chimera_builder *builder = run->builder;
        if (builder->cache)
            code = chimera_cache_scratch(builder->cache, &run->folder, err);
        else
            code = chimera_scratch_make(builder->temporary, "build", &run->folder, err);
    }
    CHIMERA_FREE char *out = code == 0 ? chimera_path_join(run->folder, "out") : NULL;
    if (code == 0)
        code = out ? make_plugin(run, out, err) : chimera_fail_memory(err);
    if (code == 0)
        code = keep_plugin(run, out, ret_path, err);
    if (run->folder)
        chimera_folder_remove(run->folder, NULL);
    free(run->folder);
    free(run->parts);
    run->folder = NULL;
    run->parts = NULL;
    return code < 0 ? name_module(run, code, err) : code;
}

static int name_stem(struct build_run *run, struct chimera_error *err)
{
    char stem[CHIMERA_STEM_MAX];
    int code = chimera_tools_stem(&run->builder->tools, run->tier, &run->wasm, stem);
    if (code < 0)
        return chimera_fail(err, code, "%s: cannot name its plugin", run->path);
    /* The mode is part of what is built: the same module may be tried in two. */
    snprintf(run->stem, sizeof(run->stem), "%s-%d%s%s", stem, (int)run->mode,
             run->tier == CHIMERA_TIER_QUICK ? "-quick" : "",
             build_purposes[run->builder->options.purpose]);
    return CHIMERA_OK;
}

static int deliver_plugin(struct build_run *run, char *path, struct chimera_built *built,
                          struct chimera_error *err)
{
    const char *output = run->builder->options.output;
    if (!output) {
        built->plugin = path;
        return CHIMERA_OK;
    }
    CHIMERA_FREE char *folder = chimera_path_join(output, "plugins");
    int code =
        folder ? copy_plugin(run, path, folder, &built->plugin, err) : chimera_fail_memory(err);
    free(path);
    return code;
}

static int check_vectors(const struct build_run *run, struct chimera_error *err)
{
    const struct chimera_tools *tools = &run->builder->tools;
    if (!run->module->uses_vectors || tools->wabt_minor >= WABT_WITH_VECTORS)
        return CHIMERA_OK;
    return chimera_fail(
        err, CHIMERA_EFEATURE,
        "%s: the module uses SIMD (v128), which needs WABT 1.0.%d or newer; this is %s: install a "
        "newer "
        "one (Debian 13 has it) or name its wasm2c in CHIMERA_WASM2C, or build the policy without "
        "(for example rustc -C target-feature=-simd128)",
        run->path, WABT_WITH_VECTORS, tools->wabt_version);
}

/* What tcc does not do, before it says so in its own words; with any tier the full one is built
 * then. */
static int check_quick(const struct build_run *run, struct chimera_error *err)
{
    const struct chimera_module *module = run->module;
    if (module->uses_vectors)
        return chimera_fail(
            err, CHIMERA_EFEATURE,
            "%s: the module uses SIMD (v128), which the quick tier does not have: build it with "
            "`--tier full`",
            run->path);
    for (uint32_t i = 0; i < module->signature_count; i++)
        if (module->signatures[i].params.size > QUICK_PARAMS_MAX)
            return chimera_fail(err, CHIMERA_ELIMIT,
                                "%s: the module has a function type of %zu parameters, over the "
                                "quick tier's limit of %d: "
                                "build it with `--tier full`",
                                run->path, module->signatures[i].params.size, QUICK_PARAMS_MAX);
    return CHIMERA_OK;
}

static int read_module(struct build_run *run, struct chimera_error *err)
{
    int code = run->builder->options.purpose == CHIMERA_BUILD_TO_SERVE
                   ? chimera_module_read(run->path, run->bytes, &run->module, err)
                   : chimera_module_read_counting(run->path, run->bytes, &run->module, err);
    if (code == 0)
        code = chimera_module_check_exports(run->module, err);
    if (code == 0)
        code = chimera_module_check_imports(run->module, err);
    if (code == 0 && !run->is_bare && run->mode == CHIMERA_MODE_NONE)
        code = chimera_mode_detect(run->module, &run->mode, err);
    if (code == 0 && !run->is_bare)
        code = chimera_mode_check(run->module, run->mode, err);
    if (code == 0 && !run->is_bare)
        code = chimera_module_check_mode_imports(run->module, run->mode, err);
    return code;
}

/* NULL when the cache has none. Owned by the caller. */
static char *find_cached(struct build_run *run, enum chimera_tier tier)
{
    struct chimera_builder *builder = run->builder;
    run->tier = tier;
    if (!builder->cache || !chimera_tools_has(&builder->tools, tier))
        return NULL;
    /* Without any plugin of the module there is none of this tier: its name need not be known. */
    bool is_known = chimera_tools_identity(&builder->tools, tier)[0] != '\0';
    bool may_be_there =
        is_known || build_has_shared(run) || chimera_cache_has_module(builder->cache, &run->wasm);
    if (!may_be_there || builder_know_tier(builder, tier, NULL) < 0 || name_stem(run, NULL) < 0)
        return NULL;
    char *path = chimera_cache_find_plugin(builder->cache, run->stem, builder->check);
    return path ? path : build_get_shared(run);
}

static int build_tier(struct build_run *run, enum chimera_tier tier, char **ret_path,
                      struct chimera_error *err)
{
    run->tier = tier;
    int code = builder_know_tier(run->builder, tier, err);
    if (code == 0)
        code = check_vectors(run, err);
    if (code == 0 && tier == CHIMERA_TIER_QUICK)
        code = check_quick(run, err);
    if (code == 0)
        code = name_stem(run, err);
    if (code == 0)
        code = build_new(run, ret_path, err);
    if (code == 0)
        build_put_shared(run, *ret_path);
    return code;
}

/* What is of no use to the quick tier (a frame that is too large, C that tcc does not take) may
 * still be right for the full one. */
static int build_soonest(struct build_run *run, char **ret_path, struct chimera_error *err)
{
    const struct chimera_tools *tools = &run->builder->tools;
    bool has_full = chimera_tools_has(tools, CHIMERA_TIER_FULL);
    struct chimera_error why = {0};
    int code = CHIMERA_ETOOL;
    if (chimera_tools_has(tools, CHIMERA_TIER_QUICK))
        code = build_tier(run, CHIMERA_TIER_QUICK, ret_path, has_full ? &why : err);
    else if (!has_full)
        return chimera_tools_need(tools, CHIMERA_TIER_FULL, err);
    return code < 0 && has_full ? build_tier(run, CHIMERA_TIER_FULL, ret_path, err) : code;
}

static int build_module(struct build_run *run, struct chimera_built *built,
                        struct chimera_error *err)
{
    enum chimera_tier tier = run->tier;
    int code = CHIMERA_OK;
    char *path = find_cached(run, tier == CHIMERA_TIER_ANY ? CHIMERA_TIER_FULL : tier);
    if (!path && tier == CHIMERA_TIER_ANY)
        path = find_cached(run, CHIMERA_TIER_QUICK);
    built->was_cached = path != NULL;
    built->was_shared = run->is_shared;
    if (!path)
        code = run->module ? CHIMERA_OK : read_module(run, err);
    if (!path && code == CHIMERA_OK)
        code = tier == CHIMERA_TIER_ANY ? build_soonest(run, &path, err)
                                        : build_tier(run, tier, &path, err);
    built->tier = run->tier;
    chimera_progress_clear(run->builder->options.progress);
    return code < 0 ? code : deliver_plugin(run, path, built, err);
}

/* A module whose plugin is in the cache was read and checked when that was built; so it need not be
 * read again unless only it can tell the mode. */
static int build_bytes(struct build_run *run, struct chimera_built *built,
                       struct chimera_error *err)
{
    bool is_mode_known = run->is_bare || run->mode != CHIMERA_MODE_NONE;
    int code = chimera_digest_of(run->bytes, &run->wasm);
    if (code < 0)
        code = chimera_fail(err, code, "%s: cannot be hashed", run->path);
    else if (!is_mode_known)
        code = read_module(run, err);
    if (code == 0)
        code = build_module(run, built, err);
    built->wasm = run->wasm;
    built->wasm_bytes = run->bytes.size;
    built->code_bytes = run->module ? run->module->section[WASM_SECTION_CODE].size : 0;
    chimera_module_free(run->module);
    return code;
}

/* What is said of a build that went well: the damage, the trouble, or both. */
static char *make_warning(const char *damage, const char *trouble)
{
    static const char before[] = "the cache was damaged, and what is missing was built again: ";
    char *warning = NULL;
    if (asprintf(&warning, "%s%s%s%s", *damage ? before : "", damage,
                 *damage && *trouble ? "; " : "", trouble) < 0)
        return NULL;
    return warning;
}

/* Said once for each build, however much was damaged. */
static int tell_damage(const struct build_run *run, struct chimera_built *built, int code,
                       struct chimera_error *err)
{
    struct chimera_builder *builder = run->builder;
    struct chimera_error damage = {0}, why = {0};
    bool is_damaged = builder->cache && chimera_cache_take_damage(builder->cache, &damage);
    if (code == 0 && (is_damaged || run->trouble.code))
        built->warning = make_warning(damage.text, run->trouble.text);
    if (code == 0 || !is_damaged || !err)
        return code;
    why = *err;
    return chimera_fail(err, code,
                        "%.600s (it has to be built again, for the cache is damaged: %.350s)",
                        why.text, damage.text);
}

static int build_file(struct build_run *run, struct chimera_built *ret_built,
                      struct chimera_error *err)
{
    int64_t start_ms = chimera_clock_ms();
    struct chimera_built built = {0};
    struct chimera_buffer bytes;
    chimera_buffer_init(&bytes, WASM_MAX);
    int code = chimera_module_file_read(run->path, &bytes, NULL, err);
    run->bytes = chimera_buffer_slice(&bytes);
    if (code == 0)
        code = build_bytes(run, &built, err);
    chimera_buffer_free(&bytes);
    code = tell_damage(run, &built, code, err);
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
    struct build_run run = {.builder = builder, .path = path, .mode = mode, .tier = tier};
    return build_file(&run, ret_built, err);
}

int chimera_build_bare(struct chimera_builder *builder, const char *path, enum chimera_tier tier,
                       struct chimera_built *ret_built, struct chimera_error *err)
{
    struct build_run run = {.builder = builder, .path = path, .tier = tier, .is_bare = true};
    return build_file(&run, ret_built, err);
}

void chimera_built_done(struct chimera_built *built)
{
    free(built->plugin);
    free(built->warning);
    built->plugin = built->warning = NULL;
}
