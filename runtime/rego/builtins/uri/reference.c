/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>

#include "runtime/base/hex.h"
#include "runtime/rego/builtins/uri/reference_internal.h"
#include "runtime/rego/quote.h"

#define ADDRESS_MAX INET6_ADDRSTRLEN

bool chimera_uri_keeps(enum chimera_uri_part part, unsigned char byte)
{
    static const char *const marks[] = {
        [CHIMERA_URI_PATH] = "$&+,/:;=@",          [CHIMERA_URI_USER] = "$&+,;=",
        [CHIMERA_URI_HOST] = "!$&'()*+,;=:[]<>\"", [CHIMERA_URI_ZONE] = "!$&'()*+,;=:[]<>\"",
        [CHIMERA_URI_FRAGMENT] = "$&+,/:;=?@!()*",
    };
    unsigned char lower = byte | 0x20;
    return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') ||
           (byte && (strchr("-_.~", byte) || strchr(marks[part], byte)));
}

/* --- Decoding --- */

struct reader {
    struct chimera_region *region;
    struct chimera_error *err;
};

static int fail_with(const struct reader *reader, const char *before, struct chimera_slice shown,
                     const char *behind)
{
    struct chimera_buffer quoted;
    chimera_buffer_init(&quoted, sizeof(reader->err->text));
    if (shown.size > 200)
        shown.size = 200;
    chimera_rego_quote(shown, false, &quoted);
    int code = chimera_fail(reader->err, CHIMERA_EINVAL, "%s%.*s%s", before, (int)quoted.size,
                            quoted.data ? quoted.data : "", behind);
    chimera_buffer_free(&quoted);
    return code;
}

/* May this escape, or this byte, stand in that part? */
static int check_byte(const struct reader *reader, struct chimera_slice rest,
                      enum chimera_uri_part part)
{
    bool is_strict = part == CHIMERA_URI_HOST || part == CHIMERA_URI_ZONE;
    unsigned char byte = (unsigned char)rest.data[0];
    if (byte != '%') {
        if (is_strict && byte < 0x80 && !chimera_uri_keeps(part, byte))
            return fail_with(reader, "invalid character ", (struct chimera_slice){rest.data, 1},
                             " in host name");
        return CHIMERA_OK;
    }
    struct chimera_slice escape = {rest.data, rest.size < 3 ? rest.size : 3};
    int high = rest.size < 3 ? -1 : chimera_hex_value(rest.data[1]);
    int low = rest.size < 3 ? -1 : chimera_hex_value(rest.data[2]);
    bool is_good = high >= 0 && low >= 0;
    if (is_good && is_strict && !chimera_slice_is(escape, "%25")) {
        int value = high << 4 | low;
        if (part == CHIMERA_URI_HOST)
            is_good = high >= 8;
        else
            is_good = value == ' ' || chimera_uri_keeps(CHIMERA_URI_HOST, (unsigned char)value);
    }
    return is_good ? CHIMERA_OK : fail_with(reader, "invalid URL escape ", escape, "");
}

static int decode(const struct reader *reader, struct chimera_slice text,
                  enum chimera_uri_part part, struct chimera_slice *ret_text)
{
    char *to = chimera_region_take(reader->region, text.size + 1), *at = to;
    if (!to)
        return reader->region->failed;
    for (size_t i = 0; i < text.size; i++) {
        int code = check_byte(reader, chimera_slice_behind(text, i), part);
        if (code < 0)
            return code;
        if (text.data[i] == '%') {
            *at++ = (char)(chimera_hex_value(text.data[i + 1]) << 4 |
                           chimera_hex_value(text.data[i + 2]));
            i += 2;
        } else {
            *at++ = text.data[i];
        }
    }
    *ret_text = (struct chimera_slice){to, (size_t)(at - to)};
    return chimera_account_spend(reader->region->account, text.size);
}

/* --- Parts --- */

/* Cuts `text` at the first `mark`; *ret_rest, behind it, is empty when there is none. */
static bool cut(struct chimera_slice text, char mark, struct chimera_slice *ret_head,
                struct chimera_slice *ret_rest)
{
    const char *at = text.size ? memchr(text.data, mark, text.size) : NULL;
    size_t size = at ? (size_t)(at - text.data) : text.size;
    *ret_head = (struct chimera_slice){text.data, size};
    *ret_rest = chimera_slice_behind(text, at ? size + 1 : size);
    return at != NULL;
}

static bool has(struct chimera_slice text, char mark)
{
    return text.size && memchr(text.data, mark, text.size);
}

static bool is_port(struct chimera_slice text)
{
    bool is_good = text.size == 0 || text.data[0] == ':';
    for (size_t i = 1; i < text.size && is_good; i++)
        is_good = text.data[i] >= '0' && text.data[i] <= '9';
    return is_good;
}

