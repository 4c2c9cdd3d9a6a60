/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/http1.h"
#include "runtime/base/hex.h"

#include <strings.h>

#define CHUNK_SIZE_DIGITS 15      /* 60 bits: sums cannot overflow */
#define CHUNK_EXTENSIONS_MAX 2048 /* bytes of all of a body; nobody sends any */
#define CHUNK_TRAILERS_MAX 8192   /* bytes of all together */
#define LENGTH_DIGITS 18          /* less than 2^63 */
#define TRACEPARENT_SIZE 55       /* of version 00 */

struct parse { /* what the field lines have said so far */
    struct http_head *head;
    bool has_length, has_coding, has_host, has_caller, says_close, says_keep_alive;
};

static bool is_letter_or_digit(unsigned char c)
{
    return (unsigned)(c | 0x20) - 'a' < 26 || (unsigned)c - '0' < 10;
}

/* RFC 9110 §5.6.2. */
static bool is_token_byte(unsigned char c)
{
    return is_letter_or_digit(c) || c == '-' || (c != '\0' && strchr("!#$%&'*+.^_`|~", c));
}

#define ONES (UINT64_MAX / 255) /* 0x0101… */

/* How many bytes from the start on, by eights, are neither below `least` nor DEL. */
static size_t count_clear(struct chimera_slice text, unsigned char least)
{
    size_t count = 0;
    for (uint64_t bytes; text.size - count >= sizeof(bytes); count += sizeof(bytes)) {
        memcpy(&bytes, text.data + count, sizeof(bytes));
        uint64_t not_del = bytes ^ ONES * 0x7f;
        uint64_t hit = ((bytes - ONES * least) & ~bytes) | ((not_del - ONES) & ~not_del);
        if (hit & ONES * 0x80)
            break;
    }
    return count;
}

static bool is_token(struct chimera_slice text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!is_token_byte((unsigned char)text.data[i]))
            return false;
    return text.size > 0;
}

static bool is_word(struct chimera_slice text, const char *word)
{
    return text.size == strlen(word) && strncasecmp(text.data, word, text.size) == 0;
}

static struct chimera_slice part(struct chimera_slice text, size_t from, size_t to)
{
    return (struct chimera_slice){text.data + from, to - from};
}

/* The size of a `http://` or `https://` in front; 0: another form. */
static size_t scheme_size(struct chimera_slice target)
{
    if (target.size >= 7 && strncasecmp(target.data, "http://", 7) == 0)
        return 7;
    return target.size >= 8 && strncasecmp(target.data, "https://", 8) == 0 ? 8 : 0;
}

/* RFC 9110 §4.2: there is no authority without a host, and user information is refused. */
static int skip_authority(struct chimera_slice *target, size_t from, struct chimera_slice *ret_host)
{
    size_t to = from;
    while (to < target->size && target->data[to] != '/' && target->data[to] != '?')
        to++;
    if (to == from || memchr(target->data + from, '@', to - from))
        return 400;
    *ret_host = part(*target, from, to);
    *target = part(*target, to, target->size);
    return HTTP_DONE;
}

/* Origin form, or the absolute form that a proxy sends. Anything else is left as it is and will be
 * an unknown path. */
static int parse_target(struct chimera_slice target, struct http_head *head)
{
    for (size_t i = count_clear(target, ' ' + 1); i < target.size; i++)
        if ((unsigned char)target.data[i] <= ' ' || target.data[i] == 0x7f)
            return 400;
    size_t scheme = scheme_size(target);
    if (scheme && skip_authority(&target, scheme, &head->host) != HTTP_DONE)
        return 400;
    const char *mark = memchr(target.data, '?', target.size);
    size_t path_size = mark ? (size_t)(mark - target.data) : target.size;
    head->path = path_size ? part(target, 0, path_size) : CHIMERA_SLICE("/");
    head->query = mark ? part(target, path_size + 1, target.size) : CHIMERA_SLICE("");
    return HTTP_DONE;
}

static int parse_version(struct chimera_slice version, struct http_head *head)
{
    if (version.size != 8 || memcmp(version.data, "HTTP/", 5) != 0 || version.data[6] != '.')
        return 400;
    char major = version.data[5], minor = version.data[7];
    if (major < '0' || major > '9' || minor < '0' || minor > '9')
        return 400;
    if (major != '1')
        return 505;
    head->is_http10 = minor == '0';
    return HTTP_DONE;
}

