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
#define DOCUMENTS "\"policies\":" DIGEST ",\"sbom\":" DIGEST ",\"provenance\":" DIGEST
#define HEAD "{\"format\":2," DOCUMENTS ",\"plugins\":"
#define FILES "{\"json\":" DIGEST ",\"so\":" DIGEST "}"
#define PLUGIN_OF(stem, files, modules) \
    "{\"stem\":" stem ",\"wasm\":" DIGEST ",\"files\":" files ",\"modules\":" modules "}"
#define PLUGIN(stem, modules) PLUGIN_OF(stem, FILES, modules)
#define BUNDLE(stem, modules) HEAD "[" PLUGIN(stem, modules) "]}"
#define BUNDLE_OF(files) HEAD "[" PLUGIN_OF("\"a\"", files, "[]") "]}"
#define M(name) "{\"reference\":\"" name "\"}"
#define IMAGE(image) "[{\"reference\":\"m\",\"image\":" image "}]"

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
        {"{\"format\":1}", CHIMERA_EABI,
         "has format 1, this program reads format 2; make it again"},
        {"{\"format\":0}", CHIMERA_EABI, "has format 0"},
        {"{\"format\":2}", CHIMERA_EINVAL, "\"policies\" is not a digest"},
        {"{\"format\":2,\"policies\":\"" HEX "\"}", CHIMERA_EINVAL, "\"policies\" is not a digest"},
        {"{\"format\":2,\"policies\":" DIGEST "}", CHIMERA_EINVAL, "\"sbom\" is not a digest"},
        {"{\"format\":2,\"policies\":" DIGEST ",\"sbom\":" DIGEST "}", CHIMERA_EINVAL,
         "\"provenance\" is not a digest"},
        {"{\"format\":2," DOCUMENTS "}", CHIMERA_EINVAL, "\"plugins\" is not a list"},
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
         "\"files\" is not an object"},
        {BUNDLE_OF("[]"), CHIMERA_EINVAL, "\"files\" is not an object"},
        {BUNDLE_OF("{\"so\":" DIGEST "}"), CHIMERA_EINVAL, "\"json\" is not a digest"},
        {BUNDLE_OF("{\"json\":" DIGEST "}"), CHIMERA_EINVAL, "\"so\" is not a digest"},
        {BUNDLE_OF("{\"json\":" DIGEST ",\"so\":" DIGEST ",\"image\":null}"), CHIMERA_EINVAL,
         "\"image\" is not a digest"},
        {BUNDLE_OF("{\"json\":" DIGEST ",\"so\":" DIGEST ",\"x\":" DIGEST "}"), CHIMERA_EINVAL,
         "\"files\" has one that plugins have not"},
        {BUNDLE("\"a\"", "{}"), CHIMERA_EINVAL, "\"modules\" is not a list"},
        {BUNDLE("\"a\"", "null"), CHIMERA_EINVAL, "\"modules\" is not a list"},
        {BUNDLE("\"a\"", "[" M("m") ",1]"), CHIMERA_EINVAL, "a module is not an object"},
        {BUNDLE("\"a\"", "[{}]"), CHIMERA_EINVAL, "a module has no \"reference\""},
        {BUNDLE("\"a\"", "[" M("m\\u0000") "]"), CHIMERA_EINVAL, "a module has no \"reference\""},
        {BUNDLE("\"a\"", "[" M("n") "," M("m") "]"), CHIMERA_EINVAL,
         "\"modules\" are not in their order"},
        {BUNDLE("\"a\"", "[" M("m") "," M("m") "]"), CHIMERA_EINVAL,
         "\"modules\" are not in their order"},
        {BUNDLE("\"a\"", IMAGE("1")), CHIMERA_EINVAL, "\"image\" is not a digest of a registry"},
        {BUNDLE("\"a\"", IMAGE("\"md5:0\"")), CHIMERA_EINVAL, "\"image\" is not a digest of a"},
        {BUNDLE("\"a\"", IMAGE("\"sha512:" HEX "\"")), CHIMERA_EINVAL, "\"image\" is not a digest"},
        {BUNDLE("\"a\"", IMAGE("\"sha256:" HEX "0\"")), CHIMERA_EINVAL,
         "\"image\" is not a digest"},
        {HEAD "[" PLUGIN("\"a\"", "[]") ",2]}", CHIMERA_EINVAL, "a plugin is not an object"},
        {HEAD "[" PLUGIN("\"b\"", "[]") "," PLUGIN("\"a\"", "[]") "]}", CHIMERA_EINVAL,
         "\"plugins\" are not in their order"},
        {HEAD "[" PLUGIN("\"a\"", "[]") "," PLUGIN("\"a\"", "[]") "]}", CHIMERA_EINVAL,
         "\"plugins\" are not in their order"},
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

