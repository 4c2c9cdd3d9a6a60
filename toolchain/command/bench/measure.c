/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/measure.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "toolchain/command/bench/counting.h"
#include "toolchain/command/bench/native.h"
#include "toolchain/command/bench/point.h"
#include "toolchain/command/bench/profile.h"
#include "toolchain/command/bench/report/json.h"
#include "toolchain/command/commands.h"

#define GROUP_TEXT_MAX ((size_t)64 << 10)

struct measurer {
    struct bench_set *set;
    struct bench_measuring measuring;
    struct runner runner;
    struct bench_counting counting;
    struct bench_profile profile;
    enum chimera_mode asked_mode; /* by the command line */
    struct bench_run *run;
    struct chimera_progress progress;
};

struct measured { /* the policy that is on */
    const struct bench_subject *subject;
    struct runnable runnable;
    struct bench_asker asker;
    struct bench_times settings;
    bool is_raw;
};

/* --- Points --- */

static struct bench_point *add_point(struct bench_run *run, const struct bench_subject *subject,
                                     const char *request, struct chimera_error *err)
{
    struct bench_point *more = NULL;
    if (run->count < BENCH_POINTS_MAX)
        more = reallocarray(run->point, run->count + 1, sizeof(*more));
    if (!more) {
        chimera_fail(err, CHIMERA_ELIMIT, "no memory for so many policies and requests");
        return NULL;
    }
    run->point = more;
    struct bench_point *point = &more[run->count++];
    *point = (struct bench_point){.policy = strdup(subject->name), .request = strdup(request)};
    if (point->policy && point->request)
        return point;
    chimera_fail_memory(err);
    return NULL;
}

/* Of this pair nothing is known but why. */
static int fail_point(struct bench_run *run, const struct bench_subject *subject,
                      const char *request, const char *why, struct chimera_error *err)
{
    struct bench_point *point = add_point(run, subject, request, err);
    if (!point)
        return CHIMERA_ELIMIT;
    point->failure = strdup(why);
    if (!point->failure)
        return chimera_fail_memory(err);
    say_error("%s%s%s: %s", point->policy, *request ? " on " : "", request, why);
    return CHIMERA_OK;
}

/* What failed half-way keeps its names alone. */
static void empty_point(struct bench_point *point, const char *why)
{
    struct bench_point names = {.policy = point->policy,
                                .module = point->module,
                                .mode = point->mode,
                                .tier = point->tier,
                                .request = point->request,
                                .failure = strdup(why)};
    memcpy(names.wasm_digest, point->wasm_digest, sizeof(names.wasm_digest));
    free(point->message);
    free(point->histogram);
    free(point->samples);
    *point = names;
}

/* --- Names --- */

static char *list_modules(const struct runnable *runnable)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, GROUP_TEXT_MAX);
    for (size_t i = 0; i < runnable->definition->count; i++)
        chimera_buffer_print(&text, "%s%s", i > 0 ? ", " : "", runnable->module[i].uri);
    chimera_buffer_byte(&text, 0);
    char *copy = text.failed ? NULL : strdup(text.data);
    chimera_buffer_free(&text);
    return copy;
}

static int name_point(struct bench_run *run, const struct measured *measured,
                      struct bench_point *point, struct chimera_error *err)
{
    const struct chimera_loaded *first = measured->runnable.loaded[0];
    point->module = list_modules(&measured->runnable);
    point->settings = measured->settings;
    if (!point->module)
        return chimera_fail_memory(err);
    if (!first)
        return CHIMERA_OK;
    if (!run->toolchain && first->manifest.toolchain &&
        !(run->toolchain = strdup(first->manifest.toolchain)))
        return chimera_fail_memory(err);
    point->mode = chimera_mode_name(first->manifest.mode);
    point->tier = chimera_tier_name(first->manifest.tier);
    if (!measured->runnable.definition->expression)
        chimera_digest_hex(&first->manifest.wasm, point->wasm_digest);
    return CHIMERA_OK;
}

/* --- One policy --- */

