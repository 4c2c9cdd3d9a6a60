/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures as a file: JSON, bytes in base64. It comes from a disk or an archive that somebody
 * else made, so it is read as carefully as a registry's answer; what it says is judged anew. */
#include <stdlib.h>
#include <string.h>

#include "compiler/fetch/artifact/found.h"
#include "compiler/fetch/signature/evidence.h"
#include "runtime/base/base64.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"

#define FILE_MAX ((size_t)256 << 20)

static void put_bytes(struct chimera_buffer *out, const char *key,
                      const struct chimera_buffer *bytes)
{
    chimera_buffer_print(out, "\"%s\":\"", key);
    chimera_base64_encode(chimera_buffer_slice(bytes), CHIMERA_BASE64_STANDARD, out);
    chimera_buffer_byte(out, '"');
}

void chimera_found_write(const struct chimera_found *found, struct chimera_buffer *out)
{
    chimera_buffer_print(out, "{\"digest\":\"%s\",", found->digest);
    put_bytes(out, "manifest", &found->manifest);
    chimera_buffer_byte(out, ',');
    put_bytes(out, "oldScheme", &found->old_scheme);
    chimera_buffer_text(out, ",\"signatures\":[");
    for (size_t i = 0; i < found->count; i++) {
        chimera_buffer_text(out, i > 0 ? ",{" : "{");
        put_bytes(out, "bytes", &found->list[i].bytes);
        chimera_buffer_text(out, ",\"annotations\":");
        chimera_json_write(found->list[i].annotations, out);
        chimera_buffer_byte(out, '}');
    }
    chimera_buffer_text(out, "]}\n");
}

/* Decodes the text under `key` into `out`. */
static bool take_bytes(struct json_object *tree, const char *key, size_t most,
                       struct chimera_buffer *out)
{
    struct json_object *value = NULL;
    size_t size = 0;
    chimera_buffer_init(out, most);
    if (!json_object_object_get_ex(tree, key, &value) ||
        !json_object_is_type(value, json_type_string))
        return false;
    struct chimera_slice text = {json_object_get_string(value),
                                 (size_t)json_object_get_string_len(value)};
    if (text.size == 0)
        return true;
    char *room = chimera_buffer_reserve(out, chimera_base64_decoded_max(text.size));
    if (!room || !chimera_base64_decode(text, CHIMERA_BASE64_STANDARD, room, &size))
        return false;
    out->size += size;
    return true;
}

static bool take_signature(struct json_object *item, struct chimera_found *found)
{
    struct json_object *annotations = NULL;
    struct chimera_found_signature *signature = &found->list[found->count];
    if (!json_object_is_type(item, json_type_object) ||
        !json_object_object_get_ex(item, "annotations", &annotations) ||
        (annotations && !json_object_is_type(annotations, json_type_object)))
        return false;
    found->count++; /* owned from here on */
    if (!take_bytes(item, "bytes", CHIMERA_EVIDENCE_MAX, &signature->bytes))
        return false;
    signature->annotations = json_object_get(annotations);
    return true;
}

static bool take_all(struct json_object *tree, struct chimera_found *found)
{
    struct json_object *digest = NULL, *list = NULL;
    if (!json_object_is_type(tree, json_type_object) ||
        !take_bytes(tree, "manifest", CHIMERA_MANIFEST_MAX, &found->manifest) ||
        !take_bytes(tree, "oldScheme", CHIMERA_MANIFEST_MAX, &found->old_scheme) ||
        !json_object_object_get_ex(tree, "digest", &digest) ||
        !json_object_is_type(digest, json_type_string) ||
        !chimera_oci_digest_is_good(chimera_slice_of(json_object_get_string(digest))) ||
        !json_object_object_get_ex(tree, "signatures", &list) ||
        !json_object_is_type(list, json_type_array) ||
        json_object_array_length(list) > CHIMERA_FOUND_MAX)
        return false;
    snprintf(found->digest, sizeof(found->digest), "%s", json_object_get_string(digest));
    for (size_t i = 0; i < json_object_array_length(list); i++)
        if (!take_signature(json_object_array_get_idx(list, i), found))
            return false;
    return true;
}

int chimera_found_parse(struct chimera_slice text, const char *path,
                        struct chimera_found *ret_found, struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *tree = NULL;
    struct chimera_error why = {0};
    struct chimera_found found = {.list = calloc(CHIMERA_FOUND_MAX, sizeof(*found.list))};
    int code = found.list ? chimera_json_parse(text, &tree, &why) : chimera_fail_memory(&why);
    if (code == CHIMERA_OK && !take_all(tree, &found))
        code = chimera_fail(&why, CHIMERA_EINVAL, "it is no file of signatures");
    if (code < 0) {
        chimera_found_done(&found);
        return chimera_fail(err, code, "%s: %s", path, why.text);
    }
    *ret_found = found;
    return CHIMERA_OK;
}

int chimera_found_read(const char *path, struct chimera_found *ret_found, struct chimera_error *err)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, FILE_MAX);
    int code = chimera_file_read(path, &text, err);
    if (code == CHIMERA_OK)
        code = chimera_found_parse(chimera_buffer_slice(&text), path, ret_found, err);
    chimera_buffer_free(&text);
    return code;
}
