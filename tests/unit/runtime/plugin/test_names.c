/* SPDX-License-Identifier: Apache-2.0 */
/* A guest that ends in every way is asked where it ended; and the file that knows is broken. */
#include "runtime/plugin/export.h"
#include "runtime/plugin/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "compiler/build.h"
#include "compiler/tool/process.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/instance/fault.h"
#include "runtime/instance/guest.h"

#define NAMES_MAX ((size_t)1 << 20)

/* Function 0 is the import. The tail call has all of the module lowered, which moves its bodies. */
static const char module[] =
    "(module"
    " (import \"wasi_snapshot_preview1\" \"random_get\" (func $random (param i32 i32) (result "
    "i32)))"
    " (memory 1) (type $t (func)) (table 2 funcref)"
    " (func $boom unreachable)"
    " (func $a_long_name (param i32) (result i32) (i32.load (i32.add (local.get 0) (i32.const "
    "-8))))"
    " (func $liar (result i32) (call $random (i32.const -4) (i32.const 100)))"
    " (func $spin (loop $l (br $l)))"
    " (func $deep (param i32) (result i32)"
    "  (i32.add (call $deep (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))"
    " (func $divide (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))"
    " (func $jump (call_indirect (type $t) (i32.const 1)))"
    " (func $fill (memory.fill (i32.const 0) (i32.const 1) (i32.const 70000)))"
    " (export \"boom\" (func $boom)) (export \"load\" (func $a_long_name))"
    " (export \"liar\" (func $liar)) (export \"spin\" (func $spin))"
    " (export \"deep\" (func $deep)) (export \"divide\" (func $divide))"
    " (export \"jump\" (func $jump)) (export \"fill\" (func $fill))"
    " (func (export \"by \xc3\xa9 xport\") unreachable) (func $fine (export \"fine\"))"
    " (func $tail (export \"tail\") (return_call $boom)))";

static struct {
    char folder[64];
    char wasm[96];
    struct chimera_builder *builder;
    struct chimera_loaded *loaded;
} test;

static struct chimera_guest *make_host(void)
{
    struct chimera_guest *guest = NULL;
    struct chimera_error err = {0};
    if (chimera_guest_new(test.loaded, (uint64_t)1 << 20, &guest, &err) < 0)
        fail_msg("%s", err.text);
    return guest;
}

static bool stop_in(const char *name, uint32_t limit_ms, struct chimera_place *ret_place)
{
    struct chimera_guest *guest = make_host();
    union chimera_value values[1] = {{.i32 = 0}};
    const struct chimera_export *export =
        chimera_plugin_export(guest->loaded->plugin, name, CHIMERA_EXPORT_FUNCTION);
    assert_non_null(export);
    chimera_fault_install(); /* cmocka takes SIGSEGV for itself before each test */
    chimera_guest_begin(guest, limit_ms);
    int code = chimera_guest_run(guest, export, values);
    chimera_guest_end(guest);
    bool is_found = guest->stop_at != 0 &&
                    chimera_names_find(test.loaded->names_fd,
                                       guest->stop_at - test.loaded->object_start, ret_place);
    assert_int_equal(code == CHIMERA_OK, guest->stop == CHIMERA_STOP_NONE);
    chimera_guest_free(guest);
    return is_found;
}

struct ending {
    const char *export, *name;
    uint32_t function;
};

static void every_end_names_its_function(void **state)
{
    (void)state;
    static const struct ending endings[] = {
        {"boom", "boom", 1},
        {"load", "a_long_name", 2},
        {"liar", "liar", 3},
        {"spin", "spin", 4},
        {"deep", "deep", 5},
        {"divide", "divide", 6},
        {"jump", "jump", 7},
        {"fill", "fill", 8},
        {"by \xc3\xa9 xport", "by \xc3\xa9 xport", 9},
        {"tail", "tail", 11},
    };
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        const struct ending *ending = &endings[i];
        struct chimera_place place = {0};
        bool is_endless = !strcmp(ending->export, "spin") || !strcmp(ending->export, "fill");
        if (!stop_in(ending->export, is_endless ? 200 : 60000, &place))
            fail_msg("%s: no place", ending->export);
        if (place.function != ending->function || place.name_size != strlen(ending->name) ||
            memcmp(place.name, ending->name, place.name_size) != 0)
            fail_msg("%s: function %u \"%.*s\"", ending->export, place.function,
                     (int)place.name_size, place.name);
        assert_in_range(place.code_offset, 0, 400);
    }
    struct chimera_place place;
    assert_false(stop_in("fine", 60000, &place));
}

/* The number in front of "func[N] <" in a line of another program's disassembly. */
static bool line_says(const char *line, uint32_t function, uint32_t offset)
{
    char expected[64];
    snprintf(expected, sizeof(expected), "%06x func[%u]", offset, function);
    return strncmp(line, expected, strlen(expected)) == 0;
}

