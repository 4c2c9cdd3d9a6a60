/* SPDX-License-Identifier: Apache-2.0 */
/* markdown.h - Markdown for a terminal without colours, as kwctl shows it (cli-and-distribution.md
 * §1.4): each line for itself, wrapped where it is too long; marks of emphasis are left out, lists
 * have bullets, blocks of code and columns of tables are filled up.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_MARKDOWN_H
#define CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_MARKDOWN_H

#include "runtime/base/buffer.h"

/* Appends `text`, which must have been made printable; `width` is at least 20. */
void markdown_write(struct chimera_slice text, size_t width, struct chimera_buffer *out);

#endif
