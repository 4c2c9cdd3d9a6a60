/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "toolchain/command/bench/fixed.h"
#include "toolchain/command/bench/profile/profile_files.h"
#include "toolchain/command/commands.h"

int bench_profile_open(const struct chimera_cli_options *options, struct bench_profile *ret_profile,
                       struct chimera_error *err)
{
    *ret_profile = (struct bench_profile){.folder = chimera_cli_value(options, "profile")};
    if (!ret_profile->folder)
        return CHIMERA_OK;
    int code = runner_init(options, &ret_profile->runner, err);
    ret_profile->runner.purpose = CHIMERA_BUILD_TO_PROFILE;
    ret_profile->runner.tier = CHIMERA_TIER_ANY; /* they run the same instructions */
    return code;
}

void bench_profile_done(struct bench_profile *profile)
{
    bench_profile_end(profile);
    if (profile->folder)
        runner_done(&profile->runner);
    *profile = (struct bench_profile){0};
}

void bench_profile_end(struct bench_profile *profile)
{
    for (size_t i = 0; profile->tree && i < profile->runnable.definition->count; i++)
        chimera_profile_free(profile->tree[i]);
    free(profile->tree);
    profile->tree = NULL;
    bench_asker_done(&profile->asker);
    runnable_done(&profile->runnable);
    profile->is_ready = false;
}

static int make_trees(struct bench_profile *profile, struct chimera_error *err)
{
    const struct runnable *runnable = &profile->runnable;
    profile->tree = calloc(runnable->definition->count + 1, sizeof(struct chimera_profile *));
    if (!profile->tree)
        return chimera_fail_memory(err);
    int code = CHIMERA_OK;
    for (size_t i = 0; i < runnable->definition->count && code == CHIMERA_OK; i++)
        code = chimera_profile_new(&profile->tree[i], err);
    return code;
}

static int start(struct bench_profile *profile, const struct runnable *measured,
                 struct chimera_error *err)
{
    struct runner *runner = &profile->runner;
    for (size_t i = 0; i < measured->definition->count; i++)
        if (measured->module[i].is_plugin)
            return chimera_fail(err, CHIMERA_EINVAL,
                                "%.500s is a built plugin, and a profile takes its module",
                                measured->module[i].path);
    int code = runnable_open(runner, measured->definition, &profile->runnable, err);
    if (code == CHIMERA_OK)
        code = runnable_start(runner, &profile->runnable, err);
    if (code == CHIMERA_OK)
        code = bench_asker_open(&profile->runnable, 1, &profile->asker, err);
    if (code == CHIMERA_OK)
        code = bench_asker_check_settings(&profile->asker, err);
    return code == CHIMERA_OK ? make_trees(profile, err) : code;
}

int bench_profile_start(struct bench_profile *profile, const struct runnable *measured,
                        enum chimera_mode asked_mode, struct chimera_error *err)
{
    struct chimera_error why = {0};
    if (!profile->folder)
        return CHIMERA_OK;
    profile->runner.asked_mode = asked_mode;
    bench_fix_surroundings(true);
    int code = start(profile, measured, &why);
    bench_fix_surroundings(false);
    profile->is_ready = code == CHIMERA_OK;
    if (code == CHIMERA_ENOMEM)
        return chimera_fail_memory(err);
    if (code < 0)
        say_warning("there is no profile of %s: %s", measured->definition->id, why.text);
    return CHIMERA_OK;
}

/* One evaluation: another would run the same. */
static int ask(struct bench_profile *profile, struct chimera_error *err)
{
    struct runnable *runnable = &profile->runnable;
    int code = CHIMERA_OK;
    for (size_t i = 0; i < runnable->definition->count && code == CHIMERA_OK; i++) {
        profile->tree[i]->count = 0; /* of a member that is not asked nothing is told */
        code = chimera_policy_profile(runnable->policy[i], 0, profile->tree[i], err);
    }
    return code == CHIMERA_OK ? bench_ask(&profile->asker, 0, err) : code;
}

/* "pod" of "requests/pod.json": the folder is the same for most, and the file is another kind. */
static char *short_name(const char *request)
{
    const char *slash = strrchr(request, '/');
    const char *start = slash && slash[1] ? slash + 1 : request;
    size_t size = strlen(start), suffix = strlen(".json");
    if (size > suffix && strcmp(start + size - suffix, ".json") == 0)
        size -= suffix;
    return strndup(start, size);
}

static int write_member(struct bench_profile *profile, size_t index, const char *policy,
                        const char *request, struct chimera_error *err)
{
    const struct runnable *runnable = &profile->runnable;
    CHIMERA_FREE char *member = NULL;
    CHIMERA_FREE char *picture = NULL;
    CHIMERA_FREE char *name = short_name(request);
    struct stacks stacks;
    bool is_group = runnable->definition->expression;
    if (!name || (is_group && asprintf(&member, "%s-%s", policy, runnable->names[index]) < 0))
        return chimera_fail_memory(err);
    int code = stacks_new(profile->tree[index], runnable->loaded[index]->names_fd, &stacks, err);
    if (code < 0)
        return code;
    code = profile_files_write(profile->folder, is_group ? member : policy, name, &stacks, &picture,
                               err);
    if (code == CHIMERA_OK && stacks.is_cut)
        say_warning("%s: calls that are very deep, or in very many places, are part of their "
                    "callers",
                    picture);
    stacks_done(&stacks);
    return code;
}

int bench_profile_take(struct bench_profile *profile, const struct request_text *text, bool is_raw,
                       const char *policy, struct chimera_error *err)
{
    if (!profile->is_ready)
        return CHIMERA_OK;
    int code = bench_asker_take(&profile->asker, text, is_raw, err);
    bench_fix_surroundings(true);
    if (code == CHIMERA_OK)
        code = ask(profile, err);
    bench_fix_surroundings(false);
    for (size_t i = 0; i < profile->runnable.definition->count && code == CHIMERA_OK; i++)
        if (profile->tree[i]->count > 0)
            code = write_member(profile, i, policy, text->name, err);
    return code;
}
