/* SPDX-License-Identifier: Apache-2.0 */
/* bundle.c - the text of a bundle's manifest; bundle_folder.c has the files. */
#include "runtime/plugin/bundle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/plugin/manifest_internal.h"

#define FORMAT 2
#define STEM_LETTERS "0123456789abcdefghijklmnopqrstuvwxyz-"

const char *const chimera_bundle_suffixes[CHIMERA_BUNDLE_PARTS] = {"image", "json", "names", "so"};

static int fail_memory(const char *path, struct chimera_error *err)
{
    return chimera_fail(err, CHIMERA_ENOMEM, "%s: out of memory", path);
}

/* --- Reading the text --- */

/* "sha256:…", or of another algorithm that registries have. */
static bool is_image(const char *text)
{
    static const struct {
        const char *prefix;
        size_t digits;
    } kinds[] = {{"sha256:", 64}, {"sha384:", 96}, {"sha512:", 128}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t prefix = strlen(kinds[i].prefix);
        if (strncmp(text, kinds[i].prefix, prefix) == 0)
            return strspn(text + prefix, "0123456789abcdef") == kinds[i].digits &&
                   text[prefix + kinds[i].digits] == '\0';
    }
    return false;
}

static int take_module(struct json_object *tree, const char *path,
                       struct chimera_bundle_plugin *plugin, struct chimera_error *err)
{
    const char *reference = chimera_member_text(tree, "reference");
    const char *image = chimera_member_text(tree, "image");
    if (!reference)
        return chimera_fail(err, CHIMERA_EINVAL, "%s: a module has no \"reference\"", path);
    if (chimera_json_member(tree, "image") && (!image || !is_image(image)))
        return chimera_fail(err, CHIMERA_EINVAL, "%s: \"image\" is not a digest of a registry",
                            path);
    if (plugin->module_count > 0 &&
        strcmp(plugin->module[plugin->module_count - 1].reference, reference) >= 0)
        return chimera_fail(err, CHIMERA_EINVAL, "%s: \"modules\" are not in their order", path);
    struct chimera_bundle_module *module = &plugin->module[plugin->module_count++];
    module->reference = strdup(reference);
    module->image = image ? strdup(image) : NULL;
    return module->reference && !image == !module->image ? CHIMERA_OK : fail_memory(path, err);
}

static int take_modules(struct json_object *tree, const char *path,
                        struct chimera_bundle_plugin *plugin, struct chimera_error *err)
{
    struct json_object *list = chimera_json_member(tree, "modules");
    if (!json_object_is_type(list, json_type_array))
        return chimera_fail(err, CHIMERA_EINVAL, "%s: \"modules\" is not a list", path);
    size_t count = json_object_array_length(list);
    plugin->module = calloc(count + 1, sizeof(*plugin->module));
    if (!plugin->module)
        return fail_memory(path, err);
    int code = CHIMERA_OK;
    for (size_t i = 0; i < count && code == CHIMERA_OK; i++) {
        struct json_object *module = json_object_array_get_idx(list, i);
        code = json_object_is_type(module, json_type_object)
                   ? take_module(module, path, plugin, err)
                   : chimera_fail(err, CHIMERA_EINVAL, "%s: a module is not an object", path);
    }
    return code;
}

static int take_files(struct json_object *tree, const char *path,
                      struct chimera_bundle_plugin *plugin, struct chimera_error *err)
{
    struct json_object *files = chimera_json_member(tree, "files");
    size_t count = 0;
    int code = json_object_is_type(files, json_type_object)
                   ? CHIMERA_OK
                   : chimera_fail(err, CHIMERA_EINVAL, "%s: \"files\" is not an object", path);
    for (size_t i = 0; i < CHIMERA_BUNDLE_PARTS && code == CHIMERA_OK; i++) {
        bool may_lack = i == CHIMERA_BUNDLE_PART_IMAGE || i == CHIMERA_BUNDLE_PART_NAMES;
        struct chimera_bundle_file *file = &plugin->file[i];
        file->is_there = json_object_object_get_ex(files, chimera_bundle_suffixes[i], NULL);
        count += file->is_there;
        if (file->is_there || !may_lack)
            code =
                chimera_member_digest(files, chimera_bundle_suffixes[i], path, &file->digest, err);
    }
    if (code == CHIMERA_OK && count != (size_t)json_object_object_length(files))
        code =
            chimera_fail(err, CHIMERA_EINVAL, "%s: \"files\" has one that plugins have not", path);
    return code;
}

