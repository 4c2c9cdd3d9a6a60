/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/phases.h"

#include "runtime/base/clock.h"
#include "runtime/base/pieces.h"
#include "runtime/capability/dispatch.h"
#include "runtime/instance/guest.h"
#include "runtime/policy/policy.h"
#include "toolchain/command/bench/fixed.h"

static bool is_on;
static enum bench_phase now_in;
static uint64_t since;
static struct bench_phases found;
/* What the answer has since the guest's last run: if another follows, it was for that one. Rego has
 * the guest find room for the request, and then writes it there. */
static uint64_t answered;

static void turn_to(enum bench_phase phase)
{
    uint64_t now = chimera_clock_ns(), spent = now - since;
    found.nanoseconds[now_in] += spent;
    answered += now_in == BENCH_ANSWER ? spent : 0;
    since = now;
    now_in = phase;
}

static void enter_guest(void)
{
    turn_to(BENCH_GUEST);
    found.nanoseconds[BENCH_ANSWER] -= answered;
    found.nanoseconds[BENCH_COPY_IN] += answered;
    answered = 0;
}

void bench_phases_begin(void)
{
    found = (struct bench_phases){0};
    now_in = BENCH_COPY_IN;
    answered = 0;
    is_on = true;
    since = chimera_clock_ns();
}

void bench_phases_end(struct bench_phases *ret_phases)
{
    turn_to(BENCH_COPY_IN);
    is_on = false;
    *ret_phases = found;
}

/* --- What the linker leads here. An import function that leaves its guest for good comes back by
 * the end of the guest's run. --- */

#define WRAP(type, name, ...)        \
    type __real_##name(__VA_ARGS__); \
    type __wrap_##name(__VA_ARGS__); \
    type __wrap_##name(__VA_ARGS__)

/* Of a group's members each begins anew. */
WRAP(int, chimera_policy_evaluate, struct chimera_policy *policy, unsigned lane,
     const struct chimera_request *request, uint32_t limit_ms, struct chimera_arena *arena,
     struct chimera_response *ret_response)
{
    struct chimera_run_report report;
    bench_fixed_evaluation();
    if (!is_on)
        return __real_chimera_policy_evaluate(policy, lane, request, limit_ms, arena, ret_response);
    turn_to(BENCH_COPY_IN);
    int code = __real_chimera_policy_evaluate(policy, lane, request, limit_ms, arena, ret_response);
    chimera_policy_last_run(policy, lane, &report);
    found.is_counted = report.resets == 1;
    found.wasm_instructions += report.wasm_instructions;
    found.start_wasm_instructions += report.start_wasm_instructions;
    return code;
}

WRAP(int, chimera_guest_run, struct chimera_guest *guest, const struct chimera_export *export,
     union chimera_value *values)
{
    if (!is_on)
        return __real_chimera_guest_run(guest, export, values);
    enter_guest();
    int code = __real_chimera_guest_run(guest, export, values);
    turn_to(BENCH_ANSWER);
    return code;
}

WRAP(int, chimera_guest_resume, struct chimera_guest *guest)
{
    if (!is_on)
        return __real_chimera_guest_resume(guest);
    enter_guest();
    int code = __real_chimera_guest_resume(guest);
    turn_to(BENCH_ANSWER);
    return code;
}

WRAP(int, chimera_guest_reset, struct chimera_guest *guest)
{
    if (!is_on)
        return __real_chimera_guest_reset(guest);
    uint64_t pages = guest->counters.pages, size = guest->instance->memory.size;
    if (size > found.memory_peak)
        found.memory_peak = size;
    turn_to(BENCH_RESET);
    int code = __real_chimera_guest_reset(guest);
    turn_to(BENCH_ANSWER);
    found.dirty_pages += guest->counters.pages - pages;
    return code;
}

WRAP(void, chimera_import_enter, struct chimera_guest *guest)
{
    if (is_on)
        turn_to(BENCH_HOST);
    __real_chimera_import_enter(guest);
}

WRAP(void, chimera_import_enter_pure, struct chimera_guest *guest)
{
    if (is_on)
        turn_to(BENCH_HOST);
    __real_chimera_import_enter_pure(guest);
}

WRAP(void, chimera_import_enter_nested, struct chimera_guest *guest)
{
    if (is_on)
        turn_to(BENCH_HOST);
    __real_chimera_import_enter_nested(guest);
}

WRAP(void, chimera_import_leave, struct chimera_guest *guest)
{
    __real_chimera_import_leave(guest);
    if (is_on)
        turn_to(BENCH_GUEST);
}

WRAP(void, chimera_import_call_back, struct chimera_guest *guest,
     const struct chimera_export *export, union chimera_value *values)
{
    if (is_on)
        turn_to(BENCH_GUEST);
    __real_chimera_import_call_back(guest, export, values);
    if (is_on)
        turn_to(BENCH_HOST);
}

/* The request, wherever it is copied. */
WRAP(size_t, chimera_pieces_copy, const struct chimera_pieces *pieces, size_t offset, void *to,
     size_t size)
{
    if (!is_on)
        return __real_chimera_pieces_copy(pieces, offset, to, size);
    enum bench_phase before = now_in;
    turn_to(BENCH_COPY_IN);
    size_t copied = __real_chimera_pieces_copy(pieces, offset, to, size);
    turn_to(before);
    return copied;
}

WRAP(bool, chimera_capability_call, const struct chimera_grants *grants,
     const struct chimera_guest_request *call, struct chimera_host_answer *answer)
{
    found.host_calls += is_on;
    return __real_chimera_capability_call(grants, call, answer);
}
