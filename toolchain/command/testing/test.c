/* SPDX-License-Identifier: Apache-2.0 */
/* test.c - `chimera test`: files of requests, and what policies are to say to them
 * (docs/user/test.md). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/json/tree.h"
#include "runtime/text/problems.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/request/requests.h"
#include "toolchain/command/running/runner.h"
#include "toolchain/command/shared_cache.h"
#include "toolchain/command/testing/cases.h"
#include "toolchain/command/testing/judge.h"
#include "toolchain/command/verdict/report.h"

#define REASON_MAX ((size_t)1 << 20)
/* How many policies stay started while a file is played: cases that differ in their settings are
 * policies of their own, and an instance holds some of what a process may map. */
#define SUBJECTS_MAX 8

/* A policy with settings, started once for all the cases that want it. */
struct subject {
    const struct test_case *test; /* the first of them; NULL: the place is free */
    struct definitions definitions;
    struct runnable runnable;
    bool is_valid;
    struct chimera_slice message; /* why the settings are not; in the arena */
    struct chimera_arena arena;
};

struct player {
    const struct chimera_cli_options *options;
    struct runner runner;
    struct test_defaults defaults;
    struct test_report report;
    struct subject subjects[SUBJECTS_MAX];
    size_t next; /* of them the one that has to go */
    struct chimera_arena arena;
    bool is_unread; /* a file of cases could not be read */
    size_t left_out;
};

/* --- Policies --- */

static void end_subject(struct subject *subject)
{
    if (!subject->test)
        return;
    runnable_done(&subject->runnable);
    definitions_done(&subject->definitions);
    chimera_arena_free(&subject->arena);
    *subject = (struct subject){0};
}

static int define_module(const struct test_case *test, struct definitions *definitions,
                         struct chimera_error *err)
{
    struct definition *definition = calloc(1, sizeof(*definition));
    definitions->list = definition;
    if (!definition)
        return chimera_fail_memory(err);
    definitions->count = 1;
    *definition = (struct definition){.id = strdup(DEFINITION_OWN_ID),
                                      .allowed_to_mutate = true,
                                      .member = calloc(1, sizeof(*definition->member))};
    if (!definition->id || !definition->member)
        return chimera_fail_memory(err);
    definition->count = 1;
    *definition->member = (struct definition_member){
        .name = strdup(""), .module = strdup(test->policy), .settings = strdup(test->settings)};
    if (!definition->member->name || !definition->member->module || !definition->member->settings)
        return chimera_fail_memory(err);
    return CHIMERA_OK;
}

static int define_one_of_set(const struct test_case *test, struct definitions *definitions,
                             struct chimera_error *err)
{
    int code = definitions_read(test->policy, definitions, err);
    if (code < 0)
        return code;
    if (definitions->count != 1)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "%s: a case needs one policy, and there are %zu in it: name one of "
                            "them behind it, as in `%s#%s`",
                            test->policy, definitions->count, test->policy,
                            definitions->list[0].id);
    if (test->has_settings)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "%s: the settings are those of the file; the case may have none",
                            test->policy);
    return CHIMERA_OK;
}

static int start_subject(struct player *player, const struct test_case *test,
                         struct subject *subject, struct chimera_error *err)
{
    bool is_set = definitions_is_set(test->policy);
    subject->test = test;
    chimera_arena_init(&subject->arena, RUNNER_ARENA_MAX);
    player->runner.asked_mode = is_set ? CHIMERA_MODE_NONE : test->mode;
    int code = is_set ? define_one_of_set(test, &subject->definitions, err)
                      : define_module(test, &subject->definitions, err);
    if (code == CHIMERA_OK)
        code = runnable_open(&player->runner, subject->definitions.list, &subject->runnable, err);
    if (code == CHIMERA_OK)
        code = runnable_start(&player->runner, &subject->runnable, err);
    if (code == CHIMERA_OK)
        code = runnable_check_settings(&subject->runnable, &subject->arena, &subject->is_valid,
                                       &subject->message, err);
    return code;
}

static int find_subject(struct player *player, const struct test_case *test,
                        const struct subject **ret_subject, struct chimera_error *err)
{
    for (size_t i = 0; i < SUBJECTS_MAX; i++) {
        const struct test_case *a = player->subjects[i].test;
        if (player->subjects[i].test && a->mode == test->mode &&
            strcmp(a->policy, test->policy) == 0 && strcmp(a->settings, test->settings) == 0) {
            *ret_subject = &player->subjects[i];
            return CHIMERA_OK;
        }
    }
    struct subject *subject = &player->subjects[player->next];
    player->next = (player->next + 1) % SUBJECTS_MAX;
    end_subject(subject);
    int code = start_subject(player, test, subject, err);
    if (code < 0)
        end_subject(subject);
    else
        *ret_subject = subject;
    return code;
}

