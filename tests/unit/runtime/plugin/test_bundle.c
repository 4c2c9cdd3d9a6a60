/* SPDX-License-Identifier: Apache-2.0 */
/* The manifest of a bundle, and what must be true of the files that it names (docs/decisions/002).
 */
#include "runtime/plugin/bundle.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "tests/unit/failing_allocation.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DIGEST "\"sha256:" HEX "\""
#define STEM128                                                        \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
    "ghijklmnopqrstuvwxyz-0123456789abcdef0123456789abcdef0123456789a"
#define HEAD "{\"format\":1,\"policies\":" DIGEST ",\"plugins\":"
#define PLUGIN(stem, modules) \
    "{\"stem\":" stem ",\"wasm\":" DIGEST ",\"manifest\":" DIGEST ",\"modules\":" modules "}"
#define BUNDLE(stem, modules) HEAD "[" PLUGIN(stem, modules) "]}"

struct wrong {
    const char *text;
    int code;
    const char *wanted;
};

static void a_manifest_that_is_wrong_is_refused(void **state)
{
    (void)state;
    static const struct wrong wrongs[] = {
        {"{", CHIMERA_EINVAL, "m.json: "},
        {"[]", CHIMERA_EINVAL, "m.json is not the manifest of a bundle"},
        {"{}", CHIMERA_EINVAL, "m.json is not the manifest of a bundle"},
        {"{\"format\":\"1\"}", CHIMERA_EINVAL, "m.json is not the manifest of a bundle"},
        {"{\"format\":2}", CHIMERA_EABI,
         "has format 2, this program reads format 1; make it again"},
        {"{\"format\":0}", CHIMERA_EABI, "has format 0"},
        {"{\"format\":1}", CHIMERA_EINVAL, "\"policies\" is not a digest"},
        {"{\"format\":1,\"policies\":\"" HEX "\"}", CHIMERA_EINVAL, "\"policies\" is not a digest"},
        {"{\"format\":1,\"policies\":" DIGEST "}", CHIMERA_EINVAL, "\"plugins\" is not a list"},
        {HEAD "{}}", CHIMERA_EINVAL, "\"plugins\" is not a list"},
        {HEAD "[1]}", CHIMERA_EINVAL, "a plugin is not an object"},
        {HEAD "[{}]}", CHIMERA_EREFUSED, "\"stem\" is not the name of a plugin"},
        {BUNDLE("7", "[]"), CHIMERA_EREFUSED, "\"stem\" is not the name"},
        {BUNDLE("\"\"", "[]"), CHIMERA_EREFUSED, "\"stem\" is not the name"},
        {BUNDLE("\"../x\"", "[]"), CHIMERA_EREFUSED, "\"stem\" is not the name"},
        {BUNDLE("\"a/b\"", "[]"), CHIMERA_EREFUSED, "\"stem\" is not the name"},
        {BUNDLE("\"a.b\"", "[]"), CHIMERA_EREFUSED, "\"stem\" is not the name"},
        {BUNDLE("\"A\"", "[]"), CHIMERA_EREFUSED, "\"stem\" is not the name"},
        {BUNDLE("\"a\\u0000\"", "[]"), CHIMERA_EREFUSED, "\"stem\" is not the name"},
        {BUNDLE("\"" STEM128 "x\"", "[]"), CHIMERA_EREFUSED, "\"stem\" is not the name"},
        {HEAD "[{\"stem\":\"a\"}]}", CHIMERA_EINVAL, "\"wasm\" is not a digest"},
        {HEAD "[{\"stem\":\"a\",\"wasm\":" DIGEST "}]}", CHIMERA_EINVAL,
         "\"manifest\" is not a digest"},
        {BUNDLE("\"a\"", "{}"), CHIMERA_EINVAL, "\"modules\" is not a list"},
        {BUNDLE("\"a\"", "null"), CHIMERA_EINVAL, "\"modules\" is not a list"},
        {BUNDLE("\"a\"", "[\"m\",1]"), CHIMERA_EINVAL, "a module is not a text"},
        {HEAD "[" PLUGIN("\"a\"", "[\"m\"]") ",2]}", CHIMERA_EINVAL, "a plugin is not an object"},
    };
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        struct chimera_error err = {0};
        struct chimera_bundle bundle = {.count = 77};
        int code = chimera_bundle_parse(chimera_slice_of(wrongs[i].text), "m.json", &bundle, &err);
        if (code != wrongs[i].code || !strstr(err.text, wrongs[i].wanted) ||
            strncmp(err.text, "m.json", 6) != 0)
            fail_msg("%s: %d %s", wrongs[i].text, code, err.text);
        assert_int_equal(bundle.count, 77); /* untouched */
    }
}

