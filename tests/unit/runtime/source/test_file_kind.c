/* SPDX-License-Identifier: Apache-2.0 */
/* What is no module. First bytes: the formats' own specifications (RFC 1952, POSIX pax, ELF, …). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "runtime/source/file_kind.h"

struct sample {
    const char *bytes;
    size_t size;
    const char *want; /* behind "FILE: " */
};

#define SAMPLE(bytes, want) {bytes, sizeof(bytes) - 1, want}

static const struct sample SAMPLES[] = {
    SAMPLE("", "the file is empty"),
    SAMPLE("<!DOCTYPE html><title>404</title>", "HTML"),
    SAMPLE("\xef\xbb\xbf\r\n <HTML lang=en>", "HTML"),
    SAMPLE("<?xml version='1.0'?><Error/>", "XML"),
    SAMPLE("{\"schemaVersion\": 2}", "JSON"),
    SAMPLE("\x1f\x8b\x08\0", "a gzip archive"),
    SAMPLE("PK\3\4\x14\0", "a zip archive"),
    SAMPLE("\xfd\x37zXZ\0\0", "an xz archive"),
    SAMPLE("\x28\xb5\x2f\xfd\4", "a zstd archive"),
    SAMPLE("BZh91AY", "a bzip2 archive"),
    SAMPLE("\177ELF\2\1\1", "a native program or library (ELF)"),
    SAMPLE("(module)", "WebAssembly text"),
    SAMPLE(";; a comment\n(module)", "WebAssembly text"),
    SAMPLE("version https://git-lfs.example/spec/v1\n", "a pointer of Git LFS"),
    SAMPLE("-----BEGIN CERTIFICATE-----\n", "PEM"),
    SAMPLE("package x\n\nallow := true\n", "text, not WebAssembly; it begins \"package x\""),
    SAMPLE("apiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\n",
           "a ConstraintTemplate of Gatekeeper, not WebAssembly: compile its Rego with `opa build "
           "-t wasm -e PACKAGE/violation template.rego`"),
    SAMPLE("{\"kind\": \"ConstraintTemplate\"}", "a ConstraintTemplate of Gatekeeper"),
    SAMPLE("0123456789012345678901234567890123456789more",
           "text, not WebAssembly; it begins \"0123456789012345678901234567890123456789\""),
    SAMPLE("012345678901234567890123456789012345678\xc3\xa9",
           "text, not WebAssembly; it begins \"012345678901234567890123456789012345678\""),
    SAMPLE("\1\2\3\4\5", "not WebAssembly: it does not begin with"),
    SAMPLE("\0as", "truncated: the file ends at offset 0x3"),
    SAMPLE("\0asm\1\0\0", "truncated: the file ends at offset 0x7"),
    SAMPLE("\0asm\x0d\0\1\0", "a WebAssembly component"),
    SAMPLE("\0asm\2\0\0\0", "unknown WebAssembly version"),
};

static void each_kind_has_its_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(SAMPLES) / sizeof(SAMPLES[0]); i++) {
        struct chimera_error err = {0};
        char want[200];
        snprintf(want, sizeof(want), "x.wasm: %s", SAMPLES[i].want);
        struct chimera_slice bytes = {SAMPLES[i].bytes, SAMPLES[i].size};
        assert_true(chimera_file_check_wasm("x.wasm", bytes, &err) < 0);
        if (strncmp(err.text, want, strlen(want)) != 0)
            fail_msg("want %s, got %s", want, err.text);
    }
}

static void an_archive_of_tar_is_known_by_its_mark(void **state)
{
    char bytes[CHIMERA_FILE_HEAD] = "file.wasm";
    struct chimera_error err = {0};
    (void)state;
    memcpy(bytes + 257, "ustar", 5);
    assert_true(chimera_file_check_wasm("x", (struct chimera_slice){bytes, sizeof(bytes)}, &err) <
                0);
    assert_non_null(strstr(err.text, "a tar archive"));
}

static void rego_is_known_by_its_name(void **state)
{
    struct chimera_error err = {0};
    (void)state;
    assert_true(chimera_file_check_wasm("a.rego", CHIMERA_SLICE("# mine\npackage a\n"), &err) < 0);
    assert_non_null(strstr(err.text, "a.rego: Rego, not WebAssembly: compile it with `opa build -t "
                                     "wasm -e PACKAGE/RULE`"));
}

static void of_yaml_it_is_told_who_takes_it(void **state)
{
    static const char *const names[] = {"policies.yml", "/a/cr.yaml", "x.wasm", "yml"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct chimera_error err = {0};
        char want[200];
        snprintf(want, sizeof(want), "%s: text, not WebAssembly; it begins \"a: {module: b}\"%s",
                 names[i],
                 i < 2 ? "; `chimera check` looks at a policies.yml, `chimera run` takes it and "
                         "Kubernetes resources"
                       : "");
        assert_true(chimera_file_check_wasm(names[i], CHIMERA_SLICE("a: {module: b}\n"), &err) < 0);
        assert_string_equal(err.text, want);
    }
}

static void a_module_passes(void **state)
{
    (void)state;
    assert_int_equal(chimera_file_check_wasm("x", CHIMERA_SLICE("\0asm\1\0\0\0"), NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_has_its_name),
        cmocka_unit_test(an_archive_of_tar_is_known_by_its_mark),
        cmocka_unit_test(rego_is_known_by_its_name),
        cmocka_unit_test(of_yaml_it_is_told_who_takes_it),
        cmocka_unit_test(a_module_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
