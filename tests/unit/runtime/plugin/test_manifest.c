/* SPDX-License-Identifier: Apache-2.0 */
/* The manifest of a plugin: each member missing, of another type, and at its last good value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/plugin/manifest.h"
#include "runtime/plugin/mode.h"
#include "tests/unit/failing_allocation.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DIGEST "\"sha256:" HEX "\""
#define HEAD "{\"format\":1,\"wasm\":" DIGEST ",\"so\":" DIGEST
#define WHOLE HEAD ",\"mode\":\"wasi\",\"toolchain\":\"t\""

static char folder[] = "/tmp/chimera-test-manifest-XXXXXX";

static char *manifest_path(void)
{
    char *path = chimera_path_join(folder, "m.json");
    assert_non_null(path);
    return path;
}

static int read_text(const char *text, const struct chimera_digest *lock,
                     struct chimera_manifest *ret_manifest, struct chimera_error *err)
{
    CHIMERA_FREE char *path = manifest_path();
    assert_int_equal(chimera_file_write(path, chimera_slice_of(text), 0644, NULL), CHIMERA_OK);
    return chimera_manifest_read_locked(path, lock, ret_manifest, err);
}

struct wrong {
    const char *text;
    int code;
    const char *wanted;
};

static void a_member_that_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct wrong wrongs[] = {
        {"nul", CHIMERA_EINVAL, "m.json: "},
        {"7", CHIMERA_EINVAL, "is not the manifest of a plugin"},
        {"{\"wasm\":1}", CHIMERA_EINVAL, "is not the manifest of a plugin"},
        {"{\"format\":true}", CHIMERA_EINVAL, "is not the manifest of a plugin"},
        {"{\"format\":0}", CHIMERA_EABI, "has format 0, this program reads format 1"},
        {"{\"format\":1,\"wasm\":" DIGEST "}", CHIMERA_EINVAL, "\"so\" is not a digest"},
        {"{\"format\":1,\"wasm\":\"md5:" HEX "\"}", CHIMERA_EINVAL, "\"wasm\" is not a digest"},
        {HEAD ",\"image\":\"sha256:\"}", CHIMERA_EINVAL, "\"image\" is not a digest"},
        {HEAD "}", CHIMERA_EINVAL, "\"mode\" is not a text"},
        {HEAD ",\"mode\":[]}", CHIMERA_EINVAL, "\"mode\" is not a text"},
        {HEAD ",\"mode\":\"wasi\\u0000\"}", CHIMERA_EINVAL, "\"mode\" is not a text"},
        {HEAD ",\"mode\":\"None\"}", CHIMERA_EINVAL, "the mode \"None\" is unknown"},
        {WHOLE ",\"tier\":\"quic\"}", CHIMERA_EINVAL, "\"tier\" is neither \"quick\" nor \"full\""},
        {WHOLE ",\"tier\":\"quickly\"}", CHIMERA_EINVAL, "\"tier\" is neither"},
        {WHOLE ",\"tier\":\"\"}", CHIMERA_EINVAL, "\"tier\" is neither"},
        {WHOLE ",\"tier\":1}", CHIMERA_EINVAL, "\"tier\" is neither"},
        {HEAD ",\"mode\":\"wasi\",\"toolchain\":null}", CHIMERA_EINVAL, "\"toolchain\" is not"},
        {WHOLE ",\"metadata\":1}", CHIMERA_EINVAL, "\"metadata\" is not a text"},
        {WHOLE ",\"data\":{}}", CHIMERA_EINVAL, "\"data\" is not a text"},
    };
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        struct chimera_error err = {0};
        struct chimera_manifest manifest = {.mode = CHIMERA_MODE_OPA};
        int code = read_text(wrongs[i].text, NULL, &manifest, &err);
        if (code != wrongs[i].code || !strstr(err.text, wrongs[i].wanted) ||
            !strstr(err.text, "m.json"))
            fail_msg("%s: %d %s", wrongs[i].text, code, err.text);
        assert_int_equal(manifest.mode, CHIMERA_MODE_OPA); /* untouched */
    }
}

