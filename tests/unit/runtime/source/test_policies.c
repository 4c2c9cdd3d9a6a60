/* SPDX-License-Identifier: Apache-2.0 */
/* policies.yml (policy-server.md §3.1): what the reference accepts and refuses is what start.jsonl
 * records and what it was asked; that each refusal names file, line, id, key and what was expected
 * is ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "runtime/source/policies.c"
#include "runtime/source/policies_read.c"

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

static int read_yaml(const char *text, struct policies *ret_policies, struct chimera_error *err)
{
    assert_int_equal(chimera_file_write(path, chimera_slice_of(text), 0600, NULL), 0);
    return policies_read(path, POLICIES_LIMITS_COUNT, ret_policies, err);
}

static void all_keys_of_a_policy_are_read(void **state)
{
    struct policies policies = {0};
    (void)state;
    assert_int_equal(read_yaml("no-root:\n"
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
        read_yaml("{\"clusterwide-no-root\":{\"namespacedName\":{\"Namespace\":\"\",\"Name\":\"no-"
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
    assert_int_equal(read_yaml("5: {module: x}", &policies, NULL), 0);
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
        assert_int_equal(read_yaml(texts[i], &policies, NULL), 0);
        assert_int_equal(policies.policy_count, 0);
        policies_done(&policies);
    }
}

#define M "module: file:///x"

struct refusal {
    const char *text; /* with a @ before the place of the mistake */
    const char *why;
};

#define A_MAP "expected a map from ids to policies, as in {my-policy: {module: …}}, found "
#define NO_POLICY                                                                                  \
    "expected a policy (a map with `module`) or a policy group (one with `expression`, `message` " \
    "and `policies`), found "
#define NO_MODULE "expected a text such as registry://HOST/NAME:TAG or file:///DIR/NAME.wasm"
#define NO_MODE "expected \"protect\" or \"monitor\", found "
#define NO_LIMIT "expected a whole number of seconds from 1 on, found "
#define NO_PATTERNS "expected a list of patterns such as [\"oci/*\"], found "
#define NO_RESOURCES \
    "expected a list of resources, as in [{apiVersion: v1, kind: Namespace}], found "
#define NO_SETTINGS "expected a map of what the policy is to know, as in {key: value}, found "
#define NO_MEMBERS "expected a map from names to members, as in {a: {module: …}}"
#define NO_KEY "a member of a group has no such key"

