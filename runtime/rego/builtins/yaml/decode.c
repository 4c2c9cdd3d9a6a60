/* SPDX-License-Identifier: Apache-2.0 */
/* Builtins yaml.unmarshal and yaml.is_valid: go-yaml 3 into Go's values, and these as JSON, as OPA
 * does it. The last one of equal keys counts; merge keys are followed; of several documents the
 * first one is the value. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/base64.h"
#include "runtime/rego/builtins/time/time_layout.h"
#include "runtime/rego/builtins/yaml/node.h"
#include "runtime/rego/builtins/yaml/resolve.h"
#include "runtime/rego/float.h"
#include "runtime/rego/key.h"

typedef struct chimera_go_yaml_node node_t;

#define NODE_UNITS 16

struct decoder {
    const struct chimera_rego_call *call;
    unsigned depth;
    uint64_t decoded, aliased; /* nodes; and those within aliases */
    unsigned alias_depth;
};

static int fail(const struct decoder *decoder, const char *what)
{
    return chimera_fail(decoder->call->err, CHIMERA_EINVAL, "yaml: %s", what);
}

static bool has_tag(const node_t *node, const char *tag)
{
    return node->tag && strcmp(node->tag, tag) == 0;
}

static const node_t *behind_alias(const node_t *node)
{
    return node->shape == CHIMERA_GO_YAML_ALIAS ? node->target : node;
}

/* go-yaml's own bound for what aliases make of a text. */
static int count_node(struct decoder *decoder)
{
    double share = 0.99, many = (double)decoder->decoded;
    decoder->decoded++;
    decoder->aliased += decoder->alias_depth > 0;
    if (many > 4000000)
        share = 0.10;
    else if (many > 400000)
        share = 0.99 - 0.89 * ((many - 400000) / 3600000);
    if (decoder->aliased > 100 && decoder->decoded > 1000 &&
        (double)decoder->aliased / (double)decoder->decoded > share)
        return fail(decoder, "document contains excessive aliasing");
    return chimera_rego_spend(decoder->call, NODE_UNITS);
}

static int enter(struct decoder *decoder)
{
    if (decoder->depth == CHIMERA_REGO_DEPTH_MAX)
        return chimera_fail(decoder->call->err, CHIMERA_ELIMIT, "yaml: nested too deeply");
    decoder->depth++;
    return CHIMERA_OK;
}

/* --- Scalars --- */

struct value {
    struct chimera_go_yaml_scalar scalar;
    struct chimera_slice text;  /* of a text, in the node or in `made` */
    struct chimera_buffer made; /* owned */
};

static int decode_binary(struct decoder *decoder, struct value *value)
{
    struct chimera_buffer packed;
    size_t size = 0;
    chimera_rego_buffer(decoder->call, &packed);
    for (size_t i = 0; i < value->text.size; i++) {
        if (value->text.data[i] != '\n' && value->text.data[i] != '\r')
            chimera_buffer_byte(&packed, (uint8_t)value->text.data[i]);
    }
    char *to = packed.failed
                   ? NULL
                   : chimera_buffer_reserve(&value->made, chimera_base64_decoded_max(packed.size));
    int code = chimera_rego_has_time(decoder->call, 4 * packed.size);
    if (code == CHIMERA_OK && !to)
        code = chimera_rego_no_memory(decoder->call);
    if (code == CHIMERA_OK &&
        !chimera_base64_decode(chimera_buffer_slice(&packed), CHIMERA_BASE64_STANDARD, to, &size))
        code = fail(decoder, "!!binary value contains invalid base64 data");
    chimera_buffer_free(&packed);
    value->made.size = size;
    value->text = chimera_buffer_slice(&value->made);
    return code;
}

