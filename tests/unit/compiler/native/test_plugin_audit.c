/* SPDX-License-Identifier: Apache-2.0 */
/* One real policy, built as users build it, and then broken by hand in each way that the audit
 * knows; the build's audit and the loader both must refuse what remains. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "compiler/build.h"
#include "compiler/native/audit.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/plugin/load.h"

#define OBJECT_MAX ((size_t)16 << 20)
#define POLICY TEST_DATA "/policies/c-hostnetwork/c-hostnetwork.wasm"

static struct {
    char folder[64];
    struct chimera_builder *builder;
    struct chimera_built built;
    struct chimera_buffer bytes; /* of the plugin as it was built */
    char so[96], json[96], image[96];
} test;

/* --- Finding things in the file that was built; it is good, so nothing is checked. --- */

static Elf64_Phdr *segment_of(char *file, uint32_t type, uint32_t flags)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)(void *)file;
    Elf64_Phdr *segment = (Elf64_Phdr *)(void *)(file + header->e_phoff);
    for (size_t i = 0; i < header->e_phnum; i++)
        if (segment[i].p_type == type && (flags == 0 || segment[i].p_flags == flags))
            return &segment[i];
    fail_msg("no segment %u", type);
    return NULL;
}

static Elf64_Phdr *code_of(char *file)
{
    return segment_of(file, PT_LOAD, PF_R | PF_X);
}

static Elf64_Dyn *entry_of(char *file, int64_t tag)
{
    Elf64_Dyn *entry = (Elf64_Dyn *)(void *)(file + segment_of(file, PT_DYNAMIC, 0)->p_offset);
    while (entry->d_tag != tag)
        assert_int_not_equal((entry++)->d_tag, DT_NULL);
    return entry;
}

/* The tables of symbols and relocations lie where addresses are offsets. */
static char *table_of(char *file, int64_t tag)
{
    return file + entry_of(file, tag)->d_un.d_val;
}

static Elf64_Sym *symbol_of(char *file, const char *name)
{
    const char *strings = table_of(file, DT_STRTAB);
    Elf64_Sym *symbol = (Elf64_Sym *)(void *)table_of(file, DT_SYMTAB);
    for (symbol++; strcmp(strings + symbol->st_name, name) != 0; symbol++)
        ;
    return symbol;
}

static Elf64_Shdr *section_of_code(char *file)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)(void *)file;
    Elf64_Shdr *section = (Elf64_Shdr *)(void *)(file + header->e_shoff);
    while (!(section->sh_flags & SHF_EXECINSTR))
        section++;
    return section;
}

/* --- Breaking it --- */

static void retag(char *file, int64_t tag)
{
    entry_of(file, DT_RELACOUNT)->d_tag = tag;
}

static void rename_symbol(char *file, const char *name, char last)
{
    char *strings = table_of(file, DT_STRTAB);
    strings[symbol_of(file, name)->st_name + strlen(name) - 1] = last;
}

static void make_code_writable(char *file)
{
    code_of(file)->p_flags |= PF_W;
}

static void make_stack_executable(char *file)
{
    segment_of(file, PT_GNU_STACK, 0)->p_flags |= PF_X;
}

static void need_a_library(char *file)
{
    retag(file, DT_NEEDED);
}

static void construct(char *file)
{
    retag(file, DT_INIT_ARRAY);
}

static void construct_early(char *file)
{
    retag(file, DT_PREINIT_ARRAY);
}

static void initialize(char *file)
{
    retag(file, DT_INIT);
}

static void relocate_text(char *file)
{
    retag(file, DT_TEXTREL);
}

static void bind_lazily(char *file)
{
    entry_of(file, DT_FLAGS)->d_un.d_val &= ~(uint64_t)DF_BIND_NOW;
    entry_of(file, DT_FLAGS_1)->d_un.d_val = 0;
}

static void resolve_by_code(char *file)
{
    ((Elf64_Rela *)(void *)table_of(file, DT_RELA))->r_info = R_X86_64_IRELATIVE;
}

