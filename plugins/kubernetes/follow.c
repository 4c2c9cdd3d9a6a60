/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/kubernetes/follow.h"

#include <stdlib.h>
#include <sys/random.h>

#include "runtime/base/clock.h"

#define PAGE_OBJECTS 500 /* as the reference asks for */
#define PAGE_MS 120000
#define WATCH_S 240 /* and up to a quarter more, so that not all end at once */
#define WATCH_GRACE_MS 15000
#define BACKOFF_MS 400
#define BACKOFF_MAX_MS 30000
#define BACKOFF_ASKED_MS \
    700 /* most while somebody wants the first list: the failure is told so long */
#define ASKED_MS 10000
#define AGAIN_MS 1000 /* what has just been done is done again later */
#define CREDENTIAL_MS 20
#define BUMP_MS 20         /* between two versions: clients ask anew for each */
#define BUMP_MAX_MS 900    /* a change is seen within a second */
#define BUMP_RATIO 10      /* of what making an answer takes */
#define FAILED_MS 1000     /* a failure is kept no longer */
#define TOO_LARGE_MS 10000 /* but for one that costs the API server a whole list each time */

static void begin_request(struct kube_query *query);
static void begin_page(struct kube_query *query, bool is_first);
static void begin_watch(struct kube_query *query);

#define KUBE_QUERY_OF(part, member) CHIMERA_LIST_MEMBER(part, struct kube_query, member)

static uint32_t random_below(uint32_t limit)
{
    uint32_t number = 0;
    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        number = (uint32_t)chimera_clock_ns();
    return number % limit;
}

/* --- Versions --- */

static void bump_now(struct kube_timer *timer)
{
    struct kube_query *query = KUBE_QUERY_OF(timer, bump);
    pthread_mutex_lock(&query->lock);
    if (query->is_dirty) {
        atomic_fetch_add(&query->home->versions[query->place], 1);
        kube_answer_drop(&query->answer, query->store.budget);
        query->is_dirty = false;
        query->bumped_at_ms = chimera_clock_ms();
    }
    pthread_mutex_unlock(&query->lock);
}

/* The store has changed. With the lock. */
static void note_change(struct kube_query *query)
{
    if (query->is_dirty)
        return;
    int64_t apart_ms = (int64_t)(query->make_ns / 1000000) * BUMP_RATIO;
    apart_ms = apart_ms < BUMP_MS ? BUMP_MS : apart_ms > BUMP_MAX_MS ? BUMP_MAX_MS : apart_ms;
    query->is_dirty = true;
    kube_network_set(query->home->network, &query->bump, query->bumped_at_ms + apart_ms);
}

/* --- The end --- */

static void leave(struct kube_query *query, enum kube_query_state state)
{
    kube_exchange_done(&query->exchange);
    kube_network_cancel(&query->retry);
    kube_network_cancel(&query->bump);
    kube_feed_done(&query->feed);
    pthread_mutex_lock(&query->lock);
    query->state = state;
    kube_store_done(&query->store);
    kube_answer_drop(&query->answer, query->store.budget);
    query->is_dirty = false;
    atomic_fetch_add(&query->home->versions[query->place], 1);
    pthread_cond_broadcast(&query->changed);
    pthread_mutex_unlock(&query->lock);
}

static void retire(struct kube_query *query)
{
    leave(query, KUBE_QUERY_GONE);
    kube_network_cancel(&query->idle);
    query->home->remove(query->home, query);
}

static void retire_now(struct kube_timer *timer)
{
    retire(KUBE_QUERY_OF(timer, idle));
}

/* For good: callers are told for a while, then whoever asks begins anew. */
static void fail(struct kube_query *query, const struct chimera_error *why, int64_t keep_ms)
{
    pthread_mutex_lock(&query->lock);
    query->failure = *why;
    pthread_mutex_unlock(&query->lock);
    leave(query, KUBE_QUERY_FAILED);
    query->idle.fire = retire_now;
    kube_network_set(query->home->network, &query->idle, chimera_clock_ms() + keep_ms);
}

/* --- Again --- */

static void retry_now(struct kube_timer *timer)
{
    struct kube_query *query = KUBE_QUERY_OF(timer, retry);
    /* A watch's version has gone on. A first page may show another state of the cluster now; the
     * token of a later one stands for the state of the first. */
    if (query->is_watch && !query->starts_over)
        begin_watch(query);
    else if (query->starts_over || query->is_first_page)
        begin_page(query, true);
    else
        begin_request(query);
}

