/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/base/roff.h"

void chimera_roff_append(struct chimera_buffer *out, struct chimera_slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        bool is_line = i == 0 || text.data[i - 1] == '\n';
        if (is_line && (text.data[i] == '.' || text.data[i] == '\''))
            chimera_buffer_text(out, "\\&");
        if (text.data[i] == '-')
            chimera_buffer_text(out, "\\-");
        else if (text.data[i] == '\\')
            chimera_buffer_text(out, "\\e");
        else
            chimera_buffer_byte(out, (uint8_t)text.data[i]);
    }
}
