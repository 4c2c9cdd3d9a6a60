/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/signature/bundle.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "compiler/fetch/signature/statement.h"
#include "compiler/fetch/signature/trust/fields.h"
#include "runtime/json/tree.h"

#define PAYLOAD_TYPE "application/vnd.in-toto+json"

enum version { VERSION_UNKNOWN, VERSION_0_1, VERSION_0_2, VERSION_0_3 };

struct reader {
    struct chimera_fields fields;
    enum version version;
    struct chimera_evidence *evidence;
};

static bool is_right(const struct reader *reader)
{
    return reader->fields.code == CHIMERA_OK;
}

static void refuse(struct reader *reader, const char *why)
{
    if (is_right(reader))
        reader->fields.code =
            chimera_fail(reader->fields.err, CHIMERA_EINVAL, "the bundle %s", why);
}

/* What the arena, or the tree that is freed soon, has. */
static struct chimera_slice keep(struct reader *reader, struct chimera_slice text)
{
    struct chimera_slice copy = {0};
    if (text.size == 0)
        return copy;
    copy = chimera_arena_copy(reader->fields.arena, text);
    if (!copy.data)
        refuse(reader, "is too long");
    return copy.data ? copy : (struct chimera_slice){0};
}

static enum version read_version(struct reader *reader, struct json_object *bundle)
{
    static const struct {
        const char *type;
        enum version version;
    } types[] = {
        {"application/vnd.dev.sigstore.bundle+json;version=0.1", VERSION_0_1},
        {"application/vnd.dev.sigstore.bundle+json;version=0.2", VERSION_0_2},
        {"application/vnd.dev.sigstore.bundle+json;version=0.3", VERSION_0_3},
        {"application/vnd.dev.sigstore.bundle.v0.3+json", VERSION_0_3},
    };
    struct chimera_slice said = chimera_fields_text(&reader->fields, bundle, "mediaType");
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (chimera_slice_is(said, types[i].type))
            return types[i].version;
    }
    refuse(reader, "is of a version that is not known");
    return VERSION_UNKNOWN;
}

/* --- Who signed --- */

static void add_certificate(struct reader *reader, struct json_object *from)
{
    struct chimera_slice der = chimera_fields_bytes(&reader->fields, from, "rawBytes");
    const unsigned char *at = (const unsigned char *)der.data;
    X509 *certificate = der.size > 0 ? d2i_X509(NULL, &at, (long)der.size) : NULL;
    bool is_self_signed = certificate && X509_self_signed(certificate, 0) == 1;
    X509_free(certificate);
    ERR_clear_error();
    if (der.size == 0)
        refuse(reader, "has an empty certificate");
    /* Roots come from the trust root; the format forbids them here. */
    else if (is_self_signed)
        refuse(reader, "brings a root certificate of its own");
    else
        reader->evidence->chain[reader->evidence->chain_count++] = der;
}

/* --- What logs and timestamps say --- */

static void read_proof(struct reader *reader, struct json_object *proof,
                       struct chimera_log_entry *entry)
{
    struct chimera_fields *fields = &reader->fields;
    struct json_object *checkpoint = chimera_fields_object(fields, proof, "checkpoint");
    struct json_object *hashes = NULL;
    entry->has_proof = proof != NULL;
    entry->proof_index = chimera_fields_number(fields, proof, "logIndex");
    entry->tree_size = chimera_fields_number(fields, proof, "treeSize");
    entry->root_hash = chimera_fields_bytes(fields, proof, "rootHash");
    entry->checkpoint = keep(reader, chimera_fields_text(fields, checkpoint, "envelope"));
    if (proof && json_object_object_get_ex(proof, "hashes", &hashes) && hashes) {
        if (!json_object_is_type(hashes, json_type_array) ||
            json_object_array_length(hashes) > CHIMERA_PROOF_HASHES_MAX) {
            refuse(reader, "has a wrong inclusion proof");
            return;
        }
        entry->hash_count = json_object_array_length(hashes);
    }
    for (size_t i = 0; i < entry->hash_count && is_right(reader); i++)
        entry->hashes[i] =
            chimera_fields_bytes_of(fields, json_object_array_get_idx(hashes, i), "hashes");
}

