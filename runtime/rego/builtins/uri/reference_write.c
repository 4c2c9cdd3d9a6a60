/* SPDX-License-Identifier: Apache-2.0 */
/* URIs as text again, and seen from each other. */
#include "runtime/rego/builtins/uri/reference_internal.h"

static void encode(struct chimera_slice text, enum chimera_uri_part part,
                   struct chimera_buffer *out)
{
    for (size_t i = 0; i < text.size && !out->failed; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (chimera_uri_keeps(part, byte))
            chimera_buffer_byte(out, byte);
        else
            chimera_buffer_print(out, "%%%02X", byte);
    }
}

/* As it stood where that is right, else encoded anew. */
static void write_part(struct chimera_slice raw, struct chimera_slice text,
                       enum chimera_uri_part part, struct chimera_buffer *out)
{
    bool is_right = true;
    for (size_t i = 0; i < raw.size && is_right; i++) {
        unsigned char byte = (unsigned char)raw.data[i];
        is_right = chimera_uri_keeps(part, byte) || (byte && strchr("!$&'()*+,;=:@[]%", byte));
    }
    if (is_right)
        chimera_buffer_append(out, raw);
    else
        encode(text, part, out);
}

bool chimera_uri_has_usual_path(const struct chimera_uri *uri)
{
    struct chimera_slice raw = uri->raw_path;
    for (size_t i = 0; i < uri->path.size; i++) {
        char usual[4];
        unsigned char byte = (unsigned char)uri->path.data[i];
        static const char digits[] = "0123456789ABCDEF";
        bool is_kept = chimera_uri_keeps(CHIMERA_URI_PATH, byte);
        memcpy(usual,
               is_kept ? (char[]){(char)byte, 0, 0, 0}
                       : (char[]){'%', digits[byte >> 4], digits[byte & 15], 0},
               sizeof(usual));
        if (!chimera_slice_starts(raw, usual))
            return false;
        raw = chimera_slice_behind(raw, is_kept ? 1 : 3);
    }
    return raw.size == 0;
}

static void write_authority(const struct chimera_uri *uri, bool has_path,
                            struct chimera_buffer *out)
{
    bool is_empty = uri->host.size == 0 && !uri->has_user;
    if ((is_empty && uri->omits_host) || (is_empty && (!uri->scheme.size || !has_path)))
        return;
    chimera_buffer_text(out, "//");
    if (uri->has_user) {
        encode(uri->user, CHIMERA_URI_USER, out);
        if (uri->has_password) {
            chimera_buffer_byte(out, ':');
            encode(uri->password, CHIMERA_URI_USER, out);
        }
        chimera_buffer_byte(out, '@');
    }
    encode(uri->host, CHIMERA_URI_HOST, out);
}

/* With `path`, encoded, in the place of its own. */
static void write_with(const struct chimera_uri *uri, struct chimera_slice path,
                       struct chimera_buffer *out)
{
    size_t start = out->size;
    chimera_buffer_append(out, uri->scheme);
    if (uri->scheme.size)
        chimera_buffer_byte(out, ':');
    if (uri->opaque.size) {
        chimera_buffer_append(out, uri->opaque);
    } else {
        write_authority(uri, uri->path.size > 0 || path.size > 0, out);
        bool is_rooted = chimera_slice_starts(path, "/");
        if (path.size && !is_rooted && uri->host.size)
            chimera_buffer_byte(out, '/');
        const char *slash = path.size ? memchr(path.data, '/', path.size) : NULL;
        if (out->size == start && path.size &&
            memchr(path.data, ':', slash ? (size_t)(slash - path.data) : path.size))
            chimera_buffer_text(out, "./");
        chimera_buffer_append(out, path);
    }
    if (uri->has_empty_query || uri->query.size) {
        chimera_buffer_byte(out, '?');
        chimera_buffer_append(out, uri->query);
    }
    if (uri->fragment.size) {
        chimera_buffer_byte(out, '#');
        write_part(uri->raw_fragment, uri->fragment, CHIMERA_URI_FRAGMENT, out);
    }
}

static void write_path(const struct chimera_uri *uri, struct chimera_buffer *out)
{
    write_part(uri->raw_path, uri->path, CHIMERA_URI_PATH, out);
}

