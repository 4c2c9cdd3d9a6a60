/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/crypto/base/address.h"

#include <arpa/inet.h>

#include "runtime/base/hex.h"

#define PERCENT "%25" /* of a zone */

enum part { PART_PATH, PART_HOST, PART_ZONE, PART_USER, PART_FRAGMENT };

/* --- Escapes --- */

static bool is_one_of(char byte, const char *bytes)
{
    return byte && strchr(bytes, byte);
}

static bool stays(char byte, enum part part)
{
    if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
        (byte >= '0' && byte <= '9') || is_one_of(byte, "-_.~"))
        return true;
    switch (part) {
    case PART_HOST:
    case PART_ZONE:
        return is_one_of(byte, "!$&'()*+,;=:[]<>\"");
    case PART_PATH:
        return is_one_of(byte, "$&+,/:;=@");
    case PART_USER:
        return is_one_of(byte, "$&+,;=");
    case PART_FRAGMENT:
        return is_one_of(byte, "$&+,/:;=?@!()*");
    }
    return false;
}

static void escape(struct chimera_slice text, enum part part, struct chimera_buffer *out)
{
    for (size_t i = 0; i < text.size && !out->failed; i++) {
        if (stays(text.data[i], part))
            chimera_buffer_byte(out, (uint8_t)text.data[i]);
        else
            chimera_buffer_print(out, "%%%02X", (unsigned)(uint8_t)text.data[i]);
    }
}

/* The byte that three characters stand for, where they may in that part; -1: they may not. */
static int unescaped(struct chimera_slice text, enum part part)
{
    if (text.size < 3)
        return -1;
    int high = chimera_hex_value(text.data[1]), low = chimera_hex_value(text.data[2]);
    if (high < 0 || low < 0)
        return -1;
    char byte = (char)(high << 4 | low);
    bool is_percent = chimera_slice_starts(text, PERCENT);
    if (part == PART_HOST && high < 8 && !is_percent)
        return -1;
    if (part == PART_ZONE && !is_percent && byte != ' ' && !stays(byte, PART_HOST))
        return -1;
    return (uint8_t)byte;
}

/* Appends the decoded text; false when it is wrong. */
static bool decode(struct chimera_slice text, enum part part, struct chimera_buffer *store)
{
    while (text.size > 0 && !store->failed) {
        bool is_escape = *text.data == '%', is_host = part == PART_HOST || part == PART_ZONE;
        int byte = is_escape ? unescaped(text, part) : (uint8_t)*text.data;
        if (byte < 0 || (!is_escape && is_host && byte < 0x80 && !stays((char)byte, part)))
            return false;
        chimera_buffer_byte(store, (uint8_t)byte);
        text = chimera_slice_behind(text, is_escape ? 3 : 1);
    }
    return !store->failed;
}

/* The same as a slice. `store` never moves: its room was made for the whole text. */
static bool decode_slice(struct chimera_slice text, enum part part, struct chimera_buffer *store,
                         struct chimera_slice *ret_text)
{
    size_t before = store->size;
    if (!decode(text, part, store))
        return false;
    *ret_text = (struct chimera_slice){store->data + before, store->size - before};
    return true;
}

/* Whether `raw` is what escaping the decoded text gives. */
static bool is_usual(struct chimera_slice raw, struct chimera_slice decoded, enum part part)
{
    for (size_t i = 0; i < decoded.size; i++) {
        static const char digits[] = "0123456789ABCDEF";
        uint8_t byte = (uint8_t)decoded.data[i];
        char escaped[3] = {'%', digits[byte >> 4], digits[byte & 15]};
        struct chimera_slice wanted = {escaped, sizeof(escaped)};
        if (stays(decoded.data[i], part))
            wanted = (struct chimera_slice){decoded.data + i, 1};
        if (raw.size < wanted.size || memcmp(raw.data, wanted.data, wanted.size) != 0)
            return false;
        raw = chimera_slice_behind(raw, wanted.size);
    }
    return raw.size == 0;
}

/* --- Reading --- */

static bool find(struct chimera_slice text, char byte, size_t *ret_at)
{
    const char *found = text.size ? memchr(text.data, byte, text.size) : NULL;
    *ret_at = found ? (size_t)(found - text.data) : text.size;
    return found;
}

static bool find_last(struct chimera_slice text, char byte, size_t *ret_at)
{
    const char *found = text.size ? memrchr(text.data, byte, text.size) : NULL;
    *ret_at = found ? (size_t)(found - text.data) : 0;
    return found;
}

