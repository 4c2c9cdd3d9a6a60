/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/report/budget.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/text/nearest.h"
#include "runtime/text/quantity.h"
#include "runtime/yaml/document.h"

#define POLICIES_MAX 10000
#define A_COUNT "a whole number"
#define A_SIZE "a size such as 16Mi"
#define A_TIME "a time with its unit, such as 250us or 1.5ms"

/* --- Values --- */

bool bench_time_parse(const char *text, uint64_t *ret_ns)
{
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"ns", 1},          {"us", 1e3}, {"\xc2\xb5s", 1e3},
                 {"\xce\xbcs", 1e3}, {"ms", 1e6}, {"s", 1e9}};
    size_t size = strspn(text, "0123456789.");
    const char *unit = text + size;
    char *end = NULL;
    double number = size > 0 && text[0] != '.' ? strtod(text, &end) : -1;
    unit += strspn(unit, " ");
    for (size_t i = 0; number >= 0 && end == text + size && i < sizeof(units) / sizeof(*units); i++)
        if (strcmp(unit, units[i].name) == 0 && number * units[i].ns < 1e18) {
            *ret_ns = (uint64_t)ceil(number * units[i].ns);
            return true;
        }
    return false;
}

static bool is_whole(struct json_object *value)
{
    return json_object_is_type(value, json_type_int) &&
           (json_object_get_int64(value) >= 0 || json_object_get_uint64(value) > INT64_MAX);
}

/* What was expected where it is false. */
static bool take_value(struct json_object *value, enum bench_unit unit, uint64_t *ret_most,
                       const char **ret_expected)
{
    const char *text =
        json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
    *ret_expected = unit == BENCH_TIME ? A_TIME : unit == BENCH_BYTES ? A_SIZE : A_COUNT;
    if (unit == BENCH_TIME)
        return text && bench_time_parse(text, ret_most);
    if (unit == BENCH_BYTES && text)
        return chimera_quantity_parse(chimera_slice_of(text), ret_most);
    if (!is_whole(value))
        return false;
    *ret_most = json_object_get_uint64(value);
    return true;
}

/* --- The file --- */

static void list_keys(const char *ret_names[BENCH_METRICS + 1])
{
    size_t count = 0;
    for (const struct bench_metric *metric = bench_metrics; metric->key; metric++)
        if (metric->has_limit)
            ret_names[count++] = metric->key;
    ret_names[count] = NULL;
}

static void read_limits(struct chimera_document *document, struct json_object *map,
                        struct bench_limits *limits)
{
    const char *names[BENCH_METRICS + 1];
    list_keys(names);
    if (!chimera_document_is(document, map, json_type_object,
                             "a map of limits, as in {wasmInstructions: 120000}"))
        return;
    chimera_document_refuse_others(document, map, names, "a limit");
    if (json_object_object_length(map) == 0)
        chimera_document_note(document, "has no limit");
    json_object_object_foreach(map, key, value)
    {
        const struct bench_metric *metric = bench_metric_find(key);
        const char *expected;
        if (!metric || !metric->has_limit)
            continue;
        size_t at = (size_t)(metric - bench_metrics);
        chimera_document_enter(document, key);
        limits->is_set[at] = take_value(value, metric->unit, &limits->most[at], &expected);
        if (!limits->is_set[at])
            chimera_document_expect(document, value, expected);
        chimera_document_leave(document);
    }
}

static int read_policies(struct chimera_document *document, struct json_object *map,
                         struct bench_budget *budget)
{
    size_t count = (size_t)json_object_object_length(map);
    if (count == 0 || count > POLICIES_MAX) {
        chimera_document_note(document, count ? "has more than 10000 policies" : "has no policy");
        return CHIMERA_OK;
    }
    budget->limits = calloc(count, sizeof(*budget->limits));
    if (!budget->limits)
        return CHIMERA_ENOMEM;
    json_object_object_foreach(map, key, value)
    {
        struct bench_limits *limits = &budget->limits[budget->count++];
        limits->policy = strdup(key);
        if (!limits->policy)
            return CHIMERA_ENOMEM;
        chimera_document_enter(document, key);
        read_limits(document, value, limits);
        chimera_document_leave(document);
    }
    return CHIMERA_OK;
}

