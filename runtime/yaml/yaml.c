/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/yaml/yaml.h"

#include <limits.h>
#include <math.h>

#include "runtime/base/cleanup.h"
#include "runtime/json/node.h"
#include "runtime/json/tree.h"
#include "runtime/yaml/builder.h"
#include "runtime/yaml/scalar.h"

/* What copies made for aliases may take together, so that a small text cannot fill the memory. */
#define COPIES_MAX ((size_t)64 << 20)
#define EVENT_UNITS 32

static void free_anchors(struct builder *builder)
{
    for (size_t i = 0; i < builder->anchor_count; i++) {
        free(builder->anchors[i].name);
        free(builder->anchors[i].key);
        json_object_put(builder->anchors[i].tree);
    }
    json_object_put(builder->names);
    builder->anchor_count = 0;
    builder->names = NULL;
}

void yaml_free_builder(struct builder *builder)
{
    for (size_t i = 0; i < builder->depth; i++) {
        json_object_put(builder->frames[i].node);
        free(builder->frames[i].key);
    }
    free_anchors(builder);
    free(builder->anchors);
    json_object_put(builder->root);
    yaml_parser_delete(&builder->parser);
    chimera_yaml_input_close(&builder->input);
}

int yaml_begin_document(struct builder *builder)
{
    free_anchors(builder);
    builder->events = builder->jumps = builder->copied = 0;
    builder->names = json_object_new_object();
    return builder->names ? CHIMERA_OK : yaml_fail_memory(builder);
}

/* A copy as a C string: json-c's keys are such. */
static int copy_key(struct builder *builder, struct chimera_slice text, const yaml_mark_t *mark,
                    char **ret_key)
{
    const struct yaml_complaint complaint = {.what = "a key holds a NUL character",
                                             .mark = *mark,
                                             .ours = "a key here holds a NUL character"};
    if (memchr(text.data, '\0', text.size)) {
        int code = yaml_complain(builder, &complaint);
        if (code < 0)
            return code;
    }
    char *key = strndup(text.data, text.size); /* up to the NUL */
    if (!key)
        return yaml_fail_memory(builder);
    *ret_key = key;
    return CHIMERA_OK;
}

/* Takes `tree` into the collection on top, or makes it the root. */
static int attach(struct builder *builder, struct json_object *tree, struct extent extent)
{
    if (builder->depth == 0) {
        builder->root = tree;
        return CHIMERA_OK;
    }
    struct frame *top = &builder->frames[builder->depth - 1];
    int code;
    if (top->key) {
        code = chimera_node_add(builder->account, top->node, top->key, tree);
        top->extent.bytes += chimera_node_key_bytes(strlen(top->key));
        free(top->key);
        top->key = NULL;
    } else {
        code = chimera_node_append(builder->account, top->node, tree);
    }
    if (code < 0)
        return yaml_fail_memory(builder);
    top->length++;
    top->extent.bytes += extent.bytes;
    top->extent.jumps += extent.jumps;
    if (top->extent.height < extent.height + 1)
        top->extent.height = extent.height + 1;
    return CHIMERA_OK;
}

static bool wants_key(const struct builder *builder)
{
    const struct frame *top = builder->depth ? &builder->frames[builder->depth - 1] : NULL;
    return top && json_object_is_type(top->node, json_type_object) && !top->key;
}

static bool is_listed(const char *const *keys, const char *key)
{
    for (; keys && *keys; keys++)
        if (strcmp(*keys, key) == 0)
            return true;
    return false;
}

/* Takes `key` on every path. */
static int set_key(struct builder *builder, char *key, const yaml_mark_t *mark)
{
    static const char ours[] = "the key is given twice; write it once";
    struct frame *top = &builder->frames[builder->depth - 1];
    bool must_be_new = builder->options->duplicate_keys_fail ||
                       (builder->depth == 1 && is_listed(builder->options->single_top_keys, key)) ||
                       (builder->depth == 2 && is_listed(builder->options->single_keys, key));
    if (must_be_new && json_object_object_get_ex(top->node, key, NULL)) {
        const struct yaml_complaint complaint = {.what = "duplicate field",
                                                 .detail = key,
                                                 .mark = top->start,
                                                 .ours = ours,
                                                 .key = key,
                                                 .key_mark = mark};
        int code = yaml_complain(builder, &complaint);
        if (code < 0) {
            free(key);
            return code;
        }
    }
    top->key = key;
    return CHIMERA_OK;
}