static int parse_request_line(struct chimera_slice line, struct http_head *head)
{
    const char *first = memchr(line.data, ' ', line.size);
    if (!first)
        return 400;
    size_t method_size = (size_t)(first - line.data);
    const char *last = memrchr(line.data, ' ', line.size);
    size_t target_end = (size_t)(last - line.data);
    if (target_end <= method_size + 1)
        return 400;
    head->method = part(line, 0, method_size);
    if (!is_token(head->method))
        return 400;
    int code = parse_version(part(line, target_end + 1, line.size), head);
    if (code != HTTP_DONE)
        return code;
    return parse_target(part(line, method_size + 1, target_end), head);
}

static int parse_length(struct chimera_slice value, struct parse *parse)
{
    if (parse->has_length || value.size == 0 || value.size > LENGTH_DIGITS)
        return 400;
    uint64_t length = 0;
    for (size_t i = 0; i < value.size; i++) {
        if (value.data[i] < '0' || value.data[i] > '9')
            return 400;
        length = length * 10 + (uint64_t)(value.data[i] - '0');
    }
    parse->has_length = true;
    parse->head->content_length = length;
    return HTTP_DONE;
}

static void parse_connection(struct chimera_slice value, struct parse *parse)
{
    size_t start = 0;
    while (start < value.size) {
        const char *comma = memchr(value.data + start, ',', value.size - start);
        size_t end = comma ? (size_t)(comma - value.data) : value.size;
        struct chimera_slice option = chimera_slice_trim(part(value, start, end));
        if (is_word(option, "close"))
            parse->says_close = true;
        else if (is_word(option, "keep-alive"))
            parse->says_keep_alive = true;
        start = end + 1;
    }
}

/* The bytes that RFC 3986 §3.2 has in a host and a port; nothing at all is a host, too. */
static int parse_host(struct chimera_slice value, struct parse *parse)
{
    if (parse->has_host)
        return 400;
    parse->has_host = true;
    if (!parse->head->host.data) /* RFC 9112 §3.2.2: the target's wins */
        parse->head->host = value;
    for (size_t i = 0; i < value.size; i++) {
        unsigned char c = (unsigned char)value.data[i];
        if (!is_letter_or_digit(c) && !strchr("-.:!$%&'*+_~(),;=[]", c))
            return 400;
    }
    return HTTP_DONE;
}

/* `size` bytes of lower case digits, and what must follow them; NUL: the end. Returns whether any
 * is not 0. */
static bool read_id(struct chimera_slice *text, uint8_t *ret_id, size_t size, bool *is_good)
{
    unsigned any = 0;
    *is_good = *is_good && text->size > 2 * size && text->data[2 * size] == '-';
    for (size_t i = 0; *is_good && i < 2 * size; i++) {
        char digit = text->data[i];
        int value = digit >= 'A' && digit <= 'F' ? -1 : chimera_hex_value(digit);
        *is_good = value >= 0;
        ret_id[i / 2] = (uint8_t)(ret_id[i / 2] << 4 | (value & 15));
        any |= (unsigned)value & 15;
    }
    if (*is_good)
        *text = part(*text, 2 * size + 1, text->size);
    return any;
}

/* VERSION-TRACE-SPAN-FLAGS; later versions may have more behind it. One that is not so says
 * nothing: it is no reason to refuse a request. */
static struct http_caller read_caller(struct chimera_slice value)
{
    struct http_caller caller = {.span = 0};
    uint8_t version = 0, flags = 0, span[sizeof(caller.span)] = {0};
    char bytes[TRACEPARENT_SIZE + 1];
    bool is_longer = value.size > TRACEPARENT_SIZE;
    bool is_good =
        value.size >= TRACEPARENT_SIZE && (!is_longer || value.data[TRACEPARENT_SIZE] == '-');
    if (!is_good)
        return caller;
    memcpy(bytes, value.data, TRACEPARENT_SIZE);
    bytes[TRACEPARENT_SIZE] = '-'; /* so that each part has one behind it */
    struct chimera_slice text = {bytes, sizeof(bytes)};
    bool has_version = read_id(&text, &version, sizeof(version), &is_good);
    bool has_trace = read_id(&text, caller.trace_id, sizeof(caller.trace_id), &is_good);
    bool has_span = read_id(&text, span, sizeof(span), &is_good);
    read_id(&text, &flags, sizeof(flags), &is_good);
    if (!is_good || !has_trace || !has_span || version == 0xff || (is_longer && !has_version))
        return caller;
    for (size_t i = 0; i < sizeof(span); i++)
        caller.span = caller.span << 8 | span[i];
    caller.is_sampled = flags & 1;
    return caller;
}

