/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/cache/cache.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "compiler/native/compile.h"
#include "compiler/native/identity.h"
#include "compiler/native/link.h"
#include "compiler/tool/process.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"

static char root[] = "/tmp/chimera-test-cache-XXXXXX";

static void print_path(char *ret_path, size_t size, const char *name)
{
    assert_true(snprintf(ret_path, size, "%s/%s", root, name) < (int)size);
}

static struct chimera_cache *open_cache(const char *name, uint64_t limit)
{
    char path[300];
    struct chimera_error err = {0};
    struct chimera_cache *cache = NULL;
    print_path(path, sizeof(path), name);
    if (chimera_cache_open(path, limit, &cache, &err) < 0)
        fail_msg("%s", err.text);
    return cache;
}

static void write_file(const char *name, struct chimera_slice bytes)
{
    char path[300];
    print_path(path, sizeof(path), name);
    assert_int_equal(chimera_file_write(path, bytes, 0600, NULL), CHIMERA_OK);
}

static bool file_is(const char *name, const char *expected)
{
    char path[300];
    struct chimera_buffer bytes;
    print_path(path, sizeof(path), name);
    chimera_buffer_init(&bytes, 1 << 20);
    bool is_equal = chimera_file_read(path, &bytes, NULL) == CHIMERA_OK &&
                    chimera_slice_is(chimera_buffer_slice(&bytes), expected);
    chimera_buffer_free(&bytes);
    return is_equal;
}

static void the_folder_comes_from_the_environment(void **state)
{
    (void)state;
    static const char *const cases[][4] = {
        /* CHIMERA_CACHE_DIR, XDG_CACHE_HOME, HOME, expected */
        {"/a", "/b", "/c", "/a"},
        {NULL, "/b", "/c", "/b/chimera"},
        {"", "relative", "/c", "/c/.cache/chimera"},
        {NULL, NULL, "/c", "/c/.cache/chimera"},
        {NULL, NULL, NULL, NULL},
    };
    static const char *const names[] = {"CHIMERA_CACHE_DIR", "XDG_CACHE_HOME", "HOME"};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t k = 0; k < 3; k++) {
            if (cases[i][k])
                setenv(names[k], cases[i][k], 1);
            else
                unsetenv(names[k]);
        }
        CHIMERA_FREE char *folder = NULL;
        int code = chimera_cache_folder(&folder, NULL);
        assert_int_equal(code, cases[i][3] ? CHIMERA_OK : CHIMERA_EINVAL);
        if (cases[i][3])
            assert_string_equal(folder, cases[i][3]);
    }
}

static void a_folder_that_others_can_write_is_refused(void **state)
{
    (void)state;
    char path[300];
    struct stat status;
    struct chimera_cache *cache = open_cache("open", 1000);
    chimera_cache_close(cache);
    print_path(path, sizeof(path), "open");
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    assert_int_equal(chmod(path, 0777), 0);
    struct chimera_error err = {0};
    assert_int_equal(chimera_cache_open(path, 1000, &cache, &err), CHIMERA_EREFUSED);
    assert_non_null(strstr(err.text, "can be written by others"));
}

static void an_object_comes_back_as_it_was_put(void **state)
{
    (void)state;
    char from[300], to[300];
    struct chimera_cache *cache = open_cache("objects", CHIMERA_CACHE_LIMIT);
    struct chimera_digest key = {{1}}, other = {{2}};
    write_file("object", CHIMERA_SLICE("machine code"));
    print_path(from, sizeof(from), "object");
    print_path(to, sizeof(to), "copy");
    assert_false(chimera_cache_get_object(cache, &key, to));
    chimera_cache_put_object(cache, &key, from);
    assert_true(chimera_cache_get_object(cache, &key, to));
    assert_true(file_is("copy", "machine code"));
    assert_false(chimera_cache_get_object(cache, &other, to));
    chimera_cache_close(cache);
}