/* Remembers a node's anchor; its tree follows when it is complete. */
static int open_anchor(struct builder *builder, const yaml_char_t *name, ssize_t *ret_index)
{
    if (builder->anchor_count == builder->anchor_capacity) {
        size_t capacity = builder->anchor_capacity ? 2 * builder->anchor_capacity : 8;
        struct anchor *grown =
            chimera_yaml_input_take(&builder->input,
                                    chimera_account_heap(capacity * sizeof(*grown))) < 0
                ? NULL
                : realloc(builder->anchors, capacity * sizeof(*grown));
        if (!grown)
            return yaml_fail_memory(builder);
        builder->anchors = grown;
        builder->anchor_capacity = capacity;
    }
    struct anchor *anchor = &builder->anchors[builder->anchor_count];
    *anchor = (struct anchor){.name = strdup((const char *)name)};
    if (!anchor->name)
        return yaml_fail_memory(builder);
    int64_t count = (int64_t)builder->anchor_count++;
    struct chimera_account_mark before = chimera_account_mark(builder->account);
    struct json_object *index = chimera_node_int64(builder->account, count);
    if (!index || chimera_node_add(builder->account, builder->names, anchor->name, index) < 0)
        return yaml_fail_memory(builder);
    if (builder->account)
        builder->input.scratch +=
            builder->account->bytes - before.bytes; /* the names do not stay */
    *ret_index = count;
    return CHIMERA_OK;
}

static void close_anchor(struct builder *builder, ssize_t index, struct json_object *tree,
                         struct extent extent)
{
    if (index < 0)
        return;
    struct anchor *anchor = &builder->anchors[index];
    anchor->tree = json_object_get(tree);
    anchor->extent = extent;
    anchor->is_done = true;
}

/* For a key that cannot be one, where the reading goes on. */
static int set_substitute(struct builder *builder)
{
    struct frame *top = &builder->frames[builder->depth - 1];
    top->key = strdup("?");
    return top->key ? CHIMERA_OK : yaml_fail_memory(builder);
}

/* serde_json words it differently for the first key. The collection is passed over. */
static int refuse_key(struct builder *builder, const yaml_mark_t *mark, bool is_map)
{
    const struct frame *top = &builder->frames[builder->depth - 1];
    char text[80];
    snprintf(text, sizeof(text), "invalid type: %s, expected a string%s",
             is_map ? "map" : "sequence", top->length ? "" : " key");
    const struct yaml_complaint complaint = {
        .what = text,
        .mark = *mark,
        .ours = is_map ? "expected a text as key, found a map; a text in {…} needs quotes"
                       : "expected a text as key, found a list; a text in […] needs quotes"};
    int code = yaml_complain(builder, &complaint);
    if (code == YAML_NOTED)
        builder->skipped = 1;
    return code < 0 ? code : CHIMERA_OK;
}

/* A local tag stands for a type of the program's own: there are none. */
static int refuse_tag(struct builder *builder, const char *tag, const yaml_mark_t *mark)
{
    char ours[160];
    snprintf(ours, sizeof(ours),
             "the tag %.60s means nothing here; expected a value without a tag (text that begins "
             "with ! needs quotes)",
             tag);
    const struct yaml_complaint complaint = {
        .what = "invalid type: enum, expected any valid JSON value", .mark = *mark, .ours = ours};
    return yaml_complain(builder, &complaint);
}