static void read_entries(struct reader *reader, struct json_object *material)
{
    struct chimera_evidence *evidence = reader->evidence;
    struct json_object *list = chimera_fields_list(&reader->fields, material, "tlogEntries",
                                                   CHIMERA_LOG_ENTRIES_MAX, &evidence->entry_count);
    for (size_t i = 0; i < evidence->entry_count && is_right(reader); i++) {
        struct json_object *from = json_object_array_get_idx(list, i);
        struct chimera_log_entry *entry = &evidence->entries[i];
        struct chimera_fields *fields = &reader->fields;
        struct json_object *kind = chimera_fields_object(fields, from, "kindVersion");
        struct json_object *id = chimera_fields_object(fields, from, "logId");
        struct json_object *promise = chimera_fields_object(fields, from, "inclusionPromise");
        entry->kind = keep(reader, chimera_fields_text(fields, kind, "kind"));
        entry->version = keep(reader, chimera_fields_text(fields, kind, "version"));
        entry->log_id = chimera_fields_bytes(fields, id, "keyId");
        entry->log_index = chimera_fields_number(fields, from, "logIndex");
        entry->integrated_time = (int64_t)chimera_fields_number(fields, from, "integratedTime");
        entry->body = chimera_fields_bytes(fields, from, "canonicalizedBody");
        entry->promise = chimera_fields_bytes(fields, promise, "signedEntryTimestamp");
        read_proof(reader, chimera_fields_object(fields, from, "inclusionProof"), entry);
        /* What each version says must be there. */
        if (entry->body.size == 0)
            refuse(reader, "has a log entry without a body");
        if (reader->version == VERSION_0_1 && entry->promise.size == 0)
            refuse(reader, "has a log entry without the log's promise");
        if (reader->version >= VERSION_0_2 && (!entry->has_proof || entry->checkpoint.size == 0))
            refuse(reader, "has a log entry without proof that it is in the log");
    }
}

static void read_timestamps(struct reader *reader, struct json_object *material)
{
    struct chimera_evidence *evidence = reader->evidence;
    struct json_object *data =
        chimera_fields_object(&reader->fields, material, "timestampVerificationData");
    struct json_object *list =
        chimera_fields_list(&reader->fields, data, "rfc3161Timestamps", CHIMERA_TIMESTAMPS_MAX,
                            &evidence->timestamp_count);
    for (size_t i = 0; i < evidence->timestamp_count && is_right(reader); i++)
        evidence->timestamps[i] = chimera_fields_bytes(
            &reader->fields, json_object_array_get_idx(list, i), "signedTimestamp");
}

/* --- What is signed --- */

/* DSSE's pre-authentication encoding. */
static struct chimera_slice encode(struct reader *reader, struct chimera_slice payload)
{
    struct chimera_slice head =
        chimera_arena_print(reader->fields.arena, "DSSEv1 %zu %s %zu ", sizeof(PAYLOAD_TYPE) - 1,
                            PAYLOAD_TYPE, payload.size);
    char *whole = chimera_arena_take(reader->fields.arena, head.size + payload.size);
    if (!head.data || !whole) {
        refuse(reader, "is too long");
        return (struct chimera_slice){0};
    }
    memcpy(whole, head.data, head.size);
    memcpy(whole + head.size, payload.data, payload.size);
    return (struct chimera_slice){whole, head.size + payload.size};
}

static void read_envelope(struct reader *reader, struct json_object *envelope)
{
    struct chimera_fields *fields = &reader->fields;
    struct chimera_evidence *evidence = reader->evidence;
    size_t count;
    struct json_object *signatures =
        chimera_fields_list(fields, envelope, "signatures", CHIMERA_CHAIN_MAX, &count);
    struct chimera_slice type = chimera_fields_text(fields, envelope, "payloadType");
    evidence->form = CHIMERA_DSSE;
    evidence->payload = chimera_fields_bytes(fields, envelope, "payload");
    if (!chimera_slice_is(type, PAYLOAD_TYPE))
        refuse(reader, "signs something else than an in-toto statement");
    if (count != 1)
        refuse(reader, "must have one signature");
    if (evidence->payload.size == 0)
        refuse(reader, "signs nothing");
    if (!is_right(reader))
        return;
    evidence->signature =
        chimera_fields_bytes(fields, json_object_array_get_idx(signatures, 0), "sig");
    evidence->message = encode(reader, evidence->payload);
}

static void read_signed(struct reader *reader, struct json_object *bundle,
                        struct chimera_slice *ret_digest)
{
    struct chimera_fields *fields = &reader->fields;
    struct json_object *envelope = chimera_fields_object(fields, bundle, "dsseEnvelope");
    struct json_object *message = chimera_fields_object(fields, bundle, "messageSignature");
    struct json_object *digest = chimera_fields_object(fields, message, "messageDigest");
    if (!envelope == !message)
        refuse(reader, "must have either an envelope or a signature of a file");
    else if (envelope)
        read_envelope(reader, envelope);
    else
        reader->evidence->signature = chimera_fields_bytes(fields, message, "signature");
    *ret_digest = chimera_fields_bytes(fields, digest, "digest");
    if (reader->evidence->signature.size == 0)
        refuse(reader, "has an empty signature");
}

