/* SPDX-License-Identifier: Apache-2.0 */
/* object.h - an object of the cluster as the guest gets it, made from the API server's bytes.
 *
 * One pass of the strict scanner writes it in the reference's form: compact; apiVersion, kind,
 * metadata, then the rest by key, bytewise, and so on below; of metadata what is known and not
 * null; strings and numbers as serde_json writes them. No trees: what is out of order is put in
 * order where it was written. The bytes are hostile; depth is bounded by the scanner, size by
 * whoever cut them out.
 */
#ifndef CHIMERA_KUBERNETES_OBJECT_H
#define CHIMERA_KUBERNETES_OBJECT_H

#include "plugins/kubernetes/objects/mask.h"
#include "runtime/base/buffer.h"

struct kube_object_form {
    const struct kube_mask *mask; /* borrowed; NULL: all is kept */
    /* As lists have it: managedFields [], annotations there, without last-applied. */
    bool is_stripped;
};

struct kube_member;

struct kube_object_writer { /* memory that objects share, one after the other; zeroes at first */
    struct kube_member *member; /* owned: of the objects that are open now, in their order */
    size_t count, capacity;
    struct chimera_buffer scratch;
};

/* Where in the written object its name is, without the quotes, and so on; size 0: it has none. */
struct kube_object_place {
    uint32_t at, size;
};

struct kube_object_names {
    struct kube_object_place name, name_space, version; /* metadata.resourceVersion */
};

void kube_object_writer_done(struct kube_object_writer *writer);

/* Appends to `out`, and takes away again what was appended when it fails. `out` has room for less
 * than 4 GiB. */
int kube_object_write(struct kube_object_writer *writer, struct chimera_slice text,
                      const struct kube_object_form *form, struct chimera_buffer *out,
                      struct chimera_error *err);

/* Of a written object: where its names are. Fails when there is no metadata. */
int kube_object_find_names(struct chimera_slice object, struct kube_object_names *ret_names,
                           struct chimera_error *err);

#endif
