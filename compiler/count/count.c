/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/count/count.h"

#include "compiler/wasm/instruction.h"
#include "compiler/wasm/writer.h"

/* Wasmtime 44.0.1, wasmtime-environ, src/tunables.rs, default_operator_cost(). */
uint32_t count_cost(uint8_t opcode)
{
    switch (opcode) {
    case OP_NOP:
    case OP_DROP:
    case OP_BLOCK:
    case OP_LOOP:
    case OP_UNREACHABLE:
    case OP_RETURN:
    case OP_ELSE:
    case OP_END:
        return 0;
    default:
        return 1;
    }
}

/* The same, wasmtime-internal-cranelift, src/func_environ.rs, fuel_before_op(). It has no call_ref
 * there, and forgets what that one's callee has used; here it is a call like the others. */
bool count_ends_block(uint8_t opcode)
{
    switch (opcode) {
    case OP_UNREACHABLE:
    case OP_RETURN:
    case OP_CALL:
    case OP_CALL_INDIRECT:
    case OP_CALL_REF:
    case OP_RETURN_CALL:
    case OP_RETURN_CALL_INDIRECT:
    case OP_RETURN_CALL_REF:
    case OP_LOOP:
    case OP_IF:
    case OP_ELSE:
    case OP_END:
    case OP_BR:
    case OP_BR_IF:
    case OP_BR_TABLE:
    case OP_BR_ON_NULL:
    case OP_BR_ON_NON_NULL:
        return true;
    default:
        return false;
    }
}

void count_write(struct chimera_buffer *out, uint32_t global, uint32_t amount)
{
    if (amount == 0)
        return;
    chimera_buffer_byte(out, OP_GLOBAL_GET);
    writer_u32(out, global);
    chimera_buffer_byte(out, OP_I64_CONST);
    writer_signed(out, amount);
    chimera_buffer_byte(out, OP_I64_ADD);
    chimera_buffer_byte(out, OP_GLOBAL_SET);
    writer_u32(out, global);
}

void count_write_global(struct chimera_buffer *out)
{
    static const uint8_t counter[] = {WASM_I64, 1, OP_I64_CONST, 0, OP_END}; /* 1: mutable */
    writer_bytes(out, counter, counter + sizeof(counter));
}