/* --- Requests --- */

/* As `run` takes it: an object becomes the review of its CREATE. */
static int make_request(const struct test_case *test, bool is_raw, struct request_files *files,
                        struct requests *requests, struct chimera_error *err)
{
    if (test->inlined && is_raw)
        return requests_add_raw(test->inlined, test->name, requests, err);
    if (test->inlined)
        return requests_add_tree(test->inlined, test->name, requests, err);
    int code = request_files_read(test->request, files, err);
    if (code == CHIMERA_OK)
        code = requests_make(files, is_raw ? REQUESTS_RAW : REQUESTS_REVIEWS, requests, err);
    if (code == CHIMERA_OK && requests->count > 1)
        code = chimera_fail(err, CHIMERA_EINVAL, "%s: a case has one request, and these are %zu",
                            test->request, requests->count);
    return code;
}

/* --- Cases --- */

static int ask(struct player *player, const struct test_case *test, const struct subject *subject,
               struct chimera_buffer *wrong, struct chimera_error *err)
{
    const struct runnable *runnable = &subject->runnable;
    struct chimera_request request;
    struct chimera_response response = {0};
    struct request_files files = {0};
    struct requests requests;
    bool is_raw = test->is_raw || runnable_is_raw(runnable);
    requests_init(&requests);
    int code = make_request(test, is_raw, &files, &requests, err);
    if (code == CHIMERA_OK)
        code = chimera_request_parse_file(chimera_buffer_slice(&requests.list[0].json), is_raw,
                                          &player->arena, &request, err);
    if (code == CHIMERA_OK)
        code = runnable_evaluate(runnable, &request, &player->arena, &response, err);
    if (code == CHIMERA_OK) {
        runnable_handle(runnable, &player->arena, &response);
        test_judge_response(test->want, &request, &response, wrong);
    }
    requests_done(&requests);
    request_files_done(&files);
    return code;
}

static int judge(struct player *player, const struct test_case *test, struct chimera_buffer *wrong,
                 struct chimera_error *err)
{
    const struct subject *subject = NULL;
    int code = find_subject(player, test, &subject, err);
    if (code < 0)
        return code;
    if (test_wants_settings(test->want)) {
        test_judge_settings(test->want, subject->is_valid, subject->message, wrong);
        return CHIMERA_OK;
    }
    const struct chimera_slice message =
        subject->message.size ? subject->message : CHIMERA_SLICE(RUNNABLE_NO_REASON);
    if (!subject->is_valid)
        return chimera_fail(err, CHIMERA_EGUEST, "Provided settings are not valid: %.*s",
                            (int)message.size, message.data);
    return ask(player, test, subject, wrong, err);
}

/* --- Files --- */

static void say(void *context, const char *line)
{
    (void)context;
    say_error("%s", line);
}

static void play_cases(struct player *player, const struct test_file *file)
{
    test_report_begin(&player->report, file->path);
    for (size_t i = 0; i < file->count; i++) {
        const char *only = chimera_cli_value(player->options, "only");
        if (!only || strstr(file->list[i].name, only) || strstr(file->path, only)) {
            struct chimera_error err = {0};
            struct chimera_buffer wrong;
            uint64_t began = chimera_clock_ns();
            chimera_buffer_init(&wrong, REASON_MAX);
            chimera_arena_reset(&player->arena);
            int code = judge(player, &file->list[i], &wrong, &err);
            enum test_outcome outcome = code < 0         ? TEST_ERROR
                                        : wrong.size > 0 ? TEST_FAILED
                                                         : TEST_PASSED;
            test_report_case(&player->report, file->list[i].name, outcome,
                             code < 0 ? chimera_slice_of(err.text) : chimera_buffer_slice(&wrong),
                             chimera_clock_ns() - began);
            chimera_buffer_free(&wrong);
        } else
            player->left_out++;
    }
    test_report_end(&player->report);
    for (size_t i = 0; i < SUBJECTS_MAX; i++)
        end_subject(&player->subjects[i]);
}

