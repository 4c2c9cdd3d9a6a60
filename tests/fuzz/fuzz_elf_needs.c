/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a program or a library: what is found of its needs lies within it. */
#include "toolchain/command/image/elf_needs.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, const uint8_t *data, size_t size)
{
    const char *start = (const char *)data;
    if (text && (text < start || text + strlen(text) >= start + size))
        __builtin_trap(); /* it leads out of the file */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct elf_needs needs;
    struct chimera_error err = {0};
    int code =
        elf_needs_read((struct chimera_slice){(const char *)data, size}, "fuzz", &needs, &err);
    if (code < 0 && err.text[0] == '\0')
        __builtin_trap(); /* a refusal without a reason */
    if (code < 0)
        return 0;
    check_text(needs.interpreter, data, size);
    check_text(needs.search, data, size);
    for (size_t i = 0; i < needs.count; i++)
        check_text(needs.name[i], data, size);
    return 0;
}
