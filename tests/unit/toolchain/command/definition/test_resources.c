/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes resources of policies: what is taken, and what is refused in which words. The words
 * are those of kwctl 1.36.0-beta.1, which was asked, but for what only ours refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "toolchain/command/definition/definition.h"

#define HEAD "apiVersion: policies.kubewarden.io/v1\nkind: "

static struct definitions parse(const char *yaml)
{
    struct definitions definitions = {0};
    struct chimera_error err = {0};
    if (definitions_parse(chimera_slice_of(yaml), "p.yml", &definitions, &err) < 0)
        fail_msg("%s\n  %s", yaml, err.text);
    assert_true(definitions.are_set);
    return definitions;
}

static void assert_refuses(const char *yaml, const char *want)
{
    struct definitions definitions = {0};
    struct chimera_error err = {0};
    if (definitions_parse(chimera_slice_of(yaml), "p.yml", &definitions, &err) == 0)
        fail_msg("%s\n  is taken", yaml);
    if (strcmp(err.text, want) != 0)
        fail_msg("%s\n  want %s\n  got  %s", yaml, want, err.text);
    assert_null(definitions.list);
}

static void a_policy_has_what_its_resource_says(void **state)
{
    (void)state;
    struct definitions got = parse(
        HEAD "ClusterAdmissionPolicy\nmetadata: {name: p}\nspec:\n  module: file:///p.wasm\n"
             "  mode: monitor\n  mutating: true\n  message: go away\n  settings: {b: [1], a: x}\n"
             "  timeoutEvalSeconds: 7\n  contextAwareResources:\n"
             "  - {apiVersion: v1, kind: Pod}\n  - {apiVersion: apps/v1, kind: Deployment}\n"
             "  rules: [{apiGroups: [''], operations: [CREATE]}]\n  namespaceSelector: {}\n");
    assert_int_equal(got.count, 1);
    const struct definition *policy = got.list;
    assert_string_equal(policy->id, "p");
    assert_string_equal(policy->message, "go away");
    assert_null(policy->expression);
    assert_int_equal(policy->mode, CHIMERA_MONITOR);
    assert_true(policy->allowed_to_mutate);
    assert_false(policy->trusts_metadata);
    assert_int_equal(policy->count, 1);
    assert_string_equal(policy->member->name, "");
    assert_string_equal(policy->member->module, "file:///p.wasm");
    assert_string_equal(policy->member->settings, "{\"a\":\"x\",\"b\":[1]}");
    assert_int_equal(policy->member->limit_ms, 7000);
    assert_string_equal(policy->member->resources[0], "v1/Pod");
    assert_string_equal(policy->member->resources[1], "apps/v1/Deployment");
    assert_null(policy->member->resources[2]);
    assert_string_equal(definition_shown(policy, NULL), "Policy p (file:///p.wasm)");
    definitions_done(&got);
}

static void what_is_not_said_has_its_default(void **state)
{
    (void)state;
    struct definitions got =
        parse(HEAD "AdmissionPolicy\nspec: {module: host/p:1, settings: null, mode: null}\n");
    assert_string_equal(got.list->id, "crd-without-name");
    assert_null(got.list->message);
    assert_int_equal(got.list->mode, CHIMERA_PROTECT);
    assert_false(got.list->allowed_to_mutate);
    assert_string_equal(got.list->member->module, "registry://host/p:1");
    assert_string_equal(got.list->member->settings, "{}");
    assert_int_equal(got.list->member->limit_ms, 0);
    assert_null(got.list->member->resources);
    definitions_done(&got);
}

static void a_group_has_its_members_in_their_order(void **state)
{
    (void)state;
    struct definitions got = parse(
        HEAD "ClusterAdmissionPolicyGroup\nmetadata: {name: g}\nspec:\n  expression: z() || a()\n"
             "  message: no\n  policies:\n    z: {module: file:///z.wasm, settings: {k: 1}}\n"
             "    a: {module: file:///a.wasm, unknown: 1, contextAwareResources: [{apiVersion: v1, "
             "kind: Pod}]}\n");
    assert_string_equal(got.list->expression, "z() || a()");
    assert_string_equal(got.list->message, "no");
    assert_int_equal(got.list->count, 2);
    assert_string_equal(got.list->member[0].name, "z");
    assert_string_equal(got.list->member[0].settings, "{\"k\":1}");
    assert_string_equal(got.list->member[1].name, "a");
    assert_string_equal(got.list->member[1].resources[0], "v1/Pod");
    assert_string_equal(definition_shown(got.list, NULL), "Policy Group g");
    definitions_done(&got);
}

static void empty_documents_are_passed_over(void **state)
{
    (void)state;
    struct definitions got =
        parse("---\n" HEAD "AdmissionPolicy\nspec: {module: a}\n---\n---\n" HEAD
              "AdmissionPolicy\nspec: {module: b}\n---\n");
    assert_int_equal(got.count, 2);
    assert_string_equal(got.list[1].member->module, "registry://b");
    definitions_done(&got);
}

#define POLICY "cannot parse value into AdmissionPolicy: "
#define GROUP "cannot parse value into AdmissionPolicyGroup: "

