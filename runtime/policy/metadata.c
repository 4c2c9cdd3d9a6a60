/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/policy/metadata_internal.h"

#include <inttypes.h>
#include <stdlib.h>

#include "runtime/json/shape.h"
#include "runtime/json/tree.h"
#include "runtime/plugin/mode.h"
#include "runtime/policy/version.h"

static const char *const protocols[] = {"v1", "Unknown", NULL};
static const char *const modes[] = {"kubewarden-wapc", "opa", "gatekeeper", "wasi", NULL};
static const char *const types[] = {"kubernetes", "raw", NULL};
static const char *const operations[] = {"CREATE", "UPDATE", "DELETE", "CONNECT", "*", NULL};

#define NAME(literal) {literal, sizeof(literal) - 1}

static const struct chimera_shape_field rule_fields[] = {
    {.name = NAME("apiGroups"), .kind = CHIMERA_SHAPE_STRINGS},
    {.name = NAME("apiVersions"), .kind = CHIMERA_SHAPE_STRINGS},
    {.name = NAME("resources"), .kind = CHIMERA_SHAPE_STRINGS},
    {.name = NAME("operations"), .kind = CHIMERA_SHAPE_STRINGS, .variants = operations},
};
enum { RULE_OPERATIONS = 3, RULE_FIELDS = 4 };
const struct chimera_shape rule_shape = {
    .name = "Rule", .field = rule_fields, .count = RULE_FIELDS};

static const struct chimera_shape_field resource_fields[] = {
    {.name = NAME("apiVersion"), .kind = CHIMERA_SHAPE_STRING},
    {.name = NAME("kind"), .kind = CHIMERA_SHAPE_STRING},
};
enum { RESOURCE_FIELDS = 2 };
static const struct chimera_shape resource_shape = {
    .name = "ContextAwareResource", .field = resource_fields, .count = RESOURCE_FIELDS};

/* In the order in which the reference declares and writes them. */
static const struct chimera_shape_field metadata_fields[] = {
    {.name = NAME("protocolVersion"),
     .kind = CHIMERA_SHAPE_VARIANT,
     .is_optional = true,
     .variants = protocols},
    {.name = NAME("rules"), .kind = CHIMERA_SHAPE_STRUCTS, .shape = &rule_shape},
    {.name = NAME("annotations"), .kind = CHIMERA_SHAPE_STRING_MAP, .is_optional = true},
    {.name = NAME("mutating"), .kind = CHIMERA_SHAPE_BOOL},
    {.name = NAME("backgroundAudit"),
     .kind = CHIMERA_SHAPE_BOOL,
     .is_optional = true,
     .is_never_null = true},
    {.name = NAME("executionMode"),
     .kind = CHIMERA_SHAPE_VARIANT,
     .is_optional = true,
     .is_never_null = true,
     .variants = modes},
    {.name = NAME("policyType"),
     .kind = CHIMERA_SHAPE_VARIANT,
     .is_optional = true,
     .is_never_null = true,
     .variants = types},
    {.name = NAME("contextAwareResources"),
     .kind = CHIMERA_SHAPE_STRUCTS,
     .is_optional = true,
     .is_never_null = true,
     .shape = &resource_shape},
    {.name = NAME("hostCapabilities"), .kind = CHIMERA_SHAPE_STRINGS, .is_optional = true},
    {.name = NAME("minimumKubewardenVersion"), .kind = CHIMERA_SHAPE_STRING, .is_optional = true},
};
enum { METADATA_RULES = 1, METADATA_RESOURCES = 7, METADATA_MINIMUM = 9, METADATA_FIELDS = 10 };
const struct chimera_shape metadata_shape = {
    .name = "Metadata", .field = metadata_fields, .count = METADATA_FIELDS};

static int compare_strings(const void *a, const void *b)
{
    return strcmp(json_object_get_string(*(struct json_object *const *)a),
                  json_object_get_string(*(struct json_object *const *)b));
}

static int compare_resources(const void *a, const void *b)
{
    struct json_object *x = *(struct json_object *const *)a, *y = *(struct json_object *const *)b;
    int order = strcmp(json_object_get_string(chimera_json_member(x, "apiVersion")),
                       json_object_get_string(chimera_json_member(y, "apiVersion")));
    return order ? order
                 : strcmp(json_object_get_string(chimera_json_member(x, "kind")),
                          json_object_get_string(chimera_json_member(y, "kind")));
}