static void parse(const char *text, struct chimera_bundle *ret_bundle)
{
    struct chimera_error err = {0};
    if (chimera_bundle_parse(chimera_slice_of(text), "m.json", ret_bundle, &err) < 0)
        fail_msg("%s: %s", text, err.text);
}

#define TWO \
    HEAD "[" PLUGIN("\"" STEM128 "\"", "[\"a\",\"registry://b\"]") "," PLUGIN("\"0\"", "[]") "]}"

static void a_manifest_is_read_whole(void **state)
{
    (void)state;
    struct chimera_bundle bundle;
    struct chimera_digest digest;
    assert_true(chimera_digest_parse(CHIMERA_SLICE(HEX), &digest));
    parse(TWO, &bundle);
    assert_int_equal(bundle.count, 2);
    assert_memory_equal(&bundle.policies, &digest, sizeof(digest));
    assert_string_equal(bundle.plugin[0].stem, STEM128);
    assert_memory_equal(&bundle.plugin[0].wasm, &digest, sizeof(digest));
    assert_memory_equal(&bundle.plugin[0].manifest, &digest, sizeof(digest));
    assert_int_equal(bundle.plugin[0].module_count, 2);
    assert_string_equal(bundle.plugin[0].modules[0], "a");
    assert_string_equal(bundle.plugin[0].modules[1], "registry://b");
    assert_int_equal(bundle.plugin[1].module_count, 0);
    chimera_bundle_done(&bundle);
    assert_int_equal(bundle.count, 0);
    assert_null(bundle.plugin);
    parse(HEAD "[]}", &bundle);
    assert_int_equal(bundle.count, 0);
    chimera_bundle_done(&bundle);
}

/* "sha256:…" is a digest and nothing else: a reference that looks like one is not looked for. */
static void a_module_is_found_by_its_name_or_its_digest(void **state)
{
    (void)state;
    struct chimera_bundle bundle;
    char other[] = "sha256:1" HEX;
    other[sizeof(other) - 2] = '\0';
    parse(HEAD "[" PLUGIN("\"a\"", "[\"m\",\"n\"]") "," PLUGIN("\"b\"", "[\"o\",\"m\"]") "]}",
          &bundle);
    bundle.plugin[1].wasm.bytes[31] ^= 1;
    assert_ptr_equal(chimera_bundle_find(&bundle, "m"), &bundle.plugin[0]);
    assert_ptr_equal(chimera_bundle_find(&bundle, "n"), &bundle.plugin[0]);
    assert_ptr_equal(chimera_bundle_find(&bundle, "o"), &bundle.plugin[1]);
    assert_ptr_equal(chimera_bundle_find(&bundle, "sha256:" HEX), &bundle.plugin[0]);
    char second[] = "sha256:" HEX;
    second[sizeof(second) - 2] = 'e';
    assert_ptr_equal(chimera_bundle_find(&bundle, second), &bundle.plugin[1]);
    assert_null(chimera_bundle_find(&bundle, "p"));
    assert_null(chimera_bundle_find(&bundle, ""));
    assert_null(chimera_bundle_find(&bundle, other));
    assert_null(chimera_bundle_find(&bundle, "sha256:00000000000000000000000000000000"
                                             "00000000000000000000000000000000"));
    chimera_bundle_done(&bundle);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    if (!CAN_FAIL_ALLOCATIONS)
        skip();
    unsigned long n = 0;
    int code;
    do {
        struct chimera_error err = {0};
        struct chimera_bundle bundle = {0};
        fail_allocation(++n);
        code = chimera_bundle_parse(CHIMERA_SLICE(TWO), "m.json", &bundle, &err);
        fail_allocation(0);
        if (code == CHIMERA_OK) {
            assert_false(has_failed);
            chimera_bundle_done(&bundle);
        } else if (code != CHIMERA_ENOMEM || !strstr(err.text, "out of memory"))
            fail_msg("allocation %lu: %d %s", n, code, err.text);
    } while (code != CHIMERA_OK && n < 10000);
    assert_in_range(n, 10, 9999);
}

