/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bundle/draft.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/fetch/signed_file.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int compare_stems(const void *a, const void *b)
{
    return strcmp(((const struct chimera_bundle_plugin *)a)->stem,
                  ((const struct chimera_bundle_plugin *)b)->stem);
}

/* Two references may lead to one plugin. */
static int add_module(struct chimera_bundle *bundle, const struct bundle_module *module)
{
    size_t at = 0;
    while (at < bundle->count && strcmp(bundle->plugin[at].stem, module->stem) != 0)
        at++;
    struct chimera_bundle_plugin *plugin = &bundle->plugin[at];
    if (at == bundle->count) {
        *plugin = (struct chimera_bundle_plugin){
            .stem = strdup(module->stem), .wasm = module->wasm, .manifest = module->manifest};
        if (!plugin->stem)
            return CHIMERA_ENOMEM;
        bundle->count++;
    }
    char **modules = reallocarray(plugin->modules, plugin->module_count + 1, sizeof(char *));
    if (!modules)
        return CHIMERA_ENOMEM;
    plugin->modules = modules;
    modules[plugin->module_count] = strdup(module->name);
    return modules[plugin->module_count++] ? CHIMERA_OK : CHIMERA_ENOMEM;
}

/* In an order that the names alone decide, so that the bytes do not depend on anything else. */
int bundle_draft_write_manifest(const struct bundle_draft *draft,
                                const struct chimera_digest *policies, struct chimera_error *err)
{
    struct chimera_bundle bundle = {
        .policies = *policies, .plugin = calloc(draft->module_count + 1, sizeof(*bundle.plugin))};
    int code = bundle.plugin ? CHIMERA_OK : CHIMERA_ENOMEM;
    for (size_t i = 0; i < draft->module_count && code == CHIMERA_OK; i++)
        code = add_module(&bundle, &draft->module[i]);
    for (size_t i = 0; i < bundle.count && code == CHIMERA_OK; i++)
        qsort(bundle.plugin[i].modules, bundle.plugin[i].module_count, sizeof(char *),
              compare_names);
    if (code == CHIMERA_OK) {
        qsort(bundle.plugin, bundle.count, sizeof(*bundle.plugin), compare_stems);
        code = chimera_bundle_write(draft->folder, &bundle, err);
    } else {
        chimera_fail_memory(err);
    }
    chimera_bundle_done(&bundle);
    return code;
}

/* manifest.json has the digests of all others, so that its signature is theirs, too. */
int bundle_draft_sign(const struct bundle_draft *draft, struct chimera_error *err)
{
    CHIMERA_FREE char *path = chimera_path_join(draft->folder, CHIMERA_BUNDLE_MANIFEST);
    if (!path)
        return chimera_fail_memory(err);
    return chimera_signed_file_write(path, draft->key, getenv("COSIGN_PASSWORD"), err);
}