/* After a failure, later each time, and not all at the same time. */
static void retry_later(struct kube_query *query, const struct chimera_error *why)
{
    pthread_mutex_lock(&query->lock);
    unsigned shift = query->failure_count < 7 ? query->failure_count : 7;
    query->failure_count++;
    query->failure = *why;
    pthread_cond_broadcast(&query->changed);
    pthread_mutex_unlock(&query->lock);
    bool is_wanted = query->state == KUBE_QUERY_LISTING &&
                     chimera_clock_ms() - atomic_load(&query->used_at_ms) < ASKED_MS;
    int64_t wait_ms = (int64_t)BACKOFF_MS << shift;
    int64_t most_ms = is_wanted ? BACKOFF_ASKED_MS : BACKOFF_MAX_MS;
    wait_ms = wait_ms > most_ms ? most_ms : wait_ms;
    wait_ms = wait_ms / 2 + random_below((uint32_t)wait_ms);
    if (wait_ms < query->exchange.retry_after_ms)
        wait_ms = query->exchange.retry_after_ms + random_below(1000);
    query->trouble_count++;
    kube_network_set(query->home->network, &query->retry, chimera_clock_ms() + wait_ms);
}

/* --- Requests --- */

static void set_path(struct kube_query *query, struct chimera_buffer *path)
{
    chimera_buffer_byte(path, 0);
    free(query->path);
    query->path = path->failed ? NULL : path->data;
    if (path->failed)
        chimera_buffer_free(path);
}

/* A page: the first one, or the one whose token the last one gave. */
static void begin_page(struct kube_query *query, bool is_first)
{
    struct chimera_buffer path;
    struct kube_feed *feed = &query->feed;
    chimera_buffer_init(&path, (size_t)2 << 20);
    kube_resource_path(&query->resource, query->name_space, &path);
    chimera_buffer_print(&path, "?limit=%d", PAGE_OBJECTS);
    if (!is_first) {
        chimera_buffer_text(&path, "&continue=");
        kube_escape(&path, chimera_buffer_slice(&feed->next));
    }
    chimera_buffer_text(&path, query->selectors);
    set_path(query, &path);
    query->is_watch = query->starts_over = false;
    query->is_first_page = is_first;
    if (is_first) {
        kube_feed_begin_list(feed);
        query->listed_at_ms = chimera_clock_ms();
        query->list_count++;
    }
    begin_request(query);
}

static void begin_watch(struct kube_query *query)
{
    struct chimera_buffer path;
    chimera_buffer_init(&path, (size_t)2 << 20);
    kube_resource_path(&query->resource, query->name_space, &path);
    chimera_buffer_print(&path, "?watch=true&allowWatchBookmarks=true&timeoutSeconds=%u",
                         WATCH_S + random_below(WATCH_S / 4));
    chimera_buffer_text(&path, "&resourceVersion=");
    kube_escape(&path, chimera_slice_of(query->feed.version));
    chimera_buffer_text(&path, query->selectors);
    set_path(query, &path);
    query->is_watch = true;
    begin_request(query);
}

/* What set_path() was given, for the first time or again. */
static void begin_request(struct kube_query *query)
{
    struct chimera_error why = {0};
    struct kube_exchange_request request = {
        query->path, NULL,
        query->is_watch ? (WATCH_S + WATCH_S / 4) * 1000 + WATCH_GRACE_MS : PAGE_MS};
    if (!query->path) {
        chimera_fail_memory(&why);
        fail(query, &why, FAILED_MS);
        return;
    }
    if (query->is_watch)
        kube_feed_begin_watch(&query->feed);
    else
        kube_feed_begin_page(&query->feed);
    query->begun_at_ms = chimera_clock_ms();
    int code = kube_exchange_begin(&query->exchange, &request, &why);
    if (code > 0)
        kube_network_set(query->home->network, &query->retry, chimera_clock_ms() + CREDENTIAL_MS);
    else if (code < 0)
        retry_later(query, &why);
}

/* --- Answers --- */

static int take(struct kube_exchange *exchange, struct chimera_slice bytes,
                struct chimera_error *err)
{
    struct kube_query *query = KUBE_QUERY_OF(exchange, exchange);
    struct kube_feed *feed = &query->feed;
    pthread_mutex_lock(&query->lock);
    int code = kube_feed_bytes(feed, bytes, err);
    if (query->is_watch) { /* what a list changes is told when it is whole */
        if (feed->has_changed)
            note_change(query);
        feed->has_changed = false;
        query->failure_count = 0;
        query->event_count = feed->event_count;
    }
    pthread_mutex_unlock(&query->lock);
    return code;
}

