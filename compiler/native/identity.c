/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/native/identity.h"

#include <stdio.h>

#include "compiler/native/recipe.h"
#include "runtime/base/buffer.h"

#define RECIPE_MAX ((size_t)16 * 1024)

static void append_flags(struct chimera_buffer *recipe, const char *const *flags)
{
    for (; *flags; flags++)
        chimera_buffer_print(recipe, "%s\n", *flags);
    chimera_buffer_byte(recipe, '\n');
}

static int hash_recipe(enum chimera_tier tier, const struct chimera_digest *prelude,
                       struct chimera_digest *ret_digest)
{
    struct chimera_buffer recipe;
    chimera_buffer_init(&recipe, RECIPE_MAX);
    append_flags(&recipe, chimera_compile_flags(tier));
    append_flags(&recipe, chimera_link_flags());
    if (tier == CHIMERA_TIER_QUICK)
        chimera_buffer_text(&recipe, chimera_link_quick_script());
    chimera_buffer_append(
        &recipe, (struct chimera_slice){(const char *)prelude->bytes, sizeof(prelude->bytes)});
    int code = recipe.failed;
    if (code == CHIMERA_OK)
        code = chimera_digest_of(chimera_buffer_slice(&recipe), ret_digest);
    chimera_buffer_free(&recipe);
    return code;
}

static int identify_tier(const struct chimera_tools *tools, enum chimera_tier tier,
                         const struct chimera_digest *prelude,
                         char ret_identity[CHIMERA_IDENTITY_MAX], struct chimera_error *err)
{
    bool is_quick = tier == CHIMERA_TIER_QUICK;
    struct chimera_digest digest;
    char hex[CHIMERA_DIGEST_HEX];
    if (!chimera_tools_has(tools, tier))
        return CHIMERA_OK;
    int code = hash_recipe(tier, prelude, &digest);
    if (code < 0)
        return chimera_fail(err, code, "cannot identify the tools: %s", chimera_code_text(code));
    chimera_digest_hex(&digest, hex);
    snprintf(ret_identity, CHIMERA_IDENTITY_MAX,
             "chimera-%s abi-%d wabt-%s %s-%s lld-%s %s x86-64 recipe-%.12s", CHIMERA_VERSION,
             CHIMERA_PLUGIN_ABI, tools->wabt_version, is_quick ? "tcc" : "clang",
             is_quick ? tools->tcc_version : tools->clang_version, tools->lld_version,
             is_quick ? "quick" : "O1", hex);
    return CHIMERA_OK;
}

int chimera_tools_identify(struct chimera_tools *tools, const struct chimera_digest *prelude,
                           struct chimera_error *err)
{
    int code = identify_tier(tools, CHIMERA_TIER_FULL, prelude, tools->identity, err);
    if (code == CHIMERA_OK)
        code = identify_tier(tools, CHIMERA_TIER_QUICK, prelude, tools->quick_identity, err);
    return code;
}

const char *chimera_tools_identity(const struct chimera_tools *tools, enum chimera_tier tier)
{
    return tier == CHIMERA_TIER_QUICK ? tools->quick_identity : tools->identity;
}

int chimera_tools_stem(const struct chimera_tools *tools, enum chimera_tier tier,
                       const struct chimera_digest *wasm, char ret_stem[CHIMERA_STEM_MAX])
{
    struct chimera_digest identity;
    char wasm_hex[CHIMERA_DIGEST_HEX], identity_hex[CHIMERA_DIGEST_HEX];
    int code = chimera_digest_of(chimera_slice_of(chimera_tools_identity(tools, tier)), &identity);
    if (code < 0)
        return code;
    chimera_digest_hex(wasm, wasm_hex);
    chimera_digest_hex(&identity, identity_hex);
    snprintf(ret_stem, CHIMERA_STEM_MAX, "%s-%.16s", wasm_hex, identity_hex);
    return CHIMERA_OK;
}
