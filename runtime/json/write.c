/* SPDX-License-Identifier: Apache-2.0 */
/* JSON's leaves as serde_json writes them. */
#include "runtime/json/number.h"
#include "runtime/json/plain.h"
#include "runtime/json/tree.h"
#include "runtime/text/utf8.h"

static void write_control(unsigned char byte, struct chimera_buffer *out)
{
    static const char from[] = "\"\\\b\f\n\r\t", into[] = "\"\\bfnrt";
    const char *found = byte ? strchr(from, byte) : NULL;
    if (found) {
        char escape[2] = {'\\', into[found - from]};
        chimera_buffer_append(out, (struct chimera_slice){escape, 2});
    } else {
        chimera_buffer_print(out, "\\u%04x", (unsigned)byte);
    }
}

/* How many bytes can be written as they are. */
static size_t plain_size(const char *at, const char *end)
{
    const char *begin = at;
    size_t count = PLAIN_BLOCK;
    while (count == PLAIN_BLOCK && end - at >= PLAIN_BLOCK) {
        count = plain_count(at);
        at += count;
    }
    while (at < end) {
        unsigned char byte = (unsigned char)*at;
        size_t size = byte >= 0x20 && byte != '"' && byte != '\\' && byte < 0x80;
        if ((unsigned char)*at >= 0x80)
            size = chimera_utf8_character((struct chimera_slice){at, (size_t)(end - at)});
        if (size == 0)
            break;
        at += size;
    }
    return (size_t)(at - begin);
}

/* What comes from a guest may be no UTF-8; then a replacement character stands for each bad byte,
 * so that the output is JSON whatever happens. */
void chimera_json_write_string(struct chimera_slice text, struct chimera_buffer *out)
{
    const char *at = text.data, *end = text.data ? text.data + text.size : NULL;
    chimera_buffer_byte(out, '"');
    while (at < end && !out->failed) {
        const char *run = at;
        at += plain_size(at, end);
        chimera_buffer_append(out, (struct chimera_slice){run, (size_t)(at - run)});
        if (at == end)
            break;
        if ((unsigned char)*at >= 0x80)
            chimera_buffer_append(out, CHIMERA_SLICE("\xEF\xBF\xBD"));
        else
            write_control((unsigned char)*at, out);
        at++;
    }
    chimera_buffer_byte(out, '"');
}

void chimera_json_write_double(double number, struct chimera_buffer *out)
{
    char text[CHIMERA_NUMBER_TEXT];
    size_t size = chimera_number_format(number, text);
    chimera_buffer_append(out, (struct chimera_slice){text, size});
}
