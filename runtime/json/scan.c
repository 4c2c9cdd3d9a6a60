/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/json/scan.h"

#include <math.h>
#include <stdint.h>

#include "runtime/base/hex.h"
#include "runtime/json/number.h"
#include "runtime/json/pass.h"
#include "runtime/json/plain.h"
#include "runtime/text/utf8.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))

/* The first byte that is not plain in a string: a quote, a backslash, a control character, or a
 * byte of a longer sequence. */
static ALWAYS_INLINE const char *plain_end(const char *at, const char *end)
{
    while (end - at >= 8) {
        size_t count = plain_count_portable(at);
        at += count;
        if (count < 8)
            return at;
    }
    while (at < end) {
        unsigned char byte = (unsigned char)*at;
        if (byte < 0x20 || byte == '"' || byte == '\\' || byte >= 0x80)
            break;
        at++;
    }
    return at;
}

/* The value of four hexadecimal digits, or -1. */
static int hex_four(const char *at)
{
    int value = 0;
    for (int i = 0; i < 4; i++) {
        int digit = chimera_hex_value(at[i]);
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

/* Reads the digits behind \u. */
static bool read_hex(struct chimera_scan *scan, int *ret_unit)
{
    if (scan->end - scan->at < 4) {
        scan->at = scan->end;
        return chimera_scan_fail(scan, scan->end, "EOF while parsing a string");
    }
    *ret_unit = hex_four(scan->at);
    scan->at += 4;
    return *ret_unit >= 0 || chimera_scan_fail(scan, scan->at, "invalid escape");
}

/* One byte of the \u that must follow a leading surrogate. */
static bool read_pair_byte(struct chimera_scan *scan, char byte)
{
    if (scan->at == scan->end)
        return chimera_scan_fail(scan, scan->at, "EOF while parsing a string");
    char found = *scan->at++;
    return found == byte || chimera_scan_fail(scan, scan->at, "unexpected end of hex escape");
}

static bool skip_unicode(struct chimera_scan *scan)
{
    static const char lone[] = "lone leading surrogate in hex escape";
    int unit = 0, second = 0;
    if (!read_hex(scan, &unit))
        return false;
    if (unit < 0xD800 || unit > 0xDFFF || scan->is_wide)
        return true;
    if (unit >= 0xDC00)
        return chimera_scan_fail(scan, scan->at, lone);
    if (!read_pair_byte(scan, '\\') || !read_pair_byte(scan, 'u') || !read_hex(scan, &second))
        return false;
    return (second >= 0xDC00 && second <= 0xDFFF) || chimera_scan_fail(scan, scan->at, lone);
}

static bool skip_escape(struct chimera_scan *scan)
{
    scan->at++;
    if (scan->at == scan->end)
        return chimera_scan_fail(scan, scan->at, "EOF while parsing a string");
    char c = *scan->at++;
    if (c == 'u')
        return skip_unicode(scan);
    if (c != '\0' && strchr("\"\\/bfnrt", c))
        return true;
    return chimera_scan_fail(scan, scan->at, "invalid escape");
}

/* What stopped plain_end() and is not the closing quote. */
static bool skip_special(struct chimera_scan *scan)
{
    if (scan->at == scan->end)
        return chimera_scan_fail(scan, scan->at, "EOF while parsing a string");
    if (*scan->at == '\\')
        return skip_escape(scan);
    if ((unsigned char)*scan->at < 0x20)
        return chimera_scan_fail(
            scan, scan->at + 1, "control character (\\u0000-\\u001F) found while parsing a string");
    /* Of a run of longer characters, to where it ends. */
    while (scan->at < scan->end && (unsigned char)*scan->at >= 0x80) {
        size_t size = chimera_utf8_character(
            (struct chimera_slice){scan->at, (size_t)(scan->end - scan->at)});
        if (size == 0)
            return chimera_scan_fail_next(scan, "invalid unicode code point");
        scan->at += size;
    }
    return true;
}

static ALWAYS_INLINE bool read_string(struct chimera_scan *scan, struct chimera_scan_text *ret_text)
{
    const char *begin = ++scan->at;
    bool is_escaped = false;
    for (;;) {
        scan->at = plain_end(scan->at, scan->end);
        if (scan->at < scan->end && *scan->at == '"')
            break;
        is_escaped = is_escaped || (scan->at < scan->end && *scan->at == '\\');
        if (!skip_special(scan))
            return false;
    }
    *ret_text = (struct chimera_scan_text){{begin, (size_t)(scan->at - begin)}, is_escaped};
    scan->at++;
    return true;
}

bool chimera_scan_string(struct chimera_scan *scan, struct chimera_scan_text *ret_text)
{
    return read_string(scan, ret_text);
}

static ALWAYS_INLINE bool is_digit(const struct chimera_scan *scan)
{
    return scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9';
}

static ALWAYS_INLINE void skip_digits(struct chimera_scan *scan)
{
    while (is_digit(scan))
        scan->at++;
}

/* A byte that had to be a digit, and was read as serde_json reads it. */
static bool fail_digit(struct chimera_scan *scan)
{
    return scan->at == scan->end ? chimera_scan_fail(scan, scan->at, "EOF while parsing a value")
                                 : chimera_scan_fail_next(scan, "invalid number");
}

static bool skip_fraction(struct chimera_scan *scan)
{
    scan->at++;
    if (!is_digit(scan))
        return fail_digit(scan);
    skip_digits(scan);
    return true;
}

static bool skip_exponent(struct chimera_scan *scan)
{
    scan->at++;
    if (scan->at < scan->end && (*scan->at == '+' || *scan->at == '-'))
        scan->at++;
    if (!is_digit(scan))
        return fail_digit(scan);
    skip_digits(scan);
    return true;
}

#define SURELY_FINITE 300 /* digits */

static bool check_range(struct chimera_scan *scan, const char *begin)
{
    struct chimera_slice text = {begin, (size_t)(scan->at - begin)};
    struct chimera_number number = chimera_number_read(text);
    if (number.kind == CHIMERA_NUMBER_F64 && isinf(number.f64))
        return chimera_scan_fail(scan, scan->at, "number out of range");
    return true;
}

bool chimera_scan_number(struct chimera_scan *scan)
{
    const char *begin = scan->at;
    if (*scan->at == '-')
        scan->at++;
    if (!is_digit(scan))
        return fail_digit(scan);
    if (*scan->at++ != '0')
        skip_digits(scan);
    else if (is_digit(scan))
        return chimera_scan_fail_next(scan, "invalid number");
    bool may_overflow = scan->at - begin > SURELY_FINITE;
    if (scan->at < scan->end && *scan->at == '.' && !skip_fraction(scan))
        return false;
    if (scan->at < scan->end && (*scan->at | 0x20) == 'e') {
        may_overflow = true;
        if (!skip_exponent(scan))
            return false;
    }
    return !may_overflow || scan->is_wide || check_range(scan, begin);
}

bool chimera_scan_word(struct chimera_scan *scan)
{
    const char *word = *scan->at == 't' ? "true" : *scan->at == 'f' ? "false" : "null";
    for (; *word; word++, scan->at++) {
        if (scan->at == scan->end)
            return chimera_scan_fail(scan, scan->at, "EOF while parsing a value");
        if (*scan->at != *word)
            return chimera_scan_fail_next(scan, "expected ident");
    }
    return true;
}

static ALWAYS_INLINE bool open_bracket(struct chimera_scan *scan)
{
    if (scan->depth == CHIMERA_SCAN_DEPTH_MAX)
        return chimera_scan_fail_next(scan, "recursion limit exceeded");
    scan->depth++;
    scan->at++;
    return true;
}

bool chimera_scan_open(struct chimera_scan *scan)
{
    return open_bracket(scan);
}

static int fail_element(struct chimera_scan *scan, int byte, bool is_behind_comma)
{
    if (byte < 0)
        chimera_scan_fail_next(scan, is_behind_comma ? "EOF while parsing a value"
                                                     : "EOF while parsing a list");
    else
        chimera_scan_fail_next(scan, byte == ']' ? "trailing comma" : "expected `,` or `]`");
    return -1;
}

static ALWAYS_INLINE int next_element(struct chimera_scan *scan, bool is_first)
{
    int byte = chimera_scan_peek(scan);
    if (byte == ']')
        return 0;
    if (is_first && byte >= 0)
        return 1;
    if (byte != ',')
        return fail_element(scan, byte, false);
    scan->at++;
    byte = chimera_scan_peek(scan);
    return byte < 0 || byte == ']' ? fail_element(scan, byte, true) : 1;
}

int chimera_scan_next_element(struct chimera_scan *scan, bool is_first)
{
    return next_element(scan, is_first);
}

/* Apart from next_key(), which is inlined where it is called. */
static int fail_key(struct chimera_scan *scan, int byte, bool is_behind_comma)
{
    if (byte < 0)
        chimera_scan_fail_next(scan, is_behind_comma ? "EOF while parsing a value"
                                                     : "EOF while parsing an object");
    else if (is_behind_comma && byte == '}')
        chimera_scan_fail_next(scan, "trailing comma");
    else
        chimera_scan_fail_next(scan, "key must be a string");
    return -1;
}

static ALWAYS_INLINE int next_key(struct chimera_scan *scan, bool is_first,
                                  struct chimera_scan_text *ret_key)
{
    int byte = chimera_scan_peek(scan);
    if (byte == '}')
        return 0;
    if (!is_first) {
        if (byte != ',') {
            chimera_scan_fail_next(scan, byte < 0 ? "EOF while parsing an object"
                                                  : "expected `,` or `}`");
            return -1;
        }
        scan->at++;
        byte = chimera_scan_peek(scan);
    }
    if (byte != '"')
        return fail_key(scan, byte, !is_first);
    return read_string(scan, ret_key) ? 1 : -1;
}

int chimera_scan_next_key(struct chimera_scan *scan, bool is_first,
                          struct chimera_scan_text *ret_key)
{
    return next_key(scan, is_first, ret_key);
}

static ALWAYS_INLINE bool read_colon(struct chimera_scan *scan)
{
    int byte = chimera_scan_peek(scan);
    if (byte == ':') {
        scan->at++;
        return true;
    }
    return chimera_scan_fail_next(scan, byte < 0 ? "EOF while parsing an object" : "expected `:`");
}

bool chimera_scan_colon(struct chimera_scan *scan)
{
    return read_colon(scan);
}

static ALWAYS_INLINE bool skip_scalar(struct chimera_scan *scan, int byte)
{
    struct chimera_scan_text text;
    if (byte == '"')
        return read_string(scan, &text);
    if ((byte >= '0' && byte <= '9') || byte == '-')
        return chimera_scan_number(scan);
    if (byte == 't' || byte == 'f' || byte == 'n')
        return chimera_scan_word(scan);
    return chimera_scan_fail_next(scan, byte < 0 ? "EOF while parsing a value" : "expected value");
}

/* Which of the open arrays and objects are objects: one bit for each depth. */
struct nesting {
    uint64_t is_object[2];
};

static ALWAYS_INLINE void nesting_set(struct nesting *nesting, unsigned depth, bool is_object)
{
    uint64_t bit = UINT64_C(1) << (depth & 63);
    uint64_t *word = &nesting->is_object[depth >> 6];
    *word = is_object ? *word | bit : *word & ~bit;
}

static ALWAYS_INLINE bool nesting_get(const struct nesting *nesting, unsigned depth)
{
    return nesting->is_object[depth >> 6] >> (depth & 63) & 1;
}

_Static_assert(CHIMERA_SCAN_DEPTH_MAX < 128, "struct nesting has 128 bits");

/* To the next element's or member's value; 1, 0 and -1 as usual. */
static ALWAYS_INLINE int next_value(struct chimera_scan *scan, bool is_object, bool is_first)
{
    struct chimera_scan_text key;
    if (!is_object)
        return next_element(scan, is_first);
    int next = next_key(scan, is_first, &key);
    return next == 1 && !read_colon(scan) ? -1 : next;
}

/* From an opening bracket to behind the one that closes it. */
static ALWAYS_INLINE bool skip_nested(struct chimera_scan *scan, int byte,
                                      struct chimera_account *account)
{
    struct nesting nesting = {{0}};
    unsigned outside = scan->depth;
    bool is_object = false, is_first = false;
    for (;;) {
        if (account && chimera_account_spend(account, 4) < 0)
            return false;
        if (byte == '{' || byte == '[') {
            if (!open_bracket(scan))
                return false;
            is_object = byte == '{';
            is_first = true;
            nesting_set(&nesting, scan->depth, is_object);
        } else {
            if (!skip_scalar(scan, byte))
                return false;
            is_first = false;
        }
        int next;
        while ((next = next_value(scan, is_object, is_first)) == 0) {
            chimera_scan_close(scan);
            if (scan->depth == outside)
                return true;
            is_object = nesting_get(&nesting, scan->depth);
            is_first = false;
        }
        if (next < 0)
            return false;
        byte = chimera_scan_peek(scan);
    }
}

/* The quick way over what skip_nested() would take, too. An empty object as a member is no level
 * for the pass, and one more for the scanner. */
static ALWAYS_INLINE bool pass_nested(struct chimera_scan *scan)
{
    if (scan->depth >= CHIMERA_SCAN_DEPTH_MAX - CHIMERA_PASS_DEPTH_MAX)
        return false;
    struct chimera_pass_index *index = scan->index;
    const char *end = NULL;
    if (index) {
        index->end = index->first;
        end = chimera_pass->find_values(scan->at, scan->end, index);
    }
    if (!end)
        end = chimera_pass->find_end(scan->at, scan->end);
    scan->at = end ? end : scan->at;
    return end;
}

bool chimera_scan_skip(struct chimera_scan *scan, struct chimera_slice *ret_value)
{
    int byte = chimera_scan_peek(scan);
    const char *begin = scan->at;
    bool is_nested = byte == '{' || byte == '[';
    if (!(is_nested && pass_nested(scan)) &&
        !(is_nested ? skip_nested(scan, byte, NULL) : skip_scalar(scan, byte)))
        return false;
    *ret_value = (struct chimera_slice){begin, (size_t)(scan->at - begin)};
    return true;
}

bool chimera_scan_end(struct chimera_scan *scan)
{
    return chimera_scan_peek(scan) < 0 || chimera_scan_fail_next(scan, "trailing characters");
}

int chimera_json_check(struct chimera_slice text, struct chimera_error *err)
{
    struct chimera_scan scan;
    struct chimera_slice value;
    chimera_scan_init(&scan, text);
    if (!chimera_scan_skip(&scan, &value) || !chimera_scan_end(&scan))
        return chimera_scan_report(&scan, err);
    return CHIMERA_OK;
}

int chimera_json_check_within(struct chimera_slice text, bool is_wide,
                              struct chimera_account *account, struct chimera_error *err)
{
    struct chimera_scan scan;
    struct chimera_account forever;
    chimera_account_open(&forever, CHIMERA_ACCOUNT_FOREVER, CHIMERA_ACCOUNT_FOREVER);
    account = account ? account : &forever;
    chimera_scan_init(&scan, text);
    scan.is_wide = is_wide;
    if (text.size > CHIMERA_SCAN_AT_ONCE)
        chimera_account_has_time(account, text.size * CHIMERA_SCAN_AT_ONCE_NS);
    int byte = account->failed ? -1 : chimera_scan_peek(&scan);
    bool is_read =
        byte == '{' || byte == '[' ? skip_nested(&scan, byte, account) : skip_scalar(&scan, byte);
    if (account->failed)
        return chimera_fail(err, account->failed, "%s", chimera_account_text(account));
    return is_read && chimera_scan_end(&scan) ? CHIMERA_OK : chimera_scan_report(&scan, err);
}

/* Decodes the escape at *at, and moves behind it; returns the size. */
static size_t decode_escape(const char **at, char to[4])
{
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    char c = (*at)[1];
    if (c != 'u') {
        to[0] = into[strchr(from, c) - from];
        *at += 2;
        return 1;
    }
    uint32_t point = (uint32_t)hex_four(*at + 2);
    *at += 6;
    if (point >= 0xD800 && point <= 0xDBFF) {
        point = 0x10000 + ((point - 0xD800) << 10) + ((uint32_t)hex_four(*at + 2) - 0xDC00);
        *at += 6;
    }
    /* It is no surrogate, and takes 1 to 4 bytes. */
    if (point < 0x80) {
        to[0] = (char)point;
        return 1;
    }
    size_t size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = size - 1; i > 0; i--) {
        to[i] = (char)(0x80 | (point & 0x3F));
        point >>= 6;
    }
    to[0] = (char)(lead[size] | point);
    return size;
}

size_t chimera_scan_decode(struct chimera_slice raw, char *to, size_t capacity)
{
    const char *at = raw.data, *end = raw.data + raw.size;
    size_t done = 0;
    while (at < end) {
        const char *escape = memchr(at, '\\', (size_t)(end - at));
        size_t plain = (size_t)((escape ? escape : end) - at);
        if (plain > capacity - done) {
            size_t fits = chimera_utf8_prefix((struct chimera_slice){at, capacity - done});
            memcpy(to + done, at, fits);
            return done + fits;
        }
        memcpy(to + done, at, plain);
        done += plain;
        at += plain;
        char decoded[4];
        size_t size = escape ? decode_escape(&at, decoded) : 0;
        if (size > capacity - done)
            break;
        memcpy(to + done, decoded, size);
        done += size;
    }
    return done;
}

struct chimera_slice chimera_scan_text(struct chimera_scan_text text, struct chimera_arena *arena)
{
    if (!text.is_escaped)
        return text.raw;
    char *to = chimera_arena_take(arena, text.raw.size);
    if (!to)
        return (struct chimera_slice){NULL, 0};
    return (struct chimera_slice){to, chimera_scan_decode(text.raw, to, text.raw.size)};
}
