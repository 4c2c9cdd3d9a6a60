/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/yaml/node.h"

#include <stdlib.h>

#include "runtime/text/utf8.h"
#include "runtime/yaml/input.h"

#define BLOCK_BYTES ((size_t)16 << 10)
#define EVENT_UNITS 32

/* --- Memory --- */

struct chimera_go_yaml_block {
    struct chimera_go_yaml_block *next;
    max_align_t data[];
};

/* NULL when the account or the heap refuses. */
static void *take(struct chimera_go_yaml_tree *tree, size_t size)
{
    size = (size + 15) & ~(size_t)15;
    if (size > tree->room || !tree->blocks) {
        size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;
        uint64_t bytes = chimera_account_heap(sizeof(*tree->blocks) + room);
        if (chimera_account_take(tree->account, bytes) < 0)
            return NULL;
        tree->bytes += bytes;
        struct chimera_go_yaml_block *block = malloc(sizeof(*block) + room);
        if (!block)
            return NULL;
        block->next = tree->blocks;
        tree->blocks = block;
        tree->room = room;
    }
    tree->room -= size;
    return (char *)tree->blocks->data + tree->room;
}

void chimera_go_yaml_close(struct chimera_go_yaml_tree *tree)
{
    while (tree->blocks) {
        struct chimera_go_yaml_block *block = tree->blocks;
        tree->blocks = block->next;
        free(block);
    }
    chimera_account_give_back(tree->account, tree->bytes);
}

/* --- Reading --- */

struct anchor {
    struct anchor *next;
    const char *name;
    struct chimera_go_yaml_node *node;
};

#define BUCKETS 256

struct reader {
    const struct chimera_rego_call *call;
    struct chimera_go_yaml_tree *tree;
    struct chimera_go_yaml_node *open[CHIMERA_REGO_DEPTH_MAX]; /* from the outermost in */
    size_t depth;
    struct chimera_go_yaml_node *root; /* of the first document */
    bool is_first_done;
    /* For the escape \/, which libyaml knows and go-yaml does not: where in the text a mark is. */
    struct chimera_slice text;
    bool has_odd_escape;
    size_t characters, bytes;
    struct anchor *anchors[BUCKETS]; /* of all documents, the last one of a name in front */
};

static int fail(const struct reader *reader, const char *what)
{
    return chimera_fail(reader->call->err, CHIMERA_EINVAL, "yaml: %s", what);
}

