/* SPDX-License-Identifier: Apache-2.0 */
/* trust_root.h - whom keyless signatures are believed for: Sigstore's trusted_root.json, or a
 * ClientTrustConfig that holds one (cli-and-distribution.md §5.7).
 */
#ifndef CHIMERA_COMPILER_FETCH_SIGNATURE_TRUST_ROOT_H
#define CHIMERA_COMPILER_FETCH_SIGNATURE_TRUST_ROOT_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdint.h>

#include "runtime/base/error.h"
#include "runtime/base/slice.h"

struct chimera_trust_period { /* seconds; 0 of `end`: open */
    int64_t start, end;
};

struct chimera_trust_log { /* a transparency log, or a log of certificates */
    EVP_PKEY *key;         /* owned */
    uint8_t id[32];
    struct chimera_trust_period period;
};

struct chimera_trust_authority { /* of certificates, or of timestamps */
    STACK_OF(X509) * chain;      /* owned; the root last */
    struct chimera_trust_period period;
};

struct chimera_trust_root {
    struct chimera_trust_log *logs, *certificate_logs; /* owned */
    size_t log_count, certificate_log_count;
    struct chimera_trust_authority *authorities, *timestamp_authorities; /* owned */
    size_t authority_count, timestamp_authority_count;
    int64_t newest; /* when the newest of all began: how old it is, roughly */
};

/* `path` NULL: the one that is shipped, of the public good instance. */
int chimera_trust_root_read(const char *path, struct chimera_trust_root *ret_root,
                            struct chimera_error *err);
/* Of a text; `name` is for messages. */
int chimera_trust_root_parse(struct chimera_slice text, const char *name,
                             struct chimera_trust_root *ret_root, struct chimera_error *err);
void chimera_trust_root_done(struct chimera_trust_root *root);

#endif