/* One of each kind of mistake. */
static const struct refusal REFUSALS[] = {
    {"@null", A_MAP "nothing"},
    {"@- a", A_MAP "a list"},
    {"@5", A_MAP "the number 5"},
    {"@apiVersion: v1\nkind: Policy\nspec: {" M "}\n",
     "apiVersion: a Kubernetes object of kind \"Policy\"; expected a map from ids to policies, in "
     "which `module` "
     "and `settings` stand under the id, as in {my-policy: {module: …}}"},
    {"@apiVersion: policies.kubewarden.io/v1\nkind: ClusterAdmissionPolicy\nmetadata: {name: x}\n"
     "spec: {" M "}\n",
     "apiVersion: a manifest of Kubewarden's ClusterAdmissionPolicy, of which its controller makes "
     "an entry of this file: here write {x: {module: \"file:///x\", …}}, with `settings` and "
     "the like beside `module`; `chimera run` takes the manifest itself"},
    {"@apiVersion: policies.kubewarden.io/v1\nkind: ClusterAdmissionPolicyGroup\nspec: {}\n",
     "apiVersion: a Kubernetes object of kind \"ClusterAdmissionPolicyGroup\"; expected a map from "
     "ids to policies, in which `module` and `settings` stand under the id, as in {my-policy: "
     "{module: …}}"},
    {"@a: {}", "a: " NO_POLICY "a map with neither"},
    {"@a: {url: file:///x}", "a: " NO_POLICY "a map with `url`; is `module` meant?"},
    {"@a: {modul: file:///x}", "a.module: missing; " NO_MODULE "; is `modul` meant?"},
    {"b: {" M "}\na: @5", "a: " NO_POLICY "the number 5"},
    {"a:@", "a: " NO_POLICY "nothing"},
    {"a: {module: @5}", "a.module: " NO_MODULE ", found the number 5"},
    {"a:\n  module:@\n  message: x\n", "a.module: " NO_MODULE ", found nothing"},
    {"a: {module: @\"x\\0y\"}", "a.module: " NO_MODULE ", found one with a NUL character"},
    {"a: {" M ", settings: @[1]}", "a.settings: " NO_SETTINGS "a list"},
    {"a: {" M ", settings: {@1: x}}",
     "a.settings.1: expected a text as key, found a number, truth value or null; put it in quotes"},
    {"a: {" M ", settings: {@[1]: x}}",
     "a.settings: expected a text as key, found a list; a text in […] needs quotes"},
    {"a: {" M ", settings: {x: &x [1], @*x : 1}}",
     "a.settings: expected a text as key, found an alias of a list or map"},
    {"a:\n  " M "\n  settings:\n    colour: @!Ref blue\n",
     "a.settings.colour: the tag !Ref means nothing here; expected a value without a tag (text "
     "that begins with ! "
     "needs quotes)"},
    {"a:\n  " M "\n  settings:\n    colours: @!Ref [blue]\n",
     "a.settings.colours: the tag !Ref means nothing here; expected a value without a tag (text "
     "that begins with "
     "! needs quotes)"},
    {"a:\n  " M "\n  settings: {limit: [1, @18446744073709551616]}\n",
     "a.settings.limit[1]: the number 18446744073709551616 does not fit into 64 bits; a text of "
     "these digits needs "
     "quotes"},
    {"a: {" M ", settings: {x: @!!int y}}",
     "a.settings.x: expected an integer behind the tag, found \"y\""},
    {"a: {" M ", policyMode: @sometimes}", "a.policyMode: " NO_MODE "\"sometimes\""},
    {"first: {" M "}\nsecond:\n  " M "\n  policyMode: @Monitor\n",
     "second.policyMode: " NO_MODE "\"Monitor\""},
    {"a: {" M ", policyMode: @null}", "a.policyMode: " NO_MODE "nothing"},
    {"a: {" M ", allowedToMutate: @'yes'}",
     "a.allowedToMutate: expected true or false, found \"yes\""},
    {"a: {" M ", message: @[x]}", "a.message: expected a text, found a list"},
    {"a: {" M ", timeoutEvalSeconds: @-1}", "a.timeoutEvalSeconds: " NO_LIMIT "the number -1"},
    {"a: {" M ", timeoutEvalSeconds: @1.5}", "a.timeoutEvalSeconds: " NO_LIMIT "the number 1.5"},
    {"a: {" M ", timeoutEvalSeconds: @0}",
     "a.timeoutEvalSeconds: " NO_LIMIT
     "0, which leaves no time to evaluate; without the key --policy-timeout holds"},
    {"a: {" M ", timeoutEvalSeconds: @18446744073709551616}",
     "a.timeoutEvalSeconds: the number 18446744073709551616 does not fit into 64 bits; a text of "
     "these digits needs "
     "quotes"},
    {"a: {" M ", hostCapabilities: @null}", "a.hostCapabilities: " NO_PATTERNS "nothing"},
    {"a: {" M ", hostCapabilities: [oci/*, @1]}",
     "a.hostCapabilities[1]: expected a pattern such as \"oci/*\", found the number 1"},
    {"a: {" M ", hostCapabilities: [@'no/such']}",
     "a.hostCapabilities[0]: invalid pattern \"no/such\": unknown segment \"no\", valid options at "
     "this level are: "
     "crypto, kubernetes, net, oci"},
    {"a: {" M ", contextAwareResources: @{}}", "a.contextAwareResources: " NO_RESOURCES "a map"},
    {"a: {" M ", contextAwareResources: [@v1/Pod]}",
     "a.contextAwareResources[0]: expected a map of apiVersion and kind, as in {apiVersion: v1, "
     "kind: Namespace}, "
     "found \"v1/Pod\""},
    {"a: {" M ", contextAwareResources: [@{kind: Pod}]}",
     "a.contextAwareResources[0].apiVersion: missing; expected a text such as v1 or apps/v1"},
    {"a: {" M ", contextAwareResources: [{apiVersion: v1, kind: @7}]}",
     "a.contextAwareResources[0].kind: expected a text such as Namespace, found the number 7"},
    {"x: &x {" M "}\n@y: {<<: *x}",
     "y: " NO_POLICY "a map with neither; `<<` merges nothing here, write its keys out"},
    {"a: {" M ", @module: file:///y}", "a.module: the key is given twice; write it once"},
    {"g: {expression: a(), message: m, @expression: b(), policies: {}}",
     "g.expression: the key is given twice; write it once"},
    {"@g: {message: m, policies: {a: {" M "}}}",
     "g.expression: missing; expected a text such as a() && b()"},
    {"g: {expression: @true, message: m, policies: {}}",
     "g.expression: expected a text such as a() && b(), found true"},
    {"@g: {expression: a(), policies: {a: {" M "}}}", "g.message: missing; expected a text"},
    {"@g: {expression: a(), message: m}", "g.policies: missing; " NO_MEMBERS},
    {"@g: {expression: a(), message: m, policy: {}}",
     "g.policies: missing; " NO_MEMBERS "; is `policy` meant?"},
    {"g:\n  expression: a()\n  message: m\n  policies:\n    @- {name: a, " M "}\n",
     "g.policies: " NO_MEMBERS ", found a list"},
    {"g: {expression: a(), message: m, policies: {a: @file:///x}}",
     "g.policies.a: expected a map with `module`, and perhaps `settings`, found \"file:///x\""},
    {"g: {expression: a(), message: m, policies: {a: {" M ", @policyMode: monitor}}}",
     "g.policies.a.policyMode: " NO_KEY},
    {"g: {expression: a(), message: m, policies: {a: {" M ", @setings: {}}}}",
     "g.policies.a.setings: " NO_KEY "; is `settings` meant?"},
    {"g: {expression: a(), message: m, policies: {a: {" M ", settings: @1}}}",
     "g.policies.a.settings: " NO_SETTINGS "the number 1"},
    {"g: {expression: a(), message: m, policies: {@a/b: {" M "}}}",
     "g.policies.a/b: expected a name of a member without '/' (policy group 'g' contains policies "
     "with invalid "
     "names)"},
    {"@a/b: {" M "}", "a/b: policy name 'a/b' contains a '/' character"},
    {"@'': {" M "}", "expected an id, found an empty one (Not a valid Policy ID: )"},
    {"a: [1, @}", "a[1]: did not find expected node content, while parsing a flow node"},
    {"a: {module: @\x07}", "control characters are not allowed"},
    {"a:\n@\tmodule: x\n",
     "a: found character that cannot start any token, while scanning for the next token"},
    {"a: {" M "}\n@---\nb: {" M "}\n",
     "expected one document, found another behind it; one map holds all, without ---"},
    {"a: @*x", "a: unknown anchor"},
};

