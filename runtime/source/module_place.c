/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/source/module_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/buffer.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/percent.h"
#include "runtime/source/file_kind.h"
#include "runtime/source/image_reference.h"

#define URI_BYTES_MAX ((size_t)16384) /* three for each byte of a name */

/* --- What the web has --- */

/* A name, or an address of IPv6 in brackets; a port behind it or none. */
static bool is_host(struct chimera_slice host)
{
    bool is_address = host.size > 0 && host.data[0] == '[';
    const char *end = host.size ? memchr(host.data, is_address ? ']' : ':', host.size) : NULL;
    size_t size = end ? (size_t)(end - host.data) : host.size;
    if (size == 0 || host.data[0] == '.' || (is_address && !end))
        return false;
    for (size_t i = is_address; i < size; i++) {
        char c = host.data[i];
        if ((c < '0' || c > '9') && ((c | 0x20) < 'a' || (c | 0x20) > 'z') &&
            !strchr(is_address ? ".:" : ".-_", c))
            return false;
    }
    struct chimera_slice port = {host.data + size + is_address, host.size - size - is_address};
    if (port.size > 0 && (port.size < 2 || port.size > strlen(":65535") || port.data[0] != ':' ||
                          port.data[1] == '0'))
        return false;
    for (size_t i = 1; i < port.size; i++)
        if (port.data[i] < '0' || port.data[i] > '9')
            return false;
    return true;
}

/* The URL's own default says nothing, and the reference's parser drops it. */
static struct chimera_slice without_default_port(const struct chimera_reference *reference)
{
    struct chimera_slice host = reference->host;
    const char *port = chimera_slice_is(reference->scheme, "http") ? ":80" : ":443";
    size_t size = strlen(port);
    if (host.size > size && memcmp(host.data + host.size - size, port, size) == 0)
        host.size -= size;
    return host;
}

/* "." or "..", also in escapes, as a parser of URLs reads them. */
static bool is_step(struct chimera_slice segment)
{
    size_t dots = 0;
    while (segment.size > 0)
        if (chimera_percent_take(&segment, CHIMERA_PERCENT_LENIENT) != '.' || ++dots > 2)
            return false;
    return dots > 0;
}

/* Segments become names of files: none may lead out of the store, or mean another one. */
static bool is_safe_path(struct chimera_slice path)
{
    for (;;) {
        const char *slash = path.size ? memchr(path.data, '/', path.size) : NULL;
        struct chimera_slice segment = {path.data, slash ? (size_t)(slash - path.data) : path.size};
        if (segment.size == 0 || is_step(segment))
            return false;
        if (!slash)
            return true;
        path.data += segment.size + 1;
        path.size -= segment.size + 1;
    }
}

/* "SCHEME/HOST/PATH", as a parser of URLs writes it. */
static int name_web(const struct chimera_reference *reference, const char *text,
                    struct chimera_buffer *name, struct chimera_error *err)
{
    struct chimera_slice host = without_default_port(reference), path = reference->name;
    struct chimera_shown_name shown;
    bool is_plain = true;
    for (size_t i = 0; is_plain && i < path.size; i++)
        is_plain =
            (unsigned char)path.data[i] >= ' ' && path.data[i] != 0x7F && path.data[i] != '\\';
    if (!is_host(reference->host) || !is_safe_path(path) || !is_plain)
        return chimera_fail(err, CHIMERA_EINVAL, "cannot parse %s: " CHIMERA_REFERENCE_WANTED,
                            chimera_reference_show(text, &shown));
    chimera_buffer_append(name, reference->scheme);
    chimera_buffer_byte(name, '/');
    for (size_t i = 0; i < host.size; i++)
        chimera_buffer_byte(name, (uint8_t)(host.data[i] >= 'A' && host.data[i] <= 'Z'
                                                ? host.data[i] | 0x20
                                                : host.data[i]));
    chimera_buffer_byte(name, '/');
    chimera_percent_encode(path, CHIMERA_PERCENT_PATH, name);
    return CHIMERA_OK;
}

/* --- What registries have --- */

