/* SPDX-License-Identifier: Apache-2.0 */
/* The lowering pass on any bytes: what it makes must be a module that our reader takes, and one
 * that needs no lowering again. */
#include <stdint.h>
#include <stdlib.h>

#include "compiler/lower/lower.h"
#include "compiler/lower/read.h"
#include "compiler/wasm/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Limits may be passed when a module grows, and what is copied is the reader's to judge; but
 * nothing that the pass rewrites may be left. */
static void check(struct chimera_slice bytes)
{
    struct chimera_module *source = NULL, *module = NULL;
    struct lowered lowered;
    if (module_open("again", bytes, &source, NULL) < 0)
        abort();
    if (chimera_lower(source, false, &lowered, NULL) == 0) {
        if (lowered.features != 0)
            abort();
        lowered_done(&lowered);
    }
    chimera_module_free(source);
    if (chimera_module_read("again", bytes, &module, NULL) == 0 && module->lowering != 0)
        abort();
    chimera_module_free(module);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chimera_module *source = NULL;
    struct lowered lowered;
    struct chimera_slice bytes = {(const char *)data, size};
    if (module_open("fuzz", bytes, &source, NULL) < 0)
        return 0;
    if (chimera_lower(source, false, &lowered, NULL) == 0) {
        check((struct chimera_slice){lowered.bytes, lowered.size});
        lowered_done(&lowered);
    }
    chimera_module_free(source);
    return 0;
}
