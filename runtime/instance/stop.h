/* SPDX-License-Identifier: Apache-2.0 */
/* stop.h - why a guest was left, in words. */
#ifndef CHIMERA_INSTANCE_STOP_H
#define CHIMERA_INSTANCE_STOP_H

#include "runtime/instance/types.h"

/* In messages: how to raise a policy's memory limit. */
#define CHIMERA_LIMIT_ADVICE \
    "see `memoryLimit` of --policy-options and --memory-limit of `chimera run`"

/* By a trap or its deadline: what a stop report is about. */
static inline bool chimera_guest_was_stopped(const struct chimera_guest *guest)
{
    return guest->stop == CHIMERA_STOP_TRAP || guest->stop == CHIMERA_STOP_DEADLINE;
}

/* "out of bounds memory access", … for the last stop; static or inside `guest`. */
const char *chimera_guest_stop_text(const struct chimera_guest *guest);

/* That the memory limit was reached, which it is, and how to raise it. */
void chimera_guest_limit_text(const struct chimera_guest *guest,
                              char ret_text[CHIMERA_LIMIT_TEXT_BYTES]);

#endif