/* --- Files --- */

static char folder[] = "/tmp/chimera-test-bundle-XXXXXX";

static char *in_folder(const char *name)
{
    char *path = chimera_path_join(folder, name);
    assert_non_null(path);
    return path;
}

static void put(const char *name, const char *text)
{
    CHIMERA_FREE char *path = in_folder(name);
    unlink(path);
    assert_int_equal(chimera_file_write(path, chimera_slice_of(text), 0644, NULL), CHIMERA_OK);
}

static void put_all(void)
{
    CHIMERA_FREE char *plugins = in_folder("plugins");
    struct stat status;
    if (lstat(plugins, &status) == 0 && !S_ISDIR(status.st_mode))
        unlink(plugins);
    assert_true(mkdir(plugins, 0755) == 0 || errno == EEXIST);
    put("manifest.json", BUNDLE("\"a\"", "[\"m\"]"));
    put("policies.yml", "{}");
    put("plugins/a.so", "s");
    put("plugins/a.json", "j");
    put("plugins/a.image", "i");
    put("plugins/a.names", "n");
}

static void expect(const char *what, int wanted_code, const char *wanted)
{
    struct chimera_error err = {0};
    struct chimera_bundle bundle = {0};
    int code = chimera_bundle_read(folder, &bundle, &err);
    if (code != wanted_code || (wanted && !strstr(err.text, wanted)))
        fail_msg("%s: wanted %d %s, got %d %s", what, wanted_code, wanted, code, err.text);
    if (code == CHIMERA_OK)
        assert_string_equal(bundle.plugin[0].stem, "a");
    chimera_bundle_done(&bundle);
}

static void what_must_be_there_is_there(void **state)
{
    (void)state;
    static const struct {
        const char *name, *wanted;
    } files[] = {
        {"plugins/a.so", "lacks a file: a.so: No such file"},
        {"plugins/a.json", "lacks a file: a.json: No such file"},
        {"policies.yml", "lacks a file: policies.yml: No such file"},
        {"manifest.json", "cannot open the bundle's "},
        {"plugins/a.image", NULL},
        {"plugins/a.names", NULL},
    };
    put_all();
    expect("all", CHIMERA_OK, NULL);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        CHIMERA_FREE char *path = in_folder(files[i].name);
        put_all();
        unlink(path);
        expect(files[i].name, files[i].wanted ? CHIMERA_EIO : CHIMERA_OK, files[i].wanted);
    }
    struct chimera_error err = {0};
    struct chimera_bundle bundle = {0};
    assert_int_equal(chimera_bundle_read("/nonexistent/b", &bundle, &err), CHIMERA_EIO);
    assert_string_equal(err.text,
                        "cannot open the bundle /nonexistent/b: No such file or directory");
}