static void offsets_are_those_of_wasm_objdump(void **state)
{
    (void)state;
    const char *const argv[] = {"/usr/bin/wasm-objdump", "-d", test.wasm, NULL};
    struct chimera_buffer text;
    chimera_buffer_init(&text, 1 << 16);
    struct chimera_command command = {.what = "wasm-objdump",
                                      .argv = argv,
                                      .folder = test.folder,
                                      .sink = chimera_process_capture,
                                      .sink_context = &text};
    assert_int_equal(chimera_process_run(&command, NULL), CHIMERA_OK);
    chimera_buffer_byte(&text, 0);
    static const char *const exports[] = {"boom", "deep", "by \xc3\xa9 xport"};
    for (size_t i = 0; i < 3; i++) {
        struct chimera_place place = {0};
        bool is_said = false;
        assert_true(stop_in(exports[i], 0, &place));
        for (const char *line = text.data; line && !is_said; line = strchr(line, '\n')) {
            line += *line == '\n';
            is_said = line_says(line, place.function, place.wasm_offset);
        }
        if (!is_said)
            fail_msg("%s: %x is not where func[%u] is", exports[i], place.wasm_offset,
                     place.function);
    }
    chimera_buffer_free(&text);
}

static void the_plugin_itself_holds_no_names(void **state)
{
    (void)state;
    struct chimera_buffer bytes;
    chimera_buffer_init(&bytes, NAMES_MAX);
    assert_int_equal(chimera_file_read(test.loaded->path, &bytes, NULL), CHIMERA_OK);
    static const char *const names[] = {"a_long_name", "w2c_", "guest.wat", "/tmp/"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_null(memmem(bytes.data, bytes.size, names[i], strlen(names[i])));
    chimera_buffer_free(&bytes);
}

/* --- Files that nobody checked --- */

#define RECORD(start, size, function, offset, name) (start), (size), (function), (offset), (name)

static int names_of(const void *head, size_t head_size, const uint32_t *numbers, size_t count,
                    struct chimera_slice pool)
{
    int fd = memfd_create("names", MFD_CLOEXEC);
    assert_int_equal(write(fd, head, head_size), head_size);
    assert_int_equal(write(fd, numbers, 4 * count), 4 * count);
    assert_int_equal(write(fd, pool.data, pool.size), pool.size);
    return fd;
}

static int names_with(uint32_t count, uint32_t name_bytes, const uint32_t *numbers,
                      size_t number_count)
{
    uint8_t head[CHIMERA_NAMES_HEAD] = {0};
    memcpy(head, CHIMERA_NAMES_MAGIC, 8);
    memcpy(head + 8, &count, 4);
    memcpy(head + 12, &name_bytes, 4);
    return names_of(head, sizeof(head), numbers, number_count, CHIMERA_SLICE("\2ab\377c"));
}

static void places_are_found_between_start_and_end(void **state)
{
    (void)state;
    static const uint32_t numbers[] = {RECORD(16, 16, 0, 7, 0), RECORD(48, 8, 5, 9, 3),
                                       RECORD(56, 8, UINT32_MAX, 0, 99)};
    int fd = names_with(3, 5, numbers, 15);
    struct chimera_place place;
    static const uint64_t nowhere[] = {0, 15, 32, 47, 64, UINT32_MAX, UINT64_MAX};
    for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++)
        assert_false(chimera_names_find(fd, nowhere[i], &place));
    assert_true(chimera_names_find(fd, 31, &place));
    assert_int_equal(place.function, 0);
    assert_int_equal(place.wasm_offset, 7);
    assert_int_equal(place.code_offset, 15);
    assert_int_equal(place.name_size, 2);
    assert_memory_equal(place.name, "ab", 2);
    assert_true(chimera_names_find(fd, 48, &place)); /* its name is longer than the pool */
    assert_int_equal(place.function, 5);
    assert_int_equal(place.name_size, 0);
    assert_true(chimera_names_find(fd, 56, &place)); /* its name is behind the pool */
    assert_int_equal(place.function, CHIMERA_NO_FUNCTION);
    assert_int_equal(place.name_size, 0);
    close(fd);
    assert_false(chimera_names_find(-1, 31, &place));
}

static void broken_files_know_nothing(void **state)
{
    (void)state;
    static const uint32_t numbers[] = {RECORD(0, UINT32_MAX, 0, 7, 0)};
    static const uint32_t heads[][2] = {{100, 5}, {UINT32_MAX, 5}, {1, UINT32_MAX}, {0, 5}};
    struct chimera_place place;
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        int fd = names_with(heads[i][0], heads[i][1], numbers, 5);
        assert_false(chimera_names_find(fd, 31, &place));
        close(fd);
    }
    uint8_t head[CHIMERA_NAMES_HEAD] = {0};
    memcpy(head, CHIMERA_NAMES_MAGIC, 8);
    head[8] = 1;
    for (size_t i = 0; i < 8; i++) { /* another magic, with all else as it should be */
        head[i] ^= 1;
        int other = names_of(head, sizeof(head), numbers, 5, CHIMERA_SLICE(""));
        head[i] ^= 1;
        int same = names_of(head, sizeof(head), numbers, 5, CHIMERA_SLICE(""));
        assert_true(chimera_names_find(same, 31, &place)); /* and leaves its head on the stack */
        assert_false(chimera_names_find(other, 31, &place));
        head[i] ^= 1;
        close(same);
        close(other);
        head[i] ^= 1;
    }
    int good = names_of(head, sizeof(head), numbers, 5, CHIMERA_SLICE(""));
    assert_true(chimera_names_find(good, 31, &place));
    close(good);
    int fd = names_of("CHIMERA\2", 8, numbers, 5, CHIMERA_SLICE(""));
    assert_false(chimera_names_find(fd, 31, &place));
    assert_int_equal(ftruncate(fd, 3), 0);
    assert_false(chimera_names_find(fd, 31, &place));
    close(fd);
}

