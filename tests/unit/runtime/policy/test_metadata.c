/* SPDX-License-Identifier: Apache-2.0 */
/* The metadata of policies: guest-abis.md §1.3, §1.4; texts from the recordings and from the
 * reference's parsers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/json/tree.h"
#include "runtime/policy/metadata.h"
#include "runtime/policy/version.h"

#define PREFIX "cannot deserialize custom section `io.kubewarden.metadata` of wasm module: "
#define RULE                                                                                   \
    "{\"apiGroups\":[\"\"],\"apiVersions\":[\"v1\"],\"resources\":[\"pods\"],\"operations\":[" \
    "\"CREATE\"]}"

static struct chimera_metadata parsed(const char *text)
{
    struct chimera_metadata metadata = {0};
    struct chimera_error err = {0};
    if (chimera_metadata_parse(chimera_slice_of(text), &metadata, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return metadata;
}

static void assert_tree(const struct chimera_metadata *metadata, const char *want)
{
    assert_string_equal(
        json_object_to_json_string_ext(metadata->tree,
                                       JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
        want);
}

static void parse_fills_the_defaults(void **state)
{
    (void)state;
    struct chimera_metadata metadata = parsed("{\"rules\":[],\"mutating\":true}");
    assert_true(metadata.is_annotated);
    assert_int_equal(metadata.protocol, CHIMERA_PROTOCOL_NONE);
    assert_int_equal(metadata.mode, CHIMERA_MODE_WAPC);
    assert_true(metadata.is_mutating);
    assert_true(metadata.has_background_audit);
    assert_false(metadata.is_raw);
    assert_tree(&metadata, "{\"protocolVersion\":null,\"rules\":[],\"mutating\":true,"
                           "\"backgroundAudit\":true,\"executionMode\":\"kubewarden-wapc\","
                           "\"policyType\":\"kubernetes\",\"contextAwareResources\":[]}");
    chimera_metadata_done(&metadata);
    assert_null(metadata.tree);
    assert_false(metadata.is_annotated);
}

static void parse_sorts_and_merges_as_the_reference_writes(void **state)
{
    (void)state;
    struct chimera_metadata metadata = parsed(
        "{\"minimumKubewardenVersion\":\"1.2.0-rc.1\",\"hostCapabilities\":[\"oci/v1/verify\","
        "\"kubernetes/can_i\",\"oci/v1/verify\"],\"contextAwareResources\":[{\"kind\":\"Pod\","
        "\"apiVersion\":\"v1\",\"more\":1},{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\"},"
        "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\"},{\"apiVersion\":\"v1\",\"kind\":\"Pod\"}],"
        "\"policyType\":\"raw\",\"executionMode\":\"gatekeeper\",\"backgroundAudit\":false,"
        "\"annotations\":{\"z\":\"1\",\"a\":\"2\"},\"rules\":[" RULE "],\"contextAware\":true,"
        "\"mutating\":false,\"protocolVersion\":\"Unknown\"}");
    assert_int_equal(metadata.protocol, CHIMERA_PROTOCOL_UNKNOWN);
    assert_int_equal(metadata.mode, CHIMERA_MODE_GATEKEEPER);
    assert_true(metadata.is_raw);
    assert_false(metadata.has_background_audit);
    assert_string_equal(chimera_metadata_annotation(&metadata, "z"), "1");
    assert_null(chimera_metadata_annotation(&metadata, "y"));
    assert_tree(
        &metadata,
        "{\"protocolVersion\":\"Unknown\",\"rules\":[" RULE "],\"annotations\":{\"a\":\"2\","
        "\"z\":\"1\"},\"mutating\":false,\"backgroundAudit\":false,\"executionMode\":"
        "\"gatekeeper\",\"policyType\":\"raw\",\"contextAwareResources\":[{\"apiVersion\":"
        "\"apps/v1\",\"kind\":\"Deployment\"},{\"apiVersion\":\"v1\",\"kind\":\"Namespace\"},"
        "{\"apiVersion\":\"v1\",\"kind\":\"Pod\"}],\"hostCapabilities\":[\"kubernetes/can_i\","
        "\"oci/v1/verify\"],\"minimumKubewardenVersion\":\"1.2.0-rc.1\"}");
    chimera_metadata_done(&metadata);
}

static void parse_refuses_what_the_reference_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", "EOF while parsing a value at line 1 column 0"},
        {"{\"rules\":[]", "EOF while parsing an object at line 1 column 11"},
        {"{\"mutating\":true}", "missing field `rules` at line 1 column 17"},
        {"{\"rules\":[]}", "missing field `mutating` at line 1 column 12"},
        {"{\"rules\":5}", "invalid type: integer `5`, expected a sequence at line 1 column 10"},
        {"{\"rules\":[],\"mutating\":\"yes\"}",
         "invalid type: string \"yes\", expected a boolean at line 1 column 28"},
        {"{\"rules\":[],\"rules\":[]}", "duplicate field `rules` at line 1 column 19"},
        {"{\"rules\":[{}],\"mutating\":true}", "missing field `apiGroups` at line 1 column 12"},
        {"{\"rules\":[{\"apiGroups\":[1]}]}",
         "invalid type: integer `1`, expected a string at line 1 column 25"},
        {"{\"rules\":[],\n\"mutating\":true,\n \"executionMode\":\"telepathy\"}",
         "unknown variant `telepathy`, expected one of `kubewarden-wapc`, `opa`, `gatekeeper`, "
         "`wasi` at line 3 column 28"},
        {"{\"rules\":[{\"apiGroups\":[],\"apiVersions\":[],\"resources\":[],\"operations\":["
         "\"LIST\"]"
         "}],\"mutating\":true}",
         "unknown variant `LIST`, expected one of `CREATE`, `UPDATE`, `DELETE`, `CONNECT`, `*` at "
         "line 1 column 78"},
        {"{\"rules\":[],\"mutating\":true,\"minimumKubewardenVersion\":\"1.2\"}",
         "unexpected end of input while parsing minor version number at line 1 column 60"},
        {"{\"rules\":[],\"mutating\":true} x", "trailing characters at line 1 column 30"},
        {"{\"rules\":[],\"mutating\":true,\"annotations\":{\"a\":1}}",
         "invalid type: integer `1`, expected a string at line 1 column 48"},
        {"[]", "invalid type: sequence, expected struct Metadata at line 1 column 0"},
        {"{\"rules\":[[[],[],[],[]]],\"mutating\":true}",
         "invalid type: sequence, expected struct Rule at line 1 column 10"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct chimera_metadata metadata = {0};
        struct chimera_error err = {0};
        int code = chimera_metadata_parse(chimera_slice_of(cases[i].text), &metadata, &err);
        assert_int_equal(code, CHIMERA_EINVAL);
        assert_memory_equal(err.text, PREFIX, strlen(PREFIX));
        assert_string_equal(err.text + strlen(PREFIX), cases[i].want);
        assert_null(metadata.tree);
    }
}

static void versions_are_read_as_the_semver_crate_reads_them(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"1.36.0", NULL},
        {"1.36.0-beta.1+build.007", NULL},
        {"0.0.0", NULL},
        {"18446744073709551615.0.0", NULL},
        {"", "empty string, expected a semver version"},
        {"1", "unexpected end of input while parsing major version number"},
        {"1.", "unexpected end of input while parsing minor version number"},
        {"v1.2.3", "unexpected character 'v' while parsing major version number"},
        {"1.2.x", "unexpected character 'x' while parsing patch version number"},
        {"1-2.3", "unexpected character '-' after major version number"},
        {"01.2.3", "invalid leading zero in major version number"},
        {"18446744073709551616.0.0", "value of major version number exceeds u64::MAX"},
        {"1.2.3-", "empty identifier segment in pre-release identifier"},
        {"1.2.3-a..b", "empty identifier segment in pre-release identifier"},
        {"1.2.3-01", "invalid leading zero in pre-release identifier"},
        {"1.2.3+", "empty identifier segment in build metadata"},
        {"1.2.3 ", "unexpected character ' ' after patch version number"},
        {"1.2.3.4", "unexpected character '.' after patch version number"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct chimera_version version;
        char room[160];
        const char *wrong =
            chimera_version_parse(chimera_slice_of(cases[i].text), &version, room, sizeof(room));
        if (cases[i].want)
            assert_string_equal(wrong ? wrong : "(taken)", cases[i].want);
        else if (wrong)
            fail_msg("%s: %s", cases[i].text, wrong);
    }
}

static void check_version_compares_major_and_minor(void **state)
{
    (void)state;
    static const struct {
        const char *version;
        bool is_newer;
    } cases[] = {
        {"1.36.0", false}, {"1.36.9-rc.1", false}, {"1.35.0", false},      {"0.99.0", false},
        {"1.37.0", true},  {"2.0.0", true},        {"1.37.0-alpha", true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[200];
        snprintf(text, sizeof(text),
                 "{\"rules\":[],\"mutating\":false,\"minimumKubewardenVersion\":\"%s\"}",
                 cases[i].version);
        struct chimera_metadata metadata = parsed(text);
        int code = chimera_metadata_check_version(&metadata, CHIMERA_READER_SERVER, NULL);
        assert_int_equal(code, cases[i].is_newer ? CHIMERA_EINVAL : CHIMERA_OK);
        chimera_metadata_done(&metadata);
    }
}

static void check_version_has_the_readers_words(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    struct chimera_metadata metadata =
        parsed("{\"rules\":[],\"mutating\":false,\"minimumKubewardenVersion\":\"9.1.2\"}");
    chimera_metadata_check_version(&metadata, CHIMERA_READER_SERVER, &err);
    assert_string_equal(err.text,
                        "Policy required Kubewarden version 9.1.0 but is running on 1.36.0");
    chimera_metadata_check_version(&metadata, CHIMERA_READER_COMMAND, &err);
    assert_string_equal(err.text, "Policy required Kubewarden version 9.1.2 or greater. But it's "
                                  "running on 1.36.0");
    chimera_metadata_done(&metadata);
}

static void server_mode_insists_on_the_protocol_of_wapc(void **state)
{
    (void)state;
    enum chimera_mode mode = CHIMERA_MODE_NONE;
    struct chimera_error err = {0};
    const struct chimera_metadata none = {0};
    assert_int_equal(chimera_metadata_server_mode(&none, &mode, &err), CHIMERA_EINVAL);
    assert_string_equal(err.text, "Policy is missing protocol version, which is required for "
                                  "KubewardenWapc execution mode");
    const struct chimera_metadata unknown = {
        .is_annotated = true, .mode = CHIMERA_MODE_WAPC, .protocol = CHIMERA_PROTOCOL_UNKNOWN};
    assert_int_equal(chimera_metadata_server_mode(&unknown, &mode, &err), CHIMERA_EINVAL);
    assert_string_equal(err.text, "Policy uses protocol version Unknown but only V1 is supported");
    const struct chimera_metadata wasi = {
        .is_annotated = true, .mode = CHIMERA_MODE_WASI, .protocol = CHIMERA_PROTOCOL_UNKNOWN};
    assert_int_equal(chimera_metadata_server_mode(&wasi, &mode, &err), 0);
    assert_int_equal(mode, CHIMERA_MODE_WASI);
}

/* The table of cli-and-distribution.md §1.5 "Execution mode selection". */
static void command_mode_follows_the_table(void **state)
{
    (void)state;
    enum {
        NONE = CHIMERA_MODE_NONE,
        WAPC = CHIMERA_MODE_WAPC,
        WASI = CHIMERA_MODE_WASI,
        OPA = CHIMERA_MODE_OPA,
        GATEKEEPER = CHIMERA_MODE_GATEKEEPER
    };
    static const char is_rego[] =
        "The policy has been created with Rego, the policy execution mode "
        "specified via CLI flag is wrong";
    static const char is_not_rego[] = "The policy has not been created with Rego, the policy "
                                      "execution mode specified via CLI flag is wrong";
    static const struct {
        int annotated, asked;
        bool rego;
        int want;
        const char *error;
    } cases[] = {
        {WAPC, NONE, false, WAPC, NULL},
        {WASI, NONE, false, WASI, NULL},
        {OPA, NONE, true, OPA, NULL},
        {GATEKEEPER, NONE, true, GATEKEEPER, NULL},
        {WAPC, NONE, true, NONE, is_rego},
        {WASI, NONE, true, NONE, is_rego},
        {OPA, NONE, false, NONE, is_not_rego},
        {GATEKEEPER, NONE, false, NONE, is_not_rego},
        {NONE, NONE, false, WAPC, NULL},
        {NONE, NONE, true, NONE,
         "The policy has been created with Rego, please specify which Opa "
         "runtime has to be used"},
        {NONE, GATEKEEPER, true, GATEKEEPER, NULL},
        {NONE, WASI, false, WASI, NULL},
        {OPA, OPA, true, OPA, NULL},
        {WAPC, WASI, false, NONE,
         "The policy execution mode specified via CLI flag is different "
         "from the one reported inside of policy's metadata. Metadata "
         "reports kubewarden-wapc instead of wasi"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum chimera_mode mode = CHIMERA_MODE_NONE;
        struct chimera_error err = {0};
        const struct chimera_metadata metadata = {.is_annotated = cases[i].annotated != NONE,
                                                  .mode = (enum chimera_mode)cases[i].annotated};
        int code = chimera_metadata_command_mode(&metadata, (enum chimera_mode)cases[i].asked,
                                                 cases[i].rego, &mode, &err);
        assert_int_equal(code, cases[i].error ? CHIMERA_EINVAL : CHIMERA_OK);
        assert_int_equal(mode, cases[i].want);
        assert_string_equal(err.text, cases[i].error ? cases[i].error : "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse_fills_the_defaults),
        cmocka_unit_test(parse_sorts_and_merges_as_the_reference_writes),
        cmocka_unit_test(parse_refuses_what_the_reference_refuses),
        cmocka_unit_test(versions_are_read_as_the_semver_crate_reads_them),
        cmocka_unit_test(check_version_compares_major_and_minor),
        cmocka_unit_test(check_version_has_the_readers_words),
        cmocka_unit_test(server_mode_insists_on_the_protocol_of_wapc),
        cmocka_unit_test(command_mode_follows_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
