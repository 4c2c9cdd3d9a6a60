/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/policy_module.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/opa/bundle.h"
#include "compiler/wasm/decode.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/plugin/manifest.h"

#define PLUGIN_END ".so"
#define POLICY_BYTES_MAX ((size_t)512 << 20)

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

int policy_module_read(struct chimera_module_place *place, struct policy_module *ret_file,
                       struct chimera_error *err)
{
    struct policy_module file = {.uri = place->uri, .path = place->path};
    file.signed_digest = place->signed_digest;
    *place = (struct chimera_module_place){0}; /* handed over */
    chimera_buffer_init(&file.bytes, POLICY_BYTES_MAX);
    int code = chimera_module_file_read(file.path, &file.bytes, &file.is_opa_bundle, err);
    if (code == CHIMERA_OK && file.signed_digest) { /* others may have written to the store since */
        struct chimera_digest read;
        code = chimera_digest_of(chimera_buffer_slice(&file.bytes), &read);
        code = code < 0 ? chimera_fail(err, code, "%s: %s", file.path, chimera_code_text(code))
                        : chimera_fetched_check(file.signed_digest, &read, file.path, err);
    }
    if (code == 0)
        code = read_metadata(&file, err);
    if (code < 0)
        policy_module_done(&file);
    else
        *ret_file = file;
    return code;
}

bool policy_is_plugin(const char *argument)
{
    size_t size = strlen(argument);
    return size > strlen(PLUGIN_END) &&
           strcmp(argument + size - strlen(PLUGIN_END), PLUGIN_END) == 0;
}

/* STEM.so: what STEM.json says. Takes over the place. */
static int read_plugin(struct chimera_module_place *place, struct policy_module *ret_file,
                       struct chimera_error *err)
{
    struct policy_module file = {.uri = place->uri, .path = place->path, .is_plugin = true};
    struct chimera_manifest manifest = {0};
    CHIMERA_FREE char *path = NULL;
    free(place->signed_digest);
    *place = (struct chimera_module_place){0}; /* handed over */
    int code =
        asprintf(&path, "%.*s.json", (int)(strlen(file.path) - strlen(PLUGIN_END)), file.path) < 0
            ? CHIMERA_ENOMEM
            : CHIMERA_OK;
    if (code < 0) {
        path = NULL;
        chimera_fail_memory(err);
    } else if (access(path, F_OK) < 0) {
        code = chimera_fail(err, CHIMERA_EIO,
                            "%s: a built plugin needs its manifest beside it, and %s: %s",
                            file.path, path, strerror(errno));
    } else {
        code = chimera_manifest_read(path, &manifest, err);
    }
    file.mode = manifest.mode;
    chimera_buffer_init(&file.bytes, POLICY_BYTES_MAX);
    if (code == CHIMERA_OK)
        code = chimera_file_read(file.path, &file.bytes, err);
    if (code == CHIMERA_OK && manifest.metadata)
        code = chimera_metadata_parse(chimera_slice_of(manifest.metadata), &file.metadata, err);
    chimera_manifest_done(&manifest);
    if (code < 0)
        policy_module_done(&file);
    else
        *ret_file = file;
    return code;
}

int policy_module_must_be(const struct policy_module *file, const char *purpose,
                          struct chimera_error *err)
{
    return !file->is_plugin
               ? CHIMERA_OK
               : chimera_fail(err, CHIMERA_EINVAL,
                              "%s is a built plugin; %s, name the module (.wasm) that it was made "
                              "from",
                              file->path, purpose);
}

int policy_module_open(const char *argument, const struct chimera_fetch_options *fetch,
                       struct policy_module *ret_file, struct chimera_error *err)
{
    struct chimera_module_place place = {0};
    int code = policy_argument_find(argument, POLICY_WORDS_ALL, fetch, &place, err);
    if (code < 0)
        return code;
    struct stat status;
    if (place.is_local && stat(place.path, &status) == 0 && S_ISDIR(status.st_mode)) {
        code = chimera_fail(err, CHIMERA_EINVAL,
                            "%s is a folder, and one policy is wanted here; `run`, `bench`, `test` "
                            "and `inspect` take bundles",
                            place.path);
        chimera_module_place_done(&place);
        return code;
    }
    return place.is_local && policy_is_plugin(place.path)
               ? read_plugin(&place, ret_file, err)
               : policy_module_read(&place, ret_file, err);
}

void policy_module_done(struct policy_module *file)
{
    free(file->uri);
    free(file->path);
    chimera_buffer_free(&file->bytes);
    chimera_metadata_done(&file->metadata);
    free(file->signed_digest);
    file->uri = file->path = file->signed_digest = NULL;
}
