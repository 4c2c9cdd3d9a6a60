/* SPDX-License-Identifier: Apache-2.0 */
/* places.h - where in a YAML text the parts of its tree stand.
 *
 * Trees do not keep it: almost all texts are right. Who has found a mistake has the text read once
 * more.
 */
#ifndef CHIMERA_YAML_PLACES_H
#define CHIMERA_YAML_PLACES_H

#include <stddef.h>

#include "runtime/base/slice.h"

struct chimera_yaml_places;

struct chimera_yaml_step { /* from a map or a list to one of its values */
    const char *key;       /* NULL: of a list */
    size_t index;
};

/* Eight levels down, and no more than a million values; what lies beyond has the place of what it
 * is in. NULL when memory ran out. Ends with chimera_yaml_places_free(). */
struct chimera_yaml_places *chimera_yaml_places_new(struct chimera_slice text);
void chimera_yaml_places_free(struct chimera_yaml_places *places); /* NULL is allowed */

/* Of the value at the end of `steps` or, `is_key`, of its key; of two equal keys the last counts.
 * What is not there has the place of the nearest that is: the key under which it is missing. */
void chimera_yaml_places_find(const struct chimera_yaml_places *places,
                              const struct chimera_yaml_step *steps, size_t count, bool is_key,
                              size_t *ret_line, size_t *ret_column);

#endif
