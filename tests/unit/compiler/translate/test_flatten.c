/* SPDX-License-Identifier: Apache-2.0 */
/* Nested ifs made jumps. That they do the same is shown by tests/limits/run, which answers through
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/translate/flatten.h"
#include "runtime/base/error.h"

static const struct {
    const char *body;
    const char *flat; /* NULL: refused */
} rows[] = {
    {"{\n  w2c_i0 = 1u;\n}", "{\nw2c_i0 = 1u;\n}\n"},
    {"{\n  if (w2c_i0) {\n    x;\n  }\n}",
     "{\nif (!w2c_i0) goto chimera_else1;\nx;\nchimera_else1:;\n}\n"},
    {"{\n  if (var_i0) {\n    x;\n  } else {\n    y;\n  }\n}",
     "{\nif (!var_i0) goto chimera_else1;\nx;\ngoto chimera_end1;\nchimera_else1:;\ny;\n"
     "chimera_end1:;\n}\n"},
    {"{\n  switch (w2c_i0) {\n    default: goto w2c_B1;\n  }\n  w2c_B1:;\n}",
     "{\nswitch (w2c_i0) {\ndefault: goto w2c_B1;\n}\nw2c_B1:;\n}\n"},
    {"{\n  if (w2c_i0) {goto w2c_L2;}\n  {\n    y;\n  }\n}",
     "{\nif (w2c_i0) {goto w2c_L2;}\n{\ny;\n}\n}\n"},
    {"{\n  if (f(w2c_i0)) {\n  }\n}", "{\nif (f(w2c_i0)) {\n}\n}\n"}, /* not wasm2c's, and left */
    {"{\n", NULL},
    {"}\n", NULL},
    {"{\n}\n}", NULL},
    {"{\n  } else {\n}", NULL},
    {"{\n  if (a) {\n  } else {\n  } else {\n  }\n}", NULL},
    {"{\n  switch (a) {\n  } else {\n  }\n}", NULL},
    {"{\n  do {\n  } while (1);\n}", NULL},
};

static void nested_ifs_become_jumps(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct chimera_buffer out;
        chimera_buffer_init(&out, 4096);
        int code = chimera_flatten(chimera_slice_of(rows[i].body), &out);
        assert_int_equal(code, rows[i].flat ? CHIMERA_OK : CHIMERA_ETOOL);
        if (rows[i].flat) {
            chimera_buffer_byte(&out, 0);
            assert_string_equal(out.data, rows[i].flat);
        }
        chimera_buffer_free(&out);
    }
}

static void what_is_too_large_is_refused(void **state)
{
    (void)state;
    struct chimera_buffer out;
    chimera_buffer_init(&out, 10);
    assert_int_equal(chimera_flatten(CHIMERA_SLICE("{\n  w2c_i0 = w2c_p0;\n}"), &out),
                     CHIMERA_ELIMIT);
    chimera_buffer_free(&out);
}

static void the_deepest_brace_counts(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "{",   "  if (a) {", "    if (b) {goto c;}", "  } else {", "    if (d) {", "    }",
        "  }", "}"};
    struct flatten_depth depth = {0};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        chimera_flatten_count(&depth, chimera_slice_of(lines[i]));
    assert_int_equal(depth.most, 3);
    assert_int_equal(depth.now, 0);
    assert_int_equal(depth.blanks, 2 + 4 + 2 + 4 + 4 + 2);
}

static void deep_bodies_and_blank_ones_are_flattened(void **state)
{
    (void)state;
    static const struct {
        struct flatten_depth depth;
        size_t size;
        bool pays;
    } cases[] = {
        {{0, 200, 0}, 10000000, false},    {{0, 201, 0}, 10000, true},
        {{0, 3, 900000}, 1000000, false},  {{0, 3, 1900000}, 2000000, true},
        {{0, 3, 1400000}, 2000000, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(chimera_flatten_pays(&cases[i].depth, cases[i].size), cases[i].pays);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nested_ifs_become_jumps),
        cmocka_unit_test(what_is_too_large_is_refused),
        cmocka_unit_test(the_deepest_brace_counts),
        cmocka_unit_test(deep_bodies_and_blank_ones_are_flattened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
