/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/native/audit.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/native/audit_quick.h"
#include "compiler/tool/process.h"
#include "runtime/base/cleanup.h"
#include "runtime/plugin/elf_audit.h"

#define FILE_MAX ((off_t)1 << 30)
#define LINE_MAX_BYTES 512
#define DISASSEMBLE_SECONDS 600
#define DISASSEMBLE_MEMORY ((uint64_t)8 << 30)

/* What the C of a guest cannot become, so that finding one means that something else got in: ways
 * into the kernel, out of the flat segments, to the thread's control block, around protection keys,
 * to flags that our own code relies on, and precise clocks and tools to watch caches. A word ending
 * in '*' stands for all mnemonics that begin so. */
static const char *const forbidden[] = {
    "syscall*",  "sysenter*", "sysexit*", "sysret*",   "int",       "int1",      "into",
    "iret*",     "lcall*",    "ljmp*",    "lret*",     "rdfsbase*", "rdgsbase*", "wrfsbase*",
    "wrgsbase*", "swapgs",    "rdpkru",   "wrpkru",    "xrstor*",   "xsetbv",    "rdmsr*",
    "wrmsr*",    "rdpmc",     "rdtsc*",   "rdssp*",    "wrss*",     "wruss*",    "rstorssp",
    "setssbsy",  "vmcall",    "vmmcall",  "vmfunc",    "enclu",     "encls",     "senduipi",
    "uiret",     "clui",      "stui",     "lfs*",      "lgs*",      "lss*",      "std",
    "popf*",     "cli",       "sti",      "hlt",       "inb",       "inw",       "inl",
    "outb",      "outw",      "outl",     "clflush*",  "clwb",      "cldemote",  "rdpid*",
    "umonitor*", "umwait*",   "tpause*",  "monitor*",  "mwait*",    "xbegin*",   "xabort*",
    "enqcmd*",   "ptwrite*",  "pconfig",  "<unknown>",
};
#define FORBIDDEN_COUNT (sizeof(forbidden) / sizeof(forbidden[0]))

struct scan {
    char line[LINE_MAX_BYTES]; /* the beginning of a line that the next chunk goes on with */
    size_t line_size;
    char finding[LINE_MAX_BYTES]; /* the first line with a forbidden word; empty: none */
    uint64_t instructions;
    bool is_first_letter[256]; /* of some forbidden word */
};

