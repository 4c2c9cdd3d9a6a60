/* SPDX-License-Identifier: Apache-2.0 */
/* The texts are the reference's: guest-abis.md §5.1 and §5.8, and the recordings in
 * tests/reference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/capability/dispatch.h"
#include "runtime/capability/pattern.h"
#include "runtime/log/log.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void check_accepts_paths_and_wildcards(void **state)
{
    static const char *const patterns[] = {"*",
                                           "oci/*",
                                           "oci/v2/*",
                                           "oci/v1/verify",
                                           "oci/v1/manifest_digest",
                                           "oci/v1/oci_manifest",
                                           "oci/v1/oci_manifest_config",
                                           "net/v1/dns_lookup_host",
                                           "net/*",
                                           "crypto/v1/is_certificate_trusted",
                                           "crypto/*",
                                           "kubernetes/can_i",
                                           "kubernetes/get_resource",
                                           "kubernetes/list_resources_all",
                                           "kubernetes/list_resources_by_namespace",
                                           "kubernetes/*",
                                           " oci/* ",
                                           "\t*\n"};
    (void)state;
    for (size_t i = 0; i < COUNT(patterns); i++)
        assert_int_equal(chimera_capability_check(patterns[i], NULL), CHIMERA_OK);
}

static void check_refuses_with_the_reference_s_words(void **state)
{
    static const struct {
        const char *pattern, *why;
    } cases[] = {
        {"", "invalid pattern: pattern must not be empty"},
        {"  \t", "invalid pattern: pattern must not be empty"},
        {"oci*",
         "invalid pattern \"oci*\": wildcard '*' must be the entire last path segment (e.g. "
         "'oci/*'), not a partial match"},
        {"oci/*/x*",
         "invalid pattern \"oci/*/x*\": wildcard '*' must be the entire last path segment "
         "(e.g. 'oci/*'), not a partial match"},
        {"*/oci",
         "invalid pattern \"*/oci\": wildcard '*' must be the entire last path segment (e.g. "
         "'oci/*'), not a partial match"},
        {"**", "invalid pattern \"**\": wildcard '*' must be the entire last path segment (e.g. "
               "'oci/*'), not a partial match"},
        {"oci/v1/oci_*",
         "invalid pattern \"oci/v1/oci_*\": wildcard '*' must be the entire last path "
         "segment (e.g. 'oci/*'), not a partial match"},
        {"no/such",
         "invalid pattern \"no/such\": unknown segment \"no\", valid options at this level "
         "are: crypto, kubernetes, net, oci"},
        {"oci/v99/*",
         "invalid pattern \"oci/v99/*\": unknown segment \"v99\", valid options at this "
         "level are: v1, v2"},
        {"kubernetes/x",
         "invalid pattern \"kubernetes/x\": unknown segment \"x\", valid options at "
         "this level are: can_i, get_resource, list_resources_all, "
         "list_resources_by_namespace"},
        {"oci//verify",
         "invalid pattern \"oci//verify\": unknown segment \"\", valid options at this "
         "level are: v1, v2"},
        {"kubernetes/can_i/now",
         "invalid pattern \"kubernetes/can_i/now\": unknown segment \"now\", "
         "valid options at this level are: "},
        {"oci",
         "invalid pattern \"oci\": not a complete capability path; use \"oci/*\" to allow all "
         "capabilities under it"},
        {"oci/v1",
         "invalid pattern \"oci/v1\": not a complete capability path; use \"oci/v1/*\" to "
         "allow all capabilities under it"},
        {"oci/",
         "invalid pattern \"oci/\": unknown segment \"\", valid options at this level are: v1, v2"},
        {"oci/v1/verif",
         "invalid pattern \"oci/v1/verif\": unknown segment \"verif\", valid options at "
         "this level are: manifest_digest, oci_manifest, oci_manifest_config, verify"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct chimera_error err = {0};
        assert_int_equal(chimera_capability_check(cases[i].pattern, &err), CHIMERA_EINVAL);
        assert_string_equal(err.text, cases[i].why);
    }
}

struct call_case {
    const char *grant[3];
    const char *binding, *name_space, *operation, *payload;
    bool is_ok;
    const char *answer;
};

#define DENIED(path)                                   \
    "Policy has not been granted access to the '" path \
    "' host capability. The violation has been reported."
#define ABSENT "Cannot process Wasm guest request: callback channel not provided"

