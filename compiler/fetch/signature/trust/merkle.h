/* SPDX-License-Identifier: Apache-2.0 */
/* merkle.h - proof that an entry is in a log's tree (RFC 6962 §2.1.1; the walk is that of RFC 9162
 * §2.1.3.2). Private to signatures.
 */
#ifndef CHIMERA_COMPILER_FETCH_SIGNATURE_TRUST_MERKLE_H
#define CHIMERA_COMPILER_FETCH_SIGNATURE_TRUST_MERKLE_H

#include <stdint.h>

#include "runtime/base/slice.h"

struct chimera_merkle_proof {
    uint64_t index, size;               /* of the entry; of the tree */
    const struct chimera_slice *hashes; /* from the leaf up */
    size_t hash_count;
    struct chimera_slice root;
};

/* Whether the root is that of a tree with `leaf` at the index. */
bool chimera_merkle_holds(const struct chimera_merkle_proof *proof, struct chimera_slice leaf);

#endif
