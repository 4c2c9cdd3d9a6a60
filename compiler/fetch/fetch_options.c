/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/fetch_options.h"

#include <stdlib.h>

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