static void a_broken_object_counts_as_missing(void **state)
{
    (void)state;
    char from[300], to[300], entry[400], hex[CHIMERA_DIGEST_HEX];
    struct chimera_cache *cache = open_cache("broken", CHIMERA_CACHE_LIMIT);
    struct chimera_digest key = {{3}};
    write_file("object", CHIMERA_SLICE("machine code"));
    print_path(from, sizeof(from), "object");
    print_path(to, sizeof(to), "copy");
    chimera_digest_hex(&key, hex);
    assert_true(snprintf(entry, sizeof(entry), "%s/broken/objects/%s", root, hex) <
                (int)sizeof(entry));
    struct chimera_error damage = {0};
    assert_false(chimera_cache_take_damage(cache, &damage));
    for (off_t size = 0; size < 12 + 2 * CHIMERA_DIGEST_BYTES; size += 11) {
        chimera_cache_put_object(cache, &key, from);
        assert_int_equal(truncate(entry, size), 0);
        assert_false(chimera_cache_get_object(cache, &key, to));
        assert_int_equal(access(entry, F_OK), -1); /* and is removed */
    }
    chimera_cache_put_object(cache, &key, from);
    int fd = open(entry, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "M", 1, 0), 1);
    close(fd);
    assert_false(chimera_cache_get_object(cache, &key, to));
    assert_true(chimera_cache_take_damage(cache, &damage));
    if (!strstr(damage.text, hex) || !strstr(damage.text, "; and 7 more"))
        fail_msg("%s", damage.text);
    assert_false(chimera_cache_take_damage(cache, &damage));
    chimera_cache_close(cache);
}

static void an_object_of_another_key_counts_as_broken(void **state)
{
    (void)state;
    char from[300], to[300], one[400], two[400], hex[CHIMERA_DIGEST_HEX];
    struct chimera_cache *cache = open_cache("swapped", CHIMERA_CACHE_LIMIT);
    struct chimera_digest key = {{4}}, other = {{5}};
    write_file("object", CHIMERA_SLICE("machine code"));
    print_path(from, sizeof(from), "object");
    print_path(to, sizeof(to), "copy-of-another");
    chimera_cache_put_object(cache, &key, from);
    chimera_digest_hex(&key, hex);
    snprintf(one, sizeof(one), "%s/swapped/objects/%s", root, hex);
    chimera_digest_hex(&other, hex);
    snprintf(two, sizeof(two), "%s/swapped/objects/%s", root, hex);
    assert_int_equal(rename(one, two), 0);
    assert_false(chimera_cache_get_object(cache, &other, to));
    assert_int_equal(access(to, F_OK), -1);
    chimera_cache_close(cache);
}

