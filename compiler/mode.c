/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/mode.h"

#include <json-c/json.h>
#include <stdlib.h>

#include "runtime/abi/abi.h"
#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"
#include "runtime/plugin/counter.h"
#include "runtime/plugin/mode.h"

static int mode_of_metadata(const struct chimera_module *module, enum chimera_mode *ret_mode,
                            struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *tree = NULL;
    struct chimera_error why = {0};
    struct json_object *mode = NULL;
    if (chimera_json_parse(module->metadata, &tree, &why) < 0)
        return chimera_fail(
            err, CHIMERA_EMODULE,
            "%s: cannot deserialize custom section `io.kubewarden.metadata` of wasm module: %s",
            module->file, why.text);
    if (!json_object_object_get_ex(tree, "executionMode", &mode)) {
        *ret_mode = CHIMERA_MODE_WAPC; /* the default of metadata that says nothing */
        return CHIMERA_OK;
    }
    *ret_mode = chimera_mode_parse(json_object_get_string(mode));
    if (*ret_mode == CHIMERA_MODE_NONE)
        return chimera_fail(err, CHIMERA_EMODULE,
                            "%s: its metadata names an unknown execution mode `%s`", module->file,
                            json_object_get_string(mode));
    return CHIMERA_OK;
}

static bool exports_function(const struct chimera_module *module, const char *name)
{
    for (uint32_t i = 0; i < module->export_count; i++) {
        if (module->exports[i].kind == WASM_FUNCTION &&
            chimera_slice_is(module->exports[i].name, name))
            return true;
    }
    return false;
}

int chimera_mode_detect(const struct chimera_module *module, enum chimera_mode *ret_mode,
                        struct chimera_error *err)
{
    if (module->metadata.data)
        return mode_of_metadata(module, ret_mode, err);
    if (chimera_module_exports_prefix(module, "opa_"))
        return chimera_fail(
            err, CHIMERA_EINVAL,
            "%s: a Rego policy without metadata: say --execution-mode opa or gatekeeper",
            module->file);
    if (exports_function(module, "__guest_call"))
        *ret_mode = CHIMERA_MODE_WAPC;
    else if (exports_function(module, "_start"))
        *ret_mode = CHIMERA_MODE_WASI;
    else
        return chimera_fail(
            err, CHIMERA_EINVAL,
            "%s: no policy: it exports neither __guest_call (waPC) nor _start (WASI) nor "
            "OPA's functions, and has no io.kubewarden.metadata",
            module->file);
    return CHIMERA_OK;
}

/* The exports as the plugin will state them, for the check that the loader makes again. */
static int describe_exports(const struct chimera_module *module, struct chimera_export *exports,
                            char *texts, uint32_t *ret_count)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < module->export_count; i++) {
        const struct wasm_export *export = &module->exports[i];
        if (export->kind == WASM_TABLE)
            continue;
        struct chimera_export *described = &exports[count++];
        described->name = export->name.data;
        described->name_size = (uint32_t)export->name.size;
        described->type = texts;
        described->kind = export->kind == WASM_FUNCTION ? CHIMERA_EXPORT_FUNCTION
                          : export->kind == WASM_GLOBAL ? CHIMERA_EXPORT_GLOBAL
                                                        : CHIMERA_EXPORT_MEMORY;
        if (export->kind != WASM_FUNCTION) {
            *texts++ = '\0';
            continue;
        }
        const struct wasm_signature *signature =
            &module->signatures[module->functions[export->index]];
        chimera_signature_text(signature, texts);
        texts += chimera_signature_size(signature);
    }
    *ret_count = count;
    return CHIMERA_OK;
}

int chimera_mode_check(const struct chimera_module *module, enum chimera_mode mode,
                       struct chimera_error *err)
{
    const struct chimera_abi *abi = chimera_abi_of(mode);
    CHIMERA_FREE struct chimera_export *exports =
        calloc((size_t)module->export_count + 1, sizeof(*exports));
    size_t size = 1; /* of all signatures' texts */
    for (uint32_t i = 0; i < module->export_count; i++) {
        const struct wasm_export *export = &module->exports[i];
        size += export->kind == WASM_FUNCTION
                    ? chimera_signature_size(&module->signatures[module->functions[export->index]])
                    : 1;
    }
    CHIMERA_FREE char *texts = malloc(size);
    if (!exports || !texts || !abi)
        return chimera_fail(err, CHIMERA_ENOMEM, "%s: out of memory", module->file);
    struct chimera_plugin plugin = {.abi = CHIMERA_PLUGIN_ABI,
                                    .size = sizeof(plugin),
                                    .mode = mode,
                                    .has_memory = module->has_memory,
                                    .memory_min_pages = chimera_module_memory_min(module),
                                    .exports = exports};
    describe_exports(module, exports, texts, &plugin.export_count);
    struct chimera_error why = {0};
    int code = abi->check(&plugin, &why);
    return code < 0 ? chimera_fail(err, code, "%s: %s", module->file, why.text) : code;
}

int chimera_module_check_exports(const struct chimera_module *module, struct chimera_error *err)
{
    for (uint32_t i = 0; i < module->export_count; i++)
        if (chimera_slice_starts(module->exports[i].name, CHIMERA_RESERVED_EXPORT))
            return chimera_fail(err, CHIMERA_EMODULE,
                                "%s: a module may not export names that begin with "
                                "\"" CHIMERA_RESERVED_EXPORT "\": they are Chimera's own",
                                module->file);
    return CHIMERA_OK;
}
