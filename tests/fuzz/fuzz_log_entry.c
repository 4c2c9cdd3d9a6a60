/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the body of a log's entry. */
#include <stdint.h>

#include "compiler/fetch/signature/entry_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct chimera_log_entry entry = {.body = {(const char *)data, size}};
    struct chimera_evidence evidence = {.payload = CHIMERA_SLICE("foo"),
                                        .message = CHIMERA_SLICE("foo"),
                                        .signature = CHIMERA_SLICE("sig")};
    struct chimera_signer signer = {CHIMERA_SLICE("key"), false};
    struct chimera_error err;
    for (int form = CHIMERA_SIMPLE_SIGNING; form <= CHIMERA_DSSE; form++) {
        evidence.form = (enum chimera_evidence_form)form;
        (void)chimera_entry_body_check(&entry, &evidence, signer, &err);
    }
    return 0;
}
