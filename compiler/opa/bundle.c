/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/opa/bundle.h"

#include <string.h>
#include <sys/stat.h>

#include "compiler/opa/archive.h"
#include "compiler/opa/signature.h"
#include "compiler/wasm/annotate.h"
#include "compiler/wasm/decode.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/policy/data.h"
#include "runtime/policy/metadata.h"

#define MODULE "policy.wasm"
#define DATA "data.json"
#define MANIFEST ".manifest"

struct bundle {
    const char *path;
    struct opa_archive archive;
    struct chimera_slice module, data; /* data.data NULL: none */
    bool is_gatekeeper;                /* by its entry points */
};

static int refuse(const struct bundle *bundle, struct chimera_error *err, const char *name,
                  const char *why)
{
    return chimera_fail(err, CHIMERA_EMODULE, "%s: the OPA bundle will not do: %s: %s",
                        bundle->path, name, why);
}

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), end_size = strlen(end);
    return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

/* Data that would be left out, and what is no whole bundle; the rest, Rego say, is the author's. */
static int check_file(const struct bundle *bundle, const char *name, struct chimera_error *err)
{
    const char *slash = strrchr(name, '/'), *last = slash ? slash + 1 : name;
    if (strcmp(name, DATA) == 0 || strcmp(name, MODULE) == 0)
        return CHIMERA_OK;
    if (strcmp(last, DATA) == 0 || strcmp(last, "data.yaml") == 0 || strcmp(last, "data.yml") == 0)
        return refuse(bundle, err, name,
                      "only /data.json is read: have `opa build` join all data into it");
    if (ends_with(name, ".wasm"))
        return refuse(bundle, err, name,
                      "only /policy.wasm is run, which `opa build -t wasm` makes of all entry "
                      "points");
    if (slash && strcmp(last, OPA_SIGNATURES) == 0)
        return refuse(bundle, err, name, "signatures stand at the top");
    if (strcmp(name, "patch.json") == 0)
        return refuse(bundle, err, name, "it is a delta bundle, which changes another one");
    return CHIMERA_OK;
}

/* Which module is run, and whether as Gatekeeper's templates are: their rule is `violation`. */
static int read_manifest(struct bundle *bundle, struct chimera_slice text,
                         struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *manifest = NULL;
    struct chimera_error why = {0};
    if (chimera_json_parse(text, &manifest, &why) < 0)
        return refuse(bundle, err, MANIFEST, why.text);
    struct json_object *resolvers = chimera_json_member(manifest, "wasm");
    size_t count =
        json_object_is_type(resolvers, json_type_array) ? json_object_array_length(resolvers) : 0;
    bundle->is_gatekeeper = count > 0;
    for (size_t i = 0; i < count; i++) {
        struct json_object *resolver = json_object_array_get_idx(resolvers, i);
        const char *module = json_object_get_string(chimera_json_member(resolver, "module"));
        const char *rule = json_object_get_string(chimera_json_member(resolver, "entrypoint"));
        if (!module || strcmp(module + (*module == '/'), MODULE) != 0)
            return refuse(bundle, err, MANIFEST, "it names another module than /policy.wasm");
        if (!rule || !ends_with(rule, "/violation"))
            bundle->is_gatekeeper = false;
    }
    return CHIMERA_OK;
}

static int take_files(struct bundle *bundle, struct chimera_error *err)
{
    const struct opa_archive *archive = &bundle->archive;
    const struct opa_file *module = opa_archive_find(archive, MODULE),
                          *data = opa_archive_find(archive, DATA),
                          *manifest = opa_archive_find(archive, MANIFEST);
    int code = opa_signature_check(bundle->path, archive, err);
    for (size_t i = 0; i < archive->count && code == CHIMERA_OK; i++)
        code = check_file(bundle, archive->file[i].name, err);
    if (code == CHIMERA_OK && !module)
        code = refuse(bundle, err, "/" MODULE,
                      "it is not there: build the bundle with `opa build -t wasm -e PACKAGE/RULE`");
    if (code == CHIMERA_OK && manifest)
        code = read_manifest(bundle, opa_file_bytes(archive, manifest), err);
    if (code < 0)
        return code;
    bundle->module = opa_file_bytes(archive, module);
    if (!data)
        return code;
    struct chimera_error why = {0};
    bundle->data = chimera_slice_trim(opa_file_bytes(archive, data));
    code = chimera_policy_data_check(bundle->data, &why);
    if (code == CHIMERA_OK && chimera_slice_is(bundle->data, "{}"))
        bundle->data.data = NULL;
    return code < 0 ? refuse(bundle, err, DATA, why.text) : code;
}

