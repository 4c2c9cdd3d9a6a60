/* SPDX-License-Identifier: Apache-2.0 */
/* watch.h - `run --watch`: again, whenever a file that it was made of changes. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_RUNNING_WATCH_H
#define CHIMERA_TOOLCHAIN_COMMAND_RUNNING_WATCH_H

#include "runtime/cli/cli.h"

/* Runs `once` in a child, at first and after each change of the module, the settings, the requests
 * or what else the options name on this machine; a run that is not done yet is stopped for the
 * next. Ends with SIGINT, SIGTERM or SIGHUP. Returns the command's exit code. */
int watch_run(const struct chimera_cli_options *options,
              int (*once)(const struct chimera_cli_options *options));

#endif
