/* SPDX-License-Identifier: Apache-2.0 */
/* The module reader: what it refuses, where it says the fault is, and what it reads. The bytes
 * follow the binary format of the core specification, chapter 5. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "compiler/lower/read.h"
#include "compiler/wasm/decode.h"
#include "compiler/wasm/import_rules.h"

#define HEADER "\0asm\1\0\0\0"
#define LITERAL(text) {(text), sizeof(text) - 1}
#define BYTES(text) ((struct chimera_slice)LITERAL(text))
#define TYPE_VOID "\1\4\1\x60\0\0" /* one type: () -> () */

struct refusal {
    const char *name;
    struct chimera_slice bytes;
    int code;
    const char *text; /* part of the message */
};

static const struct refusal refusals[] = {
    {"empty", LITERAL(""), CHIMERA_EMODULE, "not WebAssembly"},
    {"other magic",
     LITERAL("\x7f"
             "ELF\2\1\1\0"),
     CHIMERA_EMODULE, "not WebAssembly"},
    {"text", LITERAL("\n(module)\n"), CHIMERA_EMODULE, "wat2wasm"},
    {"header cut", LITERAL("\0asm\1\0"), CHIMERA_EMODULE, "offset 0x6"},
    {"version 2", LITERAL("\0asm\2\0\0\0"), CHIMERA_EMODULE, "version at offset 0x4"},
    {"component", LITERAL("\0asm\x0d\0\1\0"), CHIMERA_EFEATURE, "component"},
    {"section longer than the file", LITERAL(HEADER "\1\x7f\0"), CHIMERA_EMODULE, "says 127 bytes"},
    {"section size overflows", LITERAL(HEADER "\1\xff\xff\xff\xff\x7f"), CHIMERA_EMODULE,
     "longer than 32 bits"},
    {"section shorter than its contents", LITERAL(HEADER "\1\3\1\x60\0"), CHIMERA_EMODULE,
     "type section"},
    {"section longer than its contents", LITERAL(HEADER "\1\5\1\x60\0\0\0"), CHIMERA_EMODULE,
     "longer than its contents"},
    {"count lies", LITERAL(HEADER "\1\5\xff\xff\xff\xff\x0f"), CHIMERA_EMODULE,
     "shorter than that"},
    {"unknown section", LITERAL(HEADER "\x0e\0"), CHIMERA_EMODULE, "no section with the number 14"},
    {"sections out of order", LITERAL(HEADER "\3\1\0" TYPE_VOID), CHIMERA_EMODULE, "out of order"},
    {"section twice", LITERAL(HEADER TYPE_VOID TYPE_VOID), CHIMERA_EMODULE, "repeated"},
    {"unknown type", LITERAL(HEADER TYPE_VOID "\3\2\1\1"), CHIMERA_EMODULE, "unknown type 1"},
    {"function without body", LITERAL(HEADER TYPE_VOID "\3\2\1\0"), CHIMERA_EMODULE,
     "inconsistent lengths"},
    {"import name is not UTF-8", LITERAL(HEADER TYPE_VOID "\2\5\1\1\xff\0\0"), CHIMERA_EMODULE,
     "not UTF-8"},
    {"two memories", LITERAL(HEADER "\5\5\2\0\1\0\1"), CHIMERA_EFEATURE, "several memories"},
    {"memory of 4 GiB and more", LITERAL(HEADER "\5\5\1\0\x81\x80\4"), CHIMERA_EMODULE,
     "65536 pages"},
    {"memory minimum over maximum", LITERAL(HEADER "\5\4\1\1\2\1"), CHIMERA_EMODULE,
     "greater than maximum"},
    {"shared memory", LITERAL(HEADER "\5\4\1\3\1\1"), CHIMERA_EFEATURE, "threads"},
    {"64-bit memory", LITERAL(HEADER "\5\3\1\4\1"), CHIMERA_EFEATURE, "64-bit memory"},
    {"custom page size", LITERAL(HEADER "\5\4\1\x08\1\0"), CHIMERA_EFEATURE, "custom page sizes"},
    {"struct type", LITERAL(HEADER "\1\3\1\x5f\0"), CHIMERA_EFEATURE, "garbage collection"},
    {"tag section", LITERAL(HEADER "\x0d\1\0"), CHIMERA_EFEATURE, "exceptions"},
    {"no constant", LITERAL(HEADER "\6\x09\1\x7f\0\x41\1\x41\2\x71\x0b"), CHIMERA_EMODULE,
     "0x71 in a constant expression"},
    {"a constant without its end", LITERAL(HEADER "\6\x08\1\x7f\0\x41\1\x41\2\x6a"),
     CHIMERA_EMODULE, "global section"},
    {"start with a parameter", LITERAL(HEADER "\1\5\1\x60\1\x7f\0\3\2\1\0\x08\1\0\x0a\4\1\2\0\x0b"),
     CHIMERA_EMODULE, "start function"},
    {"start of nothing", LITERAL(HEADER "\x08\1\0"), CHIMERA_EMODULE, "unknown function 0"},
    {"export of nothing", LITERAL(HEADER "\7\5\1\1\x61\0\0"), CHIMERA_EMODULE, "does not exist"},
    {"export twice", LITERAL(HEADER "\5\3\1\0\1\7\x09\2\1\x61\2\0\1\x61\2\0"), CHIMERA_EMODULE,
     "duplicate export"},
    {"atomic", LITERAL(HEADER TYPE_VOID "\3\2\1\0\x0a\x07\1\5\0\xfe\3\0\x0b"), CHIMERA_EFEATURE,
     "threads"},
    {"exception", LITERAL(HEADER TYPE_VOID "\3\2\1\0\x0a\x07\1\5\0\6\x40\x0b\x0b"),
     CHIMERA_EFEATURE, "exceptions"},
    {"relaxed vectors", LITERAL(HEADER TYPE_VOID "\3\2\1\0\x0a\x07\1\5\0\xfd\x80\2\x0b"),
     CHIMERA_EFEATURE, "relaxed SIMD"},
    {"vector constant, cut", LITERAL(HEADER TYPE_VOID "\3\2\1\0\x0a\x06\1\4\0\xfd\x0c\x0b"),
     CHIMERA_EMODULE, "unexpected end"},
    {"no instruction", LITERAL(HEADER TYPE_VOID "\3\2\1\0\x0a\5\1\3\0\x27\x0b"), CHIMERA_EMODULE,
     "0x27 is not an instruction"},
    {"body without end", LITERAL(HEADER TYPE_VOID "\3\2\1\0\x0a\4\1\2\0\1"), CHIMERA_EMODULE,
     "unexpected end"},
    {"code behind the end", LITERAL(HEADER TYPE_VOID "\3\2\1\0\x0a\5\1\3\0\x0b\1"), CHIMERA_EMODULE,
     "behind the end"},
    {"too many locals", LITERAL(HEADER TYPE_VOID "\3\2\1\0\x0a\x08\1\6\1\xc0\x84\x3d\x7f\x0b"),
     CHIMERA_ELIMIT, "locals"},
    {"data without memory", LITERAL(HEADER "\x0b\x06\1\0\x41\0\x0b\0"), CHIMERA_EMODULE,
     "unknown memory"},
    {"data offset of another type", LITERAL(HEADER "\5\3\1\0\1\x0b\x06\1\0\x42\0\x0b\0"),
     CHIMERA_EMODULE, "type mismatch"},
    {"data count lies", LITERAL(HEADER "\5\3\1\0\1\x0c\1\2\x0b\x06\1\0\x41\0\x0b\0"),
     CHIMERA_EMODULE, "data count"},
    {"elements without table", LITERAL(HEADER TYPE_VOID "\x09\6\1\0\x41\0\x0b\0"), CHIMERA_EMODULE,
     "unknown table"},
};

