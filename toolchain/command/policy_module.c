/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/policy_module.h"

#include <stdlib.h>

#include "compiler/opa/bundle.h"
#include "compiler/wasm/decode.h"

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

int policy_module_open(const char *argument, const struct chimera_fetch_options *fetch,
                       struct policy_module *ret_file, struct chimera_error *err)
{
    struct chimera_module_place place = {0};
    int code = policy_argument_find(argument, POLICY_WORDS_ALL, fetch, &place, err);
    return code < 0 ? code : policy_module_read(&place, ret_file, err);
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
