/* stop_report.h - the line of the log that says where in a policy a trap or a deadline struck. */
#ifndef CHIMERA_STOP_REPORT_H
#define CHIMERA_STOP_REPORT_H

#include "runtime/instance/host.h"

/* For a host that was left early, before it is reset; does nothing for the others. Reads the
 * plugin's names, so it is no part of a request that went well. */
void chimera_stop_report(const struct chimera_host *host, const char *policy_id);

#endif
