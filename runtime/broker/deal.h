/* SPDX-License-Identifier: Apache-2.0 */
/* deal.h - the parent's side of the broker: lines between it and those who have guests.
 *
 * Whoever has guests gets one end of a *supply* when it is made; the other end stays here, and each
 * time that a broker was started, lines to it are sent along. Nobody connects to anything.
 */
#ifndef CHIMERA_BROKER_DEAL_H
#define CHIMERA_BROKER_DEAL_H

#include "runtime/broker/message.h"

struct chimera_broker_ends {     /* of one broker's life; -1: none */
    int control, broker_control; /* ours; the broker's, until it is forked */
    int versions;
};
#define CHIMERA_BROKER_NO_ENDS ((struct chimera_broker_ends){-1, -1, -1})

int chimera_broker_ends_make(struct chimera_broker_ends *ends, struct chimera_error *err);
/* The broker is gone, or will be: whoever has answers of its knows it from here on. */
void chimera_broker_ends_close(struct chimera_broker_ends *ends);

/* [0] is for whoever has guests, [1] stays. */
int chimera_broker_supply_make(int ret_supply[2], struct chimera_error *err);

/* Sends lines to both. */
int chimera_broker_deal(const struct chimera_broker_ends *ends, int supply,
                        struct chimera_error *err);

#endif
