/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/instance/fault.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "runtime/instance/switch/switch.h"
#include "runtime/instance/types_internal.h"
#include "runtime/instance/watchdog.h"

static struct sigaction previous_segv, previous_bus;

static bool is_guest_code(const struct chimera_guest *guest, const void *context)
{
    uintptr_t at = (uintptr_t)chimera_switch_interrupted_at(context);
    return at >= guest->loaded->text_start && at < guest->loaded->text_end;
}

static enum chimera_trap trap_of_address(const struct chimera_guest *guest, uintptr_t address)
{
    uintptr_t memory = (uintptr_t)guest->reservation, stack = (uintptr_t)guest->stack;
    if (address >= memory && address - memory < CHIMERA_RESERVATION_BYTES)
        return CHIMERA_TRAP_OUT_OF_BOUNDS;
    if (address >= stack && address - stack < CHIMERA_STACK_GUARD_BYTES)
        return CHIMERA_TRAP_STACK;
    return CHIMERA_TRAP_NONE;
}

static void leave(struct chimera_guest *guest, void *context)
{
    guest->stop_at = (uintptr_t)chimera_switch_interrupted_at(context);
    chimera_fibre_leaving(&guest->internal->fibre);
    chimera_switch_leave_after_signal(&guest->host_stack, context);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    struct chimera_run *run = chimera_run_of_handler();
    struct chimera_guest *guest = run ? run->guest : NULL;
    enum chimera_trap trap = CHIMERA_TRAP_NONE;
    if (guest && guest->host_stack && info->si_code > 0 && is_guest_code(guest, context))
        trap = trap_of_address(guest, (uintptr_t)info->si_addr);
    if (trap == CHIMERA_TRAP_NONE) {
        /* Not ours: hand the signal to who had it before us. Restoring the default and returning
         * makes the instruction fault again, which ends the process as if we were not there. */
        const struct sigaction *previous = number == SIGBUS ? &previous_bus : &previous_segv;
        if (previous->sa_flags & SA_SIGINFO)
            previous->sa_sigaction(number, info, context);
        else if (previous->sa_handler == SIG_DFL || previous->sa_handler == SIG_IGN)
            signal(number, SIG_DFL);
        else
            previous->sa_handler(number);
        return;
    }
    guest->stop = CHIMERA_STOP_TRAP;
    guest->trap = trap;
    leave(guest, context);
}

static void on_deadline(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    struct chimera_run *run = chimera_run_of_handler();
    if (!run || atomic_load(&run->kill) != atomic_load(&run->sequence))
        return; /* too late: that run is over */
    struct chimera_guest *guest = run->guest;
    if (!guest || !guest->host_stack || !is_guest_code(guest, context)) {
        atomic_store_explicit(&run->is_pending, true, memory_order_relaxed);
        return;
    }
    guest->stop = CHIMERA_STOP_DEADLINE;
    leave(guest, context);
}

void chimera_fault_install(void)
{
    struct sigaction fault = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&fault.sa_mask);
    sigaddset(&fault.sa_mask, CHIMERA_DEADLINE_SIGNAL);
    sigaction(SIGSEGV, &fault, &previous_segv);
    sigaction(SIGBUS, &fault, &previous_bus);

    struct sigaction deadline = {.sa_sigaction = on_deadline,
                                 .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    sigfillset(&deadline.sa_mask);
    sigaction(CHIMERA_DEADLINE_SIGNAL, &deadline, NULL);
}
