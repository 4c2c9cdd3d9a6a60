/* SPDX-License-Identifier: Apache-2.0 */
/* stop_report.h - the one line of the log for a trap or a deadline: which policy, which request,
 * and where in the policy. */
#ifndef CHIMERA_STOP_REPORT_H
#define CHIMERA_STOP_REPORT_H

#include "runtime/instance/guest.h"

/* For a guest that was left early, before it is reset; does nothing for the others. Reads the
 * plugin's names, so it is no part of a request that went well. `uid`: .data NULL without a
 * request.
 */
void chimera_stop_report(const struct chimera_guest *guest, const char *policy_id,
                         struct chimera_slice uid);

#endif
