/* SPDX-License-Identifier: Apache-2.0 */
/* What a tool that a module has taken over can reach: tools that try, then do their work; and what
 * is taken from where they worked. */
#include <elf.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "compiler/build.h"
#include "compiler/tool/confine.h"
#include "compiler/tool/scratch.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"

#define POLICY TEST_DATA "/policies/c-hostnetwork/c-hostnetwork.wasm"

static char folder[] = "/tmp/chimera-test-XXXXXX";

/* It may read its inputs, which are named (tcc may get several sources at once), and may change
 * nothing but what it makes. A glob finds nothing where a folder cannot be listed, so names are
 * guessed as well. `error:` marks the line that is shown. */
static const char script[] =
    "#!/bin/sh\n"
    "case \"$*\" in --version|-v) exec %s \"$@\";; esac\n"
    "reached= parts=0\n"
    "try() { if \"$@\" >/dev/null 2>&1; then reached=\"$reached [$*]\"; fi; }\n"
    "for f in ./module.wasm ./module.h ./glue.c ./part-0000.c ./part-0000.o ./part-0001.o \\\n"
    "    ../module.wasm ../module.h ../glue.c ../part-0000.c ../part-0000.o ../part-0001.o \\\n"
    "    ../plugin.version ../out/*.json ../* ../../* ../../../objects/* ../../../plugins/* \\\n"
    "    ../../../tools; do\n"
    "    [ -f \"$f\" ] || continue\n"
    "    try truncate -s 0 \"$f\"\n"
    "    try dd if=/dev/null of=\"$f\" conv=notrunc oflag=append\n"
    "    try mv \"$f\" ./stolen\n"
    "    try ln \"$f\" ./linked\n"
    "    try rm \"$f\"\n"
    "    try chmod 777 \"$f\"\n"
    "done\n"
    "for d in .. ../.. ../../../objects ../../../plugins; do\n"
    "    try ls $d\n"
    "    try touch $d/planted\n"
    "    try mkdir $d/planted.d\n"
    "done\n"
    "for f in ../glue.c ../part-0000.c %s; do\n"
    "    if cat $f >/dev/null 2>&1; then parts=$((parts + 1)); fi\n"
    "done\n"
    "named=0\n"
    "for f in \"$@\"; do case \"$f\" in *.c) named=$((named + 1));; esac; done\n"
    "[ $named -gt 0 ] || named=1\n"
    "[ $parts -le $named ] || reached=\"$reached [$parts sources]\"\n"
    "[ -z \"$reached\" ] || { echo \"error: reached$reached\" >&2; exit 1; }\n"
    "exec %s \"$@\"\n";

static void put_tool(const char *variable, const char *name, const char *real, const char *others)
{
    char path[200], text[sizeof(script) + 1000];
    snprintf(path, sizeof(path), "%s/tool-%s", folder, name);
    assert_int_equal(chimera_folder_make(path, 0755, NULL), CHIMERA_OK);
    snprintf(path, sizeof(path), "%s/tool-%s/%s", folder, name, name);
    assert_true(snprintf(text, sizeof(text), script, real, others, real) < (int)sizeof(text));
    assert_int_equal(chimera_file_write(path, chimera_slice_of(text), 0755, NULL), CHIMERA_OK);
    assert_int_equal(setenv(variable, path, 1), 0);
}

static void build_with(const char *cache, enum chimera_tier tier)
{
    char path[200];
    struct chimera_error err = {0};
    struct chimera_builder *builder = NULL;
    struct chimera_built built = {0};
    snprintf(path, sizeof(path), "%s/%s", folder, cache);
    const struct chimera_build_options options = {.cache_folder = path};
    if (chimera_builder_new(&options, &builder, &err) < 0 ||
        chimera_build(builder, POLICY, CHIMERA_MODE_NONE, tier, &built, &err) < 0)
        fail_msg("%s", err.text);
    chimera_built_done(&built);
    chimera_builder_free(builder);
}

/* The linker reads all objects, and no source; what it is given is made by then. */
static void a_tool_reaches_its_own_inputs_only(void **state)
{
    (void)state;
    static const char *const variables[] = {"CHIMERA_WASM2C", "CHIMERA_CLANG", "CHIMERA_LLD",
                                            "CHIMERA_TCC"};
    struct chimera_tools tools;
    struct chimera_error err = {0};
    if (!chimera_confinement().landlock)
        skip();
    if (chimera_tools_find(&tools, &err) < 0)
        fail_msg("%s", err.text);
    const char *const real[] = {tools.wasm2c, tools.clang, tools.lld, tools.tcc};
    build_with("warm", CHIMERA_TIER_FULL); /* so that the cache has objects to reach for */
    for (size_t i = 0; i < 4; i++) {
        bool is_compiler = i == 1 || i == 3;
        put_tool(variables[i], strrchr(real[i], '/') + 1, real[i],
                 is_compiler ? "../module.wasm ../part-0000.o ../part-0001.o ../part-0002.o" : "");
        char cache[16];
        snprintf(cache, sizeof(cache), "cache-%zu", i);
        build_with(cache, i == 3 ? CHIMERA_TIER_QUICK : CHIMERA_TIER_FULL);
        unsetenv(variables[i]);
    }
    chimera_tools_done(&tools);
}

