/* SPDX-License-Identifier: Apache-2.0 */
/* patch.h - what a policy changed, as the API server wants it. Private to this folder. */
#ifndef CHIMERA_REVIEW_PATCH_H
#define CHIMERA_REVIEW_PATCH_H

#include "runtime/base/account.h"
#include "runtime/base/arena.h"
#include "runtime/base/error.h"
#include "runtime/json/pass.h"

struct chimera_patch_texts {
    struct chimera_slice from, to;
    const struct chimera_pass_index *of_to; /* as in json/tree.h; NULL: none */
};

/* Base64 of the RFC 6902 patch from one JSON text to the other, in the arena; .data is NULL when
 * they do not differ. The account, which may be NULL, is as it was when this returns. */
int chimera_patch_make(const struct chimera_patch_texts *texts, struct chimera_account *account,
                       struct chimera_arena *arena, struct chimera_slice *ret_patch,
                       struct chimera_error *err);

#endif