/* As time.Time is shown in JSON. */
static int decode_timestamp(struct decoder *decoder, struct value *value)
{
    static const char *const layouts[] = {"2006-1-2T15:4:5.999999999Z07:00",
                                          "2006-1-2t15:4:5.999999999Z07:00",
                                          "2006-1-2 15:4:5.999999999", "2006-1-2"};
    struct chimera_layout_time time;
    struct chimera_error unused;
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
        if (chimera_layout_parse(chimera_slice_of(layouts[i]), value->text, &time, &unused) < 0)
            continue;
        chimera_layout_format(CHIMERA_SLICE("RFC3339Nano"), &time, &value->made);
        value->text = chimera_buffer_slice(&value->made);
        return value->made.failed ? chimera_rego_no_memory(decoder->call) : CHIMERA_OK;
    }
    return fail(decoder, "cannot decode a timestamp");
}

/* With one of the tags that want something. */
static int decode_tagged(struct decoder *decoder, const char *tag, struct value *value)
{
    static const struct {
        const char *tag;
        enum chimera_go_yaml_kind kind;
    } tags[] = {{"!!null", CHIMERA_GO_YAML_NULL},
                {"!!bool", CHIMERA_GO_YAML_BOOLEAN},
                {"!!int", CHIMERA_GO_YAML_INTEGER},
                {"!!float", CHIMERA_GO_YAML_FLOAT},
                {"!!timestamp", CHIMERA_GO_YAML_TIMESTAMP}};
    struct chimera_go_yaml_scalar *scalar = &value->scalar;
    if (strcmp(tag, "!!binary") == 0)
        return decode_binary(decoder, value);
    size_t i = 0;
    while (i < sizeof(tags) / sizeof(tags[0]) && strcmp(tags[i].tag, tag) != 0)
        i++;
    if (i == sizeof(tags) / sizeof(tags[0]))
        return CHIMERA_OK; /* any other one makes a text */
    enum chimera_go_yaml_kind kind = tags[i].kind;
    *scalar = chimera_go_yaml_resolve(value->text);
    if (kind == CHIMERA_GO_YAML_FLOAT && scalar->kind == CHIMERA_GO_YAML_INTEGER)
        *scalar = (struct chimera_go_yaml_scalar){kind, {.number = (double)scalar->as.integer}};
    else if (scalar->kind != kind &&
             !(kind == CHIMERA_GO_YAML_INTEGER && scalar->kind == CHIMERA_GO_YAML_UNSIGNED))
        return fail(decoder, "cannot decode a value as its tag says");
    return kind == CHIMERA_GO_YAML_TIMESTAMP ? decode_timestamp(decoder, value) : CHIMERA_OK;
}

/* The caller frees ret_value->made, also when it fails. */
static int decode_scalar(struct decoder *decoder, const node_t *node, struct value *ret_value)
{
    *ret_value = (struct value){.text = node->text, .scalar = {.kind = CHIMERA_GO_YAML_TEXT}};
    chimera_rego_buffer(decoder->call, &ret_value->made);
    int code = chimera_rego_spend(decoder->call, node->text.size / 4);
    if (code < 0)
        return code;
    if (node->tag)
        return decode_tagged(decoder, node->tag, ret_value);
    if (!node->is_quoted)
        ret_value->scalar = chimera_go_yaml_resolve(node->text);
    if (ret_value->scalar.kind == CHIMERA_GO_YAML_TIMESTAMP ||
        ret_value->scalar.kind == CHIMERA_GO_YAML_MERGE)
        ret_value->scalar.kind = CHIMERA_GO_YAML_TEXT;
    return CHIMERA_OK;
}

static int give_text(struct decoder *decoder, struct value *value, struct json_object **ret_value)
{
    struct chimera_buffer copy;
    if (!value->made.data)
        return chimera_rego_give_slice(decoder->call, value->text, ret_value);
    copy = value->made; /* bytes that may be no UTF-8 */
    value->made = (struct chimera_buffer){0};
    return chimera_rego_give_bytes(decoder->call, &copy, ret_value);
}