/* A set: sorted, each once. */
static struct json_object *make_set(struct json_object *list,
                                    int (*compare)(const void *a, const void *b))
{
    struct json_object *set = json_object_new_array();
    if (!list || !set)
        return set;
    json_object_array_sort(list, compare);
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        struct json_object *before = i > 0 ? json_object_array_get_idx(list, i - 1) : NULL;
        if (!before || compare((const void *)&before, (const void *)&item) != 0)
            json_object_array_add(set, json_object_get(item));
    }
    return set;
}

/* Structs with only the fields that `shape` names, in its order. */
static struct json_object *make_structs(struct json_object *list, const struct chimera_shape *shape)
{
    struct json_object *out = json_object_new_array();
    for (size_t i = 0; out && list && i < json_object_array_length(list); i++) {
        struct json_object *from = json_object_array_get_idx(list, i);
        struct json_object *to = json_object_new_object();
        for (unsigned j = 0; to && j < shape->count; j++)
            json_object_object_add(
                to, shape->field[j].name.data,
                json_object_get(chimera_json_member(from, shape->field[j].name.data)));
        json_object_array_add(out, to);
    }
    return out;
}

static struct json_object *make_sorted_map(struct json_object *map)
{
    struct json_object *keys = json_object_new_array(), *out = json_object_new_object();
    struct json_object_iterator at = json_object_iter_begin(map), end = json_object_iter_end(map);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
        json_object_array_add(keys, json_object_new_string(json_object_iter_peek_name(&at)));
    json_object_array_sort(keys, compare_strings);
    for (size_t i = 0; i < json_object_array_length(keys); i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(keys, i));
        json_object_object_add(out, name, json_object_get(chimera_json_member(map, name)));
    }
    json_object_put(keys);
    return out;
}

static struct json_object *or_text(struct json_object *value, const char *otherwise)
{
    return value ? json_object_get(value) : json_object_new_string(otherwise);
}

struct json_object *metadata_normalise(struct json_object *tree)
{
    struct json_object *out = json_object_new_object();
    struct json_object *annotations = chimera_json_member(tree, "annotations");
    struct json_object *background = chimera_json_member(tree, "backgroundAudit");
    struct json_object *resources = chimera_json_member(tree, "contextAwareResources");
    struct json_object *capabilities = chimera_json_member(tree, "hostCapabilities");
    struct json_object *minimum = chimera_json_member(tree, "minimumKubewardenVersion");
    json_object_object_add(out, "protocolVersion",
                           json_object_get(chimera_json_member(tree, "protocolVersion")));
    json_object_object_add(out, "rules",
                           make_structs(chimera_json_member(tree, "rules"), &rule_shape));
    if (annotations)
        json_object_object_add(out, "annotations", make_sorted_map(annotations));
    json_object_object_add(out, "mutating", json_object_get(chimera_json_member(tree, "mutating")));
    json_object_object_add(out, "backgroundAudit",
                           background ? json_object_get(background) : json_object_new_boolean(1));
    json_object_object_add(out, "executionMode",
                           or_text(chimera_json_member(tree, "executionMode"), "kubewarden-wapc"));
    json_object_object_add(out, "policyType",
                           or_text(chimera_json_member(tree, "policyType"), "kubernetes"));
    CHIMERA_JSON struct json_object *trimmed = make_structs(resources, &resource_shape);
    json_object_object_add(out, "contextAwareResources", make_set(trimmed, compare_resources));
    if (capabilities)
        json_object_object_add(out, "hostCapabilities", make_set(capabilities, compare_strings));
    if (minimum)
        json_object_object_add(out, "minimumKubewardenVersion", json_object_get(minimum));
    return out;
}

static enum chimera_protocol protocol_of(struct json_object *tree)
{
    const char *name = json_object_get_string(chimera_json_member(tree, "protocolVersion"));
    if (!name)
        return CHIMERA_PROTOCOL_NONE;
    return strcmp(name, "v1") == 0 ? CHIMERA_PROTOCOL_V1 : CHIMERA_PROTOCOL_UNKNOWN;
}

