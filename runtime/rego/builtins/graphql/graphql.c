/* SPDX-License-Identifier: Apache-2.0 */
/* graphql.*: as OPA has them from gqlparser. */
#include "runtime/rego/arguments.h"
#include "runtime/rego/builtins/graphql/rules/validate.h"
#include "runtime/rego/builtins/graphql/schema/load.h"
#include "runtime/rego/builtins/graphql/syntax/json.h"
#include "runtime/rego/builtins/graphql/syntax/parse.h"

/* Ends the work, and the builtin with the AST that it made, or with why there is none. */
static int finish(struct chimera_gql_work *work, struct json_object *ast,
                  struct json_object **ret_result)
{
    int code = work->code;
    chimera_gql_close(work);
    if (code == CHIMERA_OK)
        *ret_result = ast;
    return code;
}

int chimera_rego_graphql_parse_query(const struct chimera_rego_call *call,
                                     struct json_object **ret_result)
{
    struct chimera_gql_work work;
    struct chimera_slice text;
    int code = chimera_rego_want_string(call, 0, &text);
    if (code < 0)
        return code;
    chimera_gql_open(&work, call->account, call->err);
    return finish(&work, chimera_gql_write_query(&work, chimera_gql_parse_query(&work, text)),
                  ret_result);
}

int chimera_rego_graphql_parse_schema(const struct chimera_rego_call *call,
                                      struct json_object **ret_result)
{
    struct chimera_gql_work work;
    struct chimera_slice text;
    int code = chimera_rego_want_string(call, 0, &text);
    if (code < 0)
        return code;
    chimera_gql_open(&work, call->account, call->err);
    return finish(&work, chimera_gql_write_schema(&work, chimera_gql_parse_schema(&work, text)),
                  ret_result);
}

/* --- Queries and schemas, each a text or an AST --- */

/* Which one is decided by its type; one of another type is wrong, as wrong GraphQL is. */
static bool is_text(struct chimera_gql_work *work, struct json_object *argument, unsigned index)
{
    if (!json_object_is_type(argument, json_type_string) &&
        !json_object_is_type(argument, json_type_object))
        chimera_gql_fail(work, CHIMERA_EINVAL,
                         "operand %u must be one of {string, object} but got %s", index,
                         chimera_rego_type_name(chimera_rego_type_of(argument)));
    return json_object_is_type(argument, json_type_string);
}

static struct chimera_gql_schema_document *read_schema(struct chimera_gql_work *work,
                                                       struct json_object *argument, unsigned index)
{
    if (is_text(work, argument, index))
        return chimera_gql_parse_schema(work, chimera_rego_string(argument));
    return work->code == CHIMERA_OK ? chimera_gql_read_schema(work, argument) : NULL;
}

struct asts { /* owned */
    struct json_object *query, *schema;
};

/* Checks argument 0, a query, against argument 1, a schema. Both ASTs, if they are wanted, are made
 * before, since what is found out is added to the trees. */
static void check(struct chimera_gql_work *work, const struct chimera_rego_call *call,
                  bool has_text, struct asts *ret_asts)
{
    struct chimera_gql_query *query = NULL;
    struct chimera_gql_schema schema;
    if (is_text(work, call->args[0], 0))
        query = chimera_gql_parse_query(work, chimera_rego_string(call->args[0]));
    else if (work->code == CHIMERA_OK)
        query = chimera_gql_read_query(work, call->args[0]);
    const struct chimera_gql_schema_document *document =
        work->code == CHIMERA_OK ? read_schema(work, call->args[1], 1) : NULL;
    if (work->code == CHIMERA_OK && ret_asts)
        *ret_asts = (struct asts){chimera_gql_write_query(work, query),
                                  chimera_gql_write_schema(work, document)};
    if (work->code == CHIMERA_OK)
        chimera_gql_load_schema(work, document, &schema);
    if (work->code == CHIMERA_OK)
        chimera_gql_validate(&schema, query, has_text);
}

