/* SPDX-License-Identifier: Apache-2.0 */
/* interrupt.h - Ctrl-C during a build: the compilers die at once, the build cleans up behind
 * itself, and then the signal ends us as if nothing had caught it. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_INTERRUPT_H
#define CHIMERA_TOOLCHAIN_COMMAND_INTERRUPT_H

/* Before a build. */
void interrupt_catch(void);

/* After it, when all that it owned is freed. Does not return if a signal came. */
void interrupt_release(void);

#endif
