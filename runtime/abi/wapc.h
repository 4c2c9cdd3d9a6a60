/* SPDX-License-Identifier: Apache-2.0 */
/* wapc.h - the host's side of a waPC guest (guest-abis.md §2).
 *
 * One per guest, made by attach and ended by detach. The import functions fill it while the guest
 * runs; whatever they keep is a copy, because the guest may change its memory at any time.
 */
#ifndef CHIMERA_WAPC_H
#define CHIMERA_WAPC_H

#include "runtime/abi/state.h"
#include "runtime/base/buffer.h"
#include "runtime/base/pieces.h"
#include "runtime/capability/source.h"

enum chimera_wapc_answer { CHIMERA_WAPC_NONE, CHIMERA_WAPC_RESPONSE, CHIMERA_WAPC_ERROR };

struct chimera_wapc {
    /* The call in progress; both borrowed, NULL between calls. */
    const char *operation;
    const struct chimera_pieces *payload;

    /* What the guest said; the last word wins. Has: said at all, be it nothing. */
    struct chimera_buffer response, error;
    bool has_response, has_error;

    /* What the last host call came to. */
    struct chimera_buffer answer_text;
    struct chimera_host_answer answer; /* its text is `answer_text` */
    enum chimera_wapc_answer answer_kind;
};

/* The guest's; NULL when its ABI has none. */
static inline struct chimera_wapc *chimera_wapc_of(const struct chimera_guest *guest)
{
    const struct chimera_abi_state *state = guest->abi;
    return state ? state->wapc : NULL;
}

#endif
