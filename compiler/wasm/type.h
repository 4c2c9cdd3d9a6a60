/* SPDX-License-Identifier: Apache-2.0 */
/* type.h - the bytes that types are written with in a module. */
#ifndef CHIMERA_COMPILER_WASM_TYPE_H
#define CHIMERA_COMPILER_WASM_TYPE_H

#include <stdint.h>

#include "compiler/wasm/proposal.h"

/* X(byte, NAME, proposal): value types, and abstract heap types by the name of a nullable reference
 * to them. After REFERENCE and NULLABLE_REFERENCE a heap type follows. */
#define WASM_TYPE_LIST(X)                        \
    X(0x7f, I32, CORE)                           \
    X(0x7e, I64, CORE)                           \
    X(0x7d, F32, CORE)                           \
    X(0x7c, F64, CORE)                           \
    X(0x7b, V128, CORE)                          \
    X(0x74, NULLEXNREF, EXCEPTIONS)              \
    X(0x73, NULLFUNCREF, REFERENCES)             \
    X(0x72, NULLEXTERNREF, REFERENCES)           \
    X(0x71, NULLREF, GARBAGE_COLLECTION_TYPES)   \
    X(0x70, FUNCREF, CORE)                       \
    X(0x6f, EXTERNREF, CORE)                     \
    X(0x6e, ANYREF, GARBAGE_COLLECTION_TYPES)    \
    X(0x6d, EQREF, GARBAGE_COLLECTION_TYPES)     \
    X(0x6c, I31REF, GARBAGE_COLLECTION_TYPES)    \
    X(0x6b, STRUCTREF, GARBAGE_COLLECTION_TYPES) \
    X(0x6a, ARRAYREF, GARBAGE_COLLECTION_TYPES)  \
    X(0x69, EXNREF, EXCEPTIONS)                  \
    X(0x64, REFERENCE, REFERENCES)               \
    X(0x63, NULLABLE_REFERENCE, REFERENCES)

enum wasm_type {
#define ENUMERATOR(byte, name, proposal) WASM_##name = (byte),
    WASM_TYPE_LIST(ENUMERATOR)
#undef ENUMERATOR
};

enum {
    WASM_EXACT = 0x62,         /* before a heap type: it, and no subtype */
    WASM_EMPTY_BLOCK = 0x40,   /* in place of a block's type */
    WASM_TABLE_INITIAL = 0x40, /* in place of a table's type: that and an initial value follow */
};

enum wasm_form { /* what an entry of the type section begins with */
                 WASM_FORM_FUNCTION = 0x60,
                 WASM_FORM_STRUCT = 0x5f,
                 WASM_FORM_ARRAY = 0x5e,
                 WASM_FORM_OPEN = 0x50,  /* has supertypes, may have subtypes */
                 WASM_FORM_FINAL = 0x4f, /* the same, may not */
                 WASM_FORM_GROUP = 0x4e, /* several, which may name one another */
};

/* PROPOSAL_UNKNOWN: it is no type. */
enum wasm_proposal wasm_type_proposal(uint8_t byte);

/* Where a type's index may stand, too: that is a signed number, and all these are negative ones. */
static inline bool wasm_is_type_byte(uint8_t byte)
{
    return (byte & 0xc0) == 0x40;
}

#endif
