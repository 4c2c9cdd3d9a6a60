/* SPDX-License-Identifier: Apache-2.0 */
/* The file is not trusted: every number in it is used only after it was checked against the size of
 * the file, in 64-bit arithmetic that cannot wrap. What our own linker never writes is refused,
 * whether or not it would do harm: the list of what is allowed is short and complete. */
#include "runtime/plugin/elf_audit.h"

#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "runtime/plugin/imports.h"
#include "runtime/plugin/mode.h"

#define PAGE UINT64_C(4096)
#define SEGMENTS_MAX 32
#define ADDRESS_MAX (UINT64_C(1) << 40) /* no sum of two addresses can wrap */
#define RELOCATIONS_MAX (UINT64_C(1) << 24)
#define SYMBOLS_MAX 4096u

struct table { /* an array in the image, by address */
    uint64_t address, size;
};

struct audit {
    const uint8_t *file;
    uint64_t size;
    const char *name;
    enum chimera_mode mode;
    struct chimera_error *err;
    Elf64_Phdr load[SEGMENTS_MAX];
    size_t load_count;
    Elf64_Phdr dynamic_segment, relro;
    bool has_stack, binds_now;
    struct table strings, symbols, hash, relocations, calls;
    uint32_t symbol_count;
};

static int refuse_file(const struct audit *audit, const char *format, ...)
    __attribute__((format(printf, 2, 3), cold));

static int refuse_file(const struct audit *audit, const char *format, ...)
{
    char finding[300];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(finding, sizeof(finding), format, arguments);
    va_end(arguments);
    return chimera_fail(audit->err, CHIMERA_EREFUSED,
                        "the plugin %s %s; build it again with `chimera build`", audit->name,
                        finding);
}

/* --- Where things are --- */

static bool is_within(uint64_t start, uint64_t size, uint64_t outer_start, uint64_t outer_size)
{
    return start >= outer_start && size <= outer_size && start - outer_start <= outer_size - size;
}

static const Elf64_Phdr *segment_of(const struct audit *audit, uint64_t address, uint64_t size)
{
    for (size_t i = 0; i < audit->load_count; i++) {
        if (is_within(address, size, audit->load[i].p_vaddr, audit->load[i].p_memsz))
            return &audit->load[i];
    }
    return NULL;
}

/* The bytes of the file that will stand at `address`; NULL when not all of them come from the file.
 */
static const uint8_t *bytes_at(const struct audit *audit, uint64_t address, uint64_t size)
{
    const Elf64_Phdr *segment = segment_of(audit, address, size);
    if (!segment || !is_within(address, size, segment->p_vaddr, segment->p_filesz))
        return NULL;
    return audit->file + segment->p_offset + (address - segment->p_vaddr);
}

static uint32_t read_u32(const uint8_t *at)
{
    uint32_t number;
    memcpy(&number, at, sizeof(number));
    return number;
}

/* --- The header and the segments --- */

static int check_header(const struct audit *audit, Elf64_Ehdr *ret_header)
{
    Elf64_Ehdr header;
    if (audit->size < sizeof(header) || memcmp(audit->file, ELFMAG, SELFMAG) != 0)
        return refuse_file(audit, "is not an ELF file");
    memcpy(&header, audit->file, sizeof(header));
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
        header.e_machine != EM_X86_64)
        return refuse_file(audit, "is not for 64-bit x86");
    if (header.e_ident[EI_VERSION] != EV_CURRENT || header.e_version != EV_CURRENT ||
        (header.e_ident[EI_OSABI] != ELFOSABI_NONE && header.e_ident[EI_OSABI] != ELFOSABI_GNU))
        return refuse_file(audit, "is of an unknown kind of ELF");
    if (header.e_type != ET_DYN)
        return refuse_file(audit, "is not a shared object");
    if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0 ||
        header.e_phnum > SEGMENTS_MAX ||
        !is_within(header.e_phoff, (uint64_t)header.e_phnum * sizeof(Elf64_Phdr), 0, audit->size))
        return refuse_file(audit, "has a broken table of segments");
    *ret_header = header;
    return CHIMERA_OK;
}

