/* SPDX-License-Identifier: Apache-2.0 */
/* Three segments, each in pages of its own, and what is at an address stands there in the file:
 *
 *   read      headers, imports and export, their hash table, relocations
 *   execute   the objects' code in their order, then a stub for each import that is called
 *   relocate  the objects' data, the dynamic section, the addresses; read-only once it is loaded
 *
 * then the table of sections, by which the code is found for audits and disassemblers. */
#include "compiler/native/join.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/native/join_internal.h"
#include "plugins/policy/plugin.h"

#define PAGE UINT64_C(4096)
#define SIZE_MAX_JOINED (UINT64_C(1) << 30) /* so that all is within reach of 32 bits */
#define SEGMENTS 6
#define STUB UINT64_C(8)
#define FILLER 0xcc /* a trap */
#define DYNAMICS 11
#define EXPORTS 1

static const char section_names[] = "\0.text\0.data.rel.ro\0.dynamic\0.shstrtab";
enum { NAME_TEXT = 1, NAME_DATA = 7, NAME_DYNAMIC = 20, NAME_NAMES = 29 };
enum { SECTION_NONE, SECTION_TEXT, SECTION_DATA, SECTION_DYNAMIC, SECTION_NAMES, SECTIONS };

struct range {
    uint64_t at, size;
};

struct layout {
    struct join *join;
    uint32_t *imports; /* globals; owned */
    uint32_t *slots;   /* likewise: whose addresses are kept */
    uint32_t import_count, slot_count, plugin;
    uint64_t relocation_count, relocations_written;
    struct range symbols, hash, texts, relocations, code, stubs, data, dynamic, addresses, sections;
    uint64_t relocated_end;
    uint8_t *file;
};

/* --- What is needed --- */

static int refuse_join(const struct layout *layout, const char *what, struct chimera_slice name)
{
    return chimera_fail(layout->join->err, CHIMERA_EREFUSED, "tcc's objects %s: %.*s", what,
                        (int)(name.size < 100 ? name.size : 100), name.data);
}

static bool is_import(const struct join_global *global)
{
    return global->object == JOIN_NONE;
}

static void need_import(struct layout *layout, uint32_t at)
{
    struct join_global *global = &layout->join->globals[at];
    if (is_import(global) && global->import == JOIN_NONE) {
        layout->imports[layout->import_count] = at;
        global->import = layout->import_count++;
    }
}

static void need_slot(struct layout *layout, uint32_t at)
{
    struct join_global *global = &layout->join->globals[at];
    need_import(layout, at);
    if (global->slot == JOIN_NONE) {
        layout->slots[layout->slot_count] = at;
        global->slot = layout->slot_count++;
        layout->relocation_count++;
    }
}

static int need_relocation(struct layout *layout, const struct join_object *object,
                           const struct join_relocation *relocation)
{
    const struct join_symbol *symbol = &object->symbols[relocation->symbol];
    bool is_global = symbol->global != JOIN_NONE;
    bool is_code = object->sections[relocation->section].place == JOIN_CODE;
    switch (relocation->type) {
    case R_X86_64_NONE:
        return CHIMERA_OK;
    case R_X86_64_PC32:
    case R_X86_64_PLT32:
        if (is_global && is_import(&layout->join->globals[symbol->global]))
            need_slot(layout, symbol->global);
        return is_code ? CHIMERA_OK
                       : refuse_join(layout, "have a distance in their data", symbol->name);
    case R_X86_64_GOTPCREL:
    case R_X86_64_GOTPCRELX:
    case R_X86_64_REX_GOTPCRELX:
        if (!is_global || !is_code)
            return refuse_join(layout, "ask for the address of a local name", symbol->name);
        need_slot(layout, symbol->global);
        return CHIMERA_OK;
    case R_X86_64_64:
        if (is_global)
            need_import(layout, symbol->global);
        layout->relocation_count++;
        return !is_code ? CHIMERA_OK
                        : refuse_join(layout, "have an address in their code", symbol->name);
    default:
        return refuse_join(layout, "have a relocation of an unknown kind", symbol->name);
    }
}

