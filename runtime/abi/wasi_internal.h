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

enum chimera_wasi_errno {
    WASI_SUCCESS = 0,
    WASI_BADF = 8,
    WASI_INVAL = 28,
    WASI_NOTDIR = 54,
    WASI_NOTSUP = 58,
    WASI_SPIPE = 70,
};

enum {
    WASI_FILETYPE_UNKNOWN = 0,
    WASI_FDFLAGS_APPEND = 1,
    WASI_FDFLAGS_MAX = 31, /* all five bits */
    WASI_LOOKUPFLAGS_MAX = 1,
    WASI_OFLAGS_MAX = 15,
    WASI_FSTFLAGS_MAX = 15,
    WASI_RIGHT_FD_READ = 2,
    WASI_RIGHT_FD_WRITE = 64,
    WASI_IOVEC_BYTES = 8,
};

/* Parameters that a function need not look at are common: most of them have nothing to do. */
#define U32 __attribute__((unused)) uint32_t
#define U64 __attribute__((unused)) uint64_t

#define CHIMERA_WASI_AS(symbol, parameters, call) \
    uint32_t symbol parameters;                   \
    uint32_t symbol parameters                    \
    {                                             \
        chimera_wasi_enter(guest);                \
        uint32_t code = (uint32_t)(call);         \
        chimera_import_leave(guest);              \
        return code;                              \
    }
#define CHIMERA_WASI(name, parameters, call) CHIMERA_WASI_AS(chimera_wasi_##name, parameters, call)
#define CHIMERA_WASI0(name, parameters, call) \
    CHIMERA_WASI_AS(chimera_wasi0_##name, parameters, call)

static inline void chimera_wasi_enter(struct chimera_guest *guest)
{
    chimera_import_enter(guest);
    if (!chimera_wasi_of(guest))
        chimera_guest_trap(guest, CHIMERA_TRAP_HOST,
                           "WASI is not available to this kind of policy");
}

static inline enum chimera_wasi_file chimera_wasi_file_of(const struct chimera_guest *guest,
                                                          uint32_t fd)
{
    return fd < CHIMERA_WASI_FILES ? (enum chimera_wasi_file)chimera_wasi_of(guest)->file[fd]
                                   : CHIMERA_WASI_CLOSED;
}

/* Guest memory is little-endian, and so are the machines that this runs on. */
static inline uint32_t chimera_wasi_get32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof(value));
    return value;
}

static inline uint64_t chimera_wasi_get64(const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof(value));
    return value;
}

/* Results go through these: they trap outside of memory and when misaligned. */
static inline void chimera_wasi_put32(struct chimera_guest *guest, uint32_t at, uint32_t value)
{
    memcpy(chimera_guest_aligned(guest, at, sizeof(value), sizeof(value)), &value, sizeof(value));
}

static inline void chimera_wasi_put64(struct chimera_guest *guest, uint32_t at, uint64_t value)
{
    memcpy(chimera_guest_aligned(guest, at, sizeof(value), sizeof(value)), &value, sizeof(value));
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
