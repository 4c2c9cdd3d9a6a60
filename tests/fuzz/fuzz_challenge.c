/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a `WWW-Authenticate` header, whose every challenge ends within bounds and takes some
 * of it; and as a token realm's answer. */
#include <stdlib.h>
#include <string.h>

#include "compiler/fetch/registry/challenge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct chimera_challenge challenge;
    struct chimera_slice whole = {(const char *)data, size}, text = whole;
    for (size_t left = text.size + 1; chimera_challenge_next(&text, &challenge); left = text.size)
        if (text.size >= left || challenge.scheme.size == 0 ||
            strlen(challenge.realm) >= CHIMERA_CHALLENGE_TEXT_MAX)
            __builtin_trap();
    char *token = NULL;
    unsigned lifetime = 0;
    if (chimera_token_read(whole, 1700000000, &token, &lifetime, NULL) == CHIMERA_OK) {
        if (!*token || strpbrk(token, "\r\n ") || lifetime > CHIMERA_TOKEN_LIFETIME_MAX_S)
            __builtin_trap();
        free(token);
    }
    return 0;
}