static void expect(const char *text, enum chimera_mode mode, enum chimera_tier tier,
                   const char *metadata)
{
    struct chimera_error err = {0};
    struct chimera_manifest manifest;
    struct chimera_digest digest;
    assert_true(chimera_digest_parse(CHIMERA_SLICE(HEX), &digest));
    if (read_text(text, NULL, &manifest, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    assert_memory_equal(&manifest.wasm, &digest, sizeof(digest));
    assert_memory_equal(&manifest.so, &digest, sizeof(digest));
    assert_int_equal(manifest.mode, mode);
    assert_int_equal(manifest.tier, tier);
    assert_string_equal(manifest.toolchain, "t");
    if (metadata)
        assert_string_equal(manifest.metadata, metadata);
    else
        assert_null(manifest.metadata);
    chimera_manifest_done(&manifest);
    assert_null(manifest.metadata);
}

static void what_may_be_left_out_may_be_null(void **state)
{
    (void)state;
    expect(WHOLE "}", CHIMERA_MODE_WASI, CHIMERA_TIER_FULL, NULL);
    expect(WHOLE ",\"image\":null,\"tier\":null,\"metadata\":null}", CHIMERA_MODE_WASI,
           CHIMERA_TIER_FULL, NULL);
    expect(WHOLE ",\"tier\":\"quick\",\"metadata\":\"m\",\"more\":1}", CHIMERA_MODE_WASI,
           CHIMERA_TIER_QUICK, "m");
    expect(WHOLE ",\"tier\":\"full\"}", CHIMERA_MODE_WASI, CHIMERA_TIER_FULL, NULL);
    expect(HEAD ",\"mode\":\"none\",\"toolchain\":\"t\"}", CHIMERA_MODE_NONE, CHIMERA_TIER_FULL,
           NULL);
}

/* As many bytes as a policy may bring, each written as two. */
static void data_come_back(void **state)
{
    (void)state;
    static char data[(4 << 20) + 1];
    CHIMERA_FREE char *path = manifest_path();
    char toolchain[] = "t";
    memset(data, '"', sizeof(data) - 1);
    struct chimera_manifest got, manifest = {.toolchain = toolchain, .data = data};
    assert_int_equal(chimera_manifest_write(path, &manifest, NULL), CHIMERA_OK);
    assert_int_equal(chimera_manifest_read(path, &got, NULL), CHIMERA_OK);
    assert_string_equal(got.data, data);
    chimera_manifest_done(&got);
    assert_null(got.data);
}

static void every_mode_has_its_name(void **state)
{
    (void)state;
    static const struct {
        enum chimera_mode mode;
        const char *name;
    } modes[] = {
        {CHIMERA_MODE_NONE, "none"},
        {CHIMERA_MODE_WAPC, "kubewarden-wapc"},
        {CHIMERA_MODE_WASI, "wasi"},
        {CHIMERA_MODE_OPA, "opa"},
        {CHIMERA_MODE_GATEKEEPER, "gatekeeper"},
        {CHIMERA_MODE_CHIMERA, "chimera"},
    };
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        assert_string_equal(chimera_mode_name(modes[i].mode), modes[i].name);
        assert_int_equal(chimera_mode_parse(modes[i].name), modes[i].mode);
    }
    assert_string_equal(chimera_mode_name((enum chimera_mode)99), "unknown");
    assert_int_equal(chimera_mode_parse(""), CHIMERA_MODE_NONE);
}

static void a_lock_is_of_the_very_text(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    struct chimera_manifest manifest;
    struct chimera_digest lock;
    assert_int_equal(chimera_digest_of(CHIMERA_SLICE(WHOLE "}"), &lock), CHIMERA_OK);
    assert_int_equal(read_text(WHOLE "}", &lock, &manifest, &err), CHIMERA_OK);
    chimera_manifest_done(&manifest);
    assert_int_equal(read_text(WHOLE " }", &lock, &manifest, &err), CHIMERA_EREFUSED);
    assert_non_null(strstr(err.text, "is not the file that its bundle names: the digests differ"));
    assert_int_equal(read_text("{", &lock, &manifest, &err),
                     CHIMERA_EREFUSED); /* before it is read */
    assert_int_equal(chimera_manifest_read("/nonexistent/m.json", &manifest, &err), CHIMERA_EIO);
}

static void an_image_of_zeros_is_none(void **state)
{
    (void)state;
    CHIMERA_FREE char *path = manifest_path();
    struct chimera_buffer text;
    struct stat status;
    char toolchain[] = "t";
    struct chimera_manifest manifest = {.mode = CHIMERA_MODE_WASI, .toolchain = toolchain};
    chimera_buffer_init(&text, 4096);
    assert_int_equal(chimera_manifest_write(path, &manifest, NULL), CHIMERA_OK);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0644);
    assert_int_equal(chimera_file_read(path, &text, NULL), CHIMERA_OK);
    chimera_buffer_byte(&text, 0);
    assert_null(strstr(text.data, "image"));
    assert_null(strstr(text.data, "metadata"));
    chimera_buffer_free(&text);
    assert_int_equal(chimera_manifest_write("/nonexistent/m.json", &manifest, NULL), CHIMERA_EIO);
}

