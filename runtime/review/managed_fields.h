/* SPDX-License-Identifier: Apache-2.0 */
/* managed_fields.h - an object without the bookkeeping of who manages which of its fields. Private
 * to this folder.
 *
 * metadata.managedFields of the object itself and of what it is a template for: of a Pod
 * (spec.template), of a Job (spec.jobTemplate) and of that one's Pod. By these paths alone,
 * whatever the kind, so that custom resources around a template of a Pod have the same.
 */
#ifndef CHIMERA_REVIEW_MANAGED_FIELDS_H
#define CHIMERA_REVIEW_MANAGED_FIELDS_H

#include "runtime/base/arena.h"

/* `object` is JSON that was checked. *ret_object is the rest of it, all else as it stands, in the
 * arena; or `object` when there is nothing to leave out. False when the arena is full. */
bool chimera_managed_fields_cut(struct chimera_slice object, struct chimera_arena *arena,
                                struct chimera_slice *ret_object);

#endif
