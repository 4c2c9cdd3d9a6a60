/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/registry/manifest.h"

#include <stdlib.h>

#include "runtime/json/key_twice.h"
#include "runtime/json/tree.h"
#include "runtime/text/printable.h"

#define TREE_BYTES_MAX ((uint64_t)96 << 20) /* a tree is many times its text */
#define MEDIA_TYPE_MAX 255
#define TITLE_MAX 255

/* What is being read, for messages. */
struct reading {
    const char *reference;
    struct chimera_error *err;
};

static int refuse(const struct reading *reading, const char *what, const char *why)
{
    return chimera_fail(reading->err, CHIMERA_EINVAL, "%s: not a manifest: %s %s",
                        reading->reference, what, why);
}

/* A text without NUL, which two readers would read in two ways. */
static bool is_text(struct json_object *value)
{
    return json_object_is_type(value, json_type_string) &&
           strlen(json_object_get_string(value)) == (size_t)json_object_get_string_len(value);
}

/* An optional member that is a text; null counts as none. */
static int read_text(const struct reading *reading, struct json_object *object, const char *name,
                     const char **ret_text)
{
    struct json_object *value = json_object_object_get(object, name);
    if (value && !is_text(value))
        return refuse(reading, name, "is not a text");
    *ret_text = value ? json_object_get_string(value) : NULL;
    return CHIMERA_OK;
}

static int read_annotations(const struct reading *reading, struct json_object *object,
                            struct json_object **ret_annotations)
{
    struct json_object *annotations = json_object_object_get(object, "annotations");
    *ret_annotations = annotations;
    if (!annotations)
        return CHIMERA_OK;
    if (!json_object_is_type(annotations, json_type_object))
        return refuse(reading, "annotations", "is not an object");
    json_object_object_foreach(annotations, name, value)
    {
        (void)name;
        if (!is_text(value))
            return refuse(reading, "annotations", "has a value that is not a text");
    }
    return CHIMERA_OK;
}

static bool is_media_type(struct json_object *value)
{
    if (!value || !is_text(value))
        return false;
    const char *text = json_object_get_string(value);
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return size > 0 && size <= MEDIA_TYPE_MAX;
}

static int read_platform(const struct reading *reading, struct json_object *object,
                         struct chimera_descriptor *descriptor)
{
    struct json_object *platform = json_object_object_get(object, "platform");
    if (!platform)
        return CHIMERA_OK;
    if (!json_object_is_type(platform, json_type_object))
        return refuse(reading, "platform", "is not an object");
    int code = read_text(reading, platform, "os", &descriptor->os);
    return code < 0 ? code
                    : read_text(reading, platform, "architecture", &descriptor->architecture);
}

static int read_descriptor(const struct reading *reading, const char *what,
                           struct json_object *object, struct chimera_descriptor *ret_descriptor)
{
    struct chimera_descriptor descriptor = {0};
    if (!json_object_is_type(object, json_type_object))
        return refuse(reading, what, "has an entry that is not an object");
    struct json_object *type = json_object_object_get(object, "mediaType");
    struct json_object *digest = json_object_object_get(object, "digest");
    struct json_object *size = json_object_object_get(object, "size");
    if (!is_media_type(type))
        return refuse(reading, what, "has an entry without a media type");
    if (!digest || !is_text(digest) ||
        !chimera_oci_digest_is_good(chimera_slice_of(json_object_get_string(digest))))
        return refuse(reading, what, "has an entry without a good digest");
    if (!json_object_is_type(size, json_type_int) || json_object_get_int64(size) < 0 ||
        json_object_get_uint64(size) > INT64_MAX)
        return refuse(reading, what, "has an entry whose size is not a whole number");
    descriptor.media_type = json_object_get_string(type);
    strncpy(descriptor.digest, json_object_get_string(digest), CHIMERA_OCI_DIGEST_MAX - 1);
    descriptor.size = json_object_get_uint64(size);

    int code = read_text(reading, object, "artifactType", &descriptor.artifact_type);
    if (code == CHIMERA_OK)
        code = read_annotations(reading, object, &descriptor.annotations);
    if (code == CHIMERA_OK)
        code = read_platform(reading, object, &descriptor);
    if (code == CHIMERA_OK)
        *ret_descriptor = descriptor;
    return code;
}

