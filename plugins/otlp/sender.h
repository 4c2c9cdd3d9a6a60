/* SPDX-License-Identifier: Apache-2.0 */
/* sender.h - one signal's way to its collector: one message at a time, again after a while when it
 * could not be taken, and a word in the log when that begins and when it ends.
 */
#ifndef CHIMERA_OTLP_SENDER_H
#define CHIMERA_OTLP_SENDER_H

#include "plugins/otlp/grpc_call.h"

struct sender {
    const char *what; /* "metrics" */
    struct signal_settings settings;
    struct call call;
    int64_t retry_at_ms; /* 0: nothing waits for a retry */
    int64_t backoff_ms;
    bool is_failing;
};

/* What became of the message that was given last. */
enum sender_state {
    SENDER_IDLE,
    SENDER_BUSY, /* under way, or waiting to be sent again */
};

int sender_open(struct sender *sender, enum signal_kind kind, struct chimera_error *err);
void sender_close(struct sender *sender);
enum sender_state sender_state(const struct sender *sender);

/* Sends a message. False when it is too long. */
bool sender_send(struct sender *sender, CURLM *multi, struct chimera_slice message);

/* The call has ended. REPLY_RETRY: it is sent again by sender_pass_time(), unless sender_give_up()
 * is called. */
enum reply_result sender_ended(struct sender *sender, CURLM *multi, CURLcode result,
                               int64_t now_ms);
void sender_pass_time(struct sender *sender, CURLM *multi, int64_t now_ms);
void sender_give_up(struct sender *sender);

#endif
