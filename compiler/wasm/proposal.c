/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/wasm/proposal.h"

enum verdict { REFUSED, LOWERED };

static const struct {
    enum verdict verdict;
    const char *text;
} proposals[] = {
#define ROW(name, verdict, text) [PROPOSAL_##name] = {verdict, text},
    WASM_PROPOSAL_LIST(ROW)
#undef ROW
};

void proposal_refuse(struct reader *reader, enum wasm_proposal proposal)
{
    if (proposals[proposal].verdict == LOWERED)
        reader_want_lowering(reader, proposals[proposal].text);
    else
        reader_refuse(reader, proposals[proposal].text);
}