static int name_image(const struct chimera_reference *reference, const char *text,
                      struct chimera_buffer *name, bool *ret_is_floating, struct chimera_error *err)
{
    struct chimera_image_reference image;
    struct chimera_shown_name shown;
    struct chimera_error why = {0};
    /* Host and name behind each other again, as they are in the text. */
    const char *end = reference->name.data ? reference->name.data + reference->name.size
                                           : reference->host.data + reference->host.size;
    int code = chimera_image_reference_parse(
        (struct chimera_slice){reference->host.data, (size_t)(end - reference->host.data)}, &image,
        &why);
    if (code < 0)
        return chimera_fail(err, code, "cannot parse %s: %s; " CHIMERA_REFERENCE_WANTED,
                            chimera_reference_show(text, &shown), why.text);
    *ret_is_floating = !image.digest && strcmp(image.tag, "latest") == 0;
    chimera_buffer_text(name, "registry/");
    chimera_image_reference_write(&image, name);
    chimera_image_reference_done(&image);
    return CHIMERA_OK;
}

/* --- In the store --- */

/* Of "SCHEME/HOST/PATH". */
static int place_name(struct chimera_slice name, const char *store,
                      struct chimera_module_place *place, struct chimera_error *err)
{
    size_t scheme = (size_t)((const char *)memchr(name.data, '/', name.size) - name.data);
    size_t root = strlen(store);
    while (root > 1 && store[root - 1] == '/')
        root--;
    if (asprintf(&place->path, "%.*s/%.*s", (int)root, store, (int)name.size, name.data) < 0)
        place->path = NULL;
    else if (asprintf(&place->uri, "%.*s:/%.*s", (int)scheme, name.data, (int)(name.size - scheme),
                      name.data + scheme) < 0)
        place->uri = NULL;
    if (place->path && place->uri)
        return CHIMERA_OK;
    chimera_module_place_done(place);
    return chimera_fail_memory(err);
}

static int locate_stored(const struct chimera_reference *reference, const char *text,
                         const char *store, struct chimera_module_place *ret_place,
                         struct chimera_error *err)
{
    struct chimera_module_place place = {0};
    struct chimera_shown_name shown;
    struct chimera_buffer name;
    chimera_buffer_init(&name, URI_BYTES_MAX);
    bool has_login =
        reference->name.size > 0 && memchr(reference->host.data, '@', reference->host.size);
    if (has_login)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "cannot parse %s: a login before the host is not taken; logins for "
                            "registries are in Docker's config.json",
                            chimera_reference_show(text, &shown));
    int code = chimera_slice_is(reference->scheme, "registry")
                   ? name_image(reference, text, &name, &place.is_floating, err)
                   : name_web(reference, text, &name, err);
    if (code == CHIMERA_OK && name.failed)
        code = chimera_fail(err, name.failed, "cannot parse %s: %s",
                            chimera_reference_show(text, &shown), chimera_code_text(name.failed));
    if (code == CHIMERA_OK)
        code = place_name(chimera_buffer_slice(&name), store, &place, err);
    chimera_buffer_free(&name);
    if (code == CHIMERA_OK)
        *ret_place = place;
    return code;
}

void chimera_module_place_done(struct chimera_module_place *place)
{
    free(place->path);
    free(place->uri);
    free(place->signed_digest);
    *place = (struct chimera_module_place){0};
}

int chimera_reference_locate(const struct chimera_reference *reference, const char *text,
                             const char *store, struct chimera_module_place *ret_place,
                             struct chimera_error *err)
{
    if (!reference->path)
        return locate_stored(reference, text, store, ret_place, err);
    char *path = strdup(reference->path);
    if (!path)
        return chimera_fail_memory(err);
    *ret_place = (struct chimera_module_place){.path = path, .is_local = true};
    return CHIMERA_OK;
}

int chimera_module_locate(const char *module, const char *store,
                          struct chimera_module_place *ret_place, struct chimera_error *err)
{
    struct chimera_reference reference = {0};
    int code = chimera_reference_read(module, CHIMERA_DIALECT_SERVER, &reference, err);
    if (code == CHIMERA_OK)
        code = chimera_reference_locate(&reference, module, store, ret_place, err);
    free(reference.path);
    return code;
}

int chimera_module_check(const char *path, struct chimera_error *err)
{
    char head[CHIMERA_FILE_HEAD];
    struct chimera_error why = {0};
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return chimera_fail(
            err, CHIMERA_EIO,
            "it is not in the store: pull it, put it at %s, or name a local file as file:///…",
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
        code = chimera_module_check(place.path, err);
    if (code == CHIMERA_OK) {
        *ret_path = place.path;
        place.path = NULL; /* handed over */
    }
    chimera_module_place_done(&place);
    return code;
}
