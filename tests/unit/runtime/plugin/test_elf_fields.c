/* SPDX-License-Identifier: Apache-2.0 */
/* The audit of plugins, number by number: a smallest plugin made here by hand after the System V
 * ABI, and each of its fields at the last value that is allowed and at the first that is not. What
 * a real linker makes is test_elf_audit.c's. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/plugin/elf_audit.h"
#include "runtime/plugin/imports.h"

#define PAGE 4096
#define GOOD NULL
#define CODE_PAGE 1 /* the file's pages stand at their own addresses */
#define DATA_PAGE 2
#define MORE_PAGE 3
#define PAGES 12
#define ADDRESS_MAX ((uint64_t)1 << 40)

enum segments { HEADS, CODE, DATA, DYNAMIC, RELRO, STACK, PROPERTY, MORE, SEGMENTS };
enum symbols { NO_SYMBOL, IMPORT, EXPORT, SYMBOLS };
enum entries { /* of the dynamic section */
               STRTAB,
               STRSZ,
               SYMTAB,
               SYMENT,
               HASH,
               RELA,
               RELASZ,
               RELAENT,
               JMPREL,
               PLTRELSZ,
               PLTREL,
               FLAGS,
               FLAGS_1,
               END,
               ENTRIES = 20
};

struct heads {
    Elf64_Ehdr header;
    Elf64_Phdr segment[SEGMENTS];
    Elf64_Sym symbol[SYMBOLS];
    struct {
        uint32_t bucket_count, first, bloom_count, shift;
        uint64_t bloom;
        uint32_t bucket, chain;
    } hash;
    Elf64_Rela relocation, call;
    char strings[64];
};

struct data {
    uint64_t descriptor, got[2];
    Elf64_Dyn dynamic[ENTRIES];
};

static union {
    uint8_t bytes[PAGES * PAGE];
    struct {
        union {
            struct heads heads;
            uint8_t page[PAGE];
        };
        uint8_t code[PAGE];
        union {
            struct data data;
            uint8_t data_page[PAGE];
        };
        uint8_t more[(PAGES - MORE_PAGE) * PAGE]; /* in no segment, unless a test has one */
    };
} image;

#define AT(member) offsetof(__typeof__(image), member)

static void put_segment(enum segments which, uint32_t type, uint32_t flags, uint64_t at,
                        uint64_t size)
{
    image.heads.segment[which] = (Elf64_Phdr){.p_type = type,
                                              .p_flags = flags,
                                              .p_offset = at,
                                              .p_vaddr = at,
                                              .p_filesz = size,
                                              .p_memsz = size,
                                              .p_align = type == PT_LOAD ? PAGE : 8};
}

static void put_heads(void)
{
    struct heads *heads = &image.heads;
    heads->header =
        (Elf64_Ehdr){.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                     .e_type = ET_DYN,
                     .e_machine = EM_X86_64,
                     .e_version = EV_CURRENT,
                     .e_phoff = AT(heads.segment),
                     .e_phentsize = sizeof(Elf64_Phdr),
                     .e_phnum = SEGMENTS};
    put_segment(HEADS, PT_LOAD, PF_R, 0, sizeof(struct heads));
    put_segment(CODE, PT_LOAD, PF_R | PF_X, CODE_PAGE * PAGE, 64);
    put_segment(DATA, PT_LOAD, PF_R | PF_W, DATA_PAGE * PAGE, sizeof(struct data));
    put_segment(DYNAMIC, PT_DYNAMIC, PF_R | PF_W, AT(data.dynamic), sizeof(image.data.dynamic));
    put_segment(RELRO, PT_GNU_RELRO, PF_R, DATA_PAGE * PAGE, PAGE);
    heads->segment[DATA].p_memsz = PAGE;
    put_segment(STACK, PT_GNU_STACK, PF_R | PF_W, 0, 0);
    put_segment(PROPERTY, PT_GNU_PROPERTY, PF_R, AT(heads.strings), 16);
}

/* "\0chimera_trap\0chimera_plugin\0"; one bucket holds the one export. */
static void put_symbols(void)
{
    struct heads *heads = &image.heads;
    memcpy(heads->strings + 1, "chimera_trap", sizeof("chimera_trap"));
    memcpy(heads->strings + 16, CHIMERA_PLUGIN_SYMBOL, sizeof(CHIMERA_PLUGIN_SYMBOL));
    heads->symbol[IMPORT] =
        (Elf64_Sym){.st_name = 1, .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE)};
    heads->symbol[EXPORT] = (Elf64_Sym){.st_name = 16,
                                        .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT),
                                        .st_shndx = 5,
                                        .st_value = AT(data.descriptor),
                                        .st_size = sizeof(image.data.descriptor)};
    heads->hash.bucket_count = heads->hash.bloom_count = 1;
    heads->hash.first = heads->hash.bucket = EXPORT;
    heads->hash.chain = 1; /* the last of its bucket */
    heads->relocation = (Elf64_Rela){.r_offset = AT(data.got),
                                     .r_info = ELF64_R_INFO(0, R_X86_64_RELATIVE),
                                     .r_addend = CODE_PAGE * PAGE};
    heads->call = (Elf64_Rela){.r_offset = AT(data.got[1]),
                               .r_info = ELF64_R_INFO(IMPORT, R_X86_64_JUMP_SLOT)};
}

