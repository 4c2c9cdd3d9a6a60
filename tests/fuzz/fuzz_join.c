/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as tcc's objects, two at once: they are refused with a reason, or the audit gets to see
 * a whole file. */
#include <string.h>

#include "compiler/native/join.h"
#include "runtime/plugin/elf_audit.h"

#define OUTPUT_MAX ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first two bytes say how long the first object is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint16_t first;
    struct chimera_error err = {0};
    struct chimera_buffer so, map;
    if (size < sizeof(first))
        return 0;
    memcpy(&first, data, sizeof(first));
    data += sizeof(first);
    size -= sizeof(first);
    size_t cut = first < size ? first : size;
    const struct chimera_slice objects[] = {{(const char *)data, cut},
                                            {(const char *)data + cut, size - cut}};
    chimera_buffer_init(&so, OUTPUT_MAX);
    chimera_buffer_init(&map, OUTPUT_MAX);
    int code = chimera_join(objects, cut < size ? 2 : 1, &so, &map, &err);
    if (code < 0 && err.text[0] == '\0')
        __builtin_trap(); /* a refusal without a reason */
    if (code == CHIMERA_OK)
        chimera_elf_audit(so.data, so.size, "joined", CHIMERA_MODE_NONE, &err);
    chimera_buffer_free(&so);
    chimera_buffer_free(&map);
    return 0;
}