static char *put_plugin(struct chimera_cache *cache, const char *stem)
{
    char path[400];
    char *scratch = NULL, *plugin = NULL;
    struct chimera_error err = {0};
    static const char *const suffixes[] = {"so", "json", "image"};
    assert_int_equal(chimera_cache_scratch(cache, &scratch, NULL), CHIMERA_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_true(snprintf(path, sizeof(path), "%s/%s.%s", scratch, stem, suffixes[i]) <
                    (int)sizeof(path));
        assert_int_equal(chimera_file_write(path, CHIMERA_SLICE("content"), 0644, NULL),
                         CHIMERA_OK);
    }
    if (chimera_cache_put_plugin(cache, scratch, stem, &plugin, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(chimera_folder_remove(scratch, NULL), CHIMERA_OK);
    free(scratch);
    return plugin;
}

static void a_plugin_is_found_with_all_its_files(void **state)
{
    (void)state;
    struct chimera_cache *cache = open_cache("plugins", CHIMERA_CACHE_LIMIT);
    assert_null(chimera_cache_find_plugin(cache, "abc-1", CHIMERA_CACHE_WHOLE));
    CHIMERA_FREE char *path = put_plugin(cache, "abc-1");
    assert_non_null(strstr(path, "/plugins/plugins/abc-1.so"));
    assert_true(file_is("plugins/plugins/abc-1.json", "content"));
    assert_true(file_is("plugins/plugins/abc-1.image", "content"));
    assert_null(chimera_cache_find_plugin(cache, "abc", CHIMERA_CACHE_WHOLE));
    CHIMERA_FREE char *found = chimera_cache_find_plugin(cache, "abc-1", CHIMERA_CACHE_WHOLE);
    assert_string_equal(found, path);
    chimera_cache_drop_plugin(cache, "abc-1");
    assert_null(chimera_cache_find_plugin(cache, "abc-1", CHIMERA_CACHE_WHOLE));
    assert_false(file_is("plugins/plugins/abc-1.image", "content"));
    chimera_cache_close(cache);
}

/* Each file in turn, so that what belongs to a plugin and is not looked at would be noticed. */
static const struct {
    const char *what, *suffix;
    off_t size;           /* it is cut or grown to; -1: no */
    off_t changed_at;     /* -1: no byte is */
    bool is_seen_by_size; /* the code and the image are left to the loader then */
} damages[] = {
    {"cut", "so", 3, -1, true},         {"empty", "so", 0, -1, true},
    {"longer", "so", 8, -1, true},      {"changed", "so", -1, 2, false},
    {"gone", "so", -1, -1, true},       {"cut", "image", 6, -1, true},
    {"changed", "image", -1, 0, false}, {"gone", "image", -1, -1, true},
    {"empty", "json", 0, -1, true},     {"changed", "json", -1, 6, true},
    {"gone", "json", -1, -1, true},     {"cut", "sum", 40, -1, true},
    {"empty", "sum", 0, -1, true},      {"changed", "sum", -1, 30, true},
    {"changed", "sum", -1, 200, true},  {"more", "names", 1, -1, true},
};

static void damage_file(const char *path, off_t size, off_t changed_at)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    if (size >= 0) {
        assert_int_equal(ftruncate(fd, size), 0);
    } else if (changed_at >= 0) {
        char byte = 0;
        assert_int_equal(pread(fd, &byte, 1, changed_at), 1);
        byte = (char)(byte ^ 1);
        assert_int_equal(pwrite(fd, &byte, 1, changed_at), 1);
    } else {
        assert_int_equal(unlink(path), 0);
    }
    close(fd);
}

static void a_damaged_plugin_counts_as_missing(void **state)
{
    (void)state;
    char path[400];
    struct chimera_cache *cache = open_cache("damaged", CHIMERA_CACHE_LIMIT);
    for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        struct chimera_error damage = {0};
        free(put_plugin(cache, "abc-1"));
        snprintf(path, sizeof(path), "%s/damaged/plugins/abc-1.%s", root, damages[i].suffix);
        damage_file(path, damages[i].size, damages[i].changed_at);
        CHIMERA_FREE char *by_size = chimera_cache_find_plugin(cache, "abc-1", CHIMERA_CACHE_SIZES);
        if ((by_size == NULL) != damages[i].is_seen_by_size)
            fail_msg("%s %s, looked at its size", damages[i].what, damages[i].suffix);
        if (chimera_cache_find_plugin(cache, "abc-1", CHIMERA_CACHE_WHOLE))
            fail_msg("%s %s, read whole", damages[i].what, damages[i].suffix);
        assert_true(chimera_cache_take_damage(cache, &damage));
        if (!strstr(damage.text, path))
            fail_msg("%s", damage.text);
        assert_null(chimera_cache_find_plugin(cache, "abc-1", CHIMERA_CACHE_WHOLE));
        assert_false(chimera_cache_take_damage(cache, &damage)); /* said once */
        assert_int_equal(access(path, F_OK), -1);                /* for it was dropped */
    }
    chimera_cache_close(cache);
}

