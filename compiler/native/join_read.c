/* SPDX-License-Identifier: Apache-2.0 */
/* One object: every offset, size and index in it is looked at here, once. */
#include <stdlib.h>
#include <string.h>

#include "compiler/native/join_internal.h"

#define SECTIONS_MAX 4096u
#define SYMBOLS_MAX (1u << 22)
#define NAME_BYTES_MAX \
    ((size_t)1 << 16) /* many symbols may have the same one, which is read each time */
#define ALIGN_MAX UINT64_C(4096)
#define ALIGN_MIN UINT64_C(16)

struct object_file {
    struct join *join;
    struct join_object *object;
    struct chimera_slice file;
    const uint8_t *headers; /* of sections */
    uint32_t at;            /* which object it is */
    struct chimera_slice names;
};

static int refuse_object(const struct object_file *file, const char *what)
{
    return chimera_fail(file->join->err, CHIMERA_EREFUSED, "tcc's object %u %s", (unsigned)file->at,
                        what);
}

/* NULL when not all of it lies in the file. */
static const uint8_t *bytes_of(const struct object_file *file, uint64_t offset, uint64_t size)
{
    if (offset > file->file.size || size > file->file.size - offset)
        return NULL;
    return (const uint8_t *)file->file.data + offset;
}

static Elf64_Shdr header_of(const struct object_file *file, size_t section)
{
    Elf64_Shdr header;
    memcpy(&header, file->headers + section * sizeof(header), sizeof(header));
    return header;
}

/* The text at `offset` of a table of texts; false when it has no end. */
static bool take_name(struct chimera_slice texts, uint32_t offset, struct chimera_slice *ret_name)
{
    if (offset >= texts.size)
        return false;
    size_t room = texts.size - offset;
    room = room < NAME_BYTES_MAX ? room : NAME_BYTES_MAX;
    size_t size = strnlen(texts.data + offset, room);
    *ret_name = (struct chimera_slice){texts.data + offset, size};
    return size < room;
}

static bool take_texts(const struct object_file *file, uint32_t section,
                       struct chimera_slice *ret_texts)
{
    if (section >= file->object->section_count)
        return false;
    Elf64_Shdr header = header_of(file, section);
    const uint8_t *bytes = bytes_of(file, header.sh_offset, header.sh_size);
    *ret_texts = (struct chimera_slice){(const char *)bytes, header.sh_size};
    return bytes && header.sh_type == SHT_STRTAB;
}

/* --- Sections --- */

static int read_section(const struct object_file *file, size_t at)
{
    struct join_section *section = &file->object->sections[at];
    Elf64_Shdr header = header_of(file, at);
    struct chimera_slice name;
    if (!take_name(file->names, header.sh_name, &name))
        return refuse_object(file, "has a section without a name");
    /* A plugin has no tables for unwinding. */
    if (!(header.sh_flags & SHF_ALLOC) || chimera_slice_is(name, ".eh_frame"))
        return CHIMERA_OK;
    if (header.sh_type == SHT_NOBITS && header.sh_size == 0)
        return CHIMERA_OK;
    if (header.sh_type != SHT_PROGBITS || (header.sh_flags & SHF_TLS))
        return refuse_object(file, "has data of a kind that no plugin may have");
    section->bytes = bytes_of(file, header.sh_offset, header.sh_size);
    section->align = header.sh_addralign < ALIGN_MIN ? ALIGN_MIN : header.sh_addralign;
    if (!section->bytes || section->align > ALIGN_MAX || (section->align & (section->align - 1)))
        return refuse_object(file, "has a section that does not fit");
    section->size = header.sh_size;
    section->place = header.sh_flags & SHF_EXECINSTR ? JOIN_CODE : JOIN_DATA;
    return CHIMERA_OK;
}

static int read_sections(struct object_file *file)
{
    Elf64_Ehdr header;
    const uint8_t *bytes = bytes_of(file, 0, sizeof(header));
    if (!bytes)
        return refuse_object(file, "is too short");
    memcpy(&header, bytes, sizeof(header));
    file->headers = bytes_of(file, header.e_shoff, header.e_shnum * sizeof(Elf64_Shdr));
    if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
        header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_type != ET_REL ||
        header.e_machine != EM_X86_64 || header.e_shentsize != sizeof(Elf64_Shdr) ||
        header.e_shnum == 0 || header.e_shnum > SECTIONS_MAX || !file->headers)
        return refuse_object(file, "is no object for this machine");
    file->object->sections = calloc(header.e_shnum, sizeof(*file->object->sections));
    if (!file->object->sections)
        return chimera_fail_memory(file->join->err);
    file->object->section_count = header.e_shnum;
    if (!take_texts(file, header.e_shstrndx, &file->names))
        return refuse_object(file, "has sections without names");
    int code = CHIMERA_OK;
    for (size_t i = 0; i < header.e_shnum && code == CHIMERA_OK; i++)
        code = read_section(file, i);
    return code;
}

