/* imports.h - the rule behind an import: who serves it. */
#ifndef CHIMERA_COMPILER_IMPORTS_H
#define CHIMERA_COMPILER_IMPORTS_H

#include "compiler/module.h"

struct chimera_import_rule {
    const char *module, *name;
    const char *type;   /* in the letters of plugin.h */
    const char *symbol; /* the runtime's function */
};

/* Of the imported function with this function index; NULL only for what
 * chimera_module_check_imports() refuses. */
const struct chimera_import_rule *chimera_import_rule_of(const struct chimera_module *module,
                                                         uint32_t function);

#endif