static int read_entries(const struct reading *reading, const char *what, size_t limit,
                        struct chimera_oci_manifest *manifest)
{
    struct json_object *list = json_object_object_get(manifest->tree, what);
    if (!list)
        return CHIMERA_OK;
    if (!json_object_is_type(list, json_type_array))
        return refuse(reading, what, "is not a list");
    size_t count = json_object_array_length(list);
    if (count > limit)
        return chimera_fail(reading->err, CHIMERA_ELIMIT, "%s: %s has %zu entries, at most %zu may",
                            reading->reference, what, count, limit);
    manifest->entries = calloc(count ? count : 1, sizeof(*manifest->entries));
    if (!manifest->entries)
        return chimera_fail_memory(reading->err);
    for (; manifest->entry_count < count; manifest->entry_count++) {
        int code =
            read_descriptor(reading, what, json_object_array_get_idx(list, manifest->entry_count),
                            &manifest->entries[manifest->entry_count]);
        if (code < 0)
            return code;
    }
    return CHIMERA_OK;
}

static int read_optional(const struct reading *reading, const char *what, struct json_object *tree,
                         struct chimera_descriptor *ret_descriptor)
{
    struct json_object *object = json_object_object_get(tree, what);
    return object ? read_descriptor(reading, what, object, ret_descriptor) : CHIMERA_OK;
}

struct media {
    const char *name;
    bool is_index;
};

static const struct media known_media[] = {
    {CHIMERA_MEDIA_OCI_MANIFEST, false},
    {CHIMERA_MEDIA_OCI_INDEX, true},
    {CHIMERA_MEDIA_DOCKER_MANIFEST, false},
    {CHIMERA_MEDIA_DOCKER_INDEX, true},
};

static const struct media *find_media(struct chimera_slice name)
{
    for (size_t i = 0; i < sizeof(known_media) / sizeof(*known_media); i++)
        if (chimera_slice_is(name, known_media[i].name))
            return &known_media[i];
    return NULL;
}

/* A document that is a manifest for one reader and an index for another is refused. */
static int find_kind(const struct reading *reading, const char *media_type,
                     struct chimera_oci_manifest *manifest)
{
    struct json_object *tree = manifest->tree;
    const char *own;
    int code = read_text(reading, tree, "mediaType", &own);
    if (code < 0)
        return code;
    bool has_manifests = json_object_object_get_ex(tree, "manifests", NULL);
    bool has_layers = json_object_object_get_ex(tree, "layers", NULL) ||
                      json_object_object_get_ex(tree, "config", NULL);
    if (has_manifests == has_layers)
        return refuse(reading, "it", "is neither a manifest nor an index, or both");
    /* What the registry says, without parameters; many say something that is no manifest's type. */
    struct chimera_slice name = chimera_slice_of(media_type ? media_type : "");
    const char *end = memchr(name.data, ';', name.size);
    if (end)
        name.size = (size_t)(end - name.data);
    const struct media *told = find_media(chimera_slice_trim(name));
    const struct media *kind = own ? find_media(chimera_slice_of(own)) : told;
    if (own && !kind)
        return chimera_fail(reading->err, CHIMERA_EINVAL,
                            "%s: a manifest of a type that is not supported: %s",
                            reading->reference, own);
    if (!kind)
        kind = &known_media[has_manifests ? 1 : 0];
    if (kind->is_index != has_manifests || (told && told->is_index != has_manifests))
        return refuse(reading, "its media type", "is not that of its members");
    manifest->is_index = kind->is_index;
    manifest->media_type = kind->name;
    return CHIMERA_OK;
}

static int read_tree(const struct reading *reading, struct chimera_oci_manifest *manifest)
{
    struct chimera_slice text = chimera_buffer_slice(&manifest->bytes);
    struct chimera_account account;
    struct chimera_error why = {0};
    chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, TREE_BYTES_MAX);
    int code = chimera_json_parse_within(text, &account, &manifest->tree, &why);
    if (code < 0)
        return chimera_fail(reading->err, code, "%s: not a manifest: %s", reading->reference,
                            why.text);
    if (!json_object_is_type(manifest->tree, json_type_object))
        return refuse(reading, "it", "is not an object");
    if (chimera_json_has_key_twice(manifest->tree, text))
        return refuse(reading, "it", "has a key twice");
    struct json_object *version = json_object_object_get(manifest->tree, "schemaVersion");
    if (!json_object_is_type(version, json_type_int) || json_object_get_int64(version) != 2)
        return refuse(reading, "schemaVersion", "is not 2");
    return CHIMERA_OK;
}