static int collect_needs(struct layout *layout)
{
    const struct join *join = layout->join;
    int code = CHIMERA_OK;
    layout->imports = calloc(2 * (join->global_count + 1), sizeof(*layout->imports));
    if (!layout->imports)
        return chimera_fail_memory(join->err);
    layout->slots = layout->imports + join->global_count + 1;
    for (size_t i = 0; i < join->object_count; i++) {
        const struct join_object *object = &join->objects[i];
        for (size_t k = 0; k < object->relocation_count && code == CHIMERA_OK; k++)
            code = need_relocation(layout, object, &object->relocations[k]);
    }
    layout->plugin = JOIN_NONE;
    for (uint32_t i = 0; i < join->global_count; i++)
        if (chimera_slice_is(join->globals[i].name, CHIMERA_PLUGIN_SYMBOL))
            layout->plugin = i;
    if (code == CHIMERA_OK &&
        (layout->plugin == JOIN_NONE || is_import(&join->globals[layout->plugin])))
        code = refuse_join(layout, "do not define", chimera_slice_of(CHIMERA_PLUGIN_SYMBOL));
    return code;
}

/* --- Where it goes --- */

static struct range place_behind(uint64_t *at, uint64_t align, uint64_t size)
{
    struct range range = {(*at + align - 1) / align * align, size};
    *at = range.at + size;
    return range;
}

/* False when it grew too large. */
static bool place_sections(const struct join *join, enum join_place place, uint64_t *at)
{
    for (size_t i = 0; i < join->object_count; i++) {
        const struct join_object *object = &join->objects[i];
        for (size_t k = 0; k < object->section_count; k++) {
            struct join_section *section = &object->sections[k];
            if (section->place != place)
                continue;
            section->address = place_behind(at, section->align, section->size).at;
            if (*at > SIZE_MAX_JOINED)
                return false;
        }
    }
    return true;
}

static uint64_t size_texts(const struct layout *layout)
{
    uint64_t size = 1 + sizeof(CHIMERA_PLUGIN_SYMBOL);
    for (uint32_t i = 0; i < layout->import_count; i++)
        size += layout->join->globals[layout->imports[i]].name.size + 1;
    return size;
}

static uint64_t end_page(uint64_t *at)
{
    return *at = (*at + PAGE - 1) / PAGE * PAGE;
}

static bool lay_out(struct layout *layout, uint64_t *ret_size)
{
    uint64_t at = sizeof(Elf64_Ehdr) + SEGMENTS * sizeof(Elf64_Phdr);
    uint64_t symbols = 1 + (uint64_t)layout->import_count + EXPORTS;
    layout->symbols = place_behind(&at, 8, symbols * sizeof(Elf64_Sym));
    layout->hash = place_behind(&at, 8, 16 + 8 + 4 + 4 * EXPORTS);
    layout->texts = place_behind(&at, 1, size_texts(layout));
    layout->relocations = place_behind(&at, 8, layout->relocation_count * sizeof(Elf64_Rela));
    layout->code.at = end_page(&at);
    if (!place_sections(layout->join, JOIN_CODE, &at))
        return false;
    layout->stubs = place_behind(&at, STUB, layout->import_count * STUB);
    layout->code.size = at - layout->code.at;
    layout->data.at = end_page(&at);
    if (!place_sections(layout->join, JOIN_DATA, &at))
        return false;
    layout->data.size = at - layout->data.at;
    layout->dynamic = place_behind(&at, 16, DYNAMICS * sizeof(Elf64_Dyn));
    layout->addresses = place_behind(&at, 8, layout->slot_count * UINT64_C(8));
    layout->relocated_end = end_page(&at);
    layout->sections = place_behind(&at, 8, SECTIONS * sizeof(Elf64_Shdr));
    *ret_size = place_behind(&at, 1, sizeof(section_names)).at + sizeof(section_names);
    return *ret_size <= SIZE_MAX_JOINED;
}

/* --- Writing --- */

static void put(const struct layout *layout, uint64_t at, const void *bytes, size_t size)
{
    memcpy(layout->file + at, bytes, size);
}

static uint64_t address_of(const struct layout *layout, const struct join_object *object,
                           const struct join_symbol *symbol)
{
    if (symbol->global == JOIN_NONE)
        return object->sections[symbol->section].address + symbol->value;
    const struct join_global *global = &layout->join->globals[symbol->global];
    if (is_import(global))
        return layout->stubs.at + global->import * STUB;
    const struct join_object *owner = &layout->join->objects[global->object];
    const struct join_symbol *defined = &owner->symbols[global->symbol];
    return owner->sections[defined->section].address + defined->value;
}

static uint64_t slot_address(const struct layout *layout, uint32_t global)
{
    return layout->addresses.at + layout->join->globals[global].slot * UINT64_C(8);
}

