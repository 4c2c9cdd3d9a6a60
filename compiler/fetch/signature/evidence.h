/* SPDX-License-Identifier: Apache-2.0 */
/* evidence.h - one signature as it was found beside an artifact: taken apart, not believed.
 *
 * cosign.c makes it of a layer of the old scheme (tag sha256-….sig), bundle.c of a Sigstore bundle;
 * what is checked afterwards is the same for both. Slices are of `arena`, or of what it was made
 * from.
 */
#ifndef CHIMERA_COMPILER_FETCH_SIGNATURE_EVIDENCE_H
#define CHIMERA_COMPILER_FETCH_SIGNATURE_EVIDENCE_H

#include <json-c/json.h>
#include <stdint.h>

#include "runtime/base/arena.h"
#include "runtime/base/error.h"
#include "runtime/base/slice.h"

#define CHIMERA_EVIDENCE_MAX ((size_t)1 << 20) /* bytes of one layer or bundle */
#define CHIMERA_LOG_ENTRIES_MAX 8
#define CHIMERA_TIMESTAMPS_MAX 8
#define CHIMERA_CHAIN_MAX 8
#define CHIMERA_PROOF_HASHES_MAX 64
#define CHIMERA_HASH_BYTES 32

struct chimera_log_entry {
    struct chimera_slice kind, version; /* as the bundle says; the body says it, too */
    struct chimera_slice body;          /* canonicalized, decoded */
    struct chimera_slice log_id;        /* 32 bytes */
    int64_t integrated_time;            /* seconds; 0: none (Rekor v2) */
    uint64_t log_index;
    struct chimera_slice promise; /* signed entry timestamp; empty: none */
    bool has_proof;
    uint64_t proof_index, tree_size;
    struct chimera_slice root_hash;
    struct chimera_slice hashes[CHIMERA_PROOF_HASHES_MAX];
    size_t hash_count;
    struct chimera_slice checkpoint; /* the note's text */
};

enum chimera_evidence_form {
    CHIMERA_SIMPLE_SIGNING, /* of cosign's old scheme */
    CHIMERA_DSSE,           /* an in-toto statement in an envelope */
};

struct chimera_evidence {
    enum chimera_evidence_form form;
    struct chimera_slice payload;   /* JSON: simple signing, or the statement */
    struct chimera_slice message;   /* what the signature is over */
    struct chimera_slice signature; /* raw */
    struct chimera_slice envelope;  /* the DSSE envelope in its compact form; empty: none */
    struct chimera_slice chain[CHIMERA_CHAIN_MAX]; /* DER; the leaf first */
    size_t chain_count;                            /* 0: by a key */
    struct chimera_log_entry entries[CHIMERA_LOG_ENTRIES_MAX];
    size_t entry_count;
    struct chimera_slice timestamps[CHIMERA_TIMESTAMPS_MAX]; /* RFC 3161 responses, DER */
    size_t timestamp_count;
    struct json_object *annotations; /* owned; of the payload, for constraints; NULL: none */
};
void chimera_evidence_done(struct chimera_evidence *evidence);

/* Where a layer of the old scheme keeps things: its annotations (a tree of texts; may be NULL), and
 * its blob. Its payload must name `digest`, the manifest's "sha256:…". */
int chimera_evidence_from_layer(struct chimera_slice payload, struct json_object *annotations,
                                const char *digest, struct chimera_arena *arena,
                                struct chimera_evidence *ret_evidence, struct chimera_error *err);

/* A bundle, v0.1 to v0.3. Its statement must be a signature (predicate type), not another
 * attestation, and name `digest`. CHIMERA_EFEATURE: it is another attestation. */
int chimera_evidence_from_bundle(struct chimera_slice bundle, const char *digest,
                                 struct chimera_arena *arena, struct chimera_evidence *ret_evidence,
                                 struct chimera_error *err);

/* A bundle over a file, which has these bytes: any file, so that the caller must know what a
 * signature of it says. */
int chimera_evidence_from_file(struct chimera_slice bundle, struct chimera_slice file,
                               struct chimera_arena *arena, struct chimera_evidence *ret_evidence,
                               struct chimera_error *err);

#endif
