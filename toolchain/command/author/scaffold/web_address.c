/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/author/scaffold/web_address.h"

#include <string.h>

#include "runtime/base/percent.h"
#include "runtime/text/utf8.h"

#define PORT_MAX 65535u

static bool is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
}

/* --- URLs --- */

/* Of "https:": 5; 0 where none is. */
static size_t scheme_size(struct chimera_slice text)
{
    size_t size = 0;
    if (text.size == 0 || !is_letter(text.data[0]))
        return 0;
    while (size < text.size && (is_letter(text.data[size]) || is_digit(text.data[size]) ||
                                strchr("+-.", text.data[size])))
        size++;
    return size < text.size && text.data[size] == ':' ? size : 0;
}

static bool is_scheme(struct chimera_slice scheme, const char *name)
{
    if (scheme.size != strlen(name))
        return false;
    for (size_t i = 0; i < scheme.size; i++)
        if (lower(scheme.data[i]) != name[i])
            return false;
    return true;
}

static struct chimera_slice cut_at(struct chimera_slice *text, const char *marks)
{
    struct chimera_slice part = {text->data, 0};
    while (part.size < text->size && !strchr(marks, text->data[part.size]))
        part.size++;
    text->data += part.size;
    text->size -= part.size;
    return part;
}

static const char *write_port(struct chimera_slice port, unsigned usual, struct chimera_buffer *out)
{
    unsigned number = 0;
    for (size_t i = 0; i < port.size; i++) {
        if (!is_digit(port.data[i]))
            return "invalid port number";
        number = number * 10 + (unsigned)(port.data[i] - '0');
        if (number > PORT_MAX)
            return "invalid port number";
    }
    if (port.size > 0 && number != usual)
        chimera_buffer_print(out, ":%u", number);
    return NULL;
}

static const char *write_host(struct chimera_slice host, struct chimera_buffer *out)
{
    if (host.size == 0)
        return "empty host";
    if (host.data[0] == '[') {
        chimera_buffer_append(out, host);
        return host.data[host.size - 1] == ']' ? NULL : "invalid IPv6 address";
    }
    for (size_t i = 0; i < host.size; i++) {
        char byte = host.data[i];
        if ((unsigned char)byte >= 0x80)
            return "invalid international domain name; write it as xn--...";
        if ((unsigned char)byte <= ' ' || byte == 0x7f || strchr("\"#%/:<>?@[\\]^`{|}", byte))
            return "invalid domain character";
        chimera_buffer_byte(out, (uint8_t)lower(byte));
    }
    return NULL;
}

static void write_user(struct chimera_slice user, struct chimera_buffer *out)
{
    static const char marks[] = CHIMERA_PERCENT_PATH "/:;=@[\\]^|";
    chimera_percent_encode(cut_at(&user, ":"), marks, out);
    if (user.size > 1) {
        chimera_buffer_byte(out, ':');
        chimera_percent_encode((struct chimera_slice){user.data + 1, user.size - 1}, marks, out);
    }
    chimera_buffer_byte(out, '@');
}

static const char *write_authority(struct chimera_slice authority, unsigned usual_port,
                                   struct chimera_buffer *out)
{
    const char *at = memrchr(authority.data, '@', authority.size);
    if (at) { /* taken, as a URL may have them */
        struct chimera_slice user = {authority.data, (size_t)(at - authority.data)};
        write_user(user, out);
        authority.data += user.size + 1;
        authority.size -= user.size + 1;
    }
    struct chimera_slice host = {authority.data, authority.size}, port = {0};
    const char *colon = memrchr(authority.data, ':', authority.size);
    if (colon && !memchr(colon, ']', authority.size - (size_t)(colon - authority.data))) {
        host.size = (size_t)(colon - authority.data);
        port = (struct chimera_slice){colon + 1, authority.size - host.size - 1};
    }
    const char *wrong = write_host(host, out);
    return wrong ? wrong : write_port(port, usual_port, out);
}

/* The path of what is appended begins at `root`: back to before its last part. */
static void drop_part(struct chimera_buffer *out, size_t root)
{
    while (out->size > root && out->data[out->size - 1] != '/')
        out->size--;
    if (out->size > root)
        out->size--;
}

