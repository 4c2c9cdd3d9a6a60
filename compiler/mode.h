/* SPDX-License-Identifier: Apache-2.0 */
/* mode.h - how a module wants to be spoken to (guest-abis.md §1.3). */
#ifndef CHIMERA_COMPILER_MODE_H
#define CHIMERA_COMPILER_MODE_H

#include "compiler/wasm/module.h"
#include "plugins/policy/plugin.h"

/* By metadata, else by exports: __guest_call is waPC, _start alone WASI. A Rego module without
 * metadata and a module that is neither are refused with what to do. */
int chimera_mode_detect(const struct chimera_module *module, enum chimera_mode *ret_mode,
                        struct chimera_error *err);

/* Does the module export what this mode calls? */
int chimera_mode_check(const struct chimera_module *module, enum chimera_mode mode,
                       struct chimera_error *err);

/* Refuses a module that exports a name of ours (runtime/plugin/counter.h). */
int chimera_module_check_exports(const struct chimera_module *module, struct chimera_error *err);

#endif
