/* SPDX-License-Identifier: Apache-2.0 */
/* stop_report.h - the one line of the log for a trap or a deadline: which policy, which request,
 * and where in the policy. */
#ifndef CHIMERA_STOP_REPORT_H
#define CHIMERA_STOP_REPORT_H

#include "runtime/instance/guest.h"

/* Gets each such place, besides the log, in whichever process has the guest; NULL: nobody does. Set
 * before threads are there. `function` is its name, any bytes; `uid` as below. */
extern void (*chimera_stop_tap)(struct chimera_slice policy_id, struct chimera_slice uid,
                                struct chimera_slice function);

/* For a guest that was left early, before it is reset; does nothing for the others. Reads the
 * plugin's names, so it is no part of a request that went well. `uid`: .data NULL without a
 * request.
 */
void chimera_stop_report(const struct chimera_guest *guest, const char *policy_id,
                         struct chimera_slice uid);

#endif
