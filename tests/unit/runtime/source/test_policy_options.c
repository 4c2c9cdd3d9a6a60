/* SPDX-License-Identifier: Apache-2.0 */
/* The file of --policy-options: which policy gets what, and what is said of mistakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include <stdio.h>

#include "runtime/source/policy_options.h"
#include "runtime/text/problems.h"

#define MI ((uint64_t)1 << 20)

static const char *const ids[] = {"no-root", "tags", "gate/a", "gate/b", NULL};

static void end(struct chimera_policy_extras extras[4])
{
    for (size_t i = 0; i < 4; i++)
        chimera_policy_extras_done(&extras[i]);
}

static void expect(const char *text, uint64_t first, uint64_t second, uint64_t third,
                   uint64_t fourth)
{
    const uint64_t want[] = {first, second, third, fourth};
    struct chimera_policy_extras extras[4];
    struct chimera_error err = {0};
    memset(extras, 0xee, sizeof(extras));
    if (chimera_policy_options_parse(chimera_slice_of(text), "o.yml", ids, extras, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(extras[i].memory_limit, want[i]);
    end(extras);
}

static void an_id_gets_its_own_and_else_what_all_get(void **state)
{
    (void)state;
    expect("", 0, 0, 0, 0);
    expect("{}", 0, 0, 0, 0);
    expect("# nothing\n", 0, 0, 0, 0);
    expect("no-root: {memoryLimit: 256Mi}", 256 * MI, 0, 0, 0);
    expect("\"*\": {memoryLimit: 1Gi}", 1024 * MI, 1024 * MI, 1024 * MI, 1024 * MI);
    expect("gate/b: {memoryLimit: 64Mi}\n\"*\": {memoryLimit: 1Gi}\ntags: {}\n", 1024 * MI,
           1024 * MI, 1024 * MI, 64 * MI);
    expect("{\"tags\": {\"memoryLimit\": 1048576}, \"gate/a\": {\"memoryLimit\": \"16Gi\"}}", 0, MI,
           16384 * MI, 0);
}

static void an_inventory_may_need_its_capability(void **state)
{
    static const char text[] = "\"*\": {inventoryNeedsCapability: true, omitManagedFields: true}\n"
                               "tags: {inventoryNeedsCapability: false, memoryLimit: 1Mi,\n"
                               "  omitManagedFields: false}\n"
                               "gate/a: {memoryLimit: 2Mi}\n";
    struct chimera_policy_extras extras[4];
    (void)state;
    assert_int_equal(chimera_policy_options_parse(CHIMERA_SLICE(text), "o.yml", ids, extras, NULL),
                     CHIMERA_OK);
    assert_true(extras[0].gates_inventory && extras[0].omits_managed_fields);
    assert_false(extras[1].gates_inventory || extras[1].omits_managed_fields);
    assert_int_equal(extras[1].memory_limit, MI);
    assert_true(extras[2].gates_inventory);
    assert_int_equal(chimera_policy_options_parse(CHIMERA_SLICE("{}"), "o.yml", ids, extras, NULL),
                     CHIMERA_OK);
    assert_false(extras[0].gates_inventory);
}

static void options_of_rego_are_each_its_own(void **state)
{
    static const char text[] =
        "\"*\": {regoBuiltinErrors: undefined, regoHosts: [a.example, \"10.0.0.1:8443\"]}\n"
        "tags: {regoHosts: [], regoEntrypoint: policy/main, regoPrint: true}\n"
        "gate/a: {regoBuiltinErrors: reject, regoUpstreamBuiltins: true}\n";
    struct chimera_policy_extras extras[4], again[4];
    (void)state;
    assert_int_equal(chimera_policy_options_parse(CHIMERA_SLICE(text), "o.yml", ids, extras, NULL),
                     CHIMERA_OK);
    assert_int_equal(chimera_policy_options_parse(CHIMERA_SLICE(text), "o.yml", ids, again, NULL),
                     CHIMERA_OK);
    assert_true(extras[0].has_undefined_failures && !extras[0].prints && !extras[0].entrypoint);
    assert_string_equal(extras[0].hosts[0], "a.example");
    assert_string_equal(extras[0].hosts[1], "10.0.0.1:8443");
    assert_null(extras[0].hosts[2]);
    assert_true(extras[1].has_undefined_failures && extras[1].prints);
    assert_null(extras[1].hosts[0]);
    assert_string_equal(extras[1].entrypoint, "policy/main");
    assert_true(!extras[2].has_undefined_failures && extras[2].has_upstream_builtins);
    assert_string_equal(extras[2].hosts[0], "a.example");
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 4; k++)
            assert_int_equal(chimera_policy_extras_equal(&extras[i], &again[k]),
                             i == k || (i % 3 == 0 && k % 3 == 0));
    end(extras);
    end(again);
}

/* All that is wrong is told, a line each, in the order of the file. */
static void expect_problems(const char *text, const char *want)
{
    struct chimera_policy_extras extras[4];
    struct chimera_buffer details;
    struct chimera_error err = {.details = &details};
    chimera_buffer_init(&details, CHIMERA_DETAILS_MAX);
    assert_int_equal(
        chimera_policy_options_parse(chimera_slice_of(text), "o.yml", ids, extras, &err),
        CHIMERA_EINVAL);
    if (details.size == 0) { /* just one */
        chimera_buffer_text(&details, err.text);
        chimera_buffer_byte(&details, '\n');
    }
    chimera_buffer_byte(&details, '\0');
    assert_string_equal(details.data, want);
    chimera_buffer_free(&details);
    end(extras);
}

