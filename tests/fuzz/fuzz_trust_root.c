/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a trust root; what is accepted is whole. */
#include <stdint.h>

#include "compiler/fetch/signature/trust/trust_root.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct chimera_trust_authority *authorities, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (sk_X509_num(authorities[i].chain) < 1 || authorities[i].period.start == 0)
            __builtin_trap();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chimera_slice text = {(const char *)data, size};
    struct chimera_trust_root root = {0};
    struct chimera_error err;
    if (chimera_trust_root_parse(text, "it", &root, &err) < 0)
        return 0;
    check(root.authorities, root.authority_count);
    check(root.timestamp_authorities, root.timestamp_authority_count);
    for (size_t i = 0; i < root.log_count; i++) {
        if (root.logs[i].period.start == 0)
            __builtin_trap();
    }
    chimera_trust_root_done(&root);
    return 0;
}