static int give_scalar(struct decoder *decoder, struct value *value, struct json_object **ret_value)
{
    const struct chimera_rego_call *call = decoder->call;
    char text[64];
    size_t size = 0;
    switch (value->scalar.kind) {
    case CHIMERA_GO_YAML_NULL:
        *ret_value = NULL;
        return CHIMERA_OK;
    case CHIMERA_GO_YAML_BOOLEAN:
        return chimera_rego_give_bool(call, value->scalar.as.boolean, ret_value);
    case CHIMERA_GO_YAML_INTEGER:
        return chimera_rego_give(call, chimera_node_int64(call->account, value->scalar.as.integer),
                                 ret_value);
    case CHIMERA_GO_YAML_UNSIGNED:
        size = (size_t)snprintf(text, sizeof(text), "%" PRIu64, value->scalar.as.natural);
        return chimera_rego_give_number(call, (struct chimera_slice){text, size}, ret_value);
    case CHIMERA_GO_YAML_FLOAT:
        if (!isfinite(value->scalar.as.number))
            return chimera_fail(call->err, CHIMERA_EINVAL, "json: unsupported value");
        size = chimera_rego_format_json(value->scalar.as.number, text, sizeof(text));
        return chimera_rego_give_number(call, (struct chimera_slice){text, size}, ret_value);
    default:
        return give_text(decoder, value, ret_value);
    }
}

/* --- Keys --- */

#define KEY_FLOAT_DIGITS 9 /* enough for a float of 32 bits, to which OPA rounds */

static void print_key_float(double number, struct chimera_buffer *out)
{
    char text[64];
    if (!isfinite(number)) {
        chimera_buffer_text(out, isnan(number) ? ".nan" : number < 0 ? "-.inf" : ".inf");
        return;
    }
    for (int digits = 1; digits <= KEY_FLOAT_DIGITS; digits++) {
        snprintf(text, sizeof(text), "%.*e", digits - 1, number);
        if (strtof(text, NULL) == (float)number)
            break;
    }
    if (isfinite((float)number))
        chimera_rego_format_float(strtod(text, NULL), 'g', -1, out);
    else
        chimera_buffer_text(out, number < 0 ? "-.inf" : ".inf");
}

/* What a key is in JSON. CHIMERA_EINVAL for what is none. */
static int print_key(struct decoder *decoder, struct value *value, struct chimera_buffer *out)
{
    switch (value->scalar.kind) {
    case CHIMERA_GO_YAML_TEXT:
        chimera_buffer_append(out, value->text);
        break;
    case CHIMERA_GO_YAML_BOOLEAN:
        chimera_buffer_text(out, value->scalar.as.boolean ? "true" : "false");
        break;
    case CHIMERA_GO_YAML_INTEGER:
        chimera_buffer_print(out, "%" PRId64, value->scalar.as.integer);
        break;
    case CHIMERA_GO_YAML_UNSIGNED:
        chimera_buffer_print(out, "%" PRIu64, value->scalar.as.natural);
        break;
    case CHIMERA_GO_YAML_FLOAT:
        print_key_float(value->scalar.as.number, out);
        break;
    default:
        return fail(decoder, "unsupported map key");
    }
    return out->failed ? chimera_rego_no_memory(decoder->call) : CHIMERA_OK;
}

static bool is_merge(const node_t *node)
{
    bool is_plain = !node->tag && !node->is_quoted;
    return node->shape == CHIMERA_GO_YAML_SCALAR && chimera_slice_is(node->text, "<<") &&
           (is_plain || has_tag(node, "!!merge"));
}

/* Are all keys texts? Other keys become texts in another way when they are merged into such a map.
 */
static bool is_text_map(const node_t *map)
{
    for (size_t i = 0; i < map->count; i += 2) {
        const node_t *key = behind_alias(map->parts[i]);
        bool is_text =
            key->tag ? has_tag(key, "!!str")
                     : key->is_quoted ||
                           chimera_go_yaml_resolve(key->text).kind == CHIMERA_GO_YAML_TEXT ||
                           chimera_go_yaml_resolve(key->text).kind == CHIMERA_GO_YAML_TIMESTAMP;
        if (key->shape != CHIMERA_GO_YAML_SCALAR || (!is_text && !is_merge(key)))
            return false;
    }
    return true;
}

