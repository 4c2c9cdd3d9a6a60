/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/plugin/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/plugin/manifest_internal.h"

#define MANIFEST_MAX ((size_t)16 << 20)
#define STEM_MAX 128
#define FORMAT 1

static int fail_memory(const char *path, struct chimera_error *err)
{
    return chimera_fail(err, CHIMERA_ENOMEM, "%s: out of memory", path);
}

/* --- Reading the text --- */

static int take_modules(struct json_object *tree, const char *path,
                        struct chimera_bundle_plugin *plugin, struct chimera_error *err)
{
    struct json_object *list = NULL;
    if (!json_object_object_get_ex(tree, "modules", &list) ||
        !json_object_is_type(list, json_type_array))
        return chimera_fail(err, CHIMERA_EINVAL, "%s: \"modules\" is not a list", path);
    size_t count = json_object_array_length(list);
    plugin->modules = calloc(count + 1, sizeof(char *));
    if (!plugin->modules)
        return fail_memory(path, err);
    for (size_t i = 0; i < count; i++) {
        struct json_object *module = json_object_array_get_idx(list, i);
        if (!json_object_is_type(module, json_type_string))
            return chimera_fail(err, CHIMERA_EINVAL, "%s: a module is not a text", path);
        plugin->modules[i] = strdup(json_object_get_string(module));
        if (!plugin->modules[i])
            return fail_memory(path, err);
        plugin->module_count++;
    }
    return CHIMERA_OK;
}

static int take_plugin(struct json_object *tree, const char *path,
                       struct chimera_bundle_plugin *plugin, struct chimera_error *err)
{
    if (!json_object_is_type(tree, json_type_object))
        return chimera_fail(err, CHIMERA_EINVAL, "%s: a plugin is not an object", path);
    const char *stem = chimera_member_text(tree, "stem");
    /* A name of a file, and of nothing else. */
    size_t size = stem ? strspn(stem, "0123456789abcdefghijklmnopqrstuvwxyz-") : 0;
    if (size == 0 || size > STEM_MAX || stem[size] != '\0')
        return chimera_fail(err, CHIMERA_EREFUSED, "%s: \"stem\" is not the name of a plugin",
                            path);
    plugin->stem = strdup(stem);
    if (!plugin->stem)
        return fail_memory(path, err);
    int code = chimera_member_digest(tree, "wasm", path, &plugin->wasm, err);
    if (code == CHIMERA_OK)
        code = chimera_member_digest(tree, "manifest", path, &plugin->manifest, err);
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
    for (size_t i = 0; i < count && code == CHIMERA_OK; i++)
        code = take_plugin(json_object_array_get_idx(list, i), path,
                           &bundle->plugin[bundle->count++], err);
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
        code = take_plugins(tree, path, &bundle, err);
    if (code < 0)
        chimera_bundle_done(&bundle);
    else
        *ret_bundle = bundle; /* handed over */
    return code;
}

/* --- Looking at the files --- */

/* It is read at once, so that nobody can change it behind our back; but who may write it decides
 * what we run. */
static int read_manifest(int folder_fd, const char *path, struct chimera_buffer *text,
                         struct chimera_error *err)
{
    struct stat status;
    CHIMERA_CLOSE int fd =
        openat(folder_fd, CHIMERA_BUNDLE_MANIFEST, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot open the bundle's %s: %s", path,
                            errno == ELOOP ? "it is a link" : strerror(errno));
    if (!S_ISREG(status.st_mode))
        return chimera_fail(err, CHIMERA_EREFUSED, "%s is not a regular file", path);
    if (status.st_uid != 0 && status.st_uid != geteuid())
        return chimera_fail(
            err, CHIMERA_EREFUSED,
            "%s belongs to user %u, who could change what is served: it must belong "
            "to root or to user %u, who runs this",
            path, (unsigned)status.st_uid, (unsigned)geteuid());
    if (status.st_mode & (S_IWGRP | S_IWOTH))
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "others may write %s (mode %04o), and so change what is served: "
                            "chmod go-w it",
                            path, (unsigned)status.st_mode & 07777);
    return chimera_fd_read(fd, path, text, err);
}

static int fail_to_read(const char *folder, const char *name, struct chimera_error *err)
{
    if (errno != EACCES && errno != EPERM)
        return chimera_fail(err, CHIMERA_EIO, "the bundle %s lacks a file: %s: %s", folder, name,
                            strerror(errno));
    return chimera_fail(err, CHIMERA_EIO,
                        "%s in the bundle %s may not be read by this user: make the bundle again, "
                        "or run `chmod -R a+rX` on it",
                        name, folder);
}

/* Digests hold the contents; a link would make the bundle depend on what is outside of it. */
static int check_file(int fd, const char *folder, const char *name, bool is_optional,
                      struct chimera_error *err)
{
    struct stat status;
    if (fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
        if (is_optional && errno == ENOENT)
            return CHIMERA_OK;
        return fail_to_read(folder, name, err);
    }
    if (!S_ISREG(status.st_mode))
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "%s in the bundle %s is a link or no file at all: make the bundle "
                            "again, or copy it whole",
                            name, folder);
    return faccessat(fd, name, R_OK, AT_EACCESS) < 0 ? fail_to_read(folder, name, err) : CHIMERA_OK;
}

