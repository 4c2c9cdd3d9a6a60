/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/counting.h"

#include <stdlib.h>
#include <string.h>

#include "toolchain/command/bench/fixed.h"
#include "toolchain/command/bench/loop.h"
#include "toolchain/command/bench/phases.h"

/* So often, that a policy whose count varies is known for it. */
#define TIMES 5

int bench_counting_open(const struct chimera_cli_options *options,
                        struct bench_counting *ret_counting, struct chimera_error *err)
{
    *ret_counting = (struct bench_counting){0};
    int code = runner_init(options, &ret_counting->runner, err);
    ret_counting->runner.purpose = CHIMERA_BUILD_TO_COUNT;
    ret_counting->runner.tier = CHIMERA_TIER_ANY; /* they count the same; what is there soonest */
    return code;
}

void bench_counting_done(struct bench_counting *counting)
{
    bench_counting_end(counting);
    runner_done(&counting->runner);
    free(counting->obstacle);
    *counting = (struct bench_counting){0};
}

void bench_counting_end(struct bench_counting *counting)
{
    bench_asker_done(&counting->asker);
    runnable_done(&counting->runnable);
    counting->is_ready = false;
}

static int start(struct bench_counting *counting, const struct runnable *measured,
                 struct chimera_error *err)
{
    struct runner *runner = &counting->runner;
    for (size_t i = 0; i < measured->definition->count; i++)
        if (measured->module[i].is_plugin)
            return chimera_fail(err, CHIMERA_EINVAL,
                                "%.500s is a built plugin, and counting takes its module",
                                measured->module[i].path);
    int code = runnable_open(runner, measured->definition, &counting->runnable, err);
    if (code == CHIMERA_OK)
        code = runnable_start(runner, &counting->runnable, err);
    if (code == CHIMERA_OK)
        code = bench_asker_open(&counting->runnable, 1, &counting->asker, err);
    return code == CHIMERA_OK ? bench_asker_check_settings(&counting->asker, err) : code;
}

int bench_counting_start(struct bench_counting *counting, const struct runnable *measured,
                         enum chimera_mode asked_mode, struct chimera_error *err)
{
    struct chimera_error why = {0};
    counting->runner.asked_mode = asked_mode;
    bench_fix_surroundings(true);
    int code = start(counting, measured, &why);
    bench_fix_surroundings(false);
    counting->is_ready = code == CHIMERA_OK;
    if (code < 0 && !counting->obstacle && !(counting->obstacle = strdup(why.text)))
        return chimera_fail_memory(err);
    return CHIMERA_OK;
}

int bench_counting_take(struct bench_counting *counting, const struct request_text *text,
                        bool is_raw, struct bench_point *point, struct chimera_error *err)
{
    struct bench_phases found;
    int code = CHIMERA_OK;
    if (!counting->is_ready)
        return code;
    code = bench_asker_take(&counting->asker, text, is_raw, err);
    bench_fix_surroundings(true);
    /* What was stopped may have taken all of its time: once tells enough. */
    size_t times = point->verdict == BENCH_FAILED ? 1 : TIMES;
    for (size_t i = 0; i < times && code == CHIMERA_OK && !bench_interrupted; i++) {
        bench_phases_begin();
        code = bench_ask(&counting->asker, 0, err);
        bench_phases_end(&found);
        if (code < 0 || !found.is_counted) /* its instance could not be brought back */
            continue;
        bench_range_add(&point->wasm_instructions, found.wasm_instructions);
        bench_range_add(&point->start_wasm_instructions, found.start_wasm_instructions);
    }
    bench_fix_surroundings(false);
    return code;
}
