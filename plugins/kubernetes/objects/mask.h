/* SPDX-License-Identifier: Apache-2.0 */
/* mask.h - field masks: which members of an object are kept (guest-abis.md §5.6).
 *
 * A tree of the parts of dotted paths, in one table. What a path ends at is kept with all that is
 * below it; arrays are transparent. Immutable once made, so any thread may read it.
 */
#ifndef CHIMERA_KUBERNETES_MASK_H
#define CHIMERA_KUBERNETES_MASK_H

#include <json-c/json.h>
#include <stdint.h>

#include "runtime/base/error.h"
#include "runtime/base/slice.h"

#define KUBE_MASK_NODES_MAX 1024
#define KUBE_MASK_BYTES_MAX ((size_t)64 << 10)
#define KUBE_MASK_ROOT 0U
#define KUBE_MASK_NONE UINT32_MAX /* the member is dropped */

struct kube_mask;

/* `masks`: an array of strings, or NULL. *ret_mask is NULL when there is none: all is kept. */
int kube_mask_new(struct json_object *masks, struct kube_mask **ret_mask,
                  struct chimera_error *err);
void kube_mask_free(struct kube_mask *mask);

/* Is everything below this node kept? */
bool kube_mask_is_end(const struct kube_mask *mask, uint32_t node);
/* The node of a member, or KUBE_MASK_NONE. */
uint32_t kube_mask_member(const struct kube_mask *mask, uint32_t node, struct chimera_slice key);

#endif
