/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/review/patch.h"

#include <openssl/evp.h>

#include "runtime/json/tree.h"

#define PATCH_MAX ((size_t)64 * 1024 * 1024)

static int encode(struct chimera_slice text, struct chimera_arena *arena,
                  struct chimera_slice *ret_encoded)
{
    unsigned char *encoded = chimera_arena_take(arena, (text.size + 2) / 3 * 4 + 1);
    if (!encoded)
        return CHIMERA_ELIMIT;
    int size = EVP_EncodeBlock(encoded, (const unsigned char *)text.data, (int)text.size);
    *ret_encoded = (struct chimera_slice){(const char *)encoded, (size_t)size};
    return CHIMERA_OK;
}

int chimera_patch_make(const struct chimera_patch_texts *texts, struct chimera_account *account,
                       struct chimera_arena *arena, struct chimera_slice *ret_patch,
                       struct chimera_error *err)
{
    struct chimera_account_mark mark = chimera_account_mark(account);
    struct chimera_buffer text;
    bool differs = false;
    int code = CHIMERA_OK;
    chimera_buffer_init_within(&text, PATCH_MAX, account);
    *ret_patch = (struct chimera_slice){NULL, 0};
    if (!chimera_json_diff_text(texts->from, texts->to, texts->of_to, arena, &text, &differs)) {
        chimera_buffer_free(&text);
        CHIMERA_JSON struct json_object *old = NULL;
        CHIMERA_JSON struct json_object *new = NULL;
        code = chimera_json_parse_within(texts->from, text.account, &old, err);
        if (code == CHIMERA_OK)
            code = chimera_json_parse_within(texts->to, text.account, &new, err);
        if (code == CHIMERA_OK)
            differs = chimera_json_diff(old, new, &text);
    }
    if (code == CHIMERA_OK && text.failed) {
        if (text.account && text.account->failed)
            code =
                chimera_fail(err, text.account->failed, "%s", chimera_account_text(text.account));
        else
            code = chimera_fail(err, text.failed, "the patch is too big");
    }
    if (code == CHIMERA_OK && differs && encode(chimera_buffer_slice(&text), arena, ret_patch) < 0)
        code = chimera_fail(err, CHIMERA_ELIMIT, "the patch is too big");
    chimera_buffer_free(&text);
    chimera_account_restore(account, mark);
    return code;
}
