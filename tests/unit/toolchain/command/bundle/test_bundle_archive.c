/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle as an archive: there is one way to write it, and whatever is not exactly that is
 * refused. That other tars read it is for tests/e2e/command/bundles. */
#include "toolchain/command/bundle/files/archive.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "toolchain/command/bundle/files/open.h"

#define BLOCK ((size_t)512)
#define STEM128                                                        \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
    "ghijklmnopqrstuvwxyz-0123456789abcdef0123456789abcdef0123456789a"

static char folder[] = "/tmp/chimera-test-archive-XXXXXX";
static char bundle[64], archive[64], other[64];
static struct chimera_buffer whole; /* the archive's bytes */

static const struct {
    const char *name, *text;
} given[] = {
    /* by name */
    {"manifest.json", "{}"},  {"plugins/a.json", ""},
    {"plugins/a.so", "code"}, {"plugins/" STEM128 ".names", "n"},
    {"policies.yml", "{}\n"}, {"sbom.spdx.json", "s"},
};
#define GIVEN (sizeof(given) / sizeof(given[0]))

static void put(const char *path, struct chimera_slice bytes)
{
    assert_int_equal(chimera_file_write_scratch(path, bytes, NULL), CHIMERA_OK);
}

static int write_archive(const char *path, int64_t seconds)
{
    struct bundle_files files;
    int code = bundle_files_open(bundle, &files, NULL);
    if (code == CHIMERA_OK)
        code = bundle_archive_write(&files, path, seconds, NULL);
    bundle_files_done(&files);
    return code;
}

/* In memory: there are thousands. */
static void expect_refusal(size_t at, struct chimera_slice bytes, const char *wanted)
{
    struct bundle_files files = {.path = "x.tar", .fd = memfd_create("x", 0), .is_archive = true};
    struct chimera_error err = {0};
    assert_true(write(files.fd, bytes.data, bytes.size) == (ssize_t)bytes.size);
    int code = bundle_archive_list(&files, bytes.size, &err);
    bundle_files_done(&files);
    if (code >= 0)
        fail_msg("byte %zu: taken", at);
    if (!strstr(err.text, wanted) || !strstr(err.text, "x.tar"))
        fail_msg("byte %zu: %s", at, err.text);
}

#define REFUSAL "is not whole, was changed, or is no bundle: "

static void every_file_is_found_in_it(void **state)
{
    (void)state;
    struct bundle_files files;
    assert_int_equal(bundle_files_open(archive, &files, NULL), CHIMERA_OK);
    assert_true(files.is_archive);
    assert_int_equal(files.count, GIVEN);
    for (size_t i = 0; i < GIVEN; i++) {
        const struct bundle_file *file = bundle_files_find(&files, given[i].name);
        struct chimera_buffer text;
        struct chimera_digest digest, wanted;
        assert_non_null(file);
        assert_true(file->is_regular);
        chimera_buffer_init(&text, 100);
        assert_int_equal(bundle_file_read(&files, file, &text, NULL), CHIMERA_OK);
        assert_true(chimera_slice_is(chimera_buffer_slice(&text), given[i].text));
        chimera_buffer_free(&text);
        assert_int_equal(bundle_file_digest(&files, file, &digest, NULL), CHIMERA_OK);
        assert_int_equal(chimera_digest_of(chimera_slice_of(given[i].text), &wanted), CHIMERA_OK);
        assert_memory_equal(&digest, &wanted, sizeof(digest));
    }
    assert_null(bundle_files_find(&files, "plugins"));
    assert_null(bundle_files_find(&files, "policies.ym"));
    bundle_files_done(&files);
}

