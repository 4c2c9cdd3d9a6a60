/* SPDX-License-Identifier: Apache-2.0 */
/* trust_root.h - whom keyless signatures are believed for: Sigstore's trusted_root.json, or a
 * ClientTrustConfig that holds one (cli-and-distribution.md §5.7).
 */
#ifndef CHIMERA_COMPILER_FETCH_SIGNATURE_TRUST_TRUST_ROOT_H
#define CHIMERA_COMPILER_FETCH_SIGNATURE_TRUST_TRUST_ROOT_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdint.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"
#include "runtime/base/slice.h"

#define CHIMERA_TRUST_ROOT_MAX ((size_t)1 << 20) /* bytes of the file */
#define CHIMERA_TRUST_ENTRIES_MAX 64             /* of each kind */
#define CHIMERA_TRUST_CHAIN_MAX 8                /* certificates of an authority */
#define CHIMERA_LOG_ID_BYTES 32

struct chimera_trust_period { /* seconds; 0 of `end`: open. Both ends belong to it */
    int64_t start, end;
};

struct chimera_trust_log { /* a transparency log, or a log of certificates */
    EVP_PKEY *key; /* owned; NULL: of a kind that we do not know, so that nothing of it is right */
    uint8_t id[CHIMERA_LOG_ID_BYTES];      /* as entries and certificates name it */
    uint8_t note_id[CHIMERA_LOG_ID_BYTES]; /* whose start its checkpoints bear; mostly the same */
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

/* Appends a line, for people, when no authority or no log in it is valid at `now`, or when it is
 * the shipped one (`path` NULL) and old: what is wrong, its age, how to renew it. Nothing
 * otherwise. */
void chimera_trust_root_warn(const struct chimera_trust_root *root, const char *path, int64_t now,
                             struct chimera_buffer *out);

static inline bool chimera_trust_period_has(struct chimera_trust_period period, int64_t seconds)
{
    return seconds >= period.start && (period.end == 0 || seconds <= period.end);
}

/* Of `count` logs the one with that id, or NULL. */
const struct chimera_trust_log *chimera_trust_log_find(const struct chimera_trust_log *logs,
                                                       size_t count, struct chimera_slice id);

/* Whether the log signed the message: ECDSA and RSA with SHA-256, or plain Ed25519, as logs do
 * whatever the key. */
bool chimera_trust_log_signed(const struct chimera_trust_log *log, struct chimera_slice message,
                              struct chimera_slice signature);

#endif
