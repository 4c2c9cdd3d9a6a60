/* SPDX-License-Identifier: Apache-2.0 */
/* timing.h - `run --time`: how long each step took, in lines on standard error. All times are in
 * nanoseconds of CLOCK_MONOTONIC; those of processors of this thread. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_RUNNING_TIMING_H
#define CHIMERA_TOOLCHAIN_COMMAND_RUNNING_TIMING_H

#include "toolchain/command/running/runner.h"

struct timing {
    bool is_wanted;
    uint64_t began, cpu_began;
    uint64_t ready, instance, settings, nanoseconds; /* the last: of the last evaluation */
    const struct runner *runner;
    const struct runnable *runnable;
    const char *policy;
    bool is_warm; /* an evaluation was there before, on the same instance */
};

/* Before each step; the next of these is behind it. */
void timing_begin(struct timing *timing);
/* The plugin is there. Makes the instances, which would be made by the first question. */
void timing_ready(struct timing *timing, const struct runner *runner,
                  const struct runnable *runnable, const char *policy);
void timing_settings(struct timing *timing);
void timing_evaluation(struct timing *timing, const struct runnable *runnable, const char *request);

#endif