/* Where many modules are built, an error must say which. */
static void an_error_of_a_tool_names_the_module(void **state)
{
    (void)state;
    static const char *const variables[] = {"CHIMERA_WASM2C", "CHIMERA_CLANG", "CHIMERA_LLD",
                                            "CHIMERA_OBJDUMP", "CHIMERA_TCC"};
    struct chimera_tools tools;
    struct chimera_error err = {0};
    if (chimera_tools_find(&tools, &err) < 0)
        fail_msg("%s", err.text);
    const char *const real[] = {tools.wasm2c, tools.clang, tools.lld, tools.objdump, tools.tcc};
    for (size_t i = 0; i < 5; i++) {
        char path[200], text[400];
        snprintf(path, sizeof(path), "%s/failing-%zu", folder, i);
        snprintf(text, sizeof(text),
                 "#!/bin/sh\ncase \"$*\" in --version|-v) exec %s \"$@\";; esac\necho 'error: of "
                 "the tool' >&2\nexit 3\n",
                 real[i]);
        assert_int_equal(chimera_file_write(path, chimera_slice_of(text), 0755, NULL), CHIMERA_OK);
        assert_int_equal(setenv(variables[i], path, 1), 0);
        struct chimera_builder *builder = NULL;
        struct chimera_built built = {0};
        snprintf(path, sizeof(path), "%s/failing-cache-%zu", folder, i);
        const struct chimera_build_options options = {.cache_folder = path};
        assert_int_equal(chimera_builder_new(&options, &builder, &err), CHIMERA_OK);
        assert_int_equal(chimera_build(builder, POLICY, CHIMERA_MODE_NONE,
                                       i == 4 ? CHIMERA_TIER_QUICK : CHIMERA_TIER_FULL, &built,
                                       &err),
                         CHIMERA_ETOOL);
        if (strncmp(err.text, POLICY ": ", strlen(POLICY) + 2) != 0 ||
            !strstr(err.text, "failed with exit code 3: error: of the tool"))
            fail_msg("%s", err.text);
        chimera_builder_free(builder);
        unsetenv(variables[i]);
    }
    chimera_tools_done(&tools);
}

static void put(const char *name, struct chimera_slice bytes)
{
    CHIMERA_FREE char *path = chimera_path_join(folder, name);
    assert_int_equal(chimera_file_write(path, bytes, 0600, NULL), CHIMERA_OK);
}

static void only_plain_files_are_taken(void **state)
{
    (void)state;
    CHIMERA_FREE char *link = chimera_path_join(folder, "link"),
                      *pipe = chimera_path_join(folder, "pipe"),
                      *plain = chimera_path_join(folder, "plain"),
                      *second = chimera_path_join(folder, "second"),
                      *to = chimera_path_join(folder, "to");
    struct chimera_error err = {0};
    put("plain", CHIMERA_SLICE("text"));
    assert_int_equal(symlink("/etc/passwd", link), 0);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    assert_int_equal(chimera_scratch_take(folder, "none", to, &err), CHIMERA_ETOOL);
    assert_int_equal(chimera_scratch_take(folder, "link", to, &err), CHIMERA_ETOOL);
    assert_non_null(strstr(err.text, "it is a link"));
    assert_int_equal(chimera_scratch_take(folder, "pipe", to, &err), CHIMERA_EREFUSED);
    assert_int_equal(chimera_scratch_take_object(folder, "plain", to, &err), CHIMERA_EREFUSED);
    assert_int_equal(access(to, F_OK), -1);
    assert_int_equal(chimera_scratch_take(folder, "plain", to, &err), CHIMERA_OK);
    assert_int_equal(access(to, F_OK), 0);
    assert_int_equal(rename(to, plain), 0);
    assert_int_equal(linkat(AT_FDCWD, plain, AT_FDCWD, second, 0),
                     0); /* two names: who has the other? */
    assert_int_equal(chimera_scratch_take(folder, "plain", to, &err), CHIMERA_EREFUSED);
}

static void only_objects_for_our_machine_are_taken(void **state)
{
    (void)state;
    CHIMERA_FREE char *to = chimera_path_join(folder, "object-to");
    Elf64_Ehdr header = {
        .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64}, .e_type = ET_REL, .e_machine = EM_X86_64};
    struct chimera_slice bytes = {(const char *)&header, sizeof(header)};
    put("o", (struct chimera_slice){bytes.data, bytes.size - 1});
    assert_int_equal(chimera_scratch_take_object(folder, "o", to, NULL), CHIMERA_EREFUSED);
    header.e_type = ET_DYN;
    put("o", bytes);
    assert_int_equal(chimera_scratch_take_object(folder, "o", to, NULL), CHIMERA_EREFUSED);
    header.e_type = ET_REL;
    header.e_machine = EM_RISCV;
    put("o", bytes);
    assert_int_equal(chimera_scratch_take_object(folder, "o", to, NULL), CHIMERA_EREFUSED);
#ifdef __x86_64__
    header.e_machine = EM_X86_64;
    put("o", bytes);
    assert_int_equal(chimera_scratch_take_object(folder, "o", to, NULL), CHIMERA_OK);
#endif
}

static int open_all(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int close_all(void **state)
{
    (void)state;
    return chimera_folder_remove(folder, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tool_reaches_its_own_inputs_only),
        cmocka_unit_test(an_error_of_a_tool_names_the_module),
        cmocka_unit_test(only_plain_files_are_taken),
        cmocka_unit_test(only_objects_for_our_machine_are_taken),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
