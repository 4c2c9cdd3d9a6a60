/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/native/audit_quick.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/policy/plugin.h"
#include "runtime/base/cleanup.h"

/* What follows an opcode. */
enum form {
    NONE = 0,     /* refused */
    PLAIN,        /* nothing */
    BYTE,         /* 8 bits */
    WORD,         /* 32 bits; 64 with REX.W in B8 to BF, 16 behind 66 */
    NEAR,         /* a jump of 8 bits */
    FAR,          /* a jump of 32 bits */
    OPERAND,      /* ModRM, SIB, displacement */
    OPERAND_BYTE, /* the same, then 8 bits */
    OPERAND_WORD, /* the same, then 32 bits, or 16 behind 66 */
    STRING,       /* nothing; only behind F3 */
};

static const uint8_t one_byte[256] = {
    [0x01] = OPERAND,      [0x03] = OPERAND,      [0x09] = OPERAND, [0x0b] = OPERAND, /* add or */
    [0x11] = OPERAND,      [0x13] = OPERAND,      [0x19] = OPERAND, [0x1b] = OPERAND, /* adc sbb */
    [0x21] = OPERAND,      [0x23] = OPERAND,      [0x29] = OPERAND, [0x2b] = OPERAND, /* and sub */
    [0x31] = OPERAND,      [0x33] = OPERAND,      [0x39] = OPERAND, [0x3b] = OPERAND, /* xor cmp */
    [0x63] = OPERAND,                                                                 /* movslq */
    [0x68] = WORD,         [0x6a] = BYTE,                                             /* push */
    [0x81] = OPERAND_WORD, [0x83] = OPERAND_BYTE, /* add … cmp */
    [0x84] = OPERAND,      [0x85] = OPERAND,      /* test */
    [0x88] = OPERAND,      [0x89] = OPERAND,      [0x8a] = OPERAND, [0x8b] = OPERAND, /* mov */
    [0x8d] = OPERAND,                                                                 /* lea */
    [0x90] = PLAIN,        [0x98] = PLAIN,        [0x99] = PLAIN, /* nop cltq cqto */
    [0xa4] = STRING,       [0xaa] = STRING,                       /* rep movsb, stosb */
    [0xc1] = OPERAND_BYTE,                                        /* shifts */
    [0xc3] = PLAIN,        [0xc9] = PLAIN,        [0xcc] = PLAIN, /* ret leave int3 */
    [0xc6] = OPERAND_BYTE, [0xc7] = OPERAND_WORD,                 /* mov */
    [0xd1] = OPERAND,      [0xd3] = OPERAND,                      /* shifts */
    [0xe8] = FAR,          [0xe9] = FAR,          [0xeb] = NEAR,  /* call jmp */
    [0xf7] = OPERAND,      [0xff] = OPERAND, /* not neg mul div; call jmp push: see is_known() */
};

static const uint8_t two_bytes[256] = {
    /* behind 0F */
    [0x10] = OPERAND, [0x11] = OPERAND, /* movss movsd */
    [0x14] = OPERAND,                   /* unpcklps */
    [0x1f] = OPERAND,                   /* nop */
    [0x28] = OPERAND, [0x29] = OPERAND, /* movaps */
    [0x2a] = OPERAND, [0x2c] = OPERAND, [0x2e] = OPERAND,
    [0x2f] = OPERAND,                   /* cvtsi2s cvtts2si ucomis comis */
    [0x51] = OPERAND, [0x57] = OPERAND, /* sqrt xorps */
    [0x58] = OPERAND, [0x59] = OPERAND, [0x5a] = OPERAND,
    [0x5c] = OPERAND, [0x5e] = OPERAND,                   /* add mul cvt sub div */
    [0x6e] = OPERAND, [0x7e] = OPERAND, [0xd6] = OPERAND, /* movd movq */
    [0xaf] = OPERAND,                                     /* imul */
    [0xb6] = OPERAND, [0xb7] = OPERAND, [0xbe] = OPERAND,
    [0xbf] = OPERAND, /* movz movs */
};

