/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/image/elf_needs.h"

#include <elf.h>
#include <stdint.h>

#define SEGMENTS_MAX 64
#define TAGS_MAX 4096 /* of the dynamic section */

struct reading {
    struct chimera_slice file;
    Elf64_Phdr segment[SEGMENTS_MAX];
    size_t segment_count;
    uint64_t strings, strings_size; /* of the dynamic section: an address, and bytes */
};

static const char *architecture_of(unsigned machine)
{
    return machine == EM_X86_64 ? "amd64" : machine == EM_AARCH64 ? "arm64" : NULL;
}

/* NULL: not all of it is in the file. */
static const char *bytes_at(struct chimera_slice file, uint64_t offset, uint64_t size)
{
    return offset <= file.size && size <= file.size - offset ? file.data + offset : NULL;
}

/* The text that begins there and ends, with a NUL, before `end` bytes are over; NULL: none does. */
static const char *text_at(struct chimera_slice file, uint64_t offset, uint64_t end)
{
    const char *text = bytes_at(file, offset, end);
    return text && memchr(text, '\0', (size_t)end) ? text : NULL;
}

static bool read_header(struct reading *reading, struct elf_needs *needs)
{
    Elf64_Ehdr header;
    if (reading->file.size < sizeof(header))
        return false;
    memcpy(&header, reading->file.data, sizeof(header));
    needs->architecture = architecture_of(header.e_machine);
    bool is_ours = memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
                   header.e_ident[EI_CLASS] == ELFCLASS64 &&
                   header.e_ident[EI_DATA] == ELFDATA2LSB &&
                   header.e_phentsize == sizeof(Elf64_Phdr) && header.e_phnum <= SEGMENTS_MAX;
    const char *segments =
        is_ours ? bytes_at(reading->file, header.e_phoff, header.e_phnum * sizeof(Elf64_Phdr))
                : NULL;
    if (!segments || !needs->architecture)
        return false;
    memcpy(reading->segment, segments, header.e_phnum * sizeof(Elf64_Phdr));
    reading->segment_count = header.e_phnum;
    return true;
}

static const Elf64_Phdr *find_segment(const struct reading *reading, uint32_t type)
{
    for (size_t i = 0; i < reading->segment_count; i++)
        if (reading->segment[i].p_type == type)
            return &reading->segment[i];
    return NULL;
}

/* Where the byte that will stand at `address` is in the file, and how many follow it there. */
static bool find_address(const struct reading *reading, uint64_t address, uint64_t *ret_offset,
                         uint64_t *ret_size)
{
    for (size_t i = 0; i < reading->segment_count; i++) {
        const Elf64_Phdr *load = &reading->segment[i];
        if (load->p_type != PT_LOAD || address < load->p_vaddr ||
            address - load->p_vaddr >= load->p_filesz ||
            !bytes_at(reading->file, load->p_offset, load->p_filesz))
            continue;
        *ret_offset = load->p_offset + (address - load->p_vaddr);
        *ret_size = load->p_filesz - (address - load->p_vaddr);
        return true;
    }
    return false;
}

static bool read_interpreter(const struct reading *reading, struct elf_needs *needs)
{
    const Elf64_Phdr *segment = find_segment(reading, PT_INTERP);
    if (!segment)
        return true;
    needs->interpreter = text_at(reading->file, segment->p_offset, segment->p_filesz);
    return needs->interpreter != NULL;
}

/* --- The dynamic section --- */

static bool find_tag(struct chimera_slice tags, Elf64_Sxword tag, size_t *at, uint64_t *ret_value)
{
    for (; (*at + 1) * sizeof(Elf64_Dyn) <= tags.size; (*at)++) {
        Elf64_Dyn entry;
        memcpy(&entry, tags.data + *at * sizeof(entry), sizeof(entry));
        if (entry.d_tag == DT_NULL)
            return false;
        if (entry.d_tag != tag)
            continue;
        *ret_value = entry.d_un.d_val;
        (*at)++;
        return true;
    }
    return false;
}

static bool has_tag(struct chimera_slice tags, Elf64_Sxword tag, uint64_t *ret_value)
{
    size_t at = 0;
    return find_tag(tags, tag, &at, ret_value);
}

static const char *string_at(const struct reading *reading, uint64_t at)
{
    return at < reading->strings_size
               ? text_at(reading->file, reading->strings + at, reading->strings_size - at)
               : NULL;
}

static bool find_strings(struct reading *reading, struct chimera_slice tags)
{
    uint64_t address = 0, room = 0;
    if (!has_tag(tags, DT_STRTAB, &address) || !has_tag(tags, DT_STRSZ, &reading->strings_size))
        return false;
    return find_address(reading, address, &reading->strings, &room) &&
           reading->strings_size <= room;
}

static bool read_names(struct reading *reading, struct chimera_slice tags, struct elf_needs *needs)
{
    uint64_t at = 0;
    if (has_tag(tags, DT_RUNPATH, &at) || has_tag(tags, DT_RPATH, &at)) {
        needs->search = string_at(reading, at);
        if (!needs->search)
            return false;
    }
    for (size_t tag = 0; find_tag(tags, DT_NEEDED, &tag, &at);) {
        const char *name = string_at(reading, at);
        if (!name || !*name || strchr(name, '/') || needs->count == ELF_NEEDS_MAX)
            return false;
        needs->name[needs->count++] = name;
    }
    return true;
}

static bool read_dynamic(struct reading *reading, struct elf_needs *needs)
{
    const Elf64_Phdr *segment = find_segment(reading, PT_DYNAMIC);
    if (!segment)
        return true; /* linked statically */
    if (segment->p_filesz > TAGS_MAX * sizeof(Elf64_Dyn))
        return false;
    struct chimera_slice tags = {bytes_at(reading->file, segment->p_offset, segment->p_filesz),
                                 (size_t)segment->p_filesz};
    uint64_t any = 0;
    if (!tags.data)
        return false;
    if (!has_tag(tags, DT_NEEDED, &any))
        return true;
    return find_strings(reading, tags) && read_names(reading, tags, needs);
}

int elf_needs_read(struct chimera_slice file, const char *path, struct elf_needs *ret_needs,
                   struct chimera_error *err)
{
    struct reading reading = {.file = file};
    *ret_needs = (struct elf_needs){0};
    if (!read_header(&reading, ret_needs))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "%s is no program or library of x86-64 or arm64 (64-bit ELF)", path);
    if (!read_interpreter(&reading, ret_needs) || !read_dynamic(&reading, ret_needs))
        return chimera_fail(
            err, CHIMERA_EINVAL,
            "%s is a broken ELF file: what it says of its libraries leads out of it", path);
    return CHIMERA_OK;
}
