/* SPDX-License-Identifier: Apache-2.0 */
/* float.h - floating-point numbers as Go's strconv.FormatFloat writes them. Private to this folder.
 */
#ifndef CHIMERA_REGO_FLOAT_H
#define CHIMERA_REGO_FLOAT_H

#include "runtime/base/buffer.h"

/* strconv.FormatFloat. `form` is one of e, E, f, g, G; a precision of -1: as few digits as read
 * back the same. The value is finite and not negative. */
void chimera_rego_format_float(double value, char form, int precision, struct chimera_buffer *out);

/* As Go's encoding/json writes it: 1000, 0.5, 1e+21. Returns the size; `size` of 48 is enough. */
size_t chimera_rego_format_json(double value, char *text, size_t size);

#endif