/* What is before the first such byte, which is taken off `rest` with it; all, if there is none. */
static struct chimera_slice cut(struct chimera_slice *rest, char byte)
{
    size_t at;
    bool is_there = find(*rest, byte, &at);
    struct chimera_slice before = {rest->data, at};
    *rest = chimera_slice_behind(*rest, at + is_there);
    return before;
}

static bool is_port(struct chimera_slice text)
{
    if (text.size == 0)
        return true;
    for (size_t i = 1; i < text.size; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return *text.data == ':';
}

/* "[", an IPv6 address, perhaps with a zone, "]", and a port. */
static bool read_literal(struct chimera_slice host, struct chimera_buffer *store,
                         struct chimera_slice *ret_host)
{
    size_t end, before = store->size;
    uint8_t bytes[16];
    if (!find_last(host, ']', &end) || !is_port(chimera_slice_behind(host, end + 1)))
        return false;
    struct chimera_slice name = {host.data + 1, end - 1}, zone = {0};
    const char *percent = name.size ? memmem(name.data, name.size, PERCENT, strlen(PERCENT)) : NULL;
    if (percent) {
        zone = chimera_slice_behind(name, (size_t)(percent - name.data));
        name.size -= zone.size;
    }
    chimera_buffer_byte(store, '[');
    size_t name_at = store->size;
    if (!decode(name, PART_HOST, store))
        return false;
    size_t name_end = store->size;
    if (!decode(zone, PART_ZONE, store))
        return false;
    bool has_zone = store->size > name_end;
    struct chimera_slice address = {store->data + name_at, name_end - name_at};
    if (chimera_rego_address_ip(address, bytes) != sizeof(bytes) ||
        (has_zone && store->size == name_end + 1))
        return false;
    chimera_buffer_byte(store, ']');
    if (!decode(chimera_slice_behind(host, end + 1), PART_HOST, store))
        return false;
    *ret_host = (struct chimera_slice){store->data + before, store->size - before};
    return true;
}

static bool read_host(struct chimera_slice scheme, struct chimera_slice host,
                      struct chimera_buffer *store, struct chimera_slice *ret_host)
{
    size_t first, last;
    if (find_last(host, '[', &first))
        return first == 0 && read_literal(host, store, ret_host);
    if (find(host, ':', &first)) {
        bool is_web = chimera_slice_is(scheme, "http") || chimera_slice_is(scheme, "https");
        if (!is_web && find_last(host, ':', &last))
            first = last;
        if (!is_port(chimera_slice_behind(host, first)))
            return false;
    }
    return decode_slice(host, PART_HOST, store, ret_host);
}

static bool is_user(struct chimera_slice text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!stays(text.data[i], PART_USER) && !is_one_of(text.data[i], ":!'()*%@"))
            return false;
    return true;
}

static bool read_authority(struct chimera_slice authority, struct chimera_buffer *store,
                           struct chimera_rego_address *address)
{
    size_t at;
    address->has_user = find_last(authority, '@', &at);
    if (!address->has_user)
        return read_host(address->scheme, authority, store, &address->host);
    struct chimera_slice user = {authority.data, at};
    if (!read_host(address->scheme, chimera_slice_behind(authority, at + 1), store,
                   &address->host) ||
        !is_user(user))
        return false;
    address->has_password = find(user, ':', &at);
    struct chimera_slice name = cut(&user, ':');
    return decode_slice(name, PART_USER, store, &address->user) &&
           decode_slice(user, PART_USER, store, &address->password);
}

/* The scheme, in lower case; false when there is a colon without one. */
static bool take_scheme(struct chimera_slice *rest, struct chimera_buffer *store,
                        struct chimera_slice *ret_scheme)
{
    size_t size = 0, before = store->size;
    for (; size < rest->size && rest->data[size] != ':'; size++) {
        char byte = rest->data[size], lower = (char)(byte | 0x20);
        bool is_letter = lower >= 'a' && lower <= 'z';
        if (!is_letter && (size == 0 || !((byte >= '0' && byte <= '9') || is_one_of(byte, "+-."))))
            return true;
    }
    if (size == rest->size)
        return true;
    for (size_t i = 0; i < size; i++) {
        char byte = rest->data[i];
        chimera_buffer_byte(store, (uint8_t)(byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte));
    }
    *ret_scheme = (struct chimera_slice){store->data + before, size};
    *rest = chimera_slice_behind(*rest, size + 1);
    return size > 0 && !store->failed;
}

