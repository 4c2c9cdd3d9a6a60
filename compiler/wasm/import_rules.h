/* SPDX-License-Identifier: Apache-2.0 */
/* import_rules.h - the rule behind an import: may a policy have it, and who serves it. */
#ifndef CHIMERA_COMPILER_WASM_IMPORT_RULES_H
#define CHIMERA_COMPILER_WASM_IMPORT_RULES_H

#include "compiler/wasm/module.h"
#include "runtime/plugin/imports.h"

/* Are all imports on the list (plugins/policy/imports.h), with their types? The refusal names the
 * import as `module::name`. */
int chimera_module_check_imports(const struct chimera_module *module, struct chimera_error *err);

/* Of the imported function with this function index; NULL only for what
 * chimera_module_check_imports() refuses. */
const struct chimera_import *chimera_import_rule_of(const struct chimera_module *module,
                                                    uint32_t function);

/* Does a policy of this execution mode have what the module imports? Of a module that
 * chimera_module_check_imports() takes. */
int chimera_module_check_mode_imports(const struct chimera_module *module, enum chimera_mode mode,
                                      struct chimera_error *err);

#endif