static int start_collection(struct builder *builder, const yaml_event_t *event, bool is_map,
                            const yaml_char_t *name, const yaml_char_t *tag)
{
    if (wants_key(builder))
        return refuse_key(builder, &event->start_mark, is_map);
    int code =
        tag && tag[0] == '!' ? refuse_tag(builder, (const char *)tag, &event->start_mark) : 0;
    if (code < 0)
        return code;
    if (builder->depth == YAML_DEPTH_MAX)
        return yaml_fail_place(builder, CHIMERA_ELIMIT, "recursion limit exceeded",
                               &event->start_mark);
    ssize_t anchor = -1;
    code = name ? open_anchor(builder, name, &anchor) : CHIMERA_OK;
    if (code < 0)
        return code;
    struct json_object *node =
        is_map ? chimera_node_object(builder->account) : chimera_node_array(builder->account);
    if (!node)
        return yaml_fail_memory(builder);
    builder->frames[builder->depth++] = (struct frame){
        .node = node, .start = event->start_mark, .anchor = anchor, .extent = {.height = 1}};
    return CHIMERA_OK;
}

static int refuse_number(struct builder *builder, struct chimera_slice text,
                         const yaml_mark_t *mark)
{
    char ours[200];
    snprintf(ours, sizeof(ours),
             "the number %.*s does not fit into 64 bits; a text of these digits needs quotes",
             text.size < 50 ? (int)text.size : 50, text.data);
    const struct yaml_complaint complaint = {
        .what = "JSON number out of range", .mark = *mark, .ours = ours};
    int code = yaml_complain(builder, &complaint);
    return code < 0 ? code : CHIMERA_OK; /* null stands for it */
}

static int make_tree(struct builder *builder, const struct chimera_scalar *scalar,
                     struct chimera_slice text, const yaml_mark_t *mark,
                     struct json_object **ret_tree)
{
    struct json_object *tree = NULL;
    switch (scalar->kind) {
    case CHIMERA_SCALAR_NULL:
        *ret_tree = NULL;
        return CHIMERA_OK;
    case CHIMERA_SCALAR_BOOLEAN:
        tree = chimera_node_boolean(builder->account, scalar->as.boolean);
        break;
    case CHIMERA_SCALAR_UNSIGNED:
        tree = scalar->as.u64 <= INT64_MAX
                   ? chimera_node_int64(builder->account, (int64_t)scalar->as.u64)
                   : chimera_node_uint64(builder->account, scalar->as.u64);
        break;
    case CHIMERA_SCALAR_SIGNED:
        tree = chimera_node_int64(builder->account, scalar->as.i64);
        break;
    case CHIMERA_SCALAR_HUGE:
        *ret_tree = NULL;
        return refuse_number(builder, text, mark);
    case CHIMERA_SCALAR_DOUBLE:
        if (!isfinite(scalar->as.f64)) { /* JSON has none */
            *ret_tree = NULL;
            return CHIMERA_OK;
        }
        tree = chimera_node_double(builder->account, scalar->as.f64);
        break;
    case CHIMERA_SCALAR_STRING:
        tree = chimera_node_string(builder->account, text);
        break;
    }
    if (!tree)
        return yaml_fail_memory(builder);
    *ret_tree = tree;
    return CHIMERA_OK;
}

static int refuse_tagged(struct builder *builder, const char *wanted, struct chimera_slice text,
                         const yaml_mark_t *mark)
{
    struct chimera_buffer what, ours;
    chimera_buffer_init(&what, sizeof(builder->err->text));
    chimera_buffer_init(&ours, sizeof(builder->err->text));
    chimera_buffer_text(&what, "invalid value: string ");
    chimera_json_write_string(text, &what);
    chimera_buffer_print(&what, ", expected %s", wanted);
    chimera_buffer_byte(&what, '\0');
    chimera_buffer_print(&ours, "expected %s behind the tag, found ", wanted);
    chimera_json_write_string(text, &ours);
    chimera_buffer_byte(&ours, '\0');
    const struct yaml_complaint complaint = {
        .what = what.failed ? "invalid value" : what.data,
        .mark = *mark,
        .ours = ours.failed ? "the value is not what its tag says" : ours.data};
    int code = yaml_complain(builder, &complaint);
    chimera_buffer_free(&what);
    chimera_buffer_free(&ours);
    return code < 0 ? code : CHIMERA_OK;
}

