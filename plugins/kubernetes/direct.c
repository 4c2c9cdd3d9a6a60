/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/kubernetes/direct.h"

#include <stdlib.h>

#include "runtime/base/clock.h"

#define TRIES_MAX 3
#define BACKOFF_MS 100   /* twice as long the next time */
#define CREDENTIAL_MS 20 /* between two looks for one that is on its way */
#define NOT_IN_TIME "the API server did not answer in time"

struct direct { /* owned by its asker until that gives up, then by the network */
    struct kube_task task;
    struct kube_timer timer;
    struct kube_exchange exchange;
    struct kube_network *network; /* borrowed */
    char *path, *body;
    uint64_t deadline_ns;
    unsigned try_count;
    bool was_unauthorized;
    enum kube_outcome outcome;
    int code;
    pthread_mutex_t lock; /* of the two below */
    pthread_cond_t changed;
    bool is_done, is_abandoned;
};

static void free_direct(struct direct *direct)
{
    kube_exchange_done(&direct->exchange);
    free(direct->path);
    free(direct->body);
    pthread_cond_destroy(&direct->changed);
    pthread_mutex_destroy(&direct->lock);
    free(direct);
}

/* Hands it back to its asker, or ends it when there is none any more. */
static void settle(struct direct *direct, int code)
{
    kube_network_cancel(&direct->timer);
    chimera_list_remove(&direct->task.link);
    pthread_mutex_lock(&direct->lock);
    direct->code = code;
    direct->is_done = true;
    bool is_abandoned = direct->is_abandoned;
    pthread_cond_signal(&direct->changed);
    pthread_mutex_unlock(&direct->lock);
    if (is_abandoned)
        free_direct(direct);
}

static void begin(struct direct *direct)
{
    struct kube_exchange *exchange = &direct->exchange;
    uint64_t now_ns = chimera_clock_ns();
    if (now_ns + 1000000 >= direct->deadline_ns) {
        settle(direct, exchange->error.code
                           ? exchange->error.code
                           : chimera_fail(&exchange->error, CHIMERA_EDEADLINE, NOT_IN_TIME));
        return;
    }
    struct kube_exchange_request request = {direct->path, direct->body,
                                            (int64_t)((direct->deadline_ns - now_ns) / 1000000)};
    int code = kube_exchange_begin(exchange, &request, &exchange->error);
    if (code > 0)
        kube_network_set(direct->network, &direct->timer, chimera_clock_ms() + CREDENTIAL_MS);
    else if (code < 0)
        settle(direct, code);
}

static void begin_posted(struct kube_task *task)
{
    begin(CHIMERA_LIST_MEMBER(task, struct direct, task));
}

static void drop(struct kube_task *task)
{
    free_direct(CHIMERA_LIST_MEMBER(task, struct direct, task));
}

static void begin_again(struct kube_timer *timer)
{
    begin(CHIMERA_LIST_MEMBER(timer, struct direct, timer));
}

static void ended(struct kube_exchange *exchange, enum kube_outcome outcome)
{
    struct direct *direct = CHIMERA_LIST_MEMBER(exchange, struct direct, exchange);
    int64_t wait_ms = (int64_t)BACKOFF_MS << direct->try_count;
    bool is_again = kube_exchange_may_retry(exchange, outcome) && ++direct->try_count < TRIES_MAX;
    if (outcome == KUBE_REFUSED && exchange->http_code == 401 && !direct->was_unauthorized) {
        direct->was_unauthorized = true;
        is_again = kube_credential_refuse(&exchange->server->credential);
        wait_ms = 0;
    }
    direct->outcome = outcome;
    if (!is_again) {
        settle(direct,
               outcome == KUBE_LOST || outcome == KUBE_STOPPED ? exchange->error.code : CHIMERA_OK);
        return;
    }
    wait_ms = exchange->retry_after_ms > wait_ms ? exchange->retry_after_ms : wait_ms;
    if (chimera_clock_ns() + (uint64_t)wait_ms * 1000000 >= direct->deadline_ns) {
        settle(direct, outcome == KUBE_LOST ? exchange->error.code : CHIMERA_OK);
        return;
    }
    kube_network_set(direct->network, &direct->timer, chimera_clock_ms() + wait_ms);
}

static struct direct *make(struct kube_network *network, const char *path, const char *body,
                           uint64_t deadline_ns)
{
    struct direct *direct = calloc(1, sizeof(*direct));
    if (!direct)
        return NULL;
    pthread_mutex_init(&direct->lock, NULL);
    pthread_cond_init(&direct->changed, NULL);
    chimera_list_init(&direct->timer.link);
    direct->task.run = begin_posted;
    direct->task.drop = drop;
    direct->timer.fire = begin_again;
    direct->network = network;
    direct->exchange.server = &network->server;
    direct->exchange.ended = ended;
    direct->exchange.body_max = (size_t)16 << 20;
    direct->path = strdup(path);
    direct->body = body ? strdup(body) : NULL;
    direct->deadline_ns = deadline_ns;
    if (direct->path && (direct->body || !body))
        return direct;
    free_direct(direct);
    return NULL;
}

int kube_direct_ask(struct kube_network *network, const char *path, const char *body,
                    uint64_t deadline_ns, struct kube_direct_answer *ret_answer,
                    struct chimera_error *err)
{
    struct direct *direct = make(network, path, body, deadline_ns);
    if (!direct)
        return chimera_fail_memory(err);
    kube_network_post(network, &direct->task);
    pthread_mutex_lock(&direct->lock);
    while (!direct->is_done && chimera_clock_await(&direct->changed, &direct->lock, deadline_ns))
        ;
    bool is_done = direct->is_done;
    direct->is_abandoned = !is_done;
    pthread_mutex_unlock(&direct->lock);
    if (!is_done)
        return chimera_fail(err, CHIMERA_EDEADLINE, NOT_IN_TIME);
    int code = direct->code;
    if (code < 0) {
        chimera_fail(err, code, "%s", direct->exchange.error.text);
    } else {
        *ret_answer = (struct kube_direct_answer){.http_code = direct->exchange.http_code,
                                                  .status = direct->exchange.status,
                                                  .body = direct->exchange.body};
        direct->exchange.body = (struct chimera_buffer){0}; /* the answer's now */
    }
    free_direct(direct);
    return code;
}

void kube_direct_answer_done(struct kube_direct_answer *answer)
{
    chimera_buffer_free(&answer->body);
}
