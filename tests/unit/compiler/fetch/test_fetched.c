/* SPDX-License-Identifier: Apache-2.0 */
/* What was read of a file later on, held against what was signed. Digests by sha256sum(1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compiler/fetch/fetch_options.h"

static const char abc[] = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char nothing[] =
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

static void what_was_signed_is_what_is_read(void **state)
{
    (void)state;
    struct chimera_digest read;
    struct chimera_error err = {0};
    assert_int_equal(chimera_digest_of(CHIMERA_SLICE("abc"), &read), CHIMERA_OK);
    assert_int_equal(chimera_fetched_check(abc, &read, "p", &err), CHIMERA_OK);
    assert_int_equal(chimera_fetched_check("", &read, "p", &err), CHIMERA_OK);
    assert_int_equal(chimera_fetched_check(NULL, &read, "p", &err), CHIMERA_OK);
    assert_int_equal(chimera_fetched_check(nothing, &read, "p", &err), CHIMERA_EUNSIGNED);
    assert_string_equal(err.text,
                        "p was replaced after it was verified: it has the digest "
                        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad "
                        "in place of "
                        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855; "
                        "try again");
    /* digits alone, as no fetch says them */
    assert_int_equal(chimera_fetched_check(abc + 7, &read, "p", &err), CHIMERA_EUNSIGNED);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(what_was_signed_is_what_is_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
