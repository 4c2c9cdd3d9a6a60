/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/instance/stop.h"

#include <stdio.h>

void chimera_guest_limit_text(const struct chimera_guest *guest,
                              char ret_text[CHIMERA_LIMIT_TEXT_BYTES])
{
    snprintf(ret_text, CHIMERA_LIMIT_TEXT_BYTES,
             "the policy's memory limit of %llu MiB is reached: " CHIMERA_LIMIT_ADVICE,
             (unsigned long long)(guest->memory_limit >> 20));
}

const char *chimera_guest_stop_text(const struct chimera_guest *guest)
{
    if (guest->stop == CHIMERA_STOP_DEADLINE)
        return "guest code interrupted, execution deadline exceeded";
    if (guest->stop == CHIMERA_STOP_EXIT)
        return "the policy called proc_exit";
    if (guest->stop == CHIMERA_STOP_TRAP && guest->stop_text[0])
        return guest->stop_text;
    switch (guest->trap) {
#define X(name, number, text) \
    case CHIMERA_TRAP_##name: \
        return text;
        CHIMERA_TRAP_MAP(X)
#undef X
    }
    return "unknown trap";
}
