/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/signature/trust/merkle.h"

#include <openssl/evp.h>

#include "runtime/base/digest.h"

/* So that no inner node can be taken for an entry. */
#define LEAF_PREFIX 0
#define NODE_PREFIX 1

static bool hash(uint8_t prefix, struct chimera_slice left, struct chimera_slice right,
                 struct chimera_digest *ret_digest)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_done = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
                   EVP_DigestUpdate(context, &prefix, 1) == 1 &&
                   EVP_DigestUpdate(context, left.data, left.size) == 1 &&
                   EVP_DigestUpdate(context, right.data, right.size) == 1 &&
                   EVP_DigestFinal_ex(context, ret_digest->bytes, NULL) == 1;
    EVP_MD_CTX_free(context);
    return is_done;
}

bool chimera_merkle_holds(const struct chimera_merkle_proof *proof, struct chimera_slice leaf)
{
    struct chimera_digest now, next;
    uint64_t at = proof->index, last = proof->size - 1;
    if (proof->index >= proof->size || !hash(LEAF_PREFIX, leaf, (struct chimera_slice){0}, &now))
        return false;
    for (size_t i = 0; i < proof->hash_count; i++) {
        struct chimera_slice other = proof->hashes[i];
        bool is_right = (at & 1) != 0 || at == last;
        if (last == 0 || other.size != CHIMERA_DIGEST_BYTES ||
            !hash(NODE_PREFIX, is_right ? other : chimera_digest_slice(&now),
                  is_right ? chimera_digest_slice(&now) : other, &next))
            return false;
        now = next;
        /* The last node of a level may have no neighbour: up to where it is a right child. */
        while (is_right && (at & 1) == 0 && at != 0) {
            at >>= 1;
            last >>= 1;
        }
        at >>= 1;
        last >>= 1;
    }
    return last == 0 && chimera_slice_equal(chimera_digest_slice(&now), proof->root);
}