static void put_entry(enum entries which, int64_t tag, uint64_t value)
{
    image.data.dynamic[which] = (Elf64_Dyn){.d_tag = tag, .d_un.d_val = value};
}

static void put_dynamic(void)
{
    put_entry(STRTAB, DT_STRTAB, AT(heads.strings));
    put_entry(STRSZ, DT_STRSZ, sizeof(image.heads.strings));
    put_entry(SYMTAB, DT_SYMTAB, AT(heads.symbol));
    put_entry(SYMENT, DT_SYMENT, sizeof(Elf64_Sym));
    put_entry(HASH, DT_GNU_HASH, AT(heads.hash));
    put_entry(RELA, DT_RELA, AT(heads.relocation));
    put_entry(RELASZ, DT_RELASZ, sizeof(Elf64_Rela));
    put_entry(RELAENT, DT_RELAENT, sizeof(Elf64_Rela));
    put_entry(JMPREL, DT_JMPREL, AT(heads.call));
    put_entry(PLTRELSZ, DT_PLTRELSZ, sizeof(Elf64_Rela));
    put_entry(PLTREL, DT_PLTREL, DT_RELA);
    put_entry(FLAGS, DT_FLAGS, DF_BIND_NOW);
    put_entry(FLAGS_1, DT_FLAGS_1, DF_1_NOW);
}

static void make_image(void)
{
    memset(&image, 0, sizeof(image));
    memset(image.code, 0xcc, sizeof(image.code));
    put_heads();
    put_symbols();
    put_dynamic();
}

static void expect(const char *what, size_t size, const char *wanted)
{
    struct chimera_error err = {0};
    int code = chimera_elf_audit(image.bytes, size, "p.so", CHIMERA_MODE_NONE, &err);
    if (!wanted && code != CHIMERA_OK)
        fail_msg("%s: %s", what, err.text);
    if (wanted && (code != CHIMERA_EREFUSED || !strstr(err.text, wanted)))
        fail_msg("%s: wanted \"%s\", got %d \"%s\"", what, wanted, code, err.text);
    if (wanted && !strstr(err.text, "the plugin p.so "))
        fail_msg("%s: does not name its file: %s", what, err.text);
}

struct change {
    size_t at, size;
    uint64_t value;
    const char *wanted;
};

#define FIELD(member, value, wanted) {AT(member), sizeof(image.member), value, wanted}

static void put(const struct change *change)
{
    uint64_t value = change->value;
    memcpy(image.bytes + change->at, &value, change->size);
}

static void try_each(const struct change *changes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char what[64];
        snprintf(what, sizeof(what), "change %zu", i);
        make_image();
        put(&changes[i]);
        expect(what, sizeof(image), changes[i].wanted);
    }
}
#define TRY(changes) try_each(changes, sizeof(changes) / sizeof(changes[0]))

static void the_smallest_plugin_passes(void **state)
{
    (void)state;
    make_image();
    expect("all of it", sizeof(image), GOOD);
    expect("no byte more than is described", AT(data) + sizeof(struct data), GOOD);
    expect("a byte less", AT(data) + sizeof(struct data) - 1, "does not fit the file");
    expect("half of a header", sizeof(Elf64_Ehdr) - 1, "is not an ELF file");
    expect("a header alone", sizeof(Elf64_Ehdr), "has a broken table of segments");
}

static void the_header_says_what_we_run(void **state)
{
    (void)state;
    static const struct change changes[] = {
        FIELD(heads.header.e_ident[0], 0x7e, "is not an ELF file"),
        FIELD(heads.header.e_ident[3], 'G', "is not an ELF file"),
        FIELD(heads.header.e_ident[EI_CLASS], ELFCLASS32, "is not for 64-bit x86"),
        FIELD(heads.header.e_ident[EI_DATA], ELFDATA2MSB, "is not for 64-bit x86"),
        FIELD(heads.header.e_machine, EM_386, "is not for 64-bit x86"),
        FIELD(heads.header.e_ident[EI_VERSION], 0, "is of an unknown kind of ELF"),
        FIELD(heads.header.e_version, 0, "is of an unknown kind of ELF"),
        FIELD(heads.header.e_ident[EI_OSABI], ELFOSABI_GNU, GOOD),
        FIELD(heads.header.e_ident[EI_OSABI], ELFOSABI_FREEBSD, "is of an unknown kind of ELF"),
        FIELD(heads.header.e_type, ET_EXEC, "is not a shared object"),
        FIELD(heads.header.e_phentsize, sizeof(Elf64_Phdr) + 8, "has a broken table of segments"),
        FIELD(heads.header.e_phnum, 0, "has a broken table of segments"),
        FIELD(heads.header.e_phnum, 33, "has a broken table of segments"),
        FIELD(heads.header.e_phnum, SEGMENTS - 2, GOOD), /* the last are not needed */
        FIELD(heads.header.e_phoff, sizeof(image) - SEGMENTS * sizeof(Elf64_Phdr) + 1,
              "has a broken table of segments"),
        FIELD(heads.header.e_phoff, sizeof(image) - SEGMENTS * sizeof(Elf64_Phdr),
              "has 0 executable segments"), /* there is nothing, but it is in the file */
    };
    TRY(changes);
}

