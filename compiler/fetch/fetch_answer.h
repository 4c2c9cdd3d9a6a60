/* SPDX-License-Identifier: Apache-2.0 */
/* fetch_answer.h - what the confined child tells of one policy, or of a signed file, and how that
 * is read. Private to this folder. */
#ifndef CHIMERA_COMPILER_FETCH_FETCH_ANSWER_H
#define CHIMERA_COMPILER_FETCH_FETCH_ANSWER_H

#include "compiler/fetch/fetch_options.h"
#include "runtime/base/buffer.h"

struct fetch_answer { /* as struct chimera_fetched; borrowed; NULL and empty: nothing */
    const char *digest, *module, *plugin;
    struct chimera_slice signers, plugin_note, trust_note;
};

/* In the child. */
void fetch_put_answer(const struct fetch_answer *answer, struct chimera_buffer *out);

/* In the parent: all but uri and path. The child may be anybody's by then. */
int fetch_take_answer(struct chimera_slice said, struct chimera_fetched *fetched,
                      struct chimera_error *err);

#endif
