/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a registry's manifest or index: what is accepted has digests that are good, titles
 * that are names, and says the same when it is written anew. */
#include <stdlib.h>
#include <string.h>

#include "plugins/registry/manifest_json.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_descriptor(const struct chimera_descriptor *descriptor)
{
    const char *title = chimera_descriptor_title(descriptor);
    if (!chimera_oci_digest_is_good(chimera_slice_of(descriptor->digest)) ||
        descriptor->size > INT64_MAX || !*descriptor->media_type)
        __builtin_trap();
    if (title && (strchr(title, '/') || *title == '.'))
        __builtin_trap();
}

static void write_and_read_again(const struct chimera_oci_manifest *first)
{
    struct chimera_oci_manifest second;
    struct chimera_buffer text;
    chimera_buffer_init(&text, CHIMERA_MANIFEST_MAX);
    chimera_json_write(first->tree, &text);
    if (text.failed) { /* escapes take more room than what they stand for */
        chimera_buffer_free(&text);
        return;
    }
    if (chimera_oci_manifest_parse(&text, first->media_type, NULL, "again", &second, NULL) < 0 ||
        second.entry_count != first->entry_count || second.is_index != first->is_index ||
        strcmp(second.media_type, first->media_type) != 0)
        __builtin_trap();
    for (size_t i = 0; i < first->entry_count; i++)
        if (strcmp(first->entries[i].digest, second.entries[i].digest) != 0 ||
            first->entries[i].size != second.entries[i].size)
            __builtin_trap();
    chimera_oci_manifest_done(&second);
}

/* As policies get it: the known fields, whatever they are made of. */
static void show(const struct chimera_oci_manifest *manifest)
{
    struct json_object *shown = NULL;
    struct chimera_error err = {0};
    int code = manifest_json_make(manifest, &shown, &err);
    if (code < 0 ? shown || !err.text[0]
                 : !json_object_object_get(shown, manifest->is_index ? "manifests" : "layers"))
        __builtin_trap();
    json_object_put(shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chimera_oci_manifest manifest;
    struct chimera_buffer bytes;
    chimera_buffer_init(&bytes, CHIMERA_MANIFEST_MAX);
    chimera_buffer_append(&bytes, (struct chimera_slice){(const char *)data, size});
    if (chimera_oci_manifest_parse(&bytes, NULL, NULL, "fuzz", &manifest, NULL) < 0)
        return 0;
    for (size_t i = 0; i < manifest.entry_count; i++)
        check_descriptor(&manifest.entries[i]);
    if (!manifest.is_index)
        check_descriptor(&manifest.config);
    write_and_read_again(&manifest);
    show(&manifest);
    chimera_oci_manifest_done(&manifest);
    return 0;
}
