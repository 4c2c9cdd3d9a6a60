/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/graphql/schema/load.h"

#include "runtime/rego/builtins/graphql/schema/parts.h"
#include "runtime/rego/builtins/graphql/schema/prelude.h"
#include "runtime/rego/builtins/graphql/syntax/message.h"

/* --- Types and directives, by name --- */

static void add_types(struct chimera_gql_schema *schema, const struct chimera_gql_list *definitions,
                      struct chimera_gql_list *all)
{
    for (uint32_t i = 0; i < definitions->count && chimera_gql_spend(schema->work, 4); i++) {
        struct chimera_gql_definition *type = definitions->items[i];
        void **place = chimera_gql_put(schema->work, &schema->types, type->name);
        if (*place)
            chimera_gql_complain_of_schema(schema->work, type->place, "Cannot redeclare type %.",
                                           type->name);
        *place = type;
        chimera_gql_push(schema->work, all, type);
    }
}

/* What nobody has defined an extension defines. */
static struct chimera_gql_definition *extended(struct chimera_gql_schema *schema,
                                               const struct chimera_gql_definition *extension,
                                               struct chimera_gql_list *all)
{
    void **place = chimera_gql_put(schema->work, &schema->types, extension->name);
    if (!*place) {
        struct chimera_gql_definition *type = chimera_gql_take(schema->work, sizeof(*type));
        type->kind = extension->kind;
        type->name = extension->name;
        type->place = extension->place;
        chimera_gql_push(schema->work, all, type);
        *place = type;
    }
    return *place;
}

static void extend_types(struct chimera_gql_schema *schema,
                         const struct chimera_gql_list *extensions, struct chimera_gql_list *all)
{
    struct chimera_gql_work *work = schema->work;
    for (uint32_t i = 0; i < extensions->count && chimera_gql_spend(work, 4); i++) {
        const struct chimera_gql_definition *extension = extensions->items[i];
        struct chimera_gql_definition *type = extended(schema, extension, all);
        if (!chimera_slice_equal(type->kind, extension->kind))
            chimera_gql_complain_of_schema(
                work, extension->place, "Cannot extend type % because the base type is a %, not %.",
                extension->name, type->kind, extension->kind);
        chimera_gql_push_all(work, &type->directives, &extension->directives);
        chimera_gql_push_all(work, &type->interfaces, &extension->interfaces);
        chimera_gql_push_all(work, &type->fields, &extension->fields);
        chimera_gql_push_all(work, &type->types, &extension->types);
        chimera_gql_push_all(work, &type->enum_values, &extension->enum_values);
    }
}

static void add_possible(struct chimera_gql_schema *schema, struct chimera_slice name,
                         struct chimera_gql_definition *type)
{
    void **place = chimera_gql_put(schema->work, &schema->possible, name);
    if (!*place)
        *place = chimera_gql_take(schema->work, sizeof(struct chimera_gql_list));
    if (type)
        chimera_gql_push(schema->work, *place, type);
}

static void find_possible(struct chimera_gql_schema *schema, const struct chimera_gql_list *all)
{
    for (uint32_t i = 0; i < all->count && chimera_gql_spend(schema->work, 4); i++) {
        struct chimera_gql_definition *type = all->items[i];
        bool is_union = chimera_slice_is(type->kind, "UNION");
        bool is_object =
            chimera_slice_is(type->kind, "OBJECT") || chimera_slice_is(type->kind, "INPUT_OBJECT");
        const struct chimera_gql_list *names = is_union ? &type->types : &type->interfaces;
        if (!is_union && !is_object && !chimera_slice_is(type->kind, "INTERFACE"))
            continue;
        for (uint32_t k = 0; k < names->count && chimera_gql_spend(schema->work, 4); k++) {
            const struct chimera_gql_name *name = names->items[k];
            if (is_union)
                add_possible(schema, type->name, chimera_gql_type_of(schema, name->name));
            else
                add_possible(schema, name->name, type);
        }
        if (is_object)
            add_possible(schema, type->name, type);
    }
}

static void add_directives(struct chimera_gql_schema *schema,
                           const struct chimera_gql_list *definitions)
{
    for (uint32_t i = 0; i < definitions->count && chimera_gql_spend(schema->work, 4); i++) {
        struct chimera_gql_directive_definition *directive = definitions->items[i];
        void **place = chimera_gql_put(schema->work, &schema->directives, directive->name);
        if (*place && !chimera_gql_is_prelude_directive(directive->name))
            chimera_gql_complain_of_schema(schema->work, directive->place,
                                           "Cannot redeclare directive %.", directive->name);
        *place = directive;
    }
}

static void extend_directives(struct chimera_gql_schema *schema,
                              const struct chimera_gql_list *extensions)
{
    for (uint32_t i = 0; i < extensions->count && chimera_gql_spend(schema->work, 4); i++) {
        const struct chimera_gql_directive_definition *extension = extensions->items[i];
        struct chimera_gql_directive_definition *directive =
            chimera_gql_directive_of(schema, extension->name);
        if (directive)
            chimera_gql_push_all(schema->work, &directive->directives, &extension->directives);
        else
            chimera_gql_complain_of_schema(schema->work, extension->place,
                                           "Cannot extend directive @% because it is not defined.",
                                           extension->name);
    }
}

