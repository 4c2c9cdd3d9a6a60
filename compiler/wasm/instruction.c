/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/wasm/instruction.h"

#include <stddef.h>

#define VARIES NULL, 0
#define ROW(number, name, immediates, proposal, ...) \
    [number] = {OP_##name, IMMEDIATE_##immediates, PROPOSAL_##proposal, __VA_ARGS__},

const struct wasm_instruction wasm_instructions[UINT8_MAX + 1] = {WASM_INSTRUCTIONS(ROW)};
static const struct wasm_instruction long_instructions[] = {WASM_LONG_INSTRUCTIONS(ROW)};
static const struct wasm_instruction vector_instructions[] = {WASM_VECTOR_INSTRUCTIONS(ROW)};
static const struct wasm_instruction unknown, relaxed = {.proposal = PROPOSAL_RELAXED_SIMD};

/* What the proposal of relaxed SIMD has, or keeps for itself. */
#define RELAXED_FIRST 0x100
#define RELAXED_END 0x130

const struct wasm_instruction *wasm_long_instruction(uint32_t number)
{
    size_t count = sizeof(long_instructions) / sizeof(*long_instructions);
    return number < count ? &long_instructions[number] : &unknown;
}

const struct wasm_instruction *wasm_vector_instruction(uint32_t number)
{
    size_t count = sizeof(vector_instructions) / sizeof(*vector_instructions);
    if (number >= RELAXED_FIRST && number < RELAXED_END)
        return &relaxed;
    return number < count ? &vector_instructions[number] : &unknown;
}
