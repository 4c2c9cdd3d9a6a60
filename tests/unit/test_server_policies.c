/* policies.yml (policy-server.md §3.1; the texts are those of start.jsonl). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "server/policies.c"

static char path[] = "/tmp/test_server_policies.XXXXXX";

static int make_file(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static int read_text(const char *text, struct policies *ret_policies, struct chimera_error *err)
{
    assert_int_equal(chimera_file_write(path, chimera_slice_of(text), 0600, NULL), 0);
    return policies_read(path, ret_policies, err);
}

static void all_keys_of_a_policy_are_read(void **state)
{
    struct policies policies = {0};
    (void)state;
    assert_int_equal(read_text("no-root:\n"
                               "  module: file:///p.wasm\n"
                               "  policyMode: monitor\n"
                               "  allowedToMutate: true\n"
                               "  message: no\n"
                               "  timeoutEvalSeconds: 5\n"
                               "  settings: {b: [1, yes], a: {x: ~}}\n"
                               "  contextAwareResources: [{apiVersion: v1, kind: Namespace}]\n"
                               "  hostCapabilities: ['kubernetes/*', oci/v1/verify]\n"
                               "  namespacedName: {Namespace: '', Name: x}\n",
                               &policies, NULL),
                     0);
    assert_int_equal(policies.policy_count, 1);
    const struct policy_spec *policy = &policies.policy[0];
    assert_string_equal(policy->id, "no-root");
    assert_string_equal(policy->module, "file:///p.wasm");
    assert_int_equal(policy->mode, CHIMERA_MONITOR);
    assert_true(policy->allowed_to_mutate);
    assert_string_equal(policy->message, "no");
    assert_true(policy->has_limit);
    assert_int_equal(policy->limit_seconds, 5);
    assert_string_equal(policy->settings, "{\"a\":{\"x\":null},\"b\":[1,\"yes\"]}");
    assert_string_equal(policy->resources[0], "v1/Namespace");
    assert_null(policy->resources[1]);
    assert_string_equal(policy->capabilities[0], "kubernetes/*");
    assert_string_equal(policy->capabilities[1], "oci/v1/verify");
    assert_null(policy->capabilities[2]);
    assert_int_equal(policy->group, NO_GROUP);
    policies_done(&policies);
}

static void what_the_controller_writes_is_read(void **state)
{
    struct policies policies = {0};
    (void)state;
    assert_int_equal(
        read_text("{\"clusterwide-no-root\":{\"namespacedName\":{\"Namespace\":\"\",\"Name\":\"no-"
                  "root\"},"
                  "\"module\":\"file:///"
                  "a\",\"policyMode\":\"protect\",\"allowedToMutate\":true,\"settings\":null,"
                  "\"hostCapabilities\":[\"*\"]},\"namespaced-group-shop-gate\":{"
                  "\"namespacedName\":{\"Namespace\":"
                  "\"shop\",\"Name\":\"gate\"},\"policyMode\":\"protect\",\"policies\":{\"a\":{"
                  "\"module\":\"file:///b\","
                  "\"settings\":null,\"hostCapabilities\":[\"*\"]}},\"expression\":\"a()\","
                  "\"message\":\"no\"}}",
                  &policies, NULL),
        0);
    assert_int_equal(policies.policy_count, 2);
    assert_int_equal(policies.group_count, 1);
    assert_string_equal(policies.policy[0].settings, "{}");
    assert_string_equal(policies.policy[1].id, "namespaced-group-shop-gate/a");
    assert_string_equal(policies.policy[1].name, "a");
    assert_int_equal(policies.policy[1].group, 0);
    assert_string_equal(policies.group[0].expression, "a()");
    assert_int_equal(policies.group[0].first, 1);
    assert_int_equal(policies.group[0].count, 1);
    policies_done(&policies);
}

static void defaults_are_strict(void **state)
{
    struct policies policies = {0};
    (void)state;
    assert_int_equal(read_text("5: {module: x}", &policies, NULL), 0);
    const struct policy_spec *policy = &policies.policy[0];
    assert_string_equal(policy->id, "5");
    assert_int_equal(policy->mode, CHIMERA_PROTECT);
    assert_false(policy->allowed_to_mutate);
    assert_false(policy->has_limit);
    assert_null(policy->message);
    assert_null(policy->capabilities[0]);
    assert_null(policy->resources[0]);
    policies_done(&policies);
}

static void no_policies_are_fine(void **state)
{
    static const char *const texts[] = {"", "{}\n", "# nothing\n"};
    struct policies policies = {0};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(read_text(texts[i], &policies, NULL), 0);
        assert_int_equal(policies.policy_count, 0);
        policies_done(&policies);
    }
}

#define M "module: file:///x"

struct refusal {
    const char *text, *why; /* behind the path */
};

