/* SPDX-License-Identifier: Apache-2.0 */
/* The code that counts, put into any module: what comes of it must be valid, which the lowering
 * says, who checks all types; have the same functions; and count in a global that is nobody
 * else's. */
#include <stdint.h>
#include <stdlib.h>

#include "compiler/lower/lower.h"
#include "compiler/lower/read.h"
#include "compiler/wasm/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Limits may be passed when a module grows. */
static void check_valid(struct chimera_slice bytes)
{
    struct chimera_module *source = NULL;
    struct chimera_error err = {0};
    struct lowered lowered;
    if (module_open("again", bytes, &source, NULL) < 0)
        abort();
    int code = chimera_lower(source, false, &lowered, &err);
    if (code < 0 && code != CHIMERA_ELIMIT)
        abort();
    if (code == CHIMERA_OK)
        lowered_done(&lowered);
    chimera_module_free(source);
}

static void check_counter(const struct chimera_module *plain, const struct chimera_module *module)
{
    if (!module->counts || module->counter < plain->imported_globals ||
        module->counter >= module->global_count)
        abort();
    const struct wasm_global *global = &module->globals[module->counter];
    if (global->type != WASM_I64 || !global->is_mutable || global->initial.value != 0)
        abort();
    for (uint32_t i = 0; i < module->export_count; i++)
        if (module->exports[i].kind == WASM_GLOBAL && module->exports[i].index == module->counter)
            abort();
    if (module->function_count != plain->function_count ||
        module->body_count != plain->body_count || module->export_count != plain->export_count)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chimera_module *plain = NULL, *module = NULL;
    struct chimera_slice bytes = {(const char *)data, size};
    if (chimera_module_read("fuzz", bytes, &plain, NULL) < 0)
        return 0;
    if (chimera_module_read_counting("fuzz", bytes, &module, NULL) == CHIMERA_OK) {
        check_counter(plain, module);
        check_valid(module->bytes);
        chimera_module_free(module);
    }
    chimera_module_free(plain);
    return 0;
}
