/* SPDX-License-Identifier: Apache-2.0 */
/* proposal.h - which proposal of WebAssembly a type or an instruction is from, and what becomes of
 * a module that uses it. */
#ifndef CHIMERA_COMPILER_WASM_PROPOSAL_H
#define CHIMERA_COMPILER_WASM_PROPOSAL_H

#include "compiler/wasm/reader.h"

/* X(NAME, verdict, what messages call it): those that are not compiled as they are. LOWERED becomes
 * so by chimera_lower(); REFUSED has no form that a tier compiles. */
#define WASM_PROPOSAL_LIST(X)                                        \
    X(TAIL_CALLS, LOWERED, "tail calls")                             \
    X(REFERENCES, LOWERED, "typed function references")              \
    X(EXCEPTIONS, REFUSED, "exceptions")                             \
    X(GARBAGE_COLLECTION, REFUSED, "garbage collection")             \
    X(GARBAGE_COLLECTION_TYPES, REFUSED, "garbage collection types") \
    X(THREADS, REFUSED, "threads (atomic instructions)")             \
    X(RELAXED_SIMD, REFUSED, "relaxed SIMD")                         \
    X(MULTI_MEMORY, REFUSED, "several memories")                     \
    X(LATER, REFUSED, "instructions of a later proposal")

enum wasm_proposal {
    PROPOSAL_UNKNOWN, /* what has this is no type, no instruction */
    PROPOSAL_CORE,    /* what every tool takes: the core specification's release 2.0 */
#define ENUMERATOR(name, verdict, text) PROPOSAL_##name,
    WASM_PROPOSAL_LIST(ENUMERATOR)
#undef ENUMERATOR
};

/* Fails with the proposal's name. */
void proposal_refuse(struct reader *reader, enum wasm_proposal proposal) __attribute__((cold));

/* The same where it is not compiled as it is; was it refused? */
static inline bool proposal_check(struct reader *reader, enum wasm_proposal proposal)
{
    if (proposal <= PROPOSAL_CORE)
        return false;
    proposal_refuse(reader, proposal);
    return true;
}

#endif
