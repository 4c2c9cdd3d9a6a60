/* SPDX-License-Identifier: Apache-2.0 */
/* budget_schema.c - `chimera scaffold budget-schema`: a JSON schema of the budgets of `chimera
 * bench`, made of the table that they are read by. */
#include <stdio.h>

#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"
#include "toolchain/command/author/scaffold/scaffold.h"
#include "toolchain/command/bench/report/metrics.h"
#include "toolchain/command/commands.h"

#define DIALECT "https://json-schema.org/draft/2020-12/schema"
#define A_TIME "^[0-9][0-9.]* *(ns|us|\xc2\xb5s|\xce\xbcs|ms|s)$"
#define A_SIZE "^[0-9]+(Ki|Mi|Gi|Ti|k|M|G|T)?$"

static void put_flag(struct json_object *schema, const char *key, bool value)
{
    json_object_object_add(schema, key, json_object_new_boolean(value));
}

static void put_whole_number(struct json_object *schema)
{
    scaffold_put_text(schema, "type", "integer");
    json_object_object_add(schema, "minimum", json_object_new_int(0));
}

static struct json_object *of_text(const char *pattern)
{
    struct json_object *schema = json_object_new_object();
    scaffold_put_text(schema, "type", "string");
    scaffold_put_text(schema, "pattern", pattern);
    return schema;
}

static struct json_object *of_unit(enum bench_unit unit)
{
    struct json_object *schema = json_object_new_object();
    if (unit == BENCH_TIME) {
        json_object_put(schema);
        return of_text(A_TIME);
    }
    if (unit == BENCH_BYTES) {
        struct json_object *either = json_object_new_array(), *number = json_object_new_object();
        put_whole_number(number);
        json_object_array_add(either, number);
        json_object_array_add(either, of_text(A_SIZE));
        json_object_object_add(schema, "anyOf", either);
    } else
        put_whole_number(schema);
    return schema;
}

static struct json_object *describe_limits(void)
{
    struct json_object *schema = json_object_new_object(), *keys = json_object_new_object();
    for (const struct bench_metric *metric = bench_metrics; metric->key; metric++) {
        char help[300];
        if (!metric->has_limit)
            continue;
        struct json_object *value = of_unit(metric->unit);
        snprintf(help, sizeof(help), "%s%s", metric->help,
                 metric->is_portable ? "; the same on every machine" : "; of this machine");
        scaffold_put_text(value, "description", help);
        json_object_object_add(keys, metric->key, value);
    }
    scaffold_put_text(schema, "type", "object");
    json_object_object_add(schema, "properties", keys);
    json_object_object_add(schema, "minProperties", json_object_new_int(1));
    put_flag(schema, "additionalProperties", false);
    return schema;
}

static struct json_object *describe_file(void)
{
    struct json_object *schema = json_object_new_object(), *keys = json_object_new_object();
    struct json_object *policies = json_object_new_object(), *required = json_object_new_array();
    scaffold_put_text(policies, "type", "object");
    scaffold_put_text(policies, "description",
                      "Limits by the names of policies; those of * hold for every policy that has "
                      "none of its own");
    json_object_object_add(policies, "additionalProperties", describe_limits());
    json_object_object_add(policies, "minProperties", json_object_new_int(1));
    json_object_object_add(keys, "policies", policies);
    json_object_array_add(required, json_object_new_string("policies"));
    scaffold_put_text(schema, "$schema", DIALECT);
    scaffold_put_text(schema, "title", "budget.yml");
    scaffold_put_text(schema, "description", "What policies may cost: chimera bench --budget");
    scaffold_put_text(schema, "type", "object");
    json_object_object_add(schema, "properties", keys);
    json_object_object_add(schema, "required", required);
    put_flag(schema, "additionalProperties", false);
    return schema;
}

static int run_budget_schema(const struct chimera_cli_options *options)
{
    (void)options;
    CHIMERA_JSON struct json_object *schema = describe_file();
    return scaffold_print_schema(schema);
}

const struct chimera_cli_command command_scaffold_budget_schema = {
    .name = "budget-schema",
    .parent = &command_scaffold,
    .about = "Print a JSON schema of the budgets of `bench`, for editors",
    .description =
        "Prints a JSON schema (draft 2020-12) of the file that `chimera bench --budget` reads. "
        "With it an editor completes the keys, shows what they limit, and marks what is wrong.",
    .run = run_budget_schema,
};
