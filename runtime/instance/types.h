/* SPDX-License-Identifier: Apache-2.0 */
/* types.h - an instance of a guest, and what its host knows of it.
 *
 * The struct alone: guest.h and what that includes have what can be done with it. What only this
 * folder looks into is in types_internal.h.
 */
#ifndef CHIMERA_INSTANCE_TYPES_H
#define CHIMERA_INSTANCE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plugins/policy/plugin.h"
#include "runtime/base/account.h"
#include "runtime/base/error.h"
#include "runtime/instance/start.h"
#include "runtime/plugin/load.h"

struct chimera_grants; /* above: what the policy may ask for. Not looked into here */
struct chimera_guest;
struct chimera_guest_internal; /* types_internal.h */
struct chimera_snapshot;       /* likewise */
struct chimera_run;            /* watchdog.h */
struct chimera_profile;        /* profile.h */

/* What an ABI keeps of a guest outside of it (guest->abi): made by the ABI, and brought back
 * with the guest itself, so that no way around it is left. */
struct chimera_host_side {
    /* With a snapshot: what it is now is what every request starts from. What belongs to a single
     * run is emptied. */
    void (*keep)(struct chimera_guest *guest);
    /* With a reset, whatever the guest's end was: back to that. Cannot fail. */
    void (*reset)(struct chimera_guest *guest);
};

#define CHIMERA_LIMIT_TEXT_BYTES 160

/* For metrics and benchmarks; one thread writes. */
struct chimera_reset_counters {
    uint64_t resets, scans, drops;
    uint64_t pages;       /* copied back, in all resets */
    uint64_t nanoseconds; /* in all resets */
};

enum chimera_stop {
    CHIMERA_STOP_NONE = 0,
    CHIMERA_STOP_TRAP,      /* see `trap` */
    CHIMERA_STOP_DEADLINE,  /* interrupted */
    CHIMERA_STOP_EXIT,      /* proc_exit, see `exit_code` */
    CHIMERA_STOP_SUSPENDED, /* waits in chimera_guest_suspend() */
};

struct chimera_guest {
    /* Known to the context switch; keep first. */
    void *host_stack; /* the host's stack pointer while the guest runs, else NULL */

    struct chimera_instance *instance;   /* owned */
    const struct chimera_loaded *loaded; /* borrowed */
    const struct chimera_grants *grants; /* borrowed; for host calls. NULL: none */
    struct chimera_start *start; /* borrowed; what its policy's slots share. NULL: nothing */

    uint8_t *stack; /* owned mapping of `stack_size` bytes: the guard first */
    size_t stack_size;
    uint8_t *reservation; /* owned mapping of linear memory with its guards */
    uint64_t
        memory_limit; /* bytes of linear memory, tables and what the host keeps for the guest */

    struct chimera_snapshot *snapshot; /* owned; NULL before chimera_guest_snapshot() */
    struct chimera_reset_counters counters;
    struct chimera_profile *profile;         /* borrowed; of what runs next. NULL: none */
    struct chimera_guest_internal *internal; /* owned */

    /* Whose code runs: even, the guest's; odd, an import function's. 2 is a call back into the
     * guest from an import function, 3 what that may import. 0 again when guest code is called, for
     * ends are skipped by who leaves. */
    uint8_t depth;

    /* Why the last chimera_guest_run() ended early. */
    enum chimera_stop stop;
    enum chimera_trap trap;
    uint32_t exit_code;
    uintptr_t stop_at; /* where in the plugin's code the guest was; 0: not known */
    char stop_text[CHIMERA_LIMIT_TEXT_BYTES]; /* more about a HOST trap, or empty */
    bool has_met_limit; /* memory.grow or table.grow said -1 to it for its memory limit */
    /* Since chimera_guest_begin() nothing came from outside: no import but pure ones
     * (guest_access.h) was called, and the system refused it no memory, so all that the guest gives
     * follows from what it was given. */
    bool is_pure;

    /* Deadline; partner: the watchdog. */
    struct chimera_run *run;        /* of the calling thread while a guest runs */
    struct chimera_account account; /* of what runs between begin and end */

    const struct chimera_host_side *side; /* of the ABI; NULL: none keeps anything */
    void *abi;                            /* its own, which it ends; NULL: nothing is attached */
};

#endif