#define RANGE "expected a size from 1Mi to 16Gi, such as 256Mi, found "

static void mistakes_are_told_with_their_place(void **state)
{
    (void)state;
    expect_problems("no-root:\n  memoryLimit: 1.5Gi\ntags: {memoryLimit: -1}\n",
                    "o.yml:2:16: no-root.memoryLimit: " RANGE "\"1.5Gi\"\n"
                    "o.yml:3:21: tags.memoryLimit: " RANGE "the number -1\n");
    expect_problems("tags: {inventoryNeedsCapability: 1}\n",
                    "o.yml:1:34: tags.inventoryNeedsCapability: expected true or false, found the "
                    "number 1\n");
    expect_problems("tags: {memoryLimit: 1023Ki}\ngate/a: {memoryLimit: 17Gi}\n",
                    "o.yml:1:21: tags.memoryLimit: " RANGE "\"1023Ki\"\n"
                    "o.yml:2:23: gate/a.memoryLimit: " RANGE "\"17Gi\"\n");
    expect_problems("tags: {memoryLimit: }\n\"*\": {memoryLimit: [1]}\n",
                    "o.yml:1:21: tags.memoryLimit: " RANGE "nothing\n"
                    "o.yml:2:20: *.memoryLimit: " RANGE "a list\n");
    expect_problems("noroot: {memoryLimit: 1Gi}\ngate: {}\nother: {}\n",
                    "o.yml:1:1: noroot: there is no policy of this id; is `no-root` meant?\n"
                    "o.yml:2:1: gate: is a policy group; options are for its members, as in "
                    "`gate/a`\n"
                    "o.yml:3:1: other: there is no policy of this id\n");
    expect_problems("tags:\n  memorylimit: 1Gi\n  cpu: 1\n",
                    "o.yml:2:3: tags.memorylimit: a policy's entry has no such key; is "
                    "`memoryLimit` meant?\n"
                    "o.yml:3:3: tags.cpu: a policy's entry has no such key\n");
    expect_problems("tags:\n  regoHosts: [\"*.example\", 1]\n  regoBuiltinErrors: ignore\n"
                    "  regoPrint: 1\n  regoEntrypoint: []\n",
                    "o.yml:2:15: tags.regoHosts[0]: expected a host, or a host and a port, found "
                    "\"*.example\"\n"
                    "o.yml:2:28: tags.regoHosts[1]: expected a host, or a host and a port, found "
                    "the number 1\n"
                    "o.yml:3:22: tags.regoBuiltinErrors: expected `reject` or `undefined`, found "
                    "\"ignore\"\n"
                    "o.yml:4:14: tags.regoPrint: expected true or false, found the number 1\n"
                    "o.yml:5:19: tags.regoEntrypoint: expected the path of a rule, as in "
                    "policy/main, found a list\n");
    static const char *const hosts[] = {"x:", "x:99999", "x:0", ":80", "x:8o", "[::1]:"};
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        char text[128], want[256];
        snprintf(text, sizeof(text), "tags: {regoHosts: [\"%s\"]}", hosts[i]);
        snprintf(want, sizeof(want),
                 "o.yml:1:20: tags.regoHosts[0]: expected a host, or a host and a port, found "
                 "\"%s\"\n",
                 hosts[i]);
        expect_problems(text, want);
    }
    expect_problems("tags: 256Mi\n", "o.yml:1:7: tags: expected a map of options, as in "
                                     "{memoryLimit: 256Mi}, found \"256Mi\"\n");
    expect_problems("[]", "o.yml:1:1: expected a map from ids of policies, or \"*\", to a map of "
                          "options, as in {memoryLimit: 256Mi}, found a list\n");
}

static void what_is_no_yaml_is_refused(void **state)
{
    static const char *const texts[] = {"tags: [", "tags: {}\ntags: {}\n", "a: b: c", "tags: !x y"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        struct chimera_policy_extras extras[4];
        struct chimera_error err = {0};
        assert_true(chimera_policy_options_parse(chimera_slice_of(texts[i]), "o.yml", ids, extras,
                                                 &err) < 0);
        assert_non_null(strstr(err.text, "o.yml"));
    }
}

static void a_file_that_is_not_there_is_named(void **state)
{
    struct chimera_policy_extras extras[4];
    struct chimera_error err = {0};
    (void)state;
    assert_true(chimera_policy_options_read("/nonexistent/o.yml", ids, extras, &err) < 0);
    assert_non_null(strstr(err.text, "/nonexistent/o.yml"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_gets_its_own_and_else_what_all_get),
        cmocka_unit_test(options_of_rego_are_each_its_own),
        cmocka_unit_test(an_inventory_may_need_its_capability),
        cmocka_unit_test(mistakes_are_told_with_their_place),
        cmocka_unit_test(what_is_no_yaml_is_refused),
        cmocka_unit_test(a_file_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