/* A set of texts: json-c's object. False: it was there, or it failed, which `ret_code` tells. */
static bool add_to_set(struct decoder *decoder, struct json_object *set, char kind,
                       struct chimera_slice text, int *ret_code)
{
    struct chimera_buffer key;
    chimera_rego_buffer(decoder->call, &key);
    chimera_buffer_byte(&key, (uint8_t)kind);
    for (size_t i = 0; i < text.size; i++) /* a NUL as a byte that is in no text */
        chimera_buffer_byte(&key, text.data[i] ? (uint8_t)text.data[i] : 0xFF);
    chimera_buffer_byte(&key, '\0');
    bool is_new = !key.failed && !json_object_object_get_ex(set, key.data, NULL);
    *ret_code =
        key.failed || (is_new && chimera_node_add(decoder->call->account, set, key.data, NULL) < 0)
            ? chimera_rego_no_memory(decoder->call)
            : CHIMERA_OK;
    chimera_buffer_free(&key);
    return is_new && *ret_code == CHIMERA_OK;
}

/* --- Values --- */

static int decode(struct decoder *decoder, node_t *node, struct json_object **ret_value);

struct map {                    /* that is being made */
    struct json_object *object; /* owned by who began it */
    struct json_object *fields; /* borrowed: keys that merged ones do not replace; NULL: none yet */
    bool is_text_map;
};

static int fill_map(struct decoder *decoder, node_t *node, struct map *map);

/* The key's text in the map, in `out`. CHIMERA_OK without one for a null that is passed over. */
static int name_key(struct decoder *decoder, const struct map *map, const node_t *key,
                    struct chimera_buffer *out, bool *ret_is_passed)
{
    struct value value;
    *ret_is_passed = false;
    key = behind_alias(key);
    if (key->shape != CHIMERA_GO_YAML_SCALAR)
        return fail(decoder, "invalid map key");
    int code = decode_scalar(decoder, key, &value);
    if (code == CHIMERA_OK && map->is_text_map && value.scalar.kind != CHIMERA_GO_YAML_TEXT) {
        *ret_is_passed = value.scalar.kind == CHIMERA_GO_YAML_NULL;
        chimera_buffer_append(out, key->text);
    } else if (code == CHIMERA_OK) {
        code = print_key(decoder, &value, out);
    }
    if (code == CHIMERA_OK && out->failed)
        code = chimera_rego_no_memory(decoder->call);
    chimera_buffer_free(&value.made);
    return code;
}

static int set_member(struct decoder *decoder, struct map *map, struct chimera_slice name,
                      node_t *value_node)
{
    struct json_object *value = NULL;
    struct chimera_buffer key;
    int code = decode(decoder, value_node, &value);
    if (code < 0)
        return code;
    chimera_rego_buffer(decoder->call, &key);
    chimera_rego_put_text_key(name, &key);
    if (key.failed)
        json_object_put(value);
    if (key.failed || chimera_node_add(decoder->call->account, map->object, key.data, value) < 0)
        code = chimera_rego_no_memory(decoder->call);
    chimera_buffer_free(&key);
    return code;
}

/* Of equal keys the last one counts, so from there on. `seen` has the keys of this map: what they
 * are in JSON, and how they are written, which may not come twice. */