static void add_relocation(struct layout *layout, uint64_t at, uint64_t kind, uint64_t addend)
{
    Elf64_Rela relocation = {at, kind, (int64_t)addend};
    put(layout, layout->relocations.at + layout->relocations_written++ * sizeof(relocation),
        &relocation, sizeof(relocation));
}

static uint64_t symbol_kind(const struct layout *layout, uint32_t global, uint32_t type)
{
    return ELF64_R_INFO((uint64_t)layout->join->globals[global].import + 1, type);
}

static int apply_relocation(struct layout *layout, const struct join_object *object,
                            const struct join_relocation *relocation)
{
    const struct join_symbol *symbol = &object->symbols[relocation->symbol];
    uint64_t at = object->sections[relocation->section].address + relocation->offset;
    uint64_t addend = (uint64_t)relocation->addend;
    if (relocation->type == R_X86_64_NONE)
        return CHIMERA_OK;
    if (relocation->type == R_X86_64_64) {
        uint32_t global = symbol->global;
        if (global != JOIN_NONE && is_import(&layout->join->globals[global]))
            add_relocation(layout, at, symbol_kind(layout, global, R_X86_64_64), addend);
        else
            add_relocation(layout, at, ELF64_R_INFO(0, R_X86_64_RELATIVE),
                           address_of(layout, object, symbol) + addend);
        return CHIMERA_OK;
    }
    bool is_near = relocation->type == R_X86_64_PC32 || relocation->type == R_X86_64_PLT32;
    uint64_t target =
        is_near ? address_of(layout, object, symbol) : slot_address(layout, symbol->global);
    int64_t distance = (int64_t)(target + addend - at);
    int32_t written = (int32_t)distance;
    if (written != distance)
        return refuse_join(layout, "reach too far", symbol->name);
    put(layout, at, &written, sizeof(written));
    return CHIMERA_OK;
}

/* All of an object's bytes, then what is changed in them. */
static int write_object(struct layout *layout, const struct join_object *object)
{
    int code = CHIMERA_OK;
    for (size_t i = 0; i < object->section_count; i++) {
        const struct join_section *section = &object->sections[i];
        if (section->place != JOIN_LEFT_OUT && section->size > 0)
            put(layout, section->address, section->bytes, section->size);
    }
    for (size_t i = 0; i < object->relocation_count && code == CHIMERA_OK; i++)
        code = apply_relocation(layout, object, &object->relocations[i]);
    return code;
}

/* jmp *address(%rip) */
static void write_stubs(const struct layout *layout)
{
    for (uint32_t i = 0; i < layout->import_count; i++) {
        uint32_t global = layout->imports[i];
        uint8_t stub[STUB] = {0xff, 0x25, 0, 0, 0, 0, FILLER, FILLER};
        uint64_t at = layout->stubs.at + i * STUB;
        if (layout->join->globals[global].slot == JOIN_NONE)
            continue; /* its address is in data alone, and the stub stays a trap */
        int32_t distance = (int32_t)(slot_address(layout, global) - (at + 6));
        memcpy(stub + 2, &distance, sizeof(distance));
        put(layout, at, stub, sizeof(stub));
    }
}

static void write_slots(struct layout *layout)
{
    for (uint32_t i = 0; i < layout->slot_count; i++) {
        uint32_t at = layout->slots[i];
        const struct join_global *global = &layout->join->globals[at];
        if (is_import(global)) {
            add_relocation(layout, slot_address(layout, at),
                           symbol_kind(layout, at, R_X86_64_GLOB_DAT), 0);
            continue;
        }
        const struct join_object *owner = &layout->join->objects[global->object];
        add_relocation(layout, slot_address(layout, at), ELF64_R_INFO(0, R_X86_64_RELATIVE),
                       address_of(layout, owner, &owner->symbols[global->symbol]));
    }
}

static uint64_t add_text(const struct layout *layout, uint64_t *at, struct chimera_slice text)
{
    uint64_t offset = *at;
    put(layout, layout->texts.at + offset, text.data, text.size); /* its end is there */
    *at += text.size + 1;
    return offset;
}

