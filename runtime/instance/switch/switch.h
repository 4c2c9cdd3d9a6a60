/* SPDX-License-Identifier: Apache-2.0 */
/* switch.h - running a function on another stack, and leaving it from anywhere.
 *
 * One file per architecture implements it (switch_x86_64.c); switch_portable.c is the fallback.
 * `host_stack` is the first member of struct chimera_guest: non-NULL exactly while its guest runs.
 */
#ifndef CHIMERA_SWITCH_H
#define CHIMERA_SWITCH_H

#include <stdbool.h>

/* Calls function(argument) on the stack that ends at `stack_top` (16-byte aligned), and returns
 * when it has returned or when the stack was left. */
void chimera_switch_call(void **host_stack, void *stack_top, void (*function)(void *),
                         void *argument);

/* Abandons the other stack: chimera_switch_call() returns. Call it on that stack. */
_Noreturn void chimera_switch_leave(void **host_stack);

/* Leaves the other stack, which calls this, so that it can be taken up again: chimera_switch_call()
 * or chimera_switch_continue() returns now, and this returns when chimera_switch_continue() is
 * called with *ret_guest_stack. False, at once, where that is not possible. */
bool chimera_switch_suspend(void **host_stack, void **ret_guest_stack);
void chimera_switch_continue(void **host_stack, void *guest_stack);

/* For a signal handler that interrupted the other stack: when it returns, the stack has been left.
 */
void chimera_switch_leave_after_signal(void **host_stack, void *signal_context);

/* Where the signal struck. */
void *chimera_switch_interrupted_at(const void *signal_context);

#endif
