/* SPDX-License-Identifier: Apache-2.0 */
/* build.h - a JSON text as a value in linear memory, as the guest's own parser would make it but
 * for what no program of the guest's can tell: strings and numbers refer to the text, arrays have
 * room for what they hold. No guest code runs meanwhile, nothing is allocated, nothing recurses.
 */
#ifndef CHIMERA_REGO_LINEAR_BUILD_H
#define CHIMERA_REGO_LINEAR_BUILD_H

#include "runtime/base/slice.h"
#include "runtime/rego/linear/layout.h"

enum chimera_linear_result {
    CHIMERA_LINEAR_BUILT,
    CHIMERA_LINEAR_ROOM,   /* there is not enough room */
    CHIMERA_LINEAR_REFUSED /* the guest has to parse it: the text is no JSON or too deep, or its
                             keys are of one hash, as a caller can have them */
};

/* More room than the value of a text can need, whatever it is: counted, not built. */
uint64_t chimera_linear_build_room(struct chimera_slice text);

/* `text` and the bytes [at, end) lie in `memory`, the guest's, and apart from each other; both
 * belong to the value from then on. A NUL stands behind the text, and eight more bytes lie there.
 * *ret_value is the value's address. Linear in the text's size. */
enum chimera_linear_result chimera_linear_build(uint8_t *memory, struct chimera_slice text,
                                                uint32_t at, uint32_t end, uint32_t *ret_value);

#endif
