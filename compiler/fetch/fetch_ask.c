/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of a registry without fetching a policy: its digest, its signatures, whether these
 * are good. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/fetch/artifact/found.h"
#include "compiler/fetch/fetch.h"
#include "compiler/fetch/fetch_answer.h"
#include "compiler/fetch/fetch_plan.h"
#include "compiler/fetch/session.h"
#include "compiler/fetch/store/store.h"
#include "runtime/source/reference.h"

struct question {
    struct chimera_fetch_plan plan;
    struct chimera_fetched fetched;
    chimera_network_task *task;
};

static int open_session(const struct question *question, struct chimera_session *session,
                        struct chimera_error *err)
{
    const struct chimera_pull *pull = &question->plan.pull;
    const struct chimera_session_input input = {.sources = pull->options->sources,
                                                .image = pull->image,
                                                .logins = pull->logins,
                                                .login_count = pull->login_count};
    return chimera_session_open(session, &input, err);
}

static int ask_digest(void *context, struct chimera_buffer *out, struct chimera_error *err)
{
    const struct question *question = context;
    struct chimera_session session;
    char digest[CHIMERA_OCI_DIGEST_MAX];
    int code = open_session(question, &session, err);
    if (code == CHIMERA_OK)
        code = chimera_registry_resolve(session.registry, question->plan.pull.image, digest, err);
    if (code == CHIMERA_OK)
        chimera_network_put_text(out, digest);
    chimera_session_close(&session);
    return code;
}

static int ask_signatures(void *context, struct chimera_buffer *out, struct chimera_error *err)
{
    const struct question *question = context;
    struct chimera_session session;
    struct chimera_found found = {0};
    char digest[CHIMERA_OCI_DIGEST_MAX];
    int code = open_session(question, &session, err);
    if (code == CHIMERA_OK)
        code = chimera_registry_resolve(session.registry, question->plan.pull.image, digest, err);
    if (code == CHIMERA_OK)
        code =
            chimera_found_gather(session.registry, question->plan.pull.image, digest, &found, err);
    if (code == CHIMERA_OK)
        chimera_buffer_append(out, chimera_buffer_slice(&found.old_scheme));
    chimera_found_done(&found);
    chimera_session_close(&session);
    return code;
}

static int ask_verdict(void *context, struct chimera_buffer *out, struct chimera_error *err)
{
    const struct question *question = context;
    return chimera_pull_run(&question->plan.pull, out, err);
}

/* Plans, asks in a process of its own, and takes what that says. */
static int ask(const struct chimera_fetch_options *options, const char *uri,
               struct question *question, struct chimera_buffer *out, struct chimera_error *err)
{
    struct chimera_shown_name shown;
    int code = fetch_plan_read(options, uri, &question->plan, &question->fetched, err);
    if (code == CHIMERA_OK && !question->plan.pull.image)
        code = chimera_fail(err, CHIMERA_EINVAL, "%s: the name of an image in a registry is wanted",
                            chimera_reference_show(uri, &shown));
    question->plan.pull.options = options;
    if (code == CHIMERA_OK)
        code = fetch_plan_read_trust_root(options, &question->plan, err);
    if (code == CHIMERA_OK)
        code = fetch_plan_find_logins(options, &question->plan, err);
    return code < 0 ? code
                    : chimera_network_run(CHIMERA_NO_FOLDER, question->task, question, out, err);
}

static void end(struct question *question, struct chimera_buffer *out)
{
    fetch_plan_done(&question->plan);
    chimera_fetched_done(&question->fetched);
    chimera_buffer_free(out);
}

int chimera_fetch_digest(const struct chimera_fetch_options *options, const char *uri,
                         char ret_digest[CHIMERA_OCI_DIGEST_MAX], struct chimera_error *err)
{
    struct question question = {.task = ask_digest};
    struct chimera_buffer said;
    chimera_buffer_init(&said, CHIMERA_NETWORK_ANSWER_MAX);
    int code = ask(options, uri, &question, &said, err);
    struct chimera_slice rest = chimera_buffer_slice(&said);
    const char *digest = code == CHIMERA_OK ? chimera_network_take_text(&rest) : NULL;
    if (digest && strlen(digest) < CHIMERA_OCI_DIGEST_MAX)
        memcpy(ret_digest, digest, strlen(digest) + 1);
    else if (code == CHIMERA_OK)
        code = chimera_fail(err, CHIMERA_EIO, "the process that asks said half of an answer");
    end(&question, &said);
    return code;
}