static int fill_pair(struct decoder *decoder, struct map *map, struct json_object *seen,
                     const node_t *key, node_t *value)
{
    struct chimera_buffer name;
    bool is_passed = false, is_alias = key->shape == CHIMERA_GO_YAML_ALIAS;
    chimera_rego_buffer(decoder->call, &name);
    int code = count_node(decoder);
    if (code == CHIMERA_OK)
        code = name_key(decoder, map, key, &name, &is_passed);
    bool is_twice =
        is_alias && code == CHIMERA_OK && !add_to_set(decoder, seen, 'a', key->text, &code);
    bool is_new =
        code == CHIMERA_OK && add_to_set(decoder, seen, 'k', chimera_buffer_slice(&name), &code);
    if (is_new && !is_alias)
        is_twice = !add_to_set(decoder, seen, 't', key->text, &code);
    if (is_twice && code == CHIMERA_OK)
        code = fail(decoder, "mapping key already defined");
    if (is_new && code == CHIMERA_OK && map->fields)
        is_passed =
            is_passed || !add_to_set(decoder, map->fields, 'k', chimera_buffer_slice(&name), &code);
    if (is_new && code == CHIMERA_OK && !is_passed)
        code = set_member(decoder, map, chimera_buffer_slice(&name), value);
    chimera_buffer_free(&name);
    return code;
}

/* A map, or an alias of one, into another map. */
static int merge_one(struct decoder *decoder, node_t *node, struct map *map)
{
    if (behind_alias(node)->shape != CHIMERA_GO_YAML_MAPPING)
        return fail(decoder, "map merge requires map or sequence of maps as the value");
    if (node->is_open)
        return fail(decoder, "anchor value contains itself");
    bool is_alias = node->shape == CHIMERA_GO_YAML_ALIAS;
    int code = count_node(decoder);
    if (code < 0)
        return code;
    node->is_open = is_alias;
    decoder->alias_depth += is_alias;
    code = fill_map(decoder, is_alias ? node->target : node, map);
    decoder->alias_depth -= is_alias;
    node->is_open = false;
    return code;
}

static int merge(struct decoder *decoder, node_t *value, struct map *map)
{
    if (value->shape != CHIMERA_GO_YAML_SEQUENCE)
        return merge_one(decoder, value, map);
    int code = CHIMERA_OK;
    for (size_t i = 0; i < value->count && code == CHIMERA_OK; i++)
        code = merge_one(decoder, value->parts[i], map);
    return code;
}

/* How many maps all merge keys together name. */
static size_t count_merges(const node_t *node, size_t *ret_keys)
{
    size_t maps = 0;
    *ret_keys = 0;
    for (size_t i = 0; i + 1 < node->count; i += 2) {
        if (!is_merge(node->parts[i]))
            continue;
        const node_t *value = node->parts[i + 1];
        maps += value->shape == CHIMERA_GO_YAML_SEQUENCE ? value->count : 1;
        ++*ret_keys;
    }
    return maps;
}

static int merge_all(struct decoder *decoder, node_t *node, struct map *map,
                     struct json_object *seen)
{
    size_t keys, maps = count_merges(node, &keys);
    struct map merged = *map;
    int code = chimera_rego_spend(decoder->call, node->count);
    if (code < 0 || keys == 0)
        return code;
    if (keys > 1 && maps < 2) /* go-yaml looks at such keys as at any that come twice */
        return fail(decoder, "mapping key already defined");
    if (!merged.fields) {
        merged.fields =
            seen; /* which has all that is in the map so far; and the merge key itself */
        add_to_set(decoder, seen, 'k', CHIMERA_SLICE("<<"), &code);
    }
    for (size_t i = 0; i + 1 < node->count && code == CHIMERA_OK; i += 2) {
        if (is_merge(node->parts[i]))
            code = merge(decoder, node->parts[i + 1], &merged);
    }
    return code;
}

static int fill_map(struct decoder *decoder, node_t *node, struct map *map)
{
    int code = enter(decoder);
    if (code < 0)
        return code;
    struct json_object *seen = chimera_node_object(decoder->call->account);
    code = seen ? count_node(decoder) : chimera_rego_no_memory(decoder->call);
    for (size_t i = node->count; i >= 2 && code == CHIMERA_OK; i -= 2) {
        if (!is_merge(node->parts[i - 2]))
            code = fill_pair(decoder, map, seen, node->parts[i - 2], node->parts[i - 1]);
    }
    if (code == CHIMERA_OK)
        code = merge_all(decoder, node, map, seen);
    json_object_put(seen);
    decoder->depth--;
    return code;
}

