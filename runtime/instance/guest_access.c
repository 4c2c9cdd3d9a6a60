/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/instance/guest_access.h"

#include <stdio.h>
#include <string.h>

#include "runtime/base/clock.h"
#include "runtime/instance/stop.h"
#include "runtime/instance/switch/switch.h"
#include "runtime/instance/types_internal.h"
#include "runtime/instance/watchdog.h"

#define FRAMES_MAX 64

/* Where guest code called the import function that we are in: up the frame pointers, which all of
 * our own code keeps, to the first return into the plugin. 0 when they lead nowhere. */
static __attribute__((noinline)) uintptr_t find_caller(const struct chimera_guest *guest)
{
    uintptr_t low = (uintptr_t)guest->stack + CHIMERA_STACK_GUARD_BYTES;
    uintptr_t high = (uintptr_t)guest->stack + guest->stack_size;
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
    for (int i = 0; i < FRAMES_MAX; i++) {
        if (frame < low || frame > high - 2 * sizeof(frame) || frame % sizeof(frame) != 0)
            return 0;
        const uintptr_t *saved = (const uintptr_t *)frame; /* the caller's frame, the return */
        if (saved[1] > guest->loaded->text_start && saved[1] <= guest->loaded->text_end)
            return saved[1] - 1; /* in the call: what follows may be another function */
        if (saved[0] <= frame)
            return 0;
        frame = saved[0];
    }
    return 0;
}

static _Noreturn void leave(struct chimera_guest *guest)
{
    guest->stop_at = find_caller(guest);
    chimera_fibre_leaving(&guest->internal->fibre);
    chimera_switch_leave(&guest->host_stack);
}

_Noreturn void chimera_guest_trap(struct chimera_guest *guest, enum chimera_trap trap,
                                  const char *text)
{
    guest->stop = CHIMERA_STOP_TRAP;
    guest->trap = trap;
    snprintf(guest->stop_text, sizeof(guest->stop_text), "%s", text ? text : "");
    leave(guest);
}

_Noreturn void chimera_guest_exit(struct chimera_guest *guest, uint32_t exit_code)
{
    guest->stop = CHIMERA_STOP_EXIT;
    guest->exit_code = exit_code;
    leave(guest);
}

/* Called by generated code; in the list of imports.h. */
_Noreturn void chimera_trap(struct chimera_guest *guest, uint32_t trap);

_Noreturn void chimera_trap(struct chimera_guest *guest, uint32_t trap)
{
    chimera_guest_trap(guest, (enum chimera_trap)trap, NULL);
}

bool chimera_guest_suspend(struct chimera_guest *guest)
{
    struct chimera_guest_internal *internal = guest->internal;
    if (!CHIMERA_FIBRES_CAN_WAIT)
        return false;
    guest->stop = CHIMERA_STOP_SUSPENDED;
    chimera_fibre_leaving(&internal->fibre);
    bool has_waited = chimera_switch_suspend(&guest->host_stack, &internal->suspended);
    chimera_fibre_entered(&internal->fibre);
    guest->depth = 1; /* of the import function that waited */
    return has_waited;
}

static void check_stack(struct chimera_guest *guest)
{
    const uint8_t *here = __builtin_frame_address(0);
    if ((size_t)(here - (guest->stack + CHIMERA_STACK_GUARD_BYTES)) < CHIMERA_STACK_FOR_HOST)
        chimera_guest_trap(guest, CHIMERA_TRAP_STACK, NULL);
}

void chimera_import_enter_pure(struct chimera_guest *guest)
{
    check_stack(guest);
    if (guest->depth != 0)
        chimera_guest_trap(guest, CHIMERA_TRAP_HOST,
                           "the policy calls its host from within a host call");
    guest->depth = 1;
}

void chimera_import_enter(struct chimera_guest *guest)
{
    guest->is_pure = false;
    chimera_import_enter_pure(guest);
}

void chimera_import_enter_nested(struct chimera_guest *guest)
{
    check_stack(guest);
    guest->depth++;
}

_Noreturn void chimera_guest_late(struct chimera_guest *guest)
{
    guest->stop = CHIMERA_STOP_DEADLINE;
    leave(guest);
}

_Noreturn void chimera_guest_overdrawn(struct chimera_guest *guest)
{
    char text[sizeof(guest->stop_text)];
    if (guest->account.failed == CHIMERA_EDEADLINE)
        chimera_guest_late(guest);
    chimera_guest_limit_text(guest, text);
    chimera_guest_trap(guest, CHIMERA_TRAP_HOST, text);
}

static void check_limits(struct chimera_guest *guest)
{
    if (guest->account.failed)
        chimera_guest_overdrawn(guest);
    if (chimera_run_is_due(guest->run))
        chimera_guest_late(guest);
}

void chimera_import_leave(struct chimera_guest *guest)
{
    guest->depth--;
    check_limits(guest);
}

void chimera_import_call_back(struct chimera_guest *guest, const struct chimera_export *export,
                              union chimera_value *values)
{
    check_limits(guest);
    guest->depth++;
    export->call(guest->instance, values);
    guest->depth--;
    check_stack(guest);
}

uint8_t *chimera_guest_bytes(struct chimera_guest *guest, uint32_t at, uint64_t size)
{
    const struct chimera_memory *memory = &guest->instance->memory;
    if (size > memory->size || at > memory->size - size)
        chimera_guest_trap(guest, CHIMERA_TRAP_OUT_OF_BOUNDS, NULL);
    return memory->data + at;
}

uint8_t *chimera_guest_aligned(struct chimera_guest *guest, uint32_t at, uint64_t size,
                               uint32_t alignment)
{
    if (at % alignment != 0)
        chimera_guest_trap(guest, CHIMERA_TRAP_HOST, "misaligned pointer in a host call");
    return chimera_guest_bytes(guest, at, size);
}

uint64_t chimera_guest_time_left(const struct chimera_guest *guest)
{
    uint64_t deadline = atomic_load_explicit(&guest->run->deadline_ns, memory_order_relaxed);
    if (deadline == CHIMERA_NO_DEADLINE)
        return UINT64_MAX;
    uint64_t now = chimera_clock_ns();
    return now < deadline ? deadline - now : 0;
}
