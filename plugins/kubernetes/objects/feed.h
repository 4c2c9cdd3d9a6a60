/* SPDX-License-Identifier: Apache-2.0 */
/* feed.h - what an API server sends of one list, page by page, and of the watch behind it, into a
 * store. Without sockets and clocks; whoever feeds it has the store's lock.
 */
#ifndef CHIMERA_KUBERNETES_FEED_H
#define CHIMERA_KUBERNETES_FEED_H

#include "plugins/kubernetes/objects/cut.h"
#include "plugins/kubernetes/objects/status.h"
#include "plugins/kubernetes/objects/store.h"

#define KUBE_VERSION_MAX 256
#define KUBE_CONTINUE_MAX ((size_t)64 << 10)

struct kube_feed {
    struct kube_store *store;     /* borrowed */
    struct kube_object_form form; /* its mask is borrowed */
    struct kube_cut cut;
    struct kube_object_writer writer;
    struct chimera_buffer object;   /* the one being written */
    uint32_t round;                 /* of the list now; never 0 */
    char version[KUBE_VERSION_MAX]; /* where a watch goes on; "": nowhere */
    struct chimera_buffer next;     /* the token of the next page; empty: it was the last */
    struct kube_status refusal;     /* of a watch that the API server ended; code 0: it did not */
    bool has_changed;               /* since the feeder said no */
    uint64_t event_count;
};

void kube_feed_init(struct kube_feed *feed, struct kube_store *store,
                    const struct kube_object_form *form);
void kube_feed_done(struct kube_feed *feed);

/* A list from its first page; from its next; the watch behind it. */
void kube_feed_begin_list(struct kube_feed *feed);
void kube_feed_begin_page(struct kube_feed *feed);
void kube_feed_begin_watch(struct kube_feed *feed);

/* Bytes of what was begun. A failure is final: what was begun has to begin anew. */
int kube_feed_bytes(struct kube_feed *feed, struct chimera_slice bytes, struct chimera_error *err);
/* A page is whole; behind the last what is not on the list any more is removed. */
int kube_feed_end_page(struct kube_feed *feed, struct chimera_error *err);

#endif
