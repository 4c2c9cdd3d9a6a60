/* SPDX-License-Identifier: Apache-2.0 */
/* guest.h - one instance of a guest and the thread that runs it.
 *
 * A host (a "slot") has a reservation of 8 GiB with the linear memory at its start, the instance
 * struct, the tables, and a stack of its own with a guard. It is bound to one plugin for its life
 * and used by one thread at a time. Guest code runs on the guest's stack and calls the import
 * functions there; a trap, a deadline or proc_exit leaves the guest at once, abandoning every frame
 * on that stack. Hence the rule for import functions: hold no lock and own no memory at a point
 * that can trap.
 *
 * After chimera_host_prepare() the state is remembered; chimera_host_reset() brings it back, so
 * that each request sees an instance as fresh as the first.
 */
#ifndef CHIMERA_INSTANCE_GUEST_H
#define CHIMERA_INSTANCE_GUEST_H

#include <signal.h>
#include <stdatomic.h>

#include "plugins/policy/plugin.h"
#include "runtime/base/account.h"
#include "runtime/base/error.h"
#include "runtime/base/pieces.h"
#include "runtime/instance/reset.h"
#include "runtime/instance/start.h"
#include "runtime/plugin/plugin_file.h"

struct chimera_grants; /* above: what the policy may ask for. Not looked into here */
struct chimera_host;

/* What an ABI keeps of a guest outside of it (host->abi): made by the ABI, and brought back
 * with the guest itself, so that no way around it is left. */
struct chimera_host_side {
    /* With a snapshot: what it is now is what every request starts from. What belongs to a single
     * run is emptied. */
    void (*keep)(struct chimera_host *host);
    /* With a reset, whatever the guest's end was: back to that. Cannot fail. */
    void (*reset)(struct chimera_host *host);
};

#define CHIMERA_LIMIT_TEXT_BYTES 160

enum chimera_stop {
    CHIMERA_STOP_NONE = 0,
    CHIMERA_STOP_TRAP,      /* see `trap` */
    CHIMERA_STOP_DEADLINE,  /* interrupted */
    CHIMERA_STOP_EXIT,      /* proc_exit, see `exit_code` */
    CHIMERA_STOP_SUSPENDED, /* waits in chimera_guest_suspend() */
};

struct chimera_host {
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

    struct chimera_snapshot *snapshot; /* owned; NULL before chimera_host_snapshot() */
    struct chimera_reset_counters counters;
    struct chimera_host_internal *internal; /* owned; guest_internal.h */

    /* Whose code runs: even, the guest's; odd, an import function's. 2 is a call back into the
     * guest from an import function, 3 what that may import. 0 again when guest code is called, for
     * ends are skipped by who leaves. */
    uint8_t depth;

    /* Why the last chimera_host_call() ended early. */
    enum chimera_stop stop;
    enum chimera_trap trap;
    uint32_t exit_code;
    uintptr_t stop_at; /* where in the plugin's code the guest was; 0: not known */
    char stop_text[CHIMERA_LIMIT_TEXT_BYTES]; /* more about a HOST trap, or empty */
    bool has_met_limit; /* memory.grow or table.grow said -1 to it for its memory limit */

    /* Deadline; partner: the watchdog. */
    struct chimera_run *run;        /* of the calling thread while a guest runs */
    struct chimera_account account; /* of what runs between begin and end */

    const struct chimera_host_side *side; /* of the ABI; NULL: none keeps anything */
    void *abi;                            /* its own, which it ends; NULL: nothing is attached */
};

/* By a trap or its deadline: what a stop report is about. */
static inline bool chimera_host_was_stopped(const struct chimera_host *host)
{
    return host->stop == CHIMERA_STOP_TRAP || host->stop == CHIMERA_STOP_DEADLINE;
}

/* Reserves everything and initialises the instance (globals, tables, the start function).
 * `memory_limit` in bytes, of all that host->account counts. On success the caller owns *ret_host.
 */
int chimera_host_new(const struct chimera_loaded *loaded, uint64_t memory_limit,
                     struct chimera_host **ret_host, struct chimera_error *err);
void chimera_host_free(struct chimera_host *host); /* NULL is allowed */

/* Remembers memory, globals, tables and the stack of a suspended guest as they are now: the state
 * that a reset returns to. A later snapshot takes the place of an earlier one. CHIMERA_ELIMIT when
 * the suspended stack is too large to be copied for each request. */
int chimera_host_snapshot(struct chimera_host *host, struct chimera_error *err);
/* Back to the snapshot: the guest, what its ABI keeps for it, and why it stopped. A failure means
 * that the host must be thrown away. */
