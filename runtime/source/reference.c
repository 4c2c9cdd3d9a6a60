/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/source/reference.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/percent.h"
#include "runtime/base/slice.h"
#include "runtime/source/file_kind.h"

#define NAME_MAX_BYTES 4096

struct url { /* slices of the text */
    struct chimera_slice scheme, host, path;
};

/* --- file:// --- */

/* In place. An escape that is none stays as it is, and so does "%00". */
static void decode(char *path)
{
    size_t size = 0;
    chimera_percent_decode(chimera_slice_of(path), CHIMERA_PERCENT_LENIENT | CHIMERA_PERCENT_NO_NUL,
                           path, &size);
    path[size] = '\0';
}

/* What is behind "file:": an absolute path, with "//" and this machine's name before it or not. */
static int locate_file(const char *module, struct chimera_slice rest,
                       struct chimera_module_place *ret_place, struct chimera_error *err)
{
    static const char HOST[] = "localhost";
    if (chimera_slice_starts(rest, "//")) {
        rest = (struct chimera_slice){rest.data + 2, rest.size - 2};
        if (chimera_slice_starts(rest, HOST))
            rest = (struct chimera_slice){rest.data + strlen(HOST), rest.size - strlen(HOST)};
    }
    if (rest.size == 0 || rest.data[0] != '/')
        return chimera_fail(err, CHIMERA_EINVAL, "cannot retrieve path from uri: %s", module);
    char *path = strndup(rest.data, rest.size);
    if (!path)
        return chimera_fail_memory(err);
    decode(path);
    *ret_place = (struct chimera_module_place){.path = path, .is_local = true};
    return CHIMERA_OK;
}

/* --- What is kept in the store --- */

/* Segments become names of files: none may lead out of the store, or mean another one. */
static bool is_safe_path(struct chimera_slice path)
{
    while (path.size > 0) {
        const char *slash = memchr(path.data, '/', path.size);
        size_t size = slash ? (size_t)(slash - path.data) : path.size;
        struct chimera_slice segment = {path.data, size};
        if (size == 0 || chimera_slice_is(segment, ".") || chimera_slice_is(segment, "..") ||
            memchr(path.data, '\\', size))
            return false;
        size_t step = slash ? size + 1 : size;
        path.data += step;
        path.size -= step;
        if (slash && path.size == 0)
            return false; /* nothing behind the last slash */
    }
    return true;
}

static bool is_host(struct chimera_slice host)
{
    for (size_t i = 0; i < host.size; i++) {
        char c = host.data[i];
        bool is_word = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (!is_word && !strchr(".-_:[]", c))
            return false;
    }
    return host.size > 0 && host.data[0] != '.';
}

/* The URL's own default says nothing, and the reference's parser drops it. */
static struct chimera_slice without_default_port(const struct url *url)
{
    struct chimera_slice host = url->host;
    const char *port = chimera_slice_is(url->scheme, "http")    ? ":80"
                       : chimera_slice_is(url->scheme, "https") ? ":443"
                                                                : "";
    size_t size = strlen(port);
    if (size > 0 && host.size > size && memcmp(host.data + host.size - size, port, size) == 0)
        host.size -= size;
    return host;
}

/* The last segment's tag or digest, "" for none. */
static const char *tag_of(struct chimera_slice path)
{
    const char *slash = memrchr(path.data, '/', path.size);
    const char *name = slash ? slash + 1 : path.data;
    size_t size = path.size - (size_t)(name - path.data);
    const char *digest = memchr(name, '@', size), *colon = memchr(name, ':', size);
    return digest ? digest : colon ? colon : "";
}