static enum form form_of(uint8_t opcode)
{
    if ((opcode & 0xf0) == 0x50)
        return PLAIN; /* push pop */
    if ((opcode & 0xf0) == 0x70)
        return NEAR; /* jcc */
    if ((opcode & 0xf0) == 0xb0)
        return opcode & 8 ? WORD : BYTE; /* mov */
    return (enum form)one_byte[opcode];
}

static enum form form_behind_escape(uint8_t opcode)
{
    if ((opcode & 0xf0) == 0x80)
        return FAR; /* jcc */
    if ((opcode & 0xf0) == 0x90)
        return OPERAND; /* setcc */
    return (enum form)two_bytes[opcode];
}

struct instruction {
    uint8_t prefix, rex; /* 66, F2 or F3; 40 to 4F; 0: none */
    bool has_escape;     /* 0F */
    uint8_t opcode, modrm;
    enum form form;
    size_t size;
    int64_t jump; /* from its end */
    uint32_t word;
};

struct reader {
    const uint8_t *at, *end;
    bool failed;
};

static uint8_t take_byte(struct reader *reader)
{
    if (reader->at == reader->end) {
        reader->failed = true;
        return 0;
    }
    return *reader->at++;
}

static uint32_t take_number(struct reader *reader, unsigned bytes)
{
    uint32_t word = 0;
    for (unsigned i = 0; i < bytes; i++)
        word |= (uint32_t)take_byte(reader) << (8 * i);
    return word;
}

static void skip_bytes(struct reader *reader, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        take_byte(reader);
}

/* ModRM and what it asks for: Intel's manual, volume 2, tables 2-2 and 2-3. */
static void take_operand(struct reader *reader, struct instruction *instruction)
{
    uint8_t modrm = take_byte(reader), mod = modrm >> 6, rm = modrm & 7;
    uint8_t base = rm;
    instruction->modrm = modrm;
    if (mod == 3)
        return;
    if (rm == 4)
        base = take_byte(reader) & 7;
    if (mod == 1)
        skip_bytes(reader, 1);
    else if (mod == 2 || base == 5)
        skip_bytes(reader, 4);
}

static void take_opcode(struct reader *reader, struct instruction *instruction)
{
    uint8_t byte = take_byte(reader);
    if (byte == 0x66 || byte == 0xf2 || byte == 0xf3) {
        instruction->prefix = byte;
        byte = take_byte(reader);
    }
    if ((byte & 0xf0) == 0x40) {
        instruction->rex = byte;
        byte = take_byte(reader);
    }
    instruction->has_escape = byte == 0x0f;
    if (instruction->has_escape)
        byte = take_byte(reader);
    instruction->opcode = byte;
    instruction->form = instruction->has_escape ? form_behind_escape(byte) : form_of(byte);
    bool is_repeated = instruction->prefix == 0xf3 && !instruction->has_escape;
    if ((instruction->form == STRING) != is_repeated ||
        (instruction->prefix == 0xf2 && !instruction->has_escape))
        instruction->form = NONE;
}

static void take_rest(struct reader *reader, struct instruction *instruction)
{
    bool is_short = instruction->prefix == 0x66, is_wide = instruction->rex & 8;
    enum form form = instruction->form;
    if (form == OPERAND || form == OPERAND_BYTE || form == OPERAND_WORD)
        take_operand(reader, instruction);
    if (form == BYTE || form == OPERAND_BYTE)
        skip_bytes(reader, 1);
    else if (form == WORD && is_wide && instruction->opcode >= 0xb8)
        skip_bytes(reader, 8);
    else if (form == WORD || form == OPERAND_WORD)
        instruction->word = take_number(reader, is_short ? 2 : 4);
    else if (form == NEAR)
        instruction->jump = (int8_t)take_byte(reader); /* NOLINT(bugprone-signed-char-misuse) */
    else if (form == FAR)
        instruction->jump = (int32_t)take_number(reader, 4);
}

/* The groups have one opcode for several instructions, told apart by the middle of ModRM. */
static bool is_known(const struct instruction *instruction)
{
    unsigned member = instruction->modrm >> 3 & 7;
    if (instruction->form == NONE)
        return false;
    if (instruction->form == FAR && instruction->prefix)
        return false; /* what 66 means for a jump differs between processors */
    if (instruction->has_escape)
        return true;
    switch (instruction->opcode) {
    case 0xf7:
        return member >= 2; /* not 0 and 1, which have 32 bits more */
    case 0xff:
        return member == 2 || member == 4 || member == 6;
    case 0xc6:
    case 0xc7:
        return member == 0; /* 7 is for transactions */
    default:
        return true;
    }
}

