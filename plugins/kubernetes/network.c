/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/kubernetes/network.h"

#include "runtime/base/clock.h"

#define WAIT_MAX_MS 10000

static void run_tasks(struct kube_network *network)
{
    for (;;) {
        pthread_mutex_lock(&network->lock);
        struct chimera_list *link = chimera_list_first(&network->tasks);
        if (link)
            chimera_list_append(&network->running, link);
        pthread_mutex_unlock(&network->lock);
        if (!link)
            return;
        struct kube_task *task = CHIMERA_LIST_MEMBER(link, struct kube_task, link);
        task->run(task);
    }
}

/* Fires what is due; when the next one is. A timer that is set anew meanwhile goes to the end. */
static int64_t fire_timers(struct kube_network *network)
{
    int64_t now_ms = chimera_clock_ms(), next_ms = now_ms + WAIT_MAX_MS;
    struct chimera_list due;
    chimera_list_init(&due);
    for (struct chimera_list *link = network->timers.next, *next; link != &network->timers;
         link = next) {
        struct kube_timer *timer = CHIMERA_LIST_MEMBER(link, struct kube_timer, link);
        next = link->next;
        if (timer->at_ms <= now_ms)
            chimera_list_append(&due, link);
        else
            next_ms = chimera_clock_earlier(next_ms, timer->at_ms);
    }
    for (struct chimera_list *link; (link = chimera_list_first(&due));) {
        struct kube_timer *timer = CHIMERA_LIST_MEMBER(link, struct kube_timer, link);
        chimera_list_remove(link);
        timer->fire(timer);
        next_ms = now_ms; /* it may have set another */
    }
    return next_ms;
}

static void pass_transfers(struct kube_network *network)
{
    int running = 0, left = 0;
    curl_multi_perform(network->server.multi, &running);
    for (CURLMsg *message; (message = curl_multi_info_read(network->server.multi, &left));) {
        struct kube_exchange *exchange = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
        kube_exchange_finish(exchange, message->data.result);
    }
}

static bool is_ending(struct kube_network *network)
{
    pthread_mutex_lock(&network->lock);
    bool ends = network->is_ending;
    pthread_mutex_unlock(&network->lock);
    return ends;
}

static void *run(void *context)
{
    struct kube_network *network = context;
    while (!is_ending(network)) {
        run_tasks(network);
        pass_transfers(network); /* before timers: it sets some */
        int64_t next_ms = fire_timers(network);
        int64_t left_ms = next_ms - chimera_clock_ms();
        curl_multi_poll(network->server.multi, NULL, 0, left_ms > 0 ? (int)left_ms : 0, NULL);
    }
    return NULL;
}

int kube_network_open(struct kube_network *network, const struct chimera_provider_host *host,
                      struct chimera_error *err)
{
    chimera_list_init(&network->tasks);
    chimera_list_init(&network->running);
    chimera_list_init(&network->timers);
    pthread_mutex_init(&network->lock, NULL);
    int code = kube_server_open(&network->server, host, err);
    if (code < 0)
        return code;
    network->is_started = kube_thread_start(&network->thread, run, network) == CHIMERA_OK;
    return network->is_started
               ? CHIMERA_OK
               : chimera_fail(err, CHIMERA_EIO, "a thread for the network does not start");
}

void kube_network_stop(struct kube_network *network)
{
    if (!network->is_started)
        return;
    pthread_mutex_lock(&network->lock);
    network->is_ending = true;
    pthread_mutex_unlock(&network->lock);
    curl_multi_wakeup(network->server.multi);
    pthread_join(network->thread, NULL);
    network->is_started = false;
    struct chimera_list *lists[] = {&network->tasks, &network->running};
    for (size_t i = 0; i < 2; i++)
        for (struct chimera_list *link; (link = chimera_list_first(lists[i]));) {
            struct kube_task *task = CHIMERA_LIST_MEMBER(link, struct kube_task, link);
            chimera_list_remove(link);
            if (task->drop)
                task->drop(task);
        }
}

void kube_network_close(struct kube_network *network)
{
    kube_server_close(&network->server);
    pthread_mutex_destroy(&network->lock);
}

void kube_network_post(struct kube_network *network, struct kube_task *task)
{
    pthread_mutex_lock(&network->lock);
    chimera_list_init(&task->link);
    chimera_list_append(&network->tasks, &task->link);
    pthread_mutex_unlock(&network->lock);
    curl_multi_wakeup(network->server.multi);
}

void kube_network_set(struct kube_network *network, struct kube_timer *timer, int64_t at_ms)
{
    timer->at_ms = at_ms;
    chimera_list_append(&network->timers, &timer->link);
}
