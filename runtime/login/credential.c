/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/login/credential.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

static void wipe(char **text)
{
    if (*text)
        OPENSSL_cleanse(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

void chimera_credential_done(struct chimera_credential *credential)
{
    wipe(&credential->username);
    wipe(&credential->password);
    wipe(&credential->identity_token);
    free(credential->origin);
    credential->origin = NULL;
}

bool chimera_credential_is_empty(const struct chimera_credential *credential)
{
    return !credential->username && !credential->password && !credential->identity_token;
}
