/* SPDX-License-Identifier: Apache-2.0 */
/* Real plugins, compiled here from a few lines of C, each broken in one way by hand. */
#include "compiler/native/audit.h"

#include <elf.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "compiler/native/recipe.h"
#include "compiler/tool/process.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/plugin/elf_audit.h"
#include "runtime/plugin/load.h"
#include "runtime/plugin/mode.h"
#include "tests/unit/failing_allocation.h"

#define OBJECT_MAX ((size_t)1 << 20)

/* Every part of the descriptor can be changed with -D. */
static const char source[] =
    "#include \"plugin.h\"\n"
    "void chimera_trap(struct chimera_guest *guest, unsigned trap);\n"
    "__attribute__((used)) static void run(struct chimera_instance *i, union chimera_value *v)\n"
    "{ v->i32 = 42; if (i->memory.size == 1) chimera_trap(i->guest, 5); }\n"
    "static void initialize(struct chimera_instance *i) { i->memory.pages = 0; }\n"
    "static const struct chimera_export exports[] = {\n"
    "  {\"run\", 3, CHIMERA_EXPORT_FUNCTION, \":i\", run, 0},\n"
    "  {\"global\", NAME_SIZE, CHIMERA_EXPORT_GLOBAL, \"i\", 0, OFFSET}};\n"
    "static const struct chimera_plugin_table tables[] = {{64, 1, 2, 16}};\n"
    "EXTRA\n"
    "#ifndef NO_DESCRIPTOR\n"
    "__attribute__((visibility(\"default\"))) const struct chimera_plugin chimera_plugin = {\n"
    "  .abi = ABI, .size = SIZE, .wasm_digest = {DIGEST}, .toolchain = TOOLCHAIN, .mode = MODE,\n"
    "  .has_memory = 1, .memory_min_pages = 2, .memory_max_pages = MAX_PAGES, .image_size = "
    "IMAGE,\n"
    "  .instance_size = INSTANCE, .tables = tables, .exports = EXPORTS, .table_count = 1,\n"
    "  .export_count = EXPORT_COUNT, .initialize = INITIALIZE, .start = 0, .tier = TIER};\n"
    "#endif\n";

static const char *const defaults[] = {
    "ABI=CHIMERA_PLUGIN_ABI",
    "SIZE=sizeof(chimera_plugin)",
    "DIGEST=7",
    "TOOLCHAIN=\"test\"",
    "MODE=1",
    "TIER=2",
    "MAX_PAGES=16",
    "IMAGE=0",
    "INSTANCE=128",
    "EXPORTS=exports",
    "EXPORT_COUNT=2",
    "OFFSET=96",
    "NAME_SIZE=6",
    "INITIALIZE=initialize",
    "EXTRA=",
};
#define DEFAULTS (sizeof(defaults) / sizeof(defaults[0]))

static struct chimera_tools tools;
static char *folder; /* of all files */

struct variant {
    const char *define;   /* of `defaults`, another value; or NULL */
    const char *link[4];  /* further arguments of the linker */
    bool has_all_exports; /* without the version script */
};

static char *file_in_folder(const char *name)
{
    char *path = chimera_path_join(folder, name);
    assert_non_null(path);
    return path;
}

static bool is_same_macro(const char *a, const char *b)
{
    size_t size = strcspn(a, "=");
    return strncmp(a, b, size) == 0 && b[size] == '=';
}

static void run_tool(const char *const *argv)
{
    struct chimera_error err = {0};
    static const char *const reads[] = {TEST_DATA "/../plugins/policy", NULL};
    struct chimera_command command = {
        .what = argv[0], .argv = argv, .folder = folder, .reads = reads};
    if (chimera_process_run(&command, &err) < 0)
        fail_msg("%s", err.text);
}

static void compile_variant(const struct variant *variant)
{
    const char *argv[128];
    size_t at = 0;
    argv[at++] = tools.clang;
    for (const char *const *flag = chimera_compile_flags(CHIMERA_TIER_FULL); *flag; flag++)
        argv[at++] = *flag;
    argv[at++] = "-O1";
    argv[at++] = "-I" TEST_DATA "/../plugins/policy";
    for (size_t i = 0; i < DEFAULTS; i++) {
        bool is_changed = variant->define && is_same_macro(defaults[i], variant->define);
        argv[at++] = "-D";
        argv[at++] = is_changed ? variant->define : defaults[i];
    }
    argv[at++] =
        variant->define && strcmp(variant->define, "NO_DESCRIPTOR") == 0 ? "-DNO_DESCRIPTOR" : "-w";
    argv[at++] = "-c";
    argv[at++] = "-o";
    argv[at++] = "plugin.o";
    argv[at++] = "plugin.c";
    argv[at] = NULL;
    run_tool(argv);
}

static void link_variant(const struct variant *variant)
{
    const char *argv[64];
    size_t at = 0;
    argv[at++] = tools.lld;
    for (const char *const *flag = chimera_link_flags(); *flag; flag++) {
        bool is_script = strcmp(*flag, "--version-script") == 0;
        if (variant->has_all_exports && is_script)
            flag++; /* and its name */
        else
            argv[at++] = *flag;
    }
    for (size_t i = 0; i < 4 && variant->link[i]; i++)
        argv[at++] = variant->link[i];
    argv[at++] = "-o";
    argv[at++] = "plugin.so";
    argv[at++] = "plugin.o";
    argv[at] = NULL;
    run_tool(argv);
}

static void build_variant(const struct variant *variant)
{
    compile_variant(variant);
    link_variant(variant);
}

static void build_good(void)
{
    build_variant(&(struct variant){.define = NULL});
}

static struct chimera_buffer read_plugin(void)
{
    struct chimera_buffer bytes;
    CHIMERA_FREE char *path = file_in_folder("plugin.so");
    chimera_buffer_init(&bytes, OBJECT_MAX);
    assert_int_equal(chimera_file_read(path, &bytes, NULL), CHIMERA_OK);
    return bytes;
}