static void read_bundle(struct reader *reader, struct json_object *bundle,
                        struct chimera_slice *ret_digest)
{
    struct json_object *material =
        chimera_fields_object(&reader->fields, bundle, "verificationMaterial");
    reader->version = read_version(reader, bundle);
    struct chimera_fields *fields = &reader->fields;
    struct json_object *key = chimera_fields_object(fields, material, "publicKey");
    struct json_object *chain = chimera_fields_object(fields, material, "x509CertificateChain");
    struct json_object *certificate = chimera_fields_object(fields, material, "certificate");
    if (!!key + !!chain + !!certificate != 1)
        refuse(reader, "must tell one key or certificate");
    else if (chain) {
        size_t count;
        struct json_object *list =
            chimera_fields_list(&reader->fields, chain, "certificates", CHIMERA_CHAIN_MAX, &count);
        if (reader->version >= VERSION_0_3)
            refuse(reader, "has a chain of certificates, which its version does not");
        if (count == 0)
            refuse(reader, "has an empty chain of certificates");
        for (size_t i = 0; i < count && is_right(reader); i++)
            add_certificate(reader, json_object_array_get_idx(list, i));
    } else if (certificate)
        add_certificate(reader, certificate);
    read_entries(reader, material);
    read_timestamps(reader, material);
    read_signed(reader, bundle, ret_digest);
}

int chimera_sigstore_bundle_read(struct chimera_slice bundle, struct chimera_arena *arena,
                                 struct chimera_evidence *ret_evidence,
                                 struct chimera_slice *ret_digest, struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *tree = NULL;
    struct chimera_error why = {0};
    struct chimera_evidence evidence = {0};
    struct reader reader = {{arena, err, "the bundle", CHIMERA_OK}, VERSION_UNKNOWN, &evidence};
    if (bundle.size > CHIMERA_EVIDENCE_MAX)
        return chimera_fail(err, CHIMERA_ELIMIT, "the bundle is too long");
    if (chimera_json_parse(bundle, &tree, &why) < 0)
        return chimera_fail(err, CHIMERA_EINVAL, "the bundle: %s", why.text);
    read_bundle(&reader, json_object_is_type(tree, json_type_object) ? tree : NULL, ret_digest);
    if (reader.fields.code < 0)
        return reader.fields.code;
    *ret_evidence = evidence;
    return CHIMERA_OK;
}

int chimera_evidence_from_bundle(struct chimera_slice bundle, const char *digest,
                                 struct chimera_arena *arena, struct chimera_evidence *ret_evidence,
                                 struct chimera_error *err)
{
    struct chimera_evidence evidence;
    struct chimera_slice file_digest;
    int code = chimera_sigstore_bundle_read(bundle, arena, &evidence, &file_digest, err);
    if (code < 0)
        return code;
    /* A file's bytes and a manifest's could be signed alike: without a statement nobody said that
     * this is an artifact in a registry. */
    if (evidence.form != CHIMERA_DSSE)
        return chimera_fail(err, CHIMERA_EINVAL, "the bundle does not contain a DSSE envelope");
    code = chimera_statement_check(evidence.payload, CHIMERA_PREDICATE_SIGNATURE, digest,
                                   &evidence.annotations, err);
    if (code < 0)
        return code;
    *ret_evidence = evidence;
    return CHIMERA_OK;
}

/* Signers take the hash that goes with their key; its length tells it. */
static bool is_digest_of(struct chimera_slice file, struct chimera_slice said)
{
    static const EVP_MD *(*const hashes[])(void) = {EVP_sha256, EVP_sha384, EVP_sha512};
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
        if (said.size == (size_t)EVP_MD_get_size(hashes[i]()))
            return EVP_Digest(file.data, file.size, digest, &size, hashes[i](), NULL) == 1 &&
                   memcmp(said.data, digest, size) == 0;
    }
    return false;
}

int chimera_evidence_from_file(struct chimera_slice bundle, struct chimera_slice file,
                               struct chimera_arena *arena, struct chimera_evidence *ret_evidence,
                               struct chimera_error *err)
{
    struct chimera_evidence evidence;
    struct chimera_slice said;
    int code = chimera_sigstore_bundle_read(bundle, arena, &evidence, &said, err);
    if (code < 0)
        return code;
    if (evidence.form == CHIMERA_DSSE)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "the bundle is a statement about artifacts, not a signature of a file");
    if (said.size > 0 && !is_digest_of(file, said))
        return chimera_fail(err, CHIMERA_EREFUSED, "the bundle is about another file");
    evidence.payload = evidence.message = file;
    *ret_evidence = evidence;
    return CHIMERA_OK;
}
