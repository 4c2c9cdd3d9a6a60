/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/policy_module.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "compiler/wasm/decode.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/source/reference.h"

#define POLICY_BYTES_MAX ((size_t)512 << 20)
#define URI_BYTES_MAX ((size_t)3 * PATH_MAX + 16)

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

int policy_module_resolve(const char *argument, enum policy_source source, char **ret_path,
                          struct chimera_error *err)
{
    struct chimera_reference reference;
    int code = chimera_reference_read(argument, CHIMERA_DIALECT_COMMAND, &reference, err);
    if (code < 0)
        return code;
    CHIMERA_FREE char *path = reference.path;
    if (!path && source == POLICY_FETCH)
        return chimera_fail(
            err, CHIMERA_EREFUSED,
            "%s: fetching policies is not supported by this version of chimera yet; "
            "download the file and give its path",
            argument);
    /* Nothing can be in a store that this version does not have. */
    *ret_path = path ? realpath(path, NULL) : NULL;
    if (*ret_path)
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EIO, "Cannot find policy with uri: %s", argument);
}

static int read_metadata(struct policy_module *file, struct chimera_error *err)
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

int policy_module_open(const char *argument, enum policy_source source,
                       struct policy_module *ret_file, struct chimera_error *err)
{
    struct policy_module file = {0};
    chimera_buffer_init(&file.bytes, POLICY_BYTES_MAX);
    int code = policy_module_resolve(argument, source, &file.path, err);
    if (code == 0) {
        file.uri = uri_of_path(file.path);
        code = file.uri ? CHIMERA_OK : chimera_fail_memory(err);
    }
    if (code == 0)
        code = chimera_file_read(file.path, &file.bytes, err);
    if (code == 0)
        code = read_metadata(&file, err);
    if (code < 0)
        policy_module_done(&file);
    else
        *ret_file = file;
    return code;
}

void policy_module_done(struct policy_module *file)
{
    free(file->uri);
    free(file->path);
    chimera_buffer_free(&file->bytes);
    chimera_metadata_done(&file->metadata);
    file->uri = file->path = NULL;
}
