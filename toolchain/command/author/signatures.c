/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/author/signatures.h"

#include <string.h>

#include "compiler/fetch/registry/manifest.h"
#include "runtime/json/tree.h"
#include "runtime/text/printable.h"
#include "runtime/yaml/yaml.h"
#include "toolchain/command/author/inspect_table.h"
#include "toolchain/command/fetch_flags.h"

int signatures_fetch(const struct chimera_cli_options *options, const char *uri,
                     struct json_object **ret_manifest, struct chimera_error *err)
{
    struct fetch_flags flags;
    struct chimera_buffer text;
    if (strncmp(uri, "registry://", strlen("registry://")) != 0)
        return chimera_fail(err, CHIMERA_EINVAL, "invalid uri");
    int code = fetch_flags_read(options, &flags, err);
    if (code < 0)
        return code;
    chimera_buffer_init(&text, CHIMERA_MANIFEST_MAX);
    *ret_manifest = NULL;
    code = chimera_fetch_signatures(&flags.fetch, uri, &text, err);
    if (code == CHIMERA_OK && text.size > 0)
        code = chimera_json_parse(chimera_buffer_slice(&text), ret_manifest, err);
    chimera_buffer_free(&text);
    fetch_flags_done(&flags);
    return code;
}

static void add_member(struct inspect_table *table, const char *name, struct json_object *value)
{
    inspect_table_add(table, name, value ? json_object_get_string(value) : "");
}

static void write_layer(struct json_object *layer, struct chimera_buffer *out)
{
    struct inspect_table table = {0};
    struct json_object *annotations = chimera_json_member(layer, "annotations");
    add_member(&table, "Digest: ", chimera_json_member(layer, "digest"));
    add_member(&table, "Media type: ", chimera_json_member(layer, "mediaType"));
    add_member(&table, "Size: ", chimera_json_member(layer, "size"));
    if (json_object_is_type(annotations, json_type_object)) {
        inspect_table_add(&table, "Annotations", "");
        json_object_object_foreach(annotations, key, value) add_member(&table, key, value);
    }
    inspect_table_print(&table, out);
    chimera_buffer_byte(out, '\n');
}

void signatures_write(struct json_object *manifest, bool is_yaml, struct chimera_buffer *out)
{
    if (!manifest) {
        chimera_buffer_text(out, "\nNo sigstore signatures found\n");
        return;
    }
    if (is_yaml) {
        CHIMERA_JSON struct json_object *document = json_object_new_object();
        json_object_object_add(document, "signatures", json_object_get(manifest));
        chimera_yaml_show(document, out);
        return;
    }
    struct json_object *layers = chimera_json_member(manifest, "layers");
    chimera_buffer_text(out, "\nSigstore signatures\n\n");
    for (size_t i = 0; json_object_is_type(layers, json_type_array) && !out->failed &&
                       i < json_object_array_length(layers);
         i++)
        write_layer(json_object_array_get_idx(layers, i), out);
}

void signatures_write_failure(const char *why, struct chimera_buffer *out)
{
    chimera_buffer_text(out, "\nCannot determine if the policy has been signed. There was an error "
                             "while attempting to fetch its signatures from the remote registry: ");
    chimera_printable_append(chimera_slice_of(why), NULL, out);
    chimera_buffer_text(out, " \n");
}
