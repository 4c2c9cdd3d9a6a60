/* SPDX-License-Identifier: Apache-2.0 */
/* strings.h - lists and maps of strings from a guest's answer, as the reference reprints them.
 * Private to this folder. */
#ifndef CHIMERA_REVIEW_STRINGS_H
#define CHIMERA_REVIEW_STRINGS_H

#include "runtime/base/arena.h"

/* `value` is JSON that was checked to be an array of strings, or an object of strings; its .data
 * may be NULL. The result is in the arena: compact, escaped as serde_json does, an object's keys
 * sorted and the last of equal ones kept. False when the arena is full. */
bool chimera_strings_list(struct chimera_slice value, struct chimera_arena *arena,
                          struct chimera_slice *ret_json);
bool chimera_strings_map(struct chimera_slice value, struct chimera_arena *arena,
                         struct chimera_slice *ret_json);

#endif