/* Ends the work of a builtin that says yes or no: whatever is wrong with the GraphQL, it is no. */
static int finish_verdict(const struct chimera_rego_call *call, struct chimera_gql_work *work,
                          bool *ret_is_valid)
{
    int code = work->code;
    chimera_gql_close(work);
    *ret_is_valid = code == CHIMERA_OK;
    if (code == CHIMERA_OK || code == CHIMERA_EINVAL)
        return CHIMERA_OK;
    return chimera_fail(call->err, code, "%s", work->err->text);
}

int chimera_rego_graphql_schema_is_valid(const struct chimera_rego_call *call,
                                         struct json_object **ret_result)
{
    struct chimera_error err = {0};
    struct chimera_gql_work work;
    struct chimera_gql_schema schema;
    bool is_valid;
    chimera_gql_open(&work, call->account, &err);
    const struct chimera_gql_schema_document *document = read_schema(&work, call->args[0], 0);
    if (work.code == CHIMERA_OK)
        chimera_gql_load_schema(&work, document, &schema);
    int code = finish_verdict(call, &work, &is_valid);
    return code < 0 ? code : chimera_rego_give_bool(call, is_valid, ret_result);
}

int chimera_rego_graphql_is_valid(const struct chimera_rego_call *call,
                                  struct json_object **ret_result)
{
    struct chimera_error err = {0};
    struct chimera_gql_work work;
    bool is_valid;
    chimera_gql_open(&work, call->account, &err);
    check(&work, call, false, NULL);
    int code = finish_verdict(call, &work, &is_valid);
    return code < 0 ? code : chimera_rego_give_bool(call, is_valid, ret_result);
}

/* A list of the verdict, if it is one's to give, and the ASTs, which it takes. */
static int give_asts(const struct chimera_rego_call *call, struct json_object *verdict,
                     struct asts asts, struct json_object **ret_result)
{
    struct json_object *const values[] = {verdict, asts.query, asts.schema};
    struct json_object *list = chimera_node_array(call->account);
    int code = list ? CHIMERA_OK : chimera_rego_no_memory(call);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        if (code == CHIMERA_OK && values[i])
            code = chimera_rego_push(call, list, values[i]);
        else
            json_object_put(values[i]);
    }
    return chimera_rego_finish(call, code, list, ret_result);
}

int chimera_rego_graphql_parse(const struct chimera_rego_call *call,
                               struct json_object **ret_result)
{
    struct chimera_gql_work work;
    struct asts asts = {NULL, NULL};
    chimera_gql_open(&work, call->account, call->err);
    check(&work, call, true, &asts);
    chimera_gql_close(&work);
    if (work.code == CHIMERA_OK)
        return give_asts(call, NULL, asts, ret_result);
    json_object_put(asts.query);
    json_object_put(asts.schema);
    return work.code;
}

int chimera_rego_graphql_parse_and_verify(const struct chimera_rego_call *call,
                                          struct json_object **ret_result)
{
    struct chimera_error err = {0};
    struct chimera_gql_work work;
    struct asts asts = {NULL, NULL};
    bool is_valid;
    chimera_gql_open(&work, call->account, &err);
    check(&work, call, false, &asts);
    int code = finish_verdict(call, &work, &is_valid);
    if (!is_valid) {
        json_object_put(asts.query);
        json_object_put(asts.schema);
        asts = (struct asts){NULL, NULL};
    }
    if (code < 0)
        return code;
    struct json_object *verdict = chimera_node_boolean(call->account, is_valid);
    if (verdict && !is_valid)
        asts =
            (struct asts){chimera_node_object(call->account), chimera_node_object(call->account)};
    if (verdict && asts.query && asts.schema)
        return give_asts(call, verdict, asts, ret_result);
    json_object_put(verdict);
    json_object_put(asts.query);
    json_object_put(asts.schema);
    return chimera_rego_no_memory(call);
}