#define TWO                                                                                    \
    HEAD "[" PLUGIN("\"" STEM128 "\"",                                                         \
                    "[" M("a") ",{\"reference\":\"registry://b\","                             \
                               "\"image\":" DIGEST                                             \
                               "}]") "," PLUGIN_OF("\"1\"",                                    \
                                                   "{\"image\":" DIGEST ",\"json\":" DIGEST    \
                                                   ",\"names\":" DIGEST ",\"so\":" DIGEST "}", \
                                                   "[]") "]}"

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
    assert_memory_equal(&bundle.sbom, &digest, sizeof(digest));
    assert_memory_equal(&bundle.provenance, &digest, sizeof(digest));
    for (size_t i = 0; i < CHIMERA_BUNDLE_PARTS; i++) {
        bool is_there = i == CHIMERA_BUNDLE_PART_JSON || i == CHIMERA_BUNDLE_PART_SO;
        assert_int_equal(bundle.plugin[0].file[i].is_there, is_there);
        assert_true(bundle.plugin[1].file[i].is_there);
        assert_memory_equal(&bundle.plugin[1].file[i].digest, &digest, sizeof(digest));
    }
    assert_int_equal(bundle.plugin[0].module_count, 2);
    assert_string_equal(bundle.plugin[0].module[0].reference, "a");
    assert_null(bundle.plugin[0].module[0].image);
    assert_string_equal(bundle.plugin[0].module[1].reference, "registry://b");
    assert_string_equal(bundle.plugin[0].module[1].image, "sha256:" HEX);
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
    parse(HEAD "[" PLUGIN("\"a\"", "[" M("m") "," M("n") "]") "," PLUGIN(
              "\"b\"", "[" M("m") "," M("o") "]") "]}",
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

static struct chimera_digest digest_of(const char *text)
{
    struct chimera_digest digest;
    assert_int_equal(chimera_digest_of(chimera_slice_of(text), &digest), CHIMERA_OK);
    return digest;
}

/* The manifest of such a text for the files of put_all(), as far as they are hashed. */
static void parse_for_files(const char *text, struct chimera_bundle *ret_bundle)
{
    parse(text, ret_bundle);
    ret_bundle->policies = digest_of("{}");
    ret_bundle->sbom = digest_of("b");
    ret_bundle->provenance = digest_of("p");
    for (size_t i = 0; i < ret_bundle->count; i++)
        ret_bundle->plugin[i].file[CHIMERA_BUNDLE_PART_NAMES].digest = digest_of("n");
}

static void put_manifest(const char *text)
{
    CHIMERA_FREE char *path = in_folder("manifest.json");
    struct chimera_bundle bundle;
    unlink(path);
    parse_for_files(text, &bundle);
    assert_int_equal(chimera_bundle_write(folder, &bundle, NULL), CHIMERA_OK);
    chimera_bundle_done(&bundle);
}

#define ALL_FILES \
    "{\"image\":" DIGEST ",\"json\":" DIGEST ",\"names\":" DIGEST ",\"so\":" DIGEST "}"
#define ONE HEAD "[" PLUGIN_OF("\"a\"", ALL_FILES, "[" M("m") "]") "]}"

static void put_all(void)
{
    CHIMERA_FREE char *plugins = in_folder("plugins");
    struct stat status;
    if (lstat(plugins, &status) == 0 && !S_ISDIR(status.st_mode))
        unlink(plugins);
    assert_true(mkdir(plugins, 0755) == 0 || errno == EEXIST);
    put_manifest(ONE);
    put("policies.yml", "{}");
    put("sbom.spdx.json", "b");
    put("provenance.intoto.json", "p");
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
        {"plugins/a.image", "lacks a file: a.image: No such file"},
        {"plugins/a.names", "lacks a file: a.names: No such file"},
        {"sbom.spdx.json", "lacks a file: sbom.spdx.json: No such file"},
        {"provenance.intoto.json", "lacks a file: provenance.intoto.json: No such file"},
    };
    put_all();
    expect("all", CHIMERA_OK, NULL);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        CHIMERA_FREE char *path = in_folder(files[i].name);
        put_all();
        unlink(path);
        expect(files[i].name, CHIMERA_EIO, files[i].wanted);
    }
    struct chimera_error err = {0};
    struct chimera_bundle bundle = {0};
    assert_int_equal(chimera_bundle_read("/nonexistent/b", &bundle, &err), CHIMERA_EIO);
    assert_string_equal(err.text,
                        "cannot open the bundle /nonexistent/b: No such file or directory");
    assert_int_equal(chimera_bundle_read("/dev/null", &bundle, &err), CHIMERA_EIO);
    assert_string_equal(err.text, "cannot open the bundle /dev/null: Not a directory; an archive "
                                  "of one is unpacked first");
}

