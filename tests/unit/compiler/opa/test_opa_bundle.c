/* SPDX-License-Identifier: Apache-2.0 */
/* OPA's bundle as a module: which sections it gets. Bundles as opa writes them, signed ones and
 * hostile ones are in tests/e2e/command/opa. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "compiler/opa/archive.h"
#include "compiler/opa/bundle.h"
#include "compiler/wasm/decode.h"
#include "runtime/policy/data.h"
#include "runtime/policy/metadata.h"

/* Has /data.json {"a":1}, a module without sections, and an entry point a/violation. */
#define GZIP TEST_DATA "/fuzz/corpus/opa_bundle/gzip"
#define PLAIN TEST_DATA "/e2e/server/policies/wasi-echo.wasm"
#define LIMIT ((size_t)1 << 20)

static void a_bundle_becomes_its_module(void **state)
{
    struct chimera_buffer bytes;
    struct chimera_slice found;
    struct chimera_metadata metadata = {0};
    bool is_bundle = false;
    (void)state;
    chimera_buffer_init(&bytes, LIMIT);
    assert_int_equal(chimera_module_file_read(GZIP, &bytes, &is_bundle, NULL), 0);
    assert_true(is_bundle);
    struct chimera_slice module = chimera_buffer_slice(&bytes);
    assert_int_equal(chimera_module_check_frame("m", module, NULL), 0);
    assert_true(chimera_module_custom_section(module, CHIMERA_DATA_SECTION, &found));
    assert_true(chimera_slice_is(found, "{\"a\":1}"));
    assert_true(chimera_module_custom_section(module, CHIMERA_METADATA_SECTION, &found));
    assert_int_equal(chimera_metadata_parse(found, &metadata, NULL), 0);
    assert_int_equal(metadata.mode, CHIMERA_MODE_GATEKEEPER);
    chimera_metadata_done(&metadata);
    chimera_buffer_free(&bytes);
}

static void a_module_stays_as_it_is(void **state)
{
    struct chimera_buffer bytes;
    bool is_bundle = true;
    (void)state;
    chimera_buffer_init(&bytes, LIMIT);
    assert_int_equal(chimera_module_file_read(PLAIN, &bytes, &is_bundle, NULL), 0);
    assert_false(is_bundle);
    assert_int_equal(chimera_module_check_frame("m", chimera_buffer_slice(&bytes), NULL), 0);
    chimera_buffer_free(&bytes);
}

static void what_is_unpacked_has_a_limit(void **state)
{
    struct chimera_buffer bytes;
    struct chimera_error err = {0};
    (void)state;
    chimera_buffer_init(&bytes, 4095); /* the tar is larger, the file is not */
    assert_int_equal(chimera_module_file_read(GZIP, &bytes, NULL, &err), CHIMERA_EMODULE);
    assert_non_null(strstr(err.text, "it is too large, unpacked"));
    chimera_buffer_free(&bytes);
}

/* Nobody writes into it: a read would not end. */
static void a_fifo_is_not_waited_for(void **state)
{
    char folder[] = "/tmp/chimera-test-XXXXXX", path[sizeof(folder) + 8];
    struct chimera_buffer bytes;
    struct chimera_error err = {0};
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/x.wasm", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    chimera_buffer_init(&bytes, LIMIT);
    assert_int_equal(chimera_module_file_read(path, &bytes, NULL, &err), CHIMERA_EIO);
    assert_non_null(strstr(err.text, "x.wasm is a FIFO, and a module is wanted as a file"));
    chimera_buffer_free(&bytes);
    unlink(path);
    rmdir(folder);
}

static void other_bytes_are_no_bundle(void **state)
{
    (void)state;
    assert_false(opa_archive_is(CHIMERA_SLICE("")));
    assert_false(opa_archive_is(CHIMERA_SLICE("\x1f\x8b")));
    assert_false(opa_archive_is(CHIMERA_SLICE("\x1f\x8b\x08\0\0\0\0\0\0\3")));
    assert_false(opa_archive_is(CHIMERA_SLICE("\0asm\1\0\0\0")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bundle_becomes_its_module),  cmocka_unit_test(a_module_stays_as_it_is),
        cmocka_unit_test(what_is_unpacked_has_a_limit), cmocka_unit_test(a_fifo_is_not_waited_for),
        cmocka_unit_test(other_bytes_are_no_bundle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