/* The text without its first mark, and where in it that was. */
static void take_mark(char *text, size_t *line, size_t *column)
{
    char *mark = strchr(text, '@');
    assert_non_null(mark);
    *line = *column = 1;
    for (char *at = text; at < mark; at++) {
        *column = *at == '\n' ? 1 : *column + 1;
        *line += *at == '\n';
    }
    memmove(mark, mark + 1, strlen(mark));
}

static void each_mistake_names_place_key_and_what_was_expected(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(REFUSALS) / sizeof(REFUSALS[0]); i++) {
        struct policies policies = {0};
        struct chimera_error err = {0};
        char text[500], wanted[1000];
        size_t line, column;
        snprintf(text, sizeof(text), "%s", REFUSALS[i].text);
        take_mark(text, &line, &column);
        if (read_yaml(text, &policies, &err) == 0)
            fail_msg("%s: accepted", text);
        snprintf(wanted, sizeof(wanted), "%s:%zu:%zu: %s", path, line, column, REFUSALS[i].why);
        if (strcmp(err.text, wanted) != 0)
            fail_msg("%s\n  want %s\n  got  %s", text, wanted, err.text);
    }
}

/* In the order of the file, whatever found them. */
static void all_mistakes_are_told_at_once(void **state)
{
    char text[] =
        "@a: {policyMode: Monitor, timeoutEvalSeconds: x}\n" /* and no module */
        "b: {" M "}\n"
        "@c/d: {" M ", settings: {x: @!y 1, @2: z}}\n"
        "@g: {expression: @1, policies: {@m: {@url: x}, n: {" M ", hostCapabilities: [@x, @y]}}}\n"
        "e: {" M ", @module: z}\n";
    static const char *const want[] = {"a: expected a policy",
                                       "c/d: policy name",
                                       "c/d.settings.x: the tag !y",
                                       "c/d.settings.2: ",
                                       "g.message: missing",
                                       "g.expression: ",
                                       "g.policies.m.module: missing",
                                       "g.policies.m.url: " NO_KEY,
                                       "g.policies.n.hostCapabilities[0]: ",
                                       "g.policies.n.hostCapabilities[1]: ",
                                       "e.module: the key is given twice"};
    size_t lines[11], columns[11];
    struct policies policies = {0};
    struct chimera_buffer details;
    struct chimera_error err = {.details = &details};
    const char *at = NULL;
    (void)state;
    for (size_t i = 0; i < 11; i++)
        take_mark(text, &lines[i], &columns[i]);
    chimera_buffer_init(&details, CHIMERA_DETAILS_MAX);
    assert_true(read_yaml(text, &policies, &err) < 0);
    chimera_buffer_byte(&details, '\0');
    at = details.data;
    for (size_t i = 0; i < 11; i++) {
        char wanted[200];
        snprintf(wanted, sizeof(wanted), "%s:%zu:%zu: %s", path, lines[i], columns[i], want[i]);
        if (strncmp(at, wanted, strlen(wanted)) != 0)
            fail_msg("want %s in\n%s", wanted, at);
        at += strcspn(at, "\n") + 1;
    }
    assert_string_equal(at, "");
    assert_non_null(strstr(err.text, "; and 10 more mistakes"));
    chimera_buffer_free(&details);
}

