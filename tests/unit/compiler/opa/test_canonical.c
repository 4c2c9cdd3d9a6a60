/* SPDX-License-Identifier: Apache-2.0 */
/* JSON in the form that OPA hashes: digests as opa itself has them (make-canonical-cases). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/opa/canonical.h"
#include "runtime/base/digest.h"

static const struct {
    const char *text, *digest;
} cases[] = {
#include "tests/unit/compiler/opa/canonical_cases.inc"
};

static void digests_are_those_of_opa(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct chimera_buffer out;
        struct chimera_error err = {0};
        struct chimera_digest digest;
        char hex[CHIMERA_DIGEST_HEX];
        chimera_buffer_init(&out, 4096);
        if (opa_canonical_json(chimera_slice_of(cases[i].text), &out, &err) < 0)
            fail_msg("%s: %s", cases[i].text, err.text);
        assert_int_equal(chimera_digest_of(chimera_buffer_slice(&out), &digest), 0);
        chimera_digest_hex(&digest, hex);
        if (strcmp(hex, cases[i].digest) != 0)
            fail_msg("%s: %.*s", cases[i].text, (int)out.size, out.data);
        chimera_buffer_free(&out);
    }
}

static void what_could_be_read_in_two_ways_is_refused(void **state)
{
    static const struct {
        const char *text, *why;
        int code;
    } wrongs[] = {
        {"{\"a\":1,\"a\":1}", "\"a\" is there twice", CHIMERA_EINVAL},
        {"{\"a\":[{\"\\u0062\":1,\"c\":2,\"b\":3}]}", "\"b\" is there twice", CHIMERA_EINVAL},
        {"{\"a\\u0000b\":1,\"a\\u0000b\":2}", "\"a\" is there twice", CHIMERA_EINVAL},
        {"{", "EOF", CHIMERA_EINVAL},
        {"", "EOF", CHIMERA_EINVAL},
        {"{\"s\":\"\\ud800\"}", "hex escape", CHIMERA_EINVAL},
        {"[1e400]", "number out of range", CHIMERA_EINVAL},
        {"{} {}", "trailing characters", CHIMERA_EINVAL},
        {"[\"a text that is longer than there is room\"]", "a limit was reached", CHIMERA_ELIMIT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        struct chimera_buffer out;
        struct chimera_error err = {0};
        chimera_buffer_init(&out, 32);
        int code = opa_canonical_json(chimera_slice_of(wrongs[i].text), &out, &err);
        if (code != wrongs[i].code || !strstr(err.text, wrongs[i].why))
            fail_msg("%s: %d %s", wrongs[i].text, code, err.text);
        chimera_buffer_free(&out);
    }
}

/* As deep as may be read, and one more. */
static void depth_is_bounded(void **state)
{
    char text[2 * 128 + 1] = "";
    struct chimera_buffer out;
    (void)state;
    for (int depth = 127; depth <= 128; depth++) {
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        text[2 * depth] = '\0';
        chimera_buffer_init(&out, 4096);
        assert_int_equal(opa_canonical_json(chimera_slice_of(text), &out, NULL) == 0, depth == 127);
        chimera_buffer_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_those_of_opa),
        cmocka_unit_test(what_could_be_read_in_two_ways_is_refused),
        cmocka_unit_test(depth_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
