/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/signature/entry_body.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "compiler/fetch/signature/trust/fields.h"
#include "runtime/json/tree.h"

struct claims { /* of a body; slices of the arena or of the tree */
    const EVP_MD *hash;
    struct chimera_slice digest;
    bool is_of_payload; /* or else of the message, which for an envelope is its encoding */
    struct chimera_slice signature;
    struct chimera_slice signer; /* a certificate or key */
    bool is_pem;
    bool is_certificate; /* of one in DER */
};

static const EVP_MD *find_hash(struct chimera_slice name)
{
    if (chimera_slice_is(name, "sha256") || chimera_slice_is(name, "SHA2_256"))
        return EVP_sha256();
    if (chimera_slice_is(name, "sha384") || chimera_slice_is(name, "SHA2_384"))
        return EVP_sha384();
    if (chimera_slice_is(name, "sha512") || chimera_slice_is(name, "SHA2_512"))
        return EVP_sha512();
    return NULL;
}

/* {"algorithm": "sha256", "value": HEX} */
static void read_hash(struct chimera_fields *fields, struct json_object *in, const char *name,
                      struct claims *to)
{
    struct json_object *hash = chimera_fields_object(fields, in, name);
    to->hash = find_hash(chimera_fields_text(fields, hash, "algorithm"));
    to->digest = chimera_fields_hex(fields, hash, "value");
}

/* hashedrekord and rekord 0.0.1 */
static void read_record(struct chimera_fields *fields, struct json_object *spec, struct claims *to)
{
    struct json_object *signature = chimera_fields_object(fields, spec, "signature");
    read_hash(fields, chimera_fields_object(fields, spec, "data"), "hash", to);
    to->signature = chimera_fields_bytes(fields, signature, "content");
    to->signer = chimera_fields_bytes(fields, chimera_fields_object(fields, signature, "publicKey"),
                                      "content");
    to->is_pem = true;
}

static void read_record_v2(struct chimera_fields *fields, struct json_object *spec,
                           struct claims *to)
{
    struct json_object *record = chimera_fields_object(fields, spec, "hashedRekordV002");
    struct json_object *data = chimera_fields_object(fields, record, "data");
    struct json_object *signature = chimera_fields_object(fields, record, "signature");
    struct json_object *verifier = chimera_fields_object(fields, signature, "verifier");
    struct json_object *certificate = chimera_fields_object(fields, verifier, "x509Certificate");
    struct json_object *key = chimera_fields_object(fields, verifier, "publicKey");
    to->hash = find_hash(chimera_fields_text(fields, data, "algorithm"));
    to->digest = chimera_fields_bytes(fields, data, "digest");
    to->signature = chimera_fields_bytes(fields, signature, "content");
    to->signer = chimera_fields_bytes(fields, certificate ? certificate : key, "rawBytes");
    to->is_certificate = certificate != NULL;
}

/* The one signature of an envelope; with more, none of them is meant. */
static struct json_object *only_signature(struct chimera_fields *fields, struct json_object *in)
{
    size_t count;
    struct json_object *list =
        chimera_fields_list(fields, in, "signatures", CHIMERA_CHAIN_MAX, &count);
    return count == 1 ? json_object_array_get_idx(list, 0) : NULL;
}

/* The hash of the whole envelope is left: it is over the very text that a client once sent, and all
 * that is in it is compared one by one, the payload's type by the signature. */
static void read_dsse(struct chimera_fields *fields, struct json_object *spec, struct claims *to)
{
    struct json_object *signature = only_signature(fields, spec);
    read_hash(fields, spec, "payloadHash", to);
    to->is_of_payload = true;
    to->signature = chimera_fields_bytes(fields, signature, "signature");
    to->signer = chimera_fields_bytes(fields, signature, "verifier");
    to->is_pem = true;
}

/* The signature is base64 of the base64 that the envelope has. */
static void read_intoto(struct chimera_fields *fields, struct json_object *spec, struct claims *to)
{
    struct json_object *content = chimera_fields_object(fields, spec, "content");
    struct json_object *signature =
        only_signature(fields, chimera_fields_object(fields, content, "envelope"));
    read_hash(fields, content, "payloadHash", to);
    to->is_of_payload = true;
    to->signature =
        chimera_fields_decode(fields, chimera_fields_bytes(fields, signature, "sig"), "sig");
    to->signer = chimera_fields_bytes(fields, signature, "publicKey");
    to->is_pem = true;
}

