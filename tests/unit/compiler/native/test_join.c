/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of the real tcc, put together here and by lld; then broken in every way, one byte at a
 * time. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/native/join.h"
#include "compiler/tool/process.h"
#include "compiler/tool/tools.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/plugin/elf_audit.h"

#define FILE_MAX ((size_t)1 << 20)
#define OBJECTS 2

static char folder[] = "/tmp/chimera-test-XXXXXX";
static struct chimera_tools tools;
static struct chimera_buffer files[OBJECTS];

/* An import that is called and one whose address is kept; calls, data and addresses across
 * objects, in both directions; functions that only one object knows. */
static const char *const sources[OBJECTS] = {
    "struct guest; void chimera_trap(struct guest *guest, int trap);\n"
    "void chimera_memory_grow(void); extern const int numbers[4];\n"
    "int other(int x);\n"
    "static int mine(int x) { return x * numbers[x & 3]; }\n"
    "int first(int x) { if (x > 9) chimera_trap(0, x); return mine(x) + other(x); }\n"
    "typedef int function(int);\n"
    "const struct { int abi, size; function *f[3]; void *import; const int *data; }\n"
    "    chimera_plugin = {1, 2, {first, mine, other}, chimera_memory_grow, &numbers[1]};\n",
    "typedef int function(int); int first(int x);\n"
    "const int numbers[4] = {3, 1, 4, 1};\n"
    "static int mine(int x) { return x + 1; }\n"
    "int other(int x) { function *f = x & 1 ? first : mine; return f(x - 1); }\n",
};

static void write_text(const char *name, const char *text)
{
    CHIMERA_FREE char *path = chimera_path_join(folder, name);
    assert_int_equal(chimera_file_write_scratch(path, chimera_slice_of(text), NULL), 0);
}

static void run_tool(const char *const *argv)
{
    struct chimera_error err = {0};
    struct chimera_command command = {.what = argv[0], .argv = argv, .folder = folder};
    if (chimera_process_run(&command, &err) < 0)
        fail_msg("%s", err.text);
}

static void compile(const char *text, const char *name, struct chimera_buffer *ret_object)
{
    char source[32], object[32];
    snprintf(source, sizeof(source), "%s.c", name);
    snprintf(object, sizeof(object), "%s.o", name);
    write_text(source, text);
    run_tool((const char *[]){tools.tcc, "-w", "-nostdinc", "-c", "-o", object, source, NULL});
    CHIMERA_FREE char *path = chimera_path_join(folder, object);
    chimera_buffer_init(ret_object, FILE_MAX);
    assert_int_equal(chimera_file_read(path, ret_object, NULL), 0);
}

static int join(const struct chimera_slice *objects, size_t count, struct chimera_buffer *so,
                struct chimera_buffer *map, struct chimera_error *err)
{
    chimera_buffer_init(so, FILE_MAX);
    chimera_buffer_init(map, FILE_MAX);
    return chimera_join(objects, count, so, map, err);
}

static void slice_objects(struct chimera_slice ret_objects[OBJECTS])
{
    for (size_t i = 0; i < OBJECTS; i++)
        ret_objects[i] = chimera_buffer_slice(&files[i]);
}

