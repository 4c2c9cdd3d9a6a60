/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/native/identity.h"

#include <stdio.h>

#include "compiler/native/join.h"
#include "compiler/native/recipe.h"
#include "runtime/base/buffer.h"

#define RECIPE_MAX ((size_t)16 * 1024)

static void append_flags(struct chimera_buffer *recipe, const char *const *flags)
{
    for (; *flags; flags++)
        chimera_buffer_print(recipe, "%s\n", *flags);
    chimera_buffer_byte(recipe, '\n');
}

static int hash_flags(enum chimera_tier tier, struct chimera_digest *ret_digest)
{
    struct chimera_buffer recipe;
    chimera_buffer_init(&recipe, RECIPE_MAX);
    append_flags(&recipe, chimera_compile_flags(tier));
    if (tier == CHIMERA_TIER_QUICK) {
        chimera_buffer_text(&recipe, CHIMERA_JOIN_VERSION);
    } else {
        append_flags(&recipe, chimera_link_flags());
        chimera_buffer_text(&recipe, chimera_link_version_script());
    }
    int code = recipe.failed;
    if (code == CHIMERA_OK)
        code = chimera_digest_of(chimera_buffer_slice(&recipe), ret_digest);
    chimera_buffer_free(&recipe);
    return code;
}

int chimera_tools_identify(struct chimera_tools *tools, enum chimera_tier tier,
                           const struct chimera_digest *prelude, struct chimera_error *err)
{
    bool is_quick = tier == CHIMERA_TIER_QUICK;
    struct chimera_digest digest;
    char flags[CHIMERA_DIGEST_HEX], sources[CHIMERA_DIGEST_HEX], end[64];
    int code = hash_flags(tier, &digest);
    if (code < 0)
        return chimera_fail(err, code, "cannot identify the tools: %s", chimera_code_text(code));
    chimera_digest_hex(&digest, flags);
    chimera_digest_hex(prelude, sources);
    snprintf(end, sizeof(end), "x86-64 flags-%.12s sources-%.12s", flags, sources);
    const char *start = "chimera-" CHIMERA_VERSION " abi-";
    if (is_quick)
        snprintf(tools->quick_identity, CHIMERA_IDENTITY_MAX, "%s%d wabt-%s tcc-%s quick %s", start,
                 CHIMERA_PLUGIN_ABI, tools->wabt_version, tools->tcc_version, end);
    else
        snprintf(tools->identity, CHIMERA_IDENTITY_MAX, "%s%d wabt-%s clang-%s lld-%s O1 %s", start,
                 CHIMERA_PLUGIN_ABI, tools->wabt_version, tools->clang_version, tools->lld_version,
                 end);
    return CHIMERA_OK;
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