/* 32 segments: the rest of a page of them, none of which says anything. */
static void there_may_be_32_segments(void **state)
{
    (void)state;
    make_image();
    Elf64_Phdr *table = (Elf64_Phdr *)(void *)(image.page + 2048);
    for (size_t i = 0; i < 32; i++)
        table[i] = i < SEGMENTS ? image.heads.segment[i] : (Elf64_Phdr){.p_type = PT_NULL};
    table[32] = (Elf64_Phdr){.p_type = PT_INTERP}; /* is none of them */
    image.heads.header.e_phoff = AT(page) + 2048;
    image.heads.header.e_phnum = 32;
    expect("32 segments", sizeof(image), GOOD);
}

static void segments_fit_the_file_and_each_other(void **state)
{
    (void)state;
    static const char misfit[] = "has a segment that does not fit the file";
    static const struct change changes[] = {
        FIELD(heads.segment[DATA].p_offset, DATA_PAGE * PAGE + 1, misfit),
        FIELD(heads.segment[DATA].p_filesz, PAGE + 1, misfit),
        FIELD(heads.segment[DATA].p_filesz, PAGE, GOOD),
        FIELD(heads.segment[DATA].p_memsz, sizeof(struct data) - 1, misfit),
        FIELD(heads.segment[DATA].p_memsz, 0, misfit),
        FIELD(heads.segment[DATA].p_memsz, ADDRESS_MAX, misfit),
        FIELD(heads.segment[DATA].p_memsz, ADDRESS_MAX - 1, "has data that stays writable"),
        FIELD(heads.segment[DATA].p_vaddr, ADDRESS_MAX, misfit),
        FIELD(heads.segment[DATA].p_vaddr, ADDRESS_MAX - PAGE, "has a description (0x2) outside"),
        FIELD(heads.segment[DATA].p_vaddr, DATA_PAGE * PAGE + 1, misfit),
        FIELD(heads.segment[HEADS].p_align, 2 * PAGE, "another alignment than a page"),
        FIELD(heads.segment[HEADS].p_align, 8, "another alignment than a page"),
        FIELD(heads.segment[HEADS].p_memsz, PAGE, GOOD),
        FIELD(heads.segment[HEADS].p_memsz, PAGE + 1, "has segments that overlap"),
        FIELD(heads.segment[HEADS].p_flags, PF_R | PF_W, "has data that stays writable"),
        FIELD(heads.segment[HEADS].p_flags, PF_R | PF_X, "has 2 executable segments"),
        FIELD(heads.segment[HEADS].p_flags, 0, "has a segment that cannot be read"),
        FIELD(heads.segment[CODE].p_flags, PF_R, "has 0 executable segments"),
        FIELD(heads.segment[CODE].p_flags, PF_X, "has a segment that cannot be read"),
        FIELD(heads.segment[CODE].p_flags, PF_R | PF_W | PF_X, "has code that can be written"),
        FIELD(heads.segment[STACK].p_flags, PF_R | PF_X, "asks for an executable stack"),
        FIELD(heads.segment[STACK].p_type, PT_NULL, "does not say that its stack is not"),
        FIELD(heads.segment[STACK].p_type, PT_DYNAMIC, "has two dynamic sections"),
        FIELD(heads.segment[STACK].p_type, PT_GNU_RELRO, "has two relocated regions"),
        FIELD(heads.segment[STACK].p_type, PT_TLS, "has a segment of the kind 0x7"),
        FIELD(heads.segment[DYNAMIC].p_type, PT_NULL, "has no dynamic section"),
    };
    TRY(changes);
}

static void what_the_loader_reads_is_in_the_file(void **state)
{
    (void)state;
    static const uint32_t types[] = {PT_NOTE, PT_GNU_PROPERTY, PT_PHDR};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        make_image();
        Elf64_Phdr *note = &image.heads.segment[PROPERTY];
        note->p_type = types[i];
        expect("a note", sizeof(image), GOOD);
        note->p_vaddr = sizeof(struct heads) - 15;
        expect("the end of a note behind its segment", sizeof(image), "has a description (0x");
        note->p_vaddr--;
        expect("a note from elsewhere in the file", sizeof(image), "has a description (0x");
        note->p_offset = note->p_vaddr;
        expect("a note at the end", sizeof(image), GOOD);
        note->p_filesz--;
        expect("a note with two sizes", sizeof(image), "has a description (0x");
    }
}

