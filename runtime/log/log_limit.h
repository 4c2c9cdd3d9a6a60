/* SPDX-License-Identifier: Apache-2.0 */
/* log_limit.h - how much a policy may write into the log.
 *
 * A bucket of lines and one of bytes for each policy, which fill at a rate and hold two seconds of
 * it. A policy that empties one is silent for a second, so that the log tells once that its lines
 * are dropped, and once how many were. What a policy says and what is said about it have buckets of
 * their own, so that none can hide by shouting. Any thread, without locks; the memory is fixed.
 */
#ifndef CHIMERA_LOG_LOG_LIMIT_H
#define CHIMERA_LOG_LOG_LIMIT_H

#include <stdint.h>

#include "runtime/base/slice.h"

#define CHIMERA_LOG_LINE_SHARE 1024 /* bytes for each line of the rate */

/* Lines a second; 0: no limit, as at the start of a program. Before other threads are there. */
void chimera_log_limit_set(unsigned lines_per_s);

/* Called for each line that is dropped; NULL: nobody counts. Set before threads are there. */
extern void (*chimera_log_limit_count)(struct chimera_slice policy_id);

enum chimera_log_speaker { CHIMERA_LOG_OF_POLICY, CHIMERA_LOG_ABOUT_POLICY };

struct chimera_log_permit {
    bool is_given;
    bool begins;   /* it is the first one that is refused */
    uint64_t lost; /* so many were refused before this one, which is given */
};
/* For one line with so many bytes of text. */
struct chimera_log_permit chimera_log_limit_ask(struct chimera_slice policy_id,
                                                enum chimera_log_speaker speaker, size_t bytes,
                                                uint64_t now_ns);

/* Has `tell` log how many lines were dropped of policies that have been silent since. `is_end`: of
 * all. True when there are policies to be asked about later. */
bool chimera_log_limit_settle(bool is_end,
                              void (*tell)(struct chimera_slice policy_id, uint64_t lines));

#endif
