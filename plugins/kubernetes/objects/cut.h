/* SPDX-License-Identifier: Apache-2.0 */
/* cut.h - cuts what an API server sends into pieces, as it comes: a list into its items, a watch
 * into its events.
 *
 * Looks at brackets and quotes alone and keeps one piece at a time, so a list of any size takes no
 * more memory than its largest item; whoever gets the pieces reads them strictly. Bytes may come in
 * parts of any size. Not sans-copy: a piece is gathered in a buffer.
 */
#ifndef CHIMERA_KUBERNETES_CUT_H
#define CHIMERA_KUBERNETES_CUT_H

#include "runtime/base/buffer.h"

/* etcd's usual limit of an object is 1.5 MiB, of which each byte may be sent as six. */
#define KUBE_PIECE_MAX ((size_t)16 << 20)

enum kube_piece {
    KUBE_PIECE_MEMBER, /* of the list itself: `"key":value` */
    KUBE_PIECE_ITEM,   /* of its items */
    KUBE_PIECE_EVENT,  /* a whole value of a watch */
};

struct kube_cut {
    /* Anything but 0 ends it, with that code. `piece` is gone when it returns. */
    int (*take)(void *context, enum kube_piece kind, struct chimera_slice piece,
                struct chimera_error *err);
    void *context;
    bool is_watch;
    /* Its own: */
    struct chimera_buffer piece;
    int state;
    unsigned depth; /* of brackets within the piece */
    bool is_in_text, is_behind_backslash;
};

void kube_cut_init(struct kube_cut *cut, bool is_watch);
int kube_cut_bytes(struct kube_cut *cut, struct chimera_slice bytes, struct chimera_error *err);
/* The bytes have ended. Fails when a list is not whole. A watch may be cut anywhere. */
int kube_cut_end(struct kube_cut *cut, struct chimera_error *err);
void kube_cut_done(struct kube_cut *cut);

#endif
