/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/fetch_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void chimera_fetched_done(struct chimera_fetched *fetched)
{
    free(fetched->uri);
    free(fetched->path);
    free(fetched->signers);
    free(fetched->plugin);
    free(fetched->plugin_note);
    free(fetched->trust_note);
    *fetched = (struct chimera_fetched){0};
}

int chimera_fetched_check(const char *module_digest, const struct chimera_digest *read,
                          const char *path, struct chimera_error *err)
{
    char text[CHIMERA_OCI_DIGEST_MAX], hex[CHIMERA_DIGEST_HEX];
    chimera_digest_hex(read, hex);
    snprintf(text, sizeof(text), "sha256:%s", hex);
    if (!module_digest || !*module_digest || strcmp(text, module_digest) == 0)
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EUNSIGNED,
                        "%s was replaced after it was verified: it has the digest %s in place of "
                        "%s; try again",
                        path, text, module_digest);
}
