/* SPDX-License-Identifier: Apache-2.0 */
/* job.h - what a command line of `run` or `bench` asks for: policies, and a request that each of
 * them is to judge (cli-and-distribution.md §1.5).
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_JOB_H
#define CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_JOB_H

#include "toolchain/command/running/runner.h"

struct job {
    const struct chimera_cli_options *options; /* borrowed */
    struct runner runner;
    struct definitions definitions;
    struct runnable *runnables; /* owned; one a definition */
    struct chimera_buffer request_text;
    struct chimera_arena arena; /* of the policy whose turn it is */
};

/* Makes everything ready that needs no compiler. In any case the caller ends *ret_job, which stays
 * where it is, with job_done(). */
int job_init(const struct chimera_cli_options *options, struct job *ret_job,
             struct chimera_error *err);
void job_done(struct job *job);

/* Policy number `index` has its turn: started, its request read into *ret_request; the arena is
 * empty before. */
int job_start(struct job *job, size_t index, struct chimera_request *ret_request,
              struct chimera_error *err);

#endif