static void expect_audit(const char *what, const char *expected)
{
    struct chimera_error err = {0};
    struct chimera_buffer bytes = read_plugin();
    int code = chimera_elf_audit(bytes.data, bytes.size, "plugin.so", CHIMERA_MODE_NONE, &err);
    chimera_buffer_free(&bytes);
    if (!expected && code < 0)
        fail_msg("%s: %s", what, err.text);
    if (expected && (code != CHIMERA_EREFUSED || !strstr(err.text, expected)))
        fail_msg("%s: expected \"%s\", got %d \"%s\"", what, expected, code, err.text);
    if (expected && !strstr(err.text, "build it again with `chimera build`"))
        fail_msg("%s: does not tell what to do: %s", what, err.text);
}

/* --- The ELF audit --- */

static void a_plugin_of_our_own_passes(void **state)
{
    (void)state;
    build_good();
    expect_audit("good", NULL);
}

struct broken {
    struct variant variant;
    const char *expected;
};

static const struct broken broken[] = {
    {{.define = "EXTRA=__attribute__((constructor)) static void c(void) { chimera_trap(0, 0); }"},
     "runs code when it is loaded (DT_INIT_ARRAY)"},
    {{.define = "EXTRA=__attribute__((destructor)) static void c(void) { chimera_trap(0, 0); }"},
     "runs code when it is unloaded (DT_FINI_ARRAY)"},
    {{.define = "EXTRA=__attribute__((used)) void c(void) { }", .link = {"-init", "c"}},
     "runs code when it is loaded (DT_INIT)"},
    {{.define = "EXTRA=__attribute__((used)) void c(void) { }", .link = {"-fini", "c"}},
     "runs code when it is unloaded (DT_FINI)"},
    {{.link = {"--no-as-needed", "/lib/x86_64-linux-gnu/libc.so.6"}},
     "needs another library (DT_NEEDED)"},
    {{.define = "EXTRA=int system(const char *); __attribute__((used)) static int c(void) "
                "{ return system(\"id\"); }",
      .link = {"--no-gc-sections"}},
     "imports `system`, which is not one of the runtime's functions"},
    {{.define = "EXTRA=__attribute__((weak)) void chimera_memory_grow(void); __attribute__((used)) "
                "static void "
                "c(void) { chimera_memory_grow(); }",
      .link = {"--no-gc-sections"}},
     "imports `chimera_memory_grow` in an odd way"},
    {{.define = "EXTRA=__attribute__((visibility(\"default\"))) const int extra = 1;",
      .has_all_exports = true},
     "exports `extra` besides chimera_plugin"},
    {{.define = "NO_DESCRIPTOR", .link = {"--no-gc-sections"}, .has_all_exports = true},
     "does not export chimera_plugin"},
    {{.define = "EXTRA=static int counter; __attribute__((used)) static int c(void) { return "
                "counter++; }",
      .link = {"--no-gc-sections"}},
     "has data that stays writable"},
    {{.link = {"-z", "norelro"}}, "has data that stays writable"},
    {{.define =
          "EXTRA=static __thread int t; __attribute__((used)) static int *c(void) { return &t; }",
      .link = {"--no-gc-sections"}},
     "has a segment of the kind 0x7"},
    {{.define = "EXTRA=__asm__(\".text\\n.quad chimera_trap\\n\");", .link = {"-z", "notext"}},
     "has relocations in its code (D"},
    {{.define = "EXTRA=static void (*pick(void))(void) { return 0; } void c(void) "
                "__attribute__((ifunc(\"pick\"), visibility(\"hidden\"))); __attribute__((used)) "
                "static void "
                "d(void) { c(); }",
      .link = {"--no-gc-sections"}},
     "runs code when it is loaded (IRELATIVE)"},
    {{.link = {"-rpath", "/tmp"}}, "names a search path (DT_RUNPATH)"},
    {{.link = {"-rpath", "/tmp", "--disable-new-dtags"}}, "names a search path (DT_RPATH)"},
    {{.link = {"-soname", "libc.so.6"}}, "has the dynamic tag 0xe"},
    {{.link = {"-z", "execstack"}}, "asks for an executable stack"},
    {{.link = {"-z", "nognustack"}}, "does not say that its stack is not executable"},
    {{.link = {"--hash-style=sysv"}}, "has the dynamic tag 0x4"},
    {{.link = {"-z", "nodelete"}}, "has an odd value at the dynamic tag 0x6ffffffb"},
    {{.link = {"-z", "lazy"}}, "does not bind its imports when it is loaded (BIND_NOW)"},
    {{.link = {"-z", "max-page-size=65536"}}, "has a segment with another alignment than a page"},
};

static void a_plugin_with_more_than_a_policy_needs_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        build_variant(&broken[i].variant);
        expect_audit(broken[i].expected, broken[i].expected);
    }
}

/* Of a plugin that calls waPC, WASI or Rego; guest-abis.md §1.1. */
static void a_plugin_imports_only_what_its_mode_has(void **state)
{
    static const struct {
        const char *symbol;
        enum chimera_mode good, bad;
    } cases[] = {
        {"chimera_wapc_guest_error", CHIMERA_MODE_WAPC, CHIMERA_MODE_WASI},
        {"chimera_wapc_guest_error", CHIMERA_MODE_NONE, CHIMERA_MODE_OPA},
        {"chimera_wasi_fd_read", CHIMERA_MODE_WAPC, CHIMERA_MODE_GATEKEEPER},
        {"chimera_wasi_fd_read", CHIMERA_MODE_CHIMERA, CHIMERA_MODE_OPA},
        {"chimera_wasi_host_call", CHIMERA_MODE_WASI, CHIMERA_MODE_WAPC},
        {"chimera_wasi_host_call", CHIMERA_MODE_NONE, CHIMERA_MODE_CHIMERA},
        {"chimera_opa_println", CHIMERA_MODE_OPA, CHIMERA_MODE_WAPC},
        {"chimera_opa_println", CHIMERA_MODE_GATEKEEPER, CHIMERA_MODE_WASI},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char define[256];
        struct chimera_error err = {0};
        snprintf(define, sizeof(define),
                 "EXTRA=void %s(void); __attribute__((used)) static void c(void) { %s(); }",
                 cases[i].symbol, cases[i].symbol);
        build_variant(&(struct variant){.define = define, .link = {"--no-gc-sections"}});
        struct chimera_buffer bytes = read_plugin();
        assert_int_equal(chimera_elf_audit(bytes.data, bytes.size, "p", cases[i].good, &err), 0);
        assert_int_equal(chimera_elf_audit(bytes.data, bytes.size, "p", cases[i].bad, &err),
                         CHIMERA_EREFUSED);
        assert_non_null(strstr(err.text, cases[i].symbol));
        assert_non_null(strstr(err.text, chimera_mode_name(cases[i].bad)));
        chimera_buffer_free(&bytes);
    }
}

