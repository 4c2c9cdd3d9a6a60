/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a log's checkpoint: its parts lie in it. */
#include <stdint.h>

#include "compiler/fetch/signature/trust/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_within(struct chimera_slice part, struct chimera_slice whole)
{
    return part.data >= whole.data && part.size <= whole.size &&
           (size_t)(part.data - whole.data) <= whole.size - part.size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct chimera_trust_root root;
    struct chimera_slice note = {(const char *)data, size};
    struct chimera_checkpoint checkpoint;
    if (root.log_count == 0 && chimera_trust_root_read(NULL, &root, NULL) < 0)
        __builtin_trap();
    if (chimera_checkpoint_read(note, &checkpoint, NULL) < 0)
        return 0;
    if (!is_within(checkpoint.signed_text, note) || !is_within(checkpoint.lines, note) ||
        !is_within(checkpoint.origin, note) || !is_within(checkpoint.root, note))
        __builtin_trap();
    for (size_t i = 0; i < root.log_count; i++)
        (void)chimera_checkpoint_check(&checkpoint, &root.logs[i], NULL);
    return 0;
}
