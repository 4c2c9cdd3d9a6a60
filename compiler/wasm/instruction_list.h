/* SPDX-License-Identifier: Apache-2.0 */
/* instruction_list.h - a row an instruction: X(number, name, immediates, proposal, params, result).
 *
 * Numbers and names are those of the core specification's binary format, of the proposals for what
 * is no part of it. Immediates and proposals are instruction.h's, without their prefixes. Params
 * and result are letters as in plugins/policy/plugin.h, with v for a vector and 0 for no result;
 * VARIES stands for both where they depend on immediates, on the module or on the stack.
 */
#ifndef CHIMERA_COMPILER_WASM_INSTRUCTION_LIST_H
#define CHIMERA_COMPILER_WASM_INSTRUCTION_LIST_H

/* Of one byte. The last four begin one of two numbers; the second number of 0xfc and 0xfd has a
 * list of its own. */
#define WASM_INSTRUCTIONS(X)                                       \
    X(0x00, UNREACHABLE, NONE, CORE, VARIES)                       \
    X(0x01, NOP, NONE, CORE, VARIES)                               \
    X(0x02, BLOCK, BLOCK_TYPE, CORE, VARIES)                       \
    X(0x03, LOOP, BLOCK_TYPE, CORE, VARIES)                        \
    X(0x04, IF, BLOCK_TYPE, CORE, VARIES)                          \
    X(0x05, ELSE, NONE, CORE, VARIES)                              \
    X(0x06, TRY, BLOCK_TYPE, EXCEPTIONS, VARIES)                   \
    X(0x07, CATCH, INDEX, EXCEPTIONS, VARIES)                      \
    X(0x08, THROW, INDEX, EXCEPTIONS, VARIES)                      \
    X(0x09, RETHROW, INDEX, EXCEPTIONS, VARIES)                    \
    X(0x0a, THROW_REF, NONE, EXCEPTIONS, VARIES)                   \
    X(0x0b, END, NONE, CORE, VARIES)                               \
    X(0x0c, BR, INDEX, CORE, VARIES)                               \
    X(0x0d, BR_IF, INDEX, CORE, VARIES)                            \
    X(0x0e, BR_TABLE, BRANCH_TABLE, CORE, VARIES)                  \
    X(0x0f, RETURN, NONE, CORE, VARIES)                            \
    X(0x10, CALL, INDEX, CORE, VARIES)                             \
    X(0x11, CALL_INDIRECT, TWO_INDICES, CORE, VARIES)              \
    X(0x12, RETURN_CALL, INDEX, TAIL_CALLS, VARIES)                \
    X(0x13, RETURN_CALL_INDIRECT, TWO_INDICES, TAIL_CALLS, VARIES) \
    X(0x14, CALL_REF, INDEX, REFERENCES, VARIES)                   \
    X(0x15, RETURN_CALL_REF, INDEX, REFERENCES, VARIES)            \
    X(0x18, DELEGATE, INDEX, EXCEPTIONS, VARIES)                   \
    X(0x19, CATCH_ALL, NONE, EXCEPTIONS, VARIES)                   \
    X(0x1a, DROP, NONE, CORE, VARIES)                              \
    X(0x1b, SELECT, NONE, CORE, VARIES)                            \
    X(0x1c, SELECT_TYPED, TYPES, CORE, VARIES)                     \
    X(0x1f, TRY_TABLE, BLOCK_TYPE, EXCEPTIONS, VARIES)             \
    X(0x20, LOCAL_GET, INDEX, CORE, VARIES)                        \
    X(0x21, LOCAL_SET, INDEX, CORE, VARIES)                        \
    X(0x22, LOCAL_TEE, INDEX, CORE, VARIES)                        \
    X(0x23, GLOBAL_GET, INDEX, CORE, VARIES)                       \
    X(0x24, GLOBAL_SET, INDEX, CORE, VARIES)                       \
    X(0x25, TABLE_GET, INDEX, CORE, VARIES)                        \
    X(0x26, TABLE_SET, INDEX, CORE, VARIES)                        \
    X(0x28, I32_LOAD, MEMORY_ARGUMENT, CORE, "i", 'i')             \
    X(0x29, I64_LOAD, MEMORY_ARGUMENT, CORE, "i", 'I')             \
    X(0x2a, F32_LOAD, MEMORY_ARGUMENT, CORE, "i", 'f')             \
    X(0x2b, F64_LOAD, MEMORY_ARGUMENT, CORE, "i", 'F')             \
    X(0x2c, I32_LOAD8_S, MEMORY_ARGUMENT, CORE, "i", 'i')          \
    X(0x2d, I32_LOAD8_U, MEMORY_ARGUMENT, CORE, "i", 'i')          \
    X(0x2e, I32_LOAD16_S, MEMORY_ARGUMENT, CORE, "i", 'i')         \
    X(0x2f, I32_LOAD16_U, MEMORY_ARGUMENT, CORE, "i", 'i')         \
    X(0x30, I64_LOAD8_S, MEMORY_ARGUMENT, CORE, "i", 'I')          \
    X(0x31, I64_LOAD8_U, MEMORY_ARGUMENT, CORE, "i", 'I')          \
    X(0x32, I64_LOAD16_S, MEMORY_ARGUMENT, CORE, "i", 'I')         \
    X(0x33, I64_LOAD16_U, MEMORY_ARGUMENT, CORE, "i", 'I')         \
    X(0x34, I64_LOAD32_S, MEMORY_ARGUMENT, CORE, "i", 'I')         \
    X(0x35, I64_LOAD32_U, MEMORY_ARGUMENT, CORE, "i", 'I')         \
    X(0x36, I32_STORE, MEMORY_ARGUMENT, CORE, "ii", 0)             \
    X(0x37, I64_STORE, MEMORY_ARGUMENT, CORE, "iI", 0)             \
    X(0x38, F32_STORE, MEMORY_ARGUMENT, CORE, "if", 0)             \
    X(0x39, F64_STORE, MEMORY_ARGUMENT, CORE, "iF", 0)             \
    X(0x3a, I32_STORE8, MEMORY_ARGUMENT, CORE, "ii", 0)            \
    X(0x3b, I32_STORE16, MEMORY_ARGUMENT, CORE, "ii", 0)           \
    X(0x3c, I64_STORE8, MEMORY_ARGUMENT, CORE, "iI", 0)            \
    X(0x3d, I64_STORE16, MEMORY_ARGUMENT, CORE, "iI", 0)           \
    X(0x3e, I64_STORE32, MEMORY_ARGUMENT, CORE, "iI", 0)           \
    X(0x3f, MEMORY_SIZE, MEMORY, CORE, "", 'i')                    \
    X(0x40, MEMORY_GROW, MEMORY, CORE, "i", 'i')                   \
    X(0x41, I32_CONST, I32, CORE, "", 'i')                         \
    X(0x42, I64_CONST, I64, CORE, "", 'I')                         \
    X(0x43, F32_CONST, F32, CORE, "", 'f')                         \
    X(0x44, F64_CONST, F64, CORE, "", 'F')                         \
    X(0x45, I32_EQZ, NONE, CORE, "i", 'i')                         \
    X(0x46, I32_EQ, NONE, CORE, "ii", 'i')                         \
    X(0x47, I32_NE, NONE, CORE, "ii", 'i')                         \
    X(0x48, I32_LT_S, NONE, CORE, "ii", 'i')                       \
    X(0x49, I32_LT_U, NONE, CORE, "ii", 'i')                       \
    X(0x4a, I32_GT_S, NONE, CORE, "ii", 'i')                       \
    X(0x4b, I32_GT_U, NONE, CORE, "ii", 'i')                       \
    X(0x4c, I32_LE_S, NONE, CORE, "ii", 'i')                       \
    X(0x4d, I32_LE_U, NONE, CORE, "ii", 'i')                       \
    X(0x4e, I32_GE_S, NONE, CORE, "ii", 'i')                       \
    X(0x4f, I32_GE_U, NONE, CORE, "ii", 'i')                       \
    X(0x50, I64_EQZ, NONE, CORE, "I", 'i')                         \
    X(0x51, I64_EQ, NONE, CORE, "II", 'i')                         \
    X(0x52, I64_NE, NONE, CORE, "II", 'i')                         \
    X(0x53, I64_LT_S, NONE, CORE, "II", 'i')                       \
    X(0x54, I64_LT_U, NONE, CORE, "II", 'i')                       \
    X(0x55, I64_GT_S, NONE, CORE, "II", 'i')                       \
    X(0x56, I64_GT_U, NONE, CORE, "II", 'i')                       \
    X(0x57, I64_LE_S, NONE, CORE, "II", 'i')                       \
    X(0x58, I64_LE_U, NONE, CORE, "II", 'i')                       \
    X(0x59, I64_GE_S, NONE, CORE, "II", 'i')                       \
    X(0x5a, I64_GE_U, NONE, CORE, "II", 'i')                       \
    X(0x5b, F32_EQ, NONE, CORE, "ff", 'i')                         \
    X(0x5c, F32_NE, NONE, CORE, "ff", 'i')                         \
    X(0x5d, F32_LT, NONE, CORE, "ff", 'i')                         \
    X(0x5e, F32_GT, NONE, CORE, "ff", 'i')                         \
    X(0x5f, F32_LE, NONE, CORE, "ff", 'i')                         \
    X(0x60, F32_GE, NONE, CORE, "ff", 'i')                         \
    X(0x61, F64_EQ, NONE, CORE, "FF", 'i')                         \
    X(0x62, F64_NE, NONE, CORE, "FF", 'i')                         \
    X(0x63, F64_LT, NONE, CORE, "FF", 'i')                         \
    X(0x64, F64_GT, NONE, CORE, "FF", 'i')                         \
    X(0x65, F64_LE, NONE, CORE, "FF", 'i')                         \
    X(0x66, F64_GE, NONE, CORE, "FF", 'i')                         \
    X(0x67, I32_CLZ, NONE, CORE, "i", 'i')                         \
    X(0x68, I32_CTZ, NONE, CORE, "i", 'i')                         \
    X(0x69, I32_POPCNT, NONE, CORE, "i", 'i')                      \
    X(0x6a, I32_ADD, NONE, CORE, "ii", 'i')                        \
    X(0x6b, I32_SUB, NONE, CORE, "ii", 'i')                        \
    X(0x6c, I32_MUL, NONE, CORE, "ii", 'i')                        \
    X(0x6d, I32_DIV_S, NONE, CORE, "ii", 'i')                      \
    X(0x6e, I32_DIV_U, NONE, CORE, "ii", 'i')                      \
    X(0x6f, I32_REM_S, NONE, CORE, "ii", 'i')                      \
    X(0x70, I32_REM_U, NONE, CORE, "ii", 'i')                      \
    X(0x71, I32_AND, NONE, CORE, "ii", 'i')                        \
    X(0x72, I32_OR, NONE, CORE, "ii", 'i')                         \
    X(0x73, I32_XOR, NONE, CORE, "ii", 'i')                        \
    X(0x74, I32_SHL, NONE, CORE, "ii", 'i')                        \
    X(0x75, I32_SHR_S, NONE, CORE, "ii", 'i')                      \
    X(0x76, I32_SHR_U, NONE, CORE, "ii", 'i')                      \
    X(0x77, I32_ROTL, NONE, CORE, "ii", 'i')                       \
    X(0x78, I32_ROTR, NONE, CORE, "ii", 'i')                       \
    X(0x79, I64_CLZ, NONE, CORE, "I", 'I')                         \
    X(0x7a, I64_CTZ, NONE, CORE, "I", 'I')                         \
    X(0x7b, I64_POPCNT, NONE, CORE, "I", 'I')                      \
    X(0x7c, I64_ADD, NONE, CORE, "II", 'I')                        \
    X(0x7d, I64_SUB, NONE, CORE, "II", 'I')                        \
    X(0x7e, I64_MUL, NONE, CORE, "II", 'I')                        \
    X(0x7f, I64_DIV_S, NONE, CORE, "II", 'I')                      \
    X(0x80, I64_DIV_U, NONE, CORE, "II", 'I')                      \
    X(0x81, I64_REM_S, NONE, CORE, "II", 'I')                      \
    X(0x82, I64_REM_U, NONE, CORE, "II", 'I')                      \
    X(0x83, I64_AND, NONE, CORE, "II", 'I')                        \
    X(0x84, I64_OR, NONE, CORE, "II", 'I')                         \
    X(0x85, I64_XOR, NONE, CORE, "II", 'I')                        \
    X(0x86, I64_SHL, NONE, CORE, "II", 'I')                        \
    X(0x87, I64_SHR_S, NONE, CORE, "II", 'I')                      \
    X(0x88, I64_SHR_U, NONE, CORE, "II", 'I')                      \
    X(0x89, I64_ROTL, NONE, CORE, "II", 'I')                       \
    X(0x8a, I64_ROTR, NONE, CORE, "II", 'I')                       \
    X(0x8b, F32_ABS, NONE, CORE, "f", 'f')                         \
    X(0x8c, F32_NEG, NONE, CORE, "f", 'f')                         \
    X(0x8d, F32_CEIL, NONE, CORE, "f", 'f')                        \
    X(0x8e, F32_FLOOR, NONE, CORE, "f", 'f')                       \
    X(0x8f, F32_TRUNC, NONE, CORE, "f", 'f')                       \
    X(0x90, F32_NEAREST, NONE, CORE, "f", 'f')                     \
    X(0x91, F32_SQRT, NONE, CORE, "f", 'f')                        \
    X(0x92, F32_ADD, NONE, CORE, "ff", 'f')                        \
    X(0x93, F32_SUB, NONE, CORE, "ff", 'f')                        \
    X(0x94, F32_MUL, NONE, CORE, "ff", 'f')                        \
    X(0x95, F32_DIV, NONE, CORE, "ff", 'f')                        \
    X(0x96, F32_MIN, NONE, CORE, "ff", 'f')                        \
    X(0x97, F32_MAX, NONE, CORE, "ff", 'f')                        \
    X(0x98, F32_COPYSIGN, NONE, CORE, "ff", 'f')                   \
    X(0x99, F64_ABS, NONE, CORE, "F", 'F')                         \
    X(0x9a, F64_NEG, NONE, CORE, "F", 'F')                         \
    X(0x9b, F64_CEIL, NONE, CORE, "F", 'F')                        \
    X(0x9c, F64_FLOOR, NONE, CORE, "F", 'F')                       \
    X(0x9d, F64_TRUNC, NONE, CORE, "F", 'F')                       \
    X(0x9e, F64_NEAREST, NONE, CORE, "F", 'F')                     \
    X(0x9f, F64_SQRT, NONE, CORE, "F", 'F')                        \
    X(0xa0, F64_ADD, NONE, CORE, "FF", 'F')                        \
    X(0xa1, F64_SUB, NONE, CORE, "FF", 'F')                        \
    X(0xa2, F64_MUL, NONE, CORE, "FF", 'F')                        \
    X(0xa3, F64_DIV, NONE, CORE, "FF", 'F')                        \
    X(0xa4, F64_MIN, NONE, CORE, "FF", 'F')                        \
    X(0xa5, F64_MAX, NONE, CORE, "FF", 'F')                        \
    X(0xa6, F64_COPYSIGN, NONE, CORE, "FF", 'F')                   \
    X(0xa7, I32_WRAP_I64, NONE, CORE, "I", 'i')                    \
    X(0xa8, I32_TRUNC_F32_S, NONE, CORE, "f", 'i')                 \
    X(0xa9, I32_TRUNC_F32_U, NONE, CORE, "f", 'i')                 \
    X(0xaa, I32_TRUNC_F64_S, NONE, CORE, "F", 'i')                 \
    X(0xab, I32_TRUNC_F64_U, NONE, CORE, "F", 'i')                 \
    X(0xac, I64_EXTEND_I32_S, NONE, CORE, "i", 'I')                \
    X(0xad, I64_EXTEND_I32_U, NONE, CORE, "i", 'I')                \
    X(0xae, I64_TRUNC_F32_S, NONE, CORE, "f", 'I')                 \
    X(0xaf, I64_TRUNC_F32_U, NONE, CORE, "f", 'I')                 \
    X(0xb0, I64_TRUNC_F64_S, NONE, CORE, "F", 'I')                 \
    X(0xb1, I64_TRUNC_F64_U, NONE, CORE, "F", 'I')                 \
    X(0xb2, F32_CONVERT_I32_S, NONE, CORE, "i", 'f')               \
    X(0xb3, F32_CONVERT_I32_U, NONE, CORE, "i", 'f')               \
    X(0xb4, F32_CONVERT_I64_S, NONE, CORE, "I", 'f')               \
    X(0xb5, F32_CONVERT_I64_U, NONE, CORE, "I", 'f')               \
    X(0xb6, F32_DEMOTE_F64, NONE, CORE, "F", 'f')                  \
    X(0xb7, F64_CONVERT_I32_S, NONE, CORE, "i", 'F')               \
    X(0xb8, F64_CONVERT_I32_U, NONE, CORE, "i", 'F')               \
    X(0xb9, F64_CONVERT_I64_S, NONE, CORE, "I", 'F')               \
    X(0xba, F64_CONVERT_I64_U, NONE, CORE, "I", 'F')               \
    X(0xbb, F64_PROMOTE_F32, NONE, CORE, "f", 'F')                 \
    X(0xbc, I32_REINTERPRET_F32, NONE, CORE, "f", 'i')             \
    X(0xbd, I64_REINTERPRET_F64, NONE, CORE, "F", 'I')             \
    X(0xbe, F32_REINTERPRET_I32, NONE, CORE, "i", 'f')             \
    X(0xbf, F64_REINTERPRET_I64, NONE, CORE, "I", 'F')             \
    X(0xc0, I32_EXTEND8_S, NONE, CORE, "i", 'i')                   \
    X(0xc1, I32_EXTEND16_S, NONE, CORE, "i", 'i')                  \
    X(0xc2, I64_EXTEND8_S, NONE, CORE, "I", 'I')                   \
    X(0xc3, I64_EXTEND16_S, NONE, CORE, "I", 'I')                  \
    X(0xc4, I64_EXTEND32_S, NONE, CORE, "I", 'I')                  \
    X(0xd0, REF_NULL, HEAP_TYPE, CORE, VARIES)                     \
    X(0xd1, REF_IS_NULL, NONE, CORE, VARIES)                       \
    X(0xd2, REF_FUNC, INDEX, CORE, VARIES)                         \
    X(0xd3, REF_EQ, NONE, GARBAGE_COLLECTION, VARIES)              \
    X(0xd4, REF_AS_NON_NULL, NONE, REFERENCES, VARIES)             \
    X(0xd5, BR_ON_NULL, INDEX, REFERENCES, VARIES)                 \
    X(0xd6, BR_ON_NON_NULL, INDEX, REFERENCES, VARIES)             \
    X(0xfb, PREFIX_REFERENCES, MORE, GARBAGE_COLLECTION, VARIES)   \
    X(0xfc, PREFIX_LONG, MORE, CORE, VARIES)                       \
    X(0xfd, PREFIX_VECTORS, MORE, CORE, VARIES)                    \
    X(0xfe, PREFIX_ATOMICS, MORE, THREADS, VARIES)