static void write_path(struct chimera_slice path, struct chimera_buffer *out)
{
    size_t root = out->size;
    if (path.size == 0)
        chimera_buffer_byte(out, '/');
    while (path.size > 0 && !out->failed) {
        path.data++; /* the slash */
        path.size--;
        struct chimera_slice part = cut_at(&path, "/\\");
        bool is_last = path.size == 0;
        if (chimera_slice_is(part, "..")) {
            drop_part(out, root);
            if (is_last)
                chimera_buffer_byte(out, '/');
        } else if (!chimera_slice_is(part, ".") || is_last) {
            chimera_buffer_byte(out, '/');
            if (!chimera_slice_is(part, "."))
                chimera_percent_encode(part, CHIMERA_PERCENT_PATH, out);
        }
    }
}

static const char *write_web(struct chimera_slice rest, unsigned usual_port,
                             struct chimera_buffer *out)
{
    while (rest.size > 0 && strchr("/\\", rest.data[0])) {
        rest.data++;
        rest.size--;
    }
    chimera_buffer_text(out, "://");
    const char *wrong = write_authority(cut_at(&rest, "/\\?#"), usual_port, out);
    if (wrong)
        return wrong;
    write_path(cut_at(&rest, "?#"), out);
    chimera_percent_encode(cut_at(&rest, "#"), "\"'<>", out);
    if (rest.size > 0) {
        chimera_buffer_byte(out, '#');
        rest.data++;
        rest.size--;
        chimera_percent_encode(rest, "\"<>`", out);
    }
    return NULL;
}

const char *web_address_write(const char *text, struct chimera_buffer *out)
{
    struct chimera_slice rest = chimera_slice_trim(chimera_slice_of(text));
    struct chimera_slice scheme = {rest.data, scheme_size(rest)};
    if (scheme.size == 0 || !chimera_utf8_is_valid(rest))
        return "relative URL without a base";
    rest.data += scheme.size + 1;
    rest.size -= scheme.size + 1;
    for (size_t i = 0; i < scheme.size; i++)
        chimera_buffer_byte(out, (uint8_t)lower(scheme.data[i]));
    if (is_scheme(scheme, "https") || is_scheme(scheme, "http"))
        return write_web(rest, is_scheme(scheme, "https") ? 443 : 80, out);
    chimera_buffer_byte(out, ':');
    chimera_percent_encode(rest, "", out);
    return NULL;
}

struct chimera_slice web_address_host(struct chimera_slice url)
{
    static const char mark[] = "://";
    const char *begin = memmem(url.data, url.size, mark, sizeof(mark) - 1);
    struct chimera_slice rest = {NULL, 0};
    if (!begin)
        return rest;
    rest.data = begin + sizeof(mark) - 1;
    rest.size = url.size - (size_t)(rest.data - url.data);
    struct chimera_slice authority = cut_at(&rest, "/?#");
    const char *at = memrchr(authority.data, '@', authority.size);
    if (at) {
        authority.size -= (size_t)(at + 1 - authority.data);
        authority.data = at + 1;
    }
    return authority.size > 0 && authority.data[0] == '[' ? cut_at(&authority, "]")
                                                          : cut_at(&authority, ":");
}

void web_address_encode_field(const char *text, struct chimera_buffer *out)
{
    for (; *text; text++)
        if (is_letter(*text) || is_digit(*text) || strchr("*-._", *text))
            chimera_buffer_byte(out, (uint8_t)*text);
        else if (*text == ' ')
            chimera_buffer_byte(out, '+');
        else
            chimera_buffer_print(out, "%%%02X", (unsigned char)*text);
}

/* --- Mail addresses --- */

/* RFC 5322's atext, and what lies beyond ASCII. */
static bool is_atom(char byte)
{
    return is_letter(byte) || is_digit(byte) || (unsigned char)byte >= 0x80 ||
           (byte && strchr("!#$%&'*+-/=?^_`{|}~", byte));
}

