/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/plugin/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/plugin/manifest_internal.h"
#include "runtime/plugin/mode.h"

#define MANIFEST_MAX ((size_t)16 << 20) /* a policy's data are a string in it, all escaped */
#define FORMAT 1
#define ALGORITHM CHIMERA_DIGEST_PREFIX

/* --- Reading --- */

const char *chimera_member_text(struct json_object *tree, const char *key)
{
    struct json_object *member;
    if (!json_object_object_get_ex(tree, key, &member) ||
        !json_object_is_type(member, json_type_string))
        return NULL;
    const char *text = json_object_get_string(member);
    return strlen(text) == (size_t)json_object_get_string_len(member) ? text : NULL;
}

static bool has_member(struct json_object *tree, const char *key)
{
    struct json_object *member;
    return json_object_object_get_ex(tree, key, &member) && member;
}

bool chimera_digest_take(const char *text, struct chimera_digest *ret_digest)
{
    size_t prefix = strlen(ALGORITHM);
    return strncmp(text, ALGORITHM, prefix) == 0 &&
           chimera_digest_parse(chimera_slice_of(text + prefix), ret_digest);
}

int chimera_member_digest(struct json_object *tree, const char *key, const char *path,
                          struct chimera_digest *ret_digest, struct chimera_error *err)
{
    const char *text = chimera_member_text(tree, key);
    if (!text || !chimera_digest_take(text, ret_digest))
        return chimera_fail(err, CHIMERA_EINVAL, "%s: \"%s\" is not a digest (\"" ALGORITHM "…\")",
                            path, key);
    return CHIMERA_OK;
}

static int take_text(struct json_object *tree, const char *key, const char *path, char **ret_text,
                     struct chimera_error *err)
{
    const char *text = chimera_member_text(tree, key);
    if (!text)
        return chimera_fail(err, CHIMERA_EINVAL, "%s: \"%s\" is not a text", path, key);
    *ret_text = strdup(text);
    return *ret_text ? CHIMERA_OK : chimera_fail(err, CHIMERA_ENOMEM, "%s: out of memory", path);
}

static int take_mode(struct json_object *tree, const char *path, enum chimera_mode *ret_mode,
                     struct chimera_error *err)
{
    const char *text = chimera_member_text(tree, "mode");
    if (!text)
        return chimera_fail(err, CHIMERA_EINVAL, "%s: \"mode\" is not a text", path);
    *ret_mode = chimera_mode_parse(text);
    if (*ret_mode == CHIMERA_MODE_NONE && strcmp(text, "none") != 0)
        return chimera_fail(err, CHIMERA_EINVAL, "%s: the mode \"%.40s\" is unknown", path, text);
    return CHIMERA_OK;
}

static int check_format(struct json_object *tree, const char *path, struct chimera_error *err)
{
    struct json_object *format;
    if (!json_object_is_type(tree, json_type_object) ||
        !json_object_object_get_ex(tree, "format", &format) ||
        !json_object_is_type(format, json_type_int))
        return chimera_fail(err, CHIMERA_EINVAL, "%s is not the manifest of a plugin", path);
    if (json_object_get_int64(format) != FORMAT)
        return chimera_fail(err, CHIMERA_EABI,
                            "%s has format %lld, this program reads format %d; build it again with "
                            "`chimera build`",
                            path, (long long)json_object_get_int64(format), FORMAT);
    return CHIMERA_OK;
}

static int take_all(struct json_object *tree, const char *path, struct chimera_manifest *manifest,
                    struct chimera_error *err)
{
    int code = check_format(tree, path, err);
    if (code == CHIMERA_OK)
        code = chimera_member_digest(tree, "wasm", path, &manifest->wasm, err);
    if (code == CHIMERA_OK)
        code = chimera_member_digest(tree, "so", path, &manifest->so, err);
    if (code == CHIMERA_OK && has_member(tree, "image"))
        code = chimera_member_digest(tree, "image", path, &manifest->image, err);
    if (code == CHIMERA_OK)
        code = take_mode(tree, path, &manifest->mode, err);
    if (code == CHIMERA_OK && has_member(tree, "tier")) {
        enum chimera_tier *ret_tier = &manifest->tier;
        const char *text = chimera_member_text(tree, "tier");
        *ret_tier = text && strcmp(text, "quick") == 0 ? CHIMERA_TIER_QUICK : CHIMERA_TIER_FULL;
        if (!text || strcmp(text, chimera_tier_name(*ret_tier)) != 0)
            code = chimera_fail(err, CHIMERA_EINVAL,
                                "%s: \"tier\" is neither \"quick\" nor \"full\"", path);
    }
    if (code == CHIMERA_OK)
        code = take_text(tree, "toolchain", path, &manifest->toolchain, err);
    if (code == CHIMERA_OK && has_member(tree, "metadata"))
        code = take_text(tree, "metadata", path, &manifest->metadata, err);
    if (code == CHIMERA_OK && has_member(tree, "data"))
        code = take_text(tree, "data", path, &manifest->data, err);
    return code;
}

