/* SPDX-License-Identifier: Apache-2.0 */
/* The lowering pass: what it makes of each new form, and what it refuses with offsets of the file
 * that was given. That the outcome means the same is for tests/lowering. Encodings: core
 * specification 3.0, chapter 5, and the proposal "compact import section". */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "compiler/lower/read.h"
#include "compiler/wasm/import_rules.h"
#include "runtime/base/buffer.h"
#include "runtime/base/file.h"

#define HEADER "\0asm\1\0\0\0"
#define LITERAL(text) {(text), sizeof(text) - 1}
#define BYTES(text) ((struct chimera_slice)LITERAL(text))
#define TYPE_VOID "\1\4\1\x60\0\0"                      /* one type: () -> () */
#define TYPE_REFERENCE "\1\x09\2\x60\0\0\x60\1\x64\0\0" /* and a second: ((ref 0)) -> () */
#define FUNCTION_0 "\3\2\1\0"
#define FUNCTION_1 "\3\2\1\1"
/* The code section of one body without locals. */
#define BODY(size, code) "\x0a" size code

static struct chimera_module *read_good(struct chimera_slice bytes)
{
    struct chimera_module *module = NULL;
    struct chimera_error err = {0};
    if (chimera_module_read("p.wasm", bytes, &module, &err) < 0)
        fail_msg("%s", err.text);
    assert_string_equal(err.text, "");
    return module;
}

static void assert_bytes(struct chimera_slice found, struct chimera_slice wanted)
{
    assert_int_equal(found.size, wanted.size);
    assert_memory_equal(found.data, wanted.data, wanted.size);
}

static void assert_lowering(const struct chimera_module *module, const char *wanted)
{
    char text[CHIMERA_LOWERING_SIZE];
    chimera_module_lowering_text(module, text);
    assert_string_equal(text, wanted);
}

static void a_tail_call_becomes_a_call_and_a_return(void **state)
{
    (void)state;
    struct chimera_module *module =
        read_good(BYTES(HEADER TYPE_VOID FUNCTION_0 BODY("\6", "\1\4\0\x12\0\x0b")));
    assert_lowering(module, "tail calls");
    assert_bytes(module->bodies[0], BYTES("\0\x10\0\x0f\x0b"));
    chimera_module_free(module);
}

static void what_cannot_be_reached_is_left_out(void **state)
{
    (void)state;
    struct chimera_module *module = read_good(BYTES(HEADER TYPE_VOID FUNCTION_0 BODY(
        "\x0f", "\1\x0d\0\x02\x40\x12\0\x41\1\x1a\x00\x0b\x01\x01\x0b")));
    assert_bytes(module->bodies[0], BYTES("\0\x02\x40\x10\0\x0f\x0b\x01\x01\x0b"));
    chimera_module_free(module);
}

static void a_reference_becomes_a_slot_of_a_private_table(void **state)
{
    (void)state;
    /* function 0: ref.func 0 as the argument of function 1, which does call_ref 0 */
    struct chimera_module *module = read_good(
        BYTES(HEADER TYPE_REFERENCE "\3\3\2\0\1"
                                    "\x09\5\1\3\0\1\0" BODY("\x0f", "\2\6\0\xd2\0\x10\1\x0b"
                                                                    "\6\0\x20\0\x14\0\x0b")));
    assert_lowering(module, "typed function references");
    assert_bytes(module->bodies[0], BYTES("\0\x41\1\x10\1\x0b"));
    assert_bytes(module->bodies[1], BYTES("\0\x20\0\x11\0\0\x0b"));
    assert_int_equal(module->table_count, 1);
    assert_int_equal(module->tables[0].limits.min, 2);
    assert_int_equal(module->tables[0].limits.max, 2);
    assert_int_equal(module->element_count, 2);
    assert_int_equal(module->elements[1].offset.value, 1);
    assert_int_equal(module->elements[1].functions[0], 0);
    assert_bytes(module->signatures[1].params, BYTES("\x7f"));
    chimera_module_free(module);
}

static void a_reference_that_the_host_could_see_becomes_a_funcref(void **state)
{
    (void)state;
    struct chimera_module *module =
        read_good(BYTES(HEADER TYPE_REFERENCE FUNCTION_1
                        "\7\5\1\1\x61\0\0" BODY("\x08", "\1\6\0\x20\0\x14\0\x0b")));
    assert_bytes(module->signatures[1].params, BYTES("\x70"));
    assert_bytes(module->bodies[0],
                 BYTES("\1\1\x70\x20\0\x21\1\x41\0\x20\1\x26\0\x41\0\x11\0\0\x0b"));
    assert_int_equal(module->tables[0].limits.min, 1);
    chimera_module_free(module);
}