static int add_load(struct audit *audit, const Elf64_Phdr *segment)
{
    const Elf64_Phdr *last = audit->load_count > 0 ? &audit->load[audit->load_count - 1] : NULL;
    if (!is_within(segment->p_offset, segment->p_filesz, 0, audit->size) ||
        segment->p_filesz > segment->p_memsz || segment->p_vaddr >= ADDRESS_MAX ||
        segment->p_memsz >= ADDRESS_MAX || segment->p_memsz == 0 ||
        (segment->p_vaddr - segment->p_offset) % PAGE != 0)
        return refuse_file(audit, "has a segment that does not fit the file");
    if (segment->p_align != PAGE)
        return refuse_file(audit, "has a segment with another alignment than a page");
    if (last && (last->p_vaddr + last->p_memsz + PAGE - 1) / PAGE > segment->p_vaddr / PAGE)
        return refuse_file(audit, "has segments that overlap");
    if ((segment->p_flags & PF_W) && (segment->p_flags & PF_X))
        return refuse_file(audit, "has code that can be written");
    if (!(segment->p_flags & PF_R))
        return refuse_file(audit, "has a segment that cannot be read");
    audit->load[audit->load_count++] = *segment;
    return CHIMERA_OK;
}

static int add_segment(struct audit *audit, const Elf64_Phdr *segment)
{
    switch (segment->p_type) {
    case PT_LOAD:
        return add_load(audit, segment);
    case PT_DYNAMIC:
        if (audit->dynamic_segment.p_type == PT_DYNAMIC)
            return refuse_file(audit, "has two dynamic sections");
        audit->dynamic_segment = *segment;
        return CHIMERA_OK;
    case PT_GNU_RELRO:
        if (audit->relro.p_type == PT_GNU_RELRO)
            return refuse_file(audit, "has two relocated regions");
        audit->relro = *segment;
        return CHIMERA_OK;
    case PT_GNU_STACK:
        audit->has_stack = true;
        return segment->p_flags & PF_X ? refuse_file(audit, "asks for an executable stack")
                                       : CHIMERA_OK;
    case PT_NULL:
    case PT_PHDR:
    case PT_NOTE:
    case PT_GNU_PROPERTY:
        return CHIMERA_OK;
    default:
        return refuse_file(audit, "has a segment of the kind 0x%x, which no policy needs",
                           segment->p_type);
    }
}

/* Notes and the like are read by the loader of the system, at addresses that the file states. */
static int check_described_bytes(const struct audit *audit, const Elf64_Phdr *segment)
{
    bool is_read = segment->p_type == PT_NOTE || segment->p_type == PT_GNU_PROPERTY ||
                   segment->p_type == PT_PHDR || segment->p_type == PT_DYNAMIC;
    if (!is_read)
        return CHIMERA_OK;
    const uint8_t *bytes = bytes_at(audit, segment->p_vaddr, segment->p_memsz);
    if (!bytes || segment->p_filesz != segment->p_memsz ||
        (uint64_t)(bytes - audit->file) != segment->p_offset)
        return refuse_file(audit, "has a description (0x%x) outside its segments", segment->p_type);
    return CHIMERA_OK;
}

/* Memory comes in whole pages: what stands in the file before or behind the code, in its pages, can
 * be executed as well. Our linker fills that with traps. */
static int check_code_pages(const struct audit *audit, const Elf64_Phdr *code)
{
    if (code->p_offset % PAGE != 0 || code->p_filesz != code->p_memsz)
        return refuse_file(audit, "has code that does not fill its pages");
    uint64_t end = code->p_offset + code->p_filesz;
    uint64_t page_end = (end + PAGE - 1) / PAGE * PAGE;
    for (uint64_t at = end; at < page_end && at < audit->size; at++) {
        if (audit->file[at] != 0xcc && audit->file[at] != 0)
            return refuse_file(audit, "has bytes behind its code, at 0x%llx",
                               (unsigned long long)at);
    }
    return CHIMERA_OK;
}

/* All writable memory must be what relocation fills and then closes: the plugin has no data of its
 * own, so that instances cannot meet in it. */
static int check_relro(const struct audit *audit)
{
    const Elf64_Phdr *relro = &audit->relro;
    const Elf64_Phdr *holder = NULL;
    if (relro->p_type == PT_GNU_RELRO) {
        holder = segment_of(audit, relro->p_vaddr, relro->p_memsz);
        if (!holder || !(holder->p_flags & PF_W))
            return refuse_file(audit, "has a relocated region outside its data");
        if ((relro->p_vaddr | relro->p_memsz) % PAGE != 0) /* only whole pages are closed */
            return refuse_file(audit, "has data that stays writable");
    }
    for (size_t i = 0; i < audit->load_count; i++) {
        const Elf64_Phdr *load = &audit->load[i];
        if (!(load->p_flags & PF_W))
            continue;
        if (!holder || !is_within(load->p_vaddr, load->p_memsz, relro->p_vaddr, relro->p_memsz))
            return refuse_file(audit, "has data that stays writable");
    }
    return CHIMERA_OK;
}

