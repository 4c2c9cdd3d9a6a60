/* SPDX-License-Identifier: Apache-2.0 */
/* start_note.h - plugins that have started here, noted in the cache, so that a set of which nothing
 * has changed need not be started again.
 *
 * A note's name is a digest of all that decides: this very program (its file's identity, as
 * compiler/tool/version.h tells tools apart), the plugin's manifest, which has the digests of its
 * code and image, and what a server would be told of the policy. Only what was good is noted: a
 * failure is found out anew each time. `chimera check`, which people ask on purpose, takes none.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_CHECKING_START_NOTE_H
#define CHIMERA_TOOLCHAIN_COMMAND_CHECKING_START_NOTE_H

#include "compiler/cache/cache.h"
#include "runtime/source/policy_spec.h"

struct start_note {                 /* what decides; borrowed */
    const char *plugin;             /* path of the .so */
    const struct policy_spec *spec; /* NULL: it is started as a trial does (trial.h), not asked */
    uint32_t limit_ms;              /* of an evaluation */
};

/* False without a cache, and whenever it cannot be known. */
bool start_note_is_there(const struct start_note *note, struct chimera_cache *cache);
/* Does nothing without a cache. */
void start_note_put(const struct start_note *note, struct chimera_cache *cache);

#endif