struct patch {
    const char *what;
    size_t offset;
    uint64_t value;
    size_t size;
    const char *expected;
};

static void write_plugin(const struct chimera_buffer *bytes)
{
    CHIMERA_FREE char *path = file_in_folder("plugin.so");
    assert_int_equal(chimera_file_write(path, chimera_buffer_slice(bytes), 0644, NULL), CHIMERA_OK);
}

static void apply_patch(const struct patch *patch)
{
    struct chimera_buffer bytes = read_plugin();
    assert_true(patch->offset + patch->size <= bytes.size);
    memcpy(bytes.data + patch->offset, &patch->value, patch->size);
    write_plugin(&bytes);
    chimera_buffer_free(&bytes);
}

static uint64_t number_at(size_t offset)
{
    struct chimera_buffer bytes = read_plugin();
    uint64_t number;
    memcpy(&number, bytes.data + offset, sizeof(number));
    chimera_buffer_free(&bytes);
    return number;
}

/* Where field `field` of the first segment of `type` (with `flags`, if not 0) stands in the file.
 */
static size_t segment_field(uint32_t type, uint32_t flags, size_t field)
{
    struct chimera_buffer bytes = read_plugin();
    Elf64_Ehdr header;
    size_t at = 0;
    memcpy(&header, bytes.data, sizeof(header));
    for (size_t i = 0; i < header.e_phnum && at == 0; i++) {
        Elf64_Phdr segment;
        size_t offset = header.e_phoff + i * sizeof(segment);
        memcpy(&segment, bytes.data + offset, sizeof(segment));
        if (segment.p_type == type && (flags == 0 || segment.p_flags == flags))
            at = offset + field;
    }
    chimera_buffer_free(&bytes);
    assert_int_not_equal(at, 0);
    return at;
}

#define HEADER(field) offsetof(Elf64_Ehdr, field)
#define SEGMENT(type, flags, field) segment_field(type, flags, offsetof(Elf64_Phdr, field))

static void a_plugin_with_a_broken_number_is_refused(void **state)
{
    (void)state;
    build_good();
    uint64_t code_end = number_at(SEGMENT(PT_LOAD, PF_R | PF_X, p_offset)) +
                        number_at(SEGMENT(PT_LOAD, PF_R | PF_X, p_filesz));
    const struct patch patches[] = {
        {"magic", 0, 0, 4, "is not an ELF file"},
        {"class", EI_CLASS, ELFCLASS32, 1, "is not for 64-bit x86"},
        {"machine", HEADER(e_machine), EM_AARCH64, 2, "is not for 64-bit x86"},
        {"type", HEADER(e_type), ET_EXEC, 2, "is not a shared object"},
        {"version", HEADER(e_version), 2, 4, "is of an unknown kind of ELF"},
        {"segment count", HEADER(e_phnum), 60000, 2, "has a broken table of segments"},
        {"segment table", HEADER(e_phoff), UINT64_MAX - 8, 8, "has a broken table of segments"},
        {"rwx", SEGMENT(PT_LOAD, PF_R | PF_X, p_flags), PF_R | PF_W | PF_X, 4,
         "has code that can be written"},
        {"no code", SEGMENT(PT_LOAD, PF_R | PF_X, p_flags), PF_R, 4,
         "has 0 executable segments instead of one"},
        {"file size", SEGMENT(PT_LOAD, 0, p_filesz), UINT64_MAX, 8,
         "has a segment that does not fit the file"},
        {"offset", SEGMENT(PT_LOAD, 0, p_offset), UINT64_MAX - 4095, 8,
         "has a segment that does not fit"},
        {"address", SEGMENT(PT_LOAD, 0, p_vaddr), UINT64_MAX - 4095, 8,
         "has a segment that does not fit"},
        {"memory size", SEGMENT(PT_LOAD, 0, p_memsz), UINT64_MAX, 8,
         "has a segment that does not fit"},
        {"overlap", SEGMENT(PT_LOAD, 0, p_memsz), 8192, 8, "has segments that overlap"},
        {"dynamic", SEGMENT(PT_DYNAMIC, 0, p_vaddr), 0x900000, 8,
         "has a description (0x2) outside"},
        {"dynamic size", SEGMENT(PT_DYNAMIC, 0, p_filesz), 16, 8,
         "has a description (0x2) outside"},
        {"dynamic kind", SEGMENT(PT_DYNAMIC, 0, p_type), PT_NULL, 4, "has no dynamic section"},
        {"interpreter", SEGMENT(PT_PHDR, 0, p_type), PT_INTERP, 4, "has a segment of the kind 0x3"},
        {"relro", SEGMENT(PT_GNU_RELRO, 0, p_vaddr), 0, 8,
         "has a relocated region outside its data"},
        {"part of a page", SEGMENT(PT_GNU_RELRO, 0, p_memsz), 4088, 8,
         "has data that stays writable"},
        {"behind the code", (size_t)(code_end | 4095), 0x0f, 1, "has bytes behind its code, at"},
        {"short code", SEGMENT(PT_LOAD, PF_R | PF_X, p_filesz), 1, 8,
         "has code that does not fill"},
    };
    for (size_t i = 0; i < sizeof(patches) / sizeof(patches[0]); i++) {
        struct chimera_buffer before = read_plugin();
        apply_patch(&patches[i]);
        expect_audit(patches[i].what, patches[i].expected);
        write_plugin(&before);
        chimera_buffer_free(&before);
    }
}