static int check_segments(struct audit *audit, const Elf64_Ehdr *header)
{
    Elf64_Phdr segment;
    size_t executable = 0;
    const Elf64_Phdr *text = NULL;
    int code = CHIMERA_OK;
    const uint8_t *table = audit->file + header->e_phoff;
    for (size_t i = 0; i < header->e_phnum && code == CHIMERA_OK; i++) {
        memcpy(&segment, table + i * sizeof(segment), sizeof(segment));
        code = add_segment(audit, &segment);
    }
    for (size_t i = 0; i < header->e_phnum && code == CHIMERA_OK; i++) {
        memcpy(&segment, table + i * sizeof(segment), sizeof(segment));
        code = check_described_bytes(audit, &segment);
    }
    for (size_t i = 0; i < audit->load_count; i++) {
        if (audit->load[i].p_flags & PF_X) {
            text = &audit->load[i];
            executable++;
        }
    }
    if (code == CHIMERA_OK && executable != 1)
        code = refuse_file(audit, "has %zu executable segments instead of one", executable);
    if (code == CHIMERA_OK)
        code = check_code_pages(audit, text);
    if (code == CHIMERA_OK && !audit->has_stack)
        code = refuse_file(audit, "does not say that its stack is not executable");
    if (code == CHIMERA_OK && audit->dynamic_segment.p_type != PT_DYNAMIC)
        code = refuse_file(audit, "has no dynamic section");
    return code == CHIMERA_OK ? check_relro(audit) : code;
}

/* --- The dynamic section --- */

struct forbidden_tag {
    int64_t tag;
    const char *finding;
};

static const struct forbidden_tag forbidden_tags[] = {
    {DT_NEEDED, "needs another library (DT_NEEDED)"},
    {DT_INIT, "runs code when it is loaded (DT_INIT)"},
    {DT_FINI, "runs code when it is unloaded (DT_FINI)"},
    {DT_INIT_ARRAY, "runs code when it is loaded (DT_INIT_ARRAY)"},
    {DT_FINI_ARRAY, "runs code when it is unloaded (DT_FINI_ARRAY)"},
    {DT_PREINIT_ARRAY, "runs code when it is loaded (DT_PREINIT_ARRAY)"},
    {DT_TEXTREL, "has relocations in its code (DT_TEXTREL)"},
    {DT_RPATH, "names a search path (DT_RPATH)"},
    {DT_RUNPATH, "names a search path (DT_RUNPATH)"},
    {DT_AUDIT, "names an auditor (DT_AUDIT)"},
    {DT_DEPAUDIT, "names an auditor (DT_DEPAUDIT)"},
    {DT_AUXILIARY, "names another library (DT_AUXILIARY)"},
    {DT_FILTER, "names another library (DT_FILTER)"},
};

static int refuse_tag(const struct audit *audit, const Elf64_Dyn *entry)
{
    for (size_t i = 0; i < sizeof(forbidden_tags) / sizeof(forbidden_tags[0]); i++) {
        if (forbidden_tags[i].tag == entry->d_tag)
            return refuse_file(audit, "%s", forbidden_tags[i].finding);
    }
    return refuse_file(audit, "has the dynamic tag 0x%llx, which no policy needs",
                       (unsigned long long)entry->d_tag);
}

static int check_number(const struct audit *audit, const Elf64_Dyn *entry, uint64_t expected)
{
    if (entry->d_un.d_val != expected)
        return refuse_file(audit, "has an odd value at the dynamic tag 0x%llx",
                           (unsigned long long)entry->d_tag);
    return CHIMERA_OK;
}

static int take_flags(struct audit *audit, const Elf64_Dyn *entry)
{
    uint64_t now = entry->d_tag == DT_FLAGS ? DF_BIND_NOW : DF_1_NOW;
    audit->binds_now = audit->binds_now || (entry->d_un.d_val & now);
    uint64_t allowed = entry->d_tag == DT_FLAGS ? DF_SYMBOLIC | DF_BIND_NOW : DF_1_NOW;
    if (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL))
        return refuse_file(audit, "has relocations in its code (DF_TEXTREL)");
    return check_number(audit, entry, entry->d_un.d_val & allowed);
}