/* A link would make the bundle depend on what is outside of it, even where it points inside. */
static void links_and_folders_are_no_files(void **state)
{
    (void)state;
    static const char *const names[] = {"plugins/a.so", "plugins/a.json", "plugins/a.image",
                                        "plugins/a.names", "policies.yml"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        CHIMERA_FREE char *path = in_folder(names[i]);
        CHIMERA_FREE char *manifest = in_folder("manifest.json");
        put_all();
        unlink(path);
        assert_int_equal(symlink(manifest, path), 0);
        expect(names[i], CHIMERA_EREFUSED, "is a link or no file at all");
        unlink(path);
        assert_int_equal(mkdir(path, 0755), 0);
        expect(names[i], CHIMERA_EREFUSED, "is a link or no file at all");
        rmdir(path);
    }
    CHIMERA_FREE char *manifest = in_folder("manifest.json");
    CHIMERA_FREE char *policies = in_folder("policies.yml");
    put_all();
    unlink(manifest);
    assert_int_equal(symlink(policies, manifest), 0);
    expect("manifest", CHIMERA_EIO, "it is a link");
    unlink(manifest);
    assert_int_equal(mkfifo(manifest, 0644), 0);
    expect("pipe", CHIMERA_EREFUSED, "is not a regular file");
}

static void the_folder_of_plugins_is_one(void **state)
{
    (void)state;
    CHIMERA_FREE char *plugins = in_folder("plugins");
    CHIMERA_FREE char *other = in_folder("other");
    put_all();
    assert_int_equal(rename(plugins, other), 0);
    expect("no folder", CHIMERA_EREFUSED, "has no folder plugins: No such file or directory");
    assert_int_equal(symlink(other, plugins), 0);
    expect("a link", CHIMERA_EREFUSED, "has no folder plugins: ");
    unlink(plugins);
    put("manifest.json", HEAD "[]}");
    struct chimera_bundle bundle;
    assert_int_equal(chimera_bundle_read(folder, &bundle, NULL), CHIMERA_OK); /* needs none */
    chimera_bundle_done(&bundle);
    assert_int_equal(rename(other, plugins), 0);
}

static void who_may_write_the_manifest_decides_what_is_run(void **state)
{
    (void)state;
    CHIMERA_FREE char *manifest = in_folder("manifest.json");
    put_all();
    chmod(manifest, 0664);
    expect("group", CHIMERA_EREFUSED, "(mode 0664), and so change what is served: chmod go-w it");
    chmod(manifest, 0646);
    expect("others", CHIMERA_EREFUSED, "(mode 0646), and so");
    chmod(manifest, 0755);
    expect("all may read", CHIMERA_OK, NULL);
    if (geteuid() != 0)
        return;
    assert_int_equal(chown(manifest, 12345, 0), 0);
    expect("another's", CHIMERA_EREFUSED, "belongs to user 12345, who could change");
    assert_int_equal(seteuid(12345), 0);
    expect("ours", CHIMERA_OK, NULL);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(chown(manifest, 0, 0), 0);
    assert_int_equal(seteuid(12345), 0);
    expect("root's", CHIMERA_OK, NULL);
    assert_int_equal(seteuid(0), 0);
}

static void a_bundle_reads_back_as_it_was_written(void **state)
{
    (void)state;
    struct chimera_bundle in, out;
    CHIMERA_FREE char *path = in_folder("manifest.json");
    struct stat status;
    put_all();
    parse(HEAD "[" PLUGIN("\"a\"", "[\"a \\\"b\\\"\",\"c\"]") "," PLUGIN("\"a\"", "[]") "]}", &in);
    in.plugin[0].wasm.bytes[0] = 1;
    in.plugin[0].manifest.bytes[0] = 2;
    in.plugin[1].wasm.bytes[0] = 3;
    in.policies.bytes[0] = 4;
    assert_int_equal(chimera_bundle_write(folder, &in, NULL), CHIMERA_OK);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0644);
    assert_int_equal(chimera_bundle_read(folder, &out, NULL), CHIMERA_OK);
    assert_int_equal(out.count, 2);
    assert_memory_equal(&out.policies, &in.policies, sizeof(in.policies));
    assert_memory_not_equal(&out.self, &in.self, sizeof(in.self));
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(out.plugin[i].stem, in.plugin[i].stem);
        assert_memory_equal(&out.plugin[i].wasm, &in.plugin[i].wasm, 32);
        assert_memory_equal(&out.plugin[i].manifest, &in.plugin[i].manifest, 32);
        assert_int_equal(out.plugin[i].module_count, in.plugin[i].module_count);
        for (size_t k = 0; k < in.plugin[i].module_count; k++)
            assert_string_equal(out.plugin[i].modules[k], in.plugin[i].modules[k]);
    }
    struct chimera_error err = {0};
    assert_int_equal(chimera_bundle_write("/nonexistent/b", &in, &err), CHIMERA_EIO);
    chimera_bundle_done(&in);
    chimera_bundle_done(&out);
}