/* Also as the first of all. */
static void every_segment_is_looked_at(void **state)
{
    (void)state;
    make_image();
    Elf64_Phdr *segments = image.heads.segment, moved[SEGMENTS];
    moved[0] = segments[PROPERTY];
    memcpy(moved + 1, segments, (SEGMENTS - 2) * sizeof(*moved));
    moved[SEGMENTS - 1] = segments[MORE];
    memcpy(segments, moved, sizeof(moved));
    expect("a note in front", sizeof(image), GOOD);
    segments[0].p_filesz--;
    expect("a broken note in front", sizeof(image), "has a description (0x");
}

static void code_fills_its_pages_with_traps(void **state)
{
    (void)state;
    static const struct change changes[] = {
        FIELD(code[63], 0x90, GOOD), /* is code */
        FIELD(code[64], 0x90, "has bytes behind its code, at 0x1040"),
        FIELD(code[PAGE - 1], 0x90, "has bytes behind its code, at 0x1fff"),
        FIELD(code[PAGE - 1], 0, GOOD),
        FIELD(data_page[0], 0x90, GOOD), /* the next page is not code's */
        FIELD(heads.segment[CODE].p_memsz, 65, "has code that does not fill its pages"),
    };
    TRY(changes);
    make_image();
    image.heads.segment[CODE].p_offset += 8;
    image.heads.segment[CODE].p_vaddr += 8;
    image.heads.relocation.r_addend += 8;
    expect("code in the middle of a page", sizeof(image), "has code that does not fill its pages");
    make_image();
    image.heads.segment[CODE].p_filesz = image.heads.segment[CODE].p_memsz = PAGE;
    image.data_page[0] = 0x90;
    expect("a whole page", sizeof(image), GOOD);
}

/* The system closes whole pages: what a region begins or ends within stays open. */
static void all_data_is_closed(void **state)
{
    (void)state;
    static const struct change changes[] = {
        FIELD(heads.segment[RELRO].p_type, PT_NULL, "has data that stays writable"),
        FIELD(heads.segment[RELRO].p_memsz, PAGE - 8, "has data that stays writable"),
        FIELD(heads.segment[RELRO].p_memsz, PAGE + 1, "has a relocated region outside its data"),
        FIELD(heads.segment[RELRO].p_memsz, 0, "has data that stays writable"),
        FIELD(heads.segment[RELRO].p_vaddr, CODE_PAGE * PAGE,
              "has a relocated region outside its data"),
        FIELD(heads.segment[RELRO].p_vaddr, 8 * PAGE, "has a relocated region outside its data"),
        FIELD(heads.segment[DATA].p_memsz, PAGE + 8, "has data that stays writable"),
        FIELD(heads.segment[DATA].p_memsz, PAGE - 8, "has a relocated region outside its data"),
    };
    TRY(changes);
    make_image();
    image.heads.segment[RELRO].p_vaddr += 8;
    image.heads.segment[RELRO].p_memsz -= 8;
    expect("begins within a page", sizeof(image), "has data that stays writable");
}

static void the_dynamic_section_says_what_is_needed(void **state)
{
    (void)state;
    static const char odd[] = "has an odd value at the dynamic tag";
    static const struct change changes[] = {
        FIELD(data.dynamic[SYMENT].d_un, sizeof(Elf64_Sym) + 1, odd),
        FIELD(data.dynamic[RELAENT].d_un, sizeof(Elf64_Rela) - 1, odd),
        FIELD(data.dynamic[PLTREL].d_un, DT_REL, odd),
        FIELD(data.dynamic[FLAGS].d_un, DF_BIND_NOW | DF_SYMBOLIC, GOOD),
        FIELD(data.dynamic[FLAGS].d_un, DF_BIND_NOW | DF_STATIC_TLS, odd),
        FIELD(data.dynamic[FLAGS].d_un, DF_BIND_NOW | DF_TEXTREL, "in its code (DF_TEXTREL)"),
        FIELD(data.dynamic[FLAGS_1].d_un, DF_1_NOW | DF_1_NODELETE, odd),
        FIELD(data.dynamic[FLAGS].d_un, 0, GOOD), /* the other one says it */
        FIELD(data.dynamic[FLAGS_1].d_un, 0, GOOD),
        FIELD(data.dynamic[RELAENT].d_tag, DT_SYMENT, "has the dynamic tag 0xb twice"),
        FIELD(data.dynamic[END].d_tag, DT_SYMBOLIC, GOOD), /* a zero behind it is the end */
        FIELD(data.dynamic[END].d_tag, DT_PLTGOT, GOOD),
        FIELD(data.dynamic[END].d_tag, DT_BIND_NOW, GOOD),
        FIELD(data.dynamic[END].d_tag, DT_RELACOUNT, GOOD),
        FIELD(data.dynamic[END].d_tag, DT_TEXTREL, "has relocations in its code (DT_TEXTREL)"),
        FIELD(data.dynamic[END].d_tag, 63, "has the dynamic tag 0x3f, which no policy needs"),
        FIELD(heads.segment[DYNAMIC].p_vaddr, AT(data.dynamic) + 16,
              "has a description (0x2) outside its segments"),
    };
    TRY(changes);
    make_image();
    put_entry(FLAGS, DT_FLAGS, 0);
    put_entry(FLAGS_1, DT_FLAGS_1, 0);
    expect("binds later", sizeof(image), "does not bind its imports when it is loaded");
    make_image();
    Elf64_Phdr *segment = &image.heads.segment[DYNAMIC];
    segment->p_filesz = segment->p_memsz = (END + 1) * sizeof(Elf64_Dyn);
    expect("the end is the last", sizeof(image), GOOD);
    segment->p_filesz = segment->p_memsz = (END + 1) * sizeof(Elf64_Dyn) - 1;
    expect("the end is cut", sizeof(image), "has a dynamic section without an end");
}

