/* SPDX-License-Identifier: Apache-2.0 */
/* guest.h - one instance of a guest and the thread that runs it.
 *
 * A guest has a reservation of 8 GiB with the linear memory at its start, the instance
 * struct, the tables, and a stack of its own with a guard. It is bound to one plugin for its life
 * and used by one thread at a time. Guest code runs on the guest's stack and calls the import
 * functions there (guest_access.h).
 *
 * chimera_guest_snapshot() remembers a state, and chimera_guest_reset() brings it back, so that
 * each request sees an instance as fresh as the first (snapshot.h).
 */
#ifndef CHIMERA_INSTANCE_GUEST_H
#define CHIMERA_INSTANCE_GUEST_H

#include "runtime/instance/guest_access.h"
#include "runtime/instance/snapshot.h"
#include "runtime/instance/stop.h"
#include "runtime/instance/types.h"

/* Installs what all guests of the process share: the handlers of their faults and deadlines. Any
 * number of times; chimera_guest_new() does. */
void chimera_engine_start(void);

/* Reserves everything and initialises the instance (globals, tables, the start function).
 * `memory_limit` in bytes, of all that guest->account counts. On success the caller owns *ret_host.
 */
int chimera_guest_new(const struct chimera_loaded *loaded, uint64_t memory_limit,
                      struct chimera_guest **ret_host, struct chimera_error *err);
void chimera_guest_free(struct chimera_guest *guest); /* NULL is allowed */

/* Guest calls between begin and end share one deadline, `limit_ms` from now; 0: none. They share
 * one account, too, which begins with what the instance has: linear memory and tables. The calling
 * thread must stay the same in between. */
void chimera_guest_begin(struct chimera_guest *guest, uint32_t limit_ms);
void chimera_guest_end(struct chimera_guest *guest);
/* Nothing is kept for the guest any more: its account has the instance, as large as that is by now,
 * and no more. (A mark from before a guest call would forget what the call has grown.) */
void chimera_guest_recount(struct chimera_guest *guest);

/* Runs an exported function on the guest's stack. 0; CHIMERA_ETRAP for a trap and for proc_exit
 * (guest->stop tells which); CHIMERA_EDEADLINE, also when the time of the run is over before. */
int chimera_guest_run(struct chimera_guest *guest, const struct chimera_export *export,
                      union chimera_value *values);

/* A call during which the guest was suspended returns 0 with guest->stop CHIMERA_STOP_SUSPENDED. It
 * can be taken up once after the snapshot and once after each reset, also on another thread, and
 * returns like chimera_guest_run(); its function must have neither parameters nor results. */
int chimera_guest_resume(struct chimera_guest *guest);

#endif