static void a_manifest_larger_than_is_read_is_not_written(void **state)
{
    (void)state;
    static char huge[(16 << 20) + 1];
    struct chimera_error err = {0};
    struct chimera_bundle bundle;
    put_all();
    parse(BUNDLE("\"a\"", "[\"m\"]"), &bundle);
    free(bundle.plugin[0].modules[0]);
    memset(huge, 'm', sizeof(huge) - 1);
    bundle.plugin[0].modules[0] = strdup(huge);
    assert_int_equal(chimera_bundle_write(folder, &bundle, &err), CHIMERA_ELIMIT);
    assert_non_null(strstr(err.text, "cannot write "));
    chimera_bundle_done(&bundle);
    expect("the old one", CHIMERA_OK, NULL);
}

static void every_allocation_of_a_bundle_may_fail(void **state)
{
    (void)state;
    struct chimera_bundle in, out;
    int code;
    if (!CAN_FAIL_ALLOCATIONS)
        skip();
    put_all();
    parse(BUNDLE("\"a\"", "[\"m\"]"), &in);
    CHIMERA_FREE char *manifest = in_folder("manifest.json");
    for (unsigned long n = 1; n == 1 || has_failed; n++) {
        unlink(manifest);
        fail_allocation(n);
        code = chimera_bundle_write(folder, &in, NULL);
        fail_allocation(0);
        if (code == CHIMERA_OK)
            expect("what was written", CHIMERA_OK, NULL);
        else
            assert_true(code == CHIMERA_ENOMEM || code == CHIMERA_EIO);
    }
    for (unsigned long n = 1; n == 1 || has_failed; n++) {
        struct chimera_error err = {0};
        fail_allocation(n);
        code = chimera_bundle_read(folder, &out, &err);
        fail_allocation(0);
        if (code != CHIMERA_OK && code != CHIMERA_ENOMEM)
            fail_msg("allocation %lu: %d %s", n, code, err.text);
        if (code == CHIMERA_ENOMEM)
            continue;
        assert_int_equal(out.count, 1); /* asprintf() can do without its second */
        assert_int_equal(out.plugin[0].module_count, 1);
        chimera_bundle_done(&out);
    }
    chimera_bundle_done(&in);
}

static void a_manifest_larger_than_the_limit_is_not_read(void **state)
{
    (void)state;
    CHIMERA_FREE char *manifest = in_folder("manifest.json");
    put_all();
    assert_int_equal(truncate(manifest, (16 << 20) + 1), 0);
    expect("too large", CHIMERA_ELIMIT, "manifest.json");
}

static int open_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) && chmod(folder, 0755) == 0 ? 0 : -1;
}

static int close_folder(void **state)
{
    (void)state;
    return chimera_folder_remove(folder, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_manifest_that_is_wrong_is_refused),
        cmocka_unit_test(a_manifest_is_read_whole),
        cmocka_unit_test(a_module_is_found_by_its_name_or_its_digest),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(what_must_be_there_is_there),
        cmocka_unit_test(links_and_folders_are_no_files),
        cmocka_unit_test(the_folder_of_plugins_is_one),
        cmocka_unit_test(who_may_write_the_manifest_decides_what_is_run),
        cmocka_unit_test(a_bundle_reads_back_as_it_was_written),
        cmocka_unit_test(a_manifest_larger_than_is_read_is_not_written),
        cmocka_unit_test(every_allocation_of_a_bundle_may_fail),
        cmocka_unit_test(a_manifest_larger_than_the_limit_is_not_read),
    };
    return cmocka_run_group_tests(tests, open_folder, close_folder);
}