static const struct refusal REFUSALS[] = {
    {"null", "invalid type: unit value, expected a map"},
    {"- a", "invalid type: sequence, expected a map"},
    {"a: {}", NO_VARIANT},
    {"a: 5", NO_VARIANT},
    {"a: {module: 5}", NO_VARIANT},
    {"a: {url: file:///x}", NO_VARIANT},
    {"a: {" M ", settings: [1]}", NO_VARIANT},
    {"a: {" M ", settings: {1: x}}", NO_VARIANT},
    {"a: {" M ", policyMode: sometimes}", NO_VARIANT},
    {"a: {" M ", policyMode: Monitor}", NO_VARIANT},
    {"a: {" M ", allowedToMutate: 'yes'}", NO_VARIANT},
    {"a: {" M ", timeoutEvalSeconds: -1}", NO_VARIANT},
    {"a: {" M ", timeoutEvalSeconds: 1.5}", NO_VARIANT},
    {"a: {" M ", hostCapabilities: null}", NO_VARIANT},
    {"a: {" M ", hostCapabilities: [1]}", NO_VARIANT},
    {"a: {" M ", contextAwareResources: [{kind: Pod}]}", NO_VARIANT},
    {"x: &x {" M "}\ny: {<<: *x}", NO_VARIANT},
    {"a: {" M ", module: file:///y}", NO_VARIANT},
    {"g: {expression: a(), message: m, expression: b(), policies: {}}", NO_VARIANT},
    {"g: {message: m, policies: {a: {" M "}}}", NO_VARIANT},
    {"g: {expression: a(), policies: {a: {" M "}}}", NO_VARIANT},
    {"g: {expression: a(), message: m}", NO_VARIANT},
    {"g: {expression: a(), message: m, policies: {a: {" M ", policyMode: monitor}}}", NO_VARIANT},
};

static void entries_of_the_wrong_form_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(REFUSALS) / sizeof(REFUSALS[0]); i++) {
        struct policies policies = {0};
        struct chimera_error err = {0};
        char wanted[300];
        assert_true(read_text(REFUSALS[i].text, &policies, &err) < 0);
        snprintf(wanted, sizeof(wanted), "error while loading policies from \"%s\": %s", path,
                 REFUSALS[i].why);
        if (strcmp(err.text, wanted) != 0)
            fail_msg("%s: %s", REFUSALS[i].text, err.text);
    }
}

static void names_and_capabilities_are_checked(void **state)
{
    static const struct refusal cases[] = {
        {"a/b: {" M "}", "policy name 'a/b' contains a '/' character"},
        {"'': {" M "}", "Not a valid Policy ID: "},
        {"g: {expression: x, message: m, policies: {a/b: {" M "}, c: {" M "}, d/: {" M "}}}",
         "policy group 'g' contains policies with invalid names: [\"a/b\", \"d/\"]"},
        {"a: {" M ", hostCapabilities: ['no/such']}",
         "bootstrap failure: invalid hostCapabilities pattern for policy a: invalid pattern "
         "\"no/such\": unknown "
         "segment \"no\", valid options at this level are: crypto, kubernetes, net, oci"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct policies policies = {0};
        struct chimera_error err = {0};
        assert_true(read_text(cases[i].text, &policies, &err) < 0);
        assert_string_equal(err.text, cases[i].why);
    }
    struct policies policies = {0};
    assert_int_equal(read_text("a: {" M ", hostCapabilities: ['*', 'no/such']}", &policies, NULL),
                     0);
    policies_done(&policies);
}

/* The reference was asked about each of these. */
static void the_last_of_equal_names_counts(void **state)
{
    struct policies policies = {0};
    (void)state;
    assert_int_equal(read_text("a: {module: one}\nb: {" M "}\na: {module: two}", &policies, NULL),
                     0);
    assert_int_equal(policies.policy_count, 2);
    for (size_t i = 0; i < 2; i++)
        if (strcmp(policies.policy[i].id, "a") == 0)
            assert_string_equal(policies.policy[i].module, "two");
    policies_done(&policies);
    assert_int_equal(
        read_text("a: {" M ", settings: {x: 1, x: 2}, other: 1, other: 2}", &policies, NULL), 0);
    assert_string_equal(policies.policy[0].settings, "{\"x\":2}");
    policies_done(&policies);
}

static void a_missing_file_is_named(void **state)
{
    struct policies policies = {0};
    struct chimera_error err = {0};
    (void)state;
    assert_true(policies_read("/nowhere.yml", &policies, &err) < 0);
    assert_string_equal(err.text, "error while loading policies from \"/nowhere.yml\": No such "
                                  "file or directory (os error 2)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_keys_of_a_policy_are_read),
        cmocka_unit_test(what_the_controller_writes_is_read),
        cmocka_unit_test(defaults_are_strict),
        cmocka_unit_test(no_policies_are_fine),
        cmocka_unit_test(entries_of_the_wrong_form_are_refused),
        cmocka_unit_test(names_and_capabilities_are_checked),
        cmocka_unit_test(the_last_of_equal_names_counts),
        cmocka_unit_test(a_missing_file_is_named),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