static int measure_request(struct measurer *measurer, struct measured *measured,
                           const struct request_text *text, struct chimera_error *err)
{
    struct chimera_error why = {0};
    struct bench_point *point = add_point(measurer->run, measured->subject, text->name, err);
    if (!point)
        return CHIMERA_ELIMIT;
    int code = name_point(measurer->run, measured, point, &why);
    if (code == CHIMERA_OK)
        code = bench_asker_take(&measured->asker, text, measured->is_raw, &why);
    if (code == CHIMERA_OK)
        code = bench_point_measure(&measurer->measuring, &measured->asker, point, &why);
    if (code == CHIMERA_OK)
        code = bench_counting_take(&measurer->counting, text, measured->is_raw, point, &why);
    chimera_progress_clear(&measurer->progress);
    if (code == CHIMERA_ENOMEM)
        return chimera_fail_memory(err);
    if (code < 0) {
        empty_point(point, why.text);
        say_error("%s on %s: %s", point->policy, point->request, why.text);
    } else if (point->verdict == BENCH_FAILED) {
        say_warning("%s fails on %s: %s", point->policy, point->request,
                    point->message ? point->message : "");
    }
    return code < 0 ? CHIMERA_OK
                    : bench_profile_take(&measurer->profile, text, measured->is_raw,
                                         measured->subject->name, err);
}

static int measure_file(struct measurer *measurer, struct measured *measured,
                        const struct bench_request_file *file, struct chimera_error *err)
{
    const char *failure = NULL;
    const struct requests *requests = bench_set_requests(file, measured->is_raw, &failure);
    int code = CHIMERA_OK;
    if (!requests)
        return fail_point(measurer->run, measured->subject, file->file.name, failure, err);
    for (size_t i = 0; i < requests->count && code == CHIMERA_OK && !bench_interrupted; i++)
        code = measure_request(measurer, measured, &requests->list[i], err);
    return code;
}

static int measure_files(struct measurer *measurer, struct measured *measured,
                         struct chimera_error *err)
{
    const struct bench_set *set = measurer->set;
    int code = CHIMERA_OK;
    for (size_t i = 0; i < set->file_count && code == CHIMERA_OK && !bench_interrupted; i++)
        code = measure_file(measurer, measured, &set->files[i], err);
    return code;
}

/* Up to where it can be asked. */
static int start(struct measurer *measurer, struct measured *measured, struct chimera_error *err)
{
    struct runnable *runnable = &measured->runnable;
    measurer->runner.asked_mode =
        measured->subject->is_of_set ? CHIMERA_MODE_NONE : measurer->asked_mode;
    int code = runnable_open(&measurer->runner, measured->subject->definition, runnable, err);
    if (code == CHIMERA_OK)
        code = runnable_start(&measurer->runner, runnable, err);
    if (code == CHIMERA_OK)
        code = bench_asker_open(runnable, measurer->runner.lanes, &measured->asker, err);
    if (code == CHIMERA_OK)
        code = bench_asker_check_settings(&measured->asker, err);
    if (code == CHIMERA_OK)
        code =
            bench_point_settings(&measurer->measuring, &measured->asker, &measured->settings, err);
    measured->is_raw = code == CHIMERA_OK && (chimera_cli_is_given(measurer->set->options, "raw") ||
                                              runnable_is_raw(runnable));
    return code;
}

static int measure_started(struct measurer *measurer, struct measured *measured,
                           struct chimera_error *err)
{
    if (!measured->is_raw)
        bench_set_tell(measurer->set);
    int code = bench_counting_start(&measurer->counting, &measured->runnable,
                                    measurer->runner.asked_mode, err);
    if (code == CHIMERA_OK)
        code = bench_profile_start(&measurer->profile, &measured->runnable,
                                   measurer->runner.asked_mode, err);
    chimera_progress_clear(&measurer->progress);
    bench_loop_listen();
    if (code == CHIMERA_OK)
        code = measure_files(measurer, measured, err);
    bench_counting_end(&measurer->counting);
    bench_profile_end(&measurer->profile);
    if (code == CHIMERA_OK)
        code = runnable_finish(&measurer->runner, &measured->runnable, err);
    return code;
}