static size_t dynamic_entry(int64_t tag)
{
    struct chimera_buffer bytes = read_plugin();
    Elf64_Phdr segment;
    size_t found = 0;
    memcpy(&segment, bytes.data + SEGMENT(PT_DYNAMIC, 0, p_type), sizeof(segment));
    for (size_t at = segment.p_offset; at < segment.p_offset + segment.p_filesz && !found;
         at += sizeof(Elf64_Dyn)) {
        Elf64_Dyn entry;
        memcpy(&entry, bytes.data + at, sizeof(entry));
        if (entry.d_tag == tag)
            found = at;
    }
    chimera_buffer_free(&bytes);
    assert_int_not_equal(found, 0);
    return found;
}

#define VALUE(tag) (dynamic_entry(tag) + offsetof(Elf64_Dyn, d_un))

static void every_tag_that_runs_or_finds_code_is_refused(void **state)
{
    (void)state;
    static const int64_t tags[] = {
        DT_NEEDED,  DT_INIT,   DT_FINI,    DT_INIT_ARRAY, DT_FINI_ARRAY,  DT_PREINIT_ARRAY,
        DT_TEXTREL, DT_RPATH,  DT_RUNPATH, DT_AUDIT,      DT_DEPAUDIT,    DT_AUXILIARY,
        DT_FILTER,  DT_SONAME, DT_VERSYM,  DT_VERNEED,    DT_VERDEF,      DT_DEBUG,
        DT_REL,     DT_HASH,   DT_RELR,    DT_CONFIG,     DT_GNU_LIBLIST, DT_MOVETAB};
    build_good();
    size_t place = dynamic_entry(DT_RELACOUNT); /* a hint: nothing misses it */
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        char expected[64];
        bool is_named = tags[i] == DT_PREINIT_ARRAY;
        snprintf(expected, sizeof(expected), "%s", is_named ? "(DT_PREINIT_ARRAY)" : "the plugin ");
        apply_patch(&(struct patch){"tag", place, (uint64_t)tags[i], 8, NULL});
        expect_audit(expected, expected);
    }
}

static void a_plugin_with_a_broken_dynamic_section_is_refused(void **state)
{
    (void)state;
    build_good();
    /* These tables stand in the first segment, whose addresses are its offsets in the file. */
    size_t relocations = (size_t)number_at(VALUE(DT_RELA)),
           symbols = (size_t)number_at(VALUE(DT_SYMTAB));
    size_t hash = (size_t)number_at(VALUE(DT_GNU_HASH));
    const struct patch patches[] = {
        {"no end", dynamic_entry(DT_NULL), DT_SYMBOLIC, 8, "has a dynamic section without an end"},
        {"twice", dynamic_entry(DT_RELAENT), DT_SYMENT, 8, "has the dynamic tag 0xb twice"},
        {"entry size", VALUE(DT_RELAENT), 8, 8, "has an odd value at the dynamic tag 0x9"},
        {"no strings", VALUE(DT_STRTAB), 0x1000000, 8, "has a broken table of symbols"},
        {"strings", VALUE(DT_STRSZ), 4, 8, "has a broken table of symbols"},
        {"symbols", VALUE(DT_SYMTAB), UINT64_MAX - 7, 8, "has a broken table of symbols"},
        {"no hash", VALUE(DT_GNU_HASH), 0, 8, "has no hash table of its symbols"},
        {"hash", VALUE(DT_GNU_HASH), UINT64_MAX, 8, "has no hash table of its symbols"},
        {"buckets", hash, UINT32_MAX, 4, "has a broken hash table of its symbols"},
        {"bloom", hash + 8, UINT32_MAX, 4, "has a broken hash table of its symbols"},
        {"first symbol", hash + 4, 0, 4, "has a broken hash table of its symbols"},
        {"relocations", VALUE(DT_RELA), UINT64_MAX - 15, 8, "has a broken table of relocations"},
        {"relocation size", VALUE(DT_RELASZ), UINT64_MAX - 15, 8,
         "has a broken table of relocations"},
        {"target", relocations, 0x1000, 8, "has a relocation outside its data, at 0x1000"},
        {"addend", relocations + 16, 0x7f0000000000, 8,
         "has a relocation that points outside of it"},
        {"kind", relocations + 8, R_X86_64_COPY, 8, "has a relocation of the kind 5"},
        {"irelative", relocations + 8, R_X86_64_IRELATIVE, 8,
         "runs code when it is loaded (IRELATIVE)"},
        {"no symbol", relocations + 8, R_X86_64_64, 8, "has a relocation that names no import"},
        {"far symbol", relocations + 8, R_X86_64_64 | (UINT64_C(999) << 32), 8,
         "that names no import"},
        {"own symbol", relocations + 8, R_X86_64_64 | (UINT64_C(2) << 32), 8,
         "that names no import"},
        {"dynamic", relocations, number_at(SEGMENT(PT_DYNAMIC, 0, p_vaddr)) + 8, 8,
         "has a relocation in its dynamic section"},
        {"function", symbols + 2 * sizeof(Elf64_Sym) + 4, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 1,
         "exports chimera_plugin as something else than an object"},
        {"ifunc", symbols + 2 * sizeof(Elf64_Sym) + 4, ELF64_ST_INFO(STB_GLOBAL, STT_GNU_IFUNC), 1,
         "has a function that is chosen when it is loaded (IFUNC)"},
        {"far export", symbols + 2 * sizeof(Elf64_Sym) + 8, 0x7f0000000000, 8,
         "that lies outside its data"},
        {"export size", symbols + 2 * sizeof(Elf64_Sym) + 16, UINT64_MAX, 8,
         "that lies outside its data"},
    };
    for (size_t i = 0; i < sizeof(patches) / sizeof(patches[0]); i++) {
        struct chimera_buffer before = read_plugin();
        apply_patch(&patches[i]);
        expect_audit(patches[i].what, patches[i].expected);
        write_plugin(&before);
        chimera_buffer_free(&before);
    }
}

