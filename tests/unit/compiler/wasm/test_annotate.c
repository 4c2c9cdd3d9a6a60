/* SPDX-License-Identifier: Apache-2.0 */
/* Modules with other metadata: cli-and-distribution.md §6.1. The bytes follow the binary format of
 * the core specification, chapter 5. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/wasm/annotate.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define LITERAL(text) {(text), sizeof(text) - 1}
#define HEADER "\0asm\1\0\0\0"
#define TYPE_VOID "\1\4\1\x60\0\0"
#define OLD "\0\4\2ioX"    /* a custom section `io` */
#define OTHER "\0\3\1nY"   /* another one */
#define NEW "\0\7\2iojson" /* what is put in */
#define JAVY "\x14kubewarden:javy/host"

static const struct {
    const char *name;
    struct chimera_slice bytes, want;
} cases[] = {
    {"nothing", LITERAL(HEADER), LITERAL(HEADER NEW)},
    {"another section", LITERAL(HEADER OTHER TYPE_VOID OTHER),
     LITERAL(HEADER OTHER TYPE_VOID OTHER NEW)},
    {"all old ones", LITERAL(HEADER OLD TYPE_VOID OLD OTHER), LITERAL(HEADER TYPE_VOID OTHER NEW)},
    {"a longer name", LITERAL(HEADER "\0\5\3ionX"), LITERAL(HEADER "\0\5\3ionX" NEW)},
    {"a custom section without a name", LITERAL(HEADER "\0\0"), LITERAL(HEADER "\0\0" NEW)},
    {"sizes are kept as they were written", LITERAL(HEADER "\1\x84\0\1\x60\0\0"),
     LITERAL(HEADER "\1\x84\0\1\x60\0\0" NEW)},
    {"other imports stay", LITERAL(HEADER "\2\x0d\1\4host\4call\0\0"),
     LITERAL(HEADER "\2\x0d\1\4host\4call\0\0" NEW)},
    {"JavaScript's is renamed", LITERAL(HEADER "\2\x1d\1" JAVY "\4call\0\0"),
     LITERAL(HEADER "\2\x0d\1\4host\4call\0\0" NEW)},
    {"but for other names and kinds",
     LITERAL(HEADER "\2\x3a\2" JAVY "\4talk\0\0" JAVY "\4call\3\x7f\0"),
     LITERAL(HEADER "\2\x3a\2" JAVY "\4talk\0\0" JAVY "\4call\3\x7f\0" NEW)},
    {"behind imports of all kinds",
     LITERAL(HEADER "\2\x45\6\1a\1t\1\x70\1\1\2\1a\1r\1\x63\1\0\1\1a\1m\2\0\1\1a\1g\3\x64\1\1"
                    "\1a\1e\4\0\0" JAVY "\4call\0\0"),
     LITERAL(HEADER "\2\x35\6\1a\1t\1\x70\1\1\2\1a\1r\1\x63\1\0\1\1a\1m\2\0\1\1a\1g\3\x64\1\1"
                    "\1a\1e\4\0\0\4host\4call\0\0" NEW)},
};

static void sections_stay_as_they_are(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct chimera_buffer out;
        struct chimera_error err = {0};
        chimera_buffer_init(&out, 4096);
        if (chimera_module_annotate("m.wasm", cases[i].bytes, "io", CHIMERA_SLICE("json"), &out,
                                    &err) < 0)
            fail_msg("%s: %s", cases[i].name, err.text);
        if (!chimera_slice_equal(chimera_buffer_slice(&out), cases[i].want))
            fail_msg("%s: other bytes (%zu, wanted %zu)", cases[i].name, out.size,
                     cases[i].want.size);
        chimera_buffer_free(&out);
    }
}

static void broken_modules_are_refused(void **state)
{
    (void)state;
    static const struct {
        struct chimera_slice bytes;
        const char *want;
    } broken[] = {
        {LITERAL("hello"), "not WebAssembly"},
        {LITERAL(HEADER "\1\x7f\0"), "unexpected end"},
        {LITERAL(HEADER "\2\x1d\2" JAVY "\4call\0\0"), "unexpected end"},
        {LITERAL(HEADER "\2\x1e\1" JAVY "\4call\0\0\0"), "longer than its contents"},
        {LITERAL(HEADER "\2\x18\1" JAVY "\0\x7f\0"), "cannot be renamed"},
    };
    for (size_t i = 0; i < COUNT(broken); i++) {
        struct chimera_buffer out;
        struct chimera_error err = {0};
        chimera_buffer_init(&out, 4096);
        assert_true(chimera_module_annotate("m.wasm", broken[i].bytes, "io", CHIMERA_SLICE("json"),
                                            &out, &err) < 0);
        if (!strstr(err.text, broken[i].want))
            fail_msg("%s is not in %s", broken[i].want, err.text);
        chimera_buffer_free(&out);
    }
}

static void a_full_buffer_is_a_failure(void **state)
{
    (void)state;
    struct chimera_buffer out;
    struct chimera_error err = {0};
    chimera_buffer_init(&out, 12);
    assert_int_equal(
        chimera_module_annotate("m.wasm", cases[1].bytes, "io", CHIMERA_SLICE("json"), &out, &err),
        CHIMERA_ELIMIT);
    chimera_buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_stay_as_they_are),
        cmocka_unit_test(broken_modules_are_refused),
        cmocka_unit_test(a_full_buffer_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
