/* SPDX-License-Identifier: Apache-2.0 */
/* Any lines as the sums of a plugin in a cache; their digest is put right, or nothing would get
 * behind it. */
#include <stdint.h>
#include <string.h>

#include "compiler/cache/cache_internal.h"
#include "runtime/base/buffer.h"

#define STEM "0123456789abcdef"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse(struct chimera_slice text, bool must_hold)
{
    struct cache_sum sums[CACHE_FILES] = {0};
    bool is_good = cache_parse_sums(text, STEM, sums);
    if (is_good && !(sums[CACHE_MANIFEST].is_there && sums[CACHE_OBJECT].is_there))
        __builtin_trap();
    if (is_good && must_hold)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chimera_buffer text;
    struct chimera_digest digest;
    char hex[CHIMERA_DIGEST_HEX];
    parse((struct chimera_slice){(const char *)data, size}, false);
    chimera_buffer_init(&text, CACHE_SUM_MAX);
    chimera_buffer_append(&text, (struct chimera_slice){(const char *)data, size});
    if (!text.failed && chimera_digest_of(chimera_buffer_slice(&text), &digest) == CHIMERA_OK) {
        chimera_digest_hex(&digest, hex);
        chimera_buffer_text(&text, hex);
        chimera_buffer_byte(&text, '\n');
        parse(chimera_buffer_slice(&text), false);
        if (text.size > 0 && !text.failed) {
            text.data[0] ^= 1; /* then the digest is another's */
            parse(chimera_buffer_slice(&text), true);
        }
    }
    chimera_buffer_free(&text);
    return 0;
}