static void a_plugin_that_was_cut_is_refused(void **state)
{
    (void)state;
    build_good();
    struct chimera_buffer bytes = read_plugin();
    uint64_t needed = number_at(SEGMENT(PT_LOAD, PF_R | PF_W, p_offset)) +
                      number_at(SEGMENT(PT_LOAD, PF_R | PF_W, p_filesz));
    for (size_t size = 0; size < needed; size += size < 800 ? 1 : 97) {
        char *exact = malloc(size ? size : 1); /* so that the sanitizer sees each byte beyond */
        assert_non_null(exact);
        memcpy(exact, bytes.data, size);
        assert_int_equal(chimera_elf_audit(exact, size, "cut", CHIMERA_MODE_NONE, NULL),
                         CHIMERA_EREFUSED);
        free(exact);
    }
    chimera_buffer_free(&bytes);
}

/* --- The audit after the link --- */

struct instruction {
    const char *define;
    const char *expected; /* NULL: allowed */
};

#define CODE(text) "EXTRA=__asm__(\".text\\n" text "\\n.byte 0xcc\\n\");"

static void the_audit_finds_forbidden_instructions(void **state)
{
    (void)state;
    static const struct instruction instructions[] = {
        {CODE("int3\\nud2\\nendbr64\\nlock incl (%rax)\\nrep stosb\\nmfence\\nxorl %eax, %eax"),
         NULL},
        {CODE("syscall"), ": syscall"},
        {CODE("sysenter"), ": sysenter"},
        {CODE("int $0x80"), ": int $0x80"},
        {CODE("wrfsbase %rax"), ": wrfsbase"},
        {CODE("wrgsbase %rax"), ": wrgsbase"},
        {CODE("rdfsbase %eax"), ": rdfsbase"},
        {CODE("xrstor (%rax)"), ": xrstor"},
        {CODE("xrstors64 (%rax)"), ": xrstors64"},
        {CODE("wrpkru"), ": wrpkru"},
        {CODE("rdtscp"), ": rdtscp"},
        {CODE("lretq"), ": lretq"},
        {CODE("movq %fs:0x28, %rax"), ": movq %fs:0x28, %rax"},
        {CODE("leaq 8(%rbx), %rax\\nmovl %eax, %gs"), ": movl %eax, %gs"},
        {CODE("rex64 syscall"), "syscall"},
        {CODE("lgsl (%rax), %ecx"), ": lgsl"},
        {CODE("std\\nrep movsb"), ": std"},
        {CODE("popfq"), ": popfq"},
        {CODE("rdpid %rax"), ": rdpid"},
        {CODE("clflushopt (%rax)"), ": clflushopt"},
        {CODE("xbegin 1f\\n1: nop"), ": xbegin"},
        {CODE("inb %dx, %al"), ": inb"},
        {CODE(".zero 64\\nsyscall"), ": syscall"},
        {CODE(".byte 0x0f, 0xff, 0xff, 0x06, 0x06"), "<unknown>"},
    };
    CHIMERA_FREE char *path = file_in_folder("plugin.so");
    for (size_t i = 0; i < sizeof(instructions) / sizeof(instructions[0]); i++) {
        struct chimera_error err = {0};
        build_variant(
            &(struct variant){.define = instructions[i].define, .link = {"--no-gc-sections"}});
        int code = chimera_audit(&tools, CHIMERA_TIER_FULL, path, &err);
        const char *expected = instructions[i].expected;
        if (expected ? code != CHIMERA_EREFUSED || !strstr(err.text, expected) : code != CHIMERA_OK)
            fail_msg("%s: %d %s", instructions[i].define, code, err.text);
    }
}

/* --- The loader --- */

/* A manifest that fits the plugin as it was built with the defaults. */
static void write_manifest(bool has_image)
{
    CHIMERA_FREE char *object = file_in_folder("plugin.so");
    CHIMERA_FREE char *image = file_in_folder("plugin.image");
    CHIMERA_FREE char *path = file_in_folder("plugin.json");
    char toolchain[] = "test", metadata[] = "{\"a\":1}";
    struct chimera_manifest manifest = {
        .wasm = {{7}}, .mode = CHIMERA_MODE_WAPC, .toolchain = toolchain, .metadata = metadata};
    struct chimera_buffer bytes = read_plugin();
    assert_int_equal(chimera_digest_of(chimera_buffer_slice(&bytes), &manifest.so), CHIMERA_OK);
    chimera_buffer_free(&bytes);
    if (has_image) {
        assert_int_equal(chimera_file_write(image, CHIMERA_SLICE("0123456789"), 0644, NULL),
                         CHIMERA_OK);
        assert_int_equal(chimera_digest_of(CHIMERA_SLICE("0123456789"), &manifest.image),
                         CHIMERA_OK);
    }
    assert_int_equal(chimera_manifest_write(path, &manifest, NULL), CHIMERA_OK);
}

static int load(struct chimera_loaded **ret_loaded, struct chimera_error *err)
{
    CHIMERA_FREE char *path = file_in_folder("plugin.so");
    return chimera_plugin_load(path, ret_loaded, err);
}

static void expect_load(const char *what, int expected_code, const char *expected)
{
    struct chimera_error err = {0};
    struct chimera_loaded *loaded = NULL;
    int code = load(&loaded, &err);
    assert_null(loaded);
    if (code != expected_code || !strstr(err.text, expected))
        fail_msg("%s: expected %d \"%s\", got %d \"%s\"", what, expected_code, expected, code,
                 err.text);
}

