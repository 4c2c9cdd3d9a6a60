/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as Docker's config.json. No helper runs: which programs there are is not for chance. */
#include <stdint.h>
#include <stdlib.h>

#include "runtime/login/credentials.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const PLACES[] = {"a", "a:1/team/b", "index.docker.io/library/x", ""};
    struct chimera_slice text = {size ? (const char *)data : "", size};
    setenv("PATH", "/nowhere", 1);
    for (size_t i = 0; i < sizeof(PLACES) / sizeof(PLACES[0]); i++) {
        struct chimera_credential found = {0};
        struct chimera_error err = {0};
        char *warnings = NULL;
        int code = chimera_credential_find_in(text, "c", PLACES[i], &found, &warnings, &err);
        bool has_login = found.username || found.password || found.identity_token;
        if (code < 0 ? !err.text[0] || has_login : has_login != (found.origin != NULL))
            abort();
        free(warnings);
        chimera_credential_done(&found);
    }
    return 0;
}
