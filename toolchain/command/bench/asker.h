/* SPDX-License-Identifier: Apache-2.0 */
/* asker.h - a policy and a request, ready to be put together again and again by some threads. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_ASKER_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_ASKER_H

#include "toolchain/command/request/requests.h"
#include "toolchain/command/running/runner.h"

struct bench_lane {             /* what one thread has to itself */
    struct chimera_arena arena; /* of an evaluation */
    struct chimera_arena held;  /* what the request lies in */
    struct chimera_request request;
};

struct bench_asker {
    const struct runnable *runnable; /* borrowed */
    struct bench_lane **lanes;       /* owned, each */
    unsigned count;
    size_t session_at; /* where its session of host calls stands before an evaluation */
};

/* The runnable is started, with so many lanes. In any case the caller ends *ret_asker with
 * bench_asker_done(). */
int bench_asker_open(const struct runnable *runnable, unsigned lanes, struct bench_asker *ret_asker,
                     struct chimera_error *err);
/* From now on it is this request. */
int bench_asker_take(struct bench_asker *asker, const struct request_text *text, bool is_raw,
                     struct chimera_error *err);
void bench_asker_done(struct bench_asker *asker);

/* Turns of a loop (loop.h), whose context the asker is: an evaluation, and a check of the settings,
 * on lane 0. What they answer is gone at the next. */
int bench_ask(void *asker, unsigned lane, struct chimera_error *err);
int bench_ask_settings(void *asker, unsigned lane, struct chimera_error *err);

/* The settings are as the policy wants them; behind it `session_at` is set. */
int bench_asker_check_settings(struct bench_asker *asker, struct chimera_error *err);
/* An evaluation on lane 0, whose response is good until the next. */
int bench_ask_once(struct bench_asker *asker, struct chimera_response *ret_response,
                   struct chimera_error *err);

#endif
