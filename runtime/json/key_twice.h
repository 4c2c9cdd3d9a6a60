/* SPDX-License-Identifier: Apache-2.0 */
/* key_twice.h - a key that stands twice in an object: parsers take the first, or the last, and so
 * two readers see two things. For texts of others whose words count.
 */
#ifndef CHIMERA_JSON_KEY_TWICE_H
#define CHIMERA_JSON_KEY_TWICE_H

#include <json-c/json.h>
#include <stdbool.h>

#include "runtime/base/slice.h"

/* `tree` is what was parsed of `text`. */
bool chimera_json_has_key_twice(struct json_object *tree, struct chimera_slice text);

#endif