static int take_plugin(struct json_object *tree, const char *path,
                       struct chimera_bundle_plugin *plugin, struct chimera_error *err)
{
    if (!json_object_is_type(tree, json_type_object))
        return chimera_fail(err, CHIMERA_EINVAL, "%s: a plugin is not an object", path);
    const char *stem = chimera_member_text(tree, "stem");
    /* A name of a file, and of nothing else. */
    size_t size = stem ? strspn(stem, STEM_LETTERS) : 0;
    if (size == 0 || size > CHIMERA_BUNDLE_STEM_MAX || stem[size] != '\0')
        return chimera_fail(err, CHIMERA_EREFUSED, "%s: \"stem\" is not the name of a plugin",
                            path);
    plugin->stem = strdup(stem);
    if (!plugin->stem)
        return fail_memory(path, err);
    int code = chimera_member_digest(tree, "wasm", path, &plugin->wasm, err);
    if (code == CHIMERA_OK)
        code = take_files(tree, path, plugin, err);
    return code < 0 ? code : take_modules(tree, path, plugin, err);
}

static int take_plugins(struct json_object *tree, const char *path, struct chimera_bundle *bundle,
                        struct chimera_error *err)
{
    struct json_object *list = NULL;
    if (!json_object_object_get_ex(tree, "plugins", &list) ||
        !json_object_is_type(list, json_type_array))
        return chimera_fail(err, CHIMERA_EINVAL, "%s: \"plugins\" is not a list", path);
    size_t count = json_object_array_length(list);
    bundle->plugin = calloc(count + 1, sizeof(*bundle->plugin));
    if (!bundle->plugin)
        return fail_memory(path, err);
    int code = CHIMERA_OK;
    for (size_t i = 0; i < count && code == CHIMERA_OK; i++) {
        code = take_plugin(json_object_array_get_idx(list, i), path,
                           &bundle->plugin[bundle->count++], err);
        if (code == CHIMERA_OK && i > 0 &&
            strcmp(bundle->plugin[i - 1].stem, bundle->plugin[i].stem) >= 0)
            code =
                chimera_fail(err, CHIMERA_EINVAL, "%s: \"plugins\" are not in their order", path);
    }
    return code;
}

static int check_format(struct json_object *tree, const char *path, struct chimera_error *err)
{
    struct json_object *format = NULL;
    if (!json_object_is_type(tree, json_type_object) ||
        !json_object_object_get_ex(tree, "format", &format) ||
        !json_object_is_type(format, json_type_int))
        return chimera_fail(err, CHIMERA_EINVAL, "%s is not the manifest of a bundle", path);
    if (json_object_get_int64(format) != FORMAT)
        return chimera_fail(err, CHIMERA_EABI,
                            "%s has format %lld, this program reads format %d; make it again with "
                            "`chimera bundle`",
                            path, (long long)json_object_get_int64(format), FORMAT);
    return CHIMERA_OK;
}

int chimera_bundle_parse(struct chimera_slice text, const char *path,
                         struct chimera_bundle *ret_bundle, struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *tree = NULL;
    struct chimera_bundle bundle = {0};
    struct chimera_error why = {0};
    int code = chimera_json_parse(text, &tree, &why);
    if (code < 0)
        return chimera_fail(err, code, "%s: %s", path, why.text);
    code = check_format(tree, path, err);
    if (code == CHIMERA_OK)
        code = chimera_member_digest(tree, "policies", path, &bundle.policies, err);
    if (code == CHIMERA_OK)
        code = chimera_member_digest(tree, "sbom", path, &bundle.sbom, err);
    if (code == CHIMERA_OK)
        code = chimera_member_digest(tree, "provenance", path, &bundle.provenance, err);
    if (code == CHIMERA_OK)
        code = take_plugins(tree, path, &bundle, err);
    if (code < 0)
        chimera_bundle_done(&bundle);
    else
        *ret_bundle = bundle; /* handed over */
    return code;
}

/* --- Looking up --- */

const struct chimera_bundle_plugin *chimera_bundle_find(const struct chimera_bundle *bundle,
                                                        const char *module)
{
    struct chimera_digest wasm;
    bool is_digest = chimera_digest_take(module, &wasm);
    for (size_t i = 0; i < bundle->count; i++) {
        const struct chimera_bundle_plugin *plugin = &bundle->plugin[i];
        if (is_digest && memcmp(&plugin->wasm, &wasm, sizeof(wasm)) == 0)
            return plugin;
        for (size_t k = 0; k < plugin->module_count && !is_digest; k++)
            if (strcmp(plugin->module[k].reference, module) == 0)
                return plugin;
    }
    return NULL;
}

static int compare_stem(const void *stem, const void *plugin)
{
    return strcmp(stem, ((const struct chimera_bundle_plugin *)plugin)->stem);
}