static void a_manifest_has_a_limit(void **state)
{
    (void)state;
    static char huge[(16 << 20) + 1];
    CHIMERA_FREE char *path = manifest_path();
    struct chimera_error err = {0};
    char toolchain[] = "t";
    memset(huge, ' ', sizeof(huge) - 1);
    struct chimera_manifest manifest = {.toolchain = toolchain, .metadata = huge};
    assert_int_equal(chimera_manifest_write(path, &manifest, &err), CHIMERA_ELIMIT);
    assert_non_null(strstr(err.text, "cannot write "));
    memcpy(huge, WHOLE "}", strlen(WHOLE "}"));
    assert_int_equal(read_text(huge, NULL, &manifest, &err), CHIMERA_OK);
    chimera_manifest_done(&manifest);
    struct chimera_buffer more;
    chimera_buffer_init(&more, sizeof(huge) + 1);
    chimera_buffer_text(&more, huge);
    chimera_buffer_text(&more, " ");
    assert_int_equal(chimera_file_write(path, chimera_buffer_slice(&more), 0644, NULL), CHIMERA_OK);
    assert_int_equal(chimera_manifest_read(path, &manifest, &err), CHIMERA_ELIMIT);
    chimera_buffer_free(&more);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    if (!CAN_FAIL_ALLOCATIONS)
        skip();
    CHIMERA_FREE char *path = manifest_path();
    assert_int_equal(
        chimera_file_write(path, CHIMERA_SLICE(WHOLE ",\"metadata\":\"m\"}"), 0644, NULL),
        CHIMERA_OK);
    unsigned long n = 0;
    int code;
    do {
        struct chimera_error err = {0};
        struct chimera_manifest manifest = {0};
        fail_allocation(++n);
        code = chimera_manifest_read(path, &manifest, &err);
        fail_allocation(0);
        if (code == CHIMERA_OK) {
            assert_false(has_failed);
            chimera_manifest_done(&manifest);
        } else if (code != CHIMERA_ENOMEM)
            fail_msg("allocation %lu: %d %s", n, code, err.text);
    } while (code != CHIMERA_OK && n < 10000);
    assert_in_range(n, 5, 9999);
}

static int open_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int close_folder(void **state)
{
    (void)state;
    return chimera_folder_remove(folder, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_that_is_wrong_is_named),
        cmocka_unit_test(what_may_be_left_out_may_be_null),
        cmocka_unit_test(data_come_back),
        cmocka_unit_test(every_mode_has_its_name),
        cmocka_unit_test(a_lock_is_of_the_very_text),
        cmocka_unit_test(an_image_of_zeros_is_none),
        cmocka_unit_test(a_manifest_has_a_limit),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, open_folder, close_folder);
}