static void what_comes_out_is_a_plugin_and_always_the_same(void **state)
{
    (void)state;
    struct chimera_slice objects[OBJECTS];
    struct chimera_buffer so, map, again, map_again;
    struct chimera_error err = {0};
    slice_objects(objects);
    if (join(objects, OBJECTS, &so, &map, &err) < 0 ||
        chimera_elf_audit(so.data, so.size, "joined", CHIMERA_MODE_NONE, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(join(objects, OBJECTS, &again, &map_again, NULL), 0);
    assert_int_equal(so.size, again.size);
    assert_memory_equal(so.data, again.data, so.size);
    chimera_buffer_free(&so);
    chimera_buffer_free(&map);
    chimera_buffer_free(&again);
    chimera_buffer_free(&map_again);
}

/* "first 2a mine 1c …" of all functions of a map, by their order. */
static void list_functions(struct chimera_slice map, struct chimera_buffer *list)
{
    CHIMERA_FREE char *text = strndup(map.data, map.size);
    for (char *rest = NULL, *line = strtok_r(text, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest)) {
        unsigned long long at, loaded, size;
        unsigned align;
        int end = 0;
        if (sscanf(line, "%llx %llx %llx %u%n", &at, &loaded, &size, &align, &end) == 4 &&
            strspn(line + end, " ") == 17 && size > 0 && !strstr(line, "chimera_plugin") &&
            !strstr(line, "numbers"))
            chimera_buffer_print(list, "%s %llx\n", line + end + 17, size);
    }
}

static void the_map_names_the_functions_that_lld_names(void **state)
{
    (void)state;
    if (!tools.lld)
        skip();
    struct chimera_slice objects[OBJECTS];
    struct chimera_buffer so, map, theirs, lists[2];
    CHIMERA_FREE char *path = chimera_path_join(folder, "lld.map");
    run_tool((const char *[]){tools.lld, "-shared", "-z", "undefs", "-Map=lld.map", "-o", "lld.so",
                              "object-0.o", "object-1.o", NULL});
    chimera_buffer_init(&theirs, FILE_MAX);
    assert_int_equal(chimera_file_read(path, &theirs, NULL), 0);
    slice_objects(objects);
    assert_int_equal(join(objects, OBJECTS, &so, &map, NULL), 0);
    for (size_t i = 0; i < 2; i++)
        chimera_buffer_init(&lists[i], FILE_MAX);
    list_functions(chimera_buffer_slice(&map), &lists[0]);
    list_functions(chimera_buffer_slice(&theirs), &lists[1]);
    assert_true(lists[0].size > 0);
    chimera_buffer_byte(&lists[0], 0);
    chimera_buffer_byte(&lists[1], 0);
    assert_string_equal(lists[0].data, lists[1].data);
    for (size_t i = 0; i < 2; i++)
        chimera_buffer_free(&lists[i]);
    chimera_buffer_free(&so);
    chimera_buffer_free(&map);
    chimera_buffer_free(&theirs);
}

static void what_no_plugin_may_have_is_refused(void **state)
{
    (void)state;
    static const char plugin[] = "const int chimera_plugin[2] = {1, 2};\n";
    static const struct {
        const char *text, *finding;
    } cases[] = {
        {"int f(void) { return 1; }", "do not define: chimera_plugin"},
        {"extern int chimera_plugin; int f(void) { return chimera_plugin; }", "do not define"},
        {"int chimera_plugin[2] = {1, 2}; static int counter; int f(void) { return counter++; }",
         "data of a kind that no plugin may have"},
        {"const int chimera_plugin[2] = {1, 2}; int numbers[4] = {1};", "another one defines"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct chimera_buffer object, so, map;
        struct chimera_error err = {0};
        compile(cases[i].text, "refused", &object);
        const struct chimera_slice objects[] = {chimera_buffer_slice(&object),
                                                chimera_buffer_slice(&files[1])};
        assert_int_equal(join(objects, 2, &so, &map, &err), CHIMERA_EREFUSED);
        if (!strstr(err.text, cases[i].finding))
            fail_msg("%s", err.text);
        assert_int_equal(so.size, 0);
        chimera_buffer_free(&object);
        chimera_buffer_free(&so);
        chimera_buffer_free(&map);
    }
    struct chimera_buffer object, so, map;
    struct chimera_error err = {0};
    compile(plugin, "small", &object);
    struct chimera_slice alone = chimera_buffer_slice(&object);
    assert_int_equal(join(&alone, 1, &so, &map, &err), CHIMERA_OK);
    chimera_buffer_free(&so);
    chimera_buffer_free(&map);
    chimera_buffer_init(&so, 4096); /* it is larger */
    chimera_buffer_init(&map, 4096);
    assert_int_equal(chimera_join(&alone, 1, &so, &map, &err), CHIMERA_ELIMIT);
    chimera_buffer_free(&object);
    chimera_buffer_free(&so);
    chimera_buffer_free(&map);
}

/* Of the first object each byte in turn, and each end: what comes of it is refused, or is as the
 * audit sees it. Nothing may be read or written outside (the sanitizers see that). */
static void no_object_is_trusted(void **state)
{
    (void)state;
    static const uint8_t values[] = {0x00, 0x01, 0x7f, 0xff};
    struct chimera_slice objects[OBJECTS];
    slice_objects(objects);
    for (size_t at = 0; at < objects[0].size; at++)
        for (size_t i = 0; i <= sizeof(values); i++) {
            struct chimera_buffer so, map;
            struct chimera_error err = {0};
            size_t size = i == sizeof(values) ? at : objects[0].size;
            CHIMERA_FREE char *exact = malloc(size + 1); /* its end is where it can be noticed */
            char *start = exact + 1;
            memcpy(start, objects[0].data, size);
            if (i < sizeof(values))
                start[at] = (char)values[i];
            const struct chimera_slice given[] = {{start, size}, objects[1]};
            int code = join(given, OBJECTS, &so, &map, &err);
            if (code == CHIMERA_OK)
                chimera_elf_audit(so.data, so.size, "joined", CHIMERA_MODE_NONE, &err);
            else
                assert_true(err.text[0] != '\0');
            chimera_buffer_free(&so);
            chimera_buffer_free(&map);
        }
}

/* Nothing in an object of tcc is aligned. */
static Elf64_Ehdr head_of(const char *object)
{
    Elf64_Ehdr head;
    memcpy(&head, object, sizeof(head));
    return head;
}

static char *place_of_section(char *object, size_t index)
{
    return object + head_of(object).e_shoff + index * sizeof(Elf64_Shdr);
}

static Elf64_Shdr section_of(char *object, size_t index)
{
    Elf64_Shdr section;
    memcpy(&section, place_of_section(object, index), sizeof(section));
    return section;
}

static void expect_refusal(const char *object, size_t size, const char *finding)
{
    struct chimera_slice alone = {object, size};
    struct chimera_buffer so, map;
    struct chimera_error err = {0};
    assert_int_equal(join(&alone, 1, &so, &map, &err), CHIMERA_EREFUSED);
    if (!strstr(err.text, finding))
        fail_msg("%s", err.text);
    chimera_buffer_free(&so);
    chimera_buffer_free(&map);
}

/* The first symbol is nobody, also where no name is known at all. */
static void a_relocation_to_nobody_is_refused(void **state)
{
    (void)state;
    size_t size = files[0].size;
    CHIMERA_FREE char *object = malloc(size);
    memcpy(object, files[0].data, size);
    for (size_t i = 0; i < head_of(object).e_shnum; i++) {
        Elf64_Shdr section = section_of(object, i);
        Elf64_Rela relocation;
        size_t rows = section.sh_type == SHT_RELA ? section.sh_size / sizeof(relocation) : 0;
        char *row = object + section.sh_offset;
        for (size_t k = 0; k < rows; k++, row += sizeof(relocation)) {
            memcpy(&relocation, row, sizeof(relocation));
            relocation.r_info = ELF64_R_INFO(0, ELF64_R_TYPE(relocation.r_info));
            memcpy(row, &relocation, sizeof(relocation));
        }
        if (section.sh_type == SHT_SYMTAB)
            section.sh_size = sizeof(Elf64_Sym);
        memcpy(place_of_section(object, i), &section, sizeof(section));
    }
    expect_refusal(object, size, "relocation to what is not there");
}

/* Many tables over the same bytes would be more memory than anybody has. */
static void tables_that_share_their_bytes_are_refused(void **state)
{
    (void)state;
    enum { TABLES = 3000 };
    size_t size = (files[0].size + 7) / 8 * 8, room = TABLES * sizeof(Elf64_Shdr);
    CHIMERA_FREE char *object = calloc(1, size + room);
    memcpy(object, files[0].data, files[0].size);
    Elf64_Ehdr head = head_of(object);
    Elf64_Shdr table = {0};
    for (size_t i = 0; i < head.e_shnum; i++) {
        Elf64_Shdr section = section_of(object, i);
        if (section.sh_type == SHT_RELA && section.sh_size > table.sh_size &&
            (section_of(object, section.sh_info).sh_flags & SHF_EXECINSTR))
            table = section;
    }
    memcpy(object + size, place_of_section(object, 0), head.e_shnum * sizeof(table));
    for (size_t i = head.e_shnum; i < TABLES; i++)
        memcpy(object + size + i * sizeof(table), &table, sizeof(table));
    head.e_shoff = size;
    head.e_shnum = TABLES;
    memcpy(object, &head, sizeof(head));
    expect_refusal(object, size + room, "more relocations than bytes");
}

static int open_all(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    if (!mkdtemp(folder) || chimera_tools_find(&tools, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return -1;
    }
    for (size_t i = 0; tools.tcc && i < OBJECTS; i++) {
        char name[16];
        snprintf(name, sizeof(name), "object-%zu", i);
        compile(sources[i], name, &files[i]);
    }
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < OBJECTS; i++)
        chimera_buffer_free(&files[i]);
    chimera_tools_done(&tools);
    return chimera_folder_remove(folder, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_out_is_a_plugin_and_always_the_same),
        cmocka_unit_test(the_map_names_the_functions_that_lld_names),
        cmocka_unit_test(what_no_plugin_may_have_is_refused),
        cmocka_unit_test(a_relocation_to_nobody_is_refused),
        cmocka_unit_test(tables_that_share_their_bytes_are_refused),
        cmocka_unit_test(no_object_is_trusted),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
