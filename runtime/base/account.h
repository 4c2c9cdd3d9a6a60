/* SPDX-License-Identifier: Apache-2.0 */
/* account.h - what one evaluation may still use of its host: time and memory.
 *
 * Host functions do trusted work for an untrusted guest or caller, and host code is not
 * interrupted. So every loop whose length one of them chooses spends units here, and whatever is
 * allocated for them is taken here before it is made. The clock is read once in
 * CHIMERA_ACCOUNT_LOOK units, which bounds how late a deadline is noticed. The first refusal sticks
 * in `failed`: writers may go on until they can return, and one test at the end is enough.
 *
 * One account an evaluation, used by the thread that runs it. NULL stands for no bound: trusted
 * input.
 */
#ifndef CHIMERA_BASE_ACCOUNT_H
#define CHIMERA_BASE_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/error.h"

#define CHIMERA_ACCOUNT_FOREVER UINT64_MAX /* no deadline, no limit */

/* Units between two looks at the clock. A unit is a step of some nanoseconds: a byte compared,
 * copied or scanned counts an eighth to one, a node of a tree eight, a system call a thousand. */
#define CHIMERA_ACCOUNT_LOOK ((uint64_t)1 << 17)

struct chimera_account {
    uint64_t deadline_ns; /* CLOCK_MONOTONIC */
    uint64_t units;       /* spent since the last look at the clock */
    uint64_t bytes;       /* taken and not given back */
    uint64_t bytes_limit;
    uint64_t bytes_peak; /* most that were taken at once */
    uint64_t owed_ns; /* what it will take to end what was made: the deadline is so much nearer */
    int failed; /* 0, CHIMERA_EDEADLINE, CHIMERA_ELIMIT; CHIMERA_ENOMEM of what returns no code */
};

static inline void chimera_account_open(struct chimera_account *account, uint64_t deadline_ns,
                                        uint64_t bytes_limit)
{
    *account = (struct chimera_account){.deadline_ns = deadline_ns, .bytes_limit = bytes_limit};
}

/* The slow path of spending: reads the clock. */
int chimera_account_look(struct chimera_account *account);

/* Is there time for a step that cannot be interrupted and takes about `ns`? Looks at the clock. */
int chimera_account_has_time(struct chimera_account *account, uint64_t ns);

/* 0, or the code of the first refusal. */
static inline int chimera_account_spend(struct chimera_account *account, uint64_t units)
{
    if (!account)
        return CHIMERA_OK;
    account->units += units;
    return account->units < CHIMERA_ACCOUNT_LOOK ? account->failed : chimera_account_look(account);
}

/* The same where a look at the clock is another's: false when it would take one, or has failed, and
 * then nothing is spent. */
static inline bool chimera_account_spends_at_once(struct chimera_account *account, uint64_t units)
{
    if (!account)
        return true;
    if (account->failed || account->units + units >= CHIMERA_ACCOUNT_LOOK)
        return false;
    account->units += units;
    return true;
}

/* Could `bytes` more be taken? Refuses without a trace: for memory.grow, whose guest may go on. */
static inline int chimera_account_try(struct chimera_account *account, uint64_t bytes)
{
    if (!account)
        return CHIMERA_OK;
    if (account->failed || bytes > account->bytes_limit - account->bytes)
        return account->failed ? account->failed : CHIMERA_ELIMIT;
    account->bytes += bytes;
    if (account->bytes > account->bytes_peak)
        account->bytes_peak = account->bytes;
    return CHIMERA_OK;
}

/* The same, and the refusal sticks. */
static inline int chimera_account_take(struct chimera_account *account, uint64_t bytes)
{
    int code = chimera_account_try(account, bytes);
    if (code < 0 && !account->failed)
        account->failed = code;
    return code;
}

static inline void chimera_account_give_back(struct chimera_account *account, uint64_t bytes)
{
    if (account)
        account->bytes -= bytes < account->bytes ? bytes : account->bytes;
}

/* What has failed, for a person; NULL stands for out of memory, which no account notices. */
const char *chimera_account_text(const struct chimera_account *account);

/* --- What is on the heap --- */

/* What malloc() takes for `size` bytes: glibc adds a word and rounds up; what is large is mapped by
 * the page. */
static inline uint64_t chimera_account_heap(uint64_t size)
{
    uint64_t chunk = (size + 8 + 15) & ~(uint64_t)15;
    return chunk < 32 ? 32 : size < 128 << 10 ? chunk : chunk + 4096;
}

/* free() of one small block, in nanoseconds: ten where blocks follow each other, some hundreds
 * where a sort or an earlier evaluation has scattered them. */
#define CHIMERA_ACCOUNT_FREE_NS 100

/* Where an account stands, to go back there once all that was made since is freed: json-c frees
 * trees without telling. */
struct chimera_account_mark {
    uint64_t bytes, owed_ns;
};

static inline struct chimera_account_mark
chimera_account_mark(const struct chimera_account *account)
{
    return account ? (struct chimera_account_mark){account->bytes, account->owed_ns}
                   : (struct chimera_account_mark){0};
}

static inline void chimera_account_restore(struct chimera_account *account,
                                           struct chimera_account_mark mark)
{
    if (account) {
        account->bytes = mark.bytes;
        account->owed_ns = mark.owed_ns;
    }
}

/* Gives back what was taken between two marks, where more was taken since that stays. */
static inline void chimera_account_undo(struct chimera_account *account,
                                        struct chimera_account_mark from,
                                        struct chimera_account_mark to)
{
    if (account) {
        account->bytes -= to.bytes - from.bytes;
        account->owed_ns -= to.owed_ns - from.owed_ns;
    }
}

#endif
