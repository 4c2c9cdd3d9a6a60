/* SPDX-License-Identifier: Apache-2.0 */
/* pattern.h - how grants of capabilities are written: a path, or "oci/v1/" and "*" for all below
 * (guest-abis.md §5.8).
 */
#ifndef CHIMERA_CAPABILITY_PATTERN_H
#define CHIMERA_CAPABILITY_PATTERN_H

#include <stdbool.h>

#include "runtime/base/error.h"
#include "runtime/base/slice.h"

/* Checks one pattern against the tree of capabilities; refuses with the reference's text
 * (without any prefix). */
int chimera_capability_check(const char *pattern, struct chimera_error *err);

/* Does a pattern that was checked stand for `path`? */
bool chimera_capability_matches(const char *pattern, struct chimera_slice path);

#endif
