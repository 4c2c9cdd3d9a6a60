/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata from an author's file into a section: cli-and-distribution.md §6.2, §6.3. Which rules
 * hold and which do not was seen with kwctl 1.36 for each of these. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/base/buffer.h"
#include "runtime/policy/metadata.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define RULE "{apiGroups: [''], apiVersions: [v1], resources: [pods], operations: [CREATE]}"

static void assert_written(const struct chimera_metadata *metadata, const char *want)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, 1 << 16);
    chimera_metadata_write(metadata, &text);
    chimera_buffer_byte(&text, '\0');
    assert_string_equal(text.data, want);
    chimera_buffer_free(&text);
}

static struct chimera_metadata parsed(const char *text)
{
    struct chimera_metadata metadata = {0};
    struct chimera_error err = {0};
    if (chimera_metadata_parse_yaml(chimera_slice_of(text), &metadata, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return metadata;
}

static void a_section_is_compact_and_in_order(void **state)
{
    (void)state;
    struct chimera_metadata metadata = parsed(
        "mutating: false\ncontextAware: false\nexecutionMode: wasi\n"
        "annotations: {z: 1.0, a: /\"x\"}\n"
        "hostCapabilities: [oci/v1/verify, net/v1/dns_lookup_host, oci/v1/verify]\n"
        "contextAwareResources:\n- {kind: Pod, apiVersion: v1}\n- {kind: A, apiVersion: v1}\n"
        "minimumKubewardenVersion: 1.30.0\nrules:\n- " RULE "\n");
    assert_int_equal(metadata.mode, CHIMERA_MODE_WASI);
    assert_written(&metadata,
                   "{\"protocolVersion\":null,\"rules\":[{\"apiGroups\":[\"\"],\"apiVersions\":["
                   "\"v1\"],\"resources\":[\"pods\"],\"operations\":[\"CREATE\"]}],"
                   "\"annotations\":{\"a\":\"/\\\"x\\\"\",\"z\":\"1.0\"},\"mutating\":false,"
                   "\"backgroundAudit\":true,\"executionMode\":\"wasi\",\"policyType\":"
                   "\"kubernetes\",\"contextAwareResources\":[{\"apiVersion\":\"v1\",\"kind\":"
                   "\"A\"},{\"apiVersion\":\"v1\",\"kind\":\"Pod\"}],\"hostCapabilities\":["
                   "\"net/v1/dns_lookup_host\",\"oci/v1/verify\"],\"minimumKubewardenVersion\":"
                   "\"1.30.0\"}");
    chimera_metadata_done(&metadata);
}

static void what_annotate_sets_has_its_place(void **state)
{
    (void)state;
    struct chimera_metadata metadata = parsed("rules: []\nmutating: true\n");
    assert_int_equal(chimera_metadata_set_protocol(&metadata, CHIMERA_PROTOCOL_V1), CHIMERA_OK);
    assert_int_equal(chimera_metadata_set_annotation(&metadata, "b", CHIMERA_SLICE("1")),
                     CHIMERA_OK);
    assert_int_equal(chimera_metadata_set_annotation(&metadata, "a", CHIMERA_SLICE("2")),
                     CHIMERA_OK);
    assert_int_equal(chimera_metadata_set_annotation(&metadata, "b", CHIMERA_SLICE("3")),
                     CHIMERA_OK);
    assert_int_equal(metadata.protocol, CHIMERA_PROTOCOL_V1);
    assert_true(metadata.is_mutating);
    assert_written(&metadata, "{\"protocolVersion\":\"v1\",\"rules\":[],\"annotations\":{\"a\":"
                              "\"2\",\"b\":\"3\"},\"mutating\":true,\"backgroundAudit\":true,"
                              "\"executionMode\":\"kubewarden-wapc\",\"policyType\":"
                              "\"kubernetes\",\"contextAwareResources\":[]}");
    chimera_metadata_done(&metadata);
}

static void files_that_are_no_metadata_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"rules: []", "missing field `mutating`"},
        {"mutating: true", "missing field `rules`"},
        {"rules: []\nmutating: 'true'",
         "mutating: invalid type: string \"true\", expected a boolean at line 2 column 11"},
        {"rules: []\nmutating: true\nbackgroundAudit: ~",
         "backgroundAudit: invalid type: unit value, expected a boolean at line 3 column 18"},
        {"rules: []\nmutating: true\nexecutionMode: magic",
         "executionMode: unknown variant `magic`, expected one of `kubewarden-wapc`, `opa`, "
         "`gatekeeper`, `wasi` at line 3 column 16"},
        {"rules: []\nmutating: true\nminimumKubewardenVersion: 1.28",
         "minimumKubewardenVersion: unexpected end of input while parsing minor version number"},
        {"rules:\n- {apiGroups: [], apiVersions: [], resources: [], operations: [create]}\n"
         "mutating: true",
         "rules[0].operations[0]: unknown variant `create`, expected one of `CREATE`, `UPDATE`, "
         "`DELETE`, `CONNECT`, `*` at line 2 column 64"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct chimera_metadata metadata = {0};
        struct chimera_error err = {0};
        assert_true(chimera_metadata_parse_yaml(chimera_slice_of(cases[i].text), &metadata, &err) <
                    0);
        assert_string_equal(err.text, cases[i].want);
        assert_null(metadata.tree);
    }
}