static void check_call(const struct call_case *one, const char *const *resources)
{
    struct chimera_buffer answer;
    chimera_buffer_init(&answer, 4096);
    chimera_buffer_text(&answer, "left from before");
    struct chimera_grants grants = {
        .policy_id = "p", .capabilities = one->grant, .resources = resources};
    struct chimera_guest_request call = {
        chimera_slice_of(one->binding), chimera_slice_of(one->name_space),
        chimera_slice_of(one->operation), chimera_slice_of(one->payload)};
    struct chimera_host_answer whole = {.text = &answer};
    bool is_ok = chimera_capability_call(&grants, &call, &whole);
    chimera_buffer_byte(&answer, 0);
    assert_string_equal(answer.data, one->answer);
    assert_int_equal(is_ok, one->is_ok);
    chimera_buffer_free(&answer);
}

static void call_answers_each_step_of_the_dispatch(void **state)
{
    static const struct call_case cases[] = {
        {{"*"}, "nobody", "tracing", "log", "{}", false, "unknown binding: nobody"},
        {{0}, "kubewarden", "tracing", "log", "{}", true, ""},
        {{0}, "kubewarden", "tracing", "log", "not json", true, ""},
        {{0}, "kubewarden", "tracing", "shout", "{}", false, "unknown operation: shout"},
        {{0}, "kubewarden", "nothing", "x", "{}", false, DENIED("nothing/x")},
        {{0}, "kubewarden", "oci", "v9/nothing", "{}", false, DENIED("oci/v9/nothing")},
        {{0},
         "kubewarden",
         "net",
         "v1/dns_lookup_host",
         "not json",
         false,
         DENIED("net/v1/dns_lookup_host")},
        {{"oci/*"},
         "kubewarden",
         "net",
         "v1/dns_lookup_host",
         "\"a\"",
         false,
         DENIED("net/v1/dns_lookup_host")},
        {{"oci/v1/verify"}, "kubewarden", "oci", "v2/verify", "{}", false, DENIED("oci/v2/verify")},
        {{"oci/v2/*"}, "kubewarden", "oci", "v1/verify", "{}", false, DENIED("oci/v1/verify")},
        {{"*"}, "kubewarden", "nothing", "x", "{}", false, "unknown namespace: nothing"},
        {{"*"}, "kubewarden", "", "x", "{}", false, "unknown namespace: "},
        {{"*"}, "kubewarden", "oci/v1", "verify", "{}", false, "unknown namespace: oci/v1"},
        {{"*"}, "kubewarden", "oci", "v9/nothing", "{}", false, "unknown operation: v9/nothing"},
        {{"*"},
         "kubewarden",
         "net",
         "v1/dns_lookup_host",
         "not json",
         false,
         "expected ident at line 1 column 2"},
        {{"*"},
         "kubewarden",
         "kubernetes",
         "can_i",
         "{}",
         false,
         "missing field `subject_access_review` at line 1 column 2"},
        {{"*"},
         "kubewarden",
         "kubernetes",
         "get_resource",
         "{\"kind\":\"Pod\"}",
         false,
         "missing field `api_version` at line 1 column 14"},
        {{"*"},
         "kubewarden",
         "kubernetes",
         "can_i",
         "{\n\n \"x\":1}",
         false,
         "missing field `subject_access_review` at line 3 column 7"},
        {{"oci/v1/oci_manifest"},
         "kubewarden",
         "oci",
         "v1/oci_manifest_config",
         "\"x\"",
         false,
         DENIED("oci/v1/oci_manifest_config")},
        {{"oci/*"}, "kubewarden", "oci", "", "\"x\"", false, "unknown operation: "},
        {{"oci/*"}, "kubewarden", "oci", "v1/manifest_digest", "\"x\"", false, ABSENT},
        {{"kubernetes/can_i", " oci/v2/* "},
         "kubewarden",
         "oci",
         "v2/verify",
         "{\"type\":\"SigstoreKeylessVerify\",\"image\":\"x\",\"keyless\":[]}",
         false,
         ABSENT},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        check_call(&cases[i], NULL);
}

/* serde_json's words. */
static void payloads_have_their_type(void **state)
{
#define PLACE(column) " at line 1 column " column
#define NO_REQUEST(found, column) \
    "invalid type: " found ", expected struct CanIRequest" PLACE(column)
    static const struct {
        const char *name_space, *operation, *payload, *answer;
    } cases[] = {
        {"kubernetes", "can_i", "[]",
         "invalid length 0, expected struct CanIRequest with 2 elements" PLACE("2")},
        {"kubernetes", "can_i", "\"x\"", NO_REQUEST("string \"x\"", "3")},
        {"kubernetes", "can_i", "7", NO_REQUEST("integer `7`", "1")},
        {"kubernetes", "can_i", "7.5", NO_REQUEST("floating point `7.5`", "3")},
        {"kubernetes", "can_i", "true", NO_REQUEST("boolean `true`", "4")},
        {"kubernetes", "can_i", "null", NO_REQUEST("null", "4")},
        {"kubernetes", "can_i", "", "EOF while parsing a value" PLACE("0")},
        {"kubernetes", "list_resources_all", "{\"api_version\":1,\"kind\":\"x\"}",
         "invalid type: integer `1`, expected a string" PLACE("16")},
        {"kubernetes", "list_resources_all", "{\"api_version\":\"v1\",\"kind\":{}}",
         "invalid type: map, expected a string" PLACE("27")},
        {"kubernetes", "list_resources_all",
         "{\"api_version\":\"v1\",\"kind\":\"x\",\"field_masks\":[1]}",
         "invalid type: integer `1`, expected a string" PLACE("47")},
        {"kubernetes", "get_resource", "{\"api_version\":\"v1\",\"kind\":\"x\",\"name\":\"y\"}",
         "missing field `disable_cache`" PLACE("42")},
        {"net", "v1/dns_lookup_host", "[1]",
         "invalid type: sequence, expected a string" PLACE("0")},
        {"net", "v1/dns_lookup_host", "\"x\" 1", "trailing characters" PLACE("5")},
        {"crypto", "v1/is_certificate_trusted", "{\"cert\":{\"encoding\":\"Pem\",\"data\":[256]}}",
         "invalid value: integer `256`, expected u8" PLACE("37")},
        {"crypto", "v1/is_certificate_trusted", "{\"cert\":{\"encoding\":\"x\",\"data\":[]}}",
         "unknown variant `x`, expected `Der` or `Pem`" PLACE("23")},
        {"oci", "v2/verify", "{}", "missing field `type`" PLACE("2")},
        {"oci", "v2/verify", "{\"type\":\"x\"}",
         "unknown variant `x`, expected one of `SigstorePubKeyVerify`, `SigstoreKeylessVerify`, "
         "`SigstoreKeylessPrefixVerify`, `SigstoreGithubActionsVerify`, "
         "`SigstoreCertificateVerify`"},
        {"oci", "v2/verify", "{\"type\":\"SigstorePubKeyVerify\",\"image\":\"x\"}",
         "missing field `pub_keys`"},
        {"oci", "v1/verify", "{}", "expected value" PLACE("2")},
        {"oci", "v1/verify", "{\"SigstoreGithubActionsVerify\":{}}",
         "unknown variant `SigstoreGithubActionsVerify`, expected `SigstorePubKeyVerify` or "
         "`SigstoreKeylessVerify`"},
        {"oci", "v1/verify", "{\"SigstorePubKeyVerify\":{}}", "missing field `image`" PLACE("26")},
        {"oci", "v1/verify", "{\"SigstorePubKeyVerify\":{\"image\":\"x\",\"pub_keys\":[]},\"y\":1}",
         "expected value" PLACE("52")},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct call_case one = {
            {"*"}, "kubewarden",   cases[i].name_space, cases[i].operation, cases[i].payload,
            false, cases[i].answer};
        check_call(&one, NULL);
    }
}

static void kubernetes_calls_need_the_resource_too(void **state)
{
    static const char *const resources[] = {"v1/Namespace", "apps/v1/Deployment", NULL};
#define REFUSED(resource)                                        \
    "Policy has not been granted access to Kubernetes " resource \
    " resources. The violation has been reported."
    static const struct call_case cases[] = {
        {{"*"},
         "kubewarden",
         "kubernetes",
         "list_resources_all",
         "{\"api_version\":\"v1\",\"kind\":\"Pod\"}",
         false,
         REFUSED("v1/Pod")},
        {{"*"},
         "kubewarden",
         "kubernetes",
         "list_resources_all",
         "{\"api_version\":\"v1\",\"kind\":\"namespace\"}",
         false,
         REFUSED("v1/namespace")},
        {{"*"},
         "kubewarden",
         "kubernetes",
         "list_resources_all",
         "{\"api_version\":\"v\",\"kind\":\"Namespace\"}",
         false,
         REFUSED("v/Namespace")},
        {{"*"},
         "kubewarden",
         "kubernetes",
         "list_resources_all",
         "{\"api_version\":\"v\",\"kind\":\"/Namespace\"}",
         false,
         REFUSED("v//Namespace")},
        {{"*"},
         "kubewarden",
         "kubernetes",
         "list_resources_all",
         "{\"api_version\":\"apps/v1\",\"kind\":\"Deployment\"}",
         false,
         ABSENT},
        {{"*"},
         "kubewarden",
         "kubernetes",
         "get_resource",
         "{\"api_version\":\"v1\",\"kind\":\"Namespace\",\"name\":\"default\",\"disable_cache\":"
         "false}",
         false,
         ABSENT},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        check_call(&cases[i], resources);
    struct call_case none = cases[COUNT(cases) - 1];
    none.answer = REFUSED("v1/Namespace");
    check_call(&none, NULL);
}

static void call_reports_an_answer_that_does_not_fit(void **state)
{
    struct chimera_buffer answer;
    struct chimera_grants grants = {.policy_id = "p"};
    struct chimera_guest_request call = {CHIMERA_SLICE("kubewarden"), CHIMERA_SLICE("net"),
                                         CHIMERA_SLICE("v1/dns_lookup_host"),
                                         CHIMERA_SLICE("\"x\"")};
    (void)state;
    chimera_buffer_init(&answer, 40);
    struct chimera_host_answer whole = {.text = &answer};
    assert_false(chimera_capability_call(&grants, &call, &whole));
    assert_int_equal(answer.failed, CHIMERA_ELIMIT);
    chimera_buffer_free(&answer);
}

static char log_path[] = "/tmp/chimera-capability-log-XXXXXX";
static int log_fd;

/* What comes of a call is told to the log, too. */
static void check_log(const char *const parts[5], const char *wanted, const char *unwanted)
{
    static const char *const grants[] = {"kubernetes/*", NULL};
    const struct chimera_grants granted = {.policy_id = "p", .capabilities = grants};
    struct chimera_buffer answer;
    char text[4096] = "";
    const struct chimera_guest_request call = {
        CHIMERA_SLICE("kubewarden"), chimera_slice_of(parts[0]), chimera_slice_of(parts[1]),
        chimera_slice_of(parts[2])};
    chimera_buffer_init(&answer, 4096);
    assert_int_equal(ftruncate(log_fd, 0), 0);
    struct chimera_host_answer whole = {.text = &answer};
    chimera_capability_call(&granted, &call, &whole);
    assert_true(pread(log_fd, text, sizeof(text) - 1, 0) >= 0);
    if (!strstr(text, wanted) || (unwanted && strstr(text, unwanted)))
        fail_msg("%s, %s: %s", parts[1], parts[2], text);
    chimera_buffer_free(&answer);
}

static void what_is_refused_is_logged_and_what_is_to_be_logged(void **state)
{
    static const char *const cases[][5] = {
        {"net", "v1/dns_lookup_host", "\"x\"",
         "not been granted policy=\"p\" capability=\"net/v1/dns_lookup_host\""},
        {"kubernetes", "list_resources_all", "{\"api_version\":\"v1\",\"kind\":\"Pod\"}",
         "access to policy=\"p\" resource_requested=\"v1/Pod\""},
        {"tracing", "log", "{\"level\":\"info\",\"message\":\"hello\",\"n\":1}",
         "policy_log: hello data={\"n\":1}", "level"},
        {"tracing", "log", "{\"level\":\"warn\"}", "policy_log:  data={}"},
        {"tracing", "log", "{\"level\":\"info\",\"message\":7}", "Cannot log event", "policy_log"},
        {"tracing", "log", "{\"level\":\"loud\",\"message\":\"x\"}", "Cannot log event",
         "policy_log"},
        {"tracing", "log", "{\"level\":7}", "Cannot log event"},
        {"tracing", "log", "{}", "Cannot log event"},
        {"tracing", "log", "[]", "Cannot log event"},
        {"tracing", "log", "no",
         "Cannot log event policy_id=\"p\" payload=\"no\" error=\"expected"},
        {"tracing", "log", "{\"level\":\"debug\",\"message\":\"hello\"}", "", "hello"},
    };
    (void)state;
    log_fd = mkostemp(log_path, O_APPEND | O_CLOEXEC);
    assert_true(log_fd >= 0);
    unlink(log_path);
    chimera_log_open(log_fd, CHIMERA_LOG_TEXT, CHIMERA_LOG_INFO);
    for (size_t i = 0; i < COUNT(cases); i++)
        check_log(cases[i], cases[i][3], cases[i][4]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_accepts_paths_and_wildcards),
        cmocka_unit_test(check_refuses_with_the_reference_s_words),
        cmocka_unit_test(call_answers_each_step_of_the_dispatch),
        cmocka_unit_test(payloads_have_their_type),
        cmocka_unit_test(kubernetes_calls_need_the_resource_too),
        cmocka_unit_test(call_reports_an_answer_that_does_not_fit),
        cmocka_unit_test(what_is_refused_is_logged_and_what_is_to_be_logged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
