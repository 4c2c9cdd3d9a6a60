/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a plugin's file: the audit must end without a bad access, whatever it says. */
#include "runtime/plugin/elf_audit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chimera_error err = {0};
    if (chimera_elf_audit(data, size, "fuzz.so", CHIMERA_MODE_NONE, &err) < 0 &&
        err.text[0] == '\0')
        __builtin_trap(); /* a refusal without a reason */
    return 0;
}
