/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/policy_module.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "compiler/wasm/module.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/percent.h"

#define POLICY_BYTES_MAX ((size_t)512 << 20)
#define URI_BYTES_MAX ((size_t)3 * PATH_MAX + 16)

/* `^\w+://` */
static size_t scheme_size(const char *text)
{
    size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    return size > 0 && strncmp(text + size, "://", 3) == 0 ? size : 0;
}

static int fail_missing(const char *argument, struct chimera_error *err)
{
    return chimera_fail(err, CHIMERA_EIO, "Cannot find policy with uri: %s", argument);
}

/* As the reference's url crate writes the path of a file. */
static char *uri_of_path(const char *path)
{
    struct chimera_buffer uri;
    chimera_buffer_init(&uri, URI_BYTES_MAX);
    chimera_buffer_text(&uri, "file://");
    for (; *path; path++) {
        unsigned char byte = (unsigned char)*path;
        if (byte <= ' ' || byte >= 0x7F || strchr("\"#<>?`{}%", *path))
            chimera_buffer_print(&uri, "%%%02X", byte);
        else
            chimera_buffer_byte(&uri, byte);
    }
    chimera_buffer_byte(&uri, 0);
    if (!uri.failed)
        return uri.data;
    chimera_buffer_free(&uri);
    return NULL;
}

/* In place; false when an escape is broken or stands for NUL. */
static bool decode_path(char *path)
{
    size_t size;
    if (!chimera_percent_decode(chimera_slice_of(path),
                                CHIMERA_PERCENT_STRICT | CHIMERA_PERCENT_NO_NUL, path, &size))
        return false;
    path[size] = '\0';
    return true;
}

static int resolve_uri(const char *argument, size_t scheme, enum policy_source source,
                       char **ret_path, struct chimera_error *err)
{
    static const char *const known[] = {"registry", "https", "http"};
    if (scheme == 4 && memcmp(argument, "file", 4) == 0) {
        CHIMERA_FREE char *path = strdup(argument + strlen("file://"));
        if (!path || !decode_path(path))
            return fail_missing(argument, err);
        *ret_path = realpath(path, NULL);
        return *ret_path ? CHIMERA_OK : fail_missing(argument, err);
    }
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strlen(known[i]) != scheme || memcmp(argument, known[i], scheme) != 0)
            continue;
        /* Nothing can be in a store that this version does not have. */
        if (source == POLICY_LOCAL)
            return fail_missing(argument, err);
        return chimera_fail(
            err, CHIMERA_EREFUSED,
            "%s: fetching policies is not supported by this version of chimera yet; "
            "download the file and give its path",
            argument);
    }
    return chimera_fail(err, CHIMERA_EINVAL, "unknown scheme: %.*s", (int)scheme, argument);
}

int policy_file_resolve(const char *argument, enum policy_source source, char **ret_path,
                        struct chimera_error *err)
{
    size_t scheme = scheme_size(argument);
    if (scheme > 0)
        return resolve_uri(argument, scheme, source, ret_path, err);
    *ret_path = realpath(argument, NULL);
    return *ret_path ? CHIMERA_OK : fail_missing(argument, err);
}

static int read_metadata(struct policy_file *file, struct chimera_error *err)
{
    struct chimera_slice section, bytes = chimera_buffer_slice(&file->bytes);
    int code = chimera_module_check_frame(file->path, bytes, err);
    if (code < 0)
        return code;
    if (!chimera_module_custom_section(bytes, CHIMERA_METADATA_SECTION, &section))
        return CHIMERA_OK;
    code = chimera_metadata_parse(section, &file->metadata, err);
    if (code < 0 && err)
        err->code = CHIMERA_EGUEST; /* so that callers can tell it from a wrong file */
    return code;
}

int policy_file_open(const char *argument, enum policy_source source, struct policy_file *ret_file,
                     struct chimera_error *err)
{
    struct policy_file file = {0};
    chimera_buffer_init(&file.bytes, POLICY_BYTES_MAX);
    int code = policy_file_resolve(argument, source, &file.path, err);
    if (code == 0) {
        file.uri = uri_of_path(file.path);
        code = file.uri ? CHIMERA_OK : chimera_fail_memory(err);
    }
    if (code == 0)
        code = chimera_file_read(file.path, &file.bytes, err);
    if (code == 0)
        code = read_metadata(&file, err);
    if (code < 0)
        policy_file_done(&file);
    else
        *ret_file = file;
    return code;
}

void policy_file_done(struct policy_file *file)
{
    free(file->uri);
    free(file->path);
    chimera_buffer_free(&file->bytes);
    chimera_metadata_done(&file->metadata);
    file->uri = file->path = NULL;
}