static void types_that_differ_in_what_is_erased_keep_different_numbers(void **state)
{
    (void)state;
    /* () -> (), ((ref 0)) -> (), ((ref null 0)) -> (), (i32) -> (), ((ref 0)) -> () */
    struct chimera_module *module = read_good(
        BYTES(HEADER "\1\x17\5\x60\0\0\x60\1\x64\0\0\x60\1\x63\0\0\x60\1\x7f\0\x60\1\x64\0\0"));
    assert_int_equal(module->signature_count, 5);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(module->signatures[i].id, i + 1);
    assert_int_equal(module->signatures[4].id, 2);
    chimera_module_free(module);
}

/* Two functions of wapc, once as everybody writes them and once in each compact form. */
static void compact_imports_read_as_plain_ones(void **state)
{
    (void)state;
#define LENGTHS "\1\5\1\x60\0\1\x7f"
    static const struct chimera_slice forms[] = {
        LITERAL(HEADER LENGTHS "\2\x34\2\4wapc\x13__host_response_len\0\0"
                               "\4wapc\x10__host_error_len\0\0"),
        LITERAL(HEADER LENGTHS "\2\x32\1\4wapc\0\x7f\2\x13__host_response_len\0\0"
                               "\x10__host_error_len\0\0"),
        LITERAL(HEADER LENGTHS "\2\x30\1\4wapc\0\x7e\0\0\2\x13__host_response_len"
                               "\x10__host_error_len"),
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
        struct chimera_module *module = read_good(forms[i]);
        struct chimera_error err = {0};
        assert_lowering(module, i == 0 ? "" : "compact imports");
        assert_int_equal(module->imported_functions, 2);
        assert_true(chimera_slice_is(module->imports[0].module, "wapc"));
        assert_true(chimera_slice_is(module->imports[0].name, "__host_response_len"));
        assert_true(chimera_slice_is(module->imports[1].module, "wapc"));
        assert_true(chimera_slice_is(module->imports[1].name, "__host_error_len"));
        assert_int_equal(chimera_module_check_imports(module, &err), 0);
        chimera_module_free(module);
    }
}

static void an_import_that_takes_references_is_not_taken_for_one_of_numbers(void **state)
{
    (void)state;
    /* wapc::__guest_request is (i32, i32) -> (); this one is ((ref 0), i32) -> () */
    struct chimera_module *module =
        read_good(BYTES(HEADER "\1\x0a\2\x60\0\0\x60\2\x64\0\x7f\0"
                               "\2\x18\1\4wapc\x0f__guest_request\0\1"));
    struct chimera_error err = {0};
    assert_int_equal(chimera_module_check_imports(module, &err), CHIMERA_EREFUSED);
    assert_non_null(strstr(err.text, "wapc::__guest_request"));
    chimera_module_free(module);
}

static void custom_sections_and_start_are_kept(void **state)
{
    (void)state;
    struct chimera_module *module = read_good(BYTES(
        HEADER "\0\x19\x16io.kubewarden.metadata{}" TYPE_VOID FUNCTION_0
               "\x08\1\0" BODY("\6", "\1\4\0\x12\0\x0b") "\0\x19\x16io.kubewarden.metadata[]"));
    assert_true(chimera_slice_is(module->metadata, "{}"));
    assert_true(module->has_start);
    chimera_module_free(module);
}