static void refuses_each_fault_by_name_and_place(void **state)
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

/* Every prefix of a good module ends in a refusal or is a module itself; under ASan no byte behind
 * is read. */
static const char good[] = HEADER TYPE_VOID "\2\x11\1\4wapc\x08x_______\0\0"
                                            "\3\2\1\0"
                                            "\5\3\1\0\1"
                                            "\7\7\1\3mem\2\0"
                                            "\x0a\4\1\2\0\x0b"
                                            "\x0b\x08\1\0\x41\5\x0b\2hi";

static void survives_every_prefix(void **state)
{
    (void)state;
    for (size_t size = 0; size < sizeof(good); size++) {
        char *copy = malloc(size + 1);
        memcpy(copy, good, size);
        struct chimera_module *module = NULL;
        struct chimera_error err = {0};
        int code = chimera_module_read("p", (struct chimera_slice){copy, size}, &module, &err);
        assert_true(code == 0 || err.text[0]);
        chimera_module_free(module);
        free(copy);
    }
}

static void reads_what_a_module_holds(void **state)
{
    (void)state;
    struct chimera_module *module = NULL;
    struct chimera_error err = {0};
    assert_int_equal(chimera_module_read("p", BYTES(good), &module, &err), 0);
    assert_int_equal(module->imported_functions, 1);
    assert_int_equal(module->function_count, 2);
    assert_int_equal(module->memory.min, 1);
    assert_int_equal(module->data_count, 1);
    assert_int_equal(module->data[0].offset.value, 5);
    assert_true(chimera_slice_is(module->data[0].bytes, "hi"));
    assert_int_equal(chimera_module_check_imports(module, &err), CHIMERA_EREFUSED);
    assert_non_null(strstr(err.text, "unknown import: `wapc::x_______` has not been defined"));
    chimera_module_free(module);
}