static void each_table_is_named_once(void **state)
{
    (void)state;
    static const int64_t once[] = {DT_STRTAB, DT_STRSZ,   DT_SYMTAB, DT_RELA,
                                   DT_RELASZ, DT_RELAENT, DT_JMPREL, DT_PLTREL};
    for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++) {
        make_image();
        put_entry(END, once[i], 0);
        expect("a tag twice", sizeof(image), "twice");
    }
}

static void the_hash_table_counts_the_symbols(void **state)
{
    (void)state;
    static const char broken[] = "has a broken hash table of its symbols";
    static const struct change changes[] = {
        FIELD(data.dynamic[HASH].d_un, 0, "has no hash table of its symbols"),
        FIELD(data.dynamic[HASH].d_un, sizeof(struct heads) - 15, "has no hash table"),
        FIELD(data.dynamic[HASH].d_un, sizeof(struct heads) - 16, broken), /* zeros */
        FIELD(heads.hash.bucket_count, 0, broken),
        FIELD(heads.hash.bucket_count, 1000, broken),
        FIELD(heads.hash.first, 0, broken),
        FIELD(heads.hash.first, EXPORT + 1, broken), /* a bucket before the first */
        FIELD(heads.hash.first, 4097, broken),
        FIELD(heads.hash.bloom_count, 0, broken),
        FIELD(heads.hash.bloom_count, 3, broken),
        FIELD(heads.hash.bloom_count, 4096, broken),
        FIELD(heads.hash.shift, 63, GOOD),
        FIELD(heads.hash.shift, 64, broken),
        FIELD(heads.hash.bucket, 0, "does not export chimera_plugin"),
        FIELD(heads.hash.bucket, 1, broken),
        FIELD(heads.hash.bucket, 200, broken), /* its chain is beyond the segment */
        FIELD(heads.hash.bucket, 5000, broken),
        /* It goes on behind it: what stands there, read as a symbol, is none of ours. */
        FIELD(heads.hash.chain, 2, "imports `chimera_trap` in an odd way"),
    };
    TRY(changes);
}

/* The table may be the last thing of its segment, to the byte. */
static void the_hash_table_may_end_the_segment(void **state)
{
    (void)state;
    make_image();
    size_t size = sizeof(image.heads.hash), at = sizeof(struct heads) - size;
    memcpy(image.bytes + at, &image.heads.hash, size);
    image.data.dynamic[HASH].d_un.d_val = at;
    image.data.dynamic[STRSZ].d_un.d_val = 32;
    image.heads.segment[PROPERTY].p_type = PT_NULL;
    expect("at the end", sizeof(image), GOOD);
    image.bytes[at + size - 4] = 0; /* the chain has no end */
    expect("its chain goes on", sizeof(image), "has a broken hash table of its symbols");
}

/* More words of the filter than bytes behind them. */
static void a_filter_may_be_long(void **state)
{
    (void)state;
    enum { WORDS = 16 };
    const size_t at = 2048, buckets = at + 16 + WORDS * 8;
    const uint32_t head[] = {1, EXPORT, WORDS, 0}, rest[] = {EXPORT, 1};
    make_image();
    memcpy(image.bytes + at, head, sizeof(head));
    memcpy(image.bytes + buckets, rest, sizeof(rest));
    image.data.dynamic[HASH].d_un.d_val = at;
    Elf64_Phdr *segment = &image.heads.segment[HEADS];
    segment->p_filesz = segment->p_memsz = buckets + sizeof(rest);
    expect("to the byte", sizeof(image), GOOD);
    segment->p_filesz = segment->p_memsz = buckets + sizeof(rest) - 1;
    expect("a byte less", sizeof(image), "has a broken hash table of its symbols");
    segment->p_filesz = segment->p_memsz = buckets + 3;
    expect("half a bucket", sizeof(image), "has a broken hash table of its symbols");
}