static bool read_hierarchy(struct chimera_slice rest, struct chimera_buffer *store,
                           struct chimera_rego_address *address)
{
    bool has_scheme = address->scheme.size > 0;
    if (!chimera_slice_starts(rest, "/")) {
        if (has_scheme) {
            address->opaque = rest;
            return true;
        }
        struct chimera_slice copy = rest, segment = cut(&copy, '/');
        if (segment.size && memchr(segment.data, ':', segment.size))
            return false;
    }
    if (chimera_slice_starts(rest, "//") && (has_scheme || !chimera_slice_starts(rest, "///"))) {
        size_t at;
        rest = chimera_slice_behind(rest, 2);
        find(rest, '/', &at);
        if (!read_authority((struct chimera_slice){rest.data, at}, store, address))
            return false;
        rest = chimera_slice_behind(rest, at);
    } else {
        address->omit_host = has_scheme && chimera_slice_starts(rest, "/");
    }
    if (!decode_slice(rest, PART_PATH, store, &address->path))
        return false;
    if (!is_usual(rest, address->path, PART_PATH))
        address->raw_path = rest;
    return true;
}

bool chimera_rego_address_read(struct chimera_slice text, struct chimera_buffer *store,
                               struct chimera_rego_address *ret_address)
{
    struct chimera_slice fragment = text, rest = cut(&fragment, '#');
    size_t at;
    *ret_address = (struct chimera_rego_address){0};
    if (!chimera_buffer_reserve(store, text.size + 8))
        return false;
    for (size_t i = 0; i < rest.size; i++)
        if ((uint8_t)rest.data[i] < ' ' || rest.data[i] == 0x7F)
            return false;
    if (chimera_slice_is(rest, "*")) {
        ret_address->path = rest;
    } else {
        if (!take_scheme(&rest, store, &ret_address->scheme))
            return false;
        ret_address->force_query = find(rest, '?', &at) && at == rest.size - 1;
        struct chimera_slice query = rest;
        rest = cut(&query, '?');
        ret_address->raw_query = query;
        if (!read_hierarchy(rest, store, ret_address))
            return false;
    }
    if (!decode_slice(fragment, PART_FRAGMENT, store, &ret_address->fragment))
        return false;
    if (!is_usual(fragment, ret_address->fragment, PART_FRAGMENT))
        ret_address->raw_fragment = fragment;
    return true;
}

/* --- Writing --- */

/* As it was written, if that says the same; else escaped. */
static void write_part(struct chimera_slice raw, struct chimera_slice decoded, enum part part,
                       struct chimera_buffer *out)
{
    bool is_valid = raw.size > 0;
    for (size_t i = 0; i < raw.size && is_valid; i++)
        is_valid = stays(raw.data[i], part) || is_one_of(raw.data[i], "!$&'()*+,;=:@[]%");
    if (is_valid)
        chimera_buffer_append(out, raw);
    else if (part == PART_PATH && chimera_slice_is(decoded, "*"))
        chimera_buffer_byte(out, '*');
    else
        escape(decoded, part, out);
}

void chimera_rego_address_write_path(const struct chimera_rego_address *address,
                                     struct chimera_buffer *out)
{
    write_part(address->raw_path, address->path, PART_PATH, out);
}

static void write_authority(const struct chimera_rego_address *address, struct chimera_buffer *out)
{
    if (address->host.size > 0 || address->path.size > 0 || address->has_user)
        chimera_buffer_text(out, "//");
    if (address->has_user) {
        escape(address->user, PART_USER, out);
        if (address->has_password) {
            chimera_buffer_byte(out, ':');
            escape(address->password, PART_USER, out);
        }
        chimera_buffer_byte(out, '@');
    }
    escape(address->host, PART_HOST, out);
}

/* A relative path whose first segment has a colon gets "./" before it. */
static void write_path(const struct chimera_rego_address *address, bool is_first,
                       struct chimera_buffer *out)
{
    if (address->path.size > 0 && *address->path.data != '/' && address->host.size > 0)
        chimera_buffer_byte(out, '/');
    else if (is_first) {
        struct chimera_slice rest = address->path, segment = cut(&rest, '/');
        if (segment.size && memchr(segment.data, ':', segment.size))
            chimera_buffer_text(out, "./");
    }
    chimera_rego_address_write_path(address, out);
}