static void more_than_anybody_reads_is_counted(void **state)
{
    struct policies policies = {0};
    struct chimera_buffer text, details;
    struct chimera_error err = {.details = &details};
    (void)state;
    chimera_buffer_init(&text, (size_t)1 << 20);
    chimera_buffer_init(&details, CHIMERA_DETAILS_MAX);
    for (int i = 0; i < 3000; i++)
        chimera_buffer_print(&text, "a%d: 1\n", i);
    assert_true(policies_parse(chimera_buffer_slice(&text), "p.yml", POLICIES_LIMITS_COUNT,
                               &policies, &err) < 0);
    assert_non_null(strstr(err.text, "; and 2999 more mistakes"));
    assert_int_equal(details.failed, 0);
    size_t lines = 0, left_out = 0;
    for (size_t i = 0; i < details.size; i++)
        lines += details.data[i] == '\n';
    chimera_buffer_byte(&details, '\0');
    assert_int_equal(sscanf(strstr(details.data, "\nand ") + 1, "and %zu more\n", &left_out), 1);
    assert_int_equal(lines - 1 + left_out, 3000);
    chimera_buffer_free(&text);
    chimera_buffer_free(&details);
}

static void limits_of_no_time_are_taken_where_they_do_not_count(void **state)
{
    struct policies policies = {0};
    (void)state;
    assert_int_equal(policies_parse(CHIMERA_SLICE("a: {" M ", timeoutEvalSeconds: 0}"), "p",
                                    POLICIES_LIMITS_ARE_FREE, &policies, NULL),
                     0);
    assert_true(policies.policy[0].has_limit);
    assert_int_equal(policies.policy[0].limit_seconds, 0);
    policies_done(&policies);
}

/* As a policy an entry with both may be wrong, and as a group right: the reference takes it. */
static void an_entry_that_fits_as_a_group_is_one(void **state)
{
    struct policies policies = {0};
    (void)state;
    assert_int_equal(
        read_yaml("g: {module: 5, expression: a(), message: m, policies: {}}", &policies, NULL), 0);
    assert_int_equal(policies.policy_count, 0);
    assert_int_equal(policies.group_count, 1);
    policies_done(&policies);
}

