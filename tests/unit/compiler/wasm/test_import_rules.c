/* SPDX-License-Identifier: Apache-2.0 */
/* Which execution mode has which imports, at the build; guest-abis.md §1.1, and for the policies of
 * 2020 webhook-contract.md §2.1. At the load: test_elf_audit.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "compiler/lower/read.h"
#include "compiler/wasm/import_rules.h"
#include "runtime/base/buffer.h"
#include "runtime/plugin/mode.h"

static const enum chimera_mode modes[] = {CHIMERA_MODE_WAPC, CHIMERA_MODE_WASI, CHIMERA_MODE_OPA,
                                          CHIMERA_MODE_GATEKEEPER, CHIMERA_MODE_CHIMERA};

/* The modules in the columns' order of `modes`. */
static const struct {
    const char *module;
    bool is_there[5];
    unsigned count; /* of its functions */
} table[] = {
    {"wapc", {true, false, false, false, false}, 9},
    {"wasmbus", {true, false, false, false, false}, 9},
    {"wasi_snapshot_preview1", {true, true, false, false, true}, 46},
    {"wasi_unstable", {true, true, false, false, true}, 45},
    {"host", {false, true, false, false, false}, 1},
    {"kubewarden:javy/host", {false, true, false, false, false}, 1},
    {"env", {false, false, true, true, false}, 7},
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void put_name(struct chimera_buffer *out, const char *name)
{
    chimera_buffer_byte(out, (uint8_t)strlen(name));
    chimera_buffer_text(out, name);
}

static void put_types(struct chimera_buffer *out, const char *letters, const char *end)
{
    chimera_buffer_byte(out, (uint8_t)(end - letters));
    for (; letters < end; letters++)
        chimera_buffer_byte(out, *letters == 'i' ? 0x7f : 0x7e);
}

static void put_section(struct chimera_buffer *out, uint8_t id,
                        const struct chimera_buffer *payload)
{
    chimera_buffer_byte(out, id);
    chimera_buffer_byte(out, (uint8_t)payload->size);
    chimera_buffer_append(out, chimera_buffer_slice(payload));
}

/* A module that imports just that; its names lie in `out`. */
static struct chimera_module *module_with(const struct chimera_import *import,
                                          struct chimera_buffer *out)
{
    static const char magic[] = "\0asm\1\0\0";
    const char *middle = strchr(import->type, ':');
    struct chimera_module *module;
    struct chimera_buffer section;
    chimera_buffer_reset(out);
    chimera_buffer_init(&section, 1024);
    chimera_buffer_append(out, (struct chimera_slice){magic, sizeof(magic)});
    chimera_buffer_append(&section, CHIMERA_SLICE("\1\x60"));
    put_types(&section, import->type, middle);
    put_types(&section, middle + 1, middle + strlen(middle));
    put_section(out, 1, &section);
    chimera_buffer_reset(&section);
    chimera_buffer_byte(&section, 1);
    put_name(&section, import->module);
    put_name(&section, import->name);
    chimera_buffer_append(&section, (struct chimera_slice){"\0\0", 2}); /* a function, of type 0 */
    put_section(out, 2, &section);
    struct chimera_error err = {0};
    if (chimera_module_read("p.wasm", chimera_buffer_slice(out), &module, &err) < 0)
        fail_msg("%s::%s: %s", import->module, import->name, err.text);
    chimera_buffer_free(&section);
    assert_int_equal(chimera_module_check_imports(module, &err), 0);
    return module;
}

static void check_import(const struct chimera_import *import, size_t row)
{
    struct chimera_buffer bytes;
    chimera_buffer_init(&bytes, 1024);
    for (size_t column = 0; column < COUNT(modes); column++) {
        struct chimera_error err = {0};
        struct chimera_module *module = module_with(import, &bytes);
        int code = chimera_module_check_mode_imports(module, modes[column], &err);
        if (code != (table[row].is_there[column] ? 0 : CHIMERA_EREFUSED))
            fail_msg("%s::%s in %s: %d", import->module, import->name,
                     chimera_mode_name(modes[column]), code);
        if (code < 0) {
            assert_non_null(strstr(err.text, import->module));
            assert_non_null(strstr(err.text, import->name));
            assert_non_null(strstr(err.text, chimera_mode_name(modes[column])));
        }
        chimera_module_free(module);
    }
    chimera_buffer_free(&bytes);
}

static void every_mode_has_what_the_reference_gives_it(void **state)
{
    size_t count;
    const struct chimera_import *imports = chimera_imports(&count);
    unsigned seen[COUNT(table)] = {0};
    (void)state;
    for (size_t i = 0; i < count; i++) {
        if (!imports[i].module)
            continue; /* generated code's own */
        size_t row = 0;
        while (row < COUNT(table) && strcmp(table[row].module, imports[i].module) != 0)
            row++;
        assert_true(row < COUNT(table));
        check_import(&imports[i], row);
        seen[row]++;
    }
    for (size_t row = 0; row < COUNT(table); row++)
        assert_int_equal(seen[row], table[row].count);
}

/* A function is named once for all the imports that it serves, so they must agree. */
static void imports_of_one_function_are_of_the_same_modes(void **state)
{
    size_t count;
    const struct chimera_import *imports = chimera_imports(&count);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        const struct chimera_import *first =
            chimera_import_of_symbol(chimera_slice_of(imports[i].symbol));
        assert_non_null(first);
        assert_int_equal(first->modes, imports[i].modes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mode_has_what_the_reference_gives_it),
        cmocka_unit_test(imports_of_one_function_are_of_the_same_modes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