void chimera_uri_write(const struct chimera_uri *uri, struct chimera_buffer *out)
{
    struct chimera_buffer path;
    chimera_buffer_init_within(&path, SIZE_MAX / 4, out->account);
    write_path(uri, &path);
    write_with(uri, chimera_buffer_slice(&path), out);
    if (path.failed && !out->failed)
        out->failed = path.failed;
    chimera_buffer_free(&path);
}

/* RFC 3986 §5.2.4: the segments of `full` without "." and "..", behind a slash. */
static void remove_dots(struct chimera_slice full, struct chimera_buffer *out)
{
    bool is_more = full.size > 0, is_first = true, ends_in_dots = false;
    if (is_more)
        chimera_buffer_byte(out, '/');
    while (is_more && !out->failed) {
        const char *slash = full.size ? memchr(full.data, '/', full.size) : NULL;
        struct chimera_slice part = {full.data, slash ? (size_t)(slash - full.data) : full.size};
        is_more = slash != NULL;
        full = chimera_slice_behind(full, is_more ? part.size + 1 : part.size);
        bool is_up = chimera_slice_is(part, "..");
        ends_in_dots = is_up || chimera_slice_is(part, ".");
        if (is_up) {
            const char *at = memrchr(out->data + 1, '/', out->size - 1);
            out->size = at ? (size_t)(at - out->data) : 1;
            is_first = out->size == 1;
        } else {
            if (!ends_in_dots && !is_first)
                chimera_buffer_byte(out, '/');
            if (!ends_in_dots)
                chimera_buffer_append(out, part);
            is_first = false;
        }
    }
    if (ends_in_dots)
        chimera_buffer_byte(out, '/');
}

/* What `path`, encoded, comes to below the folder of `base`, which may be NULL. */
static void join(const struct chimera_uri *base, struct chimera_slice path,
                 struct chimera_buffer *out)
{
    struct chimera_buffer full;
    chimera_buffer_init_within(&full, SIZE_MAX / 4, out->account);
    if (base && !chimera_slice_starts(path, "/")) {
        write_path(base, &full);
        const char *slash = path.size && full.size ? memrchr(full.data, '/', full.size) : NULL;
        if (path.size)
            full.size = slash ? (size_t)(slash - full.data) + 1 : 0;
    }
    chimera_buffer_append(&full, path);
    remove_dots(chimera_buffer_slice(&full), out);
    if (full.failed && !out->failed)
        out->failed = full.failed;
    chimera_buffer_free(&full);
}

void chimera_uri_resolve(const struct chimera_uri *base, const struct chimera_uri *reference,
                         struct chimera_buffer *out)
{
    struct chimera_uri whole = *reference;
    struct chimera_buffer own, path;
    bool is_own = reference->scheme.size || reference->host.size || reference->has_user;
    bool is_empty = reference->path.size == 0 && !is_own && !reference->opaque.size;
    if (!reference->scheme.size)
        whole.scheme = base->scheme;
    if (is_empty && !reference->has_empty_query && reference->query.size == 0)
        whole.query = base->query;
    if (is_empty && base->opaque.size)
        whole.opaque = base->opaque;
    chimera_buffer_init_within(&own, SIZE_MAX / 4, out->account);
    chimera_buffer_init_within(&path, SIZE_MAX / 4, out->account);
    if (!whole.opaque.size) {
        write_path(reference, &own);
        join(is_own ? NULL : base, chimera_buffer_slice(&own), &path);
        if (!is_own) {
            whole.host = base->host;
            whole.has_user = base->has_user;
            whole.has_password = base->has_password;
            whole.user = base->user;
            whole.password = base->password;
        }
    }
    struct chimera_slice joined = chimera_buffer_slice(&path);
    if (joined.size > 1 && joined.data[1] == '/') /* "//" would begin an authority */
        joined = chimera_slice_behind(joined, 1);
    whole.path = joined;
    write_with(&whole, joined, out);
    if ((own.failed || path.failed) && !out->failed)
        out->failed = own.failed ? own.failed : path.failed;
    chimera_buffer_free(&own);
    chimera_buffer_free(&path);
}
