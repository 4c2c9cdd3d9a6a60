/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of instructions, types and sections: each is found under its own number, nothing is
 * found under others, and what the readers take for granted of the rows is so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/wasm/instruction.h"
#include "compiler/wasm/section.h"
#include "compiler/wasm/type.h"

#define VARIES NULL, 0

struct row {
    const char *text;
    uint32_t number;
    struct wasm_instruction instruction;
};

#define ROW(number, name, immediates, proposal, ...) \
    {#name, number, {OP_##name, IMMEDIATE_##immediates, PROPOSAL_##proposal, __VA_ARGS__}},

static const struct row short_rows[] = {WASM_INSTRUCTIONS(ROW)};
static const struct row long_rows[] = {WASM_LONG_INSTRUCTIONS(ROW)};
static const struct row vector_rows[] = {WASM_VECTOR_INSTRUCTIONS(ROW)};

static const struct wasm_instruction *short_instruction(uint32_t number)
{
    return &wasm_instructions[number];
}

static const struct {
    const struct row *rows;
    size_t count;
    const struct wasm_instruction *(*find)(uint32_t number);
} lists[] = {
    {short_rows, sizeof(short_rows) / sizeof(*short_rows), short_instruction},
    {long_rows, sizeof(long_rows) / sizeof(*long_rows), wasm_long_instruction},
    {vector_rows, sizeof(vector_rows) / sizeof(*vector_rows), wasm_vector_instruction},
};

/* Two rows of one number would hide each other; a row out of order is a slip of the hand. */
static void each_row_is_found_under_its_own_number(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
        for (size_t j = 0; j < lists[i].count; j++) {
            const struct row *row = &lists[i].rows[j];
            if (j > 0 && row->number <= row[-1].number)
                fail_msg("%s does not follow %s", row->text, row[-1].text);
            if (lists[i].find(row->number)->opcode != row->instruction.opcode)
                fail_msg("%s is not found under its number", row->text);
            assert_int_equal(row->instruction.opcode & UINT8_MAX, row->number);
        }
    }
}

static void nothing_is_found_under_other_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
        size_t found = 0;
        for (uint32_t number = 0; number <= UINT8_MAX; number++)
            found += lists[i].find(number)->proposal != PROPOSAL_UNKNOWN;
        assert_int_equal(found, lists[i].count);
    }
    assert_int_equal(wasm_long_instruction(UINT32_MAX)->proposal, PROPOSAL_UNKNOWN);
    assert_int_equal(wasm_vector_instruction(UINT32_MAX)->proposal, PROPOSAL_UNKNOWN);
    assert_int_equal(wasm_vector_instruction(0x100)->proposal, PROPOSAL_RELAXED_SIMD);
    assert_int_equal(wasm_vector_instruction(0x12f)->proposal, PROPOSAL_RELAXED_SIMD);
    assert_int_equal(wasm_vector_instruction(0x130)->proposal, PROPOSAL_UNKNOWN);
}

/* The lowering copies what has a type. It knows these letters, and reads these immediates. */
static bool can_be_lowered(const struct wasm_instruction *instruction)
{
    static const enum wasm_immediates known[] = {IMMEDIATE_NONE,         IMMEDIATE_INDEX,
                                                 IMMEDIATE_INDEX_MEMORY, IMMEDIATE_MEMORY,
                                                 IMMEDIATE_TWO_MEMORIES, IMMEDIATE_MEMORY_ARGUMENT,
                                                 IMMEDIATE_I32,          IMMEDIATE_I64,
                                                 IMMEDIATE_F32,          IMMEDIATE_F64};
    bool is_known = instruction->opcode >> 8 == OP_PREFIX_VECTORS; /* opcode_vector() reads them */
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        is_known |= instruction->immediates == known[i];
    return is_known && instruction->proposal == PROPOSAL_CORE &&
           strspn(instruction->params, "iIfFv") == strlen(instruction->params) &&
           (instruction->result == 0 || strchr("iIfFv", instruction->result));
}

static void rows_with_types_can_be_lowered(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
        for (size_t j = 0; j < lists[i].count; j++) {
            const struct row *row = &lists[i].rows[j];
            if (row->instruction.params && !can_be_lowered(&row->instruction))
                fail_msg("%s has a type", row->text);
            if (lists[i].rows == vector_rows)
                assert_non_null(row->instruction.params);
        }
    }
}

static void types_are_negative_numbers_of_one_byte(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {
#define BYTE(byte, name, proposal) byte,
        WASM_TYPE_LIST(BYTE)};
    size_t found = 0;
    for (size_t i = 0; i < sizeof(bytes); i++)
        assert_true(wasm_is_type_byte(bytes[i]));
    for (unsigned byte = 0; byte <= UINT8_MAX; byte++)
        found += wasm_type_proposal((uint8_t)byte) != PROPOSAL_UNKNOWN;
    assert_int_equal(found, sizeof(bytes));
    assert_false(wasm_is_type_byte(0x3f));
    assert_false(wasm_is_type_byte(0x80));
}

static void sections_have_ranks_of_their_own(void **state)
{
    (void)state;
    static const uint8_t ranks[] = {
#define RANK(number, name, rank, text) [number] = (rank),
        WASM_SECTION_LIST(RANK)};
    uint32_t seen = 0;
    assert_int_equal(sizeof(ranks), WASM_SECTIONS);
    for (size_t i = 0; i < WASM_SECTIONS; i++) {
        assert_non_null(wasm_section_names[i]);
        seen |= 1u << ranks[i];
    }
    assert_int_equal(seen, (1u << WASM_SECTIONS) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_is_found_under_its_own_number),
        cmocka_unit_test(nothing_is_found_under_other_numbers),
        cmocka_unit_test(rows_with_types_can_be_lowered),
        cmocka_unit_test(types_are_negative_numbers_of_one_byte),
        cmocka_unit_test(sections_have_ranks_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