void metadata_take(struct json_object *tree, struct chimera_metadata *ret_metadata)
{
    *ret_metadata = (struct chimera_metadata){
        .is_annotated = true,
        .protocol = protocol_of(tree),
        .mode =
            chimera_mode_parse(json_object_get_string(chimera_json_member(tree, "executionMode"))),
        .is_mutating = json_object_get_boolean(chimera_json_member(tree, "mutating")),
        .has_background_audit =
            json_object_get_boolean(chimera_json_member(tree, "backgroundAudit")),
        .is_raw =
            strcmp(json_object_get_string(chimera_json_member(tree, "policyType")), "raw") == 0,
        .tree = tree,
    };
}

/* The reference takes a struct written as a list of its members too. Nobody writes that; refusing
 * it lets everything else here rely on objects. */
static bool check_objects(struct chimera_scan *scan, struct chimera_slice list, const char *name)
{
    struct chimera_slice value;
    scan->at = list.data;
    if (!list.data || !chimera_scan_open(scan))
        return true;
    for (bool is_first = true; chimera_scan_next_element(scan, is_first) == 1; is_first = false) {
        if (chimera_scan_peek(scan) != '{')
            return chimera_scan_fail_shape(scan, scan->at, scan->at,
                                           "invalid type: sequence, expected struct %s", name);
        chimera_scan_skip(scan, &value);
    }
    chimera_scan_close(scan);
    return true;
}

static bool check_operations(struct chimera_scan *scan, struct chimera_slice list)
{
    struct chimera_scan_text word;
    scan->at = list.data;
    chimera_scan_open(scan);
    for (bool is_first = true; chimera_scan_next_element(scan, is_first) == 1; is_first = false) {
        chimera_scan_peek(scan);
        chimera_scan_string(scan, &word);
        bool is_operation = false;
        for (size_t i = 0; !is_operation && operations[i]; i++)
            is_operation = chimera_slice_is(word.raw, operations[i]);
        if (!is_operation)
            return chimera_scan_fail_shape(scan, scan->at, word.raw.data,
                                           "unknown variant `%.*s`, expected one of `CREATE`, "
                                           "`UPDATE`, `DELETE`, `CONNECT`, `*`",
                                           word.raw.size < 64 ? (int)word.raw.size : 64,
                                           word.raw.data);
    }
    chimera_scan_close(scan);
    return true;
}

static bool check_rules(struct chimera_scan *scan, struct chimera_slice rules)
{
    struct chimera_slice rule, values[RULE_FIELDS] = {0};
    scan->at = rules.data;
    chimera_scan_open(scan);
    for (bool is_first = true; chimera_scan_next_element(scan, is_first) == 1; is_first = false) {
        chimera_scan_skip(scan, &rule);
        chimera_shape_members(rule, &rule_shape, values);
        if (!check_operations(scan, values[RULE_OPERATIONS]))
            return false;
        scan->at = rule.data + rule.size;
    }
    return true;
}

static bool check_minimum(struct chimera_scan *scan, struct chimera_slice literal)
{
    struct chimera_version version;
    char room[160];
    if (!literal.data)
        return true;
    struct chimera_slice inside = {literal.data + 1, literal.size - 2};
    const char *wrong = chimera_version_parse(inside, &version, room, sizeof(room));
    return !wrong ||
           chimera_scan_fail_shape(scan, literal.data + literal.size, literal.data, "%s", wrong);
}

/* Has the section the shape of metadata? Values that the shape's table cannot tell follow it. */
static int check_section(struct chimera_slice section, struct chimera_error *err)
{
    struct chimera_scan scan;
    struct chimera_slice values[METADATA_FIELDS] = {0};
    chimera_scan_init(&scan, section);
    if (chimera_scan_peek(&scan) == '[')
        return chimera_fail(err, CHIMERA_EINVAL,
                            "invalid type: sequence, expected struct Metadata at line 1 column 0");
    if (!chimera_shape_read_all(&scan, section, &metadata_shape, values) ||
        !check_objects(&scan, values[METADATA_RULES], "Rule") ||
        !check_objects(&scan, values[METADATA_RESOURCES], "ContextAwareResource") ||
        !check_rules(&scan, values[METADATA_RULES]) ||
        !check_minimum(&scan, values[METADATA_MINIMUM]))
        return chimera_scan_report(&scan, err);
    return CHIMERA_OK;
}

int chimera_metadata_parse(struct chimera_slice section, struct chimera_metadata *ret_metadata,
                           struct chimera_error *err)
{
    struct chimera_error why = {0};
    CHIMERA_JSON struct json_object *parsed = NULL;
    int code = check_section(section, &why);
    if (code == 0)
        code = chimera_json_parse(section, &parsed, &why);
    if (code < 0)
        return chimera_fail(err, code,
                            "cannot deserialize custom section `" CHIMERA_METADATA_SECTION
                            "` of wasm module: %.900s",
                            why.text);
    metadata_take(metadata_normalise(parsed), ret_metadata);
    return CHIMERA_OK;
}