static void the_same_files_and_time_give_the_same_bytes(void **state)
{
    (void)state;
    struct chimera_buffer again;
    chimera_buffer_init(&again, 1 << 20);
    assert_int_equal(chmod(bundle, 0700), 0);
    mode_t mask = umask(077);
    assert_int_equal(write_archive(other, 0), CHIMERA_OK);
    umask(mask);
    struct stat status;
    assert_int_equal(stat(other, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0644);
    assert_int_equal(chimera_file_read(other, &again, NULL), CHIMERA_OK);
    assert_int_equal(again.size, whole.size);
    assert_memory_equal(again.data, whole.data, whole.size);
    assert_int_equal(write_archive(other, 1), CHIMERA_OK);
    chimera_buffer_reset(&again);
    assert_int_equal(chimera_file_read(other, &again, NULL), CHIMERA_OK);
    assert_memory_not_equal(again.data, whole.data, whole.size);
    chimera_buffer_free(&again);
}

static void one_that_was_cut_is_refused(void **state)
{
    (void)state;
    for (size_t size = 0; size < whole.size; size++) {
        expect_refusal(size, (struct chimera_slice){whole.data, size}, REFUSAL);
    }
    struct chimera_buffer longer;
    chimera_buffer_init(&longer, 1 << 20);
    chimera_buffer_append(&longer, chimera_buffer_slice(&whole));
    chimera_buffer_byte(&longer, 0);
    expect_refusal(longer.size, chimera_buffer_slice(&longer), "something behind the last file");
    chimera_buffer_free(&longer);
}

/* Where a file's bytes are: they have digests. */
static bool is_in_a_file(const struct bundle_files *files, size_t at)
{
    for (size_t i = 0; i < files->count; i++)
        if (at >= files->list[i].offset && at < files->list[i].offset + files->list[i].size)
            return true;
    return false;
}

/* A name that is longer than a header's has a record without a checksum. Another name is another
 * file, which is none of the bundle's. */
static bool is_in_a_long_name(size_t at)
{
    const char *start = memmem(whole.data, whole.size, " path=", 6);
    const char *end = memchr(start, '\n', BLOCK);
    return whole.data + at >= start + 6 + 100 && whole.data + at < end;
}

static void another_byte_outside_of_files_is_refused(void **state)
{
    (void)state;
    struct bundle_files files;
    assert_int_equal(bundle_files_open(archive, &files, NULL), CHIMERA_OK);
    for (size_t at = 0; at < whole.size; at++) {
        if (is_in_a_file(&files, at) || is_in_a_long_name(at))
            continue;
        for (unsigned bit = 1; bit < 256; bit <<= 4) {
            whole.data[at] = (char)((unsigned char)whole.data[at] ^ bit);
            expect_refusal(at, chimera_buffer_slice(&whole), "");
            whole.data[at] = (char)((unsigned char)whole.data[at] ^ bit);
        }
    }
    bundle_files_done(&files);
}

/* The checksum of a header that was changed, as POSIX has it. */
static void repair(char *header)
{
    unsigned sum = 0;
    memset(header + 148, ' ', 8);
    for (size_t i = 0; i < BLOCK; i++)
        sum += (unsigned char)header[i];
    snprintf(header + 148, 8, "%06o", sum);
    header[155] = ' ';
}

/* With a checksum that is right: what is allowed is one form, and nothing else. */
static void other_headers_are_refused(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        const char *bytes;
    } changes[] = {{0, "z.json"},        {100, "0000755"},     {108, "0000001"}, {116, "0000001"},
                   {124, "77777777777"}, {136, "00000000001"}, {156, "1"},       {156, "2"},
                   {156, "5"},           {156, "L"},           {156, "x"},       {257, "ustar  "},
                   {265, "root"}};
    struct chimera_buffer changed;
    chimera_buffer_init(&changed, 1 << 20);
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        chimera_buffer_reset(&changed);
        chimera_buffer_append(&changed, chimera_buffer_slice(&whole));
        memcpy(changed.data + changes[i].at, changes[i].bytes, strlen(changes[i].bytes));
        repair(changed.data);
        expect_refusal(i, chimera_buffer_slice(&changed), "");
    }
    chimera_buffer_free(&changed);
}

/* An entry that was put in again, and two that changed places. */
static void another_order_is_refused(void **state)
{
    (void)state;
    struct chimera_buffer changed;
    chimera_buffer_init(&changed, 1 << 20);
    chimera_buffer_append(&changed, (struct chimera_slice){whole.data, 2 * BLOCK});
    chimera_buffer_append(&changed, chimera_buffer_slice(&whole));
    expect_refusal(0, chimera_buffer_slice(&changed), "an entry out of its order or time");
    chimera_buffer_free(&changed);
}

/* Unpacked it is the same; as an archive it is another one. */
static void one_without_the_folder_is_refused(void **state)
{
    (void)state;
    struct chimera_buffer changed;
    const char *entry = memmem(whole.data, whole.size, "plugins/\0", 9);
    assert_non_null(entry);
    size_t at = (size_t)(entry - whole.data);
    chimera_buffer_init(&changed, 1 << 20);
    chimera_buffer_append(&changed, (struct chimera_slice){whole.data, at});
    chimera_buffer_append(&changed, (struct chimera_slice){entry + BLOCK, whole.size - at - BLOCK});
    expect_refusal(at, chimera_buffer_slice(&changed), "a file before the folder plugins");
    chimera_buffer_free(&changed);
}

