/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/source/policy_options.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/buffer.h"
#include "runtime/base/file.h"
#include "runtime/text/nearest.h"
#include "runtime/text/quantity.h"
#include "runtime/yaml/document.h"

#define FILE_MAX ((size_t)16 << 20)
#define EVERY_ID "*"
#define A_POLICY "a map of options, as in {memoryLimit: 256Mi}"

enum { MEMORY_LIMIT, GATES_INVENTORY, FAILURES, PRINTS, UPSTREAM, HOSTS, ENTRYPOINT, OMITS };
static const char *const KEYS[] = {[MEMORY_LIMIT] = "memoryLimit",
                                   [GATES_INVENTORY] = "inventoryNeedsCapability",
                                   [FAILURES] = "regoBuiltinErrors",
                                   [PRINTS] = "regoPrint",
                                   [UPSTREAM] = "regoUpstreamBuiltins",
                                   [HOSTS] = "regoHosts",
                                   [ENTRYPOINT] = "regoEntrypoint",
                                   [OMITS] = "omitManagedFields",
                                   NULL};

struct reader {
    struct chimera_document *document;
    const char *const *ids;
    struct chimera_policy_extras *extras; /* one an id */
    bool has_no_memory;
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

static void read_memory_limit(struct reader *reader, struct json_object *value,
                              struct chimera_policy_extras *extras)
{
    uint64_t bytes = 0;
    if (parse_size(value, &bytes) && bytes >= CHIMERA_MEMORY_LEAST && bytes <= CHIMERA_MEMORY_MOST)
        extras->memory_limit = bytes;
    else
        chimera_document_expect(reader->document, value, CHIMERA_MEMORY_RANGE);
}

static void read_failures(struct reader *reader, struct json_object *value,
                          struct chimera_policy_extras *extras)
{
    const char *word =
        json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
    extras->has_undefined_failures = strcmp(word, "undefined") == 0;
    if (!extras->has_undefined_failures && strcmp(word, "reject") != 0)
        chimera_document_expect(reader->document, value, "`reject` or `undefined`");
}

/* A host, an address, or one of the two with a port; nothing that only looks like a pattern. */
static bool is_host(const char *text)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]";
    const char *colon = strrchr(text, ':'), *bracket = strchr(text, ']');
    bool has_port = colon && (bracket ? colon > bracket : colon == strchr(text, ':'));
    if (!*text || strspn(text, letters) != strlen(text))
        return false;
    if (!has_port) /* or an address of IPv6 */
        return true;
    size_t digits = strspn(colon + 1, "0123456789");
    unsigned port = 0;
    for (size_t i = 0; i < digits && i < 6; i++)
        port = port * 10 + (unsigned)(colon[1 + i] - '0');
    return colon > text && digits > 0 && digits < 6 && colon[1 + digits] == '\0' && port > 0 &&
           port <= UINT16_MAX;
}

static void free_hosts(char **hosts)
{
    for (size_t i = 0; hosts && hosts[i]; i++)
        free(hosts[i]);
    free(hosts);
}

static void read_hosts(struct reader *reader, struct json_object *value,
                       struct chimera_policy_extras *extras)
{
    static const char expected[] = "a list of hosts, as in [api.example.com, 10.0.0.1:8443]";
    if (!chimera_document_is(reader->document, value, json_type_array, expected))
        return;
    size_t count = json_object_array_length(value);
    char **hosts = calloc(count + 1, sizeof(*hosts));
    for (size_t i = 0; hosts && i < count; i++) {
        struct json_object *item = json_object_array_get_idx(value, i);
        const char *text =
            json_object_is_type(item, json_type_string) ? json_object_get_string(item) : "";
        chimera_document_enter_index(reader->document, i);
        if (!is_host(text))
            chimera_document_expect(reader->document, item, "a host, or a host and a port");
        chimera_document_leave(reader->document);
        hosts[i] = strdup(text);
        if (!hosts[i])
            reader->has_no_memory = true;
    }
    reader->has_no_memory = reader->has_no_memory || !hosts;
    free_hosts(extras->hosts);
    extras->hosts = hosts;
}