static int check_files(int folder_fd, const char *folder, const struct chimera_bundle *bundle,
                       struct chimera_error *err)
{
    static const char *const SUFFIXES[] = {"so", "json", "image", "names"};
    char name[STEM_MAX + 16];
    CHIMERA_CLOSE int fd =
        openat(folder_fd, CHIMERA_BUNDLE_PLUGINS, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && bundle->count > 0)
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "the bundle %s has no folder " CHIMERA_BUNDLE_PLUGINS ": %s", folder,
                            strerror(errno));
    int code = check_file(folder_fd, folder, CHIMERA_BUNDLE_POLICIES, false, err);
    for (size_t i = 0; i < bundle->count; i++) {
        for (size_t k = 0; k < 4 && code == CHIMERA_OK; k++) {
            snprintf(name, sizeof(name), "%s.%s", bundle->plugin[i].stem, SUFFIXES[k]);
            code = check_file(fd, folder, name, k > 1, err); /* so and json must be there */
        }
    }
    return code;
}

int chimera_bundle_read(const char *folder, struct chimera_bundle *ret_bundle,
                        struct chimera_error *err)
{
    CHIMERA_FREE char *path = chimera_path_join(folder, CHIMERA_BUNDLE_MANIFEST);
    CHIMERA_CLOSE int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (!path)
        return fail_memory(folder, err);
    if (fd < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot open the bundle %s: %s", folder,
                            strerror(errno));
    struct chimera_buffer text;
    struct chimera_bundle bundle = {0};
    chimera_buffer_init(&text, MANIFEST_MAX);
    int code = read_manifest(fd, path, &text, err);
    if (code == CHIMERA_OK)
        code = chimera_bundle_parse(chimera_buffer_slice(&text), path, &bundle, err);
    if (code == CHIMERA_OK && chimera_digest_of(chimera_buffer_slice(&text), &bundle.self) < 0)
        code = fail_memory(path, err); /* it needs nothing else */
    chimera_buffer_free(&text);
    if (code == CHIMERA_OK)
        code = check_files(fd, folder, &bundle, err);
    if (code < 0)
        chimera_bundle_done(&bundle);
    else
        *ret_bundle = bundle; /* handed over */
    return code;
}

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
            if (strcmp(plugin->modules[k], module) == 0)
                return plugin;
    }
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

static void put_plugin(struct chimera_buffer *out, const struct chimera_bundle_plugin *plugin)
{
    chimera_buffer_print(out, "\n    {\n      \"stem\": \"%s\",\n      ", plugin->stem);
    put_digest(out, "wasm", &plugin->wasm);
    chimera_buffer_text(out, ",\n      ");
    put_digest(out, "manifest", &plugin->manifest);
    chimera_buffer_text(out, ",\n      \"modules\": [");
    for (size_t i = 0; i < plugin->module_count; i++) {
        chimera_buffer_text(out, i > 0 ? ", " : "");
        chimera_json_write_string(chimera_slice_of(plugin->modules[i]), out);
    }
    chimera_buffer_text(out, "]\n    }");
}

int chimera_bundle_write(const char *folder, const struct chimera_bundle *bundle,
                         struct chimera_error *err)
{
    CHIMERA_FREE char *path = chimera_path_join(folder, CHIMERA_BUNDLE_MANIFEST);
    struct chimera_buffer text;
    if (!path)
        return fail_memory(folder, err);
    chimera_buffer_init(&text, MANIFEST_MAX);
    chimera_buffer_print(&text, "{\n  \"format\": %d,\n  ", FORMAT);
    put_digest(&text, "policies", &bundle->policies);
    chimera_buffer_text(&text, ",\n  \"plugins\": [");
    for (size_t i = 0; i < bundle->count; i++) {
        chimera_buffer_text(&text, i > 0 ? "," : "");
        put_plugin(&text, &bundle->plugin[i]);
    }
    chimera_buffer_text(&text, bundle->count ? "\n  ]\n}\n" : "]\n}\n");
    int code = text.failed
                   ? chimera_fail(err, text.failed, "cannot write %s: %s", path,
                                  chimera_code_text(text.failed))
                   : chimera_file_write(path, chimera_buffer_slice(&text), CHIMERA_FILE_CODE, err);
    chimera_buffer_free(&text);
    return code;
}

void chimera_bundle_done(struct chimera_bundle *bundle)
{
    for (size_t i = 0; i < bundle->count; i++) {
        for (size_t k = 0; k < bundle->plugin[i].module_count; k++)
            free(bundle->plugin[i].modules[k]);
        free(bundle->plugin[i].modules);
        free(bundle->plugin[i].stem);
    }
    free(bundle->plugin);
    *bundle = (struct chimera_bundle){0};
}