/* What the loader does not look into. */
static void what_is_hashed_here_is_what_it_was(void **state)
{
    (void)state;
    static const char *const names[] = {"policies.yml", "sbom.spdx.json", "provenance.intoto.json",
                                        "plugins/a.names"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        put_all();
        put(names[i], "x");
        expect(names[i], CHIMERA_EREFUSED, "is not the file that the bundle was made with: ");
        put(names[i], "");
        expect(names[i], CHIMERA_EREFUSED, "the digests differ");
    }
    CHIMERA_FREE char *sbom = in_folder("sbom.spdx.json");
    put_all();
    assert_int_equal(truncate(sbom, (256 << 20) + 1), 0);
    expect("a hole", CHIMERA_ELIMIT, "sbom.spdx.json in the bundle ");
}

static void what_is_added_below_plugins_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"b.so", "a.txt", "a.so.bak", ".hidden", "a", "A.so"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char name[40], wanted[120];
        snprintf(name, sizeof(name), "plugins/%s", names[i]);
        CHIMERA_FREE char *path = in_folder(name);
        put_all();
        put(name, "x");
        snprintf(wanted, sizeof(wanted), "%s in the bundle %s is no part of it: ", name, folder);
        expect(name, CHIMERA_EREFUSED, wanted);
        unlink(path);
    }
    CHIMERA_FREE char *names_file = in_folder("plugins/a.names");
    put_all(); /* a kind of file that a plugin may have, and this has not */
    put_manifest(BUNDLE("\"a\"", "[]"));
    expect("image", CHIMERA_EREFUSED, "is no part of it");
    CHIMERA_FREE char *below = in_folder("plugins/b");
    put_all();
    assert_int_equal(mkdir(below, 0755), 0);
    expect("folder", CHIMERA_EREFUSED, "plugins/b in the bundle ");
    rmdir(below);
    unlink(names_file);
}

