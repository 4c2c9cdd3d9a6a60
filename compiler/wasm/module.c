/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/wasm/module.h"

#include <stdio.h>
#include <stdlib.h>

#define REGO_MEMORY_MIN 5u

void chimera_module_free(struct chimera_module *module)
{
    if (!module)
        return;
    for (uint32_t i = 0; i < module->element_count; i++)
        free(module->elements[i].functions);
    free(module->signatures);
    free(module->imports);
    free(module->functions);
    free(module->tables);
    free(module->globals);
    free(module->exports);
    free(module->elements);
    free(module->data);
    free(module->bodies);
    free(module->lowered);
    free(module);
}

bool chimera_module_exports_prefix(const struct chimera_module *module, const char *prefix)
{
    for (uint32_t i = 0; i < module->export_count; i++) {
        if (chimera_slice_starts(module->exports[i].name, prefix))
            return true;
    }
    return false;
}

uint32_t chimera_module_memory_min(const struct chimera_module *module)
{
    uint32_t min = module->memory.min;
    return module->is_memory_imported && min < REGO_MEMORY_MIN ? REGO_MEMORY_MIN : min;
}

void chimera_module_lowering_text(const struct chimera_module *module,
                                  char ret_text[CHIMERA_LOWERING_SIZE])
{
    static const struct {
        unsigned bit;
        const char *name;
    } names[] = {{WASM_LOWERS_REFERENCES, "typed function references"},
                 {WASM_LOWERS_TAIL_CALLS, "tail calls"},
                 {WASM_LOWERS_IMPORTS, "compact imports"},
                 {WASM_LOWERS_CONSTANTS, "extended constants"}};
    size_t size = 0;
    ret_text[0] = '\0';
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (module->lowering & names[i].bit)
            size += (size_t)snprintf(ret_text + size, CHIMERA_LOWERING_SIZE - size, "%s%s",
                                     size ? ", " : "", names[i].name);
    }
}

char chimera_type_letter(uint8_t type)
{
    switch (type) {
    case WASM_I32:
        return 'i';
    case WASM_I64:
        return 'I';
    case WASM_F32:
        return 'f';
    case WASM_F64:
        return 'F';
    case WASM_EXTERNREF:
        return 'e';
    case WASM_V128:
        return 'v';
    default:
        return 'r';
    }
}

size_t chimera_signature_size(const struct wasm_signature *signature)
{
    return signature->params.size + 1 + signature->results.size + 1;
}

void chimera_signature_text(const struct wasm_signature *signature, char *ret_text)
{
    for (size_t i = 0; i < signature->params.size; i++)
        *ret_text++ = chimera_type_letter((uint8_t)signature->params.data[i]);
    *ret_text++ = ':';
    for (size_t i = 0; i < signature->results.size; i++)
        *ret_text++ = chimera_type_letter((uint8_t)signature->results.data[i]);
    *ret_text = '\0';
}