void chimera_metadata_done(struct chimera_metadata *metadata)
{
    json_object_put(metadata->tree);
    *metadata = (struct chimera_metadata){0};
}

const char *chimera_metadata_annotation(const struct chimera_metadata *metadata, const char *key)
{
    return json_object_get_string(
        chimera_json_member(chimera_json_member(metadata->tree, "annotations"), key));
}

int chimera_metadata_check_version(const struct chimera_metadata *metadata,
                                   enum chimera_metadata_reader reader, struct chimera_error *err)
{
    const char *text =
        json_object_get_string(chimera_json_member(metadata->tree, "minimumKubewardenVersion"));
    struct chimera_version wanted, ours;
    char room[160];
    if (!text || chimera_version_parse(chimera_slice_of(text), &wanted, room, sizeof(room)) ||
        chimera_version_parse(CHIMERA_SLICE(CHIMERA_KUBEWARDEN_VERSION), &ours, room, sizeof(room)))
        return CHIMERA_OK;
    if (wanted.major < ours.major || (wanted.major == ours.major && wanted.minor <= ours.minor))
        return CHIMERA_OK;
    if (reader == CHIMERA_READER_COMMAND)
        return chimera_fail(
            err, CHIMERA_EINVAL,
            "Policy required Kubewarden version %s or greater. But it's running on %s", text,
            CHIMERA_KUBEWARDEN_VERSION);
    return chimera_fail(err, CHIMERA_EINVAL,
                        "Policy required Kubewarden version %" PRIu64 ".%" PRIu64
                        ".0 but is running on %" PRIu64 ".%" PRIu64 ".0",
                        wanted.major, wanted.minor, ours.major, ours.minor);
}

int chimera_metadata_server_mode(const struct chimera_metadata *metadata,
                                 enum chimera_mode *ret_mode, struct chimera_error *err)
{
    enum chimera_mode mode = metadata->is_annotated ? metadata->mode : CHIMERA_MODE_WAPC;
    if (mode == CHIMERA_MODE_WAPC && metadata->protocol == CHIMERA_PROTOCOL_NONE)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "Policy is missing protocol version, which is required for "
                            "KubewardenWapc execution mode");
    if (mode == CHIMERA_MODE_WAPC && metadata->protocol != CHIMERA_PROTOCOL_V1)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "Policy uses protocol version Unknown but only V1 is supported");
    *ret_mode = mode;
    return CHIMERA_OK;
}

/* --execution-mode was given: only a disagreement with the metadata is refused. */
static int take_asked_mode(const struct chimera_metadata *metadata, enum chimera_mode asked,
                           enum chimera_mode *ret_mode, struct chimera_error *err)
{
    if (metadata->is_annotated && metadata->mode != asked)
        return chimera_fail(
            err, CHIMERA_EINVAL,
            "The policy execution mode specified via CLI flag is different from the "
            "one reported inside of policy's metadata. Metadata reports %s instead "
            "of %s",
            chimera_mode_name(metadata->mode), chimera_mode_name(asked));
    *ret_mode = asked;
    return CHIMERA_OK;
}

int chimera_metadata_command_mode(const struct chimera_metadata *metadata, enum chimera_mode asked,
                                  bool is_rego, enum chimera_mode *ret_mode,
                                  struct chimera_error *err)
{
    if (asked != CHIMERA_MODE_NONE)
        return take_asked_mode(metadata, asked, ret_mode, err);
    if (!metadata->is_annotated && is_rego)
        return chimera_fail(
            err, CHIMERA_EINVAL,
            "The policy has been created with Rego, please specify which Opa runtime "
            "has to be used");
    enum chimera_mode mode = metadata->is_annotated ? metadata->mode : CHIMERA_MODE_WAPC;
    if (is_rego != (mode == CHIMERA_MODE_OPA || mode == CHIMERA_MODE_GATEKEEPER))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "The policy has %sbeen created with Rego, the policy execution mode "
                            "specified via CLI flag is wrong",
                            is_rego ? "" : "not ");
    *ret_mode = mode;
    return CHIMERA_OK;
}