static void a_plugin_that_was_not_put_whole_is_none(void **state)
{
    (void)state;
    char path[400], other[400];
    struct chimera_error damage = {0};
    struct chimera_cache *cache = open_cache("killed", CHIMERA_CACHE_LIMIT);
    free(put_plugin(cache, "abc-1"));
    snprintf(path, sizeof(path), "%s/killed/plugins/abc-1.sum", root);
    snprintf(other, sizeof(other), "%s/killed/plugins/abc-2.sum", root);
    assert_int_equal(rename(path, other), 0);
    assert_null(chimera_cache_find_plugin(cache, "abc-1", CHIMERA_CACHE_WHOLE));
    assert_false(chimera_cache_take_damage(cache, &damage));
    assert_null(chimera_cache_find_plugin(cache, "abc-2", CHIMERA_CACHE_WHOLE));
    assert_true(chimera_cache_take_damage(cache, &damage)); /* it tells of another plugin */
    chimera_cache_close(cache);
}

static void a_new_plugin_replaces_all_of_an_old_one(void **state)
{
    (void)state;
    char path[400];
    char *scratch = NULL, *plugin = NULL;
    struct chimera_cache *cache = open_cache("replaced", CHIMERA_CACHE_LIMIT);
    free(put_plugin(cache, "abc-1"));
    assert_int_equal(chimera_cache_scratch(cache, &scratch, NULL), CHIMERA_OK);
    static const char *const suffixes[] = {"so", "json"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof(path), "%s/abc-1.%s", scratch, suffixes[i]);
        assert_int_equal(chimera_file_write(path, CHIMERA_SLICE("other"), 0644, NULL), CHIMERA_OK);
    }
    assert_int_equal(chimera_cache_put_plugin(cache, scratch, "abc-1", &plugin, NULL), CHIMERA_OK);
    CHIMERA_FREE char *found = chimera_cache_find_plugin(cache, "abc-1", CHIMERA_CACHE_WHOLE);
    assert_string_equal(found, plugin);
    assert_true(file_is("replaced/plugins/abc-1.so", "other"));
    snprintf(path, sizeof(path), "%s/replaced/plugins/abc-1.image", root);
    assert_int_equal(access(path, F_OK), -1);
    free(plugin);
    free(scratch);
    chimera_cache_close(cache);
}

static void a_plugin_without_its_manifest_is_not_kept(void **state)
{
    (void)state;
    char path[400];
    char *scratch = NULL, *plugin = NULL;
    struct chimera_cache *cache = open_cache("partial", CHIMERA_CACHE_LIMIT);
    assert_int_equal(chimera_cache_scratch(cache, &scratch, NULL), CHIMERA_OK);
    assert_true(snprintf(path, sizeof(path), "%s/s.so", scratch) < (int)sizeof(path));
    assert_int_equal(chimera_file_write(path, CHIMERA_SLICE("content"), 0644, NULL), CHIMERA_OK);
    assert_int_equal(chimera_cache_put_plugin(cache, scratch, "s", &plugin, NULL), CHIMERA_EIO);
    assert_int_equal(chimera_cache_put_plugin(cache, scratch, "../s", &plugin, NULL),
                     CHIMERA_EINVAL);
    free(scratch);
    chimera_cache_close(cache);
}

