/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor.h - the parent: reads the configuration, has plugins built, keeps a worker running.
 *
 * It never loads a policy, and no byte of a client reaches it. One thread.
 */
#ifndef CHIMERA_SERVER_SUPERVISOR_SUPERVISOR_H
#define CHIMERA_SERVER_SUPERVISOR_SUPERVISOR_H

#include "server/config/generation.h"

/* Takes over the file. Returns when told to stop: 0. When the start fails: a negative code, and
 * err->text is what to print behind "Error: ". */
int supervisor_run(const struct config *config, struct policies_file *file,
                   struct chimera_error *err);

#endif
