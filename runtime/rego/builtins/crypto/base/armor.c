/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/crypto/base/armor.h"

/* --- Base64 --- */

static bool is_line_end(char byte)
{
    return byte == '\n' || byte == '\r';
}

/* Whether from `at` on there are so many '=' and nothing else but line ends. */
static bool ends_padded(struct chimera_slice text, size_t at, unsigned wanted)
{
    unsigned found = 0;
    for (; at < text.size; at++) {
        if (text.data[at] == '=' && found < wanted)
            found++;
        else if (!is_line_end(text.data[at]))
            return false;
    }
    return found == wanted;
}

bool chimera_rego_base64_decode(struct chimera_slice text, unsigned form,
                                struct chimera_buffer *out)
{
    bool is_padded = !(form & CHIMERA_BASE64_UNPADDED);
    uint32_t bits = 0;
    unsigned digits = 0; /* of the group of four that is being read */
    size_t at = 0;
    for (; at < text.size && !out->failed; at++) {
        int value = chimera_base64_digit(text.data[at], form);
        if (value < 0 && is_line_end(text.data[at]))
            continue;
        if (value < 0)
            break;
        bits = bits << 6 | (uint32_t)value;
        if (++digits < 4)
            continue;
        char group[3] = {(char)(bits >> 16 & 0xFF), (char)(bits >> 8 & 0xFF), (char)(bits & 0xFF)};
        chimera_buffer_append(out, (struct chimera_slice){group, sizeof(group)});
        bits = digits = 0;
    }
    if (digits == 1 || (at < text.size && (!is_padded || digits == 0)))
        return false;
    if (digits == 0)
        return true;
    char tail[2] = {(char)(bits >> (digits == 2 ? 4 : 10) & 0xFF), (char)(bits >> 2 & 0xFF)};
    chimera_buffer_append(out, (struct chimera_slice){tail, digits - 1});
    return !is_padded || ends_padded(text, at, 4 - digits);
}

/* --- PEM --- */

#define BEGIN "-----BEGIN "
#define END "\n-----END "
#define DASHES "-----"

static bool find(struct chimera_slice text, const char *what, size_t *ret_at)
{
    const char *found = text.size ? memmem(text.data, text.size, what, strlen(what)) : NULL;
    *ret_at = found ? (size_t)(found - text.data) : 0;
    return found;
}

static bool find_last(struct chimera_slice text, const char *what, size_t *ret_at)
{
    size_t size = strlen(what);
    for (size_t at = text.size < size ? 0 : text.size - size + 1; at-- > 0;) {
        *ret_at = at;
        if (memcmp(text.data + at, what, size) == 0)
            return true;
    }
    return false;
}

/* The line without its end and the blanks before that; what is behind it stays in `rest`. */
static struct chimera_slice take_line(struct chimera_slice *rest)
{
    size_t size;
    bool is_ended = find(*rest, "\n", &size);
    if (!is_ended)
        size = rest->size;
    struct chimera_slice line = {rest->data, size};
    *rest = chimera_slice_behind(*rest, size + is_ended);
    if (is_ended && line.size > 0 && line.data[line.size - 1] == '\r')
        line.size--;
    while (line.size > 0 && (line.data[line.size - 1] == ' ' || line.data[line.size - 1] == '\t'))
        line.size--;
    return line;
}

/* Whether behind "-----END " there is `type`, five dashes, and the end of the line. */
static bool is_trailer(struct chimera_slice text, struct chimera_slice type)
{
    if (text.size < type.size + strlen(DASHES) ||
        !chimera_slice_equal((struct chimera_slice){text.data, type.size}, type) ||
        !chimera_slice_starts(chimera_slice_behind(text, type.size), DASHES))
        return false;
    text = chimera_slice_behind(text, type.size + strlen(DASHES));
    return take_line(&text).size == 0;
}

/* Without blanks, which base64 does not skip. */
static bool decode_body(struct chimera_slice body, struct chimera_buffer *out)
{
    struct chimera_buffer text;
    chimera_buffer_init_within(&text, SIZE_MAX, out->account);
    for (size_t i = 0; i < body.size && !text.failed; i++)
        if (body.data[i] != ' ' && body.data[i] != '\t')
            chimera_buffer_byte(&text, (uint8_t)body.data[i]);
    bool is_good = chimera_rego_base64_decode(chimera_buffer_slice(&text), 0, out);
    if (text.failed)
        out->failed = text.failed;
    chimera_buffer_free(&text);
    return is_good;
}

/* One try: `rest` begins behind "-----BEGIN ", `end` is where END begins in it. Headers may go on
 * behind that, and then it is no block. */
static bool read_block(struct chimera_slice rest, size_t end, struct chimera_rego_pem *block,
                       struct chimera_buffer *out)
{
    const char *end_at = rest.data + end;
    bool has_headers = false;
    block->type = take_line(&rest);
    if (block->type.size < strlen(DASHES))
        return false;
    block->type.size -= strlen(DASHES);
    if (memcmp(block->type.data + block->type.size, DASHES, strlen(DASHES)) != 0)
        return false;
    for (;;) {
        struct chimera_slice next = rest, line = take_line(&next);
        if (!line.size || !memchr(line.data, ':', line.size))
            break;
        has_headers = true;
        rest = next;
        if (chimera_account_spend(out->account, line.size / 8 + 1) < 0)
            return false;
    }
    if (has_headers && end_at < rest.data)
        return false;
    const char *text_end = rest.data + rest.size;
    struct chimera_slice trailer = {end_at + strlen(END),
                                    (size_t)(text_end - end_at) - strlen(END)};
    if (!is_trailer(trailer, block->type))
        return false;
    size_t before = out->size;
    struct chimera_slice body = {rest.data, end_at > rest.data ? (size_t)(end_at - rest.data) : 0};
    if (!decode_body(body, out)) {
        out->size = before;
        return false;
    }
    block->rest = (struct chimera_slice){end_at + 1, (size_t)(text_end - end_at) - 1};
    take_line(&block->rest);
    return true;
}

/* What begins without an end, or ends without a beginning, is stepped over, as pem.Decode does. */
bool chimera_rego_pem_next(struct chimera_slice text, struct chimera_rego_pem *ret_block,
                           struct chimera_buffer *out)
{
    size_t end, begin;
    while (!out->failed && find(text, END, &end)) {
        struct chimera_slice rest = text;
        text = chimera_slice_behind(text, end + strlen(END));
        if (chimera_account_spend(out->account, end / 8 + 1) < 0)
            return false;
        if (!find_last((struct chimera_slice){rest.data, end}, BEGIN, &begin) ||
            (begin > 0 && rest.data[begin - 1] != '\n'))
            continue;
        size_t behind = begin + strlen(BEGIN);
        if (read_block(chimera_slice_behind(rest, behind), end - behind, ret_block, out))
            return true;
    }
    return false;
}
