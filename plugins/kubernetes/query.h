/* SPDX-License-Identifier: Apache-2.0 */
/* query.h - one list that policies ask for: listed once, then watched, as long as it is used.
 *
 * The network's thread has the requests and feeds the store; callers wait for the first list and
 * make answers of the store. `users` and `link` are the table's (queries.h), under its lock.
 */
#ifndef CHIMERA_KUBERNETES_QUERY_H
#define CHIMERA_KUBERNETES_QUERY_H

#include "plugins/kubernetes/answer.h"
#include "plugins/kubernetes/network.h"
#include "plugins/kubernetes/objects/feed.h"

enum kube_query_state {
    KUBE_QUERY_LISTING, /* for the first time */
    KUBE_QUERY_READY,
    KUBE_QUERY_FAILED, /* for now: it goes soon, and whoever asks then begins anew */
    KUBE_QUERY_GONE,
};

struct kube_query_what {
    struct kube_resource resource;
    const char *name_space, *label_selector, *field_selector; /* NULL: none */
    struct json_object *masks;                                /* NULL: none */
};

struct kube_query;
struct kube_query_home { /* what all queries use; borrowed by each */
    struct kube_network *network;
    struct kube_discovery *discovery;
    struct kube_budget *budget;
    _Atomic uint64_t *versions;
    int64_t idle_ms; /* one that nobody has asked for so long goes */
    /* On the network's thread: it is not asked for any more, and its place is another's. */
    void (*remove)(struct kube_query_home *home, struct kube_query *query);
};

struct kube_query {
    struct chimera_list link;
    unsigned users;
    struct kube_query_home *home;
    char *key; /* owned: what is asked, as the table compares it */
    struct kube_resource resource;
    char *name_space, *selectors; /* owned; `selectors` as they stand in a URL: "&…" or "" */
    char *words;                  /* owned: the selectors, for messages: " with …" or "" */
    struct kube_mask *mask;       /* owned */
    _Atomic int64_t used_at_ms;

    pthread_mutex_t lock; /* of all down to `place` */
    pthread_cond_t changed;
    enum kube_query_state state;
    struct chimera_error failure; /* why it failed, or why there is no list yet; code 0: nothing */
    unsigned failure_count;       /* in a row */
    struct kube_store store;
    struct kube_answer answer;
    uint64_t make_ns; /* what it took to make an answer */
    bool is_dirty;    /* clients may have an answer that is not true any more */
    int64_t bumped_at_ms;
    uint32_t place; /* of its version */

    /* The network's thread: */
    struct kube_task begin;
    struct kube_timer retry, bump, idle;
    struct kube_exchange exchange;
    struct kube_feed feed;
    char *path; /* owned: of the request under way, or to be tried again */
    bool is_watch, is_first_page, starts_over, is_probed, was_unauthorized;
    int64_t begun_at_ms, listed_at_ms;
    _Atomic uint64_t list_count, event_count, trouble_count; /* read by who counts */
};

/* Not in a table yet, with one user. `key` is taken. */
int kube_query_new(struct kube_query_home *home, const struct kube_query_what *what, char *key,
                   struct kube_query **ret_query, struct chimera_error *err);
void kube_query_free(struct kube_query *query);

/* Its answer; waits for the first list. *ret_is_gone: it failed only because it has left the table:
 * there may be another. */
int kube_query_answer(struct kube_query *query, uint64_t deadline_ns,
                      struct chimera_provider_answer *answer, bool *ret_is_gone,
                      struct chimera_error *err);

#endif