static int take_entry(struct audit *audit, const Elf64_Dyn *entry)
{
    uint64_t value = entry->d_un.d_val;
    switch (entry->d_tag) {
    case DT_STRTAB:
        audit->strings.address = value;
        return CHIMERA_OK;
    case DT_STRSZ:
        audit->strings.size = value;
        return CHIMERA_OK;
    case DT_SYMTAB:
        audit->symbols.address = value;
        return CHIMERA_OK;
    case DT_GNU_HASH:
        audit->hash.address = value;
        return CHIMERA_OK;
    case DT_RELA:
        audit->relocations.address = value;
        return CHIMERA_OK;
    case DT_RELASZ:
        audit->relocations.size = value;
        return CHIMERA_OK;
    case DT_JMPREL:
        audit->calls.address = value;
        return CHIMERA_OK;
    case DT_PLTRELSZ:
        audit->calls.size = value;
        return CHIMERA_OK;
    case DT_SYMENT:
        return check_number(audit, entry, sizeof(Elf64_Sym));
    case DT_RELAENT:
        return check_number(audit, entry, sizeof(Elf64_Rela));
    case DT_PLTREL:
        return check_number(audit, entry, DT_RELA);
    case DT_FLAGS:
    case DT_FLAGS_1:
        return take_flags(audit, entry);
    case DT_SYMBOLIC:
    case DT_BIND_NOW:
    case DT_PLTGOT:
    case DT_RELACOUNT: /* a hint; every relocation is looked at here */
        return CHIMERA_OK;
    default:
        return refuse_tag(audit, entry);
    }
}

static int check_dynamic(struct audit *audit)
{
    const Elf64_Phdr *segment = &audit->dynamic_segment;
    const uint8_t *at = bytes_at(audit, segment->p_vaddr, segment->p_filesz);
    uint64_t count = segment->p_filesz / sizeof(Elf64_Dyn);
    uint64_t seen = 0; /* the tags below 64, each of which may stand once */
    for (uint64_t i = 0; at && i < count; i++) {
        Elf64_Dyn entry;
        memcpy(&entry, at + i * sizeof(entry), sizeof(entry));
        if (entry.d_tag == DT_NULL)
            return audit->binds_now
                       ? CHIMERA_OK
                       : refuse_file(audit,
                                     "does not bind its imports when it is loaded (BIND_NOW)");
        uint64_t bit = entry.d_tag > 0 && entry.d_tag < 64 ? UINT64_C(1) << entry.d_tag : 0;
        int code = seen & bit ? refuse_file(audit, "has the dynamic tag 0x%llx twice",
                                            (unsigned long long)entry.d_tag)
                              : take_entry(audit, &entry);
        if (code < 0)
            return code;
        seen |= bit;
    }
    return refuse_file(audit, "has a dynamic section without an end");
}

/* --- Symbols --- */

/* The hash table tells how many symbols there are: the last chain of the last bucket ends with the
 * last symbol. The system's loader finds exports through this table alone. */
static int count_symbols(struct audit *audit)
{
    const uint8_t *head = bytes_at(audit, audit->hash.address, 16);
    if (!audit->hash.address || !head)
        return refuse_file(audit, "has no hash table of its symbols");
    uint32_t bucket_count = read_u32(head), first = read_u32(head + 4), bloom = read_u32(head + 8);
    uint64_t buckets_at = audit->hash.address + 16 + (uint64_t)bloom * 8;
    const uint8_t *buckets = bytes_at(audit, buckets_at, (uint64_t)bucket_count * 4);
    if (bucket_count == 0 || bloom == 0 || (bloom & (bloom - 1)) || first == 0 ||
        first > SYMBOLS_MAX || read_u32(head + 12) > 63 ||
        !bytes_at(audit, audit->hash.address, 16 + (uint64_t)bloom * 8) || !buckets)
        return refuse_file(audit, "has a broken hash table of its symbols");
    uint32_t last = 0;
    for (uint32_t i = 0; i < bucket_count; i++) {
        uint32_t bucket = read_u32(buckets + (uint64_t)i * 4);
        if (bucket != 0 && bucket < first)
            return refuse_file(audit, "has a broken hash table of its symbols");
        last = bucket > last ? bucket : last;
    }
    audit->symbol_count = first;
    uint64_t chains_at = buckets_at + (uint64_t)bucket_count * 4;
    for (uint64_t i = last; last != 0; i++) {
        const uint8_t *chain = bytes_at(audit, chains_at + (i - first) * 4, 4);
        if (!chain || i >= SYMBOLS_MAX)
            return refuse_file(audit, "has a broken hash table of its symbols");
        audit->symbol_count = (uint32_t)i + 1;
        if (read_u32(chain) & 1)
            break;
    }
    return CHIMERA_OK;
}

