/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp.h - assembles a filter of system calls, and applies it.
 *
 * A filter is put together from the front: the first rule that speaks of a call decides, and
 * chimera_seccomp_end() decides about the rest. Whoever calls by another ABI's numbers (i386, x32)
 * is ended at once. What does not fit is found when the filter is applied, which fails then. Why no
 * library does this: docs/decisions/020-the-filters-are-assembled-here.md. One thread.
 */
#ifndef CHIMERA_CONFINE_SECCOMP_H
#define CHIMERA_CONFINE_SECCOMP_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHIMERA_SECCOMP_MAX 512 /* instructions */

/* Verdicts. */
#define CHIMERA_SECCOMP_ALLOW SECCOMP_RET_ALLOW
#define CHIMERA_SECCOMP_KILL SECCOMP_RET_KILL_PROCESS
#define CHIMERA_SECCOMP_FAIL(number) (SECCOMP_RET_ERRNO | (number))

struct chimera_seccomp_filter {
    struct sock_filter code[CHIMERA_SECCOMP_MAX];
    uint16_t size; /* more than there is room for: it cannot be applied */
};

/* The lower half of an argument, which is all that the kernel reads of an int. */
struct chimera_seccomp_condition {
    int call;
    unsigned argument;    /* from 0 */
    uint32_t mask, value; /* compared: (argument & mask) == value */
    uint32_t if_equal, otherwise;
};

/* Whether filters can be made for this processor. */
bool chimera_seccomp_is_known(void);

void chimera_seccomp_begin(struct chimera_seccomp_filter *filter);

/* For all calls whose number is higher than `newest`. */
void chimera_seccomp_put_newer(struct chimera_seccomp_filter *filter, uint32_t newest,
                               uint32_t verdict);
void chimera_seccomp_put_call(struct chimera_seccomp_filter *filter, int call, uint32_t verdict);
void chimera_seccomp_put_calls(struct chimera_seccomp_filter *filter, const int *calls,
                               size_t count, uint32_t verdict);

/* Returns where the value is, for chimera_seccomp_set_value(). */
uint16_t chimera_seccomp_put_condition(struct chimera_seccomp_filter *filter,
                                       const struct chimera_seccomp_condition *condition);
/* Allows the call when that argument, from 0, is one of the values, at most 100; else it fails with
 * EPERM. The second is for calls that take a command there. */
void chimera_seccomp_put_values(struct chimera_seccomp_filter *filter, int call, unsigned argument,
                                const uint32_t *values, uint8_t count);
void chimera_seccomp_put_commands(struct chimera_seccomp_filter *filter, int call,
                                  const uint32_t *commands, uint8_t count);

/* All other calls. */
void chimera_seccomp_end(struct chimera_seccomp_filter *filter, uint32_t verdict);

/* Of a condition, in a filter that has ended. Async-signal-safe. */
void chimera_seccomp_set_value(struct chimera_seccomp_filter *filter, uint16_t at, uint32_t value);

/* For this thread and what it starts. Needs no_new_privs. Async-signal-safe. False with errno. */
bool chimera_seccomp_enter(struct chimera_seccomp_filter *filter);

/* The same for all threads of the process. 0; -1 with errno (EINVAL, ENOSYS: the kernel has no
 * filters); or the number of a thread that cannot have it, as it has another one. */
long chimera_seccomp_enter_all(struct chimera_seccomp_filter *filter);

#endif