/* "tag:yaml.org,2002:int" and its like demand their form; any other global tag makes a string. */
static int resolve_tagged(struct builder *builder, const char *tag, struct chimera_slice text,
                          const yaml_mark_t *mark, struct chimera_scalar *ret_scalar)
{
    static const char prefix[] = "tag:yaml.org,2002:";
    const char *name = strncmp(tag, prefix, sizeof(prefix) - 1) ? "" : tag + sizeof(prefix) - 1;
    const char *wanted = NULL;
    struct chimera_scalar scalar = {CHIMERA_SCALAR_STRING, {.u64 = 0}};
    if (!strcmp(name, "bool")) {
        scalar.kind = CHIMERA_SCALAR_BOOLEAN;
        wanted = chimera_scalar_boolean(text, &scalar.as.boolean) ? NULL : "a boolean";
    } else if (!strcmp(name, "int")) {
        wanted = chimera_scalar_integer(text, &scalar) ? NULL : "an integer";
    } else if (!strcmp(name, "float")) {
        scalar.kind = CHIMERA_SCALAR_DOUBLE;
        wanted = chimera_scalar_double(text, &scalar.as.f64) ? NULL : "a float";
    } else if (!strcmp(name, "null")) {
        scalar.kind = CHIMERA_SCALAR_NULL;
        wanted = chimera_scalar_null(text) ? NULL : "null";
    }
    *ret_scalar = scalar;
    return wanted ? refuse_tagged(builder, wanted, text, mark) : CHIMERA_OK;
}

static int read_key(struct builder *builder, const yaml_event_t *event, struct chimera_slice text)
{
    bool is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    int code = CHIMERA_OK;
    if (builder->options->string_keys_only && builder->depth > 1 && is_plain &&
        chimera_scalar_resolve(text).kind != CHIMERA_SCALAR_STRING) {
        char shown[80];
        snprintf(shown, sizeof(shown), "%.*s", text.size < 60 ? (int)text.size : 60, text.data);
        const struct yaml_complaint complaint = {
            .what = "a key that is no string; put it in quotes",
            .mark = event->start_mark,
            .ours = "expected a text as key, found a number, truth value or null; put it in quotes",
            .key = shown};
        code = yaml_complain(builder, &complaint);
    }
    char *key;
    if (code >= 0)
        code = copy_key(builder, text, &event->start_mark, &key);
    return code < 0 ? code : set_key(builder, key, &event->start_mark);
}

static int read_value(struct builder *builder, const yaml_event_t *event, struct chimera_slice text,
                      struct json_object **ret_tree)
{
    bool is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    const char *tag = (const char *)event->data.scalar.tag;
    struct chimera_scalar scalar = {CHIMERA_SCALAR_STRING, {.u64 = 0}};
    if (tag && tag[0] == '!' && !builder->options->keeps_texts) {
        *ret_tree = NULL;
        int code = refuse_tag(builder, tag, &event->start_mark);
        return code < 0 ? code : CHIMERA_OK;
    }
    if (builder->options->keeps_texts) {
        bool is_text = tag && (tag[0] == '!' || strcmp(tag, YAML_STR_TAG) == 0);
        struct chimera_buffer kept;
        chimera_buffer_init(&kept, text.size + 1);
        chimera_buffer_byte(&kept, is_plain && !is_text ? YAML_KEPT_PLAIN : YAML_KEPT_TEXT);
        chimera_buffer_append(&kept, text);
        *ret_tree =
            kept.failed ? NULL : chimera_node_string(builder->account, chimera_buffer_slice(&kept));
        chimera_buffer_free(&kept);
        return *ret_tree ? CHIMERA_OK : yaml_fail_memory(builder);
    }
    if (tag) {
        int code = resolve_tagged(builder, tag, text, &event->start_mark, &scalar);
        if (code < 0)
            return code;
    } else if (is_plain) {
        scalar = chimera_scalar_resolve(text);
    }
    return make_tree(builder, &scalar, text, &event->start_mark, ret_tree);
}

