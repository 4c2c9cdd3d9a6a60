/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/source/policy_options.h"

#include <string.h>

#include "runtime/base/buffer.h"
#include "runtime/base/file.h"
#include "runtime/text/nearest.h"
#include "runtime/text/quantity.h"
#include "runtime/yaml/document.h"

#define FILE_MAX ((size_t)16 << 20)
#define EVERY_ID "*"
#define A_POLICY "a map of options, as in {memoryLimit: 256Mi}"

enum { MEMORY_LIMIT, GATES_INVENTORY };
static const char *const KEYS[] = {
    [MEMORY_LIMIT] = "memoryLimit", [GATES_INVENTORY] = "inventoryNeedsCapability", NULL};

struct reader {
    struct chimera_document *document;
    const char *const *ids;
    struct chimera_policy_extras *extras; /* one an id */
};

/* --- Options --- */

static bool parse_size(struct json_object *value, uint64_t *ret_bytes)
{
    if (json_object_is_type(value, json_type_string))
        return chimera_quantity_parse(
            (struct chimera_slice){json_object_get_string(value),
                                   (size_t)json_object_get_string_len(value)},
            ret_bytes);
    if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0)
        return false;
    *ret_bytes = json_object_get_uint64(value);
    return true;
}

static void read_extras(struct reader *reader, struct json_object *entry,
                        struct chimera_policy_extras *extras)
{
    if (!chimera_document_is(reader->document, entry, json_type_object, A_POLICY))
        return;
    chimera_document_refuse_others(reader->document, entry, KEYS, "a policy's entry");
    struct json_object *value = NULL;
    uint64_t bytes = 0;
    if (chimera_document_member(reader->document, entry, KEYS[MEMORY_LIMIT], NULL, &value)) {
        if (parse_size(value, &bytes) && bytes >= CHIMERA_MEMORY_LEAST &&
            bytes <= CHIMERA_MEMORY_MOST)
            extras->memory_limit = bytes;
        else
            chimera_document_expect(reader->document, value, CHIMERA_MEMORY_RANGE);
        chimera_document_leave(reader->document);
    }
    if (chimera_document_member(reader->document, entry, KEYS[GATES_INVENTORY], NULL, &value)) {
        if (chimera_document_is(reader->document, value, json_type_boolean, "true or false"))
            extras->gates_inventory = json_object_get_boolean(value);
        chimera_document_leave(reader->document);
    }
}

/* --- Ids --- */

static void read_entry(struct reader *reader, const char *id, struct json_object *entry)
{
    size_t index = 0;
    if (strcmp(id, EVERY_ID) == 0)
        return; /* read before */
    while (reader->ids[index] && strcmp(reader->ids[index], id) != 0)
        index++;
    chimera_document_enter(reader->document, id);
    if (reader->ids[index])
        read_extras(reader, entry, &reader->extras[index]);
    else {
        const char *member = NULL, *nearest = chimera_nearest(id, reader->ids);
        size_t size = strlen(id);
        for (const char *const *at = reader->ids; *at && !member; at++)
            if (strncmp(*at, id, size) == 0 && (*at)[size] == '/')
                member = *at; /* the first one of the group */
        if (member)
            chimera_document_note_key(
                reader->document, "is a policy group; options are for its members, as in `%.200s`",
                member);
        else
            chimera_document_note_key(reader->document, "there is no policy of this id%s%.200s%s",
                                      nearest ? "; is `" : "", nearest ? nearest : "",
                                      nearest ? "` meant?" : "");
    }
    chimera_document_leave(reader->document);
}

static void read_tree(struct reader *reader, struct json_object *tree)
{
    if (!chimera_document_is(reader->document, tree, json_type_object,
                             "a map from ids of policies, or \"*\", to " A_POLICY))
        return;
    /* What holds for all comes first, wherever it stands. */
    struct json_object *entry = NULL;
    struct chimera_policy_extras common = {0};
    if (chimera_document_member(reader->document, tree, EVERY_ID, NULL, &entry)) {
        read_extras(reader, entry, &common);
        chimera_document_leave(reader->document);
    }
    for (size_t i = 0; reader->ids[i]; i++)
        reader->extras[i] = common;
    struct json_object_iterator at = json_object_iter_begin(tree), end = json_object_iter_end(tree);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
        read_entry(reader, json_object_iter_peek_name(&at), json_object_iter_peek_value(&at));
}

int chimera_policy_options_parse(struct chimera_slice text, const char *path,
                                 const char *const *ids, struct chimera_policy_extras *ret_extras,
                                 struct chimera_error *err)
{
    static const struct chimera_yaml_options options = {.duplicate_keys_fail = true,
                                                        .empty_is_map = true};
    struct chimera_document document;
    struct reader reader = {.document = &document, .ids = ids, .extras = ret_extras};
    if (chimera_document_read(&document, text, &options))
        read_tree(&reader, document.tree);
    int code = chimera_problems_fail(&document.problems, path, CHIMERA_EINVAL, err);
    chimera_document_done(&document);
    return code;
}

int chimera_policy_options_read(const char *path, const char *const *ids,
                                struct chimera_policy_extras *ret_extras, struct chimera_error *err)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, FILE_MAX);
    int code = chimera_file_read(path, &text, err);
    if (code == CHIMERA_OK)
        code =
            chimera_policy_options_parse(chimera_buffer_slice(&text), path, ids, ret_extras, err);
    chimera_buffer_free(&text);
    return code;
}