int chimera_fetch_signatures(const struct chimera_fetch_options *options, const char *uri,
                             struct chimera_buffer *out, struct chimera_error *err)
{
    struct question question = {.task = ask_signatures};
    struct chimera_buffer none = {0};
    int code = ask(options, uri, &question, out, err);
    end(&question, &none);
    return code;
}

int chimera_fetch_verify(const struct chimera_fetch_options *options, const char *uri,
                         struct chimera_fetched *ret_fetched, struct chimera_error *err)
{
    struct question question = {.task = ask_verdict};
    struct chimera_buffer said;
    if (options->is_offline)
        return chimera_fetch(options, uri, ret_fetched, err);
    chimera_buffer_init(&said, CHIMERA_NETWORK_ANSWER_MAX);
    int code = ask(options, uri, &question, &said, err);
    if (code == CHIMERA_OK)
        code = fetch_take_answer(chimera_buffer_slice(&said), &question.fetched, err);
    if (code == CHIMERA_OK) {
        *ret_fetched = question.fetched;
        question.fetched = (struct chimera_fetched){0};
    }
    end(&question, &said);
    return code;
}

/* --- Signatures, to be kept --- */

static int run_check(void *context, struct chimera_buffer *out, struct chimera_error *err)
{
    const struct question *question = context;
    (void)out;
    return chimera_pull_check_kept(&question->plan.pull, err);
}

static int run_keep(void *context, struct chimera_buffer *out, struct chimera_error *err)
{
    const struct question *question = context;
    (void)out;
    return chimera_pull_keep(&question->plan.pull, err);
}

static int plan_keeping(const struct chimera_fetch_options *options, const char *uri,
                        struct question *question, struct chimera_error *err)
{
    struct chimera_fetch_plan *plan = &question->plan;
    plan->pull.options = options;
    int code = fetch_plan_read(options, uri, plan, &question->fetched, err);
    if (code == CHIMERA_OK && !plan->pull.image)
        code = chimera_fail(err, CHIMERA_EUNSIGNED, "only what is in a registry can be signed");
    if (code < 0)
        return code;
    plan->folder = realpath(options->store, NULL);
    plan->signatures_path = chimera_store_signatures_path(options->store, question->fetched.path);
    plan->pull.path = question->fetched.path;
    plan->pull.root = options->store;
    plan->pull.signatures_path = plan->signatures_path;
    return plan->folder && plan->signatures_path ? CHIMERA_OK : chimera_fail_errno(err, uri);
}

int chimera_fetch_keep_signatures(const struct chimera_fetch_options *options, const char *uri,
                                  char **ret_path, struct chimera_error *err)
{
    struct question question = {0};
    struct chimera_fetch_plan *plan = &question.plan;
    struct chimera_buffer none;
    chimera_buffer_init(&none, CHIMERA_NETWORK_ANSWER_MAX);
    int code = plan_keeping(options, uri, &question, err);
    const struct chimera_network_folder there = {.path = plan->folder},
                                        written = {.path = plan->folder, .is_writable = true};
    bool is_kept = code == CHIMERA_OK && access(plan->signatures_path, F_OK) == 0 &&
                   chimera_network_run(there, run_check, &question, &none, NULL) == CHIMERA_OK;
    if (code == CHIMERA_OK && !is_kept)
        code = fetch_plan_find_logins(options, plan, err);
    if (code == CHIMERA_OK && !is_kept)
        code = chimera_network_run(written, run_keep, &question, &none, err);
    if (code == CHIMERA_OK) {
        *ret_path = plan->signatures_path;
        plan->signatures_path = NULL; /* handed over */
    }
    end(&question, &none);
    return code;
}
