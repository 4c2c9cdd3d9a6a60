/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot.h - the state that every request starts from, and the way back to it. */
#ifndef CHIMERA_INSTANCE_SNAPSHOT_H
#define CHIMERA_INSTANCE_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/error.h"

struct chimera_host;

/* Remembers memory, globals, tables and the stack of a suspended guest as they are now: the state
 * that a reset returns to. A later snapshot takes the place of an earlier one. CHIMERA_ELIMIT when
 * the suspended stack is too large to be copied for each request. */
int chimera_host_snapshot(struct chimera_host *host, struct chimera_error *err);
/* Back to the snapshot: the guest, what its ABI keeps for it, and why it stopped. A failure means
 * that the host must be thrown away. */
int chimera_host_reset(struct chimera_host *host);
/* Has later slots of the policy begin with the pages that this one's requests have written. */
void chimera_host_teach(const struct chimera_host *host);
/* Gives back the pages that resets keep at hand: for a slot that has been idle, after a reset. */
void chimera_host_drop_pages(struct chimera_host *host);
/* Those pages, in bytes. */
uint64_t chimera_host_kept_bytes(const struct chimera_host *host);

/* Does it wait in chimera_guest_suspend()? */
bool chimera_host_is_suspended(const struct chimera_host *host);

/* --- For this folder. --- */

void chimera_snapshot_free(struct chimera_host *host);
void chimera_snapshot_restore_stack(struct chimera_host *host);

#endif