/* Without any bucket in use, only the first number tells how many symbols there are. */
static void symbols_have_a_limit(void **state)
{
    (void)state;
    make_image();
    image.heads.hash.bucket = 0;
    image.heads.hash.first = 4096;
    expect("as many as may be", sizeof(image), "the plugin p.so ");
    struct chimera_error err = {0};
    assert_int_equal(chimera_elf_audit(image.bytes, sizeof(image), "p.so", CHIMERA_MODE_NONE, &err),
                     CHIMERA_EREFUSED);
    assert_null(strstr(err.text, "hash table"));
    image.heads.hash.first = 4097;
    expect("one more", sizeof(image), "has a broken hash table of its symbols");
}

/* A table over two segments is none; one that ends where another begins goes on there. */
static void the_filter_lies_in_one_segment(void **state)
{
    (void)state;
    const uint32_t over[] = {1, EXPORT, PAGE / 8, 0}, up_to[] = {1, EXPORT, 1, 0},
                   rest[] = {EXPORT, 1};
    make_image();
    Elf64_Phdr *heads = &image.heads.segment[HEADS];
    heads->p_filesz = heads->p_memsz = PAGE;
    memcpy(image.page + PAGE - 16, over, sizeof(over));
    memcpy(image.data_page, rest, sizeof(rest)); /* behind a page of the filter */
    image.data.dynamic[HASH].d_un.d_val = PAGE - 16;
    expect("over the code", sizeof(image), "has a broken hash table of its symbols");
    memcpy(image.page + PAGE - 24, up_to, sizeof(up_to));
    memcpy(image.code, rest, sizeof(rest));
    image.data.dynamic[HASH].d_un.d_val = PAGE - 24;
    expect("up to the code", sizeof(image), GOOD);
}

/* Symbols in no bucket are known by the first number alone; dlsym() will not find them. */
static void every_bucket_is_looked_at(void **state)
{
    (void)state;
    make_image();
    image.heads.hash.bucket = 0;
    image.heads.hash.first = SYMBOLS;
    expect("no bucket", sizeof(image), GOOD);
    const size_t at = 2048;
    const uint32_t two[] = {2, EXPORT, 1, 0, 0, 0, 0, EXPORT, 1}; /* the second one has it */
    make_image();
    image.heads.segment[HEADS].p_filesz = image.heads.segment[HEADS].p_memsz = PAGE;
    memcpy(image.bytes + at, two, sizeof(two));
    image.data.dynamic[HASH].d_un.d_val = at;
    expect("two buckets", sizeof(image), GOOD);
}

static void a_chain_has_a_limit(void **state)
{
    (void)state;
    const uint32_t head[] = {1, EXPORT, 1, 0, 0, 0, EXPORT};
    const size_t chains = AT(more) + sizeof(head);
    for (size_t last = 4095; last <= 4096; last++) {
        make_image();
        put_segment(MORE, PT_LOAD, PF_R, AT(more), sizeof(image.more));
        memcpy(image.more, head, sizeof(head));
        image.bytes[chains + (last - EXPORT) * 4] = 1;
        image.data.dynamic[HASH].d_un.d_val = AT(more);
        expect("a long chain", sizeof(image), /* what else follows, as a symbol, is none */
               last < 4096 ? "imports `chimera_trap` in an odd way" : "has a broken hash table");
    }
}

static void an_empty_table_is_not_looked_for(void **state)
{
    (void)state;
    make_image();
    image.data.dynamic[RELASZ].d_un.d_val = 0;
    image.data.dynamic[RELA].d_un.d_val = ADDRESS_MAX;
    expect("no relocations", sizeof(image), GOOD);
    image.data.dynamic[PLTRELSZ].d_un.d_val = 0;
    image.data.dynamic[JMPREL].d_un.d_val = ADDRESS_MAX;
    expect("no calls either", sizeof(image), GOOD);
}

static void every_relocation_is_looked_at(void **state)
{
    (void)state;
    make_image();
    image.data.dynamic[RELASZ].d_un.d_val = 2 * sizeof(Elf64_Rela); /* the calls as well */
    image.data.dynamic[PLTRELSZ].d_un.d_val = 0;
    expect("both good", sizeof(image), GOOD);
    image.heads.call.r_info = ELF64_R_INFO(NO_SYMBOL, R_X86_64_IRELATIVE);
    expect("a bad one behind a good one", sizeof(image), "(IRELATIVE)");
}

/* Tags beyond 63 are not counted: a hint may come twice. */
static void hints_may_come_twice(void **state)
{
    (void)state;
    make_image();
    put_entry(END, DT_RELACOUNT, 1);
    put_entry(END + 1, DT_RELACOUNT, 1);
    expect("hints", sizeof(image), GOOD);
}

