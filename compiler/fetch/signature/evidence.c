/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/signature/evidence.h"

void chimera_evidence_done(struct chimera_evidence *evidence)
{
    json_object_put(evidence->annotations);
    evidence->annotations = NULL;
}