static void parse_caller(struct chimera_slice value, struct parse *parse)
{
    parse->head->caller = parse->has_caller ? (struct http_caller){.span = 0} : read_caller(value);
    parse->has_caller = true;
}

static int parse_known_field(struct chimera_slice name, struct chimera_slice value,
                             struct parse *parse)
{
    struct http_head *head = parse->head;
    if (is_word(name, "content-length"))
        return parse_length(value, parse);
    if (is_word(name, "transfer-encoding")) {
        if (parse->has_coding)
            return 400;
        parse->has_coding = true;
        parse->head->is_chunked = is_word(value, "chunked");
        return HTTP_DONE;
    }
    if (is_word(name, "host"))
        return parse_host(value, parse);
    if (is_word(name, "content-type") && !head->content_type.data) {
        head->content_type = value;
    } else if (is_word(name, "connection")) {
        parse_connection(value, parse);
    } else if (is_word(name, "traceparent")) {
        parse_caller(value, parse);
    } else if (is_word(name, "expect")) {
        if (!is_word(value, "100-continue"))
            return 417;
        head->expects_continue = true;
    }
    return HTTP_DONE;
}

static int parse_field(struct chimera_slice line, struct parse *parse)
{
    const char *colon = memchr(line.data, ':', line.size);
    if (!colon)
        return 400;
    size_t name_size = (size_t)(colon - line.data);
    struct chimera_slice name = part(line, 0, name_size);
    if (!is_token(name)) /* this refuses folded lines and spaces before the colon, too */
        return 400;
    /* Before the trim, which takes more than blanks. */
    struct chimera_slice value = part(line, name_size + 1, line.size);
    for (size_t i = count_clear(value, ' '); i < value.size; i++) {
        unsigned char c = (unsigned char)value.data[i];
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return 400;
    }
    value = chimera_slice_trim(value);
    return parse_known_field(name, value, parse);
}

/* What the fields say together. */
static int settle(struct parse *parse)
{
    struct http_head *head = parse->head;
    if (parse->has_coding && (parse->has_length || head->is_http10))
        return 400;
    if (!parse->has_host && !head->is_http10)
        return 400;
    if (parse->has_coding && !head->is_chunked)
        return 501;
    head->keeps_alive = !parse->says_close && (!head->is_http10 || parse->says_keep_alive);
    if (head->is_http10)
        head->expects_continue = false; /* RFC 9110 §10.1.1: such an expectation is ignored */
    return HTTP_DONE;
}

/* Finds the empty line, and refuses at the first bare line feed, before the head is complete. */
static int find_end(struct chimera_slice bytes, size_t *scanned, size_t *ret_size)
{
    size_t limit = bytes.size < HTTP_HEAD_MAX ? bytes.size : HTTP_HEAD_MAX;
    while (*scanned < limit) {
        const char *feed = memchr(bytes.data + *scanned, '\n', limit - *scanned);
        if (!feed)
            break;
        size_t at = (size_t)(feed - bytes.data);
        if (at == 0 || bytes.data[at - 1] != '\r')
            return 400;
        bool is_empty = at - 1 == *scanned;
        *scanned = at + 1;
        if (is_empty) {
            *ret_size = at + 1;
            return HTTP_DONE;
        }
    }
    if (bytes.size < HTTP_HEAD_MAX)
        return HTTP_MORE;
    return *scanned ? 431 : 414; /* RFC 6585 §5, RFC 9112 §3 */
}

int http_head_parse(struct chimera_slice bytes, size_t *scanned, struct http_head *ret_head)
{
    size_t size = 0;
    int code = find_end(bytes, scanned, &size);
    if (code != HTTP_DONE)
        return code;
    struct http_head head = {.size = size};
    struct parse parse = {.head = &head};
    size_t start = 0;
    bool is_first = true;
    while (code == HTTP_DONE && start < size - 2) {
        const char *feed = memchr(bytes.data + start, '\n', size - start);
        size_t end = (size_t)(feed - bytes.data) - 1; /* find_end() saw a \r before each \n */
        struct chimera_slice line = part(bytes, start, end);
        code = is_first ? parse_request_line(line, &head) : parse_field(line, &parse);
        is_first = false;
        start = end + 2;
    }
    if (is_first)
        return 400; /* an empty line where a request should be; the caller skips the harmless ones
                     */
    if (code == HTTP_DONE)
        code = settle(&parse);
    if (code == HTTP_DONE)
        *ret_head = head;
    return code;
}