/* --- Names that all objects share --- */

static uint32_t hash_name(struct chimera_slice name)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < name.size; i++)
        hash = (hash ^ (uint8_t)name.data[i]) * 16777619u;
    return hash ^ hash >> 15;
}

/* Where the name is, or would be. */
static uint32_t *find_place(const struct join *join, struct chimera_slice name)
{
    size_t at = hash_name(name) & (join->index_size - 1);
    while (join->index[at] != JOIN_NONE &&
           !chimera_slice_equal(join->globals[join->index[at]].name, name))
        at = (at + 1) & (join->index_size - 1);
    return &join->index[at];
}

/* The index is at most half full, so that a search of it ends. */
static bool grow_globals(struct join *join)
{
    size_t room = join->global_room ? 2 * join->global_room : 256;
    struct join_global *globals = reallocarray(join->globals, room, sizeof(*globals));
    if (!globals)
        return false;
    join->globals = globals;
    join->global_room = room;
    uint32_t *index = reallocarray(join->index, 2 * room, sizeof(*index));
    if (!index)
        return false;
    join->index = index;
    join->index_size = 2 * room;
    memset(index, 0xff, join->index_size * sizeof(*index));
    for (size_t i = 0; i < join->global_count; i++)
        *find_place(join, globals[i].name) = (uint32_t)i;
    return true;
}

/* JOIN_NONE when memory ran out. */
static uint32_t intern_name(struct join *join, struct chimera_slice name)
{
    if (join->global_count == join->global_room && !grow_globals(join))
        return JOIN_NONE;
    uint32_t *place = find_place(join, name);
    if (*place == JOIN_NONE) {
        *place = (uint32_t)join->global_count;
        join->globals[join->global_count++] =
            (struct join_global){name, JOIN_NONE, JOIN_NONE, JOIN_NONE, JOIN_NONE};
    }
    return *place;
}

/* --- Symbols --- */

static int define_symbol(const struct object_file *file, uint32_t at, bool is_global)
{
    struct join_symbol *symbol = &file->object->symbols[at];
    if (is_global) {
        symbol->global = intern_name(file->join, symbol->name);
        if (symbol->global == JOIN_NONE)
            return chimera_fail_memory(file->join->err);
    }
    if (symbol->section == SHN_UNDEF)
        return CHIMERA_OK; /* a local one that is used is refused then */
    const struct join_section *section = &file->object->sections[symbol->section];
    if (symbol->value > section->size || symbol->size > section->size - symbol->value)
        return refuse_object(file, "has a symbol outside of its section");
    if (!is_global)
        return CHIMERA_OK;
    struct join_global *global = &file->join->globals[symbol->global];
    if (section->place == JOIN_LEFT_OUT)
        return refuse_object(file, "defines something in a section that is left out");
    if (global->object != JOIN_NONE)
        return refuse_object(file, "defines what another one defines");
    global->object = file->at;
    global->symbol = at;
    return CHIMERA_OK;
}

static int read_symbol(const struct object_file *file, const uint8_t *bytes,
                       struct chimera_slice names, uint32_t at)
{
    Elf64_Sym found;
    memcpy(&found, bytes + at * sizeof(found), sizeof(found));
    struct join_symbol *symbol = &file->object->symbols[at];
    unsigned bind = ELF64_ST_BIND(found.st_info);
    *symbol = (struct join_symbol){.section = found.st_shndx,
                                   .global = JOIN_NONE,
                                   .value = found.st_value,
                                   .size = found.st_size,
                                   .type = ELF64_ST_TYPE(found.st_info)};
    if (!take_name(names, found.st_name, &symbol->name))
        return refuse_object(file, "has a symbol whose name has no end");
    if (symbol->type == STT_FILE && bind == STB_LOCAL) {
        symbol->section = SHN_UNDEF;
        return CHIMERA_OK;
    }
    if ((bind != STB_LOCAL && bind != STB_GLOBAL) || symbol->type > STT_SECTION ||
        symbol->section >= file->object->section_count)
        return refuse_object(file, "has a symbol of a kind that tcc does not make");
    return define_symbol(file, at, bind == STB_GLOBAL);
}