static void choose_by_code(char *file)
{
    symbol_of(file, CHIMERA_PLUGIN_SYMBOL)->st_info = ELF64_ST_INFO(STB_GLOBAL, STT_GNU_IFUNC);
}

static void relocate_code(char *file)
{
    ((Elf64_Rela *)(void *)table_of(file, DT_RELA))->r_offset = code_of(file)->p_vaddr;
}

static void import_another(char *file)
{
    rename_symbol(file, "chimera_trap", 'q');
}

static void export_another(char *file)
{
    rename_symbol(file, CHIMERA_PLUGIN_SYMBOL, 'q');
}

static void keep_data_writable(char *file)
{
    segment_of(file, PT_GNU_RELRO, 0)->p_type = PT_NULL;
}

static void have_thread_data(char *file)
{
    segment_of(file, PT_NOTE, 0)->p_type = PT_TLS;
}

static void ask_for_an_interpreter(char *file)
{
    segment_of(file, PT_PHDR, 0)->p_type = PT_INTERP;
}

static void hide_behind_the_code(char *file)
{
    const Elf64_Phdr *code = code_of(file);
    file[(code->p_offset + code->p_filesz) | 4095] = 0x05;
}

static void be_of_another_machine(char *file)
{
    ((Elf64_Ehdr *)(void *)file)->e_machine = EM_AARCH64;
}

static void put_code(char *file, const char *bytes, size_t size)
{
    memcpy(file + code_of(file)->p_offset, bytes, size);
}

static void call_the_kernel(char *file)
{
    put_code(file, "\x0f\x05", 2);
}

static void call_the_kernel_as_of_old(char *file)
{
    put_code(file, "\xcd\x80", 2);
}

static void set_the_thread_pointer(char *file)
{
    put_code(file, "\xf3\x48\x0f\xae\xd0", 5); /* wrfsbase %rax */
}

static void lift_protection_keys(char *file)
{
    put_code(file, "\x0f\x01\xef", 3); /* wrpkru */
}

static void restore_all_state(char *file)
{
    put_code(file, "\x0f\xae\x28", 3); /* xrstor (%rax) */
}

static void hide_code_from_the_disassembler(char *file)
{
    section_of_code(file)->sh_flags &= ~(uint64_t)SHF_EXECINSTR;
}

static void hide_some_code_from_the_disassembler(char *file)
{
    section_of_code(file)->sh_size -= 64;
}

struct breakage {
    void (*break_it)(char *file);
    const char *finding;
    bool is_for_build_only; /* the loader knows such a file by its digest alone */
};

static const struct breakage breakages[] = {
    {make_code_writable, "has code that can be written", false},
    {make_stack_executable, "asks for an executable stack", false},
    {need_a_library, "needs another library (DT_NEEDED)", false},
    {construct, "(DT_INIT_ARRAY)", false},
    {construct_early, "(DT_PREINIT_ARRAY)", false},
    {initialize, "(DT_INIT)", false},
    {relocate_text, "(DT_TEXTREL)", false},
    {bind_lazily, "(BIND_NOW)", false},
    {resolve_by_code, "(IRELATIVE)", false},
    {choose_by_code, "(IFUNC)", false},
    {relocate_code, "has a relocation outside its data", false},
    {import_another, "imports `chimera_traq`, which is not one of the runtime's functions", false},
    {export_another, "exports `chimera_plugiq` besides", false},
    {keep_data_writable, "has data that stays writable", false},
    {have_thread_data, "has a segment of the kind 0x7", false},
    {ask_for_an_interpreter, "has a segment of the kind 0x3", false},
    {hide_behind_the_code, "has bytes behind its code", false},
    {be_of_another_machine, "is not for 64-bit x86", false},
    {call_the_kernel, ": syscall", true},
    {call_the_kernel_as_of_old, ": int $0x80", true},
    {set_the_thread_pointer, ": wrfsbaseq %rax", true},
    {lift_protection_keys, ": wrpkru", true},
    {restore_all_state, ": xrstor (%rax)", true},
    {hide_code_from_the_disassembler, "has code outside its sections", true},
    {hide_some_code_from_the_disassembler, "has code outside its sections", true},
};