/* A symbol of one byte more than the strings: its name must end within them. */
static void names_end_within_the_strings(void **state)
{
    (void)state;
    const size_t name = 16, size = strlen(CHIMERA_PLUGIN_SYMBOL);
    const struct change changes[] = {
        FIELD(data.dynamic[STRSZ].d_un, name + size + 1, GOOD),
        FIELD(data.dynamic[STRSZ].d_un, name + size, "has a broken table of symbols"),
        FIELD(data.dynamic[STRSZ].d_un, sizeof(image.heads.strings) + 1,
              "has a broken table of symbols"),
        FIELD(data.dynamic[STRTAB].d_un, AT(heads.strings) + 1, "has a broken table of symbols"),
        FIELD(data.dynamic[SYMTAB].d_un, sizeof(struct heads) - 2 * sizeof(Elf64_Sym) + 1,
              "has a broken table of symbols"),
        FIELD(heads.symbol[EXPORT].st_name, sizeof(image.heads.strings),
              "has a broken table of symbols"),
        FIELD(heads.symbol[EXPORT].st_name, sizeof(image.heads.strings) + 1,
              "has a broken table of symbols"),
        FIELD(heads.symbol[EXPORT].st_name, sizeof(image.heads.strings) - 1,
              "exports `` besides chimera_plugin"),
        FIELD(heads.symbol[IMPORT].st_name, 2,
              "imports `himera_trap`, which is not one of the runtime's functions"),
    };
    TRY(changes);
}

static void names_are_shown_as_far_as_they_can_be(void **state)
{
    (void)state;
    make_image();
    memset(image.heads.strings + 1, 'a', 62);
    memcpy(image.heads.strings + 1, "\x1f ~\x7f!", 5);
    image.heads.symbol[EXPORT].st_name = 63; /* comes later */
    expect("a name", sizeof(image),
           "imports `"
           "??~?!aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa`");
    char *strings = (char *)image.page + 2048; /* room for a longer one */
    memset(strings + 1, 'b', 100);
    image.heads.segment[HEADS].p_filesz = image.heads.segment[HEADS].p_memsz = PAGE;
    put_entry(STRTAB, DT_STRTAB, AT(page) + 2048);
    put_entry(STRSZ, DT_STRSZ, 200);
    char wanted[96];
    snprintf(wanted, sizeof(wanted), "imports `%.63s`,", strings + 1);
    expect("a long name", sizeof(image), wanted);
}

static void symbols_are_plain(void **state)
{
    (void)state;
    static const char odd[] = "imports `chimera_trap` in an odd way";
    static const char other[] = "as something else than an object";
    static const char outside[] = "that lies outside its data";
    static const struct change changes[] = {
        FIELD(heads.symbol[IMPORT].st_info, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), GOOD),
        FIELD(heads.symbol[IMPORT].st_info, ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT), odd),
        FIELD(heads.symbol[IMPORT].st_info, ELF64_ST_INFO(STB_WEAK, STT_NOTYPE), odd),
        FIELD(heads.symbol[IMPORT].st_info, ELF64_ST_INFO(STB_WEAK, STT_FUNC), odd),
        FIELD(heads.symbol[IMPORT].st_shndx, 5, "exports `chimera_trap` besides chimera_plugin"),
        FIELD(heads.symbol[EXPORT].st_shndx, SHN_UNDEF, "imports `chimera_plugin`, which is not"),
        FIELD(heads.symbol[EXPORT].st_shndx, SHN_ABS, other),
        FIELD(heads.symbol[EXPORT].st_shndx, SHN_COMMON, other),
        FIELD(heads.symbol[EXPORT].st_info, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), other),
        FIELD(heads.symbol[EXPORT].st_info, ELF64_ST_INFO(STB_WEAK, STT_OBJECT), other),
        FIELD(heads.symbol[EXPORT].st_info, ELF64_ST_INFO(STB_GLOBAL, STT_GNU_IFUNC),
              "has a function that is chosen when it is loaded (IFUNC): `chimera_plugin`"),
        FIELD(heads.symbol[EXPORT].st_other, STV_HIDDEN, other),
        FIELD(heads.symbol[EXPORT].st_size, 7, outside),
        FIELD(heads.symbol[EXPORT].st_size, sizeof(struct data), GOOD),
        FIELD(heads.symbol[EXPORT].st_size, sizeof(struct data) + 1, outside),
        FIELD(heads.symbol[EXPORT].st_value, AT(data.descriptor) + 4, outside),
        FIELD(heads.symbol[EXPORT].st_value, ADDRESS_MAX, outside),
        FIELD(heads.symbol[EXPORT].st_value, 0, GOOD), /* the loader looks at what it is */
    };
    TRY(changes);
}

