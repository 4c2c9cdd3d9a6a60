/* SPDX-License-Identifier: Apache-2.0 */
/* home.h - HOME where nobody has set it, as in containers and under some init systems.
 *
 * The account's folder is taken, and without one a folder of this user's below the temporary one,
 * so that cache and store have a place. One thread.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_HOME_H
#define CHIMERA_TOOLCHAIN_COMMAND_HOME_H

#include <stdbool.h>

/* Sets HOME if it is not set, before anybody asks for it. */
void home_begin(void);
/* Where something was put into a temporary one for the first time, it is told of on standard error.
 * It stays, for if it went, somebody else could make it while we go on. */
void home_end(void);

bool home_is_temporary(void);

#endif
