/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/text/html.h"

#include "runtime/text/printable.h"

static const char *entity_of(char byte)
{
    switch (byte) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\n':
    case '\t':
        return " ";
    default:
        return NULL;
    }
}

void chimera_html_plain(struct chimera_slice text, struct chimera_buffer *out)
{
    while (text.size > 0) {
        /* What may not be shown as it is becomes U+FFFD. */
        char room[CHIMERA_PRINTABLE_SIZE];
        struct chimera_slice shown;
        const char *entity = entity_of(text.data[0]);
        size_t size = chimera_printable_next(text, CHIMERA_PRINTABLE_SHOWN, room, &shown);
        if (entity)
            chimera_buffer_text(out, entity);
        else
            chimera_buffer_append(out, shown.data == room ? CHIMERA_SLICE("\xef\xbf\xbd") : shown);
        text.data += size;
        text.size -= size;
    }
}

void chimera_html_text(struct chimera_slice text, struct chimera_buffer *out)
{
    chimera_buffer_text(out, "<bdi>");
    chimera_html_plain(text, out);
    chimera_buffer_text(out, "</bdi>");
}

void chimera_html_word(const char *text, struct chimera_buffer *out)
{
    chimera_html_text(chimera_slice_of(text), out);
}
