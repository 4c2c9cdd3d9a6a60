/* SPDX-License-Identifier: Apache-2.0 */
/* quote.h - string literals: Go's, for messages, and JSON's, for the guest. Private to this folder.
 */
#ifndef CHIMERA_REGO_QUOTE_H
#define CHIMERA_REGO_QUOTE_H

#include <stdint.h>

#include "runtime/base/buffer.h"

/* In Go's quotes: \n, \x7f, \u2028. */
void chimera_rego_quote(struct chimera_slice text, bool ascii_only, struct chimera_buffer *out);

/* Only what opa_value_parse needs to have escaped; the text may hold NUL. */
void chimera_rego_quote_json(struct chimera_slice text, struct chimera_buffer *out);

/* Takes one character off the front; U+FFFD and one byte for what is not UTF-8. */
uint32_t chimera_rego_take_rune(struct chimera_slice *text);
void chimera_rego_put_rune(uint32_t rune, struct chimera_buffer *out);

size_t chimera_rego_count_runes(struct chimera_slice text);

/* One character between `quote` marks, as Go's strconv.QuoteRune and Quote escape it. */
void chimera_rego_quote_rune(uint32_t rune, char quote, bool ascii_only,
                             struct chimera_buffer *out);

/* What Go calls printable, near enough: no controls, no spaces but ' ', no format characters, no
 * private use. */
bool chimera_rego_is_printable(uint32_t rune);

#endif
