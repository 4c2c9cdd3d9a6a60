/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/running/timing.h"

#include <stdio.h>
#include <time.h>

#include "runtime/base/clock.h"
#include "runtime/text/printable.h"

/* A result and no note: --quiet, which keeps results, keeps it. */
#define SAY(format, ...) chimera_printable_say(stderr, NULL, "Time: " format, __VA_ARGS__)

static uint64_t cpu_ns(void)
{
    struct timespec time = {0};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static double ms(uint64_t nanoseconds)
{
    return (double)nanoseconds / 1e6;
}

void timing_begin(struct timing *timing)
{
    timing->cpu_began = cpu_ns();
    timing->began = chimera_clock_ns();
}

void timing_ready(struct timing *timing, const struct runner *runner,
                  const struct runnable *runnable, const char *policy)
{
    timing->ready = chimera_clock_ns() - timing->began;
    timing->is_warm = false;
    timing->policy = policy;
    timing->runner = runner;
    timing->runnable = runnable;
    if (!timing->is_wanted)
        return;
    timing_begin(timing);
    for (size_t i = 0; i < runnable->definition->count; i++)
        if (runnable->policy[i]) /* what fails here fails again, and is told then */
            chimera_policy_warm(runnable->policy[i], 0, NULL);
    timing->instance = chimera_clock_ns() - timing->began;
    timing_begin(timing);
}

static const char *origin(const struct timing *timing)
{
    return timing->runnable->module->is_plugin ? "a plugin as it was"
           : timing->runner->has_built         ? "built now"
                                               : "from the cache";
}

void timing_settings(struct timing *timing)
{
    timing->settings = chimera_clock_ns() - timing->began;
    if (!timing->is_wanted || !timing->runnable->policy[0])
        return;
    SAY("%s: plugin %.3f ms (%s, %s tier), instance %.3f ms, settings %.3f ms", timing->policy,
        ms(timing->ready), origin(timing), chimera_tier_name(timing->runnable->tier),
        ms(timing->instance), ms(timing->settings));
}

void timing_evaluation(struct timing *timing, const struct runnable *runnable, const char *request)
{
    uint64_t cpu = cpu_ns() - timing->cpu_began;
    struct chimera_run_report report = {0};
    char pages[64] = "";
    timing->nanoseconds = chimera_clock_ns() - timing->began;
    if (!timing->is_wanted)
        return;
    if (!runnable->group) { /* of which not every member is asked */
        chimera_policy_last_run(runnable->policy[0], 0, &report);
        snprintf(pages, sizeof(pages), ", %llu pages of 4 KiB written",
                 (unsigned long long)report.pages);
    }
    SAY("%s: evaluation %.3f ms (%s), CPU %.3f ms%s", request, ms(timing->nanoseconds),
        timing->is_warm ? "warm" : "cold: the first on its instance", ms(cpu), pages);
    timing->is_warm = true;
}