static bool read_symbol(const struct audit *audit, uint64_t index, Elf64_Sym *ret_symbol,
                        struct chimera_slice *ret_name)
{
    const uint8_t *at =
        bytes_at(audit, audit->symbols.address + index * sizeof(Elf64_Sym), sizeof(Elf64_Sym));
    const uint8_t *strings = bytes_at(audit, audit->strings.address, audit->strings.size);
    if (!at || !strings)
        return false;
    memcpy(ret_symbol, at, sizeof(*ret_symbol));
    if (ret_symbol->st_name >= audit->strings.size)
        return false;
    const char *name = (const char *)strings + ret_symbol->st_name;
    size_t room = (size_t)(audit->strings.size - ret_symbol->st_name);
    size_t size = strnlen(name, room);
    *ret_name = (struct chimera_slice){name, size};
    return size < room;
}

/* For a message: what is printable, and not too much of it. */
static const char *shown(struct chimera_slice name, char ret_text[64])
{
    size_t size = name.size < 63 ? name.size : 63;
    for (size_t i = 0; i < size; i++)
        ret_text[i] = name.data[i] > 0x20 && name.data[i] < 0x7f ? name.data[i] : '?';
    ret_text[size] = '\0';
    return ret_text;
}

static int check_import(const struct audit *audit, const Elf64_Sym *symbol,
                        struct chimera_slice name)
{
    char text[64];
    unsigned type = ELF64_ST_TYPE(symbol->st_info);
    const struct chimera_import *import = chimera_import_of_symbol(name);
    if (!import)
        return refuse_file(audit, "imports `%s`, which is not one of the runtime's functions",
                           shown(name, text));
    if (!chimera_import_has_mode(import, audit->mode))
        return refuse_file(audit,
                           "imports `%s`, which policies of the execution mode %s do not have",
                           shown(name, text), chimera_mode_name(audit->mode));
    if (ELF64_ST_BIND(symbol->st_info) != STB_GLOBAL || (type != STT_NOTYPE && type != STT_FUNC))
        return refuse_file(audit, "imports `%s` in an odd way", shown(name, text));
    return CHIMERA_OK;
}

static int check_export(const struct audit *audit, const Elf64_Sym *symbol,
                        struct chimera_slice name)
{
    char text[64];
    if (ELF64_ST_TYPE(symbol->st_info) == STT_GNU_IFUNC)
        return refuse_file(audit, "has a function that is chosen when it is loaded (IFUNC): `%s`",
                           shown(name, text));
    if (!chimera_slice_is(name, CHIMERA_PLUGIN_SYMBOL))
        return refuse_file(audit, "exports `%s` besides " CHIMERA_PLUGIN_SYMBOL, shown(name, text));
    if (ELF64_ST_TYPE(symbol->st_info) != STT_OBJECT ||
        ELF64_ST_BIND(symbol->st_info) != STB_GLOBAL ||
        ELF64_ST_VISIBILITY(symbol->st_other) != STV_DEFAULT || symbol->st_shndx == SHN_ABS ||
        symbol->st_shndx == SHN_COMMON)
        return refuse_file(audit,
                           "exports " CHIMERA_PLUGIN_SYMBOL " as something else than an object");
    /* Two numbers are there for every ABI; the loader checks the rest when it knows which. */
    if (symbol->st_size < 8 || symbol->st_value % 8 != 0 || symbol->st_value >= ADDRESS_MAX ||
        !bytes_at(audit, symbol->st_value, symbol->st_size))
        return refuse_file(audit, "exports a " CHIMERA_PLUGIN_SYMBOL " that lies outside its data");
    return CHIMERA_OK;
}

