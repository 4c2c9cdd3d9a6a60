/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/fetch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/fetch/fetch_answer.h"
#include "compiler/fetch/fetch_plan.h"
#include "compiler/fetch/store/store.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/file.h"
#include "runtime/text/printable.h"

#define ANSWER_MAX CHIMERA_NETWORK_ANSWER_MAX

static void free_plan(struct chimera_fetch_plan *plan)
{
    if (plan)
        fetch_plan_done(plan);
    free(plan);
}

/* --- Where it goes --- */

/* A folder is given the last part of the URI's path. */
static int place_output(const char *output, struct chimera_fetched *fetched,
                        struct chimera_error *err)
{
    const char *slash = strrchr(fetched->path, '/');
    struct stat status;
    bool is_folder = stat(output, &status) == 0 && S_ISDIR(status.st_mode);
    char *path =
        is_folder ? chimera_path_join(output, slash ? slash + 1 : fetched->path) : strdup(output);
    if (!path)
        return chimera_fail_memory(err);
    free(fetched->path);
    fetched->path = path;
    return CHIMERA_OK;
}

static int place_file(const struct chimera_fetch_options *options, struct chimera_fetch_plan *plan,
                      struct chimera_fetched *fetched, struct chimera_error *err)
{
    if (options->verification && plan->pull.image) {
        plan->signatures_path = chimera_store_signatures_path(options->store, fetched->path);
        plan->pull.signatures_path = plan->signatures_path;
        if (!plan->signatures_path)
            return chimera_fail_memory(err);
    }
    if (!options->output) {
        plan->pull.root = options->store;
        plan->pull.is_there = access(fetched->path, F_OK) == 0;
        return CHIMERA_OK;
    }
    plan->pull.signatures_path = NULL;
    return place_output(options->output, fetched, err);
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* --- The run --- */

static int run_pull(void *context, struct chimera_buffer *out, struct chimera_error *err)
{
    const struct chimera_fetch_plan *plan = context;
    return chimera_pull_run(&plan->pull, out, err);
}

static int run_judge(void *context, struct chimera_buffer *out, struct chimera_error *err)
{
    const struct chimera_fetch_plan *plan = context;
    return chimera_pull_judge_offline(&plan->pull, out, err);
}

static int start_child(struct chimera_network_folder folder, chimera_network_task *task,
                       struct chimera_fetch_plan *plan, struct chimera_error *err)
{
    const struct chimera_fetch_options *options = plan->pull.options;
    unsigned seconds = options->seconds_max ? options->seconds_max : CHIMERA_NETWORK_SECONDS_MAX;
    folder.must_confine = options->must_confine;
    int code = chimera_network_start(folder, task, plan, &plan->child, err);
    plan->child.until_ms = chimera_clock_ms() + (int64_t)seconds * 1000;
    return code;
}

static int start_online(const struct chimera_fetch_options *options,
                        struct chimera_fetch_plan *plan, const char *path,
                        struct chimera_error *err)
{
    CHIMERA_FREE char *folder = options->output ? folder_of(path) : strdup(options->store);
    if (!folder)
        return chimera_fail_memory(err);
    int code = chimera_folder_make(folder, CHIMERA_FOLDER_PLAIN, err);
    if (code == CHIMERA_OK && !(plan->folder = realpath(folder, NULL)))
        code = chimera_fail_errno(err, folder);
    if (code == CHIMERA_OK)
        code = fetch_plan_find_logins(options, plan, err);
    if (code == CHIMERA_OK)
        code = start_child((struct chimera_network_folder){.path = plan->folder,
                                                           .is_writable = true,
                                                           .keeps_files = options->output != NULL},
                           run_pull, plan, err);
    return code;
}

static int start_offline(struct chimera_fetch_plan *plan, struct chimera_error *err)
{
    if (!plan->pull.is_there)
        return chimera_fail(err, CHIMERA_EIO,
                            "%s is not in the store, and nothing is fetched offline: put it there "
                            "with `load`",
                            plan->pull.uri);
    if (access(plan->signatures_path, F_OK) != 0)
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "no signatures are kept of %s: `save --with-signatures` and `load` "
                            "bring them",
                            plan->pull.uri);
    return start_child((struct chimera_network_folder){.path = plan->pull.root}, run_judge, plan,
                       err);
}