static bool decode_instruction(const uint8_t *at, const uint8_t *end,
                               struct instruction *ret_instruction)
{
    struct reader reader = {.at = at, .end = end};
    struct instruction instruction = {0};
    take_opcode(&reader, &instruction);
    take_rest(&reader, &instruction);
    if (reader.failed || !is_known(&instruction))
        return false;
    instruction.size = (size_t)(reader.at - at);
    *ret_instruction = instruction;
    return true;
}

static int refuse_code(const char *path, const char *what, size_t at, struct chimera_error *err)
{
    return chimera_fail(
        err, CHIMERA_EREFUSED,
        "%s holds %s at 0x%zx of its code; this is a defect of the compiler chain: please "
        "report it with the module, and build it with `--tier full`",
        path, what, at);
}

/* The linker fills up to the alignment of the next section with zeros. Nothing comes there: what
 * stands before goes elsewhere, and no zero is marked as a beginning. */
static size_t skip_padding(struct chimera_slice code, size_t at)
{
    size_t end = (at + 15) & ~(size_t)15;
    for (size_t i = at; i < end; i++)
        if (i >= code.size || code.data[i] != 0)
            return at;
    return end;
}

/* Marks in `starts` where instructions begin. */
static int read_all(struct chimera_slice code, const char *path, uint8_t *starts,
                    struct chimera_error *err)
{
    const uint8_t *bytes = (const uint8_t *)code.data;
    struct instruction instruction = {0};
    for (size_t at = 0; at < code.size; at += instruction.size) {
        if (!instruction.has_escape && (instruction.opcode == 0xc3 || instruction.opcode == 0xe9))
            at = skip_padding(code, at);
        if (!decode_instruction(bytes + at, bytes + code.size, &instruction))
            return refuse_code(path, "an instruction that tcc does not write", at, err);
        /* subq $N, %rsp: how tcc makes every frame. */
        if (instruction.opcode == 0x81 && !instruction.has_escape && instruction.modrm == 0xec &&
            instruction.word > CHIMERA_FRAME_MAX)
            return chimera_fail(
                err, CHIMERA_ELIMIT,
                "a function needs %u bytes of stack for its variables, more than the %zu that "
                "the quick tier allows: build this policy with `--tier full`",
                instruction.word, CHIMERA_FRAME_MAX);
        starts[at / 8] = (uint8_t)(starts[at / 8] | 1u << (at % 8));
    }
    return CHIMERA_OK;
}

static bool is_start(const uint8_t *starts, size_t at)
{
    return starts[at / 8] >> (at % 8) & 1;
}

static int check_jumps(struct chimera_slice code, const char *path, const uint8_t *starts,
                       struct chimera_error *err)
{
    const uint8_t *bytes = (const uint8_t *)code.data;
    struct instruction instruction;
    for (size_t at = 0; at < code.size; at++) {
        if (!is_start(starts, at) ||
            !decode_instruction(bytes + at, bytes + code.size, &instruction) ||
            (instruction.form != NEAR && instruction.form != FAR))
            continue;
        int64_t target = (int64_t)(at + instruction.size) + instruction.jump;
        if (target < 0 || (uint64_t)target >= code.size || !is_start(starts, (size_t)target))
            return refuse_code(path, "a jump to where no instruction begins", at, err);
    }
    return CHIMERA_OK;
}

int chimera_sweep(struct chimera_slice code, const char *path, struct chimera_error *err)
{
    CHIMERA_FREE uint8_t *starts = calloc(code.size / 8 + 1, 1);
    if (!starts)
        return chimera_fail(err, CHIMERA_ENOMEM, "%s: out of memory", path);
    if (code.size == 0)
        return chimera_fail(err, CHIMERA_EREFUSED, "%s holds no code", path);
    int code_of = read_all(code, path, starts, err);
    return code_of < 0 ? code_of : check_jumps(code, path, starts, err);
}
