/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/kubernetes/query.h"

#include <fcntl.h>
#include <stdlib.h>

#include "plugins/kubernetes/direct.h"
#include "runtime/base/clock.h"

#define FAILURES_TOLD 3 /* in a row, and callers do not wait any more */

static char *selectors_of(const struct kube_query_what *what)
{
    struct chimera_buffer out;
    chimera_buffer_init(&out, (size_t)1 << 20);
    if (what->label_selector) {
        chimera_buffer_text(&out, "&labelSelector=");
        kube_escape(&out, chimera_slice_of(what->label_selector));
    }
    if (what->field_selector) {
        chimera_buffer_text(&out, "&fieldSelector=");
        kube_escape(&out, chimera_slice_of(what->field_selector));
    }
    chimera_buffer_byte(&out, 0);
    if (out.failed)
        chimera_buffer_free(&out);
    return out.data; /* NULL when it failed */
}

static char *words_of(const struct kube_query_what *what)
{
    struct chimera_buffer out;
    chimera_buffer_init(&out, 1024);
    if (what->name_space)
        chimera_buffer_print(&out, " in namespace '%.100s'", what->name_space);
    if (what->label_selector)
        chimera_buffer_print(&out, " with label selector '%.200s'", what->label_selector);
    if (what->field_selector)
        chimera_buffer_print(&out, " with field selector '%.200s'", what->field_selector);
    chimera_buffer_byte(&out, 0);
    if (out.failed)
        chimera_buffer_free(&out);
    return out.data;
}

int kube_query_new(struct kube_query_home *home, const struct kube_query_what *what, char *key,
                   struct kube_query **ret_query, struct chimera_error *err)
{
    struct kube_query *query = calloc(1, sizeof(*query));
    if (!query) {
        free(key);
        return chimera_fail_memory(err);
    }
    *query = (struct kube_query){.users = 1,
                                 .home = home,
                                 .key = key,
                                 .resource = what->resource,
                                 .name_space = what->name_space ? strdup(what->name_space) : NULL,
                                 .selectors = selectors_of(what),
                                 .words = words_of(what),
                                 .used_at_ms = chimera_clock_ms(),
                                 .store.budget = home->budget,
                                 .answer.memory = -1};
    pthread_mutex_init(&query->lock, NULL);
    pthread_cond_init(&query->changed, NULL);
    struct kube_timer *timers[] = {&query->retry, &query->bump, &query->idle};
    for (size_t i = 0; i < 3; i++)
        chimera_list_init(&timers[i]->link);
    chimera_list_init(&query->link);
    int code = kube_mask_new(what->masks, &query->mask, err);
    struct kube_object_form form = {query->mask, true};
    kube_feed_init(&query->feed, &query->store, &form);
    if (code == CHIMERA_OK &&
        (!query->selectors || !query->words || (what->name_space && !query->name_space)))
        code = chimera_fail_memory(err);
    if (code < 0)
        kube_query_free(query);
    else
        *ret_query = query;
    return code;
}

void kube_query_free(struct kube_query *query)
{
    kube_feed_done(&query->feed);
    kube_store_done(&query->store);
    kube_answer_drop(&query->answer, query->store.budget);
    kube_mask_free(query->mask);
    free(query->key);
    free(query->name_space);
    free(query->selectors);
    free(query->words);
    free(query->path);
    pthread_cond_destroy(&query->changed);
    pthread_mutex_destroy(&query->lock);
    free(query);
}

/* Why there is no answer. With the lock. */
static int refuse(const struct kube_query *query, bool is_in_time, struct chimera_error *err)
{
    const struct kube_resource *resource = &query->resource;
    const char *why = query->failure.code ? query->failure.text
                      : is_in_time        ? "it is not watched any more"
                                          : "the API server did not answer in time";
    return chimera_fail(err, query->failure.code ? query->failure.code : CHIMERA_EDEADLINE,
                        "cannot list %.100s/%.100s%s: %s", resource->api_version, resource->kind,
                        query->words, why);
}

/* With the lock. */
static int hand_out(struct kube_query *query, struct chimera_provider_answer *answer,
                    struct chimera_error *err)
{
    _Atomic uint64_t *version = &query->home->versions[query->place];
    if (query->answer.memory < 0) {
        uint64_t before_ns = chimera_clock_ns();
        if (query->is_dirty) { /* what clients have is of another state than what is made now */
            atomic_fetch_add(version, 1);
            query->is_dirty = false;
            query->bumped_at_ms = chimera_clock_ms();
        }
        int code = kube_answer_make(&query->answer, &query->store, &query->resource, err);
        if (code < 0)
            return code;
        query->make_ns = chimera_clock_ns() - before_ns;
    }
    int memory = fcntl(query->answer.memory, F_DUPFD_CLOEXEC, 0);
    if (memory < 0)
        return chimera_fail_errno(err, "cannot hand out a list");
    answer->memory = memory;
    answer->memory_size = query->answer.size;
    answer->version_place = query->place;
    answer->version = atomic_load(version);
    return CHIMERA_OK;
}

int kube_query_answer(struct kube_query *query, uint64_t deadline_ns,
                      struct chimera_provider_answer *answer, bool *ret_is_gone,
                      struct chimera_error *err)
{
    bool is_in_time = true;
    atomic_store(&query->used_at_ms, chimera_clock_ms());
    pthread_mutex_lock(&query->lock);
    while (query->state == KUBE_QUERY_LISTING && query->failure_count < FAILURES_TOLD && is_in_time)
        is_in_time = chimera_clock_await(&query->changed, &query->lock, deadline_ns);
    atomic_store(&query->used_at_ms, chimera_clock_ms());
    int code = query->state == KUBE_QUERY_READY ? hand_out(query, answer, err)
                                                : refuse(query, is_in_time, err);
    *ret_is_gone = query->state == KUBE_QUERY_GONE;
    pthread_mutex_unlock(&query->lock);
    return code;
}