static const struct kind {
    const char *name, *version;
    bool is_of_envelope;
    void (*read)(struct chimera_fields *fields, struct json_object *spec, struct claims *to);
} kinds[] = {
    {"hashedrekord", "0.0.1", false, read_record}, {"hashedrekord", "0.0.2", false, read_record_v2},
    {"rekord", "0.0.1", false, read_record},       {"dsse", "0.0.1", true, read_dsse},
    {"intoto", "0.0.2", true, read_intoto},
};

/* --- The comparison --- */

/* Whether `pem` is one certificate, or key, of those bytes, and nothing else. */
static bool is_pem_of(struct chimera_slice pem, struct chimera_signer signer)
{
    BIO *in = BIO_new_mem_buf(pem.data, (int)pem.size);
    char *name = NULL, *header = NULL, *next_name = NULL, *next_header = NULL;
    unsigned char *der = NULL, *next = NULL;
    long size = 0, next_size = 0;
    bool is_it =
        in && PEM_read_bio(in, &name, &header, &der, &size) == 1 &&
        strcmp(name, signer.is_certificate ? "CERTIFICATE" : "PUBLIC KEY") == 0 &&
        chimera_slice_equal((struct chimera_slice){(const char *)der, (size_t)size}, signer.der) &&
        PEM_read_bio(in, &next_name, &next_header, &next, &next_size) != 1;
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(der);
    OPENSSL_free(next_name);
    OPENSSL_free(next_header);
    OPENSSL_free(next);
    BIO_free(in);
    return is_it;
}

static int compare(const struct claims *claims, const struct chimera_evidence *evidence,
                   struct chimera_signer signer, struct chimera_error *err)
{
    struct chimera_slice bytes = claims->is_of_payload ? evidence->payload : evidence->message;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size;
    if (!claims->hash ||
        EVP_Digest(bytes.data, bytes.size, digest, &size, claims->hash, NULL) != 1 ||
        !chimera_slice_equal(claims->digest, (struct chimera_slice){(const char *)digest, size}))
        return chimera_fail(err, CHIMERA_EREFUSED, "the log entry is of something else");
    if (!chimera_slice_equal(claims->signature, evidence->signature))
        return chimera_fail(err, CHIMERA_EREFUSED, "the log entry is of another signature");
    if (claims->is_pem ? !is_pem_of(claims->signer, signer)
                       : claims->is_certificate != signer.is_certificate ||
                             !chimera_slice_equal(claims->signer, signer.der))
        return chimera_fail(err, CHIMERA_EREFUSED, "the log entry is of another signer");
    return CHIMERA_OK;
}

static int check(struct chimera_fields *fields, struct json_object *body,
                 const struct chimera_log_entry *entry, const struct chimera_evidence *evidence,
                 struct claims *ret_claims)
{
    struct chimera_slice name = chimera_fields_text(fields, body, "kind");
    struct chimera_slice version = chimera_fields_text(fields, body, "apiVersion");
    const struct kind *kind = NULL;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (chimera_slice_is(name, kinds[i].name) && chimera_slice_is(version, kinds[i].version)) {
            kind = &kinds[i];
            break;
        }
    }
    if (!kind || (kind->is_of_envelope && evidence->form != CHIMERA_DSSE))
        return chimera_fail(fields->err, CHIMERA_EREFUSED,
                            "the log entry is of a kind that is not known");
    /* The old scheme does not tell a kind beside the body. */
    if (entry->kind.size > 0 &&
        (!chimera_slice_equal(entry->kind, name) || !chimera_slice_equal(entry->version, version)))
        return chimera_fail(fields->err, CHIMERA_EREFUSED,
                            "the log entry is of another kind than it says");
    kind->read(fields, chimera_fields_object(fields, body, "spec"), ret_claims);
    return fields->code;
}

int chimera_entry_body_check(const struct chimera_log_entry *entry,
                             const struct chimera_evidence *evidence, struct chimera_signer signer,
                             struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *tree = NULL;
    struct chimera_error why = {0};
    struct chimera_arena arena;
    struct claims claims = {0};
    if (chimera_json_parse(entry->body, &tree, &why) < 0 ||
        !json_object_is_type(tree, json_type_object))
        return chimera_fail(err, CHIMERA_EINVAL, "the log entry is not a JSON object");
    chimera_arena_init(&arena, 4 * CHIMERA_EVIDENCE_MAX);
    struct chimera_fields fields = {&arena, err, "the log entry", CHIMERA_OK};
    int code = check(&fields, tree, entry, evidence, &claims);
    if (code == CHIMERA_OK)
        code = compare(&claims, evidence, signer, err);
    chimera_arena_free(&arena);
    return code;
}