/* As volumes and mounts have them. */
static void what_lies_beside_is_told(void **state)
{
    (void)state;
    CHIMERA_FREE char *found = in_folder("lost+found");
    CHIMERA_FREE char *data = in_folder("..data");
    CHIMERA_FREE char *signature = in_folder("manifest.json.sigstore.json");
    struct chimera_bundle bundle = {0};
    put_all();
    put("manifest.json.sigstore.json", "{}");
    assert_int_equal(chimera_bundle_read(folder, &bundle, NULL), CHIMERA_OK);
    assert_null(bundle.others);
    chimera_bundle_done(&bundle);
    unlink(signature);
    assert_int_equal(mkdir(found, 0700), 0);
    assert_int_equal(symlink("/nonexistent", data), 0);
    put("\033[2J", "x");
    assert_int_equal(chimera_bundle_read(folder, &bundle, NULL), CHIMERA_OK);
    assert_non_null(strstr(bundle.others, "has beside its own files what is no part of it: "));
    assert_non_null(strstr(bundle.others, "..data, lost+found"));
    assert_null(strchr(bundle.others, '\033'));
    assert_null(strchr(bundle.others, '\n'));
    chimera_bundle_done(&bundle);
    for (int i = 0; i < 100; i++) {
        char name[40];
        snprintf(name, sizeof(name), "another-file-%d", i);
        put(name, "x");
    }
    assert_int_equal(chimera_bundle_read(folder, &bundle, NULL), CHIMERA_OK);
    assert_non_null(strstr(bundle.others, " more"));
    assert_in_range(strlen(bundle.others), 300, 600);
    chimera_bundle_done(&bundle);
    for (int i = 0; i < 100; i++) {
        char name[40];
        snprintf(name, sizeof(name), "another-file-%d", i);
        CHIMERA_FREE char *path = in_folder(name);
        unlink(path);
    }
    CHIMERA_FREE char *odd = in_folder("\033[2J");
    unlink(odd);
    unlink(data);
    rmdir(found);
}

/* A link would make the bundle depend on what is outside of it, even where it points inside. */
static void links_and_folders_are_no_files(void **state)
{
    (void)state;
    static const char *const names[] = {
        "plugins/a.so", "plugins/a.json", "plugins/a.image",       "plugins/a.names",
        "policies.yml", "sbom.spdx.json", "provenance.intoto.json"};
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
    put_manifest(HEAD "[]}");
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
    CHIMERA_FREE char *plugins = in_folder("plugins");
    const char *const folders[] = {folder, plugins};
    for (size_t i = 0; i < 2; i++) {
        chmod(folders[i], 0775);
        expect("a folder of the group", CHIMERA_EREFUSED, "(mode 0775), and so change what is");
        chmod(folders[i], 01757);
        expect("a folder of others", CHIMERA_EREFUSED, "(mode 1757), and so change what is");
        chmod(folders[i], 0755);
    }
    if (geteuid() != 0)
        return;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(chown(folders[i], 12345, 0), 0);
        expect("another's folder", CHIMERA_EREFUSED, "belongs to user 12345, who could change");
        assert_int_equal(chown(folders[i], 0, 0), 0);
    }
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
    struct chimera_buffer text;
    CHIMERA_FREE char *path = in_folder("manifest.json");
    struct stat status;
    put_all();
    parse(HEAD "[" PLUGIN("\"a\"", "[{\"reference\":\"a \\\"b\\\"\",\"image\":" DIGEST
                                   "}," M("c") "]") "," PLUGIN_OF("\"b\"", ALL_FILES, "[]") "]}",
          &in);
    in.plugin[0].wasm.bytes[0] = 1;
    in.plugin[0].file[CHIMERA_BUNDLE_PART_SO].digest.bytes[0] = 2;
    in.plugin[1].file[CHIMERA_BUNDLE_PART_NAMES].digest.bytes[0] = 7;
    in.plugin[1].wasm.bytes[0] = 3;
    in.policies.bytes[0] = 4;
    in.sbom.bytes[0] = 5;
    in.provenance.bytes[0] = 6;
    assert_int_equal(chimera_bundle_write(folder, &in, NULL), CHIMERA_OK);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0644);
    chimera_buffer_init(&text, 1 << 20);
    assert_int_equal(chimera_file_read(path, &text, NULL), CHIMERA_OK);
    assert_int_equal(chimera_bundle_parse(chimera_buffer_slice(&text), path, &out, NULL),
                     CHIMERA_OK);
    chimera_buffer_free(&text);
    assert_int_equal(out.count, 2);
    assert_memory_equal(&out.policies, &in.policies, sizeof(in.policies));
    assert_memory_equal(&out.sbom, &in.sbom, sizeof(in.sbom));
    assert_memory_equal(&out.provenance, &in.provenance, sizeof(in.provenance));
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(out.plugin[i].stem, in.plugin[i].stem);
        assert_memory_equal(&out.plugin[i].wasm, &in.plugin[i].wasm, 32);
        for (size_t k = 0; k < CHIMERA_BUNDLE_PARTS; k++) {
            assert_int_equal(out.plugin[i].file[k].is_there, in.plugin[i].file[k].is_there);
            assert_memory_equal(&out.plugin[i].file[k].digest, &in.plugin[i].file[k].digest, 32);
        }
        assert_int_equal(out.plugin[i].module_count, in.plugin[i].module_count);
        for (size_t k = 0; k < in.plugin[i].module_count; k++)
            assert_string_equal(out.plugin[i].module[k].reference,
                                in.plugin[i].module[k].reference);
    }
    assert_string_equal(out.plugin[0].module[0].image, in.plugin[0].module[0].image);
    assert_null(out.plugin[0].module[1].image);
    struct chimera_error err = {0};
    assert_int_equal(chimera_bundle_write("/nonexistent/b", &in, &err), CHIMERA_EIO);
    chimera_bundle_done(&in);
    chimera_bundle_done(&out);
}