int chimera_host_reset(struct chimera_host *host);
/* Has later slots of the policy begin with the pages that this one's requests have written. */
void chimera_host_teach(const struct chimera_host *host);
/* Gives back the pages that resets keep at hand: for a slot that has been idle, after a reset. */
void chimera_host_drop_pages(struct chimera_host *host);
/* Those pages, in bytes. */
uint64_t chimera_host_kept_bytes(const struct chimera_host *host);

/* Guest calls between begin and end share one deadline, `limit_ms` from now; 0: none. They share
 * one account, too, which begins with what the instance has: linear memory and tables. The calling
 * thread must stay the same in between. */
void chimera_host_begin(struct chimera_host *host, uint32_t limit_ms);
void chimera_host_end(struct chimera_host *host);
/* Nothing is kept for the guest any more: its account has the instance, as large as that is by now,
 * and no more. (A mark from before a guest call would forget what the call has grown.) */
void chimera_host_recount(struct chimera_host *host);

/* NULL when there is none of this name and kind. */
const struct chimera_export *chimera_host_export(const struct chimera_host *host, const char *name,
                                                 enum chimera_export_kind kind);

/* Runs an exported function on the guest's stack. 0; CHIMERA_ETRAP for a trap and for proc_exit
 * (host->stop tells which); CHIMERA_EDEADLINE. */
int chimera_host_call(struct chimera_host *host, const struct chimera_export *export,
                      union chimera_value *values);

/* A call during which the guest was suspended returns 0 with host->stop CHIMERA_STOP_SUSPENDED. It
 * can be taken up once after the snapshot and once after each reset, also on another thread, and
 * returns like chimera_host_call(); its function must have neither parameters nor results. */
bool chimera_host_is_suspended(const struct chimera_host *host);
int chimera_host_resume(struct chimera_host *host);

/* "out of bounds memory access", … for the last stop; static or inside the host. */
const char *chimera_host_stop_text(const struct chimera_host *host);

/* That the memory limit was reached, which it is, and how to raise it. */
void chimera_host_limit_text(const struct chimera_host *host,
                             char ret_text[CHIMERA_LIMIT_TEXT_BYTES]);

/* --- For import functions only: these run on the guest's stack. --- */

/* First and last thing of every import function: enough stack for the host, deadline seen, and no
 * host call within a host call. What an ABI keeps for the call in progress is not made for two: a
 * guest that is called back may not call its host, and traps when it does. */
void chimera_import_enter(struct chimera_host *host);
/* The same for the few that may be called there too, since an honest allocator or parser does: they
 * keep nothing, and call nobody back. */
void chimera_import_enter_nested(struct chimera_host *host);
void chimera_import_leave(struct chimera_host *host);

/* Calls the guest back from an import function, on the same stack and within the same deadline.
 * What the host had by pointer or size before (guest memory, its own buffers) is to be asked for
 * anew. */
void chimera_import_call_back(struct chimera_host *host, const struct chimera_export *export,
                              union chimera_value *values);

/* The bytes [at, at + size) of linear memory, checked in 64-bit arithmetic against its current
 * size; traps (does not return) when any is outside. Valid until the guest grows memory or runs
 * again. For size 0 the address must still be inside or at the end. */
uint8_t *chimera_guest_bytes(struct chimera_host *host, uint32_t at, uint64_t size);
/* The same, and traps when `at` is not a multiple of `alignment`. */
uint8_t *chimera_guest_aligned(struct chimera_host *host, uint32_t at, uint64_t size,
                               uint32_t alignment);

/* Leave the guest for good. `text` is copied; NULL for none. */
_Noreturn void chimera_guest_trap(struct chimera_host *host, enum chimera_trap trap,
                                  const char *text);
_Noreturn void chimera_guest_exit(struct chimera_host *host, uint32_t exit_code);
/* Its time is up, whether or not the watchdog has told yet. */
_Noreturn void chimera_guest_late(struct chimera_host *host);
/* Its account (account.h) refused something: the time is up, or its memory is used up. */
_Noreturn void chimera_guest_overdrawn(struct chimera_host *host);

/* Spends units of its account, and leaves it when that refuses: for work whose size the guest
 * chooses, at a point where nothing is owned. */
static inline void chimera_guest_spend(struct chimera_host *host, uint64_t units)
{
    if (chimera_account_spend(&host->account, units) < 0)
        chimera_guest_overdrawn(host);
}

/* Leaves the guest, to come back here when chimera_host_resume() is called: possibly many times.
 * The frames between here and the guest are copied, so they must hold nothing of a single run: no
 * lock, no pointer into a request, no address of a thread's own variable. False, at once, where
 * this build or machine cannot. */
bool chimera_guest_suspend(struct chimera_host *host);

/* How long the guest may still run, in nanoseconds; UINT64_MAX without a deadline. Sleeping imports
 * wait no longer than this and then call chimera_guest_late(). */
uint64_t chimera_guest_time_left(const struct chimera_host *host);

#endif