/* --- The types that operations begin with --- */

/* NULL when it is none of the three, as an AST may have it. */
static struct chimera_gql_definition **root_of(struct chimera_gql_schema *schema,
                                               struct chimera_slice operation)
{
    if (chimera_slice_is(operation, "query"))
        return &schema->query;
    if (chimera_slice_is(operation, "mutation"))
        return &schema->mutation;
    return chimera_slice_is(operation, "subscription") ? &schema->subscription : NULL;
}

/* `roots` has what was named before, by operation. */
static void add_roots(struct chimera_gql_schema *schema,
                      const struct chimera_gql_schema_definition *definition,
                      struct chimera_gql_table *roots)
{
    struct chimera_gql_work *work = schema->work;
    for (uint32_t i = 0; i < definition->roots.count && chimera_gql_spend(work, 4); i++) {
        struct chimera_gql_root *root = definition->roots.items[i];
        void **place = chimera_gql_put(work, roots, root->operation);
        if (*place)
            chimera_gql_complain_of_schema(
                work, root->place, "There can be only one % type in schema.", root->operation);
        *place = root;
        struct chimera_gql_definition *type = chimera_gql_type_of(schema, root->type);
        if (!type)
            chimera_gql_complain_of_schema(work, root->place,
                                           "Schema root % refers to a type % that does not exist.",
                                           root->operation, root->type);
        struct chimera_gql_definition **kept = root_of(schema, root->operation);
        if (kept)
            *kept = type;
    }
    chimera_gql_check_directives(
        schema, &definition->directives,
        (struct chimera_gql_directive_place){CHIMERA_SLICE("SCHEMA"), NULL, true});
}

static void find_roots(struct chimera_gql_schema *schema,
                       const struct chimera_gql_schema_document *document,
                       struct chimera_gql_table *roots)
{
    if (document->schemas.count > 1) {
        const struct chimera_gql_schema_definition *second = document->schemas.items[1];
        chimera_gql_complain_of_schema(
            schema->work, second->place,
            "Cannot have multiple schema entry points, consider schema extensions instead.");
    }
    for (uint32_t i = 0; i < document->schemas.count && schema->work->code == CHIMERA_OK; i++)
        add_roots(schema, document->schemas.items[i], roots);
    for (uint32_t i = 0; i < document->schema_extensions.count && schema->work->code == CHIMERA_OK;
         i++)
        add_roots(schema, document->schema_extensions.items[i], roots);
}

/* Those that are not named are found by their types' names, unless a schema is defined; all must be
 * objects. */
static void check_roots(struct chimera_gql_schema *schema, bool is_defined,
                        struct chimera_gql_table *roots)
{
    static const struct {
        const char *operation, *type, *message;
    } kinds[] = {
        {"query", "Query", "Query root type must be Object type, it cannot be %."},
        {"mutation", "Mutation",
         "Mutation root type must be Object type if provided, it cannot be %."},
        {"subscription", "Subscription",
         "Subscription root type must be Object type if provided, it cannot be %."},
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct chimera_slice operation = chimera_slice_of(kinds[i].operation);
        struct chimera_gql_definition **type = root_of(schema, operation);
        if (!*type && !is_defined)
            *type = chimera_gql_type_of(schema, chimera_slice_of(kinds[i].type));
        if (!*type || chimera_slice_is((*type)->kind, "OBJECT"))
            continue;
        const struct chimera_gql_root *root = chimera_gql_get(schema->work, roots, operation);
        chimera_gql_complain_of_schema(schema->work, root ? root->place : (*type)->place,
                                       kinds[i].message, (*type)->name);
    }
}

void chimera_gql_load_schema(struct chimera_gql_work *work,
                             const struct chimera_gql_schema_document *document,
                             struct chimera_gql_schema *ret_schema)
{
    struct chimera_gql_schema *schema = ret_schema;
    struct chimera_gql_list all = {NULL, 0, 0}, types, directives;
    struct chimera_gql_table roots = {NULL, 0, 0};
    *schema = (struct chimera_gql_schema){.work = work};
    const struct chimera_gql_schema_document *prelude = chimera_gql_prelude(work);
    add_types(schema, &prelude->definitions, &all);
    add_types(schema, &document->definitions, &all);
    extend_types(schema, &document->extensions, &all);
    find_possible(schema, &all);
    add_directives(schema, &prelude->directives);
    add_directives(schema, &document->directives);
    extend_directives(schema, &document->directive_extensions);
    find_roots(schema, document, &roots);
    types = chimera_gql_sorted(work, &schema->types);
    for (uint32_t i = 0; i < types.count && work->code == CHIMERA_OK; i++)
        chimera_gql_check_type(schema, types.items[i]);
    chimera_gql_check_input_cycles(schema, &types);
    directives = chimera_gql_sorted(work, &schema->directives);
    for (uint32_t i = 0; i < directives.count && work->code == CHIMERA_OK; i++)
        chimera_gql_check_directive_definition(schema, directives.items[i]);
    check_roots(schema, document->schemas.count > 0, &roots);
    if (schema->query && work->code == CHIMERA_OK) {
        struct chimera_gql_list more = chimera_gql_introspection_fields(work);
        chimera_gql_push_all(work, &schema->query->fields, &more);
    }
}
