/* SPDX-License-Identifier: Apache-2.0 */
/* guest_access.h - for import functions only: these run on the guest's stack.
 *
 * A trap, a deadline or proc_exit leaves the guest at once, abandoning every frame there: hold no
 * lock and own no memory at a point that can trap.
 */
#ifndef CHIMERA_INSTANCE_GUEST_ACCESS_H
#define CHIMERA_INSTANCE_GUEST_ACCESS_H

#include "runtime/instance/types.h"

/* First and last thing of every import function: enough stack for the host, deadline seen, and no
 * import within an import. What an ABI keeps for the call in progress is not made for two: a
 * guest that is called back may not call its host, and traps when it does. */
void chimera_import_enter(struct chimera_guest *guest);
/* The same for pure ones: what they give follows from what the guest was given for this run and
 * from its own calls, and from nothing else: no clock, no random numbers, no answer of anybody.
 * Whatever enters otherwise is taken for impure (guest->is_pure). */
void chimera_import_enter_pure(struct chimera_guest *guest);
/* The same for the few that may be called there too, since an honest allocator or parser does: they
 * keep nothing, call nobody back, and are pure. */
void chimera_import_enter_nested(struct chimera_guest *guest);
void chimera_import_leave(struct chimera_guest *guest);

/* Calls the guest back from an import function, on the same stack and within the same deadline.
 * What the host had by pointer or size before (guest memory, its own buffers) is to be asked for
 * anew. */
void chimera_import_call_back(struct chimera_guest *guest, const struct chimera_export *export,
                              union chimera_value *values);

/* The bytes [at, at + size) of linear memory, checked in 64-bit arithmetic against its current
 * size; traps (does not return) when any is outside. Valid until the guest grows memory or runs
 * again. For size 0 the address must still be inside or at the end. */
uint8_t *chimera_guest_bytes(struct chimera_guest *guest, uint32_t at, uint64_t size);
/* The same, and traps when `at` is not a multiple of `alignment`. */
uint8_t *chimera_guest_aligned(struct chimera_guest *guest, uint32_t at, uint64_t size,
                               uint32_t alignment);

/* Leave the guest for good. `text` is copied; NULL for none. */
_Noreturn void chimera_guest_trap(struct chimera_guest *guest, enum chimera_trap trap,
                                  const char *text);
_Noreturn void chimera_guest_exit(struct chimera_guest *guest, uint32_t exit_code);
/* Its time is up, whether or not the watchdog has told yet. */
_Noreturn void chimera_guest_late(struct chimera_guest *guest);
/* Its account (account.h) refused something: the time is up, or its memory is used up. */
_Noreturn void chimera_guest_overdrawn(struct chimera_guest *guest);

/* Spends units of its account, and leaves it when that refuses: for work whose size the guest
 * chooses, at a point where nothing is owned. */
static inline void chimera_guest_spend(struct chimera_guest *guest, uint64_t units)
{
    if (chimera_account_spend(&guest->account, units) < 0)
        chimera_guest_overdrawn(guest);
}

/* Leaves the guest, to come back here when chimera_guest_resume() is called: possibly many times.
 * The frames between here and the guest are copied, so they must hold nothing of a single run: no
 * lock, no pointer into a request, no address of a thread's own variable. False, at once, where
 * this build or machine cannot. */
bool chimera_guest_suspend(struct chimera_guest *guest);

/* How long the guest may still run, in nanoseconds; UINT64_MAX without a deadline. Sleeping imports
 * wait no longer than this and then call chimera_guest_late(). */
uint64_t chimera_guest_time_left(const struct chimera_guest *guest);

#endif
