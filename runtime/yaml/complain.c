/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with a YAML text, in serde_yaml's words, or in ours for who wants to know all of
 * it. */
#include "runtime/yaml/builder.h"

#include <stdio.h>

#include "runtime/json/node.h"

static void print_mark(struct chimera_buffer *out, const yaml_mark_t *mark)
{
    if (mark->line || mark->column)
        chimera_buffer_print(out, " at line %zu column %zu", mark->line + 1, mark->column + 1);
}

static int fail_with(struct builder *builder, int code, const struct chimera_buffer *text)
{
    return chimera_fail(builder->err, code, "%.*s", (int)text->size, text->data ? text->data : "");
}

/* "spec.rules[2].verbs"; nothing for the root. The two differ in how they write an element of a
 * list that is the root. */
static void print_path(const struct builder *builder, bool is_ours, struct chimera_buffer *out)
{
    for (size_t i = 0; i < builder->depth; i++) {
        const struct frame *frame = &builder->frames[i];
        if (json_object_is_type(frame->node, json_type_array))
            chimera_buffer_print(out, "%s[%zu]", i || is_ours ? "" : ".", frame->length);
        else if (frame->key)
            chimera_buffer_print(out, "%s%s", i ? "." : "", frame->key);
    }
}

static void note(struct builder *builder, const char *key, const yaml_mark_t *mark,
                 const char *text)
{
    struct chimera_buffer where;
    chimera_buffer_init(&where, sizeof(builder->err->text));
    print_path(builder, true, &where);
    if (key)
        chimera_buffer_print(&where, "%s%s", where.size ? "." : "", key);
    chimera_buffer_byte(&where, '\0');
    chimera_problems_add(builder->problems, mark->line + 1, mark->column + 1,
                         where.failed ? "" : where.data, text);
    chimera_buffer_free(&where);
}

static void note_syntax(struct builder *builder, const char *problem, const char *context)
{
    const yaml_parser_t *parser = &builder->parser;
    yaml_mark_t mark = parser->problem_mark;
    char text[sizeof(builder->err->text)];
    bool has_mark = mark.line || mark.column;
    for (size_t i = 0; !has_mark && i < parser->problem_offset && i < builder->text.size; i++) {
        bool is_end = builder->text.data[i] == '\n';
        mark.column = is_end ? 0 : mark.column + 1;
        mark.line += is_end;
    }
    snprintf(text, sizeof(text), "%s%s", problem, context);
    note(builder, NULL, &mark, text);
}

/* libyaml's own complaint, in the order in which serde_yaml prints its parts. */
int yaml_fail_syntax(struct builder *builder)
{
    const yaml_parser_t *parser = &builder->parser;
    if (parser->error == YAML_MEMORY_ERROR || (builder->account && builder->account->failed))
        return yaml_fail_memory(builder);
    struct chimera_buffer text, context;
    chimera_buffer_init(&text, sizeof(builder->err->text));
    chimera_buffer_init(&context, sizeof(builder->err->text));
    const yaml_mark_t *at = &parser->problem_mark, *context_at = &parser->context_mark;
    const char *problem =
        parser->problem ? parser->problem : "libyaml parser failed but there is no error";
    if (parser->context) {
        chimera_buffer_print(&context, ", %s", parser->context);
        if (context_at->line != at->line || context_at->column != at->column)
            print_mark(&context, context_at);
    }
    chimera_buffer_byte(&context, '\0');
    const char *behind = context.failed ? "" : context.data;
    chimera_buffer_text(&text, problem);
    if (at->line || at->column)
        print_mark(&text, at);
    else if (parser->problem_offset)
        chimera_buffer_print(&text, " at position %zu", parser->problem_offset);
    chimera_buffer_text(&text, behind);
    int code = fail_with(builder, CHIMERA_EINVAL, &text);
    if (builder->problems)
        note_syntax(builder, problem, behind);
    chimera_buffer_free(&context);
    chimera_buffer_free(&text);
    return code;
}

int yaml_complain(struct builder *builder, const struct yaml_complaint *complaint)
{
    if (!builder->problems) {
        /* As serde_yaml words it: path, text, place. */
        const char *detail = complaint->detail;
        struct chimera_buffer text;
        chimera_buffer_init(&text, sizeof(builder->err->text));
        print_path(builder, false, &text);
        chimera_buffer_print(&text, "%s%s%s%s%s", text.size ? ": " : "", complaint->what,
                             detail ? " `" : "", detail ? detail : "", detail ? "`" : "");
        print_mark(&text, &complaint->mark);
        if (text.failed) { /* a path of absurd length: do without it */
            chimera_buffer_reset(&text);
            chimera_buffer_text(&text, complaint->what);
            print_mark(&text, &complaint->mark);
        }
        int code = fail_with(builder, CHIMERA_EREFUSED, &text);
        chimera_buffer_free(&text);
        return code;
    }
    note(builder, complaint->key, complaint->key_mark ? complaint->key_mark : &complaint->mark,
         complaint->ours);
    return YAML_NOTED;
}

/* Without a path, for what serde_yaml finds out before it looks at values. */
int yaml_fail_place(struct builder *builder, int code, const char *what, const yaml_mark_t *mark)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, sizeof(builder->err->text));
    chimera_buffer_text(&text, what);
    if (mark)
        print_mark(&text, mark);
    code = fail_with(builder, code, &text);
    chimera_buffer_free(&text);
    if (builder->problems)
        note(builder, NULL, mark ? mark : &builder->parser.mark, what);
    return code;
}

int yaml_fail_memory(struct builder *builder)
{
    int code = chimera_node_failure(builder->account);
    return code == CHIMERA_ENOMEM
               ? chimera_fail(builder->err, code, "out of memory while parsing YAML")
               : chimera_fail(builder->err, code, "%s", chimera_account_text(builder->account));
}
