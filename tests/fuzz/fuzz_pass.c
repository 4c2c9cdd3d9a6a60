/* SPDX-License-Identifier: Apache-2.0 */
/* The quick pass, in each of its forms, takes nothing that the scanner would not. */
#include "tests/fuzz/pass_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pass_check((struct chimera_slice){(const char *)data, size});
    return 0;
}
