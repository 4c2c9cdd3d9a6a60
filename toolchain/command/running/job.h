/* SPDX-License-Identifier: Apache-2.0 */
/* job.h - what `run` and `bench` are told to do: definitions, of which each becomes something that
 * can be asked, and the requests for all of them.
 *
 * A policy that cannot be opened is told before any of them answers, and a request that cannot be
 * read before anything is built. One thread.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_JOB_H
#define CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_JOB_H

#include "toolchain/command/request/requests.h"
#include "toolchain/command/running/runner.h"

struct job {
    const struct chimera_cli_options *options; /* borrowed */
    struct definitions definitions;            /* owned, like all that follows */
    struct runner runner;
    struct runnable *runnables;   /* one a definition */
    struct request_files files;   /* as they were read */
    struct requests reviews, raw; /* what they are to most policies, and to raw ones */
    bool has_reviews, has_raw;    /* that is known */
    struct chimera_arena arena;   /* of one request and its answer */
};

/* Are we called so? Then all is as kwctl has it. */
bool job_is_kwctl(const struct chimera_cli_options *options);

/* May --request-path be given so? Called kwctl, once only. False after it has told the user:
 * EXIT_USAGE. */
bool job_check_line(const struct chimera_cli_options *options);

/* By the options of run_options.h. In any case the caller ends *ret_job with job_done(). */
int job_init(const struct chimera_cli_options *options, struct job *ret_job,
             struct chimera_error *err);
void job_done(struct job *job);

/* The requests for the policy of number `index`; borrowed. */
int job_requests(struct job *job, size_t index, const struct requests **ret_requests,
                 struct chimera_error *err);
/* Makes that policy ready to be asked. */
int job_start(struct job *job, size_t index, struct chimera_error *err);
/* Reads a request as that policy wants it, and empties the arena, in which it is, before that. */
int job_read(struct job *job, size_t index, const struct request_text *text,
             struct chimera_request *ret_request, struct chimera_error *err);

#endif