/* The one export is the last, and the hash table tells of it alone. */
static void write_symbols(const struct layout *layout)
{
    uint64_t texts = 1;
    Elf64_Sym symbol = {.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE)};
    for (uint32_t i = 0; i < layout->import_count; i++) {
        struct chimera_slice name = layout->join->globals[layout->imports[i]].name;
        symbol.st_name = (uint32_t)add_text(layout, &texts, name);
        put(layout, layout->symbols.at + (i + 1) * sizeof(symbol), &symbol, sizeof(symbol));
    }
    const struct join_global *plugin = &layout->join->globals[layout->plugin];
    const struct join_object *owner = &layout->join->objects[plugin->object];
    symbol = (Elf64_Sym){
        .st_name = (uint32_t)add_text(layout, &texts, plugin->name),
        .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT),
        .st_shndx = SECTION_DATA,
        .st_value = address_of(layout, owner, &owner->symbols[plugin->symbol]),
        .st_size = owner->symbols[plugin->symbol].size,
    };
    uint32_t last = layout->import_count + 1;
    put(layout, layout->symbols.at + last * sizeof(symbol), &symbol, sizeof(symbol));

    uint32_t hash = 5381;
    for (size_t i = 0; i < plugin->name.size; i++)
        hash = hash * 33 + (uint8_t)plugin->name.data[i];
    const uint32_t shift = 26, head[4] = {1, last, 1, shift};
    uint64_t bloom = UINT64_C(1) << hash % 64 | UINT64_C(1) << (hash >> shift) % 64;
    uint32_t chain = hash | 1;
    put(layout, layout->hash.at, head, sizeof(head));
    put(layout, layout->hash.at + 16, &bloom, sizeof(bloom));
    put(layout, layout->hash.at + 24, &last, sizeof(last));
    put(layout, layout->hash.at + 28, &chain, sizeof(chain));
}

static void write_dynamic(const struct layout *layout)
{
    const Elf64_Dyn entries[DYNAMICS] = {
        {DT_FLAGS, {DF_SYMBOLIC | DF_BIND_NOW}},
        {DT_FLAGS_1, {DF_1_NOW}},
        {DT_STRTAB, {layout->texts.at}},
        {DT_STRSZ, {layout->texts.size}},
        {DT_SYMTAB, {layout->symbols.at}},
        {DT_SYMENT, {sizeof(Elf64_Sym)}},
        {DT_GNU_HASH, {layout->hash.at}},
        {DT_RELA, {layout->relocations.at}},
        {DT_RELASZ, {layout->relocations.size}},
        {DT_RELAENT, {sizeof(Elf64_Rela)}},
        {DT_NULL, {0}},
    };
    put(layout, layout->dynamic.at, entries, sizeof(entries));
}

static Elf64_Phdr describe_segment(uint32_t type, uint32_t flags, uint64_t start, uint64_t end)
{
    return (Elf64_Phdr){.p_type = type,
                        .p_flags = flags,
                        .p_offset = start,
                        .p_vaddr = start,
                        .p_paddr = start,
                        .p_filesz = end - start,
                        .p_memsz = end - start,
                        .p_align = type == PT_LOAD ? PAGE : 8};
}

static void write_headers(const struct layout *layout)
{
    uint64_t read_end = layout->relocations.at + layout->relocations.size;
    uint64_t code_end = layout->code.at + layout->code.size;
    Elf64_Ehdr header = {.e_type = ET_DYN,
                         .e_machine = EM_X86_64,
                         .e_version = EV_CURRENT,
                         .e_phoff = sizeof(header),
                         .e_shoff = layout->sections.at,
                         .e_ehsize = sizeof(header),
                         .e_phentsize = sizeof(Elf64_Phdr),
                         .e_phnum = SEGMENTS,
                         .e_shentsize = sizeof(Elf64_Shdr),
                         .e_shnum = SECTIONS,
                         .e_shstrndx = SECTION_NAMES};
    memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    const Elf64_Phdr segments[SEGMENTS] = {
        describe_segment(PT_LOAD, PF_R, 0, read_end),
        describe_segment(PT_LOAD, PF_R | PF_X, layout->code.at, code_end),
        describe_segment(PT_LOAD, PF_R | PF_W, layout->data.at, layout->relocated_end),
        describe_segment(PT_DYNAMIC, PF_R | PF_W, layout->dynamic.at,
                         layout->dynamic.at + layout->dynamic.size),
        describe_segment(PT_GNU_RELRO, PF_R, layout->data.at, layout->relocated_end),
        describe_segment(PT_GNU_STACK, PF_R | PF_W, 0, 0),
    };
    put(layout, 0, &header, sizeof(header));
    put(layout, sizeof(header), segments, sizeof(segments));
}

