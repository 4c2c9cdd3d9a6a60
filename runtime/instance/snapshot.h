/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot.h - the state that every request starts from, and the way back to it. */
#ifndef CHIMERA_INSTANCE_SNAPSHOT_H
#define CHIMERA_INSTANCE_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/digest.h"
#include "runtime/base/error.h"

struct chimera_guest;

/* Remembers memory, globals, tables and the stack of a suspended guest as they are now: the state
 * that a reset returns to. A later snapshot takes the place of an earlier one. CHIMERA_ELIMIT when
 * the suspended stack is too large to be copied for each request. */
int chimera_guest_snapshot(struct chimera_guest *guest, struct chimera_error *err);
/* The snapshot becomes the base, which later ones do not end. Once a guest. */
void chimera_guest_keep_base(struct chimera_guest *guest);
/* Back to the base, which is the snapshot again. Only in the state of a snapshot. When it has
 * failed the guest is spoilt. */
int chimera_guest_rewind(struct chimera_guest *guest, struct chimera_error *err);
/* There is no snapshot any more, so the next reset fails: the guest must be thrown away. */
void chimera_guest_spoil(struct chimera_guest *guest);
/* What was made behind the base is the same for all slots of a policy, if it came of the same. So a
 * guest that is to make something asks first for what another has made under this key, with a word
 * of its caller's: then it is as rewound and snapshot, and has not done the work. If one makes
 * something now it waits for that, as long as its account has time. CHIMERA_EINVAL: there is
 * nothing that it could take, and it is as before; other codes: it is spoilt. */
int chimera_guest_adopt(struct chimera_guest *guest, const struct chimera_digest *key,
                        uint32_t *ret_word, struct chimera_error *err);
/* After CHIMERA_EINVAL, always: it has made it, and taken the snapshot; or, with a NULL key, it has
 * not. */
void chimera_guest_offer(const struct chimera_guest *guest, const struct chimera_digest *key,
                         uint32_t word);
/* Back to the snapshot: the guest, what its ABI keeps for it, and why it stopped. A failure means
 * that the guest must be thrown away. */
int chimera_guest_reset(struct chimera_guest *guest);
/* Has later slots of the policy begin with the pages that this one's requests have written. */
void chimera_guest_teach(const struct chimera_guest *guest);
/* Gives back the pages that resets keep at hand: for a slot that has been idle, after a reset. */
void chimera_guest_drop_pages(struct chimera_guest *guest);
/* Those pages, in bytes. */
uint64_t chimera_guest_kept_bytes(const struct chimera_guest *guest);

/* Does it wait in chimera_guest_suspend()? */
bool chimera_guest_is_suspended(const struct chimera_guest *guest);

/* --- For this folder. --- */

void chimera_snapshot_restore_stack(struct chimera_guest *guest);

#endif
