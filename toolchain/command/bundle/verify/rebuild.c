/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bundle/verify/rebuild.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/plugin/toolchain.h"
#include "runtime/source/image_reference.h"
#include "runtime/source/reference.h"
#include "toolchain/command/bundle/verify/rewrite.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/fetch_many.h"

#define LOCATION_MAX ((size_t)16 * 1024)

struct work {
    const struct bundle_rebuild *rebuild;
    struct bundle_chain *chain;
    struct chimera_builder *builder; /* owned */
    size_t *plugin;                  /* owned: of each that is built, its number */
    char **location, **path;         /* owned, as their texts: where its module is */
    size_t count;
};

static void add(struct bundle_chain *chain, size_t plugin, const char *text)
{
    char name[CHIMERA_BUNDLE_STEM_MAX + 32];
    snprintf(name, sizeof(name), CHIMERA_BUNDLE_PLUGINS "/%s.so",
             chain->bundle.plugin[plugin].stem);
    bundle_chain_add(chain, name, "%s", text);
}

/* --- Where modules are --- */

/* The image that was meant then, wherever its tag is now. */
static int pin(const struct chimera_reference *reference, const char *digest, char **ret_location,
               struct chimera_error *err)
{
    const char *start = reference->host.data;
    const char *end = reference->name.size ? reference->name.data + reference->name.size
                                           : start + reference->host.size;
    struct chimera_image_reference image = {0};
    struct chimera_buffer text;
    int code = chimera_image_reference_parse((struct chimera_slice){start, (size_t)(end - start)},
                                             &image, err);
    if (code < 0)
        return code;
    chimera_buffer_init(&text, LOCATION_MAX);
    chimera_buffer_print(&text, "registry://%s/%s@%s", image.registry, image.repository, digest);
    chimera_buffer_byte(&text, '\0');
    chimera_image_reference_done(&image);
    *ret_location = text.data;
    return text.failed ? chimera_fail_memory(err) : CHIMERA_OK;
}

static int locate(const struct bundle_rebuild *rebuild, const struct chimera_bundle_module *module,
                  char **ret_location, struct chimera_error *err)
{
    struct chimera_reference reference = {0};
    int code = chimera_reference_resolve(module->reference, rebuild->folder, ret_location, err);
    if (code < 0 || *ret_location)
        return code;
    if (module->image &&
        chimera_reference_read(module->reference, CHIMERA_DIALECT_SERVER, &reference, NULL) == 0) {
        bool is_image = !reference.path && chimera_slice_is(reference.scheme, "registry");
        code = is_image ? pin(&reference, module->image, ret_location, err) : CHIMERA_OK;
        free(reference.path);
    }
    if (code == CHIMERA_OK && !*ret_location && !(*ret_location = strdup(module->reference)))
        code = chimera_fail_memory(err);
    return code;
}

static bool is_plugin(const char *location)
{
    size_t size = strlen(location);
    return strncmp(location, "file:", strlen("file:")) == 0 && size > strlen(".so") &&
           strcmp(location + size - strlen(".so"), ".so") == 0;
}

/* Any reference leads to the module; that of a plugin does not. */
static int choose(struct work *work, size_t plugin, struct chimera_error *err)
{
    const struct chimera_bundle_plugin *of = &work->chain->bundle.plugin[plugin];
    for (size_t i = 0; i < of->module_count; i++) {
        char *location = NULL;
        int code = locate(work->rebuild, &of->module[i], &location, err);
        if (code < 0)
            return code;
        if (!is_plugin(location)) {
            work->plugin[work->count] = plugin;
            work->location[work->count++] = location;
            return CHIMERA_OK;
        }
        free(location);
    }
    add(work->chain, plugin,
        "cannot be built again: it was taken as it was built, and the bundle "
        "does not say where its module is");
    return CHIMERA_OK;
}

/* --- By what --- */

/* Not when another toolchain made it: then the bytes differ, and nobody learns from it why. */
static bool can_compare(struct work *work, size_t plugin)
{
    const struct chimera_manifest *manifest = &work->chain->manifest[plugin];
    struct chimera_error why = {0};
    struct chimera_buffer words;
    const char *here = chimera_builder_identity(work->builder, manifest->tier, &why);
    if (!here) {
        add(work->chain, plugin, why.text);
        return false;
    }
    chimera_buffer_init(&words, CHIMERA_TOOLCHAIN_WORDS_MAX);
    bool is_other = chimera_toolchain_explain(manifest->toolchain, here, &words);
    if (is_other) {
        char text[900];
        snprintf(text, sizeof(text),
                 "cannot be compared: another toolchain made it than is here, %.*s",
                 (int)(words.size < 800 ? words.size : 800), words.data ? words.data : "");
        add(work->chain, plugin, text);
    }
    chimera_buffer_free(&words);
    return !is_other;
}

/* --- Fetching --- */