static int check_port(const struct reader *reader, struct chimera_slice text)
{
    return is_port(text) ? CHIMERA_OK : fail_with(reader, "invalid port ", text, " after host");
}

void chimera_uri_split_host(const struct chimera_uri *uri, struct chimera_slice *ret_host,
                            struct chimera_slice *ret_port)
{
    struct chimera_slice host = uri->host;
    const char *colon = host.size ? memrchr(host.data, ':', host.size) : NULL;
    *ret_port = CHIMERA_SLICE("");
    if (colon && is_port(chimera_slice_behind(host, (size_t)(colon - host.data)))) {
        *ret_port = chimera_slice_behind(host, (size_t)(colon - host.data) + 1);
        host.size = (size_t)(colon - host.data);
    }
    if (host.size >= 2 && host.data[0] == '[' && host.data[host.size - 1] == ']')
        host = (struct chimera_slice){host.data + 1, host.size - 2};
    *ret_host = host;
}

int chimera_uri_address(struct chimera_slice text, bool *ret_has_zone)
{
    char copy[ADDRESS_MAX];
    unsigned char bytes[16];
    struct chimera_slice address, zone;
    *ret_has_zone = cut(text, '%', &address, &zone);
    if (address.size >= sizeof(copy) || has(address, '\0') || (*ret_has_zone && zone.size == 0))
        return 0;
    memcpy(copy, address.data ? address.data : "", address.size);
    copy[address.size] = '\0';
    if (inet_pton(AF_INET6, copy, bytes) == 1)
        return 6;
    return !*ret_has_zone && inet_pton(AF_INET, copy, bytes) == 1 ? 4 : 0;
}

/* "[" address "]" port: between brackets may be a zone behind "%25". */
static int read_literal(const struct reader *reader, struct chimera_slice text,
                        struct chimera_slice *ret_host)
{
    const char *close = memrchr(text.data, ']', text.size);
    if (!close)
        return chimera_fail(reader->err, CHIMERA_EINVAL, "missing ']' in host");
    struct chimera_slice inner = {text.data + 1, (size_t)(close - text.data) - 1}, address, zone;
    struct chimera_slice port = chimera_slice_behind(text, inner.size + 2);
    const char *at = memmem(inner.data, inner.size, "%25", 3);
    size_t size = at ? (size_t)(at - inner.data) : inner.size;
    bool has_zone;
    int code = check_port(reader, port);
    if (code == CHIMERA_OK)
        code = decode(reader, (struct chimera_slice){inner.data, size}, CHIMERA_URI_HOST, &address);
    if (code == CHIMERA_OK)
        code = decode(reader, chimera_slice_behind(inner, size), CHIMERA_URI_ZONE, &zone);
    char *host = code < 0 ? NULL : chimera_region_take(reader->region, text.size + 1);
    if (!host)
        return code < 0 ? code : reader->region->failed;
    memcpy(host + 1, address.data, address.size);
    memcpy(host + 1 + address.size, zone.data, zone.size);
    size = address.size + zone.size;
    int kind = chimera_uri_address((struct chimera_slice){host + 1, size}, &has_zone);
    if (kind != 6)
        return chimera_fail(reader->err, CHIMERA_EINVAL,
                            kind ? "invalid IP-literal" : "invalid host: unable to parse IP");
    host[0] = '[';
    host[size + 1] = ']';
    if (port.size)
        memcpy(host + size + 2, port.data, port.size);
    *ret_host = (struct chimera_slice){host, size + 2 + port.size};
    return CHIMERA_OK;
}

static int read_host(const struct reader *reader, struct chimera_slice scheme,
                     struct chimera_slice text, struct chimera_slice *ret_host)
{
    const char *open = text.size ? memrchr(text.data, '[', text.size) : NULL;
    if (open && open != text.data)
        return chimera_fail(reader->err, CHIMERA_EINVAL, "invalid IP-literal");
    if (open)
        return read_literal(reader, text, ret_host);
    struct chimera_slice name, port;
    int code = CHIMERA_OK;
    if (cut(text, ':', &name, &port)) {
        /* Elsewhere than with HTTP the last colon counts. */
        if (!chimera_slice_is(scheme, "http") && !chimera_slice_is(scheme, "https"))
            name.size = (size_t)((const char *)memrchr(text.data, ':', text.size) - text.data);
        code = check_port(reader, chimera_slice_behind(text, name.size));
    }
    return code < 0 ? code : decode(reader, text, CHIMERA_URI_HOST, ret_host);
}

