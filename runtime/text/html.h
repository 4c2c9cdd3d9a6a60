/* SPDX-License-Identifier: Apache-2.0 */
/* html.h - text of others in a page.
 *
 * Names and messages come from policies and clients, who may wish to write markup: whatever is not
 * our own literal goes through here.
 */
#ifndef CHIMERA_TEXT_HTML_H
#define CHIMERA_TEXT_HTML_H

#include "runtime/base/buffer.h"
#include "runtime/base/slice.h"

/* Escaped, control characters replaced: between tags, and in an attribute's quotes. */
void chimera_html_plain(struct chimera_slice text, struct chimera_buffer *out);
/* The same between tags, and kept to its own direction of writing. */
void chimera_html_text(struct chimera_slice text, struct chimera_buffer *out);
void chimera_html_word(const char *text, struct chimera_buffer *out);

#endif