int chimera_manifest_parse(struct chimera_slice text, const char *path,
                           struct chimera_manifest *ret_manifest, struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *tree = NULL;
    struct chimera_error cause = {0};
    struct chimera_manifest manifest = {.tier = CHIMERA_TIER_FULL}; /* where none is stated */
    int code = chimera_json_parse(text, &tree, &cause);
    if (code < 0)
        return chimera_fail(err, code, "%s: %s", path, cause.text);
    code = take_all(tree, path, &manifest, err);
    if (code < 0)
        chimera_manifest_done(&manifest);
    else
        *ret_manifest = manifest; /* handed over */
    return code;
}

/* `lock` NULL: none. What was hashed is what is parsed. */
static int check_lock(struct chimera_slice text, const char *path,
                      const struct chimera_digest *lock, struct chimera_error *err)
{
    struct chimera_digest digest;
    if (!lock)
        return CHIMERA_OK;
    if (chimera_digest_of(text, &digest) < 0)
        return chimera_fail(err, CHIMERA_EIO, "%s: cannot be hashed", path);
    if (memcmp(&digest, lock, sizeof(digest)) != 0)
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "%s is not the file that its bundle names: the digests differ; make "
                            "the bundle again with `chimera bundle`",
                            path);
    return CHIMERA_OK;
}

int chimera_manifest_read_locked(const char *path, const struct chimera_digest *lock,
                                 struct chimera_manifest *ret_manifest, struct chimera_error *err)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, MANIFEST_MAX);
    int code = chimera_file_read(path, &text, err);
    if (code == CHIMERA_OK)
        code = check_lock(chimera_buffer_slice(&text), path, lock, err);
    if (code == CHIMERA_OK)
        code = chimera_manifest_parse(chimera_buffer_slice(&text), path, ret_manifest, err);
    chimera_buffer_free(&text);
    return code;
}

int chimera_manifest_read(const char *path, struct chimera_manifest *ret_manifest,
                          struct chimera_error *err)
{
    return chimera_manifest_read_locked(path, NULL, ret_manifest, err);
}

/* --- Writing --- */

static void put_digest(struct chimera_buffer *out, const char *key,
                       const struct chimera_digest *digest)
{
    char hex[CHIMERA_DIGEST_HEX];
    chimera_digest_hex(digest, hex);
    chimera_buffer_print(out, ",\n  \"%s\": \"" ALGORITHM "%s\"", key, hex);
}

static void put_text(struct chimera_buffer *out, const char *key, const char *text)
{
    chimera_buffer_print(out, ",\n  \"%s\": ", key);
    chimera_json_write_string(chimera_slice_of(text), out);
}

int chimera_manifest_write(const char *path, const struct chimera_manifest *manifest,
                           struct chimera_error *err)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, MANIFEST_MAX);
    chimera_buffer_print(&text, "{\n  \"format\": %d", FORMAT);
    put_digest(&text, "wasm", &manifest->wasm);
    put_digest(&text, "so", &manifest->so);
    static const struct chimera_digest zero;
    if (memcmp(&manifest->image, &zero, sizeof(zero)) != 0)
        put_digest(&text, "image", &manifest->image);
    put_text(&text, "mode", chimera_mode_name(manifest->mode));
    put_text(&text, "tier", chimera_tier_name(manifest->tier));
    put_text(&text, "toolchain", manifest->toolchain);
    if (manifest->metadata)
        put_text(&text, "metadata", manifest->metadata);
    if (manifest->data)
        put_text(&text, "data", manifest->data);
    chimera_buffer_text(&text, "\n}\n");
    int code = text.failed ? chimera_fail(err, text.failed, "cannot write %s: %s", path,
                                          chimera_code_text(text.failed))
                           : chimera_file_write_scratch(path, chimera_buffer_slice(&text), err);
    chimera_buffer_free(&text);
    return code;
}

void chimera_manifest_done(struct chimera_manifest *manifest)
{
    free(manifest->toolchain);
    free(manifest->metadata);
    free(manifest->data);
    *manifest = (struct chimera_manifest){0};
}