static void make_old(const char *name, time_t age)
{
    char path[400];
    struct timespec times[2] = {{.tv_sec = time(NULL) - age}, {.tv_sec = time(NULL) - age}};
    print_path(path, sizeof(path), name);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* Each small file takes a block of 4 KiB on the disk: two plugins of 16 KiB, three objects of 4. */
static void trimming_removes_what_was_used_longest_ago(void **state)
{
    (void)state;
    char from[300], to[300];
    struct chimera_cache *cache = open_cache("trim", 64 * 1024);
    write_file("object", CHIMERA_SLICE("machine code"));
    print_path(from, sizeof(from), "object");
    print_path(to, sizeof(to), "copy");
    CHIMERA_FREE char *young = put_plugin(cache, "young");
    CHIMERA_FREE char *old = put_plugin(cache, "old");
    struct chimera_digest key = {{0}};
    for (uint8_t i = 0; i < 3; i++) {
        key.bytes[0] = i;
        chimera_cache_put_object(cache, &key, from);
    }
    static const char *const names[] = {"trim/plugins/old.so",     "trim/plugins/old.json",
                                        "trim/plugins/old.image",  "trim/plugins/old.sum",
                                        "trim/plugins/young.json", "trim/plugins/young.image",
                                        "trim/plugins/young.so"};
    for (size_t i = 0; i < 7; i++)
        make_old(names[i], 1000);
    chimera_cache_close(cache);

    cache = open_cache("trim", 36 * 1024); /* 44 KiB are there: the older plugin must go */
    chimera_cache_trim(cache);
    assert_null(chimera_cache_find_plugin(cache, "old", CHIMERA_CACHE_WHOLE));
    assert_false(file_is("trim/plugins/old.image", "content"));
    CHIMERA_FREE char *found =
        chimera_cache_find_plugin(cache, "young", CHIMERA_CACHE_WHOLE); /* its .sum is young */
    assert_non_null(found);
    assert_true(file_is("trim/plugins/young.image", "content"));
    for (uint8_t i = 0; i < 3; i++) {
        key.bytes[0] = i;
        assert_true(chimera_cache_get_object(cache, &key, to));
    }
    chimera_cache_close(cache);
}

static void the_scratch_folder_of_an_ended_build_is_removed(void **state)
{
    (void)state;
    char *stale = NULL, *used = NULL, *fresh = NULL;
    struct chimera_cache *cache = open_cache("scratch", CHIMERA_CACHE_LIMIT);
    struct chimera_cache *other = open_cache("scratch", CHIMERA_CACHE_LIMIT);
    assert_int_equal(chimera_cache_scratch(cache, &stale, NULL), CHIMERA_OK);
    assert_int_equal(chimera_cache_scratch(other, &used, NULL), CHIMERA_OK);
    chimera_cache_close(cache); /* as if its process had ended */
    cache = open_cache("scratch", CHIMERA_CACHE_LIMIT);
    assert_int_equal(chimera_cache_scratch(cache, &fresh, NULL), CHIMERA_OK);
    make_old(stale + strlen(root) + 1, 100);
    make_old(used + strlen(root) + 1, 100);
    chimera_cache_trim(cache);
    assert_int_equal(access(stale, F_OK), -1);
    assert_int_equal(access(used, F_OK), 0);
    assert_int_equal(access(fresh, F_OK), 0);
    chimera_cache_close(other);
    chimera_cache_trim(cache);
    assert_int_equal(access(used, F_OK), -1);
    free(stale);
    free(used);
    free(fresh);
    chimera_cache_close(cache);
}

static void hammer(uint8_t seed)
{
    char from[300], to[300], name[32];
    struct chimera_cache *cache = open_cache("shared", 128 * 1024);
    snprintf(name, sizeof(name), "copy-%d", seed);
    print_path(from, sizeof(from), "object");
    print_path(to, sizeof(to), name);
    for (unsigned i = 0; i < 200; i++) {
        struct chimera_digest key = {{(uint8_t)(i % 16)}};
        chimera_cache_put_object(cache, &key, from);
        if (chimera_cache_get_object(cache, &key, to) && !file_is(name, "machine code"))
            _exit(1);
        if (i % 20 == seed)
            chimera_cache_trim(cache);
    }
    _exit(0);
}

static void processes_may_share_a_cache(void **state)
{
    (void)state;
    pid_t pids[4];
    write_file("object", CHIMERA_SLICE("machine code"));
    for (uint8_t i = 0; i < 4; i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            hammer(i);
    }
    for (size_t i = 0; i < 4; i++) {
        int status = -1;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
}

/* --- Compiling through the cache --- */

static int build_toy(struct chimera_cache *cache, const char *name, const char *header,
                     size_t *ret_cached, struct chimera_digest *ret_digest,
                     struct chimera_error *err)
{
    char path[400];
    struct chimera_tools tools;
    struct chimera_digest prelude = {{9}};
    char *scratch = NULL;
    if (chimera_tools_find(&tools, err) < 0 ||
        chimera_tools_learn(&tools, CHIMERA_TIER_FULL, NULL, err) < 0 ||
        chimera_tools_identify(&tools, CHIMERA_TIER_FULL, &prelude, err) < 0)
        return CHIMERA_ETOOL;
    assert_int_equal(chimera_cache_scratch(cache, &scratch, err), CHIMERA_OK);
    static const char *const sources[][2] = {
        {"a.c", "#include \"shared.h\"\n__attribute__((visibility(\"default\"))) const int "
                "chimera_plugin = V;"},
        {"b.c", "#include <stdint.h>\ndouble chimera_b(double x) { return __builtin_sqrt(x) + "
                "(double)INT32_MAX; }"},
    };
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof(path), "%s/%s", scratch, sources[i][0]);
        assert_int_equal(chimera_file_write(path, chimera_slice_of(sources[i][1]), 0600, NULL),
                         CHIMERA_OK);
    }
    snprintf(path, sizeof(path), "%s/shared.h", scratch);
    assert_int_equal(chimera_file_write(path, chimera_slice_of(header), 0600, NULL), CHIMERA_OK);
    const char *const includes[] = {".", NULL}, *const headers[] = {"shared.h", NULL};
    struct chimera_part parts[] = {{"a.c", "a.o", false}, {"b.c", "b.o", true}};
    struct chimera_compile_job job = {.tools = &tools,
                                      .tier = CHIMERA_TIER_FULL,
                                      .folder = scratch,
                                      .includes = includes,
                                      .headers = headers,
                                      .cache = cache,
                                      .jobs = 2};
    struct chimera_link_job link = {.tools = &tools,
                                    .tier = CHIMERA_TIER_FULL,
                                    .folder = scratch,
                                    .parts = parts,
                                    .count = 2,
                                    .output = path};
    snprintf(path, sizeof(path), "%s/%s", scratch, name); /* all that the linker may write */
    int code = chimera_compile(&job, parts, 2, ret_cached, err);
    if (code == CHIMERA_OK)
        code = chimera_link(&link, err);
    struct chimera_buffer bytes;
    chimera_buffer_init(&bytes, 1 << 20);
    if (code == CHIMERA_OK && chimera_file_read(path, &bytes, NULL) == CHIMERA_OK)
        chimera_digest_of(chimera_buffer_slice(&bytes), ret_digest);
    chimera_buffer_free(&bytes);
    chimera_folder_remove(scratch, NULL);
    free(scratch);
    chimera_tools_done(&tools);
    return code;
}