static const struct {
    const char *name;
    struct chimera_slice bytes;
    int code;
    const char *text; /* part of the message; offsets are those of `bytes` */
} refusals[] = {
    {"a number is no reference",
     LITERAL(HEADER TYPE_VOID FUNCTION_0 BODY("\x08", "\1\6\0\x41\1\x14\0\x0b")), CHIMERA_EMODULE,
     "code section at offset 0x1b: type mismatch"},
    {"a reference is no number",
     LITERAL(HEADER TYPE_REFERENCE FUNCTION_1 BODY("\x08", "\1\6\0\x20\0\x45\x1a\x0b")),
     CHIMERA_EMODULE, "code section at offset 0x1f: type mismatch"},
    {"a reference to another type",
     LITERAL(HEADER TYPE_REFERENCE FUNCTION_1 BODY("\x0a", "\1\x08\0\x20\0\x20\0\x14\1\x0b")),
     CHIMERA_EMODULE, "type mismatch"},
    {"an untyped select",
     LITERAL(
         HEADER TYPE_REFERENCE FUNCTION_1 BODY("\x0c", "\1\x0a\0\x20\0\x20\0\x41\1\x1b\x1a\x0b")),
     CHIMERA_EMODULE, "a select of references needs its type"},
    {"a local that may be null",
     LITERAL(HEADER TYPE_VOID FUNCTION_0 BODY("\x0a", "\1\x08\1\1\x64\0\x20\0\x1a\x0b")),
     CHIMERA_EMODULE, "uninitialized local 0"},
    {"a function that was not declared",
     LITERAL(HEADER TYPE_VOID FUNCTION_0 BODY("\x08", "\1\6\0\xd2\0\x14\0\x0b")), CHIMERA_EMODULE,
     "undeclared function reference 0"},
    {"an unknown type", LITERAL(HEADER "\1\5\1\x60\1\x64\1"), CHIMERA_EMODULE,
     "type section at offset 0xf: unknown type 1"},
    {"a forward reference", LITERAL(HEADER "\1\x09\2\x60\1\x64\1\0\x60\0\0"), CHIMERA_EMODULE,
     "unknown type 1"},
    {"a group of structs", LITERAL(HEADER "\1\5\1\x4e\1\x5f\0"), CHIMERA_EFEATURE,
     "garbage collection"},
    {"a subtype", LITERAL(HEADER "\1\x0c\2\x50\0\x60\0\0\x4f\1\0\x60\0\0"), CHIMERA_EFEATURE,
     "subtypes"},
    {"any", LITERAL(HEADER "\1\x06\1\x60\1\x63\x6e\0"), CHIMERA_EFEATURE, "garbage collection"},
    {"compact imports, cut", LITERAL(HEADER TYPE_VOID "\2\4\1\0\0\x7f"), CHIMERA_EMODULE,
     "import section at offset 0x14: unexpected end"},
    {"other results than the caller's",
     LITERAL(HEADER "\1\x08\2\x60\0\0\x60\0\1\x7f"
                    "\3\3\2\1\0" BODY("\x0b", "\2\4\0\x41\1\x0b"
                                              "\4\0\x12\0\x0b")),
     CHIMERA_EMODULE, "a tail call's function has other results"},
    {"threads beside tail calls",
     LITERAL(HEADER TYPE_VOID FUNCTION_0 BODY("\x09", "\1\7\0\xfe\3\0\x12\0\x0b")),
     CHIMERA_EFEATURE, "threads"},
    {"threads after tail calls",
     LITERAL(HEADER TYPE_VOID FUNCTION_0 BODY("\x09", "\1\7\0\x12\0\xfe\3\0\x0b")),
     CHIMERA_EFEATURE, "threads"},
    {"a table that begins with nothing", LITERAL(HEADER TYPE_VOID "\4\5\1\x64\0\0\1"),
     CHIMERA_EMODULE, "no initial value"},
    {"a large table with an initial value",
     LITERAL(HEADER TYPE_VOID FUNCTION_0
             "\4\x0b\1\x40\0\x70\0\xc0\x84\x3d\xd2\0\x0b" BODY("\4", "\1\2\0\x0b")),
     CHIMERA_ELIMIT, "100000 entries"},
};

static void refuses_each_fault_at_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
        struct chimera_module *module = NULL;
        struct chimera_error err = {0};
        int code = chimera_module_read("p.wasm", refusals[i].bytes, &module, &err);
        if (code != refusals[i].code || !strstr(err.text, refusals[i].text) ||
            !strstr(err.text, "p.wasm"))
            fail_msg("%s: code %d, text '%s'", refusals[i].name, code, err.text);
        assert_null(module);
    }
}

/* Whatever is changed in a good module, it is refused or lowered; under ASan nothing else happens.
 */
static void survives_every_changed_byte(const char *name)
{
    char path[4096];
    struct chimera_buffer file;
    struct chimera_error err = {0};
    snprintf(path, sizeof(path), "%s/lowering/%s", TEST_DATA, name);
    chimera_buffer_init(&file, (size_t)1 << 20);
    assert_int_equal(chimera_file_read(path, &file, &err), 0);
    static const uint8_t changes[] = {0x01, 0x02, 0x10, 0x40, 0x80, 0xff};
    for (size_t i = 8; i < file.size * sizeof(changes); i++) {
        size_t at = i / sizeof(changes);
        char kept = file.data[at];
        file.data[at] = (char)(kept ^ changes[i % sizeof(changes)]);
        struct chimera_module *module = NULL;
        int code = chimera_module_read("p", chimera_buffer_slice(&file), &module, &err);
        assert_true(code == 0 || err.text[0]);
        assert_null(strstr(err.text, "p, lowered: file"));
        chimera_module_free(module);
        file.data[at] = kept;
    }
    chimera_buffer_free(&file);
}

static void survives_changes_of_references(void **state)
{
    (void)state;
    survives_every_changed_byte("references.0.wasm");
}

static void survives_changes_of_funcrefs(void **state)
{
    (void)state;
    survives_every_changed_byte("funcrefs.0.wasm");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tail_call_becomes_a_call_and_a_return),
        cmocka_unit_test(what_cannot_be_reached_is_left_out),
        cmocka_unit_test(a_reference_becomes_a_slot_of_a_private_table),
        cmocka_unit_test(a_reference_that_the_host_could_see_becomes_a_funcref),
        cmocka_unit_test(types_that_differ_in_what_is_erased_keep_different_numbers),
        cmocka_unit_test(compact_imports_read_as_plain_ones),
        cmocka_unit_test(an_import_that_takes_references_is_not_taken_for_one_of_numbers),
        cmocka_unit_test(custom_sections_and_start_are_kept),
        cmocka_unit_test(refuses_each_fault_at_its_place),
        cmocka_unit_test(survives_changes_of_references),
        cmocka_unit_test(survives_changes_of_funcrefs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
