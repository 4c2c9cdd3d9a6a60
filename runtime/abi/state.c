/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/abi/state.h"

#include <stdlib.h>

struct chimera_abi_state *chimera_abi_state_make(struct chimera_guest *guest)
{
    if (!guest->abi)
        guest->abi = calloc(1, sizeof(struct chimera_abi_state));
    return guest->abi;
}

void chimera_abi_state_end(struct chimera_guest *guest)
{
    struct chimera_abi_state *state = guest->abi;
    if (!state || state->wapc || state->wasi || state->rego)
        return;
    free(state);
    guest->abi = NULL;
    guest->side = NULL;
}
