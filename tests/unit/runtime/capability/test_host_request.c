/* SPDX-License-Identifier: Apache-2.0 */
/* The normal form is the reference's: names and order of its CallbackRequestType, what its serde
 * makes of a payload; recorded sessions show it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/capability/request.h"
#include "runtime/json/tree.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void check_form(const char *path, const char *payload, const char *tag, const char *fields)
{
    struct chimera_host_request request = {0};
    struct chimera_error err = {0};
    struct chimera_account account;
    chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, CHIMERA_ACCOUNT_FOREVER);
    if (chimera_host_request_read(path, chimera_slice_of(payload), &account, &request, &err) < 0)
        fail_msg("%s: %s", payload, err.text);
    struct chimera_buffer text;
    chimera_buffer_init(&text, 65536);
    chimera_json_write_ordered(request.fields, 0, &text);
    chimera_buffer_byte(&text, 0);
    assert_string_equal(chimera_host_request_tag(request.kind), tag);
    assert_string_equal(text.data, fields);
    assert_true(account.bytes > 0);
    chimera_buffer_free(&text);
    chimera_host_request_end(&request);
}

static void each_payload_has_one_form(void **state)
{
    static const char *const cases[][4] = {
        {"oci/v1/manifest_digest", "\"a\\u0062\"", "OciManifestDigest", "{\"image\":\"ab\"}"},
        {"oci/v1/oci_manifest", " \"a\" ", "OciManifest", "{\"image\":\"a\"}"},
        {"oci/v1/oci_manifest_config", "\"a\"", "OciManifestAndConfig", "{\"image\":\"a\"}"},
        {"net/v1/dns_lookup_host", "\"a\"", "DNSLookupHost", "{\"host\":\"a\"}"},
        {"kubernetes/list_resources_all",
         "{\"kind\":\"K\",\"api_version\":\"v1\",\"what\":1,\"field_masks\":[\"b\",\"a\",\"b\"]}",
         "KubernetesListResourceAll",
         "{\"api_version\":\"v1\",\"kind\":\"K\",\"label_selector\":null,\"field_selector\":null,"
         "\"field_masks\":[\"a\",\"b\"]}"},
        {"kubernetes/list_resources_by_namespace",
         "{\"api_version\":\"v1\",\"kind\":\"K\",\"namespace\":\"n\",\"label_selector\":\"a=b\","
         "\"field_selector\":null}",
         "KubernetesListResourceNamespace",
         "{\"api_version\":\"v1\",\"kind\":\"K\",\"namespace\":\"n\",\"label_selector\":\"a=b\","
         "\"field_selector\":null,\"field_masks\":null}"},
        {"kubernetes/get_resource",
         "{\"disable_cache\":true,\"api_version\":\"v1\",\"kind\":\"K\",\"name\":\"n\"}",
         "KubernetesGetResource",
         "{\"api_version\":\"v1\",\"kind\":\"K\",\"name\":\"n\",\"namespace\":null,"
         "\"disable_cache\":true,\"field_masks\":null}"},
        {"kubernetes/can_i",
         "{\"subject_access_review\":{\"user\":\"u\",\"resource_attributes\":{\"verb\":\"get\","
         "\"resource\":\"pods\"}},\"disable_cache\":false}",
         "KubernetesCanI",
         "{\"request\":{\"groups\":null,\"resource_attributes\":{\"group\":null,\"name\":null,"
         "\"namespace\":null,\"resource\":\"pods\",\"subresource\":null,\"verb\":\"get\","
         "\"version\":null},\"user\":\"u\"},\"disable_cache\":false}"},
        {"kubernetes/can_i",
         "{\"subjectAccessReview\":{\"user\":\"u\",\"groups\":[\"g\"],\"resourceAttributes\":"
         "{\"verb\":\"get\",\"resource\":\"pods\"}},\"disableCache\":false}",
         "KubernetesCanI",
         "{\"request\":{\"groups\":[\"g\"],\"resource_attributes\":{\"group\":null,\"name\":null,"
         "\"namespace\":null,\"resource\":\"pods\",\"subresource\":null,\"verb\":\"get\","
         "\"version\":null},\"user\":\"u\"},\"disable_cache\":false}"},
        {"crypto/v1/is_certificate_trusted",
         "{\"cert\":{\"data\":[1,255],\"encoding\":\"Der\"},\"not_after\":\"\","
         "\"cert_chain\":[{\"encoding\":\"Pem\",\"data\":[]}]}",
         "CryptoIsCertificateTrusted",
         "{\"request\":{\"cert\":{\"encoding\":\"Der\",\"data\":[1,255]},\"cert_chain\":"
         "[{\"encoding\":\"Pem\",\"data\":[]}],\"not_after\":null}}"},
        {"oci/v1/verify",
         "{\"SigstoreKeylessVerify\":{\"image\":\"i\",\"keyless\":[{\"subject\":\"s\",\"issuer\":"
         "\"i\"}],\"annotations\":{\"b\":\"1\",\"a\":\"2\"}}}",
         "SigstoreKeylessVerify",
         "{\"image\":\"i\",\"keyless\":[{\"issuer\":\"i\",\"subject\":\"s\"}],"
         "\"annotations\":{\"a\":\"2\",\"b\":\"1\"}}"},
        {"oci/v2/verify",
         "{\"image\":\"i\",\"type\":\"SigstoreKeylessPrefixVerify\",\"keyless_prefix\":"
         "[{\"issuer\":\"i\",\"url_prefix\":\"p\"}]}",
         "SigstoreKeylessPrefixVerify",
         "{\"image\":\"i\",\"keyless_prefix\":[{\"issuer\":\"i\",\"url_prefix\":\"p\"}],"
         "\"annotations\":null}"},
        {"oci/v2/verify",
         "{\"type\":\"SigstoreGithubActionsVerify\",\"image\":\"i\",\"owner\":\"o\"}",
         "SigstoreGithubActionsVerify",
         "{\"image\":\"i\",\"owner\":\"o\",\"repo\":null,\"annotations\":null}"},
        {"oci/v2/verify",
         "{\"type\":\"SigstoreCertificateVerify\",\"image\":\"i\",\"certificate\":[1],"
         "\"certificate_chain\":[[2],[]],\"require_rekor_bundle\":true}",
         "SigstoreCertificateVerify",
         "{\"image\":\"i\",\"certificate\":[1],\"certificate_chain\":[[2],[]],"
         "\"require_rekor_bundle\":true,\"annotations\":null}"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        check_form(cases[i][0], cases[i][1], cases[i][2], cases[i][3]);
}

static void what_is_too_large_is_refused(void **state)
{
    static char payload[(1 << 20) + 3];
    struct chimera_host_request request = {0};
    struct chimera_error err = {0};
    (void)state;
    memset(payload, 'x', sizeof(payload) - 1);
    payload[0] = payload[sizeof(payload) - 2] = '"';
    assert_int_equal(chimera_host_request_read("net/v1/dns_lookup_host", chimera_slice_of(payload),
                                               NULL, &request, &err),
                     CHIMERA_ELIMIT);
    assert_string_equal(err.text, "the payload of a host call is at most 1 MiB");
}

static void each_allocation_may_fail_the_account(void **state)
{
    static const char payload[] = "{\"api_version\":\"v1\",\"kind\":\"K\",\"field_masks\":[\"a\"]}";
    (void)state;
    for (uint64_t limit = 0; limit < 4096; limit += 16) {
        struct chimera_host_request request = {0};
        struct chimera_account account;
        chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, limit);
        int code = chimera_host_request_read("kubernetes/list_resources_all",
                                             chimera_slice_of(payload), &account, &request, NULL);
        assert_true(code == CHIMERA_OK || code == CHIMERA_ELIMIT);
        chimera_host_request_end(&request);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_payload_has_one_form),
        cmocka_unit_test(what_is_too_large_is_refused),
        cmocka_unit_test(each_allocation_may_fail_the_account),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