static const char *copy_text(struct reader *reader, const void *text, size_t size)
{
    char *copy = take(reader->tree, size + 1);
    if (!copy)
        return NULL;
    memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

/* "!!int" for "tag:yaml.org,2002:int"; "!" is none. */
static int read_tag(struct reader *reader, const yaml_char_t *tag, const char **ret_tag)
{
    static const char prefix[] = "tag:yaml.org,2002:";
    const char *text = (const char *)tag;
    *ret_tag = NULL;
    if (!text || !*text || strcmp(text, "!") == 0)
        return CHIMERA_OK;
    bool is_core = strncmp(text, prefix, sizeof(prefix) - 1) == 0;
    text += is_core ? sizeof(prefix) - 1 : 0;
    size_t size = strlen(text);
    char *copy = take(reader->tree, size + 3);
    if (!copy)
        return chimera_rego_no_memory(reader->call);
    memcpy(copy, "!!", 2);
    memcpy(copy + (is_core ? 2 : 0), text, size + 1);
    *ret_tag = copy;
    return CHIMERA_OK;
}

static unsigned bucket_of(const char *name)
{
    uint32_t hash = 2166136261u;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return (hash ^ hash >> 16) % BUCKETS;
}

static int remember(struct reader *reader, const yaml_char_t *name,
                    struct chimera_go_yaml_node *node)
{
    if (!name)
        return CHIMERA_OK;
    const char *text = (const char *)name;
    struct anchor *anchor = take(reader->tree, sizeof(*anchor));
    if (!anchor || !(anchor->name = copy_text(reader, text, strlen(text))))
        return chimera_rego_no_memory(reader->call);
    struct anchor **bucket = &reader->anchors[bucket_of(text)];
    anchor->node = node;
    anchor->next = *bucket;
    *bucket = anchor;
    return CHIMERA_OK;
}

static int follow(struct reader *reader, struct chimera_go_yaml_node *alias)
{
    struct anchor *anchor = reader->anchors[bucket_of(alias->text.data)];
    for (; anchor; anchor = anchor->next) {
        if (chimera_account_spend(reader->tree->account, 4) < 0)
            return chimera_rego_no_memory(reader->call);
        if (strcmp(anchor->name, alias->text.data) == 0)
            break;
    }
    if (!anchor)
        return fail(reader, "unknown anchor referenced");
    alias->target = anchor->node;
    return CHIMERA_OK;
}

static int attach(struct reader *reader, struct chimera_go_yaml_node *node)
{
    if (reader->depth == 0) {
        reader->root = reader->is_first_done ? reader->root : node;
        return CHIMERA_OK;
    }
    struct chimera_go_yaml_node *top = reader->open[reader->depth - 1];
    if (top->count == top->capacity) {
        size_t capacity = top->capacity ? 2 * top->capacity : 4;
        void *grown = take(reader->tree, capacity * sizeof(*top->parts));
        if (!grown)
            return chimera_rego_no_memory(reader->call);
        if (top->count)
            memcpy(grown, top->parts, top->count * sizeof(*top->parts));
        top->parts = grown;
        top->capacity = capacity;
    }
    top->parts[top->count++] = node;
    return CHIMERA_OK;
}

static int add_node(struct reader *reader, enum chimera_go_yaml_shape shape,
                    const yaml_char_t *anchor, const yaml_char_t *tag,
                    struct chimera_go_yaml_node **ret_node)
{
    struct chimera_go_yaml_node *node = take(reader->tree, sizeof(*node));
    if (!node)
        return chimera_rego_no_memory(reader->call);
    *node = (struct chimera_go_yaml_node){.shape = shape};
    int code = read_tag(reader, tag, &node->tag);
    if (code == CHIMERA_OK)
        code = remember(reader, anchor, node);
    if (code == CHIMERA_OK)
        code = attach(reader, node);
    *ret_node = node;
    return code;
}

static int open_node(struct reader *reader, enum chimera_go_yaml_shape shape,
                     const yaml_char_t *anchor, const yaml_char_t *tag)
{
    struct chimera_go_yaml_node *node;
    int code = add_node(reader, shape, anchor, tag, &node);
    if (code < 0)
        return code;
    if (reader->depth == CHIMERA_REGO_DEPTH_MAX)
        return chimera_fail(reader->call->err, CHIMERA_ELIMIT, "yaml: exceeded max depth of %d",
                            CHIMERA_REGO_DEPTH_MAX);
    reader->open[reader->depth++] = node;
    return CHIMERA_OK;
}

static int set_text(struct reader *reader, struct chimera_go_yaml_node *node, const void *text,
                    size_t size)
{
    node->text = (struct chimera_slice){copy_text(reader, text, size), size};
    return node->text.data ? CHIMERA_OK : chimera_rego_no_memory(reader->call);
}

/* Goes on to a mark, which counts characters. */
static size_t bytes_at(struct reader *reader, const yaml_mark_t *mark)
{
    while (reader->characters < mark->index && reader->bytes < reader->text.size) {
        size_t size = chimera_utf8_character(chimera_slice_behind(reader->text, reader->bytes));
        reader->bytes += size ? size : 1;
        reader->characters++;
    }
    return reader->bytes;
}

static int check_escapes(struct reader *reader, const yaml_event_t *event)
{
    if (!reader->has_odd_escape || event->data.scalar.style != YAML_DOUBLE_QUOTED_SCALAR_STYLE)
        return CHIMERA_OK;
    size_t at = bytes_at(reader, &event->start_mark), end = bytes_at(reader, &event->end_mark);
    for (; at + 1 < end; at++) {
        if (reader->text.data[at] != '\\')
            continue;
        if (reader->text.data[++at] == '/')
            return fail(reader, "found unknown escape character");
    }
    return chimera_rego_spend(reader->call, end - at);
}

static int take_event(struct reader *reader, const yaml_event_t *event)
{
    struct chimera_go_yaml_node *node;
    const char *name;
    int code = chimera_rego_spend(reader->call, EVENT_UNITS);
    if (code < 0)
        return code;
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        code = check_escapes(reader, event);
        if (code < 0)
            return code;
        code = add_node(reader, CHIMERA_GO_YAML_SCALAR, event->data.scalar.anchor,
                        event->data.scalar.tag, &node);
        node->is_quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        return code < 0
                   ? code
                   : set_text(reader, node, event->data.scalar.value, event->data.scalar.length);
    case YAML_ALIAS_EVENT:
        code = add_node(reader, CHIMERA_GO_YAML_ALIAS, NULL, NULL, &node);
        name = (const char *)event->data.alias.anchor;
        if (code == CHIMERA_OK)
            code = set_text(reader, node, name, strlen(name));
        return code < 0 ? code : follow(reader, node);
    case YAML_SEQUENCE_START_EVENT:
        return open_node(reader, CHIMERA_GO_YAML_SEQUENCE, event->data.sequence_start.anchor,
                         event->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return open_node(reader, CHIMERA_GO_YAML_MAPPING, event->data.mapping_start.anchor,
                         event->data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        reader->depth--;
        return CHIMERA_OK;
    case YAML_DOCUMENT_START_EVENT: {
        /* go-yaml 3 knows version 1.1 only. */
        const yaml_version_directive_t *version = event->data.document_start.version_directive;
        return version && (version->major != 1 || version->minor != 1)
                   ? fail(reader, "found incompatible YAML document")
                   : CHIMERA_OK;
    }
    case YAML_DOCUMENT_END_EVENT:
        reader->is_first_done = true;
        return CHIMERA_OK;
    default:
        return CHIMERA_OK;
    }
}

static int read_events(struct reader *reader, yaml_parser_t *parser)
{
    bool is_end = false;
    int code = CHIMERA_OK;
    while (!is_end && code == CHIMERA_OK) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) {
            if (parser->error == YAML_MEMORY_ERROR ||
                (reader->tree->account && reader->tree->account->failed))
                return chimera_rego_no_memory(reader->call);
            return chimera_fail(reader->call->err, CHIMERA_EINVAL, "yaml: line %zu: %s",
                                parser->problem_mark.line + 1,
                                parser->problem ? parser->problem : "it is no YAML");
        }
        is_end = event.type == YAML_STREAM_END_EVENT;
        code = take_event(reader, &event);
        yaml_event_delete(&event);
    }
    return code;
}

int chimera_go_yaml_read(const struct chimera_rego_call *call, struct chimera_slice text,
                         struct chimera_go_yaml_tree *ret_tree,
                         struct chimera_go_yaml_node **ret_root)
{
    yaml_parser_t parser;
    struct chimera_yaml_input input = {.rest = text.data ? text : CHIMERA_SLICE(""),
                                       .account = call->account};
    *ret_tree = (struct chimera_go_yaml_tree){.account = call->account};
    struct reader *reader = take(ret_tree, sizeof(*reader));
    if (!reader)
        return chimera_rego_no_memory(call);
    *reader =
        (struct reader){.call = call,
                        .tree = ret_tree,
                        .text = text,
                        .has_odd_escape = text.size && memmem(text.data, text.size, "\\/", 2)};
    if (chimera_yaml_input_open(&input, &parser) < 0) {
        chimera_yaml_input_close(&input);
        return chimera_rego_no_memory(call);
    }
    int code = read_events(reader, &parser);
    yaml_parser_delete(&parser);
    chimera_yaml_input_close(&input);
    *ret_root = reader->root;
    return code;
}