static void what_is_wrong_is_refused_in_the_reference_s_words(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", "invalid apiVersion None"},
        {"[1]", "cannot extract ObjectReference: invalid type: sequence, expected ObjectReference"},
        {"kind: Pod", "invalid apiVersion None"},
        {"apiVersion: v1", "invalid apiVersion Some(\"v1\")"},
        {"apiVersion: 1",
         "cannot extract ObjectReference: invalid type: integer `1`, expected a string"},
        {HEAD "Pod", "unknown kind Some(\"Pod\"), not a Kubewarden policy"},
        {"apiVersion: policies.kubewarden.io/v1", "unknown kind None, not a Kubewarden policy"},
        {HEAD "AdmissionPolicy", "CRD does not have spec, but it is required for AdmissionPolicy"},
        {HEAD "AdmissionPolicy\nspec: {}", POLICY "missing field `module`"},
        {HEAD "AdmissionPolicy\nspec: x",
         POLICY "invalid type: string \"x\", expected struct AdmissionPolicySpec"},
        {HEAD "AdmissionPolicy\nspec: {module: 1.50}",
         POLICY "invalid type: floating point `1.5`, expected a string"},
        {HEAD "AdmissionPolicy\nspec: {module: m, mutating: 'true'}",
         POLICY "invalid type: string \"true\", expected a boolean"},
        {HEAD "AdmissionPolicy\nspec: {module: m, mutating: null}",
         POLICY "invalid type: unit value, expected a boolean"},
        {HEAD "AdmissionPolicy\nspec: {module: m, mode: Protect}",
         POLICY "unknown variant `Protect`, expected `protect` or `monitor`"},
        {HEAD "AdmissionPolicy\nspec: {module: m, failurePolicy: 3}",
         POLICY "invalid type: integer `3`, expected a Value::Tagged enum"},
        {HEAD "AdmissionPolicy\nspec: {module: m, timeoutSeconds: 4294967296}",
         POLICY "invalid value: integer `4294967296`, expected i32"},
        {HEAD "AdmissionPolicy\nspec: {module: m, rules: {}}",
         POLICY "invalid type: map, expected a sequence"},
        {HEAD "AdmissionPolicy\nspec: {module: m, rules: [{apiGroups: [true]}]}",
         POLICY "invalid type: boolean `true`, expected a string"},
        {HEAD "AdmissionPolicy\nmetadata: {labels: {a: 1}}\nspec: {module: m}",
         POLICY "invalid type: integer `1`, expected a string"},
        {HEAD "AdmissionPolicy\nspec: {module: m, contextAwareResources: []}",
         POLICY "unknown field `contextAwareResources`, expected one of `backgroundAudit`, "
                "`failurePolicy`, `matchConditions`, `matchPolicy`, `mode`, `module`, `mutating`, "
                "`objectSelector`, `policyServer`, `rules`, `settings`, `sideEffects`, "
                "`timeoutSeconds`, `timeoutEvalSeconds`, `message`"},
        {HEAD "ClusterAdmissionPolicy\nspec: {module: m, contextAwareResources: [{kind: Pod}]}",
         "cannot parse value into ClusterAdmissionPolicy: missing field `apiVersion`"},
        {HEAD "ClusterAdmissionPolicyGroup\nspec: {foo: 1}",
         "cannot parse value into ClusterAdmissionPolicyGroup: unknown field `foo`, expected one "
         "of "
         "`backgroundAudit`, `expression`, `failurePolicy`, `matchConditions`, `matchPolicy`, "
         "`message`, `mode`, `objectSelector`, `policies`, `policyServer`, `rules`, `sideEffects`, "
         "`timeoutSeconds`, `namespaceSelector`"},
        {HEAD "AdmissionPolicyGroup\nspec: {expression: 'true', policies: {}}",
         GROUP "missing field `message`"},
        {HEAD "AdmissionPolicyGroup\nspec: {expression: 'true', message: m, policies: {a: {}}}",
         GROUP "missing field `module`"},
        {HEAD "AdmissionPolicyGroup\nspec: {expression: 'true', message: m, policies: []}",
         GROUP "invalid type: sequence, expected a map"},
        {HEAD "AdmissionPolicy\nspec: {module: m, settings: [1]}",
         "Invalid settings in CRD, not an object"},
        {HEAD "AdmissionPolicy\nspec: {module: m, timeoutEvalSeconds: 0}",
         "timeoutEvalSeconds takes seconds from 1 to 3600, not 0"},
        {"a: [", "Cannot parse YAML file \"p.yml\": did not find expected node content at line 2 "
                 "column 1, while parsing a flow node"},
        {HEAD "AdmissionPolicy\nspec: {module: m}\n---\na: !x {}\n",
         "Cannot parse YAML file \"p.yml\": a: invalid type: enum, expected any valid JSON value "
         "at line 5 column 4"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_refuses(cases[i][0], cases[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_policy_has_what_its_resource_says),
        cmocka_unit_test(what_is_not_said_has_its_default),
        cmocka_unit_test(a_group_has_its_members_in_their_order),
        cmocka_unit_test(empty_documents_are_passed_over),
        cmocka_unit_test(what_is_wrong_is_refused_in_the_reference_s_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
