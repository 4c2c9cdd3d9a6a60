/* SPDX-License-Identifier: Apache-2.0 */
/* bundle.h - an OPA bundle, as `opa build -t wasm` writes it, in the place of a module.
 *
 * It becomes the module that it has, with its data in a custom section (runtime/policy/data.h) and,
 * where it has none, metadata that say that it is Rego. Everything behind it, the cache as well,
 * meets that module and nothing else.
 */
#ifndef CHIMERA_COMPILER_OPA_BUNDLE_H
#define CHIMERA_COMPILER_OPA_BUNDLE_H

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

/* Reads the file of a module, or of an OPA bundle that is one then. `buffer` is empty and has its
 * limit. *ret_is_bundle may be NULL. */
int chimera_module_file_read(const char *path, struct chimera_buffer *buffer, bool *ret_is_bundle,
                             struct chimera_error *err);

/* Appends the module of the bundle `bytes` to `out`; no more than the limit of `out` is unpacked.
 */
int chimera_opa_bundle_module(const char *path, struct chimera_slice bytes,
                              struct chimera_buffer *out, struct chimera_error *err);

#endif