/* What AssemblyScript's compiler puts into every module that it is not told to leave it out of. */
static void the_refusal_of_abort_says_what_to_tell_the_compiler(void **state)
{
    static const char bytes[] = HEADER TYPE_VOID "\2\x0d\1\3env\5abort\0\0";
    struct chimera_module *module = NULL;
    struct chimera_error err = {0};
    (void)state;
    assert_int_equal(chimera_module_read("p", BYTES(bytes), &module, &err), 0);
    assert_int_equal(chimera_module_check_imports(module, &err), CHIMERA_EREFUSED);
    assert_non_null(strstr(err.text, "unknown import: `env::abort` has not been defined"));
    assert_non_null(strstr(err.text, "--use abort="));
    chimera_module_free(module);
}

static void notes_that_vectors_are_used(void **state)
{
    (void)state;
    static const struct chimera_slice modules[] = {
        LITERAL(HEADER "\1\5\1\x60\1\x7b\0"), /* (v128) -> () */
        LITERAL(HEADER TYPE_VOID
                "\3\2\1\0\x0a\x17\1\x15\0\xfd\x0c\1\2\3\4\5\6\7\1\2\3\4\5\6\7\1\2\x1a\x0b"),
        LITERAL(HEADER "\6\x16\1\x7b\0\xfd\x0c\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\x0b"),
        LITERAL(HEADER TYPE_VOID),
    };
    for (size_t i = 0; i < sizeof(modules) / sizeof(*modules); i++) {
        struct chimera_module *module = NULL;
        struct chimera_error err = {0};
        if (chimera_module_read("p", modules[i], &module, &err) < 0)
            fail_msg("%s", err.text);
        assert_int_equal(module->uses_vectors, i < 3);
        if (i == 2) {
            assert_int_equal(module->globals[0].initial.value, 1);
            assert_int_equal(module->globals[0].initial.value_high, 2);
        }
        chimera_module_free(module);
    }
}

static void finds_the_first_custom_section_of_a_name(void **state)
{
    (void)state;
    static const char wasm[] = HEADER "\0\4\1ab\n"
                                      "\0\5\1bXYZ"
                                      "\0\5\1bnot";
    struct chimera_slice payload;
    assert_true(chimera_module_custom_section(BYTES(wasm), "b", &payload));
    assert_true(chimera_slice_is(payload, "XYZ"));
    assert_false(chimera_module_custom_section(BYTES(wasm), "c", &payload));
    assert_false(chimera_module_custom_section(BYTES("no wasm at all"), "b", &payload));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_each_fault_by_name_and_place),
        cmocka_unit_test(survives_every_prefix),
        cmocka_unit_test(reads_what_a_module_holds),
        cmocka_unit_test(the_refusal_of_abort_says_what_to_tell_the_compiler),
        cmocka_unit_test(notes_that_vectors_are_used),
        cmocka_unit_test(finds_the_first_custom_section_of_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
