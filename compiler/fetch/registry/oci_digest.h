/* SPDX-License-Identifier: Apache-2.0 */
/* oci_digest.h - digests as registries write them, "sha256:…", "sha384:…" and "sha512:…" in lower
 * case (cli-and-distribution.md §3.1), of bytes in memory and of bytes as they come.
 */
#ifndef CHIMERA_COMPILER_FETCH_REGISTRY_OCI_DIGEST_H
#define CHIMERA_COMPILER_FETCH_REGISTRY_OCI_DIGEST_H

#include <stdint.h>

#include "runtime/base/error.h"
#include "runtime/base/slice.h"

#define CHIMERA_OCI_DIGEST_MAX 160 /* "sha512:" and 128 digits, and NUL */

/* One of the three algorithms, and the right number of digits, in lower case. */
bool chimera_oci_digest_is_good(struct chimera_slice digest);

/* Whether both have the algorithm of the same name, so that they can be compared. */
bool chimera_oci_digest_is_like(const char *digest, const char *other);

/* Of bytes in memory, in the algorithm that `like` begins with (sha256 when it is NULL). */
int chimera_oci_digest_of(struct chimera_slice bytes, const char *like,
                          char ret_digest[CHIMERA_OCI_DIGEST_MAX]);

/* Of bytes as they come. begin() allocates, and again without end() begins anew; finish() and
 * drop() both end it. */
struct chimera_oci_hash {
    void *context; /* owned: OpenSSL's; NULL: not begun */
    const char *prefix;
};
int chimera_oci_hash_begin(struct chimera_oci_hash *hash, const char *like);
int chimera_oci_hash_add(struct chimera_oci_hash *hash, struct chimera_slice bytes);
int chimera_oci_hash_finish(struct chimera_oci_hash *hash, char ret_digest[CHIMERA_OCI_DIGEST_MAX]);
void chimera_oci_hash_drop(struct chimera_oci_hash *hash);

#endif
