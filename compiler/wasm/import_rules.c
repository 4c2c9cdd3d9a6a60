/* SPDX-License-Identifier: Apache-2.0 */
/* Which imports a policy may have. */
#include <stdio.h>
#include <stdlib.h>

#include "compiler/wasm/import_rules.h"
#include "runtime/base/cleanup.h"
#include "runtime/plugin/mode.h"

static int refuse_import(const struct chimera_module *module, const struct wasm_import *import,
                         const char *why, struct chimera_error *err)
{
    return chimera_fail(err, CHIMERA_EREFUSED,
                        "%s: unknown import: `%.*s::%.*s` %s (at offset 0x%zx)", module->file,
                        (int)import->module.size, import->module.data, (int)import->name.size,
                        import->name.data, why, import->offset);
}

static int check_import(const struct chimera_module *module, const struct wasm_import *import,
                        struct chimera_error *err)
{
    /* The memory that Rego modules import becomes their own. */
    if (import->kind == WASM_MEMORY && chimera_slice_is(import->module, "env") &&
        chimera_slice_is(import->name, "memory"))
        return CHIMERA_OK;
    const struct chimera_import *rule = chimera_import_find(import->module, import->name);
    if (chimera_slice_is(import->module, "env") && chimera_slice_is(import->name, "abort"))
        return refuse_import(
            module, import,
            "has not been defined: AssemblyScript's compiler imports it unless it is told --use "
            "abort= (which leaves it out) or --use abort=assembly/index/NAME (a function of the "
            "module)",
            err);
    if (!rule)
        return refuse_import(
            module, import,
            "has not been defined: policies may import only waPC, WASI, Kubewarden's host.call "
            "and OPA's env",
            err);
    if (import->kind != WASM_FUNCTION)
        return refuse_import(module, import, "must be a function", err);
    const struct wasm_signature *signature = &module->signatures[import->type];
    CHIMERA_FREE char *type = malloc(chimera_signature_size(signature));
    if (!type)
        return chimera_fail_memory(err);
    chimera_signature_text(signature, type);
    if (strcmp(type, rule->type) != 0)
        return refuse_import(module, import, "has another type than the host's function", err);
    return CHIMERA_OK;
}

int chimera_module_check_imports(const struct chimera_module *module, struct chimera_error *err)
{
    for (uint32_t i = 0; i < module->import_count; i++) {
        int code = check_import(module, &module->imports[i], err);
        if (code < 0)
            return code;
    }
    return CHIMERA_OK;
}

/* What Kubewarden's loader refuses, too, for each mode there has a linker of its own. */
int chimera_module_check_mode_imports(const struct chimera_module *module, enum chimera_mode mode,
                                      struct chimera_error *err)
{
    char why[160];
    for (uint32_t i = 0; i < module->import_count; i++) {
        const struct wasm_import *import = &module->imports[i];
        const struct chimera_import *rule = chimera_import_find(import->module, import->name);
        if (!rule || chimera_import_has_mode(rule, mode))
            continue;
        snprintf(why, sizeof(why),
                 "has not been defined: policies of the execution mode %s do not have it",
                 chimera_mode_name(mode));
        return refuse_import(module, import, why, err);
    }
    return CHIMERA_OK;
}

const struct chimera_import *chimera_import_rule_of(const struct chimera_module *module,
                                                    uint32_t function)
{
    uint32_t seen = 0;
    for (uint32_t i = 0; i < module->import_count; i++) {
        if (module->imports[i].kind == WASM_FUNCTION && seen++ == function)
            return chimera_import_find(module->imports[i].module, module->imports[i].name);
    }
    return NULL;
}
