/* SPDX-License-Identifier: Apache-2.0 */
/* What the compiler makes of the prelude, where it matters that it does not improve it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/native/recipe.h"
#include "compiler/tool/process.h"
#include "compiler/tool/tools.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"

#define PRELUDE TEST_DATA "/../plugins/policy"
#define TEXT_MAX ((size_t)1 << 20)

static struct chimera_tools tools;
static char folder[] = "/tmp/chimera-test-prelude-XXXXXX";

static const char head[] = "#define CHIMERA_WABT 32\n"
                           "#define FUNC_TYPE(type) (type)\n"
                           "#include \"prelude.h\"\n"
                           "struct instance { struct chimera_instance head;\n"
                           "                  wasm_rt_funcref_table_t t; };\n";

static void run_tool(const char *const *argv, struct chimera_buffer *out)
{
    static const char *const reads[] = {PRELUDE, NULL};
    struct chimera_error err = {0};
    struct chimera_command command = {.what = argv[0],
                                      .argv = argv,
                                      .folder = folder,
                                      .reads = reads,
                                      .sink = out ? chimera_process_capture : NULL,
                                      .sink_context = out};
    if (chimera_process_run(&command, &err) < 0)
        fail_msg("%s", err.text);
}

/* The machine code of `body`, as text in *ret_text. */
static void compile(const char *level, const char *body, struct chimera_buffer *ret_text)
{
    const char *argv[64];
    size_t at = 0;
    CHIMERA_FREE char *path = chimera_path_join(folder, "a.c"), *source = NULL;
    assert_true(asprintf(&source, "%s%s\n", head, body) > 0);
    assert_int_equal(chimera_file_write(path, chimera_slice_of(source), 0600, NULL), CHIMERA_OK);
    argv[at++] = tools.clang;
    argv[at++] = level;
    for (const char *const *flag = chimera_compile_flags(CHIMERA_TIER_FULL); *flag; flag++)
        argv[at++] = *flag;
    const char *const rest[] = {"-I", PRELUDE, "-c", "-o", "a.o", "a.c", NULL};
    memcpy(&argv[at], rest, sizeof(rest));
    run_tool(argv, NULL);
    const char *const show[] = {tools.objdump, "-d", "--no-show-raw-insn", "a.o", NULL};
    chimera_buffer_init(ret_text, TEXT_MAX);
    run_tool(show, ret_text);
    chimera_buffer_byte(ret_text, 0);
}

static void expect_in_order(const char *level, const char *body, const char *const *words)
{
    struct chimera_buffer text;
    compile(level, body, &text);
    const char *at = text.data;
    for (; *words; words++) {
        at = strstr(at, *words);
        if (!at)
            fail_msg("%s: no %s in its place:\n%s", level, *words, text.data);
    }
    chimera_buffer_free(&text);
}

/* The check, then a mask that depends on the index, then the load, then the call. */
static void indices_of_tables_are_masked_before_the_call(void **state)
{
    (void)state;
    static const char body[] = "u32 f(struct instance *instance, u32 x)\n"
                               "{ return CALL_INDIRECT(instance->t, u32 (*)(void *, u32), 7, x,\n"
                               "                       instance->t.data[x].module_instance, 5); }\n"
                               "u32 g(struct instance *instance, u32 x)\n" /* no further argument */
                               "{ return CALL_INDIRECT(instance->t, u32 (*)(void *), 7, x,\n"
                               "                       instance->t.data[x].module_instance); }\n";
    static const char *const order[] = {"cmpl",       "sarq\t$0x3f", "andl",        "cmpl\t$0x7",
                                        "callq\t*",   "cmpl",        "sarq\t$0x3f", "andl",
                                        "cmpl\t$0x7", "callq\t*",    NULL};
    static const char *const slow_order[] = {"sarq\t$0x3f", "and", "retq", NULL};
    expect_in_order("-O1", body, order);
    expect_in_order("-O2", body, order);
    expect_in_order("-O0", "u32 f(u32 x, u32 y) { return masked(x, y); }", slow_order);
}

static void entries_of_tables_are_masked(void **state)
{
    (void)state;
    static const char *const order[] = {"cmpl", "sarq\t$0x3f", "and", "retq", NULL};
    expect_in_order("-O1",
                    "wasm_rt_funcref_t f(struct instance *instance, u32 x)\n"
                    "{ return funcref_table_get(&instance->t, x); }",
                    order);
    expect_in_order("-O1",
                    "void f(struct instance *instance, u32 x, wasm_rt_funcref_t value)\n"
                    "{ funcref_table_set(&instance->t, x, value); }",
                    order);
}

static int find_tools(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    if (!mkdtemp(folder) || chimera_tools_find(&tools, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return -1;
    }
    return 0;
}

static int drop_tools(void **state)
{
    (void)state;
    chimera_tools_done(&tools);
    return chimera_folder_remove(folder, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(indices_of_tables_are_masked_before_the_call),
        cmocka_unit_test(entries_of_tables_are_masked),
    };
    return cmocka_run_group_tests(tests, find_tools, drop_tools);
}
