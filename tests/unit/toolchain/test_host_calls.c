/* SPDX-License-Identifier: Apache-2.0 */
/* Which host capabilities a module seems to use: cli-and-distribution.md §6.6, and upstream's cases
 * (§8.2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/capability/tree.h"
#include "runtime/json/tree.h"
#include "toolchain/command/author/host_calls.h"

#define SEGMENTS_MAX 32

/* Each text a data segment of its own. */
static void assert_detected(const char *const *texts, const char *want)
{
    struct wasm_data data[SEGMENTS_MAX] = {0};
    struct chimera_module module = {.data = data};
    for (; texts[module.data_count]; module.data_count++)
        data[module.data_count].bytes = chimera_slice_of(texts[module.data_count]);
    CHIMERA_JSON struct json_object *found = host_calls_detect(&module);
    assert_string_equal(json_object_to_json_string_ext(found, JSON_C_TO_STRING_PLAIN |
                                                                  JSON_C_TO_STRING_NOSLASHESCAPE),
                        want);
}

#define DETECTED(want, ...) assert_detected((const char *const[]){__VA_ARGS__, NULL}, want)

static void capabilities_are_two_texts(void **state)
{
    (void)state;
    DETECTED("[]", "hello", "world");
    DETECTED("[]", "kubewarden");
    DETECTED("[]", "");
    DETECTED("[\"crypto/v1/is_certificate_trusted\"]", "kubewarden", "crypto",
             "v1/is_certificate_trusted");
    DETECTED("[\"net/v1/dns_lookup_host\"]", "xxnetxxv1/dns_lookup_hostxx");
    DETECTED("[]", "can_i"); /* without its namespace */
    DETECTED("[\"kubernetes/can_i\"]", "can_i", "kubernetes");
    DETECTED("[]", "v1/dns_lookup", "_host", "net"); /* no text goes on in the next segment */
}

static void a_longer_operation_is_not_the_shorter_one(void **state)
{
    (void)state;
    DETECTED("[\"oci/v1/oci_manifest_config\"]", "oci", "v1/oci_manifest_config");
    DETECTED("[\"oci/v1/oci_manifest\",\"oci/v1/oci_manifest_config\"]", "oci",
             "v1/oci_manifest_config", "v1/oci_manifest");
    DETECTED("[\"oci/v1/oci_manifest\",\"oci/v1/oci_manifest_config\"]",
             "v1/oci_manifest_configv1/oci_manifest_v1/oci_manifest_config");
    DETECTED("[\"oci/v1/oci_manifest\"]", "oci", "v1/oci_manifest");
}

static void all_are_found(void **state)
{
    (void)state;
    const char *texts[SEGMENTS_MAX] = {0};
    size_t count;
    const char *const *capability = chimera_capabilities(&count);
    struct chimera_module module = {0};
    struct wasm_data data[SEGMENTS_MAX] = {0};
    for (size_t i = 0; i < count; i++)
        texts[i] = capability[i];
    for (; texts[module.data_count]; module.data_count++)
        data[module.data_count].bytes = chimera_slice_of(texts[module.data_count]);
    module.data = data;
    CHIMERA_JSON struct json_object *found = host_calls_detect(&module);
    assert_int_equal(json_object_array_length(found), count);
}

static void assert_difference(const char *some, const char *others, const char *want)
{
    CHIMERA_JSON struct json_object *a = some ? json_tokener_parse(some) : NULL;
    CHIMERA_JSON struct json_object *b = others ? json_tokener_parse(others) : NULL;
    struct chimera_buffer out;
    chimera_buffer_init(&out, 4096);
    assert_int_equal(host_calls_difference(a, b, &out), want[0] != '\0');
    assert_true(chimera_slice_is(chimera_buffer_slice(&out), want));
    chimera_buffer_free(&out);
}

static void differences_read_like_sets(void **state)
{
    (void)state;
    assert_difference("[\"a\",\"b\",\"c\"]", "[\"b\"]", "{\"a\", \"c\"}");
    assert_difference("[\"a\"]", "[\"a\"]", "");
    assert_difference("[\"a\"]", NULL, "{\"a\"}");
    assert_difference(NULL, "[\"a\"]", "");
    assert_difference("[]", "[]", "");
    assert_difference("[\"a\\u001b\"]", NULL, "{\"a\\u001b\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capabilities_are_two_texts),
        cmocka_unit_test(a_longer_operation_is_not_the_shorter_one),
        cmocka_unit_test(all_are_found),
        cmocka_unit_test(differences_read_like_sets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