static void what_is_no_bundle_is_refused(void **state)
{
    (void)state;
    struct bundle_files files;
    struct chimera_error err = {0};
    assert_int_equal(bundle_files_open("/nonexistent/b", &files, &err), CHIMERA_EIO);
    assert_string_equal(err.text,
                        "cannot open the bundle /nonexistent/b: No such file or directory");
    assert_int_equal(bundle_files_open("/dev/null", &files, &err), CHIMERA_EINVAL);
    assert_string_equal(err.text, "/dev/null is neither a folder nor an archive");
    assert_int_equal(write_archive("/dev/null/b.tar", 0), CHIMERA_EIO);
}

/* What is no regular file has no bytes that could be compared. */
static void a_folder_is_listed_with_all_that_is_in_it(void **state)
{
    (void)state;
    char place[128];
    struct bundle_files files;
    snprintf(place, sizeof(place), "%s/link", bundle);
    assert_int_equal(symlink("manifest.json", place), 0);
    snprintf(place, sizeof(place), "%s/plugins/deeper", bundle);
    assert_int_equal(mkdir(place, 0700), 0);
    assert_int_equal(bundle_files_open(bundle, &files, NULL), CHIMERA_OK);
    assert_int_equal(files.count, GIVEN + 2);
    assert_false(bundle_files_find(&files, "link")->is_regular);
    assert_false(bundle_files_find(&files, "plugins/deeper")->is_regular);
    assert_true(bundle_files_find(&files, "plugins/a.so")->is_regular);
    struct chimera_buffer text;
    struct chimera_error err = {0};
    chimera_buffer_init(&text, 3);
    assert_int_equal(
        bundle_file_read(&files, bundle_files_find(&files, "plugins/a.so"), &text, &err),
        CHIMERA_ELIMIT);
    chimera_buffer_free(&text);
    chimera_buffer_init(&text, 30);
    snprintf(place, sizeof(place), "%s/plugins/a.so", bundle);
    assert_int_equal(truncate(place, 2), 0);
    assert_int_equal(
        bundle_file_read(&files, bundle_files_find(&files, "plugins/a.so"), &text, &err),
        CHIMERA_EIO);
    assert_non_null(strstr(err.text, "it became shorter"));
    struct chimera_digest digest;
    assert_int_equal(
        bundle_file_digest(&files, bundle_files_find(&files, "plugins/a.so"), &digest, &err),
        CHIMERA_EIO);
    chimera_buffer_free(&text);
    bundle_files_done(&files);
}

static int make_bundle(void **state)
{
    (void)state;
    char place[256];
    if (!mkdtemp(folder))
        return -1;
    snprintf(bundle, sizeof(bundle), "%s/bundle", folder);
    snprintf(archive, sizeof(archive), "%s/bundle.tar", folder);
    snprintf(other, sizeof(other), "%s/other.tar", folder);
    snprintf(place, sizeof(place), "%s/plugins", bundle);
    if (chimera_folder_make(place, 0755, NULL) < 0)
        return -1;
    for (size_t i = 0; i < GIVEN; i++) {
        snprintf(place, sizeof(place), "%s/%s", bundle, given[i].name);
        put(place, chimera_slice_of(given[i].text));
    }
    chimera_buffer_init(&whole, 1 << 20);
    return write_archive(archive, 0) < 0 || chimera_file_read(archive, &whole, NULL) < 0 ? -1 : 0;
}

static int drop_bundle(void **state)
{
    (void)state;
    chimera_buffer_free(&whole);
    return chimera_folder_remove(folder, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_is_found_in_it),
        cmocka_unit_test(the_same_files_and_time_give_the_same_bytes),
        cmocka_unit_test(one_that_was_cut_is_refused),
        cmocka_unit_test(another_byte_outside_of_files_is_refused),
        cmocka_unit_test(other_headers_are_refused),
        cmocka_unit_test(another_order_is_refused),
        cmocka_unit_test(one_without_the_folder_is_refused),
        cmocka_unit_test(what_is_no_bundle_is_refused),
        cmocka_unit_test(a_folder_is_listed_with_all_that_is_in_it),
    };
    return cmocka_run_group_tests(tests, make_bundle, drop_bundle);
}