static int check_symbols(struct audit *audit)
{
    size_t exports = 0;
    int code = count_symbols(audit);
    for (uint32_t i = 1; i < audit->symbol_count && code == CHIMERA_OK; i++) {
        Elf64_Sym symbol;
        struct chimera_slice name;
        if (!read_symbol(audit, i, &symbol, &name))
            return refuse_file(audit, "has a broken table of symbols");
        if (symbol.st_shndx == SHN_UNDEF) {
            code = check_import(audit, &symbol, name);
        } else {
            code = check_export(audit, &symbol, name);
            exports++;
        }
    }
    if (code == CHIMERA_OK && exports != 1)
        code = refuse_file(audit, "does not export " CHIMERA_PLUGIN_SYMBOL);
    return code;
}

/* --- Relocations --- */

static int check_target(const struct audit *audit, const Elf64_Rela *relocation)
{
    const Elf64_Phdr *dynamic = &audit->dynamic_segment;
    uint64_t at = relocation->r_offset;
    const Elf64_Phdr *segment = segment_of(audit, at, 8);
    if (!segment || !(segment->p_flags & PF_W))
        return refuse_file(audit, "has a relocation outside its data, at 0x%llx",
                           (unsigned long long)at);
    if (at + 8 > dynamic->p_vaddr && at < dynamic->p_vaddr + dynamic->p_memsz)
        return refuse_file(audit, "has a relocation in its dynamic section");
    return CHIMERA_OK;
}

static int check_relocation(const struct audit *audit, const Elf64_Rela *relocation)
{
    uint64_t type = ELF64_R_TYPE(relocation->r_info), index = ELF64_R_SYM(relocation->r_info);
    Elf64_Sym symbol;
    struct chimera_slice name;
    switch (type) {
    case R_X86_64_RELATIVE:
        if (index != 0 || !segment_of(audit, (uint64_t)relocation->r_addend, 0))
            return refuse_file(audit, "has a relocation that points outside of it");
        return CHIMERA_OK;
    case R_X86_64_GLOB_DAT:
    case R_X86_64_JUMP_SLOT:
    case R_X86_64_64:
        if (index == 0 || index >= audit->symbol_count ||
            !read_symbol(audit, index, &symbol, &name) || symbol.st_shndx != SHN_UNDEF)
            return refuse_file(audit, "has a relocation that names no import");
        return CHIMERA_OK;
    case R_X86_64_IRELATIVE:
        return refuse_file(audit, "runs code when it is loaded (IRELATIVE)");
    default:
        return refuse_file(audit, "has a relocation of the kind %llu, which no policy needs",
                           (unsigned long long)type);
    }
}

static int check_relocations(const struct audit *audit, const struct table *table)
{
    uint64_t count = table->size / sizeof(Elf64_Rela);
    if (table->size == 0)
        return CHIMERA_OK;
    const uint8_t *at = bytes_at(audit, table->address, table->size);
    if (!at || table->size % sizeof(Elf64_Rela) != 0 || count > RELOCATIONS_MAX)
        return refuse_file(audit, "has a broken table of relocations");
    for (uint64_t i = 0; i < count; i++) {
        Elf64_Rela relocation;
        memcpy(&relocation, at + i * sizeof(relocation), sizeof(relocation));
        int code = check_target(audit, &relocation);
        if (code == CHIMERA_OK)
            code = check_relocation(audit, &relocation);
        if (code < 0)
            return code;
    }
    return CHIMERA_OK;
}

int chimera_elf_audit(const void *file, size_t size, const char *name, enum chimera_mode mode,
                      struct chimera_error *err)
{
    struct audit audit = {.file = file, .size = size, .name = name, .mode = mode, .err = err};
    Elf64_Ehdr header = {0};
    int code = check_header(&audit, &header);
    if (code == CHIMERA_OK)
        code = check_segments(&audit, &header);
    if (code == CHIMERA_OK)
        code = check_dynamic(&audit);
    if (code == CHIMERA_OK)
        code = check_symbols(&audit);
    if (code == CHIMERA_OK)
        code = check_relocations(&audit, &audit.relocations);
    if (code == CHIMERA_OK)
        code = check_relocations(&audit, &audit.calls);
    return code;
}

int chimera_elf_audit_fd(int fd, off_t size, const char *path, enum chimera_mode mode,
                         struct chimera_error *err)
{
    if (size == 0)
        return chimera_elf_audit("", 0, path, mode, err);
    void *file = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (file == MAP_FAILED)
        return chimera_fail(err, CHIMERA_EIO, "cannot map %s: %s", path, strerror(errno));
    int code = chimera_elf_audit(file, (size_t)size, path, mode, err);
    munmap(file, (size_t)size);
    return code;
}