/* Nothing signs what is not in a registry. */
static int check_signable(const struct chimera_fetch_options *options,
                          const struct chimera_fetch_plan *plan, struct chimera_error *err)
{
    if (!options->verification || plan->pull.image)
        return CHIMERA_OK;
    if (plan->pull.is_there && options->verification->is_implicit) {
        chimera_printable_say(stderr, "Warning", "%s is a local file, which cannot be verified",
                              plan->pull.uri);
        return CHIMERA_OK;
    }
    return chimera_fail(err, CHIMERA_EUNSIGNED,
                        "%s cannot be verified: only what is in a registry can be signed",
                        plan->pull.uri);
}

static bool is_done(const struct chimera_fetch_options *options,
                    const struct chimera_fetch_plan *plan)
{
    return plan->pull.is_there && !options->verification && !options->builders &&
           !options->output && (!plan->pull.is_floating || options->is_offline);
}

static int start(const struct chimera_fetch_options *options, const char *uri,
                 struct chimera_fetch_run *run, struct chimera_error *err)
{
    struct chimera_fetch_plan *plan = run->plan;
    plan->pull.options = options;
    int code = fetch_plan_read(options, uri, plan, &run->fetched, err);
    if (code < 0)
        return code;
    bool is_local = plan->pull.is_there;
    code = check_signable(options, plan, err);
    if (code < 0)
        return code;
    code = is_local ? CHIMERA_OK : place_file(options, plan, &run->fetched, err);
    if (code < 0)
        return code;
    plan->pull.path = run->fetched.path;
    if (is_local || is_done(options, plan)) {
        free_plan(plan);
        run->plan = NULL;
        return CHIMERA_OK;
    }
    code = fetch_plan_read_trust_root(options, plan, err);
    if (code < 0)
        return code;
    return options->is_offline ? start_offline(plan, err)
                               : start_online(options, plan, run->fetched.path, err);
}

int chimera_fetch_start(const struct chimera_fetch_options *options, const char *uri,
                        struct chimera_fetch_run *ret_run, struct chimera_error *err)
{
    *ret_run = (struct chimera_fetch_run){.plan = calloc(1, sizeof(*ret_run->plan))};
    if (!ret_run->plan)
        return chimera_fail_memory(err);
    int code = start(options, uri, ret_run, err);
    if (code < 0) {
        free_plan(ret_run->plan);
        chimera_fetched_done(&ret_run->fetched);
        *ret_run = (struct chimera_fetch_run){0};
    }
    return code;
}

/* A plugin is code of ours. The process that says where one is may be anybody's, so it is asked for
 * or there is none, and it is where plugins are. */
static void drop_unasked(const struct chimera_fetch_options *options,
                         struct chimera_fetched *fetched)
{
    size_t size = strlen(options->store);
    const char *plugin = fetched->plugin;
    if (plugin && options->builders && strncmp(plugin, options->store, size) == 0 &&
        strncmp(plugin + size, "/native/", strlen("/native/")) == 0 && !strstr(plugin, "/../"))
        return;
    free(fetched->plugin);
    fetched->plugin = NULL;
}

int chimera_fetch_finish(struct chimera_fetch_run *run, struct chimera_fetched *ret_fetched,
                         struct chimera_error *err)
{
    struct chimera_buffer said;
    int code = CHIMERA_OK;
    chimera_buffer_init(&said, ANSWER_MAX);
    if (run->plan) {
        code = chimera_network_finish(&run->plan->child, &said, err);
        if (code == CHIMERA_OK)
            code = fetch_take_answer(chimera_buffer_slice(&said), &run->fetched, err);
        if (code == CHIMERA_OK)
            drop_unasked(run->plan->pull.options, &run->fetched);
        free_plan(run->plan);
    }
    chimera_buffer_free(&said);
    if (code < 0)
        chimera_fetched_done(&run->fetched);
    else
        *ret_fetched = run->fetched;
    *run = (struct chimera_fetch_run){0};
    return code;
}

int chimera_fetch(const struct chimera_fetch_options *options, const char *uri,
                  struct chimera_fetched *ret_fetched, struct chimera_error *err)
{
    struct chimera_fetch_run run;
    int code = chimera_fetch_start(options, uri, &run, err);
    return code < 0 ? code : chimera_fetch_finish(&run, ret_fetched, err);
}
