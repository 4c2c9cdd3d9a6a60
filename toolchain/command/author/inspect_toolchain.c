/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/author/inspect_toolchain.h"

#include "compiler/build.h"
#include "runtime/base/cleanup.h"
#include "runtime/plugin/toolchain.h"

void inspect_toolchain_put(struct json_object *tree, const char *toolchain, enum chimera_tier tier)
{
    CHIMERA_FREE char *here = chimera_toolchain_here(tier);
    struct chimera_buffer words;
    if (!here)
        return;
    chimera_buffer_init(&words, CHIMERA_TOOLCHAIN_WORDS_MAX);
    if (!chimera_toolchain_explain(toolchain, here, &words))
        chimera_buffer_text(&words, "the same toolchain");
    if (!words.failed)
        json_object_object_add(tree, "here",
                               json_object_new_string_len(words.data, (int)words.size));
    chimera_buffer_free(&words);
}
