/* SPDX-License-Identifier: Apache-2.0 */
/* graphql.*: as OPA has them from gqlparser. */
#include "runtime/rego/arguments.h"
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