/* Behind 0xfc. */
#define WASM_LONG_INSTRUCTIONS(X)                      \
    X(0x00, I32_TRUNC_SAT_F32_S, NONE, CORE, "f", 'i') \
    X(0x01, I32_TRUNC_SAT_F32_U, NONE, CORE, "f", 'i') \
    X(0x02, I32_TRUNC_SAT_F64_S, NONE, CORE, "F", 'i') \
    X(0x03, I32_TRUNC_SAT_F64_U, NONE, CORE, "F", 'i') \
    X(0x04, I64_TRUNC_SAT_F32_S, NONE, CORE, "f", 'I') \
    X(0x05, I64_TRUNC_SAT_F32_U, NONE, CORE, "f", 'I') \
    X(0x06, I64_TRUNC_SAT_F64_S, NONE, CORE, "F", 'I') \
    X(0x07, I64_TRUNC_SAT_F64_U, NONE, CORE, "F", 'I') \
    X(0x08, MEMORY_INIT, INDEX_MEMORY, CORE, "iii", 0) \
    X(0x09, DATA_DROP, INDEX, CORE, "", 0)             \
    X(0x0a, MEMORY_COPY, TWO_MEMORIES, CORE, "iii", 0) \
    X(0x0b, MEMORY_FILL, MEMORY, CORE, "iii", 0)       \
    X(0x0c, TABLE_INIT, TWO_INDICES, CORE, VARIES)     \
    X(0x0d, ELEM_DROP, INDEX, CORE, VARIES)            \
    X(0x0e, TABLE_COPY, TWO_INDICES, CORE, VARIES)     \
    X(0x0f, TABLE_GROW, INDEX, CORE, VARIES)           \
    X(0x10, TABLE_SIZE, INDEX, CORE, VARIES)           \
    X(0x11, TABLE_FILL, INDEX, CORE, VARIES)           \
    X(0x12, MEMORY_DISCARD, MEMORY, LATER, VARIES)     \
    X(0x13, I64_ADD128, NONE, LATER, VARIES)           \
    X(0x14, I64_SUB128, NONE, LATER, VARIES)           \
    X(0x15, I64_MUL_WIDE_S, NONE, LATER, VARIES)       \
    X(0x16, I64_MUL_WIDE_U, NONE, LATER, VARIES)

#endif