/* --- The two who must refuse --- */

static void write_object(const char *bytes)
{
    struct chimera_slice slice = {bytes, test.bytes.size};
    unlink(test.so); /* what is mapped must not be written over */
    assert_int_equal(chimera_file_write(test.so, slice, 0755, NULL), CHIMERA_OK);
}

/* The manifest of the build, with the digest of what is there now: as a builder would sign it. */
static void write_manifest(void)
{
    struct chimera_manifest manifest;
    struct chimera_buffer bytes;
    chimera_buffer_init(&bytes, OBJECT_MAX);
    assert_int_equal(chimera_manifest_read(test.json, &manifest, NULL), CHIMERA_OK);
    assert_int_equal(chimera_file_read(test.so, &bytes, NULL), CHIMERA_OK);
    assert_int_equal(chimera_digest_of(chimera_buffer_slice(&bytes), &manifest.so), CHIMERA_OK);
    assert_int_equal(chimera_manifest_write(test.json, &manifest, NULL), CHIMERA_OK);
    chimera_buffer_free(&bytes);
    chimera_manifest_done(&manifest);
}

static void expect_refusal(size_t index, const char *who, int code, const struct chimera_error *err,
                           const char *finding)
{
    if (code != CHIMERA_EREFUSED || !strstr(err->text, finding))
        fail_msg("breakage %zu, %s: expected \"%s\", got %d \"%s\"", index, who, finding, code,
                 err->text);
}

static void expect_both_refuse(size_t index)
{
    const struct breakage *breakage = &breakages[index];
    struct chimera_error err = {0};
    struct chimera_loaded *loaded = NULL;
    char *bytes = malloc(test.bytes.size);
    assert_non_null(bytes);
    memcpy(bytes, test.bytes.data, test.bytes.size);
    breakage->break_it(bytes);
    write_object(bytes);
    free(bytes);
    int code = chimera_audit(chimera_builder_tools(test.builder), CHIMERA_TIER_FULL, test.so, &err);
    expect_refusal(index, "the build", code, &err, breakage->finding);
    code = chimera_plugin_load(test.so, &loaded, &err);
    expect_refusal(index, "the loader", code, &err, "is not the file that its manifest names");
    if (breakage->is_for_build_only)
        return;
    write_manifest();
    code = chimera_plugin_load(test.so, &loaded, &err);
    expect_refusal(index, "the loader", code, &err, breakage->finding);
    write_object(test.bytes.data);
    write_manifest();
}

/* There is no unload; this is for the leak checker. */
static void forget(struct chimera_loaded *loaded)
{
    chimera_manifest_done(&loaded->manifest);
    if (loaded->image_fd >= 0)
        close(loaded->image_fd);
    free(loaded->path);
    free(loaded);
}

static void what_was_built_passes_both(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    struct chimera_loaded *loaded = NULL;
    write_object(test.bytes.data);
    if (chimera_audit(chimera_builder_tools(test.builder), CHIMERA_TIER_FULL, test.so, &err) < 0 ||
        chimera_plugin_load(test.so, &loaded, &err) < 0)
        fail_msg("%s", err.text);
    forget(loaded);
}

static void what_was_broken_passes_neither(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(breakages) / sizeof(breakages[0]); i++)
        expect_both_refuse(i);
}

static void another_abi_is_refused(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    struct chimera_loaded *loaded = NULL;
    char *bytes = malloc(test.bytes.size);
    assert_non_null(bytes);
    memcpy(bytes, test.bytes.data, test.bytes.size);
    const Elf64_Phdr *data = segment_of(bytes, PT_LOAD, PF_R | PF_W);
    uint64_t at = symbol_of(bytes, CHIMERA_PLUGIN_SYMBOL)->st_value - data->p_vaddr;
    bytes[data->p_offset + at]++;
    write_object(bytes);
    free(bytes);
    write_manifest();
    assert_int_equal(chimera_plugin_load(test.so, &loaded, &err), CHIMERA_EABI);
    write_object(test.bytes.data);
    write_manifest();
}

