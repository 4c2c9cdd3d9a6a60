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

int chimera_patch_make(struct chimera_slice from, struct chimera_slice to,
                       struct chimera_arena *arena, struct chimera_slice *ret_patch,
                       struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *old = NULL;
    CHIMERA_JSON struct json_object *new = NULL;
    int code = chimera_json_parse(from, &old, err);
    if (code == CHIMERA_OK)
        code = chimera_json_parse(to, &new, err);
    if (code < 0)
        return code;
    struct chimera_buffer text;
    chimera_buffer_init(&text, PATCH_MAX);
    *ret_patch = (struct chimera_slice){NULL, 0};
    bool differs = chimera_json_diff(old, new, &text);
    code = text.failed;
    if (differs && code == CHIMERA_OK)
        code = encode(chimera_buffer_slice(&text), arena, ret_patch);
    chimera_buffer_free(&text);
    return code < 0 ? chimera_fail(err, code, "the patch is too big") : CHIMERA_OK;
}
