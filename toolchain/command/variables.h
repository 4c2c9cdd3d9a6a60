/* SPDX-License-Identifier: Apache-2.0 */
/* variables.h - variables of the environment that would be taken for something else, or for
 * nothing, if nobody looked: those with a few values, and lists of folders. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_VARIABLES_H
#define CHIMERA_TOOLCHAIN_COMMAND_VARIABLES_H

#include "runtime/base/error.h"

/* CHIMERA_EINVAL for the first that makes no sense; the text names it, its value, and what it may
 * be. */
int variables_check(struct chimera_error *err);

#endif