static void read_option(struct reader *reader, unsigned option, struct json_object *value,
                        struct chimera_policy_extras *extras)
{
    bool *const flags[] = {[GATES_INVENTORY] = &extras->gates_inventory,
                           [PRINTS] = &extras->prints,
                           [UPSTREAM] = &extras->has_upstream_builtins,
                           [OMITS] = &extras->omits_managed_fields};
    switch (option) {
    case MEMORY_LIMIT:
        read_memory_limit(reader, value, extras);
        break;
    case FAILURES:
        read_failures(reader, value, extras);
        break;
    case HOSTS:
        read_hosts(reader, value, extras);
        break;
    case ENTRYPOINT:
        if (!chimera_document_is(reader->document, value, json_type_string,
                                 "the path of a rule, as in policy/main"))
            break;
        free(extras->entrypoint);
        extras->entrypoint = strdup(json_object_get_string(value));
        reader->has_no_memory = reader->has_no_memory || !extras->entrypoint;
        break;
    default:
        if (chimera_document_is(reader->document, value, json_type_boolean, "true or false"))
            *flags[option] = json_object_get_boolean(value);
    }
}

static void read_extras(struct reader *reader, struct json_object *entry,
                        struct chimera_policy_extras *extras)
{
    if (!chimera_document_is(reader->document, entry, json_type_object, A_POLICY))
        return;
    chimera_document_refuse_others(reader->document, entry, KEYS, "a policy's entry");
    struct json_object *value = NULL;
    for (unsigned option = 0; KEYS[option]; option++) {
        if (!chimera_document_member(reader->document, entry, KEYS[option], NULL, &value))
            continue;
        read_option(reader, option, value, extras);
        chimera_document_leave(reader->document);
    }
}

/* --- What was read --- */

void chimera_policy_extras_done(struct chimera_policy_extras *extras)
{
    free_hosts(extras->hosts);
    free(extras->entrypoint);
    *extras = (struct chimera_policy_extras){0};
}

bool chimera_policy_extras_equal(const struct chimera_policy_extras *a,
                                 const struct chimera_policy_extras *b)
{
    char *const none[] = {NULL};
    char *const *x = a->hosts ? a->hosts : none, *const *y = b->hosts ? b->hosts : none;
    while (*x && *y && strcmp(*x, *y) == 0)
        x++, y++;
    bool is_one = a->entrypoint && b->entrypoint ? strcmp(a->entrypoint, b->entrypoint) == 0
                                                 : a->entrypoint == b->entrypoint;
    return !*x && !*y && is_one && a->memory_limit == b->memory_limit &&
           a->gates_inventory == b->gates_inventory &&
           a->has_undefined_failures == b->has_undefined_failures && a->prints == b->prints &&
           a->has_upstream_builtins == b->has_upstream_builtins &&
           a->omits_managed_fields == b->omits_managed_fields;
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
    if (chimera_document_member(reader->document, tree, EVERY_ID, NULL, &entry)) {
        struct chimera_policy_extras unused = {0}; /* what is wrong is told once */
        read_extras(reader, entry, &unused);
        chimera_policy_extras_done(&unused);
        chimera_document_leave(reader->document);
        bool is_good = reader->document->problems.count == 0;
        for (size_t i = 0; is_good && reader->ids[i]; i++)
            read_extras(reader, entry, &reader->extras[i]);
    }
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
    for (size_t i = 0; ids[i]; i++)
        ret_extras[i] = (struct chimera_policy_extras){0};
    if (chimera_document_read(&document, text, &options))
        read_tree(&reader, document.tree);
    int code = chimera_problems_fail(&document.problems, path, CHIMERA_EINVAL, err);
    if (code == CHIMERA_OK && reader.has_no_memory)
        code = chimera_fail_memory(err);
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