static int read_authority(const struct reader *reader, struct chimera_slice text,
                          struct chimera_uri *uri)
{
    const char *at = text.size ? memrchr(text.data, '@', text.size) : NULL;
    struct chimera_slice user = {text.data, at ? (size_t)(at - text.data) : 0}, name, password;
    int code = read_host(reader, uri->scheme, at ? chimera_slice_behind(text, user.size + 1) : text,
                         &uri->host);
    if (code < 0 || !at)
        return code;
    for (size_t i = 0; i < user.size; i++) {
        if (!chimera_uri_keeps(CHIMERA_URI_USER, (unsigned char)user.data[i]) &&
            (!user.data[i] || !strchr(":!'()*%@", user.data[i])))
            return chimera_fail(reader->err, CHIMERA_EINVAL, "net/url: invalid userinfo");
    }
    uri->has_user = true;
    uri->has_password = cut(user, ':', &name, &password);
    code = decode(reader, name, CHIMERA_URI_USER, &uri->user);
    return code < 0 ? code : decode(reader, password, CHIMERA_URI_USER, &uri->password);
}

/* A text that begins with no scheme is all of it what comes behind one. */
static int read_scheme(const struct reader *reader, struct chimera_slice text,
                       struct chimera_slice *ret_scheme, struct chimera_slice *ret_rest)
{
    *ret_scheme = CHIMERA_SLICE("");
    *ret_rest = text;
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.data[i], lower = byte | 0x20;
        if (byte == ':' && i == 0)
            return chimera_fail(reader->err, CHIMERA_EINVAL, "missing protocol scheme");
        if (byte == ':') {
            char *scheme = chimera_region_take(reader->region, i + 1);
            if (!scheme)
                return reader->region->failed;
            for (size_t k = 0; k < i; k++)
                scheme[k] = text.data[k] >= 'A' && text.data[k] <= 'Z' ? (char)(text.data[k] | 0x20)
                                                                       : text.data[k];
            *ret_scheme = (struct chimera_slice){scheme, i};
            *ret_rest = chimera_slice_behind(text, i + 1);
            return CHIMERA_OK;
        }
        bool is_letter = lower >= 'a' && lower <= 'z';
        if (!is_letter && (i == 0 || !byte || !strchr("0123456789+-.", byte)))
            return CHIMERA_OK;
    }
    return CHIMERA_OK;
}

/* All but the fragment. */
static int read_whole(const struct reader *reader, struct chimera_slice text,
                      struct chimera_uri *uri)
{
    struct chimera_slice rest, segment, unused;
    for (size_t i = 0; i < text.size; i++) {
        if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7F)
            return chimera_fail(reader->err, CHIMERA_EINVAL,
                                "net/url: invalid control character in URL");
    }
    int code = read_scheme(reader, text, &uri->scheme, &rest);
    if (code < 0)
        return code;
    uri->has_empty_query = cut(rest, '?', &rest, &uri->query) && uri->query.size == 0;
    bool is_rooted = chimera_slice_starts(rest, "/");
    if (!is_rooted && uri->scheme.size) {
        uri->opaque = rest;
        return CHIMERA_OK;
    }
    cut(rest, '/', &segment, &unused);
    if (!is_rooted && has(segment, ':'))
        return chimera_fail(reader->err, CHIMERA_EINVAL,
                            "first path segment in URL cannot contain colon");
    if (chimera_slice_starts(rest, "//") &&
        (uri->scheme.size || !chimera_slice_starts(rest, "///"))) {
        rest = chimera_slice_behind(rest, 2);
        cut(rest, '/', &segment, &unused);
        code = read_authority(reader, segment, uri);
        rest = chimera_slice_behind(rest, segment.size);
    } else {
        uri->omits_host = uri->scheme.size && is_rooted;
    }
    uri->raw_path = rest;
    return code < 0 ? code : decode(reader, rest, CHIMERA_URI_PATH, &uri->path);
}

int chimera_uri_parse(struct chimera_slice text, struct chimera_region *region,
                      struct chimera_uri *ret_uri, struct chimera_error *err)
{
    struct chimera_error why = {0};
    const struct reader reader = {.region = region, .err = &why};
    struct chimera_uri uri = {0};
    struct chimera_slice whole = chimera_region_copy(region, text), head;
    if (!whole.data)
        return region->failed;
    cut(whole, '#', &head, &uri.raw_fragment);
    int code = read_whole(&reader, head, &uri);
    if (code == CHIMERA_OK) {
        head = whole;
        code = decode(&reader, uri.raw_fragment, CHIMERA_URI_FRAGMENT, &uri.fragment);
    }
    if (code == CHIMERA_OK)
        *ret_uri = uri;
    if (code != CHIMERA_EINVAL)
        return code;
    struct chimera_error told = {0};
    const struct reader teller = {.region = region, .err = &told};
    fail_with(&teller, "parse ", head, ": ");
    return chimera_fail(err, code, "%s%s", told.text, why.text);
}