static void what_is_ignored_is_warned_of(void **state)
{
    char text[] = "a: {" M ", namespacedName: {Name: x}, @polycMode: monitor, @surprise: 1}\n"
                  "g: {expression: a(), message: m, policies: {}, @mode: monitor}\n"
                  "b: {" M ", @timeout: 5}\n";
    static const char *const want[] = {
        "a.polycMode: ignored: a policy has no such key; is `policyMode` meant?",
        "a.surprise: ignored: a policy has no such key",
        "g.mode: ignored: a policy group has no such key; is `policyMode` meant?",
        "b.timeout: ignored: a policy has no such key; is `timeoutEvalSeconds` meant?"};
    char wanted[1000];
    size_t size = 0, line, column;
    struct policies policies = {0};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        take_mark(text, &line, &column);
        size += (size_t)snprintf(wanted + size, sizeof(wanted) - size, "p.yml:%zu:%zu: %s\n", line,
                                 column, want[i]);
    }
    assert_int_equal(
        policies_parse(chimera_slice_of(text), "p.yml", POLICIES_LIMITS_COUNT, &policies, NULL), 0);
    assert_string_equal(policies.warnings, wanted);
    policies_done(&policies);
    assert_int_equal(read_yaml("a: {" M ", namespacedName: {}}", &policies, NULL), 0);
    assert_null(policies.warnings);
    policies_done(&policies);
}

static void behind_a_pattern_that_allows_all_nothing_is_looked_at(void **state)
{
    struct policies policies = {0};
    (void)state;
    assert_int_equal(read_yaml("a: {" M ", hostCapabilities: ['*', 'no/such']}", &policies, NULL),
                     0);
    policies_done(&policies);
}

/* The reference was asked about each of these. */
static void the_last_of_equal_names_counts(void **state)
{
    struct policies policies = {0};
    (void)state;
    assert_int_equal(read_yaml("a: {module: one}\nb: {" M "}\na: {module: two}", &policies, NULL),
                     0);
    assert_int_equal(policies.policy_count, 2);
    for (size_t i = 0; i < 2; i++)
        if (strcmp(policies.policy[i].id, "a") == 0)
            assert_string_equal(policies.policy[i].module, "two");
    policies_done(&policies);
    assert_int_equal(
        read_yaml("a: {" M ", settings: {x: 1, x: 2}, other: 1, other: 2}", &policies, NULL), 0);
    assert_string_equal(policies.policy[0].settings, "{\"x\":2}");
    policies_done(&policies);
}

static void a_module_in_its_place_is_called_one(void **state)
{
    (void)state;
    static const char module[] = "\0asm\1\0\0";
    struct policies policies = {0};
    struct chimera_error err = {0};
    assert_int_equal(policies_parse((struct chimera_slice){module, sizeof(module)}, "x.wasm",
                                    POLICIES_LIMITS_COUNT, &policies, &err),
                     CHIMERA_EINVAL);
    assert_string_equal(err.text, "x.wasm is a WebAssembly module, and a policies.yml is wanted, "
                                  "which names it: \"NAME: {module: ./FILE.wasm}\"");
}

static void a_missing_file_is_named(void **state)
{
    struct policies policies = {0};
    struct chimera_error err = {0};
    (void)state;
    assert_true(policies_read("/nowhere.yml", POLICIES_LIMITS_COUNT, &policies, &err) < 0);
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
        cmocka_unit_test(each_mistake_names_place_key_and_what_was_expected),
        cmocka_unit_test(all_mistakes_are_told_at_once),
        cmocka_unit_test(more_than_anybody_reads_is_counted),
        cmocka_unit_test(limits_of_no_time_are_taken_where_they_do_not_count),
        cmocka_unit_test(an_entry_that_fits_as_a_group_is_one),
        cmocka_unit_test(what_is_ignored_is_warned_of),
        cmocka_unit_test(behind_a_pattern_that_allows_all_nothing_is_looked_at),
        cmocka_unit_test(the_last_of_equal_names_counts),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(a_module_in_its_place_is_called_one),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
