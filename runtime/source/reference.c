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
#define MARK "://" /* behind a scheme */

static struct chimera_slice behind(struct chimera_slice text, size_t size)
{
    return (struct chimera_slice){text.data + size, text.size - size};
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* --- Reading a name --- */

/* What is before the first "://"; no data where there is none. */
static struct chimera_slice scheme_of(struct chimera_slice name, enum chimera_dialect dialect)
{
    static const struct chimera_slice none = {NULL, 0};
    const char *mark = name.size ? memmem(name.data, name.size, MARK, strlen(MARK)) : NULL;
    struct chimera_slice scheme = {name.data, mark ? (size_t)(mark - name.data) : 0};
    if (!mark || dialect == CHIMERA_DIALECT_SERVER)
        return mark ? scheme : none;
    for (size_t i = 0; i < scheme.size; i++) /* `^\w+://` */
        if (!is_word(scheme.data[i]) && scheme.data[i] != '_')
            return none;
    return scheme.size > 0 ? scheme : none;
}

static int keep_path(struct chimera_slice path, char **ret_path, struct chimera_error *err)
{
    *ret_path = strndup(path.data, path.size);
    return *ret_path ? CHIMERA_OK : chimera_fail_memory(err);
}

/* In place; false where the rules end it. */
static bool decode(char *path, unsigned rules)
{
    size_t size = 0;
    if (!chimera_percent_decode(chimera_slice_of(path), rules | CHIMERA_PERCENT_NO_NUL, path,
                                &size))
        return false;
    path[size] = '\0';
    return true;
}

/* What is behind "file:": an absolute path, with "//" and this machine's name before it or not. An
 * escape that is none stays as it is, and so does "%00". */
static int read_server_file(struct chimera_slice rest, const char *text, char **ret_path,
                            struct chimera_error *err)
{
    static const char HOST[] = "localhost";
    if (chimera_slice_starts(rest, "//")) {
        rest = behind(rest, strlen("//"));
        if (chimera_slice_starts(rest, HOST))
            rest = behind(rest, strlen(HOST));
    }
    if (rest.size == 0 || rest.data[0] != '/')
        return chimera_fail(err, CHIMERA_EINVAL, "cannot retrieve path from uri: %s", text);
    int code = keep_path(rest, ret_path, err);
    if (code == CHIMERA_OK)
        decode(*ret_path, CHIMERA_PERCENT_LENIENT);
    return code;
}

/* What is behind "file://", whatever path it is. */
static int read_command_file(struct chimera_slice rest, const char *text, char **ret_path,
                             struct chimera_error *err)
{
    int code = keep_path(rest, ret_path, err);
    if (code == CHIMERA_OK && !decode(*ret_path, CHIMERA_PERCENT_STRICT))
        code = chimera_fail(err, CHIMERA_EIO, "Cannot find policy with uri: %s", text);
    return code;
}

static bool is_web(struct chimera_slice scheme)
{
    return chimera_slice_is(scheme, "http") || chimera_slice_is(scheme, "https");
}

/* A query or a fragment is no part of the name in the store. */
static size_t name_size(struct chimera_slice scheme, struct chimera_slice rest)
{
    for (size_t i = 0; i < rest.size && is_web(scheme); i++)
        if (rest.data[i] == '?' || rest.data[i] == '#')
            return i;
    return rest.size;
}

/* Both programs know the same schemes. */
static int read_uri(struct chimera_slice scheme, struct chimera_slice rest,
                    struct chimera_reference *ret_reference, struct chimera_error *err)
{
    if (!is_web(scheme) && !chimera_slice_is(scheme, "registry"))
        return chimera_fail(err, CHIMERA_EINVAL, "unknown scheme: %.*s", (int)scheme.size,
                            scheme.data);
    const char *slash = memchr(rest.data, '/', rest.size);
    *ret_reference = (struct chimera_reference){.scheme = scheme, .host = rest};
    if (slash) {
        ret_reference->host.size = (size_t)(slash - rest.data);
        ret_reference->name = behind(rest, ret_reference->host.size + 1);
        ret_reference->name.size = name_size(scheme, ret_reference->name);
    }
    return CHIMERA_OK;
}

static int read_for_server(const char *text, struct chimera_reference *ret_reference,
                           struct chimera_error *err)
{
    struct chimera_slice name = chimera_slice_trim(chimera_slice_of(text));
    if (name.size > NAME_MAX_BYTES)
        return chimera_fail(err, CHIMERA_EINVAL, "the name is longer than %d bytes",
                            NAME_MAX_BYTES);
    if (chimera_slice_starts(name, "file:"))
        return read_server_file(behind(name, strlen("file:")), text, &ret_reference->path, err);
    struct chimera_slice scheme = scheme_of(name, CHIMERA_DIALECT_SERVER);
    if (!scheme.data)
        return read_uri(CHIMERA_SLICE("registry"), name, ret_reference, err);
    return read_uri(scheme, behind(name, scheme.size + strlen(MARK)), ret_reference, err);
}

static int read_for_command(const char *text, struct chimera_reference *ret_reference,
                            struct chimera_error *err)
{
    struct chimera_slice name = chimera_slice_of(text);
    struct chimera_slice scheme = scheme_of(name, CHIMERA_DIALECT_COMMAND);
    if (!scheme.data)
        return keep_path(name, &ret_reference->path, err);
    struct chimera_slice rest = behind(name, scheme.size + strlen(MARK));
    if (chimera_slice_is(scheme, "file"))
        return read_command_file(rest, text, &ret_reference->path, err);
    return read_uri(scheme, rest, ret_reference, err);
}

int chimera_reference_read(const char *text, enum chimera_dialect dialect,
                           struct chimera_reference *ret_reference, struct chimera_error *err)
{
    struct chimera_reference reference = {0};
    int code = dialect == CHIMERA_DIALECT_SERVER ? read_for_server(text, &reference, err)
                                                 : read_for_command(text, &reference, err);
    if (code < 0)
        free(reference.path);
    else
        *ret_reference = reference; /* path and all */
    return code;
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
        if (!is_word(host.data[i]) && !strchr(".-_:[]", host.data[i]))
            return false;
    }
    return host.size > 0 && host.data[0] != '.';
}

