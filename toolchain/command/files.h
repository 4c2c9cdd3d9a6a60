/* SPDX-License-Identifier: Apache-2.0 */
/* files.h - files that a user names on the command line. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_FILES_H
#define CHIMERA_TOOLCHAIN_COMMAND_FILES_H

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

#define FILES_TEXT_MAX ((size_t)16 << 20) /* of what people write: YAML, Markdown */

/* Appends the file to `buffer`. `before` is the reference's text up to what the system says: "Error
 * reading wasm file". */
int files_read(const char *path, const char *before, struct chimera_buffer *buffer,
               struct chimera_error *err);
/* The same of a text: it must be UTF-8. */
int files_read_text(const char *path, const char *before, struct chimera_buffer *buffer,
                    struct chimera_error *err);

#endif