static bool is_forbidden(struct chimera_slice word)
{
    for (size_t i = 0; i < FORBIDDEN_COUNT; i++) {
        size_t size = strlen(forbidden[i]);
        bool is_prefix = forbidden[i][size - 1] == '*';
        if (is_prefix ? word.size >= size - 1 && memcmp(word.data, forbidden[i], size - 1) == 0
                      : word.size == size && memcmp(word.data, forbidden[i], size) == 0)
            return true;
    }
    return false;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* Every word counts, not only the first, because prefixes stand before the mnemonic ("rex64
 * syscall"). An operand that names the thread's segments is as bad; it begins with '%', and nothing
 * else does that has an 'f' or a 'g' next. */
static bool has_forbidden_word(const struct scan *scan, const char *at, const char *end)
{
    while (at < end && *at != '#') { /* a comment is objdump's own */
        if (is_space(*at)) {
            at++;
            continue;
        }
        const char *word = at;
        while (at < end && !is_space(*at))
            at++;
        struct chimera_slice slice = {word, (size_t)(at - word)};
        if (scan->is_first_letter[(unsigned char)*word] && is_forbidden(slice))
            return true;
        const char *segment = memchr(word, '%', slice.size);
        while (segment && at - segment >= 3) {
            if ((segment[1] == 'f' || segment[1] == 'g') && segment[2] == 's')
                return true;
            segment = memchr(segment + 1, '%', (size_t)(at - segment - 1));
        }
    }
    return false;
}

/* "    1004:      \tmovq\t%rdi, %rbx". Lines of another shape are titles. */
static void scan_line(struct scan *scan, const char *line, size_t size)
{
    const char *colon = memchr(line, ':', size);
    if (!colon || colon == line || !is_space(line[0]))
        return;
    scan->instructions++;
    if (scan->finding[0] == '\0' && has_forbidden_word(scan, colon + 1, line + size))
        snprintf(scan->finding, sizeof(scan->finding), "%.*s", (int)(size < 200 ? size : 200),
                 line);
}

static int scan_chunk(void *context, struct chimera_slice bytes)
{
    struct scan *scan = context;
    while (bytes.size > 0) {
        const char *end = memchr(bytes.data, '\n', bytes.size);
        size_t size = end ? (size_t)(end - bytes.data) : bytes.size;
        if (end && scan->line_size == 0) {
            scan_line(scan, bytes.data, size); /* nearly always: the whole line is here */
        } else {
            if (scan->line_size + size > sizeof(scan->line))
                return CHIMERA_ELIMIT; /* no instruction is that long */
            memcpy(scan->line + scan->line_size, bytes.data, size);
            scan->line_size += size;
            if (end) {
                scan_line(scan, scan->line, scan->line_size);
                scan->line_size = 0;
            }
        }
        size_t step = end ? size + 1 : size;
        bytes = (struct chimera_slice){bytes.data + step, bytes.size - step};
    }
    return CHIMERA_OK;
}

/* The mnemonic and its address in one line, without objdump's tabs. */
static int refuse_finding(const struct scan *scan, const char *path, struct chimera_error *err)
{
    char text[LINE_MAX_BYTES];
    size_t count = 0;
    for (const char *at = scan->finding; *at && count + 1 < sizeof(text); at++) {
        if (!is_space(*at))
            text[count++] = *at;
        else if (count > 0 && text[count - 1] != ' ')
            text[count++] = ' ';
    }
    text[count] = '\0';
    return chimera_fail(
        err, CHIMERA_EREFUSED,
        "%s holds an instruction that no policy can need, at offset %s; this is a defect of "
        "the compiler chain: please report it with the module",
        path, text);
}

static int disassemble_plugin(const struct chimera_tools *tools, const char *path,
                              struct chimera_error *err)
{
    const char *const argv[] = {tools->objdump,         "-d", "-z", "--no-show-raw-insn",
                                "--x86-asm-syntax=att", path, NULL};
    const char *const reads[] = {path, NULL};
    struct scan scan = {.line_size = 0};
    struct chimera_command command = {.what = "llvm-objdump",
                                      .argv = argv,
                                      .reads = reads,
                                      .limits = {.wall_seconds = DISASSEMBLE_SECONDS,
                                                 .cpu_seconds = DISASSEMBLE_SECONDS,
                                                 .memory_bytes = DISASSEMBLE_MEMORY},
                                      .sink = scan_chunk,
                                      .sink_context = &scan};
    for (size_t i = 0; i < FORBIDDEN_COUNT; i++)
        scan.is_first_letter[(unsigned char)forbidden[i][0]] = true;
    int code = chimera_process_run(&command, err);
    if (code < 0)
        return code;
    if (scan.finding[0])
        return refuse_finding(&scan, path, err);
    if (scan.instructions == 0)
        return chimera_fail(err, CHIMERA_EREFUSED, "%s holds no code that llvm-objdump can read",
                            path);
    return CHIMERA_OK;
}

/* --- The disassembly follows the sections, the processor the segment --- */

static bool is_filler(const uint8_t *file, uint64_t from, uint64_t to)
{
    while (from < to && (file[from] == 0xcc || file[from] == 0))
        from++;
    return from >= to;
}

static const Elf64_Phdr *find_code(const uint8_t *file, const Elf64_Ehdr *header,
                                   Elf64_Phdr *ret_segment)
{
    for (size_t i = 0; i < header->e_phnum; i++) {
        memcpy(ret_segment, file + header->e_phoff + i * sizeof(*ret_segment),
               sizeof(*ret_segment));
        if (ret_segment->p_type == PT_LOAD && (ret_segment->p_flags & PF_X))
            return ret_segment;
    }
    return NULL;
}

/* All code lies in sections that say so, in order; between them are only traps. The file has passed
 * chimera_elf_audit(), so its segments can be believed. */
static bool is_code_in_sections(const uint8_t *file, uint64_t size)
{
    Elf64_Ehdr header;
    Elf64_Phdr code;
    memcpy(&header, file, sizeof(header));
    if (!find_code(file, &header, &code) || header.e_shentsize != sizeof(Elf64_Shdr) ||
        header.e_shoff > size || header.e_shnum > (size - header.e_shoff) / sizeof(Elf64_Shdr))
        return false;
    uint64_t at = code.p_offset, end = code.p_offset + code.p_filesz;
    for (size_t i = 0; i < header.e_shnum; i++) {
        Elf64_Shdr section;
        memcpy(&section, file + header.e_shoff + i * sizeof(section), sizeof(section));
        if (!(section.sh_flags & SHF_EXECINSTR))
            continue;
        if (section.sh_type != SHT_PROGBITS || section.sh_offset < at || section.sh_offset > end ||
            section.sh_size > end - section.sh_offset ||
            section.sh_addr - code.p_vaddr != section.sh_offset - code.p_offset ||
            !is_filler(file, at, section.sh_offset))
            return false;
        at = section.sh_offset + section.sh_size;
    }
    return is_filler(file, at, end);
}

/* The one executable segment of a file that chimera_elf_audit() has found to be sound. */
static struct chimera_slice code_of(const uint8_t *file)
{
    Elf64_Ehdr header;
    Elf64_Phdr code;
    memcpy(&header, file, sizeof(header));
    if (!find_code(file, &header, &code))
        return (struct chimera_slice){NULL, 0};
    return (struct chimera_slice){(const char *)file + code.p_offset, code.p_filesz};
}

static int audit_file(const char *path, enum chimera_tier tier, struct chimera_error *err)
{
    struct stat status;
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot open %s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode) || status.st_size == 0 || status.st_size > FILE_MAX)
        return chimera_fail(err, CHIMERA_EREFUSED, "%s is no file that could be a plugin", path);
    size_t size = (size_t)status.st_size;
    void *file = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (file == MAP_FAILED)
        return chimera_fail(err, CHIMERA_EIO, "cannot map %s: %s", path, strerror(errno));
    int code = chimera_elf_audit(file, size, path, CHIMERA_MODE_NONE, err);
    if (code == CHIMERA_OK && !is_code_in_sections(file, size))
        code =
            chimera_fail(err, CHIMERA_EREFUSED,
                         "%s has code outside its sections, which cannot be looked through", path);
    if (code == CHIMERA_OK && tier == CHIMERA_TIER_QUICK)
        code = chimera_sweep(code_of(file), path, err);
    munmap(file, size);
    return code;
}

int chimera_audit(const struct chimera_tools *tools, enum chimera_tier tier, const char *path,
                  struct chimera_error *err)
{
    int code = audit_file(path, tier, err);
    return code < 0 || tier == CHIMERA_TIER_QUICK ? code : disassemble_plugin(tools, path, err);
}