/* The URL's own default says nothing, and the reference's parser drops it. */
static struct chimera_slice without_default_port(const struct chimera_reference *reference)
{
    struct chimera_slice host = reference->host;
    const char *port = chimera_slice_is(reference->scheme, "http")    ? ":80"
                       : chimera_slice_is(reference->scheme, "https") ? ":443"
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

static int locate_stored(const char *module, const struct chimera_reference *reference,
                         const char *store, struct chimera_module_place *ret_place,
                         struct chimera_error *err)
{
    struct chimera_slice host = without_default_port(reference), path = reference->name;
    bool is_registry = chimera_slice_is(reference->scheme, "registry");
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
    if (asprintf(&place.path, "%s/%.*s/%.*s/%.*s%s", store, (int)reference->scheme.size,
                 reference->scheme.data, (int)host.size, host.data, (int)path.size, path.data,
                 has_tag ? "" : ":latest") < 0)
        return chimera_fail_memory(err);
    char *lower = place.path + strlen(store) + reference->scheme.size + 2;
    for (size_t i = 0; i < host.size && !is_registry; i++) /* as a parser of URLs writes it */
        if (lower[i] >= 'A' && lower[i] <= 'Z')
            lower[i] |= 0x20;
    *ret_place = place;
    return CHIMERA_OK;
}

int chimera_module_locate(const char *module, const char *store,
                          struct chimera_module_place *ret_place, struct chimera_error *err)
{
    struct chimera_reference reference;
    int code = chimera_reference_read(module, CHIMERA_DIALECT_SERVER, &reference, err);
    if (code < 0)
        return code;
    if (!reference.path)
        return locate_stored(module, &reference, store, ret_place, err);
    *ret_place = (struct chimera_module_place){.path = reference.path, .is_local = true};
    return CHIMERA_OK;
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
