/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/abi/state.h"

#include <stdlib.h>

struct chimera_abi_state *chimera_abi_state_make(struct chimera_host *host)
{
    if (!host->abi)
        host->abi = calloc(1, sizeof(struct chimera_abi_state));
    return host->abi;
}

void chimera_abi_state_end(struct chimera_host *host)
{
    struct chimera_abi_state *state = host->abi;
    if (!state || state->wapc || state->wasi || state->rego)
        return;
    free(state);
    host->abi = NULL;
    host->side = NULL;
}