static Elf64_Shdr describe_section(uint32_t name, uint32_t type, uint64_t flags, struct range range)
{
    return (Elf64_Shdr){.sh_name = name,
                        .sh_type = type,
                        .sh_flags = flags,
                        .sh_addr = flags ? range.at : 0,
                        .sh_offset = range.at,
                        .sh_size = range.size,
                        .sh_addralign = 1};
}

static void write_section_table(const struct layout *layout)
{
    struct range names = {layout->sections.at + SECTIONS * sizeof(Elf64_Shdr),
                          sizeof(section_names)};
    const Elf64_Shdr sections[SECTIONS] = {
        [SECTION_TEXT] =
            describe_section(NAME_TEXT, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, layout->code),
        [SECTION_DATA] =
            describe_section(NAME_DATA, SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, layout->data),
        [SECTION_DYNAMIC] =
            describe_section(NAME_DYNAMIC, SHT_DYNAMIC, SHF_ALLOC | SHF_WRITE, layout->dynamic),
        [SECTION_NAMES] = describe_section(NAME_NAMES, SHT_STRTAB, 0, names),
    };
    put(layout, layout->sections.at, sections, sizeof(sections));
    put(layout, names.at, section_names, sizeof(section_names));
}

static int write_file(struct layout *layout)
{
    const struct join *join = layout->join;
    int code = CHIMERA_OK;
    /* Between pieces of code, and in the rest of its last page. */
    memset(layout->file + layout->code.at, FILLER, layout->data.at - layout->code.at);
    for (size_t i = 0; i < join->object_count && code == CHIMERA_OK; i++)
        code = write_object(layout, &join->objects[i]);
    if (code < 0)
        return code;
    write_slots(layout);
    write_stubs(layout);
    write_symbols(layout);
    write_dynamic(layout);
    write_headers(layout);
    write_section_table(layout);
    return CHIMERA_OK;
}

/* As a linker's map has it: a line for the section, and one for each function in it. */
static int write_map(const struct layout *layout, struct chimera_buffer *map)
{
    chimera_buffer_print(map, "%8llx %8llx %8llx     1 .text\n",
                         (unsigned long long)layout->code.at, (unsigned long long)layout->code.at,
                         (unsigned long long)layout->code.size);
    for (size_t i = 0; i < layout->join->object_count; i++) {
        const struct join_object *object = &layout->join->objects[i];
        for (size_t k = 0; k < object->symbol_count && !map->failed; k++) {
            const struct join_symbol *symbol = &object->symbols[k];
            if (symbol->type != STT_FUNC || symbol->size == 0 || symbol->section == SHN_UNDEF ||
                object->sections[symbol->section].place != JOIN_CODE)
                continue;
            unsigned long long at = object->sections[symbol->section].address + symbol->value;
            chimera_buffer_print(map, "%8llx %8llx %8llx     1 %16s%.*s\n", at, at,
                                 (unsigned long long)symbol->size, "", (int)symbol->name.size,
                                 symbol->name.data);
        }
    }
    return map->failed ? chimera_fail(layout->join->err, map->failed, "cannot write its map: %s",
                                      chimera_code_text(map->failed))
                       : CHIMERA_OK;
}

static int write_joined(struct layout *layout, struct chimera_buffer *so,
                        struct chimera_buffer *map)
{
    uint64_t size = 0;
    int code = collect_needs(layout);
    if (code < 0)
        return code;
    if (!lay_out(layout, &size))
        return chimera_fail(layout->join->err, CHIMERA_ELIMIT, "tcc's objects are too large");
    layout->file = (uint8_t *)chimera_buffer_reserve(so, size);
    if (!layout->file)
        return chimera_fail(layout->join->err, so->failed, "cannot join tcc's objects: %s",
                            chimera_code_text(so->failed));
    memset(layout->file, 0, size);
    code = write_file(layout);
    so->size += code < 0 ? 0 : size;
    return code < 0 ? code : write_map(layout, map);
}

int chimera_join(const struct chimera_slice *objects, size_t count, struct chimera_buffer *so,
                 struct chimera_buffer *map, struct chimera_error *err)
{
    struct join join = {
        .objects = calloc(count + 1, sizeof(*join.objects)), .object_count = count, .err = err};
    struct layout layout = {.join = &join};
    int code = join.objects ? CHIMERA_OK : chimera_fail_memory(err);
    for (size_t i = 0; i < count && code == CHIMERA_OK; i++)
        code = join_read(&join, i, objects[i]);
    if (code == CHIMERA_OK)
        code = write_joined(&layout, so, map);
    free(layout.imports);
    join_done(&join);
    return code;
}
