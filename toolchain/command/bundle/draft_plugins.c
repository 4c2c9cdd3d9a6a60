/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bundle/draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/plugin/manifest.h"
#include "toolchain/command/bundle/copied_plugin.h"
#include "toolchain/command/checking/trial.h"
#include "toolchain/command/commands.h"

/* FOLDER/plugins/STEM.so is there: of which module is it? */
static int note_plugin(struct bundle_module *module, const char *so, struct chimera_error *err)
{
    const char *name = strrchr(so, '/') + 1;
    struct chimera_manifest manifest = {0};
    CHIMERA_FREE char *path = NULL;
    snprintf(module->stem, sizeof(module->stem), "%.*s", (int)(strlen(name) - strlen(".so")), name);
    if (asprintf(&path, "%.*s.json", (int)(strlen(so) - strlen(".so")), so) < 0) {
        path = NULL;
        return chimera_fail_memory(err);
    }
    int code = chimera_manifest_read(path, &manifest, err);
    if (code < 0)
        return code;
    module->wasm = manifest.wasm;
    chimera_manifest_done(&manifest);
    return chimera_fetched_check(module->signed_digest, &module->wasm, module->path, err);
}

static int make_plugin(const struct bundle_draft *draft, struct chimera_builder *builder,
                       const struct bundle_module *module, struct chimera_built *ret_built,
                       struct chimera_error *err)
{
    if (!module->is_plugin)
        return chimera_build(builder, module->path, CHIMERA_MODE_NONE, CHIMERA_TIER_FULL, ret_built,
                             err);
    return bundle_copy_plugin(module->path, draft->folder, ret_built, err);
}

static int build_module(const struct bundle_draft *draft, struct chimera_builder *builder,
                        struct bundle_module *module, struct chimera_error *err)
{
    struct chimera_built built = {0};
    struct chimera_error why = {0};
    int code = make_plugin(draft, builder, module, &built, err);
    if (code < 0)
        return code;
    chimera_progress_end(draft->progress, built.was_cached ? NULL : chimera_tier_name(built.tier));
    if (!built.was_cached)
        confinement_warn();
    if (built.warning)
        say_warning("%s: %s", module->name, built.warning);
    code = note_plugin(module, built.plugin, err);
    if (code == CHIMERA_OK && !draft->has_no_trial &&
        !trial_starts(built.plugin, chimera_builder_cache(builder), &why))
        code = chimera_fail(err, why.code, "%s: %s", module->name, why.text);
    chimera_built_done(&built);
    return code;
}
/* Goes on after a failure, so that one call tells all that is wrong. */
int bundle_draft_build_modules(struct bundle_draft *draft, struct chimera_build_options *options,
                               struct chimera_error *err)
{
    struct chimera_builder *builder = NULL;
    size_t failures = draft->missing;
    options->output = draft->folder;
    options->is_draft = true; /* synced when it is put in place */
    int code = chimera_builder_new(options, &builder, err);
    if (code < 0)
        return code;
    for (size_t i = 0; i < draft->module_count; i++) {
        struct chimera_error why = {0};
        if (!draft->module[i].path)
            continue;
        chimera_progress_begin(options->progress, draft->module[i].name, i + 1,
                               draft->module_count);
        code = build_module(draft, builder, &draft->module[i], &why);
        chimera_progress_end(options->progress, NULL);
        if (code < 0)
            bundle_draft_say_failure(draft, i, why.text);
        failures += code < 0;
    }
    chimera_builder_free(builder);
    if (failures == 0)
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_ETOOL,
                        "no bundle was made: %zu of %zu modules cannot be built", failures,
                        draft->module_count);
}
