/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a timestamp over a signature. */
#include <openssl/err.h>
#include <stdint.h>

#include "compiler/fetch/signature/trust/timestamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct chimera_trust_root root;
    int64_t seconds;
    if (root.log_count == 0 && chimera_trust_root_read(NULL, &root, NULL) < 0)
        __builtin_trap();
    (void)chimera_timestamp_check((struct chimera_slice){(const char *)data, size},
                                  CHIMERA_SLICE("signature"), &root, &seconds, NULL);
    ERR_clear_error();
    return 0;
}