static int locate_stored(const char *module, const struct url *url, const char *store,
                         struct chimera_module_place *ret_place, struct chimera_error *err)
{
    struct chimera_slice host = without_default_port(url), path = url->path;
    bool is_registry = chimera_slice_is(url->scheme, "registry");
    if (!is_host(host) || path.size == 0 || !is_safe_path(path))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "cannot parse %s: a host and the path of a module are wanted; a local "
                            "file is named as file:///…",
                            module);
    const char *tag = is_registry ? tag_of(path) : "";
    size_t tag_size = *tag ? path.size - (size_t)(tag - path.data) : 0;
    bool has_tag = !is_registry || *tag;
    struct chimera_module_place place = {
        .is_floating =
            is_registry &&
            (!*tag || chimera_slice_is((struct chimera_slice){tag, tag_size}, ":latest"))};
    if (asprintf(&place.path, "%s/%.*s/%.*s/%.*s%s", store, (int)url->scheme.size, url->scheme.data,
                 (int)host.size, host.data, (int)path.size, path.data,
                 has_tag ? "" : ":latest") < 0)
        return chimera_fail_memory(err);
    char *lower = place.path + strlen(store) + url->scheme.size + 2;
    for (size_t i = 0; i < host.size && !is_registry; i++) /* as a parser of URLs writes it */
        if (lower[i] >= 'A' && lower[i] <= 'Z')
            lower[i] |= 0x20;
    *ret_place = place;
    return CHIMERA_OK;
}

static struct url split(struct chimera_slice text)
{
    static const char REGISTRY[] = "registry";
    struct url url = {.scheme = {REGISTRY, sizeof(REGISTRY) - 1}};
    const char *colon = text.size ? memmem(text.data, text.size, "://", 3) : NULL;
    if (colon) {
        url.scheme = (struct chimera_slice){text.data, (size_t)(colon - text.data)};
        text.size -= url.scheme.size + 3;
        text.data = colon + 3;
    }
    const char *slash = text.size ? memchr(text.data, '/', text.size) : NULL;
    url.host = (struct chimera_slice){text.data, slash ? (size_t)(slash - text.data) : text.size};
    if (slash)
        url.path = (struct chimera_slice){slash + 1, text.size - url.host.size - 1};
    return url;
}

/* Neither is part of the name in the store. */
static void cut_query(struct url *url)
{
    for (size_t i = 0; i < url->path.size; i++)
        if (url->path.data[i] == '?' || url->path.data[i] == '#')
            url->path.size = i;
}

int chimera_module_locate(const char *module, const char *store,
                          struct chimera_module_place *ret_place, struct chimera_error *err)
{
    struct chimera_slice text = chimera_slice_trim(chimera_slice_of(module));
    struct url url = split(text);
    if (text.size > NAME_MAX_BYTES)
        return chimera_fail(err, CHIMERA_EINVAL, "the name is longer than %d bytes",
                            NAME_MAX_BYTES);
    if (chimera_slice_starts(text, "file:"))
        return locate_file(module, (struct chimera_slice){text.data + 5, text.size - 5}, ret_place,
                           err);
    bool is_web = chimera_slice_is(url.scheme, "http") || chimera_slice_is(url.scheme, "https");
    if (!is_web && !chimera_slice_is(url.scheme, "registry"))
        return chimera_fail(err, CHIMERA_EINVAL, "unknown scheme: %.*s", (int)url.scheme.size,
                            url.scheme.data);
    if (is_web)
        cut_query(&url);
    return locate_stored(module, &url, store, ret_place, err);
}

static int check_stored(const char *path, struct chimera_error *err)
{
    char head[CHIMERA_FILE_HEAD];
    struct chimera_error why = {0};
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return chimera_fail(
            err, CHIMERA_EIO,
            "it is not in the store, and this version does not fetch: put it at %s, or "
            "name a local file as file:///…",
            path);
    if (fd < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot open %s: %s", path, strerror(errno));
    ssize_t size = read(fd, head, sizeof(head));
    if (size < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot read %s: %s", path, strerror(errno));
    int code = chimera_file_check_wasm(path, (struct chimera_slice){head, (size_t)size}, &why);
    if (code < 0)
        chimera_fail(err, code, "invalid wasm file: %s", why.text);
    return code;
}

int chimera_module_find(const char *module, const char *store, char **ret_path,
                        struct chimera_error *err)
{
    struct chimera_module_place place = {0};
    int code = chimera_module_locate(module, store, &place, err);
    if (code == CHIMERA_OK && place.is_floating)
        code = chimera_fail(
            err, CHIMERA_EREFUSED,
            "the tag `latest` means what the registry says now, and this version does not "
            "fetch: name a version or a digest");
    else if (code == CHIMERA_OK && !place.is_local)
        code = check_stored(place.path, err);
    if (code < 0)
        free(place.path);
    else
        *ret_path = place.path; /* handed over */
    return code;
}
