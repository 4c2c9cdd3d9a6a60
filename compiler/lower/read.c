/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/lower/read.h"

#include <stdio.h>

#include "compiler/lower/lower.h"
#include "compiler/wasm/decode.h"

/* Its messages tell offsets of what we made, so they say so; there should be none. */
static int read_lowered(const char *file, struct lowered *lowered,
                        struct chimera_module **ret_module, struct chimera_error *err)
{
    char name[300];
    bool wants_lowering = false;
    struct chimera_module *module = NULL;
    snprintf(name, sizeof(name), "%.250s, lowered", file);
    int code = module_decode(name, (struct chimera_slice){lowered->bytes, lowered->size}, &module,
                             &wants_lowering, err);
    if (code < 0)
        return code;
    for (uint32_t i = 0; i < module->signature_count && i < lowered->type_count; i++) {
        module->signatures[i].id = lowered->type_ids[i];
        module->signatures[i].is_marked = lowered->is_marked[i];
    }
    module->marker = lowered->marker;
    module->counts = lowered->counter != UINT32_MAX;
    module->counter = lowered->counter;
    module->file = file;
    module->lowering = lowered->features;
    module->lowered = lowered->bytes; /* handed over */
    lowered->bytes = NULL;
    *ret_module = module;
    return CHIMERA_OK;
}

static int read_by_lowering(const char *file, struct chimera_slice bytes, bool counts,
                            struct chimera_module **ret_module, struct chimera_error *err)
{
    struct chimera_module *source;
    struct lowered lowered;
    int code = module_open(file, bytes, &source, err);
    if (code < 0)
        return code;
    code = chimera_lower(source, counts, &lowered, err);
    chimera_module_free(source);
    if (code < 0)
        return code;
    code = read_lowered(file, &lowered, ret_module, err);
    lowered_done(&lowered);
    return code;
}

int chimera_module_read(const char *file, struct chimera_slice bytes,
                        struct chimera_module **ret_module, struct chimera_error *err)
{
    struct chimera_error first = {0};
    bool wants_lowering = false;
    int code = module_decode(file, bytes, ret_module, &wants_lowering, &first);
    if (wants_lowering)
        return read_by_lowering(file, bytes, false, ret_module, err);
    if (code < 0 && err)
        *err = first;
    return code;
}

/* The module is read as it is first: what is refused must be refused with the same words. */
int chimera_module_read_counting(const char *file, struct chimera_slice bytes,
                                 struct chimera_module **ret_module, struct chimera_error *err)
{
    struct chimera_module *plain;
    int code = chimera_module_read(file, bytes, &plain, err);
    if (code < 0)
        return code;
    chimera_module_free(plain);
    return read_by_lowering(file, bytes, true, ret_module, err);
}