static int size_byte(struct http_chunks *chunks, char c)
{
    int value = chimera_hex_value(c);
    if (value >= 0) {
        if (chunks->digits++ == CHUNK_SIZE_DIGITS)
            return 400;
        chunks->left = chunks->left * 16 + (uint64_t)value;
        return HTTP_MORE;
    }
    if (chunks->digits == 0)
        return 400;
    if (c == ';')
        chunks->state = HTTP_CHUNK_EXTENSION;
    else if (c == '\r')
        chunks->state = HTTP_CHUNK_SIZE_LF;
    else
        return 400;
    return HTTP_MORE;
}

/* Bytes of an extension or a trailer: dropped, counted, no control bytes among them. */
static int line_byte(struct http_chunks *chunks, char c, size_t max, enum http_chunk_state next)
{
    if (c == '\r') {
        chunks->state = next;
        return HTTP_MORE;
    }
    if ((unsigned char)c < ' ' && c != '\t')
        return 400;
    return ++chunks->line_bytes > max ? 400 : HTTP_MORE;
}

static int expect_byte(struct http_chunks *chunks, char c, char wanted, enum http_chunk_state next)
{
    chunks->state = next;
    return c == wanted ? HTTP_MORE : 400;
}

static void end_of_size(struct http_chunks *chunks)
{
    chunks->state = chunks->left ? HTTP_CHUNK_DATA : HTTP_CHUNK_TRAILER_START;
    chunks->digits = 0;
    if (chunks->left == 0)
        chunks->line_bytes = 0; /* the trailers' from here on */
}

static int frame_byte(struct http_chunks *chunks, char c)
{
    switch (chunks->state) {
    case HTTP_CHUNK_SIZE:
        return size_byte(chunks, c);
    case HTTP_CHUNK_EXTENSION:
        return line_byte(chunks, c, CHUNK_EXTENSIONS_MAX, HTTP_CHUNK_SIZE_LF);
    case HTTP_CHUNK_SIZE_LF:
        end_of_size(chunks);
        return c == '\n' ? HTTP_MORE : 400;
    case HTTP_CHUNK_DATA_CR:
        return expect_byte(chunks, c, '\r', HTTP_CHUNK_DATA_LF);
    case HTTP_CHUNK_DATA_LF:
        return expect_byte(chunks, c, '\n', HTTP_CHUNK_SIZE);
    case HTTP_CHUNK_TRAILER_START:
        if (c == '\r')
            return expect_byte(chunks, c, '\r', HTTP_CHUNK_LAST_LF);
        chunks->state = HTTP_CHUNK_TRAILER;
        return line_byte(chunks, c, CHUNK_TRAILERS_MAX, HTTP_CHUNK_TRAILER_LF);
    case HTTP_CHUNK_TRAILER:
        return line_byte(chunks, c, CHUNK_TRAILERS_MAX, HTTP_CHUNK_TRAILER_LF);
    case HTTP_CHUNK_TRAILER_LF:
        return expect_byte(chunks, c, '\n', HTTP_CHUNK_TRAILER_START);
    case HTTP_CHUNK_LAST_LF:
        return c == '\n' ? HTTP_DONE : 400;
    case HTTP_CHUNK_DATA:
        break; /* the caller copies data by itself */
    }
    return 400;
}

int http_chunks_decode(struct http_chunks *chunks, char *data, size_t size, size_t *ret_used,
                       size_t *ret_kept)
{
    size_t used = 0, kept = 0;
    int code = HTTP_MORE;
    while (code == HTTP_MORE && used < size) {
        if (chunks->state != HTTP_CHUNK_DATA) {
            code = frame_byte(chunks, data[used++]);
            continue;
        }
        size_t count = size - used < chunks->left ? size - used : (size_t)chunks->left;
        memmove(data + kept, data + used, count);
        kept += count;
        used += count;
        chunks->left -= count;
        if (chunks->left == 0)
            chunks->state = HTTP_CHUNK_DATA_CR;
    }
    *ret_used = used;
    *ret_kept = kept;
    return code;
}