/* `want` NULL: nothing is wrong. */
static void assert_checked(const char *text, const char *want)
{
    struct chimera_metadata metadata = parsed(text);
    struct chimera_error err = {0};
    int code = chimera_metadata_check(&metadata, &err);
    if (want ? code == 0 || strcmp(err.text, want) != 0 : code < 0)
        fail_msg("%s: want %s, got %s", text, want ? want : "nothing", err.text);
    chimera_metadata_done(&metadata);
}

static void rules_are_checked_as_kubernetes_does(void **state)
{
    (void)state;
#define ALONE "No other elements can be defined when '*' is used"
    static const struct {
        const char *groups, *versions, *resources, *operations, *want;
    } cases[] = {
        {"''", "v1", "pods", "CREATE", NULL},
        {"'*'", "'*'", "'*'", "'*'", NULL},
        {"", "v1", "pods", "CREATE", "rules[0].apiGroups: the list must not be empty"},
        {"''", "", "pods", "CREATE", "rules[0].apiVersions: the list must not be empty"},
        {"''", "v1", "", "CREATE", "rules[0].resources: the list must not be empty"},
        {"''", "v1", "pods", "", "rules[0].operations: the list must not be empty"},
        {"'*', a", "v1", "pods", "CREATE", "rules[0].apiGroups: " ALONE},
        {"''", "v1, '*'", "pods", "CREATE", "rules[0].apiVersions: " ALONE},
        {"''", "v1", "pods", "CREATE, '*'", "rules[0].operations: " ALONE},
        {"''", "v1", "''", "CREATE", "rules[0].resources: empty resource is not allowed"},
        {"''", "v1", "'*/*', pods", "CREATE",
         "rules[0].resources: if '*/*' is present, must not specify other resources"},
        {"''", "v1", "'*', pods", "CREATE",
         "rules[0].resources: if '*' is present, must not specify other resources without "
         "subresources"},
        {"''", "v1", "pods, '*'", "CREATE", NULL}, /* Kubernetes takes it, too */
        {"''", "v1", "'*', pods/status", "CREATE", NULL},
        {"''", "v1", "pods/*, pods/log", "CREATE",
         "rules[0].resources: if 'pods/*' is present, must not specify pods/log"},
        {"''", "v1", "pods/log, pods/*", "CREATE", NULL},
        {"''", "v1", "pods/*, pods/*", "CREATE",
         "rules[0].resources: if 'pods/*' is present, must not specify pods/*"},
        {"''", "v1", "'*/status', pods/status", "CREATE",
         "rules[0].resources: if '*/status' is present, must not specify pods/status"},
        {"''", "v1", "pods/status, '*/status'", "CREATE", NULL},
        {"''", "v1", "podsx/*, pods/log", "CREATE", NULL},
        {"''", "v1", "a/b/c, a/*", "CREATE", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[600];
        snprintf(text, sizeof(text),
                 "protocolVersion: v1\nmutating: false\nrules:\n- {apiGroups: [%s], apiVersions: "
                 "[%s], resources: [%s], operations: [%s]}\n",
                 cases[i].groups, cases[i].versions, cases[i].resources, cases[i].operations);
        assert_checked(text, cases[i].want);
    }
}

static void the_rest_is_checked(void **state)
{
    (void)state;
#define BASE "rules: []\nmutating: false\n"
    assert_checked(BASE "protocolVersion: v1\n", NULL);
    assert_checked(BASE, "protocolVersion: it is not there");
    assert_checked(BASE "protocolVersion: Unknown\n", "Must specify a valid protocol version");
    assert_checked(BASE "protocolVersion: Unknown\nexecutionMode: opa\n", NULL);
    assert_checked(BASE "protocolVersion: Unknown\nexecutionMode: gatekeeper\n", NULL);
    assert_checked(BASE "protocolVersion: v1\ncontextAwareResources: [{apiVersion: '', kind: A}]\n",
                   "contextAwareResources[0].apiVersion: the text must not be empty");
    assert_checked(BASE "protocolVersion: v1\ncontextAwareResources: [{apiVersion: v1, kind: A}, "
                        "{apiVersion: v2, kind: ''}]\n",
                   "contextAwareResources[1].kind: the text must not be empty");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_section_is_compact_and_in_order),
        cmocka_unit_test(what_annotate_sets_has_its_place),
        cmocka_unit_test(files_that_are_no_metadata_are_refused),
        cmocka_unit_test(rules_are_checked_as_kubernetes_does),
        cmocka_unit_test(the_rest_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