static void compiling_again_takes_what_did_not_change_from_the_cache(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    struct chimera_digest first, second, third;
    size_t cached = 99;
    struct chimera_cache *cache = open_cache("compile", CHIMERA_CACHE_LIMIT);
    if (build_toy(cache, "one.so", "#define V 1", &cached, &first, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(cached, 0);
    assert_int_equal(build_toy(cache, "two.so", "#define V 1", &cached, &second, &err), CHIMERA_OK);
    assert_int_equal(cached, 2);
    assert_memory_equal(&first, &second, sizeof(first));
    assert_int_equal(build_toy(cache, "three.so", "#define V 2", &cached, &third, &err),
                     CHIMERA_OK);
    assert_int_equal(cached, 0); /* the header is in every key */
    assert_memory_not_equal(&first, &third, sizeof(first));
    chimera_cache_close(cache);
}

static void the_same_sources_give_the_same_bytes_elsewhere(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    struct chimera_digest first, second;
    struct chimera_cache *cache = open_cache("here", CHIMERA_CACHE_LIMIT);
    struct chimera_cache *other = open_cache("another-place", CHIMERA_CACHE_LIMIT);
    assert_int_equal(build_toy(cache, "one.so", "#define V 1", NULL, &first, &err), CHIMERA_OK);
    assert_int_equal(build_toy(other, "two.so", "#define V 1", NULL, &second, &err), CHIMERA_OK);
    assert_memory_equal(&first, &second, sizeof(first));
    chimera_cache_close(cache);
    chimera_cache_close(other);
}

static void a_compile_error_names_the_line(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    struct chimera_digest digest;
    struct chimera_cache *cache = open_cache("failing", CHIMERA_CACHE_LIMIT);
    assert_int_equal(build_toy(cache, "bad.so", "#define V nonsense", NULL, &digest, &err),
                     CHIMERA_ETOOL);
    if (!strstr(err.text, "clang on a.c failed with exit code 1: ") ||
        !strstr(err.text, "'nonsense'"))
        fail_msg("%s", err.text);
    chimera_cache_close(cache);
}

static void tools_that_are_missing_are_named_with_their_packages(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    struct chimera_tools tools = {0};
    CHIMERA_FREE char *path = strdup(getenv("PATH"));
    setenv("PATH", "/nowhere:relative", 1);
    assert_int_equal(chimera_tools_find(&tools, &err), CHIMERA_ETOOL);
    assert_non_null(strstr(err.text,
                           "not found: wasm2c, clang, ld.lld, llvm-objdump; install with `apt-get "
                           "install wabt clang-19 lld-19 llvm-19`"));
    setenv("PATH", path, 1);
    setenv("CHIMERA_CLANG", "/nowhere/clang", 1);
    assert_int_equal(chimera_tools_find(&tools, &err), CHIMERA_ETOOL);
    assert_string_equal(err.text, "CHIMERA_CLANG=/nowhere/clang is not a program that can be run");
    setenv("CHIMERA_CLANG", "/bin/echo", 1);
    assert_int_equal(chimera_tools_find(&tools, &err), CHIMERA_OK);
    assert_int_equal(chimera_tools_learn(&tools, CHIMERA_TIER_FULL, NULL, &err), CHIMERA_ETOOL);
    assert_non_null(strstr(err.text, "is no clang"));
    chimera_tools_done(&tools);
    unsetenv("CHIMERA_CLANG");
}

static int open_root(void **state)
{
    (void)state;
    return mkdtemp(root) ? 0 : -1;
}

static int close_root(void **state)
{
    (void)state;
    return chimera_folder_remove(root, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tools_that_are_missing_are_named_with_their_packages),
        cmocka_unit_test(the_folder_comes_from_the_environment),
        cmocka_unit_test(a_folder_that_others_can_write_is_refused),
        cmocka_unit_test(an_object_comes_back_as_it_was_put),
        cmocka_unit_test(a_broken_object_counts_as_missing),
        cmocka_unit_test(an_object_of_another_key_counts_as_broken),
        cmocka_unit_test(a_plugin_is_found_with_all_its_files),
        cmocka_unit_test(a_damaged_plugin_counts_as_missing),
        cmocka_unit_test(a_plugin_that_was_not_put_whole_is_none),
        cmocka_unit_test(a_new_plugin_replaces_all_of_an_old_one),
        cmocka_unit_test(a_plugin_without_its_manifest_is_not_kept),
        cmocka_unit_test(trimming_removes_what_was_used_longest_ago),
        cmocka_unit_test(the_scratch_folder_of_an_ended_build_is_removed),
        cmocka_unit_test(processes_may_share_a_cache),
        cmocka_unit_test(compiling_again_takes_what_did_not_change_from_the_cache),
        cmocka_unit_test(the_same_sources_give_the_same_bytes_elsewhere),
        cmocka_unit_test(a_compile_error_names_the_line),
    };
    return cmocka_run_group_tests(tests, open_root, close_root);
}