const struct chimera_bundle_file *chimera_bundle_find_file(const struct chimera_bundle *bundle,
                                                           const char *name)
{
    char stem[CHIMERA_BUNDLE_STEM_MAX + 1];
    size_t size = strspn(name, STEM_LETTERS);
    if (size >= sizeof(stem) || name[size] != '.' || bundle->count == 0)
        return NULL;
    snprintf(stem, sizeof(stem), "%.*s", (int)size, name);
    const struct chimera_bundle_plugin *plugin =
        bsearch(stem, bundle->plugin, bundle->count, sizeof(*plugin), compare_stem);
    for (size_t i = 0; plugin && i < CHIMERA_BUNDLE_PARTS; i++)
        if (plugin->file[i].is_there && strcmp(name + size + 1, chimera_bundle_suffixes[i]) == 0)
            return &plugin->file[i];
    return NULL;
}

/* --- Writing --- */

static void put_digest(struct chimera_buffer *out, const char *key,
                       const struct chimera_digest *digest)
{
    char hex[CHIMERA_DIGEST_HEX];
    chimera_digest_hex(digest, hex);
    chimera_buffer_print(out, "\"%s\": \"" CHIMERA_DIGEST_PREFIX "%s\"", key, hex);
}

static void put_module(struct chimera_buffer *out, const struct chimera_bundle_module *module)
{
    chimera_buffer_text(out, "\n        {\"reference\": ");
    chimera_json_write_string(chimera_slice_of(module->reference), out);
    if (module->image)
        chimera_buffer_print(out, ", \"image\": \"%s\"", module->image);
    chimera_buffer_byte(out, '}');
}

static void put_files(struct chimera_buffer *out, const struct chimera_bundle_plugin *plugin)
{
    const char *separator = "";
    for (size_t i = 0; i < CHIMERA_BUNDLE_PARTS; i++) {
        if (!plugin->file[i].is_there)
            continue;
        chimera_buffer_print(out, "%s\n        ", separator);
        put_digest(out, chimera_bundle_suffixes[i], &plugin->file[i].digest);
        separator = ",";
    }
}

static void put_plugin(struct chimera_buffer *out, const struct chimera_bundle_plugin *plugin)
{
    chimera_buffer_print(out, "\n    {\n      \"stem\": \"%s\",\n      ", plugin->stem);
    put_digest(out, "wasm", &plugin->wasm);
    chimera_buffer_text(out, ",\n      \"files\": {");
    put_files(out, plugin);
    chimera_buffer_text(out, "\n      },\n      \"modules\": [");
    for (size_t i = 0; i < plugin->module_count; i++) {
        chimera_buffer_text(out, i > 0 ? "," : "");
        put_module(out, &plugin->module[i]);
    }
    chimera_buffer_text(out, plugin->module_count ? "\n      ]\n    }" : "]\n    }");
}

void chimera_bundle_print(const struct chimera_bundle *bundle, struct chimera_buffer *out)
{
    chimera_buffer_print(out, "{\n  \"format\": %d,\n  ", FORMAT);
    put_digest(out, "policies", &bundle->policies);
    chimera_buffer_text(out, ",\n  ");
    put_digest(out, "sbom", &bundle->sbom);
    chimera_buffer_text(out, ",\n  ");
    put_digest(out, "provenance", &bundle->provenance);
    chimera_buffer_text(out, ",\n  \"plugins\": [");
    for (size_t i = 0; i < bundle->count; i++) {
        chimera_buffer_text(out, i > 0 ? "," : "");
        put_plugin(out, &bundle->plugin[i]);
    }
    chimera_buffer_text(out, bundle->count ? "\n  ]\n}\n" : "]\n}\n");
}

int chimera_bundle_write(const char *folder, const struct chimera_bundle *bundle,
                         struct chimera_error *err)
{
    CHIMERA_FREE char *path = chimera_path_join(folder, CHIMERA_BUNDLE_MANIFEST);
    struct chimera_buffer text;
    if (!path)
        return fail_memory(folder, err);
    chimera_buffer_init(&text, CHIMERA_BUNDLE_MANIFEST_MAX);
    chimera_bundle_print(bundle, &text);
    int code = text.failed
                   ? chimera_fail(err, text.failed, "cannot write %s: %s", path,
                                  chimera_code_text(text.failed))
                   : chimera_file_write(path, chimera_buffer_slice(&text), CHIMERA_FILE_CODE, err);
    chimera_buffer_free(&text);
    return code;
}

static void free_plugin(struct chimera_bundle_plugin *plugin)
{
    for (size_t i = 0; i < plugin->module_count; i++) {
        free(plugin->module[i].reference);
        free(plugin->module[i].image);
    }
    free(plugin->module);
    free(plugin->stem);
}

void chimera_bundle_done(struct chimera_bundle *bundle)
{
    for (size_t i = 0; i < bundle->count; i++)
        free_plugin(&bundle->plugin[i]);
    free(bundle->plugin);
    free(bundle->others);
    *bundle = (struct chimera_bundle){0};
}