static void relocations_fill_our_data_with_our_addresses(void **state)
{
    (void)state;
    static const char broken[] = "has a broken table of relocations";
    static const char nameless[] = "has a relocation that names no import";
    static const struct change changes[] = {
        FIELD(data.dynamic[RELASZ].d_un, 0, GOOD),
        FIELD(data.dynamic[RELASZ].d_un, sizeof(Elf64_Rela) - 1, broken),
        FIELD(data.dynamic[RELASZ].d_un, sizeof(Elf64_Rela) + 1, broken),
        FIELD(data.dynamic[RELASZ].d_un, 2 * sizeof(Elf64_Rela), GOOD), /* the calls, again */
        FIELD(data.dynamic[RELA].d_un, sizeof(struct heads) - sizeof(Elf64_Rela) + 1, broken),
        FIELD(data.dynamic[JMPREL].d_un, sizeof(struct heads) - sizeof(Elf64_Rela) + 1, broken),
        FIELD(heads.relocation.r_offset, AT(data) - 1,
              "has a relocation outside its data, at 0x1fff"),
        FIELD(heads.relocation.r_offset, AT(data), GOOD),
        FIELD(heads.relocation.r_offset, AT(data_page[PAGE - 8]), GOOD),
        FIELD(heads.relocation.r_offset, AT(data_page[PAGE - 7]), "outside its data, at 0x2ff9"),
        FIELD(heads.relocation.r_offset, CODE_PAGE * PAGE, "outside its data, at 0x1000"),
        FIELD(heads.relocation.r_offset, AT(data.dynamic) - 8, GOOD),
        FIELD(heads.relocation.r_offset, AT(data.dynamic) - 7, "in its dynamic section"),
        FIELD(heads.relocation.r_offset, AT(data.dynamic[ENTRIES]) - 1, "in its dynamic section"),
        FIELD(heads.relocation.r_offset, AT(data.dynamic[ENTRIES]), GOOD),
        FIELD(heads.relocation.r_addend, sizeof(struct heads), GOOD), /* the end of an array */
        FIELD(heads.relocation.r_addend, sizeof(struct heads) + 1, "that points outside of it"),
        FIELD(heads.relocation.r_info, ELF64_R_INFO(IMPORT, R_X86_64_RELATIVE),
              "that points outside of it"),
        FIELD(heads.relocation.r_info, ELF64_R_INFO(IMPORT, R_X86_64_GLOB_DAT), GOOD),
        FIELD(heads.relocation.r_info, ELF64_R_INFO(IMPORT, R_X86_64_64), GOOD),
        FIELD(heads.relocation.r_info, ELF64_R_INFO(NO_SYMBOL, R_X86_64_64), nameless),
        FIELD(heads.relocation.r_info, ELF64_R_INFO(EXPORT, R_X86_64_64), nameless),
        FIELD(heads.relocation.r_info, ELF64_R_INFO((uint64_t)SYMBOLS, R_X86_64_64), nameless),
        FIELD(heads.relocation.r_info, ELF64_R_INFO(NO_SYMBOL, R_X86_64_IRELATIVE), "(IRELATIVE)"),
        FIELD(heads.relocation.r_info, ELF64_R_INFO(NO_SYMBOL, R_X86_64_DTPMOD64),
              "has a relocation of the kind 16, which no policy needs"),
        FIELD(heads.call.r_info, ELF64_R_INFO(NO_SYMBOL, R_X86_64_JUMP_SLOT), nameless),
    };
    TRY(changes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_plugin_passes),
        cmocka_unit_test(the_header_says_what_we_run),
        cmocka_unit_test(there_may_be_32_segments),
        cmocka_unit_test(segments_fit_the_file_and_each_other),
        cmocka_unit_test(what_the_loader_reads_is_in_the_file),
        cmocka_unit_test(every_segment_is_looked_at),
        cmocka_unit_test(the_filter_lies_in_one_segment),
        cmocka_unit_test(every_bucket_is_looked_at),
        cmocka_unit_test(a_chain_has_a_limit),
        cmocka_unit_test(every_relocation_is_looked_at),
        cmocka_unit_test(hints_may_come_twice),
        cmocka_unit_test(code_fills_its_pages_with_traps),
        cmocka_unit_test(all_data_is_closed),
        cmocka_unit_test(the_dynamic_section_says_what_is_needed),
        cmocka_unit_test(each_table_is_named_once),
        cmocka_unit_test(the_hash_table_counts_the_symbols),
        cmocka_unit_test(the_hash_table_may_end_the_segment),
        cmocka_unit_test(a_filter_may_be_long),
        cmocka_unit_test(symbols_have_a_limit),
        cmocka_unit_test(an_empty_table_is_not_looked_for),
        cmocka_unit_test(names_end_within_the_strings),
        cmocka_unit_test(names_are_shown_as_far_as_they_can_be),
        cmocka_unit_test(symbols_are_plain),
        cmocka_unit_test(relocations_fill_our_data_with_our_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