/* There is no unload; this is for the leak checker. */
static void forget(struct chimera_loaded *loaded)
{
    chimera_manifest_done(&loaded->manifest);
    free(loaded->path);
    free(loaded);
}

static void a_good_plugin_loads_and_runs(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    struct chimera_loaded *loaded = NULL;
    build_good();
    write_manifest(false);
    if (load(&loaded, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(loaded->plugin->export_count, 2);
    assert_string_equal(loaded->manifest.metadata, "{\"a\":1}");
    assert_int_equal(loaded->manifest.mode, CHIMERA_MODE_WAPC);
    assert_int_equal(loaded->image_fd, -1);
    uintptr_t code = (uintptr_t)loaded->plugin->exports[0].call;
    assert_true(code >= loaded->text_start && code < loaded->text_end);
    struct chimera_instance instance = {0};
    union chimera_value value = {0};
    loaded->plugin->exports[0].call(&instance, &value);
    assert_int_equal(value.i32, 42);
    forget(loaded);
}

static void one_plugin_may_be_loaded_twice(void **state)
{
    (void)state;
    struct chimera_loaded *first = NULL, *second = NULL;
    build_variant(&(struct variant){.define = "MAX_PAGES=17"});
    write_manifest(false);
    assert_int_equal(load(&first, NULL), CHIMERA_OK);
    assert_int_equal(load(&second, NULL), CHIMERA_OK);
    assert_ptr_equal(first->plugin, second->plugin);
    forget(first);
    forget(second);
}

static void another_plugin_under_the_same_path_is_another_plugin(void **state)
{
    (void)state;
    struct chimera_loaded *first = NULL, *second = NULL;
    build_variant(&(struct variant){.define = "MAX_PAGES=18"});
    write_manifest(false);
    assert_int_equal(load(&first, NULL), CHIMERA_OK);
    CHIMERA_FREE char *path = file_in_folder("plugin.so");
    unlink(path);
    build_variant(&(struct variant){.define = "MAX_PAGES=19"});
    write_manifest(false);
    assert_int_equal(load(&second, NULL), CHIMERA_OK);
    assert_int_equal(first->plugin->memory_max_pages, 18);
    assert_int_equal(second->plugin->memory_max_pages, 19);
    forget(first);
    forget(second);
}

static void files_that_others_can_write_are_loaded_from_a_sealed_copy(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    struct chimera_loaded *loaded = NULL;
    build_variant(&(struct variant){.define = "IMAGE=10"});
    write_manifest(true);
    CHIMERA_FREE char *object = file_in_folder("plugin.so");
    CHIMERA_FREE char *image = file_in_folder("plugin.image");
    assert_int_equal(chmod(object, 0666), 0);
    assert_int_equal(chmod(image, 0666), 0);
    if (load(&loaded, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(chimera_file_write(image, CHIMERA_SLICE("changed..."), 0644, NULL),
                     CHIMERA_OK);
    char bytes[11] = "";
    assert_int_equal(pread(loaded->image_fd, bytes, 10, 0), 10);
    assert_string_equal(bytes, "0123456789");
    assert_int_equal(pwrite(loaded->image_fd, "x", 1, 0), -1);
    close(loaded->image_fd);
    forget(loaded);
}

struct wrong {
    const char *define;
    int code;
    const char *expected;
};

static void a_descriptor_that_cannot_be_true_is_refused(void **state)
{
    (void)state;
    static const struct wrong wrongs[] = {
        {"ABI=99", CHIMERA_EABI, "has ABI 99, this program has ABI 3; build it again"},
        {"SIZE=16", CHIMERA_EABI, "has a descriptor of 16 bytes instead of"},
        {"SIZE=1<<30", CHIMERA_EABI, "has a descriptor of 1073741824 bytes instead of"},
        {"DIGEST=8", CHIMERA_EREFUSED,
         "was made from another WebAssembly module than its manifest says"},
        {"TOOLCHAIN=\"other\"", CHIMERA_EREFUSED,
         "was built by another toolchain than its manifest says"},
        {"TOOLCHAIN=(const char *)8", CHIMERA_EREFUSED, "was built by another toolchain"},
        {"MODE=2", CHIMERA_EREFUSED, "has another execution mode than its manifest says"},
        {"TIER=1", CHIMERA_EREFUSED, "is of another tier than its manifest says"},
        {"MAX_PAGES=65537", CHIMERA_EREFUSED, "states an impossible linear memory"},
        {"MAX_PAGES=1", CHIMERA_EREFUSED, "states an impossible linear memory"},
        {"IMAGE=131073", CHIMERA_EREFUSED, "states an impossible linear memory"},
        {"IMAGE=10", CHIMERA_EREFUSED, "needs 10 bytes of initial memory and has 0"},
        {"INSTANCE=8", CHIMERA_EREFUSED, "states an instance of 8 bytes"},
        {"INSTANCE=72", CHIMERA_EREFUSED, "states an impossible table"},
        {"EXPORT_COUNT=90000", CHIMERA_EREFUSED, "has a broken list of exports"},
        {"EXPORTS=(const struct chimera_export *)4096", CHIMERA_EREFUSED,
         "has a broken list of exports"},
        {"NAME_SIZE=90000", CHIMERA_EREFUSED, "has an export with a broken name"},
        {"OFFSET=126", CHIMERA_EREFUSED, "has a broken exported global"},
        {"OFFSET=0", CHIMERA_EREFUSED, "has a broken exported global"},
        {"INITIALIZE=0", CHIMERA_EREFUSED, "has no code where it starts"},
        {"INITIALIZE=(void (*)(struct chimera_instance *))exports", CHIMERA_EREFUSED,
         "has no code where it"},
    };
    CHIMERA_FREE char *object = file_in_folder("plugin.so");
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        unlink(object); /* a file that is mapped must not be written over */
        build_variant(&(struct variant){.define = wrongs[i].define});
        write_manifest(false);
        expect_load(wrongs[i].define, wrongs[i].code, wrongs[i].expected);
    }
}

static void files_that_do_not_fit_the_manifest_are_refused(void **state)
{
    (void)state;
    CHIMERA_FREE char *object = file_in_folder("plugin.so");
    CHIMERA_FREE char *manifest = file_in_folder("plugin.json");
    CHIMERA_FREE char *image = file_in_folder("plugin.image");
    unlink(object);
    build_variant(&(struct variant){.define = "IMAGE=10"});
    write_manifest(true);
    assert_int_equal(chimera_file_write(image, CHIMERA_SLICE("012345678x"), 0644, NULL),
                     CHIMERA_OK);
    expect_load("image", CHIMERA_EREFUSED, "plugin.image is not the file that its manifest names");
    unlink(image);
    expect_load("no image", CHIMERA_EIO, "plugin.image: No such file or directory");
    struct chimera_buffer bytes = read_plugin();
    chimera_buffer_byte(&bytes, 0);
    write_plugin(&bytes);
    chimera_buffer_free(&bytes);
    expect_load("object", CHIMERA_EREFUSED, "plugin.so is not the file that its manifest names");
    unlink(object);
    expect_load("no object", CHIMERA_EIO, "plugin.so: No such file or directory");
    unlink(manifest);
    expect_load("no manifest", CHIMERA_EIO, "plugin.json: No such file or directory");
    assert_int_equal(chimera_plugin_load("/tmp/plugin.txt", NULL, NULL), CHIMERA_EINVAL);
}

/* Neither waits for a pipe nor reads a folder. */
static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    CHIMERA_FREE char *object = file_in_folder("plugin.so");
    unlink(object);
    build_good();
    write_manifest(false);
    unlink(object);
    assert_int_equal(mkfifo(object, 0644), 0);
    expect_load("pipe", CHIMERA_EREFUSED, "plugin.so is not a regular file");
    unlink(object);
    assert_int_equal(mkdir(object, 0755), 0);
    expect_load("folder", CHIMERA_EREFUSED, "plugin.so is not a regular file");
    rmdir(object);
    assert_int_equal(chimera_file_write(object, CHIMERA_SLICE(""), 0644, NULL), CHIMERA_OK);
    assert_int_equal(truncate(object, (off_t)(1 << 30) + 1), 0);
    expect_load("huge", CHIMERA_ELIMIT, "plugin.so is larger than 1073741824 bytes");
    unlink(object);
}

/* A copy is not made, or is whole: here the file is larger than we may write one. */
static void a_copy_that_cannot_be_made_is_refused(void **state)
{
    (void)state;
    CHIMERA_FREE char *object = file_in_folder("plugin.so");
    struct rlimit before, small = {.rlim_cur = 64};
    struct chimera_loaded *loaded = NULL;
    struct chimera_error err = {0};
    unlink(object);
    build_good();
    write_manifest(false);
    assert_int_equal(chmod(object, 0666), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int code = load(&loaded, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(code, CHIMERA_EIO);
    assert_non_null(strstr(err.text, "cannot copy "));
    assert_non_null(strstr(err.text, "plugin.so into memory: File too large"));
}

static void every_allocation_of_a_load_may_fail(void **state)
{
    (void)state;
    if (!CAN_FAIL_ALLOCATIONS)
        skip();
    CHIMERA_FREE char *object = file_in_folder("plugin.so");
    struct chimera_loaded *loaded = NULL;
    unlink(object);
    build_variant(&(struct variant){.define = "IMAGE=10"});
    write_manifest(true);
    for (unsigned long n = 1; !loaded && n < 10000; n++) {
        struct chimera_error err = {0};
        fail_allocation(n);
        int code = chimera_plugin_load(object, &loaded, &err);
        fail_allocation(0);
        /* The system's loader and OpenSSL say it in their way. */
        bool is_told = strstr(err.text, "memory") || strstr(err.text, "cannot map") ||
                       strstr(err.text, "hash");
        if (code == CHIMERA_OK ? !loaded : loaded || !is_told)
            fail_msg("allocation %lu: %d %s", n, code, err.text);
    }
    assert_non_null(loaded);
    close(loaded->image_fd);
    forget(loaded);
}

static void an_audited_refusal_comes_before_any_code_runs(void **state)
{
    (void)state;
    CHIMERA_FREE char *object = file_in_folder("plugin.so");
    unlink(object);
    build_variant(&(struct variant){
        .define = "EXTRA=__attribute__((constructor)) static void c(void) { __builtin_trap(); }"});
    write_manifest(false);
    expect_load("constructor", CHIMERA_EREFUSED, "runs code when it is loaded (DT_INIT_ARRAY)");
    unlink(object);
    build_variant(&(struct variant){
        .define = "EXTRA=void chimera_opa_println(void); __attribute__((used)) static void c(void) "
                  "{ chimera_opa_println(); }",
        .link = {"--no-gc-sections"}});
    write_manifest(false); /* waPC */
    expect_load("another mode's import", CHIMERA_EREFUSED, "kubewarden-wapc do not have");
}

struct manifest_case {
    const char *text;
    int code;
    const char *expected;
};

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DIGESTS "\"wasm\":\"sha256:" HEX "\",\"so\":\"sha256:" HEX "\","

static void a_manifest_that_is_wrong_is_refused(void **state)
{
    (void)state;
    static const struct manifest_case cases[] = {
        {"", CHIMERA_EINVAL, "plugin.json: "},
        {"[]", CHIMERA_EINVAL, "is not the manifest of a plugin"},
        {"{\"format\":\"1\"}", CHIMERA_EINVAL, "is not the manifest of a plugin"},
        {"{\"format\":2}", CHIMERA_EABI,
         "has format 2, this program reads format 1; build it again"},
        {"{\"format\":1}", CHIMERA_EINVAL, "\"wasm\" is not a digest"},
        {"{\"format\":1,\"wasm\":\"" HEX "\"}", CHIMERA_EINVAL, "\"wasm\" is not a digest"},
        {"{\"format\":1,\"wasm\":\"sha256:" HEX "0\"}", CHIMERA_EINVAL, "\"wasm\" is not a digest"},
        {"{\"format\":1," DIGESTS "\"image\":7}", CHIMERA_EINVAL, "\"image\" is not a digest"},
        {"{\"format\":1," DIGESTS "\"mode\":\"x\"}", CHIMERA_EINVAL, "the mode \"x\" is unknown"},
        {"{\"format\":1," DIGESTS "\"mode\":\"wasi\"}", CHIMERA_EINVAL,
         "\"toolchain\" is not a text"},
        {"{\"format\":1," DIGESTS "\"mode\":\"wasi\",\"toolchain\":\"a\\u0000b\"}", CHIMERA_EINVAL,
         "\"toolchain\" is not a text"},
        {"{\"format\":1," DIGESTS "\"mode\":\"wasi\",\"toolchain\":\"a\",\"metadata\":{}}",
         CHIMERA_EINVAL, "\"metadata\" is not a text"},
    };
    CHIMERA_FREE char *path = file_in_folder("plugin.json");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct chimera_error err = {0};
        struct chimera_manifest manifest = {0};
        assert_int_equal(chimera_file_write(path, chimera_slice_of(cases[i].text), 0644, NULL),
                         CHIMERA_OK);
        int code = chimera_manifest_read(path, &manifest, &err);
        if (code != cases[i].code || !strstr(err.text, cases[i].expected))
            fail_msg("%s: %d %s", cases[i].text, code, err.text);
    }
}

static void a_manifest_reads_back_as_it_was_written(void **state)
{
    (void)state;
    CHIMERA_FREE char *path = file_in_folder("plugin.json");
    char toolchain[] = "a \"b\" \xc3\xa9", metadata[] = "{\"rules\":[\n]}";
    struct chimera_manifest in = {.wasm = {{1}},
                                  .so = {{2}},
                                  .image = {{3}},
                                  .mode = CHIMERA_MODE_GATEKEEPER,
                                  .tier = CHIMERA_TIER_QUICK,
                                  .toolchain = toolchain,
                                  .metadata = metadata};
    struct chimera_manifest out = {0};
    assert_int_equal(chimera_manifest_write(path, &in, NULL), CHIMERA_OK);
    assert_int_equal(chimera_manifest_read(path, &out, NULL), CHIMERA_OK);
    assert_memory_equal(&out.wasm, &in.wasm, sizeof(in.wasm));
    assert_memory_equal(&out.so, &in.so, sizeof(in.so));
    assert_memory_equal(&out.image, &in.image, sizeof(in.image));
    assert_int_equal(out.mode, in.mode);
    assert_int_equal(out.tier, in.tier);
    assert_string_equal(out.toolchain, toolchain);
    assert_string_equal(out.metadata, metadata);
    chimera_manifest_done(&out);
    assert_null(out.toolchain);
}

static void modes_have_the_names_of_kubewarden(void **state)
{
    (void)state;
    assert_int_equal(chimera_mode_parse("kubewarden"), CHIMERA_MODE_WAPC);
    assert_string_equal(chimera_mode_name(CHIMERA_MODE_WAPC), "kubewarden-wapc");
    assert_int_equal(chimera_mode_parse("gatekeeper"), CHIMERA_MODE_GATEKEEPER);
    assert_int_equal(chimera_mode_parse("Wasi"), CHIMERA_MODE_NONE);
}

static int open_all(void **state)
{
    struct chimera_error err = {0};
    char name[] = "/tmp/chimera-test-elf-XXXXXX";
    (void)state;
    if (chimera_tools_find(&tools, &err) < 0 || !mkdtemp(name)) {
        print_error("%s\n", err.text);
        return -1;
    }
    folder = strdup(name);
    CHIMERA_FREE char *path = file_in_folder("plugin.c");
    CHIMERA_FREE char *script = file_in_folder("plugin.version");
    return chimera_file_write(path, chimera_slice_of(source), 0600, NULL) |
           chimera_file_write(script, CHIMERA_SLICE("{ global: chimera_plugin; local: *; };\n"),
                              0600, NULL);
}

static int close_all(void **state)
{
    (void)state;
    chimera_folder_remove(folder, NULL);
    free(folder);
    chimera_tools_done(&tools);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plugin_of_our_own_passes),
        cmocka_unit_test(a_plugin_with_more_than_a_policy_needs_is_refused),
        cmocka_unit_test(a_plugin_imports_only_what_its_mode_has),
        cmocka_unit_test(a_plugin_with_a_broken_number_is_refused),
        cmocka_unit_test(a_plugin_with_a_broken_dynamic_section_is_refused),
        cmocka_unit_test(every_tag_that_runs_or_finds_code_is_refused),
        cmocka_unit_test(a_plugin_that_was_cut_is_refused),
        cmocka_unit_test(the_audit_finds_forbidden_instructions),
        cmocka_unit_test(a_good_plugin_loads_and_runs),
        cmocka_unit_test(one_plugin_may_be_loaded_twice),
        cmocka_unit_test(another_plugin_under_the_same_path_is_another_plugin),
        cmocka_unit_test(files_that_others_can_write_are_loaded_from_a_sealed_copy),
        cmocka_unit_test(a_descriptor_that_cannot_be_true_is_refused),
        cmocka_unit_test(files_that_do_not_fit_the_manifest_are_refused),
        cmocka_unit_test(what_is_no_file_is_refused),
        cmocka_unit_test(a_copy_that_cannot_be_made_is_refused),
        cmocka_unit_test(every_allocation_of_a_load_may_fail),
        cmocka_unit_test(an_audited_refusal_comes_before_any_code_runs),
        cmocka_unit_test(a_manifest_that_is_wrong_is_refused),
        cmocka_unit_test(a_manifest_reads_back_as_it_was_written),
        cmocka_unit_test(modes_have_the_names_of_kubewarden),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
