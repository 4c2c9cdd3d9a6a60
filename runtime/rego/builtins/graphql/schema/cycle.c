/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/graphql/schema/parts.h"
#include "runtime/rego/builtins/graphql/syntax/message.h"

/* The way from an input to what it must hold. */
struct step {
    const struct step *before;
    const struct chimera_gql_definition *type;
    const struct chimera_gql_field_definition *field; /* the one that is being followed */
};

static void write_way(const struct step *step, const struct chimera_gql_definition *from,
                      struct chimera_buffer *out)
{
    if (step->type != from) {
        write_way(step->before, from, out);
        chimera_buffer_byte(out, '.');
    }
    chimera_buffer_append(out, step->field->name);
}

static void complain(struct chimera_gql_schema *schema, const struct step *last,
                     const struct step *first)
{
    struct chimera_buffer way;
    chimera_gql_message_open(&way);
    write_way(last, first->type, &way);
    chimera_gql_complain_of_schema(schema->work, first->field->place,
                                   "Cannot reference Input Object \"%\" within itself through a "
                                   "series of non-null fields: \"%\".",
                                   first->type->name, chimera_gql_message_keep(schema->work, &way));
}

static void follow(struct chimera_gql_schema *schema, const struct step *before,
                   const struct chimera_gql_definition *type, struct chimera_gql_table *visited)
{
    struct chimera_gql_work *work = schema->work;
    struct step step = {.before = before, .type = type};
    if (chimera_gql_seen(work, visited, type->name) || !chimera_gql_enter(work))
        return;
    for (uint32_t i = 0; i < type->fields.count && chimera_gql_spend(work, 2); i++) {
        const struct step *same = &step;
        step.field = type->fields.items[i];
        /* What may be null, and any list, ends the chain. */
        if (!step.field->type->is_non_null || step.field->type->name.size == 0)
            continue;
        const struct chimera_gql_definition *next =
            chimera_gql_type_of(schema, step.field->type->name);
        if (!next || !chimera_slice_is(next->kind, "INPUT_OBJECT"))
            continue;
        while (same && same->type != next)
            same = same->before;
        if (same)
            complain(schema, &step, same);
        else
            follow(schema, &step, next, visited);
    }
    work->depth--;
}

void chimera_gql_check_input_cycles(struct chimera_gql_schema *schema,
                                    const struct chimera_gql_list *types)
{
    struct chimera_gql_table visited = {NULL, 0, 0};
    for (uint32_t i = 0; i < types->count && chimera_gql_spend(schema->work, 1); i++) {
        const struct chimera_gql_definition *type = types->items[i];
        if (chimera_slice_is(type->kind, "INPUT_OBJECT"))
            follow(schema, NULL, type, &visited);
    }
}
