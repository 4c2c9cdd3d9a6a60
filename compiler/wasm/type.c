/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/wasm/type.h"

enum wasm_proposal wasm_type_proposal(uint8_t byte)
{
    static const uint8_t proposals[UINT8_MAX + 1] = {
#define ROW(byte, name, proposal) [byte] = PROPOSAL_##proposal,
        WASM_TYPE_LIST(ROW)
#undef ROW
    };
    return (enum wasm_proposal)proposals[byte];
}