static int write_module(const struct bundle *bundle, struct chimera_buffer *out,
                        struct chimera_error *err)
{
    static const char *const metadata[] = {
        "{\"protocolVersion\":\"v1\",\"rules\":[],\"mutating\":false,\"executionMode\":\"opa\"}",
        "{\"protocolVersion\":\"v1\",\"rules\":[],\"mutating\":false,\"executionMode\":"
        "\"gatekeeper\"}"};
    struct chimera_slice found, module = bundle->module;
    struct chimera_buffer annotated;
    chimera_buffer_init(&annotated, out->limit);
    int code = chimera_module_check_frame(bundle->path, module, err);
    if (code == CHIMERA_OK &&
        !chimera_module_custom_section(module, CHIMERA_METADATA_SECTION, &found)) {
        code = chimera_module_annotate(bundle->path, module, CHIMERA_METADATA_SECTION,
                                       chimera_slice_of(metadata[bundle->is_gatekeeper]),
                                       &annotated, err);
        module = chimera_buffer_slice(&annotated);
    }
    if (code == CHIMERA_OK && bundle->data.data)
        code = chimera_module_annotate(bundle->path, module, CHIMERA_DATA_SECTION, bundle->data,
                                       out, err);
    else if (code == CHIMERA_OK)
        chimera_buffer_append(out, module);
    chimera_buffer_free(&annotated);
    return code == CHIMERA_OK && out->failed
               ? chimera_fail(err, out->failed, "%s: %s", bundle->path,
                              chimera_code_text(out->failed))
               : code;
}

int chimera_opa_bundle_module(const char *path, struct chimera_slice bytes,
                              struct chimera_buffer *out, struct chimera_error *err)
{
    struct bundle bundle = {.path = path};
    int code = opa_archive_read(path, bytes, out->limit, &bundle.archive, err);
    if (code == CHIMERA_OK)
        code = take_files(&bundle, err);
    if (code == CHIMERA_OK)
        code = write_module(&bundle, out, err);
    opa_archive_done(&bundle.archive);
    return code;
}

/* A FIFO by its name would be waited for without end, and signals with it; what a shell makes of
 * <(…) has its writer. */
static int refuse_fifo(const char *path, struct chimera_error *err)
{
    struct stat status;
    bool is_ours = strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0;
    if (!is_ours && stat(path, &status) == 0 && S_ISFIFO(status.st_mode))
        return chimera_fail(err, CHIMERA_EIO, "%s is a FIFO, and a module is wanted as a file",
                            path);
    return CHIMERA_OK;
}

int chimera_module_file_read(const char *path, struct chimera_buffer *buffer, bool *ret_is_bundle,
                             struct chimera_error *err)
{
    struct chimera_buffer module;
    int code = refuse_fifo(path, err);
    if (code == CHIMERA_OK)
        code = chimera_file_read(path, buffer, err);
    bool is_bundle = code == CHIMERA_OK && opa_archive_is(chimera_buffer_slice(buffer));
    if (ret_is_bundle)
        *ret_is_bundle = is_bundle;
    if (code == CHIMERA_OK && !is_bundle && opa_signature_is_required() &&
        ends_with(path, ".tar.gz"))
        return chimera_fail(err, CHIMERA_EUNSIGNED,
                            "%s: no OPA bundle, though its name says so and one must be signed",
                            path);
    if (!is_bundle)
        return code;
    chimera_buffer_init(&module, buffer->limit);
    code = chimera_opa_bundle_module(path, chimera_buffer_slice(buffer), &module, err);
    chimera_buffer_free(buffer);
    *buffer = module; /* handed over */
    return code;
}