static int take(void *context, size_t index, int code, const struct chimera_fetched *fetched,
                const struct chimera_error *err)
{
    struct work *work = context;
    if (code == CHIMERA_OK)
        work->path[index] = strdup(fetched->path);
    if (code < 0)
        add(work->chain, work->plugin[index], err->text);
    return code < 0 ? EXIT_FAILED : EXIT_GOOD;
}

/* --- Building and comparing --- */

static int digest_of_part(const char *so, size_t part, struct chimera_digest *ret_digest,
                          struct chimera_error *err)
{
    CHIMERA_FREE char *path = NULL;
    if (asprintf(&path, "%.*s.%s", (int)(strlen(so) - strlen(".so")), so,
                 chimera_bundle_suffixes[part]) < 0) {
        path = NULL;
        return chimera_fail_memory(err);
    }
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return chimera_fail_errno(err, path);
    return chimera_digest_of_fd(fd, ret_digest, err);
}

static void compare(struct work *work, size_t at, const char *so)
{
    const struct chimera_bundle_plugin *plugin = &work->chain->bundle.plugin[work->plugin[at]];
    for (size_t i = 0; i < CHIMERA_BUNDLE_PARTS; i++) {
        struct chimera_digest digest;
        struct chimera_error why = {0};
        char name[CHIMERA_BUNDLE_STEM_MAX + 32];
        bool is_built = digest_of_part(so, i, &digest, &why) == CHIMERA_OK;
        snprintf(name, sizeof(name), CHIMERA_BUNDLE_PLUGINS "/%s.%s", plugin->stem,
                 chimera_bundle_suffixes[i]);
        if (is_built != plugin->file[i].is_there)
            bundle_chain_add(work->chain, name,
                             is_built ? "is missing: the same build makes one"
                                      : "is not what the same build makes");
        else if (is_built && memcmp(&digest, &plugin->file[i].digest, sizeof(digest)) != 0)
            bundle_chain_add(work->chain, name,
                             "has other bytes than the same toolchain makes of the same module");
    }
}

static void build(struct work *work, size_t at)
{
    size_t plugin = work->plugin[at];
    struct chimera_built built = {0};
    struct chimera_error why = {0};
    if (chimera_build(work->builder, work->path[at], CHIMERA_MODE_NONE,
                      work->chain->manifest[plugin].tier, &built, &why) < 0) {
        add(work->chain, plugin, why.text);
        return;
    }
    if (memcmp(&built.wasm, &work->chain->bundle.plugin[plugin].wasm, sizeof(built.wasm)) != 0)
        add(work->chain, plugin,
            "its reference leads to another module now than when the bundle was "
            "made");
    else
        compare(work, at, built.plugin);
    chimera_built_done(&built);
}

static int build_all(struct work *work)
{
    struct chimera_progress *progress = work->rebuild->build->progress;
    fetch_many(work->rebuild->fetch, (const char *const *)work->location, work->count, take, work);
    for (size_t i = 0; i < work->count; i++) {
        if (!work->path[i])
            continue;
        chimera_progress_begin(progress, work->chain->bundle.plugin[work->plugin[i]].stem, i + 1,
                               work->count);
        build(work, i);
        chimera_progress_end(progress, NULL);
    }
    return CHIMERA_OK;
}

static int run(struct work *work, struct chimera_error *err)
{
    size_t count = work->chain->bundle.count;
    int code = CHIMERA_OK;
    work->plugin = calloc(count + 1, sizeof(*work->plugin));
    work->location = (char **)calloc(count + 1, sizeof(char *));
    work->path = (char **)calloc(count + 1, sizeof(char *));
    if (!work->plugin || !work->location || !work->path)
        return chimera_fail_memory(err);
    for (size_t i = 0; i < count && code == CHIMERA_OK; i++)
        if (can_compare(work, i))
            code = choose(work, i, err);
    if (code == CHIMERA_OK)
        code = build_all(work);
    if (code == CHIMERA_OK && !chimera_problems_any(&work->chain->problems))
        code = bundle_rewrite_check(work->chain, err);
    return code;
}

static void end(struct work *work)
{
    for (size_t i = 0; i < work->count; i++) {
        free(work->location[i]);
        free(work->path[i]);
    }
    free(work->plugin);
    free((void *)work->location);
    free((void *)work->path);
    chimera_builder_free(work->builder);
}

int bundle_rebuild_check(const struct bundle_rebuild *rebuild, struct bundle_chain *chain,
                         struct chimera_error *err)
{
    struct work work = {.rebuild = rebuild, .chain = chain};
    struct chimera_build_options options = *rebuild->build;
    CHIMERA_FREE char *cache = NULL;
    int code = chimera_folder_make_temporary("chimera-rebuild", &cache, err);
    if (code < 0)
        return code;
    options.cache_folder = cache;
    options.output = NULL;
    code = chimera_builder_new(&options, &work.builder, err);
    if (code == CHIMERA_OK)
        code = run(&work, err);
    end(&work);
    chimera_folder_remove(cache, NULL);
    return code;
}
