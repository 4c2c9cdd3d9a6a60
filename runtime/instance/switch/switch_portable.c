/* SPDX-License-Identifier: Apache-2.0 */
/* The fallback for architectures without a switch of their own: ucontext. Slower (it saves the
 * signal mask by a system call), and a deadline can interrupt only host code. */
#include "runtime/instance/switch/switch.h"

#ifndef __x86_64__

#include <setjmp.h>
#include <stddef.h>
#include <stdlib.h>
#include <ucontext.h>

struct frame {
    sigjmp_buf host;
    void (*function)(void *);
    void *argument;
    ucontext_t guest;
};

static _Thread_local struct frame *entering;

static void enter(void)
{
    struct frame *frame = entering;
    frame->function(frame->argument);
    siglongjmp(frame->host, 1);
}

void chimera_switch_call(void **host_stack, void *stack_top, void (*function)(void *),
                         void *argument)
{
    struct frame frame = {.function = function, .argument = argument};
    const size_t size = 65536; /* all that makecontext needs to know is where the stack ends */
    if (sigsetjmp(frame.host, 1) != 0)
        return;
    getcontext(&frame.guest);
    frame.guest.uc_stack.ss_sp = (char *)stack_top - size;
    frame.guest.uc_stack.ss_size = size;
    makecontext(&frame.guest, enter, 0);
    *host_stack = &frame;
    entering = &frame;
    setcontext(&frame.guest);
}

_Noreturn void chimera_switch_leave(void **host_stack)
{
    siglongjmp(((struct frame *)*host_stack)->host, 1);
}

bool chimera_switch_suspend(void **host_stack, void **ret_guest_stack)
{
    (void)host_stack;
    (void)ret_guest_stack;
    return false;
}

void chimera_switch_continue(void **host_stack, void *guest_stack)
{
    (void)host_stack;
    (void)guest_stack;
    abort(); /* nothing was ever suspended */
}

void chimera_switch_leave_after_signal(void **host_stack, void *signal_context)
{
    (void)signal_context;
    chimera_switch_leave(host_stack);
}

void *chimera_switch_interrupted_at(const void *signal_context)
{
    (void)signal_context;
    return NULL; /* unknown: never taken for the guest's */
}

#endif