static void play_file(struct player *player, const char *path)
{
    struct test_file file;
    struct chimera_buffer details;
    struct chimera_error err = {.details = &details};
    chimera_buffer_init(&details, CHIMERA_DETAILS_MAX);
    if (test_file_read(path, &player->defaults, &file, &err) == CHIMERA_OK) {
        play_cases(player, &file);
    } else {
        fflush(stdout);
        chimera_error_each(&err, say, NULL);
        test_report_unread(&player->report, path, &err);
        player->is_unread = true;
    }
    test_file_done(&file);
    chimera_buffer_free(&details);
}

static int play(struct player *player, struct chimera_error *err)
{
    static const char *const here[] = {"."};
    const struct chimera_cli_options *options = player->options;
    const char *junit = chimera_cli_value(options, "junit");
    struct test_paths paths = {0};
    int code = options->argument_count > 0
                   ? test_paths_find(options->arguments, options->argument_count, &paths, err)
                   : test_paths_find(here, 1, &paths, err);
    for (size_t i = 0; i < paths.count && code == CHIMERA_OK; i++)
        play_file(player, paths.list[i]);
    test_paths_done(&paths);
    if (code == CHIMERA_OK && junit)
        code = test_report_write(&player->report, junit, err);
    return code;
}

static int run_test(const struct chimera_cli_options *options)
{
    struct player player = {.options = options};
    struct chimera_error err = {0};
    test_report_init(&player.report, chimera_cli_is_given(options, "junit"));
    player.report.is_colourful = say_in_colour(STDOUT_FILENO);
    player.report.is_quiet = option_quiet(options);
    chimera_arena_init(&player.arena, RUNNER_ARENA_MAX);
    int code = runner_init(options, &player.runner, &err);
    player.defaults = (struct test_defaults){.policy = chimera_cli_value(options, "policy"),
                                             .mode = player.runner.asked_mode};
    if (code == CHIMERA_OK)
        code = play(&player, &err);
    const struct test_report *report = &player.report;
    size_t count = report->passed + report->failed + report->errors;
    if (code < 0)
        say_error("%s", err.text);
    else if (count == 0 && !player.is_unread)
        say_error("no case was played: %zu are left out by --only", player.left_out);
    if (count > 0)
        test_report_sum(report);
    int exit = code < 0 || player.is_unread || count == 0 ? EXIT_USAGE
               : report->failed + report->errors > 0      ? EXIT_FAILED
                                                          : EXIT_GOOD;
    runner_done(&player.runner);
    test_report_done(&player.report);
    chimera_arena_free(&player.arena);
    return exit;
}

static const struct chimera_cli_option test_options[] = {
    {.name = "policy",
     .letter = 'p',
     .kind = CHIMERA_CLI_VALUE,
     .value = "POLICY",
     .help = "The policy of files of cases that name none, as `run` takes it"},
    {.name = "only",
     .kind = CHIMERA_CLI_VALUE,
     .value = "TEXT",
     .help = "Only the cases that have the text in their name or in their file's path"},
    {.name = "junit",
     .kind = CHIMERA_CLI_VALUE,
     .value = "FILE",
     .help = "Write the results to a file as JUnit's XML, too"},
    {.name = "quiet", .letter = 'q', .help = "Print only the cases that do not pass, and the sum"},
    OPTION_EXECUTION_MODE,
    OPTION_HOST_CAPABILITIES,
    OPTION_TIME_LIMIT,
    OPTION_MEMORY_LIMIT,
    OPTION_OMIT_MANAGED_FIELDS,
    OPTION_TIER,
    SHARED_CACHE_FLAGS,
    OPTION_NO_CACHE,
    FETCH_FLAGS,
    FETCH_FLAGS_OF_OPA,
    {0},
};

static const struct chimera_cli_argument test_arguments[] = {
    {.name = "PATH",
     .is_many = true,
     .help = "Files of cases, and folders in which, and below which, files are called cases.yaml "
             "or NAME.cases.yaml (or .yml, .json); the current folder without this argument"},
    {0},
};

const struct chimera_cli_command command_test = {
    .name = "test",
    .about = "Try policies on files of requests with the verdicts that are expected",
    .description =
        "Each case has a request, settings if it wants some, and what the answer must have: the "
        "verdict, the message, the change; or that the settings are refused. A policy is built "
        "and started once for all the cases of a file that share its settings.\n"
        "The exit code is 0 when all cases pass, 1 when one does not, and 2 when a file of cases "
        "cannot be read, or there is none.",
    .options = test_options,
    .arguments = test_arguments,
    .run = run_test,
};
