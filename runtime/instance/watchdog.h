/* SPDX-License-Identifier: Apache-2.0 */
/* watchdog.h - deadlines without instrumentation (runtime-performance.md §5.2).
 *
 * Each thread that runs guests has one `struct chimera_run`, which it arms with plain stores. One
 * watchdog thread looks at all of them, and signals a thread whose deadline has passed; the handler
 * (fault.c) leaves the guest if it finds it running, or marks the run as pending if it finds host
 * code, and the watchdog asks again every millisecond. It sleeps until the first deadline that can
 * be due, so an idle process wakes once a second.
 */
#ifndef CHIMERA_WATCHDOG_H
#define CHIMERA_WATCHDOG_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CHIMERA_NO_DEADLINE UINT64_MAX

/* Ignored by default, so that a late one is harmless. */
#define CHIMERA_DEADLINE_SIGNAL SIGURG

struct chimera_guest;

struct chimera_run {
    /* Odd while armed. Partner: the watchdog copies it to `kill` before it signals, so that a late
     * signal cannot hit the next run. */
    _Atomic uint64_t sequence;
    _Atomic uint64_t kill;
    _Atomic uint64_t deadline_ns; /* CLOCK_MONOTONIC; written by the thread, read by the watchdog */
    _Atomic bool is_pending; /* the deadline struck in host code; the handler is this thread's */
    struct chimera_guest *volatile guest; /* whose guest runs on this thread now, else NULL */
    pid_t thread;
    uint64_t id;              /* never given to another thread of the process */
    struct chimera_run *next; /* the watchdog's list; under its lock */
};

/* The calling thread's run, made on first use together with its signal stack; NULL when memory ran
 * out. It ends with the thread. */
struct chimera_run *chimera_run_of_thread(void);

/* The same without making one: safe in a signal handler. */
struct chimera_run *chimera_run_of_handler(void);

void chimera_run_arm(struct chimera_run *run, uint32_t limit_ms); /* 0: no deadline */
void chimera_run_disarm(struct chimera_run *run);

/* True when the deadline of an armed run has passed and the watchdog has noticed. */
bool chimera_run_is_due(const struct chimera_run *run);

/* What the watchdog has done, for tests: lateness depends on the machine, this does not. */
struct chimera_watchdog_counters {
    uint64_t rounds;   /* looks at all runs */
    uint64_t woken;    /* of which it did not sleep to the end before */
    uint64_t next_ns;  /* until when it sleeps now; CLOCK_MONOTONIC */
    uint64_t sleep_ns; /* and how long that was when it decided so */
};
void chimera_watchdog_counters(struct chimera_watchdog_counters *ret_counters);

#endif