/* There is one table of symbols. */
static int read_symbols(const struct object_file *file)
{
    for (size_t i = 0; i < file->object->section_count; i++) {
        Elf64_Shdr header = header_of(file, i);
        struct chimera_slice names;
        if (header.sh_type != SHT_SYMTAB)
            continue;
        uint64_t count = header.sh_size / sizeof(Elf64_Sym);
        const uint8_t *bytes = bytes_of(file, header.sh_offset, header.sh_size);
        if (file->object->symbols || !bytes || count > SYMBOLS_MAX ||
            !take_texts(file, header.sh_link, &names))
            return refuse_object(file, "has a broken table of symbols");
        file->object->symbols = calloc(count + 1, sizeof(*file->object->symbols));
        if (!file->object->symbols)
            return chimera_fail_memory(file->join->err);
        file->object->symbol_count = count;
        file->object->symbols[0].global = JOIN_NONE; /* the first says nothing */
        for (uint32_t at = 1; at < count; at++) {
            int code = read_symbol(file, bytes, names, at);
            if (code < 0)
                return code;
        }
    }
    return CHIMERA_OK;
}

/* --- Relocations --- */

static int read_relocation(const struct object_file *file, const uint8_t *bytes, uint32_t target,
                           struct join_relocation *ret_relocation)
{
    Elf64_Rela found;
    memcpy(&found, bytes, sizeof(found));
    const struct join_section *section = &file->object->sections[target];
    uint32_t type = ELF64_R_TYPE(found.r_info);
    uint64_t size = type == R_X86_64_64 ? 8 : 4;
    *ret_relocation = (struct join_relocation){.section = target,
                                               .symbol = (uint32_t)ELF64_R_SYM(found.r_info),
                                               .type = type,
                                               .offset = found.r_offset,
                                               .addend = found.r_addend};
    if (found.r_offset > section->size || size > section->size - found.r_offset ||
        ret_relocation->symbol >= file->object->symbol_count)
        return refuse_object(file, "has a relocation outside of its section");
    const struct join_symbol *symbol = &file->object->symbols[ret_relocation->symbol];
    if (symbol->global == JOIN_NONE &&
        (symbol->section == SHN_UNDEF ||
         file->object->sections[symbol->section].place == JOIN_LEFT_OUT))
        return refuse_object(file, "has a relocation to what is not there");
    return CHIMERA_OK;
}

static int read_table(const struct object_file *file, const Elf64_Shdr *header)
{
    struct join_object *object = file->object;
    const uint8_t *bytes = bytes_of(file, header->sh_offset, header->sh_size);
    uint64_t count = header->sh_size / sizeof(Elf64_Rela);
    if (!bytes || header->sh_info >= object->section_count)
        return refuse_object(file, "has a broken table of relocations");
    if (object->sections[header->sh_info].place == JOIN_LEFT_OUT)
        return CHIMERA_OK;
    /* Each table has bytes of its own, so a file has no more than fit into it. */
    if (object->relocation_count + count > file->file.size / sizeof(Elf64_Rela))
        return refuse_object(file, "has more relocations than bytes for them");
    struct join_relocation *grown =
        reallocarray(object->relocations, object->relocation_count + count + 1, sizeof(*grown));
    if (!grown)
        return chimera_fail_memory(file->join->err);
    object->relocations = grown;
    int code = CHIMERA_OK;
    for (uint64_t i = 0; i < count && code == CHIMERA_OK; i++)
        code = read_relocation(file, bytes + i * sizeof(Elf64_Rela), header->sh_info,
                               &grown[object->relocation_count++]);
    return code;
}

static int read_relocations(const struct object_file *file)
{
    int code = CHIMERA_OK;
    for (size_t i = 0; i < file->object->section_count && code == CHIMERA_OK; i++) {
        Elf64_Shdr header = header_of(file, i);
        if (header.sh_type == SHT_REL)
            code = refuse_object(file, "has relocations of a kind that tcc does not make");
        if (header.sh_type == SHT_RELA)
            code = read_table(file, &header);
    }
    return code;
}

int join_read(struct join *join, size_t at, struct chimera_slice object)
{
    struct object_file file = {
        .join = join, .object = &join->objects[at], .file = object, .at = (uint32_t)at};
    int code = read_sections(&file);
    if (code == CHIMERA_OK)
        code = read_symbols(&file);
    return code < 0 ? code : read_relocations(&file);
}

void join_done(struct join *join)
{
    for (size_t i = 0; join->objects && i < join->object_count; i++) {
        free(join->objects[i].sections);
        free(join->objects[i].symbols);
        free(join->objects[i].relocations);
    }
    free(join->objects);
    free(join->globals);
    free(join->index);
}