static int measure_subject(struct measurer *measurer, const struct bench_subject *subject,
                           struct chimera_error *err)
{
    struct measured measured = {.subject = subject};
    struct chimera_error why = {0};
    if (subject->failure)
        return fail_point(measurer->run, subject, "", subject->failure, err);
    int code = start(measurer, &measured, &why);
    chimera_progress_clear(&measurer->progress);
    if (code == CHIMERA_OK)
        code = measure_started(measurer, &measured, err);
    else if (code == CHIMERA_ENOMEM)
        code = chimera_fail_memory(err);
    else
        code = fail_point(measurer->run, subject, "", why.text, err);
    bench_asker_done(&measured.asker);
    runnable_done(&measured.runnable);
    return code;
}

/* --- All --- */

/* A session of host calls is one after the other. */
static int check_session(const struct measurer *measurer, struct chimera_error *err)
{
    const struct runner *runner = &measurer->runner;
    size_t requests = measurer->set->file_count;
    if (runner->lanes > 1 && (runner->replay || runner->record))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "a session of host calls is one thread's: without --threads");
    if (runner->record && (measurer->set->subject_count > 1 || requests > 1))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "--record-host-capabilities-interactions writes the session of one "
                            "policy and one request, and there are %zu and %zu",
                            measurer->set->subject_count, requests);
    return CHIMERA_OK;
}

static int open_measurer(struct bench_set *set, const struct bench_workload *workload,
                         struct bench_run *run, struct measurer *measurer,
                         struct chimera_error *err)
{
    char why[200] = "";
    *measurer = (struct measurer){
        .set = set,
        .run = run,
        .measuring = {.workload = workload, .progress = &measurer->progress, .native = -1}};
    chimera_progress_init(&measurer->progress, say_level() == SAY_QUIET ? -1 : STDERR_FILENO);
    measurer->measuring.timed = calloc(1, sizeof(*measurer->measuring.timed));
    if (!measurer->measuring.timed)
        return chimera_fail_memory(err);
    int code = runner_init(set->options, &measurer->runner, err);
    measurer->asked_mode = measurer->runner.asked_mode;
    measurer->runner.wants_full = true;
    measurer->runner.tells_wait = true;
    measurer->runner.lanes = (unsigned)workload->threads;
    if (code == CHIMERA_OK)
        code = check_session(measurer, err);
    if (code == CHIMERA_OK)
        code = bench_counting_open(set->options, &measurer->counting, err);
    if (code == CHIMERA_OK)
        code = bench_profile_open(set->options, &measurer->profile, err);
    if (code < 0)
        return code;
    measurer->measuring.native = bench_native_open(why);
    if (*why && !(run->native_obstacle = strdup(why)))
        return chimera_fail_memory(err);
    run->overhead = bench_loop_overhead(measurer->measuring.timed);
    return CHIMERA_OK;
}

int bench_measure(struct bench_set *set, const struct bench_workload *workload,
                  struct bench_run *run, struct chimera_error *err)
{
    struct measurer measurer;
    int code = open_measurer(set, workload, run, &measurer, err);
    for (size_t i = 0; i < set->subject_count && code == CHIMERA_OK && !bench_interrupted; i++) {
        chimera_progress_begin(&measurer.progress, set->subjects[i].name, i + 1,
                               set->subject_count);
        code = measure_subject(&measurer, &set->subjects[i], err);
        chimera_progress_end(&measurer.progress, NULL);
    }
    run->is_interrupted = bench_interrupted;
    run->count_obstacle = measurer.counting.obstacle;
    measurer.counting.obstacle = NULL;
    bench_counting_done(&measurer.counting);
    bench_profile_done(&measurer.profile);
    if (measurer.measuring.native >= 0)
        close(measurer.measuring.native);
    free(measurer.measuring.timed);
    runner_done(&measurer.runner);
    return code;
}