/* Whichever byte it ends at, and whichever is another: it is no manifest, or another one. */
static void a_manifest_that_was_cut_is_refused(void **state)
{
    (void)state;
    struct chimera_bundle bundle;
    struct chimera_buffer text;
    parse(TWO, &bundle);
    chimera_buffer_init(&text, 1 << 20);
    chimera_bundle_print(&bundle, &text);
    chimera_bundle_done(&bundle);
    for (size_t size = 0; size + 1 < text.size; size++) { /* the last is the end of a line */
        struct chimera_error err = {0};
        struct chimera_slice cut = {text.data, size};
        if (chimera_bundle_parse(cut, "m.json", &bundle, &err) >= 0)
            fail_msg("%zu bytes of %zu", size, text.size);
        assert_int_equal(strncmp(err.text, "m.json: ", 8), 0);
    }
    chimera_buffer_free(&text);
}

static void a_file_is_found_by_its_name(void **state)
{
    (void)state;
    struct chimera_bundle bundle;
    parse(TWO, &bundle);
    assert_ptr_equal(chimera_bundle_find_file(&bundle, "1.names"),
                     &bundle.plugin[1].file[CHIMERA_BUNDLE_PART_NAMES]);
    assert_ptr_equal(chimera_bundle_find_file(&bundle, STEM128 ".so"),
                     &bundle.plugin[0].file[CHIMERA_BUNDLE_PART_SO]);
    static const char *const none[] = {
        STEM128 ".names", STEM128 "0.so", "1.s", "1.so ", "1", "", "2.so"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_null(chimera_bundle_find_file(&bundle, none[i]));
    chimera_bundle_done(&bundle);
}

static void a_manifest_larger_than_is_read_is_not_written(void **state)
{
    (void)state;
    static char huge[(16 << 20) + 1];
    struct chimera_error err = {0};
    struct chimera_bundle bundle;
    put_all();
    parse(BUNDLE("\"a\"", "[" M("m") "]"), &bundle);
    free(bundle.plugin[0].module[0].reference);
    memset(huge, 'm', sizeof(huge) - 1);
    bundle.plugin[0].module[0].reference = strdup(huge);
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
    parse_for_files(ONE, &in);
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
        cmocka_unit_test(what_is_hashed_here_is_what_it_was),
        cmocka_unit_test(what_is_added_below_plugins_is_refused),
        cmocka_unit_test(what_lies_beside_is_told),
        cmocka_unit_test(links_and_folders_are_no_files),
        cmocka_unit_test(the_folder_of_plugins_is_one),
        cmocka_unit_test(who_may_write_the_manifest_decides_what_is_run),
        cmocka_unit_test(a_bundle_reads_back_as_it_was_written),
        cmocka_unit_test(a_manifest_that_was_cut_is_refused),
        cmocka_unit_test(a_file_is_found_by_its_name),
        cmocka_unit_test(a_manifest_larger_than_is_read_is_not_written),
        cmocka_unit_test(every_allocation_of_a_bundle_may_fail),
        cmocka_unit_test(a_manifest_larger_than_the_limit_is_not_read),
    };
    return cmocka_run_group_tests(tests, open_folder, close_folder);
}