/* --- Who may write the file --- */

/* What the code of `loaded` is mapped from, by the kernel's own list. */
static void find_mapping(const struct chimera_loaded *loaded, char *ret_line, size_t size)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    assert_non_null(maps);
    char start[32];
    snprintf(start, sizeof(start), "%lx-", (unsigned long)loaded->text_start & ~4095ul);
    do {
        if (!fgets(ret_line, (int)size, maps))
            fail_msg("the code at %s is not mapped", start);
    } while (strncmp(ret_line, start, strlen(start)) != 0);
    fclose(maps);
}

static void expect_mapped_from(const char *name)
{
    char line[512];
    struct chimera_error err = {0};
    struct chimera_loaded *loaded = NULL;
    if (chimera_plugin_load(test.so, &loaded, &err) < 0)
        fail_msg("%s", err.text);
    find_mapping(loaded, line, sizeof(line));
    if (!strstr(line, name) || !strstr(line, "r-xp"))
        fail_msg("expected %s, got %s", name, line);
    forget(loaded);
}

static void files_of_ours_are_mapped_as_they_are(void **state)
{
    (void)state;
    write_object(test.bytes.data);
    expect_mapped_from(test.so);
}

static void files_that_others_may_write_are_copied_first(void **state)
{
    (void)state;
    static const mode_t modes[] = {0775, 0757};
    for (size_t i = 0; i < 2; i++) {
        write_object(test.bytes.data);
        assert_int_equal(chmod(test.so, modes[i]), 0);
        expect_mapped_from("memfd:chimera-plugin");
    }
}

static void files_of_others_are_copied_first(void **state)
{
    (void)state;
    write_object(test.bytes.data);
    if (chown(test.so, 65534, (gid_t)-1) < 0)
        skip(); /* only root can */
    expect_mapped_from("memfd:chimera-plugin");
}

static int copy_beside(const char *suffix, char path[96])
{
    char source[4096];
    size_t stem = strlen(test.built.plugin) - strlen(".so");
    snprintf(source, sizeof(source), "%.*s%s", (int)stem, test.built.plugin, suffix);
    snprintf(path, 96, "%s/plugin%s", test.folder, suffix);
    return chimera_file_copy(source, path, 0644, NULL);
}

static int build_policy(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    struct chimera_build_options options = {.has_no_cache = true};
    snprintf(test.folder, sizeof(test.folder), "/tmp/chimera-test-XXXXXX");
    chimera_buffer_init(&test.bytes, OBJECT_MAX);
    if (!mkdtemp(test.folder) || chimera_builder_new(&options, &test.builder, &err) < 0 ||
        chimera_build(test.builder, POLICY, CHIMERA_MODE_NONE, CHIMERA_TIER_FULL, &test.built,
                      &err) < 0 ||
        copy_beside(".json", test.json) < 0 || copy_beside(".image", test.image) < 0 ||
        copy_beside(".so", test.so) < 0 || chimera_file_read(test.so, &test.bytes, &err) < 0) {
        fprintf(stderr, "cannot build the policy: %s\n", err.text);
        return -1;
    }
    return 0;
}

static int drop_policy(void **state)
{
    (void)state;
    chimera_built_done(&test.built);
    chimera_builder_free(test.builder);
    chimera_buffer_free(&test.bytes);
    return chimera_folder_remove(test.folder, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_built_passes_both),
        cmocka_unit_test(what_was_broken_passes_neither),
        cmocka_unit_test(another_abi_is_refused),
        cmocka_unit_test(files_of_ours_are_mapped_as_they_are),
        cmocka_unit_test(files_that_others_may_write_are_copied_first),
        cmocka_unit_test(files_of_others_are_copied_first),
    };
    return cmocka_run_group_tests(tests, build_policy, drop_policy);
}
