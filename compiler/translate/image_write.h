/* SPDX-License-Identifier: Apache-2.0 */
/* image_write.h - the initial linear memory: all active data segments, laid out at build time. */
#ifndef CHIMERA_COMPILER_TRANSLATE_IMAGE_WRITE_H
#define CHIMERA_COMPILER_TRANSLATE_IMAGE_WRITE_H

#include "compiler/wasm/module.h"

/* Writes the image to `path`, in a scratch folder (sparse: zeros are holes). *ret_size is its
 * length, a multiple of 4096 that ends behind the last byte that is not zero; 0: no file was
 * written. Refuses segments that do not fit into the memory, for then instantiation would trap
 * every time. */
int chimera_image_write(const struct chimera_module *module, const char *path, uint64_t *ret_size,
                        struct chimera_error *err);

#endif
