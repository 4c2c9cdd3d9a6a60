/* SPDX-License-Identifier: Apache-2.0 */
/* annotate.h - a module's bytes with other metadata (cli-and-distribution.md §6.1).
 *
 * All sections are copied as they are; those that the metadata replace are left out, and the new
 * one comes last. Reads no more than it must, so it takes modules that chimera_module_read()
 * refuses.
 */
#ifndef CHIMERA_COMPILER_WASM_ANNOTATE_H
#define CHIMERA_COMPILER_WASM_ANNOTATE_H

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

/* Appends to `out` the module `bytes` of `file` with `payload` as its only custom section `name`.
 * What it imports as function `call` of `kubewarden:javy/host` it imports from `host` then: so the
 * modules of the JavaScript toolchain find the function that policies have here. */
int chimera_module_annotate(const char *file, struct chimera_slice bytes, const char *name,
                            struct chimera_slice payload, struct chimera_buffer *out,
                            struct chimera_error *err);

#endif
