/* SPDX-License-Identifier: Apache-2.0 */
/* state.h - what the ABIs keep of one guest: behind guest->abi, which the instance does not look
 * into.
 *
 * An ABI may be made of two: a waPC guest has WASI, too. Each part is made and ended by its owner,
 * and got at by the accessor in the header of that: chimera_wapc_of(), chimera_wasi_of(),
 * chimera_rego_of(). Those are NULL while nothing is attached, as during a guest's start function.
 */
#ifndef CHIMERA_ABI_STATE_H
#define CHIMERA_ABI_STATE_H

#include "runtime/instance/guest.h"

struct chimera_wapc; /* wapc.h */
struct chimera_wasi; /* wasi.h */
struct chimera_rego; /* rego.h */

struct chimera_abi_state { /* NULL: the ABI has no such part. Each owned by who attached it */
    struct chimera_wapc *wapc;
    struct chimera_wasi *wasi;
    struct chimera_rego *rego;
};

/* The guest's, made when there is none; NULL when memory ran out. */
struct chimera_abi_state *chimera_abi_state_make(struct chimera_guest *guest);
/* Once one of the parts has ended: frees the state behind the last of them. */
void chimera_abi_state_end(struct chimera_guest *guest);

#endif
