/* SPDX-License-Identifier: Apache-2.0 */
/* parse.c - a text's document or documents, by the builder of yaml.c. */
#include "runtime/yaml/yaml.h"

#include <stdlib.h>

#include "runtime/base/cleanup.h"
#include "runtime/json/node.h"
#include "runtime/json/tree.h"
#include "runtime/yaml/builder.h"

/* serde_yaml's own limit: so many aliases may be followed per event of the document. */
#define JUMPS_PER_EVENT 100

static int check_end(struct builder *builder)
{
    yaml_event_t event;
    bool is_end =
        yaml_parser_parse(&builder->parser, &event) && event.type == YAML_STREAM_END_EVENT;
    if (builder->parser.error == YAML_NO_ERROR)
        yaml_event_delete(&event);
    if (builder->account && builder->account->failed)
        return yaml_fail_memory(builder);
    if (is_end)
        return CHIMERA_OK;
    if (builder->problems)
        chimera_problems_add(builder->problems, builder->parser.mark.line + 1, 1, "",
                             "expected one document, found another behind it; one map holds all, "
                             "without ---");
    return chimera_fail(builder->err, CHIMERA_EINVAL,
                        "deserializing from YAML containing more than one document is not "
                        "supported");
}

static int read_one(struct builder *builder, yaml_event_type_t *ret_last)
{
    int code = yaml_begin_document(builder);
    if (code == CHIMERA_OK)
        code = yaml_read_document(builder, ret_last);
    if (code < 0 || builder->jumps <= JUMPS_PER_EVENT * builder->events)
        return code;
    return yaml_fail_place(builder, CHIMERA_ELIMIT, "repetition limit exceeded", NULL);
}

static int build(struct builder *builder)
{
    yaml_event_type_t last = YAML_NO_EVENT;
    int code = read_one(builder, &last);
    if (code < 0)
        return code;
    if (last == YAML_DOCUMENT_END_EVENT)
        return check_end(builder);
    if (!builder->options->empty_is_map)
        return CHIMERA_OK;
    builder->root = chimera_node_object(builder->account);
    return builder->root ? CHIMERA_OK : yaml_fail_memory(builder);
}

/* The root becomes a list of the documents: of one that is null where there is none. */
static int build_stream(struct builder *builder)
{
    yaml_event_type_t last = YAML_NO_EVENT;
    CHIMERA_JSON struct json_object *list = json_object_new_array();
    if (!list)
        return yaml_fail_memory(builder);
    for (;;) {
        int code = read_one(builder, &last);
        if (code < 0)
            return code;
        if (last == YAML_STREAM_END_EVENT && json_object_array_length(list) > 0)
            break;
        if (json_object_array_add(list, builder->root) != 0)
            return yaml_fail_memory(builder);
        builder->root = NULL; /* now the list's */
        if (last == YAML_STREAM_END_EVENT)
            break;
    }
    builder->root = json_object_get(list);
    return CHIMERA_OK;
}

static int read_text(struct builder *builder, struct json_object **ret_tree)
{
    if (chimera_yaml_input_open(&builder->input, &builder->parser) < 0)
        return yaml_fail_memory(builder);
    int code = builder->options->is_stream ? build_stream(builder) : build(builder);
    if (code == CHIMERA_OK) {
        *ret_tree = builder->root;
        builder->root = NULL; /* now the caller's */
    }
    return code;
}

static int parse(struct chimera_slice text, const struct chimera_yaml_options *options,
                 struct chimera_problems *problems, struct json_object **ret_tree,
                 struct chimera_error *err)
{
    CHIMERA_FREE struct builder *builder = calloc(1, sizeof(*builder));
    if (!builder)
        return chimera_fail(err, CHIMERA_ENOMEM, "out of memory while parsing YAML");
    builder->text = text;
    builder->options = options;
    builder->account = options->account;
    builder->input = (struct chimera_yaml_input){.rest = text.data ? text : CHIMERA_SLICE(""),
                                                 .account = options->account};
    builder->problems = problems;
    builder->err = err;
    int code = read_text(builder, ret_tree);
    yaml_free_builder(builder);
    return code;
}

int chimera_yaml_parse(struct chimera_slice text, const struct chimera_yaml_options *options,
                       struct json_object **ret_tree, struct chimera_error *err)
{
    struct chimera_error unused = {0};
    return parse(text, options, NULL, ret_tree, err ? err : &unused);
}

int chimera_yaml_check(struct chimera_slice text, const struct chimera_yaml_options *options,
                       struct json_object **ret_tree, struct chimera_problems *problems)
{
    struct chimera_error why = {0};
    int code = parse(text, options, problems, ret_tree, &why);
    if (code == CHIMERA_ENOMEM)
        chimera_problems_add(problems, 0, 0, "", why.text);
    return code;
}