static int read_members(const struct reading *reading, struct chimera_oci_manifest *manifest)
{
    struct json_object *tree = manifest->tree;
    if (!manifest->is_index && !json_object_object_get(tree, "config"))
        return refuse(reading, "config", "is missing");
    int code = read_text(reading, tree, "artifactType", &manifest->artifact_type);
    if (code == CHIMERA_OK)
        code = read_annotations(reading, tree, &manifest->annotations);
    if (code == CHIMERA_OK)
        code = read_optional(reading, "config", tree, &manifest->config);
    if (code == CHIMERA_OK)
        code = read_optional(reading, "subject", tree, &manifest->subject);
    if (code < 0)
        return code;
    return manifest->is_index
               ? read_entries(reading, "manifests", CHIMERA_INDEX_ENTRIES_MAX, manifest)
               : read_entries(reading, "layers", CHIMERA_MANIFEST_LAYERS_MAX, manifest);
}

static int check_digest(const struct reading *reading, const char *digest,
                        struct chimera_oci_manifest *manifest)
{
    struct chimera_slice bytes = chimera_buffer_slice(&manifest->bytes);
    if (digest && !chimera_oci_digest_is_good(chimera_slice_of(digest)))
        return chimera_fail(reading->err, CHIMERA_EINVAL, "%s: %s is not a digest",
                            reading->reference, digest);
    if (bytes.size > CHIMERA_MANIFEST_MAX)
        return chimera_fail(reading->err, CHIMERA_ELIMIT,
                            "%s: a manifest of %zu bytes, at most %zu may be", reading->reference,
                            bytes.size, CHIMERA_MANIFEST_MAX);
    if (chimera_oci_digest_of(bytes, digest, manifest->digest) < 0)
        return chimera_fail_memory(reading->err);
    if (digest && strcmp(digest, manifest->digest) != 0)
        return chimera_fail(reading->err, CHIMERA_EREFUSED,
                            "%s: the manifest has the digest %s, not %s", reading->reference,
                            manifest->digest, digest);
    return CHIMERA_OK;
}

int chimera_oci_manifest_parse(struct chimera_buffer *bytes, const char *media_type,
                               const char *digest, const char *reference,
                               struct chimera_oci_manifest *ret_manifest, struct chimera_error *err)
{
    const struct reading reading = {reference, err};
    struct chimera_oci_manifest manifest = {.bytes = *bytes};
    chimera_buffer_init(bytes, bytes->limit); /* taken over */
    int code = check_digest(&reading, digest, &manifest);
    if (code == CHIMERA_OK)
        code = read_tree(&reading, &manifest);
    if (code == CHIMERA_OK)
        code = find_kind(&reading, media_type, &manifest);
    if (code == CHIMERA_OK)
        code = read_members(&reading, &manifest);
    if (code < 0) {
        chimera_oci_manifest_done(&manifest);
        return code;
    }
    *ret_manifest = manifest;
    return CHIMERA_OK;
}

void chimera_oci_manifest_done(struct chimera_oci_manifest *manifest)
{
    free(manifest->entries);
    json_object_put(manifest->tree);
    chimera_buffer_free(&manifest->bytes);
    *manifest = (struct chimera_oci_manifest){0};
}

const char *chimera_annotation(struct json_object *annotations, const char *name)
{
    struct json_object *value = annotations ? json_object_object_get(annotations, name) : NULL;
    return value ? json_object_get_string(value) : NULL;
}

const char *chimera_descriptor_title(const struct chimera_descriptor *descriptor)
{
    const char *title = chimera_annotation(descriptor->annotations, CHIMERA_TITLE_ANNOTATION);
    if (!title || !*title || *title == '.' || strlen(title) > TITLE_MAX || strpbrk(title, "/\\"))
        return NULL;
    struct chimera_slice text = chimera_slice_of(title);
    char room[CHIMERA_PRINTABLE_SIZE];
    bool can_be_shown = true;
    while (text.size > 0) {
        struct chimera_slice shown;
        size_t size = chimera_printable_next(text, CHIMERA_PRINTABLE_SHOWN, room, &shown);
        if (shown.data != text.data) {
            can_be_shown = false;
            break;
        }
        text = (struct chimera_slice){text.data + size, text.size - size};
    }
    return can_be_shown ? title : NULL;
}

struct json_object *chimera_oci_describe(const char *media_type, const char *digest, uint64_t size)
{
    struct json_object *descriptor = json_object_new_object();
    json_object_object_add(descriptor, "mediaType", json_object_new_string(media_type));
    json_object_object_add(descriptor, "digest", json_object_new_string(digest));
    json_object_object_add(descriptor, "size", json_object_new_uint64(size));
    return descriptor;
}