static int decode_map(struct decoder *decoder, node_t *node, struct json_object **ret_value)
{
    struct map map = {.object = chimera_node_object(decoder->call->account),
                      .is_text_map = is_text_map(node)};
    int code = map.object ? fill_map(decoder, node, &map) : chimera_rego_no_memory(decoder->call);
    return chimera_rego_finish(decoder->call, code, map.object, ret_value);
}

static int decode_list(struct decoder *decoder, node_t *node, struct json_object **ret_value)
{
    struct json_object *list = chimera_node_array(decoder->call->account);
    int code = list ? enter(decoder) : chimera_rego_no_memory(decoder->call);
    if (code < 0) {
        json_object_put(list);
        return code;
    }
    for (size_t i = 0; i < node->count && code == CHIMERA_OK; i++) {
        struct json_object *value = NULL;
        code = decode(decoder, node->parts[i], &value);
        if (code == CHIMERA_OK)
            code = chimera_rego_push(decoder->call, list, value);
    }
    decoder->depth--;
    return chimera_rego_finish(decoder->call, code, list, ret_value);
}

static int decode_alias(struct decoder *decoder, node_t *node, struct json_object **ret_value)
{
    if (node->is_open)
        return fail(decoder, "anchor value contains itself");
    int code = enter(decoder);
    if (code < 0)
        return code;
    node->is_open = true;
    decoder->alias_depth++;
    code = decode(decoder, node->target, ret_value);
    decoder->alias_depth--;
    node->is_open = false;
    decoder->depth--;
    return code;
}

static int decode(struct decoder *decoder, node_t *node, struct json_object **ret_value)
{
    struct value value;
    int code = count_node(decoder);
    if (code < 0)
        return code;
    switch (node->shape) {
    case CHIMERA_GO_YAML_MAPPING:
        return decode_map(decoder, node, ret_value);
    case CHIMERA_GO_YAML_SEQUENCE:
        return decode_list(decoder, node, ret_value);
    case CHIMERA_GO_YAML_ALIAS:
        return decode_alias(decoder, node, ret_value);
    default:
        code = decode_scalar(decoder, node, &value);
        if (code == CHIMERA_OK)
            code = give_scalar(decoder, &value, ret_value);
        chimera_buffer_free(&value.made);
        return code;
    }
}

/* --- Builtins --- */

static int read_yaml(const struct chimera_rego_call *call, struct json_object **ret_value)
{
    struct chimera_go_yaml_tree tree;
    struct decoder decoder = {.call = call};
    node_t *root = NULL;
    int code = chimera_go_yaml_read(call, chimera_rego_string(call->args[0]), &tree, &root);
    *ret_value = NULL;
    if (code == CHIMERA_OK && root)
        code = decode(&decoder, root, ret_value);
    chimera_go_yaml_close(&tree);
    return code;
}

int chimera_rego_yaml_unmarshal(const struct chimera_rego_call *call,
                                struct json_object **ret_result)
{
    int code = chimera_rego_want(call, 0, CHIMERA_REGO_STRING);
    return code < 0 ? code : read_yaml(call, ret_result);
}

/* A text that is none is an answer; an account that ended is not. */
int chimera_rego_yaml_is_valid(const struct chimera_rego_call *call,
                               struct json_object **ret_result)
{
    struct json_object *value = NULL;
    int code = CHIMERA_EINVAL;
    if (json_object_is_type(call->args[0], json_type_string))
        code = read_yaml(call, &value);
    json_object_put(value);
    if ((call->account && call->account->failed) || code == CHIMERA_ENOMEM)
        return chimera_rego_no_memory(call);
    return chimera_rego_give_bool(call, code == CHIMERA_OK, ret_result);
}