static int read_file(struct chimera_document *document, struct bench_budget *budget)
{
    static const char *const known[] = {"policies", NULL};
    struct json_object *policies = NULL;
    int code = CHIMERA_OK;
    if (!chimera_document_is(document, document->tree, json_type_object,
                             "a map with `policies`, which has a map of limits for each"))
        return CHIMERA_OK;
    chimera_document_refuse_others(document, document->tree, known, "a budget");
    if (!chimera_document_member(document, document->tree, "policies",
                                 "a map from policies to their limits", &policies))
        return CHIMERA_OK;
    if (chimera_document_is(document, policies, json_type_object,
                            "a map from policies to their limits"))
        code = read_policies(document, policies, budget);
    chimera_document_leave(document);
    return code;
}

int bench_budget_read(struct chimera_slice text, const char *name, struct bench_budget *ret_budget,
                      struct chimera_error *err)
{
    static const struct chimera_yaml_options options = {.duplicate_keys_fail = true,
                                                        .string_keys_only = true};
    struct chimera_document document = {0};
    int code = CHIMERA_OK;
    *ret_budget = (struct bench_budget){.name = name, .size = text.size};
    ret_budget->text = malloc(text.size + 1);
    if (!ret_budget->text)
        return chimera_fail_memory(err);
    memcpy(ret_budget->text, text.data ? text.data : "", text.size);
    if (chimera_document_read(&document, text, &options))
        code = read_file(&document, ret_budget);
    if (code < 0)
        code = chimera_fail_memory(err);
    else
        code = chimera_problems_fail(&document.problems, name, CHIMERA_EINVAL, err);
    chimera_document_done(&document);
    if (code < 0)
        bench_budget_done(ret_budget);
    return code;
}

void bench_budget_done(struct bench_budget *budget)
{
    for (size_t i = 0; i < budget->count; i++)
        free(budget->limits[i].policy);
    free(budget->limits);
    free(budget->text);
    *budget = (struct bench_budget){0};
}

/* --- Names --- */

static void note_stranger(const struct bench_budget *budget, const char *policy,
                          const char *const *names, struct chimera_problems *problems)
{
    const struct chimera_yaml_step steps[] = {{.key = "policies"}, {.key = policy}};
    struct chimera_slice text = {budget->text, budget->size};
    struct chimera_yaml_places *places = chimera_yaml_places_new(text);
    const char *meant = chimera_nearest(policy, names);
    char what[300];
    size_t line = 0, column = 0;
    if (places)
        chimera_yaml_places_find(places, steps, 2, true, &line, &column);
    snprintf(what, sizeof(what), "no measured policy has the name \"%.100s\"%s%.100s%s", policy,
             meant ? "; did you mean \"" : "", meant ? meant : "", meant ? "\"?" : "");
    chimera_problems_add(problems, line, column, "", what);
    chimera_yaml_places_free(places);
}

int bench_budget_check_names(const struct bench_budget *budget, const char *const *names,
                             size_t count, struct chimera_error *err)
{
    struct chimera_problems problems = {0};
    CHIMERA_FREE const char **list = calloc(count + 1, sizeof(*list)); /* with a NULL behind them */
    if (!list)
        return chimera_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        list[i] = names[i];
    for (size_t i = 0; i < budget->count; i++) {
        const char *policy = budget->limits[i].policy;
        bool is_known = strcmp(policy, BENCH_BUDGET_ALL) == 0;
        for (size_t j = 0; j < count && !is_known; j++)
            is_known = strcmp(policy, names[j]) == 0;
        if (!is_known)
            note_stranger(budget, policy, list, &problems);
    }
    int code = chimera_problems_fail(&problems, budget->name, CHIMERA_EINVAL, err);
    chimera_problems_done(&problems);
    return code;
}

/* Those that are not set yet. */
static void take_limits(const struct bench_limits *from, struct bench_limits *to)
{
    for (size_t i = 0; i < BENCH_METRICS; i++) {
        if (!from->is_set[i] || to->is_set[i])
            continue;
        to->is_set[i] = true;
        to->most[i] = from->most[i];
    }
}

void bench_budget_of(const struct bench_budget *budget, const char *policy,
                     struct bench_limits *ret_limits)
{
    const struct bench_limits *of_all = NULL;
    *ret_limits = (struct bench_limits){0};
    for (size_t i = 0; i < budget->count; i++) {
        const struct bench_limits *limits = &budget->limits[i];
        if (strcmp(limits->policy, policy) == 0)
            take_limits(limits, ret_limits);
        else if (strcmp(limits->policy, BENCH_BUDGET_ALL) == 0)
            of_all = limits;
    }
    if (of_all)
        take_limits(of_all, ret_limits);
}
