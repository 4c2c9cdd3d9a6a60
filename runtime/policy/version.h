/* SPDX-License-Identifier: Apache-2.0 */
/* version.h - semantic versions as the reference's `semver` crate reads them. */
#ifndef CHIMERA_POLICY_VERSION_H
#define CHIMERA_POLICY_VERSION_H

#include <stdint.h>

#include "runtime/base/slice.h"

struct chimera_version { /* the pre-release and build parts are checked and dropped */
    uint64_t major, minor, patch;
};

/* NULL on success, else what is wrong, in the crate's words: a static text or one written to
 * `room`. On failure *ret_version is untouched. */
const char *chimera_version_parse(struct chimera_slice text, struct chimera_version *ret_version,
                                  char *room, size_t room_size);

#endif
