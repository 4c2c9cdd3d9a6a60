/* SPDX-License-Identifier: Apache-2.0 */
/* metadata_write.c - metadata from an author's file, and into a section. */
#include "runtime/json/tree.h"
#include "runtime/policy/metadata_internal.h"
#include "runtime/policy/version.h"
#include "runtime/yaml/adapt.h"
#include "runtime/yaml/typed.h"

#define METADATA_FILE_MAX ((size_t)16 << 20)

static int check_minimum(struct json_object *tree, struct chimera_error *err)
{
    struct json_object *minimum;
    struct chimera_version version;
    char room[160];
    if (!json_object_object_get_ex(tree, "minimumKubewardenVersion", &minimum))
        return CHIMERA_OK;
    const char *wrong = chimera_version_parse(chimera_slice_of(json_object_get_string(minimum)),
                                              &version, room, sizeof(room));
    if (!wrong)
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EREFUSED, "minimumKubewardenVersion: %s", wrong);
}

int chimera_metadata_parse_yaml(struct chimera_slice text, struct chimera_metadata *ret_metadata,
                                struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *typed = NULL;
    struct chimera_buffer adapted;
    chimera_buffer_init(&adapted, METADATA_FILE_MAX);
    int code = chimera_buffer_append(&adapted, text);
    if (code < 0)
        chimera_fail(err, code, "the metadata: %s", chimera_code_text(code));
    if (code == 0)
        code = chimera_yaml_adapt(&adapted, err);
    if (code == 0)
        code =
            chimera_yaml_read_shape(chimera_buffer_slice(&adapted), &metadata_shape, &typed, err);
    chimera_buffer_free(&adapted);
    if (code == 0)
        code = check_minimum(typed, err);
    if (code == 0)
        metadata_take(metadata_normalise(typed), ret_metadata);
    return code;
}

/* Puts a member in, and the whole in order again. */
static int put_member(struct chimera_metadata *metadata, const char *key, struct json_object *value)
{
    if (!value || json_object_object_add(metadata->tree, key, value) < 0)
        return CHIMERA_ENOMEM;
    struct json_object *ordered = metadata_normalise(metadata->tree);
    if (!ordered)
        return CHIMERA_ENOMEM;
    json_object_put(metadata->tree);
    metadata_take(ordered, metadata);
    return CHIMERA_OK;
}

int chimera_metadata_set_protocol(struct chimera_metadata *metadata, enum chimera_protocol protocol)
{
    const char *name = protocol == CHIMERA_PROTOCOL_V1 ? "v1" : "Unknown";
    return put_member(metadata, "protocolVersion", json_object_new_string(name));
}

int chimera_metadata_set_annotation(struct chimera_metadata *metadata, const char *key,
                                    struct chimera_slice value)
{
    struct json_object *annotations = NULL;
    if (json_object_object_get_ex(metadata->tree, "annotations", &annotations))
        json_object_get(annotations);
    else
        annotations = json_object_new_object();
    struct json_object *text = json_object_new_string_len(value.data, (int)value.size);
    if (!annotations || !text || json_object_object_add(annotations, key, text) < 0) {
        json_object_put(annotations);
        return CHIMERA_ENOMEM;
    }
    return put_member(metadata, "annotations", annotations);
}

void chimera_metadata_write(const struct chimera_metadata *metadata, struct chimera_buffer *out)
{
    chimera_json_write_ordered(metadata->tree, 0, out);
}
