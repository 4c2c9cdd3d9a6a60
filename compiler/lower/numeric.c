/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions that work on numbers and memory alone: their types are a table. They are copied. */
#include "compiler/lower/body.h"

/* Runs of opcodes with one type; letters as in plugin.h. */
static const struct run {
    uint8_t first, last;
    const char *params;
    char result; /* 0: none */
} runs[] = {
    {0x45, 0x45, "i", 'i'},  {0x46, 0x4f, "ii", 'i'}, {0x50, 0x50, "I", 'i'},
    {0x51, 0x5a, "II", 'i'}, {0x5b, 0x60, "ff", 'i'}, {0x61, 0x66, "FF", 'i'},
    {0x67, 0x69, "i", 'i'},  {0x6a, 0x78, "ii", 'i'}, {0x79, 0x7b, "I", 'I'},
    {0x7c, 0x8a, "II", 'I'}, {0x8b, 0x91, "f", 'f'},  {0x92, 0x98, "ff", 'f'},
    {0x99, 0x9f, "F", 'F'},  {0xa0, 0xa6, "FF", 'F'}, {0xa7, 0xa7, "I", 'i'},
    {0xa8, 0xa9, "f", 'i'},  {0xaa, 0xab, "F", 'i'},  {0xac, 0xad, "i", 'I'},
    {0xae, 0xaf, "f", 'I'},  {0xb0, 0xb1, "F", 'I'},  {0xb2, 0xb3, "i", 'f'},
    {0xb4, 0xb5, "I", 'f'},  {0xb6, 0xb6, "F", 'f'},  {0xb7, 0xb8, "i", 'F'},
    {0xb9, 0xba, "I", 'F'},  {0xbb, 0xbb, "f", 'F'},  {0xbc, 0xbc, "f", 'i'},
    {0xbd, 0xbd, "F", 'I'},  {0xbe, 0xbe, "i", 'f'},  {0xbf, 0xbf, "I", 'F'},
    {0xc0, 0xc1, "i", 'i'},  {0xc2, 0xc4, "I", 'I'},
};

static const struct run loads_and_stores[] = {
    {0x28, 0x28, "i", 'i'}, {0x29, 0x29, "i", 'I'}, {0x2a, 0x2a, "i", 'f'}, {0x2b, 0x2b, "i", 'F'},
    {0x2c, 0x2f, "i", 'i'}, {0x30, 0x35, "i", 'I'}, {0x36, 0x36, "ii", 0},  {0x37, 0x37, "iI", 0},
    {0x38, 0x38, "if", 0},  {0x39, 0x39, "iF", 0},  {0x3a, 0x3b, "ii", 0},  {0x3c, 0x3e, "iI", 0},
};

static lower_type type_of_letter(char letter)
{
    switch (letter) {
    case 'I':
        return WASM_I64;
    case 'f':
        return WASM_F32;
    case 'F':
        return WASM_F64;
    case 'V':
        return WASM_V128;
    default:
        return WASM_I32;
    }
}

void body_apply(struct lower_body *body, const char *params, char result)
{
    for (size_t i = strlen(params); i > 0; i--)
        body_pop(body, type_of_letter(params[i - 1]));
    if (result)
        body_push(body, type_of_letter(result));
}

static const struct run *find_run(const struct run *from, size_t count, uint8_t opcode)
{
    size_t low = 0;
    while (low < count) {
        size_t middle = low + (count - low) / 2;
        if (opcode < from[middle].first)
            count = middle;
        else if (opcode > from[middle].last)
            low = middle + 1;
        else
            return &from[middle];
    }
    return NULL;
}

static void read_memory_argument(struct reader *reader)
{
    if ((reader_u32(reader) & 0x40) && reader->code == 0)
        reader_fail(
            reader, CHIMERA_EFEATURE,
            "the module uses several memories, which Chimera does not compile: build it without");
    reader_u32(reader);
}

static void read_constant(struct lower_body *body, uint8_t opcode)
{
    switch (opcode) {
    case 0x41:
        reader_signed(body->reader, 32);
        break;
    case 0x42:
        reader_signed(body->reader, 64);
        break;
    default:
        reader_bytes(body->reader, opcode == 0x43 ? 4 : 8);
    }
    body_push(body, (lower_type)(WASM_I32 - (opcode - 0x41)));
}

bool body_numeric(struct lower_body *body, uint8_t opcode)
{
    if (opcode >= 0x41 && opcode <= 0x44) {
        read_constant(body, opcode);
        return true;
    }
    if (opcode == 0x3f || opcode == 0x40) { /* memory.size, memory.grow */
        reader_byte(body->reader);
        body_apply(body, opcode == 0x3f ? "" : "i", 'i');
        return true;
    }
    const struct run *run = find_run(runs, sizeof(runs) / sizeof(*runs), opcode);
    if (!run) {
        run = find_run(loads_and_stores, sizeof(loads_and_stores) / sizeof(*loads_and_stores),
                       opcode);
        if (!run)
            return false;
        read_memory_argument(body->reader);
    }
    body_apply(body, run->params, run->result);
    return true;
}

bool body_numeric_long(struct lower_body *body, uint32_t operation)
{
    static const char *const saturating[] = {"fi", "fi", "Fi", "Fi", "fI", "fI", "FI", "FI"};
    if (operation < 8) {
        char param[] = {saturating[operation][0], '\0'};
        body_apply(body, param, saturating[operation][1]);
        return true;
    }
    if (operation > 11)
        return false;
    if (operation == 8 || operation == 9) /* memory.init, data.drop */
        reader_u32(body->reader);
    if (operation == 8 || operation == 10 || operation == 11) /* memory.init, copy, fill */
        reader_byte(body->reader);
    if (operation == 10)
        reader_byte(body->reader);
    if (operation != 9)
        body_apply(body, "iii", 0);
    return true;
}
