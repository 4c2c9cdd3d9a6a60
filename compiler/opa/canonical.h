/* SPDX-License-Identifier: Apache-2.0 */
/* canonical.h - the form of a JSON text that OPA hashes for its signatures: without white space,
 * members in the order of their names' bytes, numbers as they were written, strings as Go's
 * encoding/json writes them. A member that is there twice is refused: who reads the text may take
 * the other one.
 */
#ifndef CHIMERA_COMPILER_OPA_CANONICAL_H
#define CHIMERA_COMPILER_OPA_CANONICAL_H

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

int opa_canonical_json(struct chimera_slice text, struct chimera_buffer *out,
                       struct chimera_error *err);

#endif