/* Words with single dots between. */
static bool is_dotted(struct chimera_slice text, bool is_domain)
{
    bool is_begin = true; /* of a word */
    for (size_t i = 0; i < text.size; i++) {
        char byte = text.data[i];
        if (byte == '.' ? is_begin : !is_atom(byte))
            return false;
        if (is_domain && byte != '.' && byte != '-' && !is_letter(byte) && !is_digit(byte) &&
            (unsigned char)byte < 0x80)
            return false;
        is_begin = byte == '.';
    }
    return text.size > 0 && !is_begin;
}

static const char *check_mail(struct chimera_slice mail)
{
    const char *at = mail.size ? memrchr(mail.data, '@', mail.size) : NULL;
    if (!at)
        return "Missing separator character '@'.";
    struct chimera_slice user = {mail.data, (size_t)(at - mail.data)};
    struct chimera_slice domain = {at + 1, mail.size - user.size - 1};
    if (user.size == 0)
        return "Local part is empty.";
    if (domain.size == 0)
        return "Domain is empty.";
    if (user.size > 64 || !is_dotted(user, false))
        return "Invalid character in the local part.";
    if (domain.size > 254 || !is_dotted(domain, true))
        return "Invalid character in the domain.";
    return NULL;
}

/* Up to a comma that stands in no quotes and no brackets; goes on behind it. */
static struct chimera_slice next_address(struct chimera_slice *text)
{
    struct chimera_slice address = {text->data, 0};
    bool is_quoted = false, is_bracketed = false;
    for (; address.size < text->size; address.size++) {
        char byte = text->data[address.size];
        if (byte == '\\' && is_quoted && address.size + 1 < text->size)
            address.size++;
        else if (byte == '"')
            is_quoted = !is_quoted;
        else if (!is_quoted && (byte == '<' || byte == '>'))
            is_bracketed = byte == '<';
        else if (byte == ',' && !is_quoted && !is_bracketed)
            break;
    }
    size_t taken = address.size + (address.size < text->size);
    text->data += taken;
    text->size -= taken;
    return chimera_slice_trim(address);
}

static struct json_object *make_name(struct chimera_slice name)
{
    struct chimera_buffer plain;
    struct json_object *out;
    name = chimera_slice_trim(name);
    chimera_buffer_init(&plain, WEB_ADDRESS_MAX);
    for (size_t i = 0; i < name.size; i++) {
        if (name.data[i] == '"')
            continue;
        if (name.data[i] == '\\' && i + 1 < name.size)
            i++;
        chimera_buffer_byte(&plain, (uint8_t)name.data[i]);
    }
    out = json_object_new_string_len(plain.size ? plain.data : "", (int)plain.size);
    chimera_buffer_free(&plain);
    return out;
}

static const char *add_address(struct chimera_slice address, struct json_object *list)
{
    struct chimera_slice name = {0}, mail = address;
    const char *open = address.size ? memrchr(address.data, '<', address.size) : NULL;
    if (open) {
        name = (struct chimera_slice){address.data, (size_t)(open - address.data)};
        mail = (struct chimera_slice){open + 1, address.size - name.size - 1};
        if (mail.size == 0 || mail.data[mail.size - 1] != '>')
            return "the bracket is not closed";
        mail.size--;
        mail = chimera_slice_trim(mail);
    }
    const char *wrong = check_mail(mail);
    if (wrong)
        return wrong;
    struct json_object *entry = json_object_new_object();
    json_object_object_add(entry, "name", make_name(name));
    json_object_object_add(entry, "email", json_object_new_string_len(mail.data, (int)mail.size));
    json_object_array_add(list, entry);
    return NULL;
}

const char *mail_addresses_read(const char *text, struct json_object **ret_list)
{
    struct chimera_slice rest = chimera_slice_trim(chimera_slice_of(text));
    struct json_object *list = json_object_new_array();
    const char *wrong = rest.size ? NULL : "there is no address";
    while (!wrong && rest.size > 0) {
        struct chimera_slice address = next_address(&rest);
        if (address.size > 0) /* a comma at the end is forgiven, as by readers of mail */
            wrong = add_address(address, list);
    }
    if (wrong) {
        json_object_put(list);
        return wrong;
    }
    *ret_list = list;
    return NULL;
}