static int read_scalar(struct builder *builder, const yaml_event_t *event)
{
    struct chimera_slice text = {(const char *)event->data.scalar.value, event->data.scalar.length};
    if (text.size > INT_MAX)
        return yaml_fail_place(builder, CHIMERA_ELIMIT, "a scalar is too long", &event->start_mark);
    bool is_key = wants_key(builder);
    struct extent extent = {0};
    struct json_object *tree = NULL;
    ssize_t index = -1;
    int code = CHIMERA_OK;
    if (event->data.scalar.anchor) {
        code = open_anchor(builder, event->data.scalar.anchor, &index);
        if (code == CHIMERA_OK && !memchr(text.data, '\0', text.size))
            builder->anchors[index].key = strndup(text.data, text.size);
    }
    if (code == CHIMERA_OK && (!is_key || index >= 0))
        code = read_value(builder, event, text, &tree);
    if (code < 0)
        return code;
    extent.bytes = chimera_node_bytes(tree);
    close_anchor(builder, index, tree, extent);
    if (!is_key)
        return attach(builder, tree, extent);
    json_object_put(tree);
    return read_key(builder, event, text);
}

static int copy_anchor(struct builder *builder, const struct anchor *anchor)
{
    struct extent extent = anchor->extent;
    extent.jumps++;
    builder->copied += extent.bytes;
    builder->jumps += extent.jumps;
    if (builder->copied > COPIES_MAX)
        return yaml_fail_place(builder, CHIMERA_ELIMIT, "repetition limit exceeded", NULL);
    struct json_object *copy = NULL;
    if (!chimera_node_copy(builder->account, anchor->tree, &copy))
        return yaml_fail_memory(builder);
    return attach(builder, copy, extent);
}

static int read_alias(struct builder *builder, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    struct json_object *index;
    if (!json_object_object_get_ex(builder->names, name, &index))
        return yaml_fail_place(builder, CHIMERA_EINVAL, "unknown anchor", &event->start_mark);
    const struct anchor *anchor = &builder->anchors[json_object_get_int64(index)];
    if (!anchor->is_done || builder->depth + anchor->extent.height > YAML_DEPTH_MAX)
        return yaml_fail_place(builder, CHIMERA_ELIMIT, "recursion limit exceeded",
                               &event->start_mark);
    if (!wants_key(builder))
        return copy_anchor(builder, anchor);
    if (!anchor->key) {
        const struct yaml_complaint complaint = {
            .what = "an alias of a collection is used as a key",
            .mark = event->start_mark,
            .ours = "expected a text as key, found an alias of a list or map"};
        int code = yaml_complain(builder, &complaint);
        return code < 0 ? code : set_substitute(builder);
    }
    char *key = strdup(anchor->key);
    return key ? set_key(builder, key, &event->start_mark) : yaml_fail_memory(builder);
}

static int take_event(struct builder *builder, const yaml_event_t *event)
{
    builder->events++;
    if (chimera_account_spend(builder->account, EVENT_UNITS) < 0)
        return yaml_fail_memory(builder);
    if (builder->skipped) {
        /* Events of a collection that is passed over. */
        if (event->type == YAML_SEQUENCE_START_EVENT || event->type == YAML_MAPPING_START_EVENT)
            builder->skipped++;
        else if (event->type == YAML_SEQUENCE_END_EVENT || event->type == YAML_MAPPING_END_EVENT)
            builder->skipped--;
        return builder->skipped ? CHIMERA_OK : set_substitute(builder);
    }
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return read_scalar(builder, event);
    case YAML_ALIAS_EVENT:
        return read_alias(builder, event);
    case YAML_SEQUENCE_START_EVENT:
        return start_collection(builder, event, false, event->data.sequence_start.anchor,
                                event->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return start_collection(builder, event, true, event->data.mapping_start.anchor,
                                event->data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:;
        struct frame done = builder->frames[--builder->depth];
        done.extent.bytes += chimera_node_bytes(done.node);
        close_anchor(builder, done.anchor, done.node, done.extent);
        return attach(builder, done.node, done.extent);
    default: /* stream and document marks */
        builder->events--;
        return CHIMERA_OK;
    }
}

int yaml_read_document(struct builder *builder, yaml_event_type_t *ret_last)
{
    for (;;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&builder->parser, &event))
            return yaml_fail_syntax(builder);
        yaml_event_type_t type = event.type;
        int code = take_event(builder, &event);
        yaml_event_delete(&event);
        if (code < 0)
            return code;
        if (type == YAML_DOCUMENT_END_EVENT || type == YAML_STREAM_END_EVENT) {
            *ret_last = type;
            return CHIMERA_OK;
        }
    }
}
