/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/kubernetes/queries.h"

#include <inttypes.h>
#include <stdlib.h>

#include "plugins/kubernetes/follow.h"

#define SELECTOR_MAX ((size_t)32 << 10)

void kube_queries_close(struct kube_queries *queries)
{
    for (struct chimera_list *link; (link = chimera_list_first(&queries->list));) {
        struct kube_query *query = CHIMERA_LIST_MEMBER(link, struct kube_query, link);
        kube_follow_stop(query);
        chimera_list_remove(link);
        kube_query_free(query);
    }
    pthread_mutex_destroy(&queries->lock);
}

/* --- Uses --- */

static void let_go(struct kube_queries *queries, struct kube_query *query)
{
    pthread_mutex_lock(&queries->lock);
    bool is_last = --query->users == 0;
    pthread_mutex_unlock(&queries->lock);
    if (is_last)
        kube_query_free(query);
}

static void remove_query(struct kube_query_home *home, struct kube_query *query)
{
    struct kube_queries *queries = CHIMERA_LIST_MEMBER(home, struct kube_queries, home);
    pthread_mutex_lock(&queries->lock);
    chimera_list_remove(&query->link);
    queries->count--;
    queries->given[query->place / 64] &= ~((uint64_t)1 << query->place % 64);
    pthread_mutex_unlock(&queries->lock);
    let_go(queries, query);
}

void kube_queries_open(struct kube_queries *queries, const struct kube_query_home *home)
{
    *queries = (struct kube_queries){.given = {1}, .home = *home};
    queries->home.remove = remove_query;
    pthread_mutex_init(&queries->lock, NULL);
    chimera_list_init(&queries->list);
}

/* --- Finding --- */

/* What is asked as one text; NULL when memory ran out. */
static char *key_of(const struct kube_query_what *what)
{
    const char *part[] = {
        what->resource.api_version, what->resource.kind,
        what->name_space,           what->label_selector,
        what->field_selector,       what->masks ? json_object_to_json_string(what->masks) : NULL};
    struct chimera_buffer key;
    chimera_buffer_init(&key, (size_t)1 << 20);
    for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++)
        chimera_buffer_print(&key, "%c%zu:%s", part[i] ? '=' : '-', part[i] ? strlen(part[i]) : 0,
                             part[i] ? part[i] : "");
    chimera_buffer_byte(&key, 0);
    if (key.failed)
        chimera_buffer_free(&key);
    return key.data;
}

/* With the lock. */
static struct kube_query *find(struct kube_queries *queries, const char *key)
{
    for (struct chimera_list *link = queries->list.next; link != &queries->list;
         link = link->next) {
        struct kube_query *query = CHIMERA_LIST_MEMBER(link, struct kube_query, link);
        if (strcmp(query->key, key) == 0)
            return query;
    }
    return NULL;
}

/* Adds one, with a use for its asker. With the lock; `key` is taken. */
static int add(struct kube_queries *queries, const struct kube_query_what *what, char *key,
               struct kube_query **ret_query, struct chimera_error *err)
{
    uint32_t place = 1;
    if (queries->count >= KUBE_QUERIES_MAX) {
        free(key);
        return chimera_fail(
            err, CHIMERA_ELIMIT,
            "policies ask for more than %d different lists of the cluster: list all "
            "namespaces at once, or wait until others are forgotten",
            KUBE_QUERIES_MAX);
    }
    int code = kube_query_new(&queries->home, what, key, ret_query, err);
    if (code < 0)
        return code;
    while (queries->given[place / 64] >> place % 64 & 1)
        place++; /* there are more places than queries */
    queries->given[place / 64] |= (uint64_t)1 << place % 64;
    (*ret_query)->place = place;
    atomic_fetch_add(&queries->home.versions[place], 1); /* 0 is no version */
    (*ret_query)->users = 2;
    chimera_list_append(&queries->list, &(*ret_query)->link);
    queries->count++;
    kube_follow_begin(*ret_query);
    return CHIMERA_OK;
}

static int use(struct kube_queries *queries, const struct kube_query_what *what,
               struct kube_query **ret_query, struct chimera_error *err)
{
    char *key = key_of(what);
    int code = CHIMERA_OK;
    if (!key)
        return chimera_fail_memory(err);
    pthread_mutex_lock(&queries->lock);
    struct kube_query *query = find(queries, key);
    if (query) {
        query->users++;
        free(key);
    } else {
        code = add(queries, what, key, &query, err);
    }
    pthread_mutex_unlock(&queries->lock);
    *ret_query = query;
    return code;
}

int kube_queries_answer(struct kube_queries *queries, const struct kube_query_what *what,
                        uint64_t deadline_ns, struct chimera_provider_answer *answer,
                        struct chimera_error *err)
{
    const char *selector[] = {what->label_selector, what->field_selector};
    bool is_gone = true;
    int code = CHIMERA_OK;
    for (size_t i = 0; i < 2; i++)
        if (selector[i] && strlen(selector[i]) > SELECTOR_MAX)
            return chimera_fail(err, CHIMERA_ELIMIT, "a selector is longer than %zu bytes",
                                SELECTOR_MAX);
    for (int tries = 0; is_gone && tries < 3; tries++) {
        struct kube_query *query = NULL;
        code = use(queries, what, &query, err);
        if (code < 0)
            return code;
        code = kube_query_answer(query, deadline_ns, answer, &is_gone, err);
        let_go(queries, query);
    }
    return code;
}

/* --- Metrics --- */

static void count_all(struct kube_queries *queries, struct chimera_buffer *out, const char *name,
                      const char *help, uint64_t (*value)(const struct kube_query *query))
{
    const char *type = strstr(name, "_total") ? "counter" : "gauge";
    chimera_buffer_print(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
    uint32_t at = 0;
    for (struct chimera_list *link = queries->list.next; link != &queries->list;
         link = link->next, at++) {
        struct kube_query *query = CHIMERA_LIST_MEMBER(link, struct kube_query, link);
        pthread_mutex_lock(&query->lock);
        chimera_buffer_print(
            out, "%s{resource=\"%s\",api_version=\"%s\",list=\"%" PRIu32 "\"} %" PRIu64 "\n", name,
            query->resource.plural, query->resource.api_version, query->place, value(query));
        pthread_mutex_unlock(&query->lock);
    }
}

static uint64_t objects_of(const struct kube_query *query)
{
    return query->store.count;
}

static uint64_t bytes_of(const struct kube_query *query)
{
    return query->store.used + query->answer.used;
}

static uint64_t lists_of(const struct kube_query *query)
{
    return query->list_count;
}

static uint64_t events_of(const struct kube_query *query)
{
    return query->event_count;
}

static uint64_t trouble_of(const struct kube_query *query)
{
    return query->trouble_count;
}

void kube_queries_count(struct kube_queries *queries, struct chimera_buffer *out)
{
    pthread_mutex_lock(&queries->lock);
    count_all(queries, out, "chimera_kubernetes_objects", "Objects that are kept", objects_of);
    count_all(queries, out, "chimera_kubernetes_bytes",
              "Memory of objects and of the answers made of them", bytes_of);
    count_all(queries, out, "chimera_kubernetes_lists_total",
              "Times that it was listed from its first page", lists_of);
    count_all(queries, out, "chimera_kubernetes_events_total", "Changes that watches told",
              events_of);
    count_all(queries, out, "chimera_kubernetes_failures_total",
              "Requests of lists and watches that failed and were tried again", trouble_of);
    pthread_mutex_unlock(&queries->lock);
}