/* As many as may be, and one more; every byte of a number counts. */
static void counts_have_a_limit(void **state)
{
    (void)state;
    static const uint32_t last[] = {RECORD(0x01020304, 0x05060708, 0x090a0b0c, 0x0d0e0f10, 0)};
    struct chimera_place place;
    for (uint32_t more = 0; more < 2; more++) {
        for (uint32_t more_bytes = 0; more_bytes < 2; more_bytes++) {
            uint32_t count = CHIMERA_NAMES_COUNT_MAX + more;
            int fd = names_with(count, CHIMERA_NAMES_BYTES_MAX + more_bytes, NULL, 0);
            off_t at = CHIMERA_NAMES_HEAD + (off_t)(count - 1) * CHIMERA_NAMES_RECORD;
            assert_int_equal(ftruncate(fd, CHIMERA_NAMES_HEAD), 0);
            assert_int_equal(pwrite(fd, last, sizeof(last), at), sizeof(last));
            assert_int_equal(chimera_names_find(fd, 0x01020304 + 0x05060707, &place),
                             more + more_bytes == 0);
            assert_false(chimera_names_find(fd, 0x01020304 + 0x05060708, &place));
            close(fd);
        }
    }
    int fd = names_with(1, 0, last, 5);
    assert_true(chimera_names_find(fd, 0x01020304, &place));
    assert_int_equal(place.function, 0x090a0b0c);
    assert_int_equal(place.wasm_offset, 0x0d0e0f10);
    close(fd);
}

static void only_names_of_this_very_object_are_opened(void **state)
{
    (void)state;
    struct chimera_digest digest = test.loaded->manifest.so;
    CHIMERA_FREE char *path = strdup(test.loaded->path),
                      *fifo = chimera_path_join(test.folder, "f");
    CHIMERA_FREE char *names = NULL;
    assert_true(asprintf(&names, "%.*s.names", (int)strlen(path) - 3, path) > 0);
    int fd = chimera_names_open(names, &digest);
    assert_true(fd >= 0);
    close(fd);
    digest.bytes[31] ^= 1;
    assert_int_equal(chimera_names_open(names, &digest), -1);
    assert_int_equal(chimera_names_open("/nowhere", &digest), -1);
    assert_int_equal(chimera_names_open("/dev/zero", &digest), -1);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(chimera_names_open(fifo, &digest), -1); /* and does not wait */
}

/* --- The guest --- */

static int build_guest(struct chimera_error *err)
{
    const char *const argv[] = {"/usr/bin/wat2wasm",
                                "--debug-names",
                                "--enable-tail-call",
                                "guest.wat",
                                "-o",
                                test.wasm,
                                NULL};
    struct chimera_command command = {.what = "wat2wasm", .argv = argv, .folder = test.folder};
    struct chimera_build_options options = {.has_no_cache = true};
    struct chimera_built built;
    CHIMERA_FREE char *wat = chimera_path_join(test.folder, "guest.wat");
    snprintf(test.wasm, sizeof(test.wasm), "%s/guest.wasm", test.folder);
    int code = chimera_file_write(wat, CHIMERA_SLICE(module), 0600, err);
    if (code == 0)
        code = chimera_process_run(&command, err);
    if (code == 0)
        code = chimera_builder_new(&options, &test.builder, err);
    if (code == 0)
        code = chimera_build_bare(test.builder, test.wasm, CHIMERA_TIER_FULL, &built, err);
    if (code == 0) {
        code = chimera_plugin_load(built.plugin, &test.loaded, err);
        chimera_built_done(&built);
    }
    return code;
}

static int make_guest(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    snprintf(test.folder, sizeof(test.folder), "/tmp/chimera-test-XXXXXX");
    if (!mkdtemp(test.folder) || build_guest(&err) < 0) {
        fprintf(stderr, "cannot build the guest: %s\n", err.text);
        return -1;
    }
    return 0;
}

static int drop_guest(void **state)
{
    (void)state;
    chimera_builder_free(test.builder);
    return chimera_folder_remove(test.folder, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_end_names_its_function),
        cmocka_unit_test(offsets_are_those_of_wasm_objdump),
        cmocka_unit_test(the_plugin_itself_holds_no_names),
        cmocka_unit_test(places_are_found_between_start_and_end),
        cmocka_unit_test(broken_files_know_nothing),
        cmocka_unit_test(counts_have_a_limit),
        cmocka_unit_test(only_names_of_this_very_object_are_opened),
    };
    return cmocka_run_group_tests(tests, make_guest, drop_guest);
}