void chimera_rego_address_write(const struct chimera_rego_address *address,
                                struct chimera_buffer *out)
{
    size_t before = out->size;
    bool has_host = address->host.size > 0 || address->has_user;
    if (address->scheme.size > 0) {
        chimera_buffer_append(out, address->scheme);
        chimera_buffer_byte(out, ':');
    }
    if (address->opaque.size > 0) {
        chimera_buffer_append(out, address->opaque);
    } else {
        if ((address->scheme.size > 0 || has_host) && !(address->omit_host && !has_host))
            write_authority(address, out);
        write_path(address, out->size == before, out);
    }
    if (address->force_query || address->raw_query.size > 0) {
        chimera_buffer_byte(out, '?');
        chimera_buffer_append(out, address->raw_query);
    }
    if (address->fragment.size > 0) {
        chimera_buffer_byte(out, '#');
        write_part(address->raw_fragment, address->fragment, PART_FRAGMENT, out);
    }
}

/* --- Addresses of other kinds --- */

size_t chimera_rego_address_ip(struct chimera_slice text, uint8_t ret_bytes[16])
{
    char copy[INET6_ADDRSTRLEN + 1] = {0};
    if (text.size == 0 || text.size >= sizeof(copy) || memchr(text.data, '\0', text.size))
        return 0;
    memcpy(copy, text.data, text.size);
    if (inet_pton(AF_INET, copy, ret_bytes) == 1)
        return 4;
    return inet_pton(AF_INET6, copy, ret_bytes) == 1 ? 16 : 0;
}

struct chimera_slice chimera_rego_address_short(struct chimera_slice address)
{
    static const char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (char)0xFF, (char)0xFF};
    return address.size == 16 && memcmp(address.data, mapped, sizeof(mapped)) == 0
               ? chimera_slice_behind(address, sizeof(mapped))
               : address;
}

bool chimera_rego_address_is_domain(struct chimera_slice name, bool is_constraint)
{
    size_t label = 0;
    if (name.size == 0)
        return true;
    if (name.data[name.size - 1] == '.')
        return false;
    for (size_t i = is_constraint && name.data[0] == '.'; i <= name.size; i++) {
        bool is_end = i == name.size || name.data[i] == '.';
        if (!is_end && (name.data[i] < 33 || name.data[i] > 126))
            return false;
        if (is_end && label == 0)
            return false;
        label = is_end ? 0 : label + 1;
    }
    return true;
}

/* One character of what is before the at sign; -1: it is at its end, -2: it is wrong. */
static int take_local(struct chimera_slice *text, bool is_quoted)
{
    if (text->size == 0)
        return is_quoted ? -2 : -1;
    uint8_t byte = (uint8_t)*text->data;
    bool is_escaped = byte == '\\';
    if (is_quoted && byte == '"')
        return -1;
    if (is_escaped) {
        if (text->size == 1)
            return -2;
        *text = chimera_slice_behind(*text, 1);
        byte = (uint8_t)*text->data;
    }
    bool is_control = byte == 0 || byte == 10 || byte == 13 || byte > 127;
    bool is_atom = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                   (byte >= 'A' && byte <= 'Z') || is_one_of((char)byte, "!#$%&'*+-/=?^_`{|}~.");
    if (is_quoted ? is_control || (byte == 9 && !is_escaped) : !is_escaped && !is_atom)
        return is_quoted ? -2 : -1;
    *text = chimera_slice_behind(*text, 1);
    return byte;
}

bool chimera_rego_address_mailbox(struct chimera_slice text, struct chimera_buffer *local,
                                  struct chimera_slice *ret_domain)
{
    bool is_quoted = chimera_slice_starts(text, "\"");
    int byte, last = '.';
    size_t size = 0;
    if (is_quoted)
        text = chimera_slice_behind(text, 1);
    while ((byte = take_local(&text, is_quoted)) >= 0) {
        if (!is_quoted && byte == '.' && last == '.')
            return false;
        last = byte;
        size++;
        if (local)
            chimera_buffer_byte(local, (uint8_t)byte);
    }
    if (byte == -2 || (!is_quoted && (size == 0 || last == '.')))
        return false;
    if (is_quoted)
        text = chimera_slice_behind(text, 1);
    if (!chimera_slice_starts(text, "@"))
        return false;
    *ret_domain = chimera_slice_behind(text, 1);
    return chimera_rego_address_is_domain(*ret_domain, false);
}
