/* SPDX-License-Identifier: Apache-2.0 */
/* wasi_internal.h - what the files of WASI's functions share.
 *
 * Each file ends in a table of CHIMERA_WASI(name, parameters, call): the import function of that
 * name, which does what every one of them must, around a static function that does the work and
 * returns a WASI error number.
 */
#ifndef CHIMERA_WASI_INTERNAL_H
#define CHIMERA_WASI_INTERNAL_H

#include "runtime/abi/abi_internal.h"
#include "runtime/abi/wasi.h"
#include "runtime/abi/wasi_system.h"

/* Parameters that a function need not look at are common: most of them have nothing to do. */
#define U32 __attribute__((unused)) uint32_t
#define U64 __attribute__((unused)) uint64_t

#define CHIMERA_WASI_AS(symbol, parameters, call) \
    uint32_t symbol parameters;                   \
    uint32_t symbol parameters                    \
    {                                             \
        CHIMERA_WASI_ENTER(guest);                \
        uint32_t code = (uint32_t)(call);         \
        chimera_import_leave(guest);              \
        return code;                              \
    }
#define CHIMERA_WASI(name, parameters, call) CHIMERA_WASI_AS(chimera_wasi_##name, parameters, call)
#define CHIMERA_WASI0(name, parameters, call) \
    CHIMERA_WASI_AS(chimera_wasi0_##name, parameters, call)

/* The same for what commands have of their own: the function of that name in the group of
 * wasi_system.h, with `arguments`. */
#define CHIMERA_WASI_SYSTEM_AS(symbol, group, name, parameters, arguments, call) \
    CHIMERA_WASI_AS(symbol, parameters,                                          \
                    chimera_wasi_of(guest)->system                               \
                        ? chimera_wasi_of(guest)->system->group->name arguments  \
                        : (uint32_t)(call))
#define CHIMERA_WASI_SYSTEM(group, name, parameters, arguments, call) \
    CHIMERA_WASI_SYSTEM_AS(chimera_wasi_##name, group, name, parameters, arguments, call)
#define CHIMERA_WASI0_SYSTEM(group, name, parameters, arguments, call) \
    CHIMERA_WASI_SYSTEM_AS(chimera_wasi0_##name, group, name, parameters, arguments, call)

static inline void chimera_wasi_require(struct chimera_guest *guest)
{
    if (!chimera_wasi_of(guest))
        chimera_guest_trap(guest, CHIMERA_TRAP_HOST,
                           "WASI is not available to this kind of policy");
}

static inline void chimera_wasi_enter(struct chimera_guest *guest)
{
    chimera_import_enter(guest);
    chimera_wasi_require(guest);
}

static inline void chimera_wasi_enter_pure(struct chimera_guest *guest)
{
    chimera_import_enter_pure(guest);
    chimera_wasi_require(guest);
}

/* How the functions of a table enter. Pure ones (instance/guest_access.h) stand where it is defined
 * as the other; a system (wasi_system.h), which is not, has nobody who asks. */
#define CHIMERA_WASI_ENTER chimera_wasi_enter

static inline enum chimera_wasi_file chimera_wasi_file_of(const struct chimera_guest *guest,
                                                          uint32_t fd)
{
    return fd < CHIMERA_WASI_FILES ? (enum chimera_wasi_file)chimera_wasi_of(guest)->file[fd]
                                   : CHIMERA_WASI_CLOSED;
}

/* Gives a run what is its own; all else is as the last snapshot or reset left it. */
void chimera_wasi_begin(struct chimera_wasi *wasi, const struct chimera_wasi_run *run);

/* The response to a run that came to `code` and `text`. */
void chimera_wasi_judge(struct chimera_guest *guest, int code, struct chimera_slice text,
                        const struct chimera_request *request, struct chimera_arena *arena,
                        struct chimera_response *ret_response);

/* Before anything that only a request can answer: input, and a call of the host. */
void chimera_wasi_await_input(struct chimera_guest *guest);
void chimera_wasi_refuse_call(struct chimera_guest *guest);

/* What a start asks of the outside; see start.h. Only during a start. */
enum chimera_wasi_question { CHIMERA_WASI_CLOCK, CHIMERA_WASI_RANDOM };
bool chimera_wasi_play(struct chimera_guest *guest, enum chimera_wasi_question question,
                       void *bytes, size_t size);
void chimera_wasi_note(struct chimera_guest *guest, enum chimera_wasi_question question,
                       const void *bytes, size_t size);

#define CHIMERA_CLOCK_TICK_NS 1000000u /* what a guest can tell apart */

/* CLOCK_MONOTONIC as the guest sees it. */
uint64_t chimera_wasi_now(const struct chimera_guest *guest);

#endif