/* A page has come: the next one, or the watch behind the last. */
static int page_ended(struct kube_query *query, struct chimera_error *err)
{
    struct kube_feed *feed = &query->feed;
    pthread_mutex_lock(&query->lock);
    int code = kube_feed_end_page(feed, err);
    bool is_last = feed->next.size == 0;
    if (code == CHIMERA_OK && is_last) {
        if (query->state == KUBE_QUERY_READY && feed->has_changed)
            note_change(query);
        feed->has_changed = false;
        query->state = KUBE_QUERY_READY;
        query->failure_count = 0;
        query->failure = (struct chimera_error){0};
        pthread_cond_broadcast(&query->changed);
    }
    pthread_mutex_unlock(&query->lock);
    query->was_unauthorized = false;
    if (code == CHIMERA_OK && is_last)
        begin_watch(query);
    else if (code == CHIMERA_OK)
        begin_page(query, false);
    return code;
}

/* What the API server keeps of changes does not reach back to our version, or a page's token is too
 * old: it all begins anew, at once unless that was just so. */
static void start_over(struct kube_query *query, const struct chimera_error *why)
{
    query->starts_over = true;
    if (chimera_clock_ms() - query->listed_at_ms < AGAIN_MS)
        retry_later(query, why);
    else
        begin_page(query, true);
}

static void refused(struct kube_query *query, const struct chimera_error *why)
{
    unsigned code = query->exchange.http_code;
    bool is_first_401 = code == 401 && !query->was_unauthorized;
    query->was_unauthorized = code == 401;
    if (is_first_401 && kube_credential_refuse(&query->exchange.server->credential)) {
        begin_request(query);
    } else if (code == 410) {
        start_over(query, why);
    } else if (query->is_watch && code == 400) { /* it does not know our version */
        query->starts_over = true;
        retry_later(query, why);
    } else if (code == 401 && query->state == KUBE_QUERY_READY) {
        retry_later(query, why); /* rights that come back: what is known stays */
    } else {
        if (code == 404)
            kube_discovery_forget(query->home->discovery, &query->resource);
        fail(query, why, FAILED_MS);
    }
}

static void stopped(struct kube_query *query, const struct chimera_error *why)
{
    if (why->code == CHIMERA_ELIMIT) {
        fail(query, why, TOO_LARGE_MS);
    } else if (query->is_watch && query->feed.refusal.code == 410) {
        start_over(query, why);
    } else { /* what it sends is none of what it should */
        query->starts_over = true;
        retry_later(query, why);
    }
}

static void ended(struct kube_exchange *exchange, enum kube_outcome outcome)
{
    struct kube_query *query = KUBE_QUERY_OF(exchange, exchange);
    struct chimera_error why = exchange->error;
    if (outcome == KUBE_REFUSED)
        chimera_fail(&why, CHIMERA_EREFUSED, "%s", exchange->status.message);
    else if (outcome == KUBE_DONE && query->is_watch)
        chimera_fail(&why, CHIMERA_EIO, "the API server ends each watch at once");
    bool is_end = query->is_watch && (outcome == KUBE_DONE || outcome == KUBE_LOST);
    if (is_end && chimera_clock_ms() - query->begun_at_ms >= AGAIN_MS)
        begin_watch(query); /* all watches end; one that ends at once will do so again */
    else if (is_end || kube_exchange_may_retry(exchange, outcome))
        retry_later(query, &why);
    else if (outcome == KUBE_REFUSED)
        refused(query, &why);
    else if (outcome == KUBE_STOPPED || page_ended(query, &why) < 0)
        stopped(query, &why);
}

/* --- Beginning, and being forgotten --- */

/* Clients answer from what they have as long as its version stands. So that one which nobody uses
 * is told from one that never changes, they are made to ask once before it goes. */
static void look_whether_used(struct kube_timer *timer)
{
    struct kube_query *query = KUBE_QUERY_OF(timer, idle);
    int64_t idle_ms = query->home->idle_ms, now_ms = chimera_clock_ms();
    int64_t unused_ms = now_ms - atomic_load(&query->used_at_ms);
    if (unused_ms >= idle_ms) {
        retire(query);
        return;
    }
    bool is_half = unused_ms >= idle_ms / 2;
    if (is_half && !query->is_probed)
        atomic_fetch_add(&query->home->versions[query->place], 1);
    query->is_probed = is_half;
    kube_network_set(query->home->network, timer, now_ms + idle_ms / 8 + 10);
}

static void begin_posted(struct kube_task *task)
{
    struct kube_query *query = KUBE_QUERY_OF(task, begin);
    chimera_list_remove(&task->link);
    kube_network_set(query->home->network, &query->idle, chimera_clock_ms());
    begin_page(query, true);
}

void kube_follow_begin(struct kube_query *query)
{
    query->exchange = (struct kube_exchange){.take = take, .ended = ended};
    query->exchange.server = &query->home->network->server;
    query->retry.fire = retry_now;
    query->bump.fire = bump_now;
    query->idle.fire = look_whether_used;
    query->begin.run = begin_posted;
    kube_network_post(query->home->network, &query->begin);
}

void kube_follow_stop(struct kube_query *query)
{
    leave(query, KUBE_QUERY_GONE);
}
